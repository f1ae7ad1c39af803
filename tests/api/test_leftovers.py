"""`cleanup` removes what a killed run has left, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from kubectl_seccomp.cluster.api import Api, ApiError
from kubectl_seccomp.cluster.connection import Options
from kubectl_seccomp.cluster.leftovers import SELECTOR, Leftover, cleanup, sweep
from kubectl_seccomp.cluster.pods import PodClient, Rehearsal
from kubectl_seccomp.cluster.probe import Settings, ask
from kubectl_seccomp.cluster.removal import GONE_SECONDS, POLL, Time
from kubectl_seccomp.model import Gap
from tests.api.conftest import status
from tests.api.podserver import PodServer

LABELS = {
    "app.kubernetes.io/name": "kubectl-seccomp",
    "app.kubernetes.io/managed-by": "kubectl-seccomp",
    "kubectl-seccomp/run": "abc",
}


@pytest.fixture
def options(servers: dict[str, HTTPServer]) -> Options:
    """Without TLS, which would take most of the time: pods are asked for by the hundred."""
    return Options(server=servers["plain"].url_for("").rstrip("/"))


@pytest.fixture
def kube(api: Api, servers: dict[str, HTTPServer]) -> PodServer:
    kube = PodServer()
    assert api.connection.server == servers["plain"].url_for("").rstrip("/")
    servers["plain"].clear()
    servers["plain"].expect_request(re.compile("/.*")).respond_with_handler(kube)
    return kube


def leave(kube: PodServer, name: str, deadline: str | None = "100", **metadata: Any) -> None:
    annotations = {} if deadline is None else {"kubectl-seccomp/deadline": deadline}
    kube.pods[name] = {
        "metadata": {"name": name, "namespace": "kube-system", "uid": f"uid-{name}", "labels": LABELS, "annotations": annotations}
        | metadata
    }


def clean(api: Api, namespace: str | None = "kube-system", *, every: bool = False) -> tuple[list[Leftover], list[Gap]]:
    seconds = [0.0]

    def sleep(more: float) -> None:
        seconds[0] += more

    clock = Time(lambda: seconds[0], sleep)
    return cleanup(api, PodClient(api.connection), namespace, every=every, now=200.0, fallback="kube-system", clock=clock)


OLD, YOUNG = "kubectl-seccomp-probe-old", "kubectl-seccomp-probe-young"


@pytest.mark.parametrize(("every", "left"), [(False, {YOUNG}), (True, set[str]())])
def test_those_past_their_time_or_all(api: Api, kube: PodServer, every: bool, left: set[str]) -> None:
    leave(kube, OLD, "199")
    leave(kube, YOUNG, "200")
    done, gaps = clean(api, every=every)
    assert gaps == []
    assert {item.name for item in done if not item.removed} == left
    assert set(kube.pods) == left
    assert [item.why for item in done if not item.removed] == ["its deadline is in 0 s: --all removes it too"] * len(left)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("web", {}),
        ("my-kubectl-seccomp-probe-x", {}),
        (OLD, {"deadline": None}),
        (OLD, {"deadline": "soon"}),
        (OLD, {"deadline": "-1"}),
        (OLD, {"deadline": "１"}),
        (OLD, {"labels": {"app.kubernetes.io/managed-by": "kubectl-seccomp"}}),
        (OLD, {"uid": None}),
    ],
)
def test_look_alikes_are_never_touched(api: Api, kube: PodServer, name: str, changes: dict[str, Any]) -> None:
    leave(kube, name, **changes)
    assert clean(api, every=True) == ([], [])
    assert kube.methods("DELETE") == []


def test_pods_are_asked_for_by_both_labels(api: Api, kube: PodServer) -> None:
    clean(api)
    ((_, path, _),) = kube.seen
    assert path.startswith("/api/v1/namespaces/kube-system/pods?")
    assert "app.kubernetes.io%2Fmanaged-by%3Dkubectl-seccomp%2Capp.kubernetes.io%2Fname%3Dkubectl-seccomp" in path
    assert SELECTOR.count(",") == 1


def test_only_the_pod_that_was_seen_is_removed(api: Api, kube: PodServer) -> None:
    leave(kube, OLD)
    clean(api)
    assert [body["preconditions"] for method, _, body in kube.seen if method == "DELETE"] == [{"uid": f"uid-{OLD}"}]


def test_a_pod_on_a_dead_node_goes_by_force(api: Api, kube: PodServer) -> None:
    leave(kube, OLD)
    kube.lingers = None
    done, _ = clean(api)
    assert done == [Leftover("kube-system", OLD, True, "removed by force")]
    assert kube.pods == {}


def test_all_are_asked_to_go_before_one_is_waited_for(api: Api, kube: PodServer) -> None:
    for name in (OLD, YOUNG):
        leave(kube, name)
    kube.lingers = None
    done, _ = clean(api)
    assert [item.why for item in done] == ["removed by force"] * 2
    assert kube.pods == {}
    # The list, both requests, and no more than one time to wait for force.
    assert [method for method, _, _ in kube.seen[:3]] == ["GET", "DELETE", "DELETE"]
    assert len(kube.methods("DELETE")) == 4
    assert len(kube.methods("GET")) < 1.5 * GONE_SECONDS / POLL


def test_what_cannot_be_removed_is_told(api: Api, kube: PodServer) -> None:
    leave(kube, OLD)
    refusal = status(403, "Forbidden", 'User "u" cannot delete resource "pods"')
    kube.refusals["DELETE"] = iter([refusal] * 9)
    (item,), _ = clean(api)
    assert not item.removed
    assert "cannot delete resource" in item.why


def test_who_may_not_list_everywhere_gets_the_probe_namespace(api: Api, kube: PodServer) -> None:
    leave(kube, OLD)
    kube.refusals["GET"] = iter([status(403, "Forbidden", "pods is forbidden: no")])
    done, (gap,) = clean(api, None)
    assert [item.removed for item in done] == [True]
    assert gap.why == "forbidden: no; only namespace kube-system was looked at"


def test_nothing_can_be_listed(api: Api, kube: PodServer) -> None:
    kube.refusals["GET"] = iter([status(403, "Forbidden", "no")] * 2)
    with pytest.raises(ApiError):
        clean(api, None)


@pytest.mark.parametrize(
    ("deadline", "changes", "asked"),
    [("100", {}, 1), ("390", {}, 0), ("389", {}, 1), ("100", {"deletionTimestamp": "2026-11-24T00:00:00Z"}, 0)],
    ids=["long-past", "clocks-may-differ", "just-long-enough", "going-already"],
)
def test_a_run_removes_what_is_long_past_its_time(
    api: Api, kube: PodServer, deadline: str, changes: dict[str, Any], asked: int
) -> None:
    leave(kube, OLD, deadline, **changes)
    assert sweep(api, PodClient(api.connection), "kube-system", 690.0) == asked
    assert len(kube.methods("DELETE")) == asked


def test_what_a_run_may_not_remove_does_not_stop_it(api: Api, kube: PodServer) -> None:
    leave(kube, OLD)
    for verb in ("DELETE", "GET"):
        kube.refusals[verb] = iter([status(403, "Forbidden", "no")] * 2)
        assert sweep(api, PodClient(api.connection), "kube-system", 9_999.0) == 0


def test_a_rehearsal_creates_nothing_and_keeps_the_manifest(api: Api, kube: PodServer) -> None:
    shown: list[dict[str, Any]] = []
    asked = ask(api, Rehearsal(api.connection, shown), "node-a", "/r", (), ("p.json",), Settings("probes", "busybox", 5.0))
    assert [(each["metadata"]["namespace"], each["spec"]["nodeName"]) for each in shown] == [("probes", "node-a")]
    assert asked.answer is None
    assert kube.seen == []
