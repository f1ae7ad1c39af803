"""What `audit --verify` asks of which node: also the files of pods that are not there yet."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kubectl_seccomp.facts import NodeFacts
from kubectl_seccomp.model import Gap
from kubectl_seccomp.pods import Pod, from_mapping
from kubectl_seccomp.verify import Limits, Work, survey, verify

ID = "ab" * 32
LOCAL = {"seccompProfile": {"type": "Localhost", "localhostProfile": "p.json"}}
NODES = {
    "a": NodeFacts("a", "linux", labels={"pool": "x"}),
    "b": NodeFacts("b", "linux", labels={"pool": "x"}),
    "c": NodeFacts("c", "linux"),
    "w": NodeFacts("w", "windows", labels={"pool": "x"}),
}


def pod(node: str | None, security: dict[str, Any] | None = None, owner: str | None = None, phase: str = "Running", **spec: Any) -> Pod:
    running = {"name": "c", "containerID": f"containerd://{ID}", "state": {"running": {}}}
    made = from_mapping(
        {
            "kind": "Pod",
            "metadata": {
                "name": "p",
                "uid": "u",
                "ownerReferences": [{"kind": owner, "name": "x", "controller": True}] if owner else [],
            },
            "spec": {"nodeName": node, "securityContext": security, "containers": [{"name": "c"}], **spec},
            "status": {"phase": phase, "containerStatuses": [running] if node else []},
        }
    )
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (pod("a"), {"a": (1, [])}),
        (pod("a", LOCAL), {"a": (1, ["p.json"])}),
        (pod("a", LOCAL, "ReplicaSet"), {"a": (1, ["p.json"]), "b": (0, ["p.json"]), "c": (0, ["p.json"])}),
        (pod("a", LOCAL, "ReplicaSet", nodeSelector={"pool": "x"}), {"a": (1, ["p.json"]), "b": (0, ["p.json"])}),
        (pod("c", LOCAL, "ReplicaSet", nodeSelector={"pool": "x"}), {"c": (1, ["p.json"]), "a": (0, ["p.json"]), "b": (0, ["p.json"])}),
        (pod(None, LOCAL, nodeSelector={"pool": "x"}), {"a": (0, ["p.json"]), "b": (0, ["p.json"])}),
        (pod(None, LOCAL, nodeSelector={"pool": "y"}), {}),
        (pod(None), {}),
        (pod("a", LOCAL, "Job", phase="Succeeded"), {"a": (1, ["p.json"])}),
        (Gap("pods", "cluster", "forbidden"), {}),
    ],
    ids=["unset", "bound", "workload", "selector", "moved label", "waiting", "fits none", "waiting unset", "finished", "gap"],
)
def test_a_node_is_asked_for_what_could_land_there(asked: Pod | Gap, expected: dict[str, tuple[int, list[str]]]) -> None:
    work = survey([asked], NODES)
    assert {name: (len(mine.ids), list(mine.paths)) for name, mine in work.items()} == expected


WORK = {name: Work({("u", "c"): ID}, {}) for name in ("a", "b", "gone", "u")} | {"idle": Work()}
CLUSTER = {**{name: NodeFacts(name) for name in ("a", "b", "c", "idle")}, "u": NodeFacts("u", unaskable="the node is not ready")}


@pytest.mark.parametrize(
    ("limits", "asked", "left_out", "gaps"),
    [
        (Limits(), ["a", "b", "gone"], {"u"}, ["u: not asked: the node is not ready"]),
        (Limits(most=1), ["a"], {"b", "gone", "u"}, ["u: not asked: the node is not ready",
            "b: not asked: --max-nodes 1 was reached", "gone: not asked: --max-nodes 1 was reached"]),
        (Limits(only=frozenset("bc")), ["b"], {"a", "gone", "idle", "u"}, []),
        (Limits(most=0, only=frozenset("u")), [], {"a", "b", "c", "gone", "idle", "u"}, ["u: not asked: the node is not ready"]),
    ],
    ids=["all", "most", "only", "none"],
)  # fmt: skip
def test_which_nodes_are_asked(
    monkeypatch: pytest.MonkeyPatch, limits: Limits, asked: list[str], left_out: set[str], gaps: list[str]
) -> None:
    found: list[str] = []

    def gathered(_one: object, names: list[str], *_: object) -> list[Any]:
        found.extend(names)
        return []

    monkeypatch.setattr("kubectl_seccomp.verify.gathered", gathered)
    client: Any = SimpleNamespace(prepare=lambda: None)
    nothing: Any = None
    said = verify(nothing, client, WORK, CLUSTER, nothing, limits, nothing)
    assert (found, set(said.left_out)) == (asked, left_out)
    assert [f"{gap.where.removeprefix('node/')}: {gap.why}" for gap in said.gaps] == gaps
    assert {gap.affects for gap in said.gaps} <= {1}
