"""The test cluster itself: a second instance lives beside the first, and nothing is left of it, however it was ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cluster.conftest import Lab
from tests.cluster.lab import instance
from tests.cluster.lab.instance import CGROUPS, Instance, of_tests, orphans

SCRIPT = Path(__file__).parents[2] / "scripts" / "cluster"


def traces(cluster: Instance) -> dict[str, list[str]]:
    """Return what there is of an instance: processes, mounts, namespaces, cgroups, files."""
    mounts = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if f"{cluster.home}/" in line]
    found = {
        "processes": [str(pid) for pid in cluster.processes()],
        "mounts": mounts,
        "namespaces": [name for name in os.listdir("/run/netns") if name == cluster.netns],
        # Others come and go meanwhile, which a glob does not take.
        "cgroups": [folder for folder, _, _ in os.walk(CGROUPS) if os.path.basename(folder) == cluster.cgroup],
        "files": [str(cluster.home)] if cluster.home.exists() else [],
    }
    return {what: items for what, items in found.items() if items}


def test_a_second_instance_whose_start_was_killed_leaves_nothing(lab: Lab) -> None:
    second = Instance(f"{lab.instance.name}b")
    starter = subprocess.Popen([SCRIPT, "--name", second.name, "up", "--nodes", "node-a"], stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not (second.home / "run" / "kubelet-node-a.pid").exists() and time.monotonic() < until:
        time.sleep(0.1)
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    assert set(traces(second)) >= {"processes", "namespaces", "cgroups", "files"}
    subprocess.run([SCRIPT, "--name", second.name, "down"], check=True)
    assert traces(second) == {}
    assert lab.kubectl("get", "--raw", "/readyz") == "ok"
    assert lab.run("list").code == 0


def test_only_instances_whose_tests_are_no_more_are_orphans(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    orphaned = {of_tests(ended.pid), f"{of_tests(ended.pid)}b"}
    for name in {"lab", "dev", of_tests(os.getpid()), *orphaned}:
        (tmp_path / name).mkdir()
    monkeypatch.setattr(instance, "STATE", tmp_path)
    assert set(orphans()) == orphaned
