"""Failures of containers that come from their seccomp profile, recognised by the texts that runtimes write.

Seen on kubelet 1.37.2 with containerd 2.4.2 + runc 1.5.2, containerd 1.6.20 + runc 1.1.5, CRI-O 1.36.3 + runc 1.5.2 and
cri-dockerd 0.4.3 + dockerd 20.10.24, crun's by running it directly, unless a row says that it is from source.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from .objects import ContainerState, ContainerStatus

KILLED_BY_SIGSYS = 159
# What the kubelet makes of the start that CRI-O 1.36 has not seen; in back-off nothing else is left of what it said.
NEVER_STARTED = "1754-08-30T22:43:41Z"


class Trouble(Struct, frozen=True):
    """One recognised failure: `kind` is "cannot-start" or "killed", `where` "status" or "event", `text` what was said.

    `path` is the profile file's absolute path on the node where the text names it; `sure` is unset for a text that has other causes
    too.
    """

    kind: str
    where: str
    text: str
    path: str | None = None
    sure: bool = True


class Signature(Struct, frozen=True):
    """A text that means trouble.

    `origin`: who says it, in which versions. `specific` ones only come from seccomp; the others also have other causes and count
    beside a Localhost profile only. `file` ones are about a profile file, so an event with one is about a container that has one.
    """

    pattern: re.Pattern[str]
    origin: str
    specific: bool = True
    file: bool = False


def _signature(pattern: str, origin: str, *, specific: bool = True, file: bool = False) -> Signature:
    return Signature(re.compile(pattern), origin, specific, file)


SIGNATURES = (
    _signature(r'cannot load seccomp profile "(?P<path>[^"]+)"', "containerd 1.6 to 2.4, cri-dockerd 0.4.3: no file", file=True),
    _signature(r'unable to load local profile "(?P<path>[^"]+)"', "CRI-O 1.30 to 1.36: no file", file=True),
    _signature(r'decoding seccomp profile failed(?: "(?P<path>[^"]+)")?', "containerd 1.6 to 2.4, CRI-O 1.36: JSON", file=True),
    _signature(r"failed to generate seccomp security options", "cri-dockerd 0.4.3", file=True),
    _signature(r"setup seccomp: ", "CRI-O 1.30 to 1.36"),
    _signature(r"is not a valid (?:action|arch|operator) for seccomp", "runc 1.1 to 1.5", file=True),
    _signature(r"seccomp flags are not yet supported by runc", "runc 1.1", file=True),
    _signature(r"SCMP_ACT_NOTIFY cannot be used|listenerPath is not set", "runc 1.1 to 1.5", file=True),
    _signature(r"localhostProfile must be set if seccompProfile type is Localhost", "kubelet 1.25 to 1.37", file=True),
    _signature(r"seccomp: config provided but seccomp not supported", "runc built without seccomp (from source)"),
    _signature(r"seccomp is not (?:supported|enabled)", "containerd 1.6 to 2.4, CRI-O up to 1.34 on such a kernel (from source)"),
    _signature(r"unable to init seccomp|error (?:loading|adding) seccomp filter", "runc 1.1 to 1.5 (from source)"),
    _signature(r"seccomp get action|invalid seccomp action|seccomp unknown architecture", "crun 1.8 to 1.28", file=True),
    _signature(r"seccomp misses the default action|unknown seccomp option", "crun 1.8 to 1.28 (from source)", file=True),
    _signature(r"Required field 'defaultAction' not present", "crun 1.8 to 1.28", file=True),
    _signature(r"error closing exec fds: .{0,500}not (?:permitted|implemented)", "runc 1.1 to 1.5: calls refused", specific=False),
    # It depends on how far runc has come when it is looked at.
    _signature(
        r"cannot start a (?:stopped process|container that has stopped)",
        "containerd 1.6 to 2.4 with runc 1.1 to 1.5: ERRNO by default, no rules",
        specific=False,
    ),
    _signature(
        r"(?:open|read) /proc/\d+/stat: no such|is not in created state: stopped",
        "CRI-O 1.36 with runc 1.5: ERRNO by default, no rules",
        specific=False,
    ),
    _signature(r"context deadline exceeded|context canceled", "KILL by default hangs runc 1.1 to 1.5", specific=False),
    _signature(r"container process is already dead", "runc 1.1 (from source)", specific=False),
)
# How much of a text is read, and how much of it is shown; a kubelet's messages are at most a few kilobytes.
_READ, _LONGEST = 32_768, 2_000


def troubles(status: ContainerStatus | None, events: Sequence[str], localhost: bool) -> tuple[Trouble, ...]:
    """Return the failures that status and event texts show for one container, each once, what the status says first.

    `events` are the messages of all the pod's events, which may be about its other containers. `localhost` says whether this
    container has a Localhost profile: only then do texts count that other causes have too.
    """
    state = status.state if status is not None else None
    last = status.last_state if status is not None else None
    if state is not None and state.running is not None and (last is None or last.terminated is None):
        return ()  # most containers: it runs, and nothing is told of an earlier life
    found = [*_killed(state), *_killed(last)]
    if state is None or state.running is None:
        found += [*_in_state(state, localhost), *_in_state(last, localhost)]
    if _awaits_its_start(state):
        found += [trouble for text in events if (trouble := _read(text, "event", localhost)) is not None]
    return tuple(dict.fromkeys(found))


def _awaits_its_start(state: ContainerState | None) -> bool:
    """Whether an event about a start that failed can be about this container."""
    if state is None or state.running is not None:
        return state is None
    if state.terminated is not None:
        return state.terminated.exit_code != 0
    return state.waiting is None or state.waiting.reason != "PodInitializing"


def _killed(state: ContainerState | None) -> list[Trouble]:
    ended = state.terminated if state is not None else None
    if ended is None:
        return []
    if ended.exit_code == KILLED_BY_SIGSYS:
        return [Trouble("killed", "status", f"exit code {KILLED_BY_SIGSYS} (128 + SIGSYS)")]
    if ended.reason == "seccomp killed":  # CRI-O's notifier with the action "stop"
        return [Trouble("killed", "status", _cut(f"seccomp killed: {ended.message or ''}"))]
    return []


def _in_state(state: ContainerState | None, localhost: bool) -> list[Trouble]:
    """Return what the texts of a state say, unless it ended well."""
    if state is None:
        return []
    texts = [state.waiting.message] if state.waiting is not None else []
    ended = state.terminated if state.terminated is not None and state.terminated.exit_code else None
    if ended is not None:
        texts.append(ended.message)
    found = [trouble for text in texts if (trouble := _read(text or "", "status", localhost)) is not None]
    if ended is not None and not found and localhost and ended.started_at == NEVER_STARTED:
        return [Trouble("cannot-start", "status", f"exit code {ended.exit_code} before its program had started", sure=False)]
    return found


def _read(text: str, where: str, localhost: bool) -> Trouble | None:
    """Return what the first signature that fits makes of a text, if it can be about this container's profile."""
    for signature in SIGNATURES:
        match = signature.pattern.search(text, 0, _READ)
        if match:
            mine = localhost or (signature.specific and not (signature.file and where == "event"))
            return Trouble("cannot-start", where, _cut(text), match.groupdict().get("path"), signature.specific) if mine else None
    return None


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
