"""Every fixture of every check of lint, and that no check is without its proof."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kubectl_seccomp.checks import EVERY, by_key
from kubectl_seccomp.profiles.lint import PAGES
from kubectl_seccomp.profiles.problem import Page

from .lint_lab import FIXTURES, examine

FILES = sorted(FIXTURES.glob("*/*"))


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def unproved(page: Page, files: list[Path]) -> str:
    """What a check lacks: a passing file, a failing one, or one of its severities."""
    mine = [path for path in files if path.parent.name == page.id]
    given = {problem.severity for path in mine for problem in examine(path).problems if problem.id == page.id}
    if not any(path.stem.startswith("pass") for path in mine):
        return "no passing file"
    return "" if given == set(page.severities) else f"severities {sorted(given)}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_failing_fixture_has_its_problem_and_a_passing_one_has_not(path: Path) -> None:
    ids = {problem.id for problem in examine(path).problems}
    assert (path.parent.name in ids) is path.stem.startswith("fail")
    assert path.stem.startswith(("fail", "pass"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.id)
def test_each_check_is_proved_in_both_directions_and_in_every_severity(page: Page) -> None:
    assert unproved(page, FILES) == ""
    assert sorted(page.severities, key=lambda severity: severity.rank) == list(page.severities)
    assert page.usual is None or page.usual in page.severities


@pytest.mark.parametrize("beginning", ["pass", "fail"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.id)
def test_forgetting_a_fixture_is_noticed(page: Page, beginning: str) -> None:
    kept = [path for path in FILES if path.parent.name != page.id or not path.stem.startswith(beginning)]
    assert unproved(page, kept)


def test_ids_and_slugs_are_unique_among_all_checks() -> None:
    ids, slugs = [check.id for check in EVERY], [check.slug for check in EVERY]
    assert len(set(ids)) == len(ids) == len(set(slugs))
    mine = [page.id for page in PAGES]
    assert mine == sorted(mine)
    assert all(re.fullmatch(r"KS3[1-6]\d", each) for each in mine)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", page.slug) for page in PAGES)
    assert {path.name for path in FIXTURES.iterdir()} == set(mine)


# Published: renaming one breaks somebody's --ignore.
def test_published_ids_keep_their_slugs() -> None:
    assert " ".join(f"{page.id[2:]} {page.slug}" for page in PAGES) == (
        "310 profile-not-json 311 no-default-action 312 wrapped-profile 313 wrong-type 314 unknown-word 315 errno-out-of-range "
        "316 errno-without-use 317 errno-zero 318 foreign-byte-order 319 needs-newer-runtime 320 notify-without-listener "
        "321 conditional-rules 322 architecture-map 323 legacy-name 324 errno-name 325 refused-by-some 326 unknown-key "
        "327 duplicate-key 328 not-judged 329 profile-does-not-load 330 unknown-name 331 empty-name "
        "332 name-not-known-everywhere 333 rule-without-names 334 rule-shadowed 335 rule-equals-default 336 rules-contradict "
        "337 rules-overlap 338 conditions-not-exact 339 argument-named-twice 340 condition-incomplete 341 mask-and-value "
        "342 upper-bits 343 kills-one-thread 344 traced 350 default-kills-thread 351 execve-missing 352 exit-group-missing "
        "353 below-runtime-floor 354 clone3-undecided 355 other-architectures-killed 356 other-architectures-open "
        "357 io-uring-bypass 358 new-mount-calls-open 359 weaker-than-default 360 forbids-nothing"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.id)
def test_every_page_is_written_as_sentences_and_is_among_the_checks(page: Page) -> None:
    for text in (page.why, page.fix):
        assert text.endswith(".") or text.endswith(".)")
        assert text == " ".join(text.split())
    assert page.title
    assert not page.title.endswith(".")
    assert all(page.sources)
    check = by_key(page.slug)
    assert check is not None
    assert (check.id, check.severities, check.why) == (page.id, page.severities, page.why)


def test_every_problem_of_every_fixture_has_a_place_in_the_text_and_one_line() -> None:
    for path in FILES:
        lines = path.read_text().splitlines()
        for problem in examine(path).problems:
            assert problem.position is not None, path
            assert 1 <= problem.position.line <= len(lines), path
            assert 1 <= problem.position.column <= len(lines[problem.position.line - 1]) + 1, path
            assert problem.message == " ".join(problem.message.split()), path
            assert problem.effects, path
