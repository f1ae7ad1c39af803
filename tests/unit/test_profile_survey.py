"""`check profile` where something cannot be had: nodes, pods, one node's answer. The rest stands, and nothing passes for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kubectl_seccomp import profile_survey
from kubectl_seccomp.cluster.api import ApiError
from kubectl_seccomp.cluster.probe import Settings
from kubectl_seccomp.facts import NodeFacts, ProfileFile
from kubectl_seccomp.fault import Fault
from kubectl_seccomp.model import KUBELET_DEFAULT, Evidence, Gap
from kubectl_seccomp.pods import Pod
from kubectl_seccomp.profile_survey import Surveyed, survey
from kubectl_seccomp.scope import Found, Selection
from kubectl_seccomp.verify import Limits, Verified, Work
from kubectl_seccomp.words import FileState, Severity

from .test_profile_matrix import HEAD, NODES, PATH, pod, present

RUNTIME = "containerd://2.4.2"
WINDOWS = NodeFacts("w", "windows")
UNREADY = NodeFacts("u", "linux", reachable=False, unaskable="the node is not ready")
FORBIDDEN = Gap("pods", "cluster", "forbidden")
DEFAULTS = Gap(KUBELET_DEFAULT, "node/a", "forbidden")


class Cluster:
    """Stands for the edges: what the nodes and the pods are, and what the probes would say."""

    def __init__(self, *pods: Pod | Gap, files: Mapping[str, ProfileFile], nodes: Mapping[str, NodeFacts] = NODES) -> None:
        self.pods, self.files, self.nodes = pods, files, nodes
        self.refusal: ApiError | None = None
        self.fault: Fault | None = None
        self.asked: dict[str, list[str]] = {}

    def evidence(self, _: object, *, required: bool) -> Evidence:
        assert required
        if self.refusal is not None:
            raise self.refusal
        return Evidence(self.nodes, gaps=(DEFAULTS, Gap("RuntimeClasses", "cluster", "forbidden")))

    def select(self, _: object, wanted: Selection) -> Found:
        assert wanted.namespace is None
        if self.fault is not None:
            raise self.fault
        return Found(["*"], iter(self.pods))

    def verify(self, _api: object, _client: object, work: Mapping[str, Work], nodes: Mapping[str, NodeFacts], *_: object) -> Verified:
        self.asked = {name: list(mine.paths) for name, mine in work.items()}
        left = frozenset(name for name in work if nodes[name].unaskable)
        files = {(name, PATH): file for name, file in self.files.items() if name in work}
        return Verified({}, files, dict(nodes), [], {}, left)


def look(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, limits: Limits | None = None) -> Surveyed:
    monkeypatch.setattr(profile_survey, "nodes_evidence", cluster.evidence)
    monkeypatch.setattr(profile_survey, "select", cluster.select)
    monkeypatch.setattr(profile_survey, "verify", cluster.verify)
    nothing: Any = None
    settings = Settings("kube-system", "busybox", 60.0)
    return survey(nothing, nothing, [PATH], settings, limits or Limits(), HEAD, lambda _done, _total: None)


def states(found: Surveyed) -> dict[str, str]:
    return {row.name: row.file.state.value for row in found.matrices[0].nodes}


ALL = dict.fromkeys("abcd", present("1"))


def test_every_node_has_a_row_and_those_without_an_answer_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(files={"a": present("1"), "b": present("1")}, nodes={**NODES, "w": WINDOWS, "u": UNREADY})
    found = look(cluster, monkeypatch)
    assert states(found) == {
        "a": "present", "b": "present", "c": "unreadable", "d": "unreadable", "w": "not-applicable", "u": "unchecked",
    }  # fmt: skip
    assert cluster.asked == {name: [PATH] for name in "abcdu"}


def test_the_kubelets_default_is_not_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [gap.what for gap in look(Cluster(files=ALL), monkeypatch).gaps] == ["RuntimeClasses"]


def test_only_the_chosen_nodes_are_asked_but_all_count_for_where_pods_could_land(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(pod("a", "ReplicaSet"), files=ALL)
    found = look(cluster, monkeypatch, Limits(only=frozenset("ab")))
    assert (states(found), list(cluster.asked)) == ({"a": "present", "b": "present"}, ["a", "b"])
    assert found.matrices[0].users[0].now == frozenset("abcd")


@pytest.mark.parametrize(
    ("refusal", "hint"),
    [
        (ApiError(403, "Forbidden", "forbidden"), "kubectl seccomp rbac --verify prints the permissions that are needed"),
        (ApiError(0, "Unreachable", "a proxy: forbidden"), None),
    ],
)
def test_nodes_that_cannot_be_listed_are_a_fault(monkeypatch: pytest.MonkeyPatch, refusal: ApiError, hint: str | None) -> None:
    cluster = Cluster(files={})
    cluster.refusal = refusal
    with pytest.raises(Fault, match=r"cannot list nodes: .*forbidden") as raised:
        look(cluster, monkeypatch)
    assert (raised.value.code, raised.value.hint) == (3, hint)


@pytest.mark.parametrize("whole", [True, False], ids=["none", "some"])
def test_pods_that_cannot_be_listed_are_a_gap_and_nobody_is_not_said(monkeypatch: pytest.MonkeyPatch, whole: bool) -> None:
    cluster = Cluster(FORBIDDEN, files=ALL)
    cluster.fault = Fault("cannot list pods: forbidden") if whole else None
    found = look(cluster, monkeypatch)
    assert {row.eligible for row in found.matrices[0].nodes} == {None}
    assert [gap.what for gap in found.gaps] == ["RuntimeClasses", "pods"]
    assert found.head.scope.namespaces == ([] if whole else ["*"])


@pytest.mark.parametrize(
    ("files", "pods", "ids", "worst"),
    [
        (ALL, [pod("a", "ReplicaSet")], set(), None),
        ({**ALL, "b": ProfileFile(FileState.MISSING)}, [pod("a", "ReplicaSet")], {"KS306"}, Severity.MEDIUM),
        ({**ALL, "b": ProfileFile(FileState.MISSING)}, [pod("a")], set(), None),
        ({**ALL, "b": ProfileFile(FileState.MISSING)}, [], set(), None),
        ({**ALL, "b": present("1", "none")}, [pod("b"), pod("a", path="other.json")], {"KS302"}, Severity.CRITICAL),
        ({**ALL, "b": present("2")}, [pod(None)], {"KS307"}, Severity.LOW),
    ],
    ids=["fine", "elsewhere", "stays", "unused", "no effect", "differs"],
)
def test_what_is_found_is_what_the_audit_finds(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, ProfileFile], pods: list[Pod], ids: set[str], worst: Severity | None
) -> None:
    found = look(Cluster(*pods, files=files, nodes={name: NodeFacts(name, "linux", runtime=RUNTIME) for name in "abcd"}), monkeypatch)
    assert ({each.id for each in found.findings}, found.worst) == (ids, worst)
