"""A kubelet's default that changes while containers run: what was started before is told apart, and the kernel decides."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator
from typing import Any

from tests.cluster.conftest import Lab
from tests.cluster.lab.nodes import NODES, Node
from tests.cluster.lab.start import start_kubelet

NODE_B = next(node for node in NODES if node.name == "node-b")


def restart(lab: Lab, node: Node) -> None:
    lab.instance.stop(f"kubelet-{node.name}")
    time.sleep(1.1)  # Whole seconds are compared.
    start_kubelet(lab.instance, node)
    lab.kubectl("wait", "--for=condition=Ready", f"node/{node.name}", "--timeout=60s")


@contextlib.contextmanager
def restarted(lab: Lab, node: Node) -> Iterator[None]:
    """Run a node's kubelet as `node` says; afterwards as it was."""
    restart(lab, node)
    try:
        yield
    finally:
        restart(lab, NODE_B)


def container(report: Any, name: str) -> Any:
    return next(pod for pod in report["pods"] if pod["name"] == name)["containers"][0]


def test_a_default_turned_on_later_protects_nothing_that_runs(lab: Lab) -> None:
    with restarted(lab, dataclasses.replace(NODE_B, flag_default=True)):
        read = container(lab.run("audit", "-o", "json").json, "unset-b")
        proved = container(lab.run("audit", "--verify", "-o", "json").json, "unset-b")
    assert (read["effective"]["type"], read["effective"]["certainty"]) == ("RuntimeDefault", "assumed")
    assert "older than this run of the kubelet" in read["effective"]["explanation"]
    assert (proved["observed"]["mode"], proved["verdict"], proved["findings"]) == (0, "unprotected", ["KS119"])


def test_a_kubelet_that_only_restarted_leaves_what_runs_assumed_and_what_is_new_certain(lab: Lab) -> None:
    restart(lab, NODE_B)
    try:
        lab.kubectl("run", "fresh-b", "--image=busybox:1.37", '--overrides={"spec":{"nodeName":"node-b"}}', "--", "sleep", "999")
        lab.kubectl("wait", "--for=condition=Ready", "pod/fresh-b", "--timeout=60s")
        report = lab.run("audit", "-o", "json").json
    finally:
        lab.kubectl("delete", "pod", "fresh-b", "--now")
    found = [container(report, name)["effective"] for name in ("unset-b", "fresh-b")]
    assert [(outcome["type"], outcome["certainty"]) for outcome in found] == [("Unconfined", "assumed"), ("Unconfined", "certain")]


def test_what_seccomp_default_would_change(lab: Lab) -> None:
    done = lab.run("audit", "--what-if", "seccompDefault", "-n", "default", "-o", "json")
    changes = {each["name"]: member["forecast"] for each in done.json["pods"] for member in each["containers"] if member["forecast"]}
    assert done.code == 0
    assert {"unset-b", "unset-c", "unset-d"} <= set(changes)
    assert not {"unset-a", "unset-e", "default-b", "local-a", "privileged-a"} & set(changes)
    assert "bpf" in changes["unset-c"]["refuses"]
    assert done.json["summary"]["changed"] == sum(
        member["forecast"] is not None for each in done.json["pods"] for member in each["containers"]
    )
    pool = lab.run("audit", "--what-if", "seccompDefault", "-n", "default", "--nodes", "kubernetes.io/hostname=node-c", "--no-headers")
    assert {line.split()[1] for line in pool.stdout.splitlines() if line.startswith("default")} == {"pod/unset-c"}
