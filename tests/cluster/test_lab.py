"""The test cluster itself: a second instance lives beside the first, and nothing is left of it, however it was ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.cluster.conftest import Lab
from tests.cluster.lab.instance import CGROUPS, Instance

SCRIPT = Path(__file__).parents[2] / "scripts" / "cluster"


def traces(instance: Instance) -> dict[str, list[str]]:
    """Return what there is of an instance: processes, mounts, namespaces, cgroups, files."""
    mounts = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if f"{instance.home}/" in line]
    found = {
        "processes": [str(pid) for pid in instance.processes()],
        "mounts": mounts,
        "namespaces": [name for name in os.listdir("/run/netns") if name == instance.netns],
        "cgroups": [str(path) for path in CGROUPS.glob(f"**/{instance.cgroup}")],
        "files": [str(instance.home)] if instance.home.exists() else [],
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
