"""`scripts/bench pods`: what looking at all pods takes, beside the bare download and kubectl's own commands, in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator

from tests.cluster.lab.cli import make_user
from tests.cluster.lab.instance import Instance

from .measure import PRODUCT, Run, heading, measured

DOWNLOAD = [sys.executable, "-m", "tests.cluster.bench.download"]
BARE = "download, pages of JSON"
# kubectl holds all pods as objects: 4.6 GB for 20,000 of them.
MOST_AS_OBJECTS = 20_000


def commands(pods: int) -> Iterator[tuple[str, list[str]]]:
    """Yield what is measured, with its title."""
    yield BARE, [*DOWNLOAD, "json", "gzip"]
    yield f"{BARE}, uncompressed", [*DOWNLOAD, "json", "identity"]
    yield "download, pages of protobuf", [*DOWNLOAD, "protobuf", "gzip"]
    yield "kubectl get --raw '/api/v1/pods?resourceVersion=0'", ["kubectl", "get", "--raw", "/api/v1/pods?resourceVersion=0"]
    for words in ("audit -A", "audit -A -o json", "list -A", "audit -A --disable-compression"):
        yield f"kubectl seccomp {words}", [PRODUCT, *words.split()]
    yield "kubectl get pods -A", ["kubectl", "get", "pods", "-A"]
    if pods <= MOST_AS_OBJECTS:
        yield "kubectl get pods -A -o json", ["kubectl", "get", "pods", "-A", "-o", "json"]


def compare(instance: Instance, pods: int, nodes: int, rounds: int) -> None:
    """Measure every command in turn, as a user with the rights that `rbac` names, and print the medians."""
    _reader(instance)
    figures: dict[str, list[Run]] = {}
    title = heading()
    for _ in range(rounds):
        for name, command in commands(pods):
            figures.setdefault(name, []).append(measured(command))
    bare = statistics.median(run.wall for run in figures[BARE])
    print(f"\n{pods} pods, {nodes} nodes ({title}); median of {rounds} in turn, wall / bare download")
    print(f"{'':52} {'wall s':>8} {'ratio':>6} {'cpu s':>7} {'peak MB':>8}")
    for name, runs in figures.items():
        wall, cpu, peak = (statistics.median(getattr(run, what) for run in runs) for what in ("wall", "cpu", "peak"))
        failed = "" if all(run.code in (0, 1, 3) for run in runs) else f"  exit code {runs[0].code}"
        print(f"{name:52} {wall:8.2f} {wall / bare:6.2f} {cpu:7.2f} {peak:8.0f}{failed}", flush=True)


def _reader(instance: Instance) -> None:
    """Make the commands run as a user who may only read: who may ask the kubelets asks 3,000 that are not there."""
    roles = subprocess.run([PRODUCT, "rbac"], check=True, capture_output=True, text=True).stdout
    instance.kubectl("apply", "-f", "-", stdin=roles)
    instance.kubectl("create", "clusterrolebinding", "reader", "--clusterrole=kubectl-seccomp", "--user=reader", check=False)
    os.environ["KUBECONFIG"] = str(make_user(instance, "reader"))
