"""Process namespaces: a cluster sees its own processes alone, as a machine does. Python 3.11 has no names for these calls."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator

_CLONE_NEWPID = 0x20000000
_LIBC = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def own_processes() -> Iterator[None]:
    """Make a new namespace: the first child of this thread is its first process, whose end ends all others of it."""
    with _restored():
        _checked(_LIBC.unshare(_CLONE_NEWPID))
        yield


@contextlib.contextmanager
def born_in(pid: int) -> Iterator[None]:
    """Let children of this thread be born in the namespace of process `pid`; their pids are ours all the same."""
    with _restored(), open(f"/proc/{pid}/ns/pid", "rb") as namespace:
        _checked(_LIBC.setns(namespace.fileno(), _CLONE_NEWPID))
        yield


@contextlib.contextmanager
def _restored() -> Iterator[None]:
    with open("/proc/thread-self/ns/pid", "rb") as ours:
        try:
            yield
        finally:
            _checked(_LIBC.setns(ours.fileno(), _CLONE_NEWPID))


def _checked(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
