"""Rows of the tables: what is one row, in which order, and what it says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import msgspec
import pytest

from kubectl_seccomp.facts import ProfileFile
from kubectl_seccomp.model import Decision, Declared, Owner, PodReport, Profile, Template
from kubectl_seccomp.render import cells
from kubectl_seccomp.render.table import PAGE, audit_cells, audit_rows, audit_table, audit_wide, every, list_table, with_findings
from kubectl_seccomp.words import Certainty, ContainerType, DecidedBy, EffectiveType, FileState, Verdict

from . import reports
from .reports import HIGH, INFO, container, decision, kubelet_only, pod, template

WEB = Owner("Deployment", "web")
SET = decision()


def rows(*pods: PodReport, failing: bool = False) -> list[tuple[str, ...]]:
    return [audit_cells(row) for row in audit_rows(reports.report(pods), with_findings if failing else every)]


def test_replicas_with_equal_decisions_are_one_row_on_any_node() -> None:
    found = rows(*(pod(f"web-{node}", container("app", decision()), node=node, owner=WEB) for node in "abc"))
    assert found == [("-", "default", "deploy/web (3)", "app", "RuntimeDefault", "set on the pod")]


def test_replicas_on_nodes_that_differ_are_two_rows() -> None:
    off = decision(EffectiveType.UNCONFINED, DecidedBy.KUBELET, "nothing set, and b's kubelet has no seccompDefault",
                   declared=Declared())  # fmt: skip
    found = rows(
        pod("web-1", container("app", kubelet_only("a")), node="a", owner=WEB),
        pod("web-2", container("app", off), node="b", owner=WEB),
    )
    assert [(row[2], row[4]) for row in found] == [("deploy/web", "RuntimeDefault"), ("deploy/web", "Unconfined")]


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        (["a"], "nothing set: only a's seccompDefault protects it"),
        (["a", "a"], "nothing set: only a's seccompDefault protects it"),
        (["a", "b"], "nothing set: only a's seccompDefault protects it (1 other node likewise)"),
        (["a", "b", "b", "c"], "nothing set: only a's seccompDefault protects it (2 other nodes likewise)"),
    ],
)
def test_reasons_that_differ_only_by_node_share_a_row(nodes: list[str], told: str) -> None:
    pods = [pod(f"p{n}", container("app", kubelet_only(node)), node=node, owner=WEB) for n, node in enumerate(nodes)]
    assert [row[5] for row in rows(*pods)] == [told]


def test_reasons_that_differ_otherwise_are_counted_as_pods() -> None:
    made = [decision(EffectiveType.RUNTIME_DEFAULT, DecidedBy.POD, "set", template("KS111", HIGH, f"cannot start: {n}")) for n in "xy"]
    found = rows(*(pod(f"p{n}", container("app", each), owner=WEB) for n, each in enumerate(made)))
    assert [row[5] for row in found] == ["cannot start: x (1 other pod likewise)"]


OTHER = {
    "namespace": pod("web-2", container("app", SET), owner=WEB, namespace="shop"),
    "owner": pod("web-2", container("app", SET), owner=Owner("Deployment", "api")),
    "owner's kind": pod("web-2", container("app", SET), owner=Owner("StatefulSet", "web")),
    "container": pod("web-2", container("side", SET), owner=WEB),
    "type": pod("web-2", container("app", SET, ContainerType.INIT), owner=WEB),
    "declaration": pod("web-2", container("app", decision(declared=Declared(Profile("RuntimeDefault")))), owner=WEB),
    "certainty": pod("web-2", container("app", decision(certainty=Certainty.ASSUMED)), owner=WEB),
    "layer": pod("web-2", container("app", decision(by=DecidedBy.CONTAINER)), owner=WEB),
    "observation": pod("web-2", container("app", decision(observed=reports.PROVEN)), owner=WEB),
    "verdict": pod("web-2", container("app", decision(verdict=Verdict.LOST)), owner=WEB),
    "file": pod("web-2", container("app", decision(file=ProfileFile(FileState.MISSING))), owner=WEB),
    "finding": pod("web-2", container("app", decision(EffectiveType.RUNTIME_DEFAULT, DecidedBy.POD, "set", reports.LOST)), owner=WEB),
    "manifest": pod("web-2", container("app", SET), owner=WEB, file="a.yaml", document=1),
}


@pytest.mark.parametrize("difference", OTHER)
def test_what_makes_another_row(difference: str) -> None:
    assert len(rows(pod("web-1", container("app", SET), owner=WEB), OTHER[difference])) == 2


def test_the_worst_comes_first_and_then_the_order_of_the_pods() -> None:
    found = rows(*reports.everything())
    ranks = [row[0] for row in found]
    assert ranks == ["critical"] * 2 + ["high"] * 2 + ["medium"] * 2 + ["low", "info"] + ["-"] * 5
    assert [row[1] for row in found[:3]] == ["default", "kube-system", "default"]


def test_failing_leaves_out_what_has_no_finding() -> None:
    found = rows(*reports.everything(), failing=True)
    assert len(found) == 8
    assert "-" not in {row[0] for row in found}


@pytest.mark.parametrize("table", [audit_table, audit_wide])
@pytest.mark.parametrize(("failing", "limit"), [(False, 1), (False, 3), (True, 7)])
def test_a_limit_shows_the_worst_and_counts_the_others(table: Callable[..., Iterator[str]], failing: bool, limit: int) -> None:
    whole = "".join(table(reports.report(reports.everything()), failing=failing)).splitlines()
    shown = "".join(table(reports.report(reports.everything()), failing=failing, limit=limit)).splitlines()
    severities = [line.split()[0] for line in whole[1:]]
    left = severities[limit:]
    found = sum(1 for severity in left if severity != "-")
    assert [line.split() for line in shown[:-1]] == [line.split() for line in whole[: limit + 1]]
    told = "all with findings" if failing else f"{found} of them with findings"
    assert shown[-1] == f"... and {len(left)} more, {told}: leave out --limit to see them."


@pytest.mark.parametrize("table", [audit_table, audit_wide])
def test_a_limit_that_is_not_reached_changes_nothing(table: Callable[..., Iterator[str]]) -> None:
    pods = reports.everything()
    whole = "".join(table(reports.report(pods)))
    rows = len(whole.splitlines()) - 1
    assert "".join(table(reports.report(pods), limit=rows)) == whole
    assert "".join(table(reports.report(pods), limit=rows - 1)) != whole


@pytest.mark.parametrize(
    ("kind", "shown", "name"),
    [
        ("Deployment", "deploy/x", "deployment.apps/x"),
        ("StatefulSet", "sts/x", "statefulset.apps/x"),
        ("DaemonSet", "ds/x", "daemonset.apps/x"),
        ("ReplicaSet", "rs/x", "replicaset.apps/x"),
        ("ReplicationController", "rc/x", "replicationcontroller/x"),
        ("Job", "job/x", "job.batch/x"),
        ("CronJob", "cronjob/x", "cronjob.batch/x"),
        ("PodTemplate", "podtemplate/x", "podtemplate/x"),
        ("Pod", "pod/x", "pod/x"),
        ("Rollout", "rollout/x", "rollout/x"),
    ],
)
def test_workloads_are_called_as_kubectl_calls_them(kind: str, shown: str, name: str) -> None:
    assert cells.short(Owner(kind, "x")) == shown
    assert cells.resource(Owner(kind, "x")) == name


def test_static_pods_of_a_node_are_not_replicas_of_each_other() -> None:
    pods = [pod(f"{name}-node-a", container("c", SET), owner=Owner("Node", "node-a")) for name in ("etcd", "scheduler")]
    assert [row[2] for row in rows(*pods)] == ["pod/etcd-node-a", "pod/scheduler-node-a"]


def localhost(explanation: str, *templates: Template, state: FileState = FileState.UNCHECKED) -> Decision:
    return decision(EffectiveType.LOCALHOST, DecidedBy.POD, explanation, *templates, certainty=Certainty.ASSUMED,
                    file=ProfileFile(state))  # fmt: skip


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (SET, "set on the pod"),
        (localhost("set on the pod, file unchecked"), "set on the pod, file unchecked"),
        (localhost("privileged, but kept"), "privileged, but kept (file unchecked)"),
        (localhost("set", template("KS110", HIGH, "localhost/ prefix")), "localhost/ prefix (file unchecked)"),
        (localhost("gone", state=FileState.MISSING), "gone"),
        (decision(EffectiveType.UNCONFINED, DecidedBy.POD, "x", template("KS1", HIGH, "bad"),
                  template("KS2", INFO, "too", slug="mirror-pod")),
         "bad; also mirror-pod"),
    ],
)  # fmt: skip
def test_why(made: Decision, told: str) -> None:
    assert cells.why(made) == told


@pytest.mark.parametrize(
    ("said", "path", "shown"),
    [
        (Declared(), False, "Unset"),
        (Declared(annotation="runtime/default"), False, "Unset"),
        (Declared(pod=Profile("RuntimeDefault")), False, "RuntimeDefault (pod)"),
        (Declared(Profile("Unconfined"), Profile("RuntimeDefault")), False, "Unconfined (container)"),
        (Declared(Profile("Localhost", "a/b.json")), False, "Localhost (container)"),
        (Declared(Profile("Localhost", "a/b.json")), True, "Localhost a/b.json (container)"),
        (Declared(Profile("")), True, "no type (container)"),
    ],
)
def test_declared(said: Declared, path: bool, shown: str) -> None:
    assert cells.declared(decision(declared=said), path=path) == shown


def test_nothing_is_nothing_not_even_heads() -> None:
    assert list(audit_table(reports.report([]))) == []
    assert list(audit_wide(reports.report([]))) == []
    assert list(list_table(reports.report([]))) == []


@pytest.mark.parametrize(
    ("asked", "namespaces", "shown"),
    [(False, ("default",), False), (True, ("default",), True), (False, ("*",), True), (False, ("a", "b"), True)],
)
def test_list_shows_the_namespace_where_it_can_differ(asked: bool, namespaces: tuple[str, ...], shown: bool) -> None:
    report = reports.report([pod("p", container("c", SET))], namespaces=namespaces)
    assert next(list_table(report, namespace=asked)).startswith("NAMESPACE") is shown


def test_list_writes_pages_while_the_pods_arrive() -> None:
    taken = itertools.count()
    position = 0

    def pods() -> Iterator[PodReport]:
        nonlocal position
        for position in taken:
            yield pod("short" if position < PAGE else "a-much-longer-name", container("c", SET))

    pages = list_table(reports.report(pods(), namespaces=("default",)))
    first = next(pages).splitlines()
    assert position == PAGE - 1
    assert len(first) == PAGE + 1
    assert first[:2] == [
        "POD     CONTAINER   DECLARED               EFFECTIVE        WHY",
        "short   c           RuntimeDefault (pod)   RuntimeDefault   set on the pod",
    ]
    second = next(pages).splitlines()
    assert len(second) == PAGE
    assert second[0] == "a-much-longer-name   c           RuntimeDefault (pod)   RuntimeDefault   set on the pod"


def test_list_without_heads() -> None:
    report = reports.report([pod("p", container("c", SET))], namespaces=("default",))
    assert "".join(list_table(report, headers=False)) == "p   c   RuntimeDefault (pod)   RuntimeDefault   set on the pod\n"


def test_decisions_made_anew_for_every_pod_are_told_apart() -> None:
    """A freed decision's id must not stand for its successor."""
    kinds = [Certainty.CERTAIN, Certainty.ASSUMED, Certainty.UNKNOWN]
    made = (pod("p", container("c", decision(certainty=each)), owner=WEB) for each in kinds * 50)
    found = audit_rows(msgspec.structs.replace(reports.report([]), pods=made))
    assert [row.pods for row in found] == [50, 50, 50]
