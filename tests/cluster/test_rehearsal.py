"""`--dry-run` shows exactly the pods that would be created; what a killed run has left goes with the next one."""

from __future__ import annotations

import json
import time

import pytest
import yaml

from tests.cluster.conftest import Lab
from tests.cluster.test_probe_life import gone


@pytest.mark.parametrize(
    ("words", "nodes"),
    [
        (("audit", "--verify"), ["node-a", "node-b", "node-c", "node-d", "node-e"]),
        (("audit", "--verify", "--max-nodes", "1"), ["node-a"]),
        (("check", "pod", "local-b"), ["node-b"]),
        (("check", "pod", "local-b", "local-a", "log-a"), ["node-a", "node-b"]),
    ],
    ids=["all", "one", "pod", "pods"],
)
def test_the_pods_are_shown_accepted_by_the_server_and_not_created(lab: Lab, words: tuple[str, ...], nodes: list[str]) -> None:
    done = lab.run(*words, "--dry-run")
    assert done.code == 0
    shown = list(yaml.safe_load_all(done.stdout))
    assert sorted(pod["spec"]["nodeName"] for pod in shown) == nodes
    assert lab.kubectl("apply", "--dry-run=server", "-f", "-", stdin=done.stdout).count("created (server dry run)") == len(nodes)
    assert lab.probes() == []


def left(lab: Lab, name: str, deadline: float) -> None:
    """Create a probe pod as a killed run, or a colleague's, has it."""
    (pod,) = yaml.safe_load_all(lab.run("check", "pod", "local-b", "--dry-run").stdout)
    pod["metadata"] |= {"name": f"kubectl-seccomp-probe-{name}"}
    pod["metadata"]["annotations"] = {"kubectl-seccomp/deadline": str(int(deadline))}
    pod["spec"]["containers"][0] |= {"command": ["sleep", "600"], "env": []}
    lab.kubectl("apply", "-f", "-", stdin=json.dumps(pod))


def test_a_run_removes_what_is_past_its_time_and_leaves_a_colleague_s_probe_alone(lab: Lab) -> None:
    left(lab, "old", time.time() - 400)
    left(lab, "live", time.time() + 60)
    try:
        done = lab.run("audit", "--verify", "--nodes", "kubernetes.io/hostname=node-a")
        assert "removed 1 probe pod that a killed run had left in kube-system" in done.stderr
        lab.kubectl("wait", "--for=delete", "pod/kubectl-seccomp-probe-old", "-n", "kube-system", "--timeout=30s")
        assert lab.probes() == ["pod/kubectl-seccomp-probe-live"]
    finally:
        lab.run("cleanup", "--all")
    gone(lab)
