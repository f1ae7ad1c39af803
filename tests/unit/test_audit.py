"""Pods and evidence -> report: what was not known of a node is a gap."""

from __future__ import annotations

import pytest

from kubectl_seccomp.audit import Policy, audit
from kubectl_seccomp.checks import CHECKS, known, wanted
from kubectl_seccomp.facts import NodeFacts
from kubectl_seccomp.model import Evidence, Gap, Head, Scope, Tool
from kubectl_seccomp.pods import Pod, from_mapping
from kubectl_seccomp.words import KubeletDefault

HEAD = Head("2026-11-24T00:00:00Z", Tool("kubectl-seccomp", "0"), Scope("cluster", None, ["*"], None))
NODE = NodeFacts("a", "linux", runtime="containerd://2.4.2", default=KubeletDefault.ON)


def pod(name: str, node: str) -> Pod:
    made = from_mapping({"kind": "Pod", "metadata": {"name": name}, "spec": {"nodeName": node, "containers": [{"name": "c"}]}})
    assert made is not None
    return made


def test_a_node_that_was_not_listed_is_one_gap_that_counts_its_containers() -> None:
    report = audit([pod("x", "a"), pod("y", "gone"), pod("z", "gone")], Evidence({"a": NODE}), Policy(), HEAD)
    kinds = [member.decision.effective.type.value for each in report.pods for member in each.containers]
    assert kinds == ["RuntimeDefault", "Unknown", "Unknown"]
    assert report.tail().gaps == (Gap("node", "node/gone", "pods run on it, but it was not among the nodes listed", 2),)


def test_nodes_that_could_not_be_listed_at_all_are_one_gap_only() -> None:
    told = Gap("nodes", "cluster", "forbidden")
    report = audit([pod("y", "b")], Evidence({}, "cannot list nodes", gaps=(told,)), Policy(), HEAD)
    assert len(list(report.pods)) == 1
    assert [gap.what for gap in report.tail().gaps] == ["nodes"]


def test_no_beginning_chooses_nothing() -> None:
    assert not known("")
    assert known("ks1")
    assert known("explicit")
    template = CHECKS[0].finding("reason", evidence=())
    assert wanted(template, (), ())
    assert not wanted(template, ("KS3",), ())
    assert not wanted(template, (), (template.slug[:4],))


def running(started: str) -> Pod:
    status = {"containerStatuses": [{"name": "c", "state": {"running": {"startedAt": started}}}]}
    spec = {"nodeName": "node-a", "containers": [{"name": "c"}]}
    made = from_mapping({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec, "status": status})
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("started", "certainty"),
    [("1970-01-01T00:01:39Z", "assumed"), ("1970-01-01T00:01:40Z", "certain"), ("1970-01-01T00:01:41Z", "certain")],
    ids=["before", "same-second", "after"],
)
@pytest.mark.parametrize("default", [KubeletDefault.ON, KubeletDefault.OFF])
def test_a_default_is_certain_only_for_what_started_under_it(started: str, certainty: str, default: KubeletDefault) -> None:
    node = NodeFacts("node-a", "linux", runtime="containerd://2.4.2", default=default, kubelet_started=100)
    report = audit([running(started)], Evidence({"node-a": node}), Policy(), HEAD)
    (found,) = report.pods
    assert found.containers[0].decision.effective.certainty == certainty
