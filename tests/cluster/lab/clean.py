"""Leaves nothing of a cluster: processes, mounts, namespaces, cgroups, files."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

from . import cgroups, processes
from .instance import STATE, Instance

NETNS = Path("/run/netns")
# Says that /run/netns, which is iproute2's and stays for ever, was not there before our first cluster.
MADE_NETNS = STATE / ".made-run-netns"


def traces(instance: Instance) -> list[str]:
    """Return what there is of the cluster on this machine, in words; empty when there is nothing."""
    found = [f"process {pid}" for pid in instance.processes()]
    found += [f"mount {place}" for place in _mounts(instance.home)]
    found += [f"network namespace {instance.netns}"] if (NETNS / instance.netns).exists() else []
    found += [f"cgroup {path}" for path in cgroups.existing(instance.cgroup)]
    found += [f"folder {instance.home}"] if instance.home.exists() else []
    return found


def clean(instance: Instance) -> None:
    """End and remove everything, whatever state it is in; exits with what could not be removed."""
    _end(instance)
    for place in _mounts(instance.home):
        subprocess.run(["umount", "-l", place], check=False)
    if (NETNS / instance.netns).exists():
        subprocess.run(["ip", "netns", "del", instance.netns], check=False)
    cgroups.remove(instance.cgroup)
    shutil.rmtree(instance.home, ignore_errors=True)
    if not any(path.is_dir() for path in STATE.iterdir()):
        _last()
    left = traces(instance)
    if left:
        raise SystemExit(f"lab: of {instance.name} there is still: {', '.join(left)}")


def _end(instance: Instance) -> None:
    """Kill until a look finds nothing: what is killed first may just have started something."""
    until = time.monotonic() + 30
    while pids := instance.processes():
        for pid in pids:
            processes.end(pid, signal.SIGKILL, instance.owns)
        processes.gone(pids, 3)
        if time.monotonic() > until:
            return


def _mounts(home: Path) -> list[str]:
    """Return the mount points below `home` that this process sees, the innermost first."""
    places = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return sorted((place for place in places if place.startswith(f"{home}/")), reverse=True)


def _last() -> None:
    """Remove what all clusters shared."""
    if MADE_NETNS.exists() and NETNS.is_dir() and not any(NETNS.iterdir()):
        subprocess.run(["umount", str(NETNS)], check=False, stderr=subprocess.DEVNULL)
        if not any(NETNS.iterdir()):
            NETNS.rmdir()
    MADE_NETNS.unlink(missing_ok=True)
