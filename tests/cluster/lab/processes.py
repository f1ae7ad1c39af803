"""Finds processes by what they are (environment, cgroup, namespace), never by a name or a remembered number."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def numbers() -> list[int]:
    """Return the ids of all processes of this machine."""
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def marked(pid: int, variable: str, value: str) -> bool:
    """Whether the process was started with this value in its environment."""
    return f"{variable}={value}".encode() in _read(pid, "environ").split(b"\0")


def in_cgroup(pid: int, top: str) -> bool:
    """Whether the process is in the cgroup `/top` or below it, in any hierarchy."""
    paths = [line.split(":", 2)[-1] for line in _read(pid, "cgroup").decode(errors="replace").splitlines()]
    return any(top in path.split("/") for path in paths)


def in_network(pid: int, name: str) -> bool:
    """Whether the process is in the named network namespace."""
    try:
        mine, named = Path(f"/proc/{pid}/ns/net").stat(), Path("/run/netns", name).stat()
    except OSError:
        return False
    return (mine.st_dev, mine.st_ino) == (named.st_dev, named.st_ino)


def alive(pid: int) -> bool:
    """Whether the process exists and is more than an exit code that nobody has fetched."""
    state = _read(pid, "stat").rpartition(b") ")[2][:1]
    return state not in (b"", b"Z", b"X")


def parent(pid: int) -> int:
    """Return the parent's process id, 0 when there is none."""
    fields = _read(pid, "stat").rpartition(b") ")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def lineage() -> set[int]:
    """Return this process and all its ancestors: they must survive what they ask for."""
    pid, found = os.getpid(), set[int]()
    while pid > 0 and pid not in found:
        found.add(pid)
        pid = parent(pid)
    return found


def end(pid: int, number: signal.Signals, owned: Callable[[int], bool]) -> None:
    """Signal the process if it is still `owned`; a number that was given to another process meanwhile is not touched."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if owned(pid):
            signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return
    finally:
        os.close(handle)


def gone(pids: list[int], seconds: float) -> bool:
    """Wait until none of the processes lives; return False when one still does after that time."""
    until = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
