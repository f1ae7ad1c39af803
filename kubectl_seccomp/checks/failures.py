"""Failures of containers that come from their seccomp profile, recognised by the texts that runtimes write.

Seen on kubelet 1.37.2 with containerd 2.4.2 + runc 1.5.2, containerd 1.6.20 + runc 1.1.5, CRI-O 1.36.3 + runc 1.5.2 and
cri-dockerd 0.4.3 + dockerd 20.10.24, unless a row says that it is from source.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from ..pods import ContainerState, ContainerStatus

KILLED_BY_SIGSYS = 159


class Trouble(Struct, frozen=True):
    """One recognised failure: `kind` is "cannot-start" or "killed", `where` "status" or "event", `text` what was said.

    `path` is the profile file's absolute path on the node where the text names it.
    """

    kind: str
    where: str
    text: str
    path: str | None = None


class Signature(Struct, frozen=True):
    """A text that means trouble: `specific` ones only come from seccomp, the others count beside a Localhost profile."""

    pattern: re.Pattern[str]
    origin: str
    specific: bool = True


def _signature(pattern: str, origin: str, *, specific: bool = True) -> Signature:
    return Signature(re.compile(pattern), origin, specific)


SIGNATURES = (
    _signature(r'cannot load seccomp profile "(?P<path>[^"]+)"', "containerd 1.6 to 2.4, cri-dockerd 0.4.3: no file"),
    _signature(r'unable to load local profile "(?P<path>[^"]+)"', "CRI-O 1.36: no file"),
    _signature(r'decoding seccomp profile failed(?: "(?P<path>[^"]+)")?', "containerd, CRI-O: not JSON"),
    _signature(r"failed to generate (?:seccomp )?security options", "cri-dockerd 0.4.3"),
    _signature(r"setup seccomp: ", "CRI-O 1.30 and later"),
    _signature(r"is not a valid (?:action|arch|operator) for seccomp", "runc 1.1 to 1.5"),
    _signature(r"seccomp flags are not yet supported by runc", "runc 1.1"),
    _signature(r"SCMP_ACT_NOTIFY cannot be used", "runc 1.1 to 1.5"),
    _signature(r"localhostProfile must be set if seccompProfile type is Localhost", "kubelet 1.25 to 1.37"),
    _signature(r"seccomp: config provided but seccomp not supported", "runc built without seccomp (from source)"),
    _signature(r"seccomp is not (?:supported|enabled)", "containerd, CRI-O on such a kernel (from source)"),
    _signature(r"(?:unable to init|error loading|error adding) seccomp", "runc (from source)"),
    _signature(r"seccomp get action|seccomp unknown architecture|seccomp misses the default", "crun (from source)"),
    _signature(r"error closing exec fds: .*not permitted|ensure /proc/self/fd is on procfs", "runc", specific=False),
    _signature(r"cannot start a stopped process", "runc: ERRNO by default, no rules", specific=False),
    _signature(r"context deadline exceeded|context canceled", "KILL by default hangs runc", specific=False),
    _signature(r"container process is already dead", "runc 1.1 (from source)", specific=False),
)


def troubles(status: ContainerStatus | None, events: Sequence[str], localhost: bool) -> tuple[Trouble, ...]:
    """Return the failures that status and event texts of one container show.

    `localhost` says whether the container has a Localhost profile: only then do texts count that other causes also have.
    """
    found: list[Trouble] = []
    if status is not None:
        for state in (status.state, status.last_state):
            found.extend(_in_state(state, localhost))
        if status.state is not None and status.state.running is not None:
            found = [trouble for trouble in found if trouble.kind == "killed"]
    running = status is not None and status.state is not None and status.state.running is not None
    if not running:
        found.extend(filter(None, (_read(text, "event", localhost) for text in events)))
    return tuple(dict.fromkeys(found))


def _in_state(state: ContainerState | None, localhost: bool) -> list[Trouble]:
    if state is None:
        return []
    found: list[Trouble | None] = []
    if state.waiting is not None and state.waiting.message:
        found.append(_read(state.waiting.message, "status", localhost))
    if state.terminated is not None:
        if state.terminated.exit_code == KILLED_BY_SIGSYS:
            found.append(Trouble("killed", "status", f"exit code {KILLED_BY_SIGSYS} (128 + SIGSYS)"))
        elif state.terminated.message and state.terminated.exit_code:
            found.append(_read(state.terminated.message, "status", localhost))
    return [trouble for trouble in found if trouble is not None]


def _read(text: str, where: str, localhost: bool) -> Trouble | None:
    for signature in SIGNATURES:
        if not signature.specific and not localhost:
            continue
        match = signature.pattern.search(text)
        if match:
            return Trouble("cannot-start", where, text, match.groupdict().get("path"))
    return None
