"""Where pods could be placed: against what Kubernetes' own functions say, and what they do not decide."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from kubectl_seccomp.cluster.node_facts import Node, facts
from kubectl_seccomp.eligibility import Eligibility, Fit, Shape, fit, is_bound, shape
from kubectl_seccomp.facts import NodeFacts, Taint
from kubectl_seccomp.objects import NodeSelectorTerm, Requirement
from kubectl_seccomp.pods import Pod, from_mapping

# Made at random and answered by component-helpers 0.37.2 (record.py, oracle.go).
RECORDED = json.loads((Path(__file__).parents[1] / "fixtures" / "eligibility" / "cases.json").read_text())
STATE = "node.kubernetes.io/"


def recorded_nodes() -> list[NodeFacts]:
    return [structs.replace(facts(msgspec.convert(node, Node)), reachable=True) for node in RECORDED["nodes"]]


def pod(spec: dict[str, Any], owner: str | None = None, name: str = "p") -> Pod:
    owners = [{"kind": owner, "name": "x", "controller": True}] if owner else []
    made = from_mapping({"kind": "Pod", "metadata": {"name": name, "ownerReferences": owners}, "spec": spec})
    assert made is not None
    return made


def node(name: str = "a", *taints: tuple[str, str], **more: Any) -> NodeFacts:
    return NodeFacts(name, **{"os": "linux", "taints": tuple(Taint(key, None, effect) for key, effect in taints), **more})


def required(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}}}


def pinned(name: str) -> dict[str, Any]:
    """The affinity that the DaemonSet controller writes."""
    return required({"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]}]})


def test_every_recorded_answer_is_kubernetes_own() -> None:
    nodes = recorded_nodes()
    wrong = []
    for case in RECORDED["cases"]:
        asked = pod(case["spec"])
        told = "".join("01"[fit(shape(asked), each) is Fit.NOW] for each in nodes)
        if told != case["fits"]:
            wrong.append((case, told))
    assert wrong == []
    answers = "".join(case["fits"] for case in RECORDED["cases"])
    assert min(answers.count("0"), answers.count("1")) > 1000


def test_the_short_way_over_names_gives_the_same_nodes() -> None:
    nodes = recorded_nodes()
    eligibility = Eligibility(nodes)
    for case in RECORDED["cases"]:
        reach = eligibility.reach(pod(case["spec"]))
        assert sorted(reach.nodes) == sorted(each.name for each, fits in zip(nodes, case["fits"], strict=True) if fits == "1")


@pytest.mark.parametrize(
    ("spec", "where", "answer"),
    [
        ({}, node(), Fit.NOW),
        ({}, node(reachable=False), Fit.LATER),
        ({}, node("a", (f"{STATE}not-ready", "NoSchedule")), Fit.LATER),
        ({}, node("a", (f"{STATE}unreachable", "NoExecute")), Fit.LATER),
        ({}, node("a", (f"{STATE}disk-pressure", "NoSchedule"), ("gpu", "NoSchedule")), Fit.NEVER),
        ({}, node("a", ("node.cloudprovider.kubernetes.io/uninitialized", "NoSchedule")), Fit.LATER),
        ({}, node("a", ("gpu", "PreferNoSchedule")), Fit.NOW),
        ({}, node("a", (f"{STATE}of-mine", "NoSchedule")), Fit.NEVER),
        ({}, node(unschedulable=True), Fit.LATER),
        ({"tolerations": [{"key": f"{STATE}unschedulable", "operator": "Exists"}]}, node(unschedulable=True), Fit.NOW),
        ({"tolerations": [{"operator": "Exists"}]}, node("a", ("gpu", "NoExecute")), Fit.NOW),
        ({"tolerations": [{"operator": "Exists"}]}, node("a", ("gpu", "NoExecute"), reachable=False), Fit.LATER),
        ({"tolerations": [{"operator": "Exists", "effect": "NoSchedule"}]}, node("a", ("gpu", "NoExecute")), Fit.NEVER),
        ({"os": {"name": "windows"}}, node(), Fit.NEVER),
        ({"os": {"name": "linux"}}, node(), Fit.NOW),
        ({"os": {"name": "linux"}}, node(os=""), Fit.NOW),
        ({"nodeSelector": {"kubernetes.io/arch": "arm64"}}, node(labels={"kubernetes.io/arch": "amd64"}), Fit.NEVER),
        ({"nodeSelector": {"kubernetes.io/arch": "arm64"}}, node(labels={"kubernetes.io/arch": "arm64"}), Fit.NOW),
        ({"affinity": {"nodeAffinity": {}}}, node(), Fit.NOW),
        ({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}}}, node(), Fit.NOW),
        (required(), node(), Fit.NEVER),
        (pinned("a"), node(), Fit.NOW),
        (pinned("b"), node(), Fit.NEVER),
    ],
)  # fmt: skip
def test_what_a_nodes_state_makes_of_it(spec: dict[str, Any], where: NodeFacts, answer: Fit) -> None:
    assert fit(shape(pod(spec)), where) is answer


@pytest.mark.parametrize(
    ("spec", "owner", "bound"),
    [
        ({"nodeName": "a"}, None, True),
        ({"nodeName": "a"}, "Node", True),
        ({"nodeName": "a"}, "ReplicaSet", False),
        ({}, None, False),
        ({}, "Job", False),
    ],
)
def test_a_pod_without_a_workload_stays_where_it_is(spec: dict[str, Any], owner: str | None, bound: bool) -> None:
    asked = pod(spec, owner)
    assert is_bound(asked) is bound
    reach = Eligibility([node("a"), node("b")]).reach(asked)
    assert reach.now == (("a",) if bound else ("a", "b"))


def test_a_bound_pod_is_on_its_node_whatever_keeps_others_away() -> None:
    nodes = [node("a", ("gpu", "NoSchedule")), node("b", reachable=False)]
    eligibility = Eligibility(nodes)
    assert eligibility.reach(pod({"nodeName": "a"})).now == ("a",)
    assert eligibility.reach(pod({"nodeName": "b"})).later == ("b",)
    assert eligibility.reach(pod({"nodeName": "gone"})).nodes == ()


def test_windows_nodes_are_left_out_and_pods_of_one_shape_share_the_answer() -> None:
    eligibility = Eligibility([node("a"), node("w", os="windows"), node("c", unschedulable=True)])
    first, second = (eligibility.reach(pod({"nodeName": "a"}, "ReplicaSet", name)) for name in ("x", "y"))
    assert first is second
    assert (first.now, first.later, first.nodes) == (("a",), ("c",), ("a", "c"))
    other = eligibility.reach(pod({"nodeSelector": {"x": "y"}}))
    assert (other.nodes, other.number) == ((), 1)


def test_a_daemon_pod_counts_for_its_node_alone_and_costs_only_that_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fits(wanted: Shape, where: NodeFacts) -> Fit:
        asked.append(where.name)
        return fit(wanted, where)

    monkeypatch.setattr("kubectl_seccomp.eligibility.fit", fits)
    eligibility = Eligibility([node(f"n{number}") for number in range(10)])
    reach = eligibility.reach(pod(pinned("n7") | {"nodeName": "n7"}, "DaemonSet"))
    assert (reach.nodes, asked) == (("n7",), ["n7"])
    assert eligibility.reach(pod(pinned("gone"), "DaemonSet")).nodes == ()


def test_shapes_that_fit_the_same_nodes_share_one_reach() -> None:
    eligibility = Eligibility([node("a", labels={"x": "y"}), node("b")])
    reaches = [
        eligibility.reach(pod(spec)) for spec in ({"nodeSelector": {"x": "y"}}, {"nodeSelector": {"x": "y"}, "tolerations": []}, {})
    ]
    assert reaches[0] is eligibility.reach(pod(required({"matchExpressions": [{"key": "x", "operator": "Exists"}]})))
    assert [each.number for each in reaches] == [0, 0, 1]


@pytest.mark.parametrize(
    ("value", "operator", "bound", "fits"),
    [
        ("6", "Gt", "5", True),
        ("5", "Gt", "5", False),
        ("4", "Lt", "5", True),
        ("5", "Lt", "5", False),
        (str(2**63 - 1), "Gt", "5", True),
        (str(2**63), "Gt", "5", False),
        (str(-(2**63)), "Lt", "5", True),
        (str(-(2**63) - 1), "Lt", "5", False),
    ],
)
def test_numbers_of_a_label_are_those_of_64_bits(value: str, operator: str, bound: str, fits: bool) -> None:
    term = NodeSelectorTerm(match_expressions=(Requirement("n", operator, (bound,)),))
    found = fit(Shape(terms=(term,)), NodeFacts("node-a", "linux", labels={"n": value}))
    assert (found is not Fit.NEVER) is fits


@pytest.mark.parametrize(("key", "value", "fits"), [("metadata.name", "node-a", True), ("metadata.other", "node-a", False),
                                                    ("metadata.other", "", True)])  # fmt: skip
def test_a_node_has_no_field_but_its_name(key: str, value: str, fits: bool) -> None:
    term = NodeSelectorTerm(match_fields=(Requirement(key, "In", (value,)),))
    assert (fit(Shape(terms=(term,)), NodeFacts("node-a", "linux")) is not Fit.NEVER) is fits
