"""Every fixture of every check, through the audit: what is decided and found, and that no check is without its proof."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from pathlib import Path

import pytest

from kubectl_seccomp.checks import CHECKS, EVERY, by_key, known
from kubectl_seccomp.checks.record import Check
from kubectl_seccomp.model import Template
from kubectl_seccomp.profiles.problem import Page
from kubectl_seccomp.words import Severity

from . import checks_lab
from .checks_lab import examine

FIXTURES = sorted(checks_lab.CHECKS.glob("*/*.yaml"))
REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "kubectl_seccomp"


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def test_a_failing_fixture_has_its_finding_and_a_passing_one_has_not() -> None:
    gives = {path: path.parent.name in {template.id for template in told(path)} for path in FIXTURES}
    wanted = {path: path.stem.startswith("fail") for path in FIXTURES}
    wrong = [
        f"{name(path)} {'gives' if gives[path] else 'does not give'} {path.parent.name}"
        for path in FIXTURES
        if gives[path] != wanted[path]
    ]
    assert not wrong, wrong
    misnamed = [name(path) for path in FIXTURES if not path.stem.startswith(("fail", "pass"))]
    assert not misnamed, f"{misnamed}: call them fail*.yaml or pass*.yaml"


def lacks(check: Check, files: list[Path]) -> str:
    """What a check on containers lacks, and what to do; nothing when it is proved in both directions and in every severity."""
    mine = [path for path in files if path.parent.name == check.id]
    folder = f"tests/fixtures/checks/{check.id}"
    for word, beginning in (("failing", "fail"), ("passing", "pass")):
        if not any(path.stem.startswith(beginning) for path in mine):
            return f"{check.id} has no {word} fixture: add {folder}/{beginning}*.yaml"
    given = {found.severity for path in mine for found in told(path) if found.id == check.id}
    if more := given - set(check.severities):
        return f"{check.id} gives {', '.join(more)}: name it in its severities"
    if less := set(check.severities) - given:
        return f"no fixture of {check.id} gives {', '.join(less)}: add {folder}/fail-*.yaml, or take it out of its severities"
    return ""


def told(path: Path, *, looked: bool = True) -> list[Template]:
    return [template for member in examine(path, looked=looked) for template in member.decision.templates]


def test_each_check_is_proved_in_both_directions_and_in_every_severity() -> None:
    found = [lack for check in CHECKS if (lack := lacks(check, FIXTURES))]
    assert not found, "\n".join(found)


def test_each_check_needs_what_it_says() -> None:
    for check in CHECKS:
        failing = [path for path in FIXTURES if path.parent.name == check.id and path.stem.startswith("fail")]
        blind = not any(found.id == check.id for path in failing for found in told(path, looked=False))
        found = f"{check.id} finds {'nothing' if blind else 'something'} where no node was looked at"
        assert bool(check.needs) is blind, f"{found}: its record says needs={check.needs!r}"


SOURCES = sorted([*(PACKAGE / "checks").glob("*.py"), *(PACKAGE / "profiles").glob("problems_*.py")])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_record_is_among_the_checks(path: Path) -> None:
    module = importlib.import_module(".".join(path.relative_to(REPOSITORY).with_suffix("").parts))
    every = {check.id for check in EVERY}
    for name, value in vars(module).items():
        if isinstance(value, Check | Page):
            assert value.id in every, f"{name} ({value.id}) is no check yet: add it to the tuple at the end of {path.name}"


def test_ids_and_slugs_are_unique_and_well_formed() -> None:
    for what in ("id", "slug"):
        named = Counter(getattr(check, what) for check in EVERY)
        assert max(named.values()) == 1, f"two checks have the {what} {named.most_common(1)[0][0]}: take one that no check ever had"
    for check in EVERY:
        assert re.fullmatch(r"KS[1-3]\d\d", check.id), f"{check.id} is no id like KS101"
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check.slug), f"{check.slug} ({check.id}) is no slug like file-missing"
    assert [check.id for check in EVERY] == sorted(check.id for check in EVERY)


def test_no_fixture_is_left_over() -> None:
    for folder in checks_lab.CHECKS.iterdir():
        ids = {check.id for check in CHECKS}
        assert folder.name in ids, f"there is no check {folder.name} on containers: remove {folder.relative_to(REPOSITORY)}, or add it"


def test_every_text_of_a_check_is_written_as_sentences() -> None:
    for check in CHECKS:
        for text in (check.why, check.fix):
            assert text.endswith("."), check.id
            assert text == " ".join(text.split()), check.id
        assert check.title, check.id
        assert not check.title.endswith("."), check.id
        assert check.sources, check.id
        assert all(check.sources), check.id


def test_every_finding_of_every_fixture_says_what_was_read_and_what_to_do() -> None:
    for path in FIXTURES:
        for member in examine(path):
            for template in member.decision.templates:
                assert template.reason, path
                assert template.detail.endswith("."), path
                assert template.remediation.endswith("."), path
                assert template.evidence, path
                assert all(template.evidence), path
                assert template.patch in (None, "RuntimeDefault")
                # Shared by every container with the same decision: no name of a pod or container may be in it.
                assert "web" not in template.reason.split(), path


def test_findings_come_worst_first_and_by_id_within_a_severity() -> None:
    for path in FIXTURES:
        for member in examine(path):
            order = [(template.severity.rank, template.id) for template in member.decision.templates]
            assert order == sorted(order)
    assert Severity.CRITICAL.rank == 0


@pytest.mark.parametrize(("key", "found"), [("KS101", "KS101"), ("ks101", "KS101"), ("Explicit-Unconfined", "KS101"), ("KS1", None)])
def test_by_key(key: str, found: str | None) -> None:
    check = by_key(key)
    assert (check.id if check else None) == found


@pytest.mark.parametrize(
    ("key", "answer"), [("KS1", True), ("ks301", True), ("file-", True), ("KS9", False), ("101", False), ("unconfined", False)]
)
def test_known_takes_beginnings_of_ids_and_slugs(key: str, answer: bool) -> None:
    assert known(key) is answer
