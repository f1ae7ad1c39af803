"""Every fixture of every check of lint, and that no check is without its proof."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kubectl_seccomp.checks import by_key
from kubectl_seccomp.checks.lint import PAGES
from kubectl_seccomp.profiles.problem import Page, Problem

from .lint_lab import FIXTURES, examine
from .test_render_golden import compare

GOLDEN = Path(__file__).parents[1] / "golden" / "lint"
FILES = sorted(FIXTURES.glob("*/*"))


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def unproved(page: Page, files: list[Path]) -> str:
    """What a check lacks, and what to do: a passing file, a failing one, or one of its severities."""
    mine, folder = [path for path in files if path.parent.name == page.id], f"tests/fixtures/lint/{page.id}"
    for word, beginning in (("failing", "fail"), ("passing", "pass")):
        if not any(path.stem.startswith(beginning) for path in mine):
            return f"{page.id} has no {word} fixture: add {folder}/{beginning}*"
    given = {problem.severity for path in mine for problem in examine(path).problems if problem.id == page.id}
    wrong = given ^ set(page.severities)
    return f"{page.id}'s severities and those that {folder}/fail* give differ by {', '.join(sorted(wrong))}" if wrong else ""


def test_a_failing_fixture_has_its_problem_and_a_passing_one_has_not() -> None:
    for path in FILES:
        ids = {problem.id for problem in examine(path).problems}
        assert (path.parent.name in ids) is path.stem.startswith("fail"), f"{name(path)} gives {sorted(ids)}"
        assert path.stem.startswith(("fail", "pass")), f"{name(path)}: call it fail* or pass*"


def said(problem: Problem) -> str:
    """A problem in lines: what it is worth, where it stands, what it says and suggests, and where what comes of it."""
    where = f"{problem.position.line}:{problem.position.column}" if problem.position is not None else "-"
    lines = [f"  {problem.id} {problem.severity} {where} {'.'.join(map(str, problem.path))}: {problem.message}"]
    lines += [f"    {problem.suggestion}"] if problem.suggestion is not None else []
    lanes: dict[str, list[str]] = {}
    for lane, effect in problem.effects.items():
        lanes.setdefault(effect.shown, []).append(lane)
    lines += [f"    {shown}: {', '.join(names)}" for shown, names in lanes.items()]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("check", sorted(folder.name for folder in FIXTURES.iterdir()))
def test_what_is_said_of_a_fixture_is_what_a_person_has_read(check: str) -> None:
    files = sorted((FIXTURES / check).iterdir())
    texts = [f"{path.name}\n{''.join(said(problem) for problem in examine(path).problems)}" for path in files]
    compare(f"{check}.txt", "\n".join(texts), GOLDEN)


def test_each_check_is_proved_in_both_directions_and_in_every_severity() -> None:
    found = [lack for page in PAGES if (lack := unproved(page, FILES))]
    assert not found, "\n".join(found)
    for page in PAGES:
        assert sorted(page.severities, key=lambda severity: severity.rank) == list(page.severities), page.id
        assert page.usual is None or page.usual in page.severities, page.id


@pytest.mark.parametrize("beginning", ["pass", "fail"])
def test_forgetting_a_fixture_is_noticed(beginning: str) -> None:
    kept = [path for path in FILES if not path.stem.startswith(beginning)]
    assert [page.id for page in PAGES if not unproved(page, kept)] == []


def test_ids_are_well_formed_and_no_fixture_is_left_over() -> None:
    mine = [page.id for page in PAGES]
    assert mine == sorted(mine)
    assert all(re.fullmatch(r"KS3[1-6]\d", each) for each in mine)
    for folder in FIXTURES.iterdir():
        assert folder.name in mine, f"there is no check {folder.name} on profiles: remove tests/fixtures/lint/{folder.name}, or add it"


def test_every_page_is_written_as_sentences_and_is_among_the_checks() -> None:
    for page in PAGES:
        for text in (page.why, page.fix):
            assert text.endswith((".", ".)")), page.id
            assert text == " ".join(text.split()), page.id
        assert page.title, page.id
        assert not page.title.endswith("."), page.id
        assert all(page.sources), page.id
        check = by_key(page.slug)
        assert check is not None, page.slug
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
