"""Waits for one thing at a time, and says what stands in the way."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from pathlib import Path

from .instance import Instance

INOTIFY_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")


def wait(what: str, seconds: float, done: Callable[[], bool]) -> None:
    """Return when `done` says so; exit when it still does not after that many seconds."""
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise SystemExit(f"lab: {what} not ready after {seconds:.0f} s, see the logs")
        time.sleep(0.2)


def wait_daemon(instance: Instance, title: str, seconds: float, done: Callable[[], bool]) -> None:
    """Wait for what a daemon is to bring about; exit with the end of its log as soon as it has ended."""

    def check() -> bool:
        if done():
            return True
        must_live(instance, title)
        return False

    wait(title, seconds, check)


def must_live(instance: Instance, title: str) -> None:
    """Exit with the end of its log when the daemon has ended."""
    if instance.daemon(title) is not None:
        return
    log = instance.home / "log" / f"{title}.log"
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    raise SystemExit(f"lab: {title} has ended, {log} ends with:\n" + "\n".join(lines[-3:]))


def must_have_inotify(wanted: int) -> None:
    """Exit unless so many inotify instances can be had: without, kubelets end with a message that nobody understands."""
    libc = ctypes.CDLL(None, use_errno=True)
    handles = [libc.inotify_init1(os.O_CLOEXEC) for _ in range(wanted)]
    had = [handle for handle in handles if handle >= 0]
    for handle in had:
        os.close(handle)
    if len(had) < wanted:
        raise SystemExit(
            f"lab: {wanted} inotify instances are needed and {len(had)} of {INOTIFY_LIMIT.read_text().strip()} are left: "
            "end another cluster, or raise the limit (sysctl fs.inotify.max_user_instances=1024)"
        )
