"""The checks on nodes: each in both directions and in every severity."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from kubectl_seccomp.checks import CHECKS, blind, by_key
from kubectl_seccomp.checks import node as checks
from kubectl_seccomp.facts import NodeFacts
from kubectl_seccomp.node_report import node_report
from kubectl_seccomp.node_values import FileReport, NodeReport, UserReport
from kubectl_seccomp.nodes.answer import Answer
from kubectl_seccomp.words import FileState, KubeletDefault

REPORT = node_report(NodeFacts("node-a", "linux", default=KubeletDefault.ON), Answer(), ())
OFF = node_report(NodeFacts("node-a", "linux", default=KubeletDefault.OFF, default_source="configz says false"), Answer(), ())
HERE = (UserReport("shop", "web", "c", "node-a", privileged=False),)
PRIVILEGED = (UserReport("shop", "web", "c", "node-a", privileged=True),)


def file(**changes: Any) -> FileReport:
    plain = FileReport(
        "a.json", "/r/seccomp/a.json", "file", FileState.PRESENT, "filter", False, "5e4", 10, "644", "0:0", 1, 2, None, False,
        (), (), "/r/seccomp/a.json: it loads",
    )  # fmt: skip
    return structs.replace(plain, **changes)


def found(*files: FileReport, node: NodeReport = REPORT) -> list[tuple[str, str]]:
    return [(each.id, each.severity.value) for each in checks.findings(structs.replace(node, files=files))]


INVALID = FileState.INVALID
# what the file is -> the finding's id and severity, or none
TABLE: list[tuple[str, dict[str, Any], str]] = [
    ("a sound file", {}, ""),
    ("in use", {"used_by": HERE}, ""),
    ("others may write", {"writable_by": "others"}, "KS202 high"),
    ("the group may write", {"writable_by": "group"}, "KS202 medium"),
    ("a folder that others may write", {"kind": "folder", "writable_by": "others"}, "KS202 high"),
    ("another owner", {"owner": "1000:0"}, "KS203 medium"),
    ("another group", {"owner": "0:1000"}, ""),
    ("the operator's", {"owner": "65535:65535", "operator": True}, ""),
    ("an owner that is not known", {"owner": None}, ""),
    ("no filter, used", {"effect": "none", "used_by": HERE}, "KS204 critical"),
    ("no filter, unused", {"effect": "none"}, "KS204 low"),
    ("no filter, users not known", {"effect": "none", "used_by": None}, "KS204 low"),
    ("no filter, used elsewhere", {"effect": "none", "used_elsewhere": HERE}, "KS204 low"),
    ("no filter, used by a privileged one", {"effect": "none", "used_by": PRIVILEGED}, "KS204 low"),
    ("refused, used", {"state": INVALID, "effect": "refused", "used_by": HERE}, "KS205 high"),
    ("refused, unused", {"state": INVALID, "effect": "refused"}, "KS205 low"),
    ("a pipe that a pod uses", {"state": INVALID, "effect": None, "kind": "other", "used_by": HERE}, "KS205 high"),
    ("a pipe", {"state": INVALID, "effect": None, "kind": "other"}, ""),
    ("missing, used", {"state": FileState.MISSING, "effect": None, "kind": "absent", "used_by": HERE}, "KS206 high"),
    ("a link to nothing", {"state": FileState.MISSING, "effect": None, "kind": "other"}, ""),
    ("forbids nothing, used", {"forbids_nothing": True, "used_by": HERE}, "KS207 medium"),
    ("forbids nothing, unused", {"forbids_nothing": True}, ""),
    ("unreadable", {"state": FileState.UNREADABLE, "effect": None, "used_by": HERE}, ""),
]


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_file(changes: dict[str, Any], expected: str) -> None:
    assert [" ".join(each) for each in found(file(**changes))] == ([expected] if expected else [])


def test_the_kubelets_default() -> None:
    assert found(node=OFF) == [("KS201", "low")]
    assert found() == []
    assert found(node=node_report(NodeFacts("node-a"), Answer(), ())) == []


def test_every_check_is_proved_in_every_severity() -> None:
    proved = {tuple(expected.split()) for *_, expected in TABLE if expected} | {("KS201", "low")}
    assert proved == {(check.id, severity.value) for check in checks.CHECKS for severity in check.severities}


def test_findings_say_what_where_and_why_and_come_worst_first() -> None:
    empty = file(name="b.json", path="/r/seccomp/b.json", effect="none", used_by=HERE, explanation="/r/seccomp/b.json: it is null")
    report = structs.replace(OFF, files=(file(writable_by="group"), empty))
    first, second, third = checks.findings(report)
    assert [each.id for each in (first, second, third)] == ["KS204", "KS202", "KS201"]
    assert first.subject.kind == "Node"
    assert first.subject.name == "node-a"
    assert first.reason == "b.json: it is null: used by shop/web/c"
    assert first.evidence[0] == "/r/seccomp/b.json"
    assert second.reason == "a.json is writable by group"
    assert "go-w" in second.remediation


def test_a_file_and_a_link_to_it_are_one_finding() -> None:
    assert found(file(writable_by="others"), file(writable_by="others")) == [("KS202", "high")]


def test_many_users_are_only_counted() -> None:
    many = tuple(structs.replace(HERE[0], pod=f"web-{number}") for number in range(9))
    (finding,) = checks.findings(structs.replace(REPORT, files=(file(effect="none", used_by=many),)))
    assert finding.reason.endswith("used by shop/web-0/c, shop/web-1/c, shop/web-2/c and 6 more")


def test_nodes_checks_are_known_and_no_container_goes_through_them() -> None:
    assert by_key("profile-writable") is not None
    assert not set(checks.CHECKS) & set(CHECKS)
    assert blind("KS2", frozenset(("file", "process")))


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.id)
def test_every_text_of_a_check_is_written_as_sentences(check: Any) -> None:
    for text in (check.why, check.fix):
        assert text[0].isupper() or text.startswith("ch")
        assert text.endswith(".")
    assert all(check.sources)
