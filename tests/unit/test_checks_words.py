"""Every decision and finding in its words: what the fixtures come to, evidence too, is recorded and read when it changes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from kubectl_seccomp.checks import blind, findings
from kubectl_seccomp.checks import node as checks
from kubectl_seccomp.checks.profile import PROFILE_PATH
from kubectl_seccomp.checks.record import Case
from kubectl_seccomp.effective import Placement, effective
from kubectl_seccomp.facts import Observed, ProfileFile
from kubectl_seccomp.model import Declared, Profile

from .checks_lab import examine
from .test_checks_fixtures import FIXTURES
from .test_checks_node import OFF, REPORT, TABLE, file

RECORD = Path(__file__).parents[1] / "fixtures" / "findings.txt"


def told() -> Iterator[str]:
    for path in FIXTURES:
        for member in examine(path):
            effective, verdict = member.decision.effective, member.decision.verdict
            decided = f"{effective.type.value} by {effective.decided_by.value}, {effective.certainty.value}"
            yield f"{path.parent.name}/{path.stem} {member.name}: {decided}, {verdict.value if verdict else 'no verdict'}"
            for found in member.decision.templates:
                yield f"  {found.id} {found.slug} {found.severity} patch={found.patch}"
                yield from (f"    {text}" for text in (found.reason, *found.evidence))
    for name, changes, _ in [*TABLE, ("default off", {}, "")]:
        node = structs.replace(OFF if name == "default off" else REPORT, files=(file(**changes),))
        for each in checks.findings(node):
            yield f"node, {name}: {each.id} {each.slug} {each.severity} {each.subject.name}"
            yield from (f"    {text}" for text in (each.reason, *each.evidence))


def test_findings_are_told_as_they_were() -> None:
    text = "".join(f"{line}\n" for line in told())
    if os.environ.get("UPDATE_GOLDEN"):
        RECORD.write_text(text)
    assert text == RECORD.read_text(), f"{RECORD.name} differs: read what UPDATE_GOLDEN=1 .venv/bin/pytest tests/unit changes in it"


@pytest.mark.parametrize(
    ("key", "looked", "expected"),
    [
        ("KS101", (), False),
        ("KS301", (), True),
        ("KS301", ("process",), True),
        ("KS301", ("file", "process"), False),
        ("KS117", ("process",), False),
        ("KS3", ("file",), False),
        ("KS", (), False),
    ],
)
def test_a_check_is_blind_only_without_what_it_needs(key: str, looked: tuple[str, ...], expected: bool) -> None:
    assert blind(key, frozenset(looked)) is expected


@pytest.mark.parametrize("kind", ["RuntimeDefault", "Unconfined"])
def test_a_file_beside_a_type_that_has_none_is_told(kind: str) -> None:
    declared, placement = Declared(pod=Profile(kind, "a.json")), Placement(None, "linux")
    outcome = effective(declared, False, placement, ProfileFile())
    case = Case(
        declared=declared, privileged=False, placement=placement, effective=outcome, file=ProfileFile(), observed=Observed(),
    )  # fmt: skip
    reasons = {template.slug: template.reason for template in findings(case)}
    assert reasons[PROFILE_PATH.slug] == f"localhostProfile a.json with type {kind}: the API server refuses it"
