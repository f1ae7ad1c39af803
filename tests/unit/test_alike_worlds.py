"""Decisions that nodes share are those that each would have got alone, over made-up clusters."""

from __future__ import annotations

import random

import pytest

from kubectl_seccomp import alike
from kubectl_seccomp.audit import Policy, audit
from kubectl_seccomp.effective import Placement
from kubectl_seccomp.facts import NodeFacts, Observed, ProfileFile
from kubectl_seccomp.model import Evidence, Head, Scope, Tool
from kubectl_seccomp.pods import Pod, from_mapping
from kubectl_seccomp.render.json import render
from kubectl_seccomp.words import FileState, KubeletDefault, Observation

HEAD = Head("2026-11-24T00:00:00Z", Tool("kubectl-seccomp", "0"), Scope("cluster", None, ["*"], None))
PATHS = ("p/a.json", "p/b.json")
RUNTIMES = ("containerd://2.2.4", "containerd://2.2.4", "cri-o://1.36.3")
DEFAULTS = (KubeletDefault.ON, KubeletDefault.OFF)
SEEN = (Observed(Observation.FILTERED, 2, 1, via="node"), Observed(Observation.UNFILTERED, 0, 0, via="node"))
PROFILES = (
    None,
    {"type": "RuntimeDefault"},
    {"type": "Unconfined"},
    *({"type": "Localhost", "localhostProfile": path} for path in PATHS),
)


def node(name: str, pick: random.Random) -> NodeFacts:
    labels = {"kubernetes.io/hostname": name, "zone": pick.choice("ab")}
    default, started = pick.choice(DEFAULTS), pick.choice([None, 100])
    runtime = pick.choice(RUNTIMES)
    return NodeFacts(name, "linux", "amd64", "6.1.0", runtime=runtime, default=default, kubelet_started=started, labels=labels)


def file(path: str, pick: random.Random) -> ProfileFile:
    where = f"/r/seccomp/{path}"
    present = {"size": 10, "mode": "644", "owner": "0:0", "mtime": 1, "ctime": pick.choice([1, 200])}
    return pick.choice(
        [
            ProfileFile(FileState.PRESENT, where, pick.choice("ab") * 64, effect="filter", explanation=f"{where}: it loads", **present),  # type: ignore[arg-type]
            ProfileFile(FileState.PRESENT, where, "c" * 64, effect="none", explanation="it holds no rules", **present),  # type: ignore[arg-type]
            ProfileFile(FileState.MISSING, where, explanation="there is no such file"),
        ]
    )


def pod(number: int, names: list[str], pick: random.Random) -> Pod:
    security: dict[str, object] = {"privileged": True} if pick.random() < 0.1 else {}
    profile = pick.choice(PROFILES)
    started = pick.choice(["1970-01-01T00:00:50Z", "1970-01-01T00:02:50Z"])
    owner = [{"kind": "ReplicaSet", "name": "w", "controller": True}] if pick.random() < 0.6 else []
    made = from_mapping(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"p{number}", "uid": f"u{number}", "namespace": "d", "ownerReferences": owner},
            "spec": {
                "containers": [{"name": "c", "securityContext": security | ({"seccompProfile": profile} if profile else {})}],
                "nodeName": pick.choice([*names, None]),
                "nodeSelector": {"zone": pick.choice("ab")} if pick.random() < 0.3 else {},
            },
            "status": {"phase": "Running", "containerStatuses": [{"name": "c", "state": {"running": {"startedAt": started}}}]},
        }
    )
    assert made is not None
    return made


@pytest.mark.parametrize(
    "policy",
    [
        Policy(verdicts=True),
        Policy(verdicts=True, strengths=True),
        Policy(judge=False, what_if=frozenset({"node-1"})),
        Policy(judge=False, what_if=frozenset()),
    ],
    ids=["verdicts", "strengths", "forecast-of-a-pool", "forecast"],
)
@pytest.mark.parametrize("seed", range(6))
def test_shared_decisions_are_those_of_each_node_alone(monkeypatch: pytest.MonkeyPatch, policy: Policy, seed: int) -> None:
    pick = random.Random(seed)
    names = [f"node-{number}" for number in range(6)]
    nodes = {name: node(name, pick) for name in names}
    files = {(name, path): file(path, pick) for name in names for path in PATHS}
    pods = [pod(number, names, pick) for number in range(40)]
    observed = {(f"u{number}", "c"): pick.choice(SEEN) for number in range(40) if pick.random() < 0.7}
    evidence = Evidence(nodes, files=files, observed=observed)
    shared = "".join(render(audit(pods, evidence, policy, HEAD)))

    def own(_: alike.Alike, number: int, __: Placement) -> int:
        return number

    monkeypatch.setattr(alike.Alike, "number", own)
    assert "".join(render(audit(pods, evidence, policy, HEAD))) == shared
