"""`scripts/bench pods`: what looking at all pods takes, beside the bare download and kubectl's own commands, in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.cluster.lab.cli import make_user
from tests.cluster.lab.instance import Instance

from .api import Server
from .measure import PRODUCT, Run, cpu_of, heading, measured, until_it_ends

DOWNLOAD = [sys.executable, "-m", "tests.cluster.bench.download"]
BARE = "download, pages of JSON"
INTERRUPTED = "kubectl seccomp audit -A"
# kubectl holds all pods as objects: 4.6 GB for 20,000 of them.
MOST_AS_OBJECTS = 20_000
# CPU seconds in two seconds.
QUIET = 0.3


def commands(pods: int) -> Iterator[tuple[str, list[str]]]:
    """Yield what is measured, with its title."""
    yield BARE, [*DOWNLOAD, "json", "gzip"]
    yield f"{BARE}, uncompressed", [*DOWNLOAD, "json", "identity"]
    yield "download, pages of protobuf", [*DOWNLOAD, "protobuf", "gzip"]
    yield "kubectl get --raw '/api/v1/pods?resourceVersion=0'", ["kubectl", "get", "--raw", "/api/v1/pods?resourceVersion=0"]
    for words in ("audit -A", "audit -A -o json", "list -A", "audit -A -o json --disable-compression"):
        yield f"kubectl seccomp {words}", [PRODUCT, *words.split()]
    yield "kubectl get pods -A", ["kubectl", "get", "pods", "-A"]
    if pods <= MOST_AS_OBJECTS:
        yield "kubectl get pods -A -o json", ["kubectl", "get", "pods", "-A", "-o", "json"]


def compare(instance: Instance, api: Server, pods: int, nodes: int, rounds: int) -> None:
    """Measure every command in turn, as a user with the rights that `rbac` names, and print the medians."""
    _reader(instance)
    server = int((instance.home / "run" / "apiserver.pid").read_text())
    _settle(server)
    figures: dict[str, list[Run]] = {}
    title = heading()
    for _ in range(rounds):
        for name, command in commands(pods):
            _touch(api)
            figures.setdefault(name, []).append(measured(command, server=server))
    bare = statistics.median(run.wall for run in figures[BARE])
    print(f"\n{pods} pods, {nodes} nodes ({title}); median of {rounds} in turn, wall / bare download")
    print(f"{'':52} {'wall s':>8} {'ratio':>6} {'cpu s':>7} {'peak MB':>8} {'server cpu s':>12}")
    for name, runs in figures.items():
        wall, cpu, peak, spent = (statistics.median(getattr(run, what) for run in runs) for what in ("wall", "cpu", "peak", "server"))
        failed = "" if all(run.code in (0, 1, 3) for run in runs) else f"  exit code {runs[0].code}"
        print(f"{name:52} {wall:8.2f} {wall / bare:6.2f} {cpu:7.2f} {peak:8.0f} {spent:12.2f}{failed}", flush=True)

    for share in (0.1, 0.3, 0.6, 0.9):
        after = share * statistics.median(run.wall for run in figures[INTERRUPTED])
        seconds, code = until_it_ends([PRODUCT, *INTERRUPTED.split()[2:]], after)
        print(f"{INTERRUPTED}, Ctrl-C after {after:.1f} s: ended {seconds:.2f} s later, exit code {code}", flush=True)


def _settle(server: int) -> None:
    """Wait until the server has digested what was stored behind its back."""
    for _ in range(60):
        before = cpu_of(server)
        time.sleep(2)
        if cpu_of(server) - before < QUIET:
            return


def _touch(api: Server) -> None:
    """Change one pod, as happens every second in a real cluster.

    Pages come from snapshots of the API server's watch cache, which are made at each change and go with etcd's compaction every five
    minutes (apiserver 1.37, storage/cacher/store): where nothing ever changes, there is none, and all pages are read from etcd.
    """
    body = {"metadata": {"annotations": {"example.com/touched": str(time.time_ns())}}}
    api.ask("PATCH", "/api/v1/namespaces/team-000/pods/app-000000-6f584d5476-0000000", body, "application/merge-patch+json")


def _reader(instance: Instance) -> None:
    """Make the commands run as a user who may only read: who may ask the kubelets asks 3,000 that are not there."""
    roles = subprocess.run([PRODUCT, "rbac"], check=True, capture_output=True, text=True).stdout
    instance.kubectl("apply", "-f", "-", stdin=roles)
    instance.kubectl("create", "clusterrolebinding", "reader", "--clusterrole=kubectl-seccomp", "--user=reader", check=False)
    os.environ["KUBECONFIG"] = str(make_user(instance, "reader"))
