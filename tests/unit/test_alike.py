"""Nodes of one pool share decisions, and no decision that names a node is told of another one."""

from __future__ import annotations

import pytest

from kubectl_seccomp.alike import Alike
from kubectl_seccomp.audit import Policy, audit
from kubectl_seccomp.effective import Placement
from kubectl_seccomp.facts import NodeFacts
from kubectl_seccomp.model import Evidence, Head, Profile, Scope, Tool
from kubectl_seccomp.objects import ContainerSecurity, ContainerSpec, Metadata, PodSpec
from kubectl_seccomp.pods import Pod
from kubectl_seccomp.words import KubeletDefault

HEAD = Head("2026-11-24T00:00:00Z", Tool("kubectl-seccomp", "0"), Scope("cluster", None, ["*"], None))
NAMES = [f"node-{number}" for number in range(5)]


def node(name: str, default: KubeletDefault = KubeletDefault.ON) -> NodeFacts:
    return NodeFacts(name, "linux", runtime="containerd://2.4.2", default=default)


def pod(name: str, profile: Profile | None, privileged: bool = False) -> Pod:
    member = ContainerSpec("c", security_context=ContainerSecurity(profile, privileged))
    return Pod("v1", "Pod", Metadata(f"on-{name}", uid=name), PodSpec([member], node_name=name), None, None, None, None)


def test_equal_but_for_the_name_is_one_number() -> None:
    alike = Alike()
    first, second = Placement(node("a")), Placement(node("b"))
    other = Placement(node("c", KubeletDefault.OFF))
    assert alike.number(0, first) == alike.number(1, second) < 0
    assert alike.number(2, other) not in (alike.number(0, first), 0, 1, 2)
    assert alike.number(3, Placement(None)) < 0


@pytest.mark.parametrize(
    ("profile", "privileged", "distinct"),
    [
        (Profile("RuntimeDefault"), False, 1),
        (Profile("Unconfined"), False, 1),
        (Profile("Localhost", "a.json"), False, 1),
        (None, True, 1),
        (None, False, len(NAMES)),
    ],
    ids=["default", "unconfined", "unread", "privileged", "unset"],
)
def test_decisions_are_shared_unless_they_name_their_node(profile: Profile | None, privileged: bool, distinct: int) -> None:
    evidence = Evidence({name: node(name) for name in NAMES})
    report = audit([pod(name, profile, privileged) for name in NAMES], evidence, Policy(), HEAD)
    decisions = [found.containers[0].decision for found in report.pods]
    assert len({id(decision) for decision in decisions}) == distinct
    for name, decision in zip(NAMES, decisions, strict=True):
        told = [decision.effective.explanation, *(text for template in decision.templates for text in template.evidence)]
        assert not [text for text in told for other in NAMES if other != name and other in text]


def test_nodes_that_differ_share_nothing() -> None:
    evidence = Evidence({"node-0": node("node-0"), "node-1": node("node-1", KubeletDefault.OFF)})
    report = audit([pod(name, None) for name in NAMES[:2]], evidence, Policy(), HEAD)
    assert [found.containers[0].decision.effective.type.value for found in report.pods] == ["RuntimeDefault", "Unconfined"]
