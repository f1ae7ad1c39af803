"""What the probe printed, and what /proc/PID/status says -> values. Pure; a hostile log gives an answer that says so."""

from __future__ import annotations

import base64
import binascii
import hashlib
import posixpath
import re
from collections.abc import Iterable

from msgspec import Struct

from ..model import FileState, Observation, Observed, ProfileFile
from .kubelet import DEFAULT_ROOT, parse_bool

# More lines than any node has processes are no answer, and would take memory.
MOST_LINES = 100_000
# Clock ticks per second of /proc/PID/stat: USER_HZ is 100 on every architecture that Kubernetes supports (Linux
# `include/uapi/asm-generic/param.h`; only alpha and ia64 have their own).
TICKS = 100


class Process(Struct, frozen=True):
    """One process of a container. `started` counts clock ticks since the node's boot; `stable` is False where the pid
    was given to another process during the read. `pids` is its NSpid, the node's own first.
    """

    container: str
    pid: int
    parent: int
    started: int
    stable: bool
    mode: int | None
    filters: int | None
    no_new_privs: bool | None
    pids: tuple[int, ...] = ()


class File(Struct, frozen=True):
    """One profile file: its place in the question, its facts, its bytes (at most 1 MiB)."""

    index: int
    facts: ProfileFile
    content: bytes | None = None


class Kubelet(Struct, frozen=True):
    """One kubelet process and those of its flags that were given: None for a flag that is absent or not understood.

    `started` is in epoch seconds by the node's present clock (btime of /proc/stat and the process's start), None where it
    cannot be told.
    """

    pid: int
    root: str
    seccomp_default: bool | None = None
    parent: int = 0
    port: int | None = None
    config: str | None = None
    hostname: str | None = None
    started: int | None = None


class Clock(Struct, frozen=True):
    """The node's own time and when it booted, in epoch seconds."""

    now: int
    boot: int | None = None


class ProbeAnswer(Struct, frozen=True):
    """All that one node said. `complete` is False for a log that is cut, foreign, or broken."""

    complete: bool
    files: tuple[File, ...] = ()
    processes: tuple[Process, ...] = ()
    kubelets: tuple[Kubelet, ...] = ()
    clock: Clock | None = None


def parse(log: bytes, nonce: str) -> ProbeAnswer:
    """Return the answer in a probe's log: what stands between its start and its end line, marked with `nonce`."""
    files: list[File] = []
    processes: list[Process] = []
    kubelets: list[Kubelet] = []
    clock: Clock | None = None
    count: int | None = None
    for line in log.decode("ascii", "replace").split("\n", MOST_LINES):
        words = line.split(" ")
        if count is None:
            count = 1 if words == ["start", nonce] else None
            continue
        try:
            match words:
                case ["end", mark, number]:
                    whole = mark == nonce and _int(number) == count
                    return ProbeAnswer(whole, tuple(files), tuple(processes), tuple(kubelets), clock)
                case ["file", index, state, path, *rest]:
                    files.append(_file(_int(index), state, path, rest))
                case ["process", *rest]:
                    processes.append(_process(rest))
                case ["kubelet", *rest]:
                    kubelets.append(_kubelet(rest, clock))
                case ["clock", now, boot]:
                    clock = Clock(_int(now), _optional(boot))
                case _:
                    return ProbeAnswer(complete=False)
        except (ValueError, binascii.Error):
            return ProbeAnswer(complete=False)
        count += 1
    return ProbeAnswer(False, tuple(files), tuple(processes), tuple(kubelets), clock)


def _int(word: str) -> int:
    if not re.fullmatch(r"\d{1,19}", word):
        raise ValueError("not a number")
    return int(word)


def _optional(word: str) -> int | None:
    return None if word == "-" else _int(word)


def _bytes(coded: str) -> bytes | None:
    """Return what stands behind the `=`, None for `-`."""
    if coded == "-":
        return None
    if not coded.startswith("="):
        raise ValueError("not base64")
    return base64.b64decode(coded[1:], validate=True)


def _text(coded: str) -> str | None:
    content = _bytes(coded)
    return None if content is None else content.decode("utf-8", "replace")


_STATES = {
    "missing": (FileState.MISSING, "there is no such file"),
    "impossible": (FileState.MISSING, "no file can have such a name"),
    "directory": (FileState.INVALID, "it is a directory"),
    "special": (FileState.INVALID, "it is not a regular file"),
    "unreadable": (FileState.UNREADABLE, "the probe may not read it"),
    "loop": (FileState.INVALID, "its symbolic links form a loop"),
    "outside": (FileState.UNREADABLE, "a symbolic link leads there, out of the directories that the probe may see"),
}


def _file(index: int, state: str, coded: str, rest: list[str]) -> File:
    path = _text(coded)
    if state != "present":
        known, why = _STATES.get(state, (FileState.UNREADABLE, "the probe's answer is not understood"))
        return File(index, ProfileFile(known, path, explanation=f"{path or 'the file'}: {why}"))
    size, mode, owner, mtime, ctime, digest, content = rest
    data = _bytes(content)
    facts = ProfileFile(FileState.PRESENT, path, None if digest == "-" else digest, _int(size), mode, owner, _int(mtime), _int(ctime))
    if data is not None and hashlib.sha256(data).hexdigest() != digest:
        changed = ProfileFile(FileState.UNREADABLE, path, explanation=f"{path}: it changed while it was read")
        return File(index, changed)
    return File(index, facts, data)


def absent_files(root: str, paths: Iterable[str]) -> tuple[File, ...]:
    """Return the files of a node that has no seccomp directory under the kubelet's root directory: none is there."""
    why = f"there is no directory {root}/seccomp on the node"
    return tuple(
        File(index, ProfileFile(FileState.MISSING, posixpath.normpath(f"{root}/seccomp/{path}"), explanation=why))
        for index, path in enumerate(paths)
    )


def _process(words: list[str]) -> Process:
    container, pid, parent, before, after, mode, filters, privileges, pids = words
    return Process(
        container,
        _int(pid),
        _int(parent),
        _int(before),
        before == after,
        _optional(mode),
        _optional(filters),
        None if privileges == "-" else privileges == "1",
        () if pids == "-" else tuple(map(_int, pids.split(","))),
    )


def _kubelet(words: list[str], clock: Clock | None) -> Kubelet:
    pid, parent, started, root, flag, port, config, hostname = words
    given = _text(port)
    return Kubelet(
        _int(pid),
        posixpath.normpath(_text(root) or DEFAULT_ROOT),
        parse_bool(_text(flag)),
        _int(parent),
        int(given) if given is not None and re.fullmatch(r"\d{1,5}", given, re.ASCII) else None,
        _text(config),
        _text(hostname),
        clock.boot + _int(started) // TICKS if clock is not None and clock.boot is not None else None,
    )


def own_kubelet(kubelets: Iterable[Kubelet], root: str | None = None, hostname: str | None = None) -> Kubelet | None:
    """Return the node's kubelet among the processes that look like one: the only one that does not contradict.

    `root` is its root directory and `hostname` its --hostname-override, where they are known. None when none or
    several remain: a node has one kubelet, but several nodes can share one kernel.
    """
    left = [entry for entry in kubelets if root is None or entry.root == root]
    if hostname is not None:
        left = [entry for entry in left if entry.hostname in (None, hostname)]
        left = [entry for entry in left if entry.hostname == hostname] or left
    return left[0] if len(left) == 1 else None


def main_process(processes: Iterable[Process], container: str) -> Process | None:
    """Return the container's first process: the oldest, and of equals the one whose parent is outside of the container."""
    mine = [process for process in processes if process.container == container and process.stable]
    pids = {process.pid for process in mine}
    return min(mine, key=lambda process: (process.started, process.parent in pids, process.pid), default=None)


def observed(process: Process | None) -> Observed:
    """Return what a process read from the node proves."""
    if process is None:
        return Observed(Observation.FAILED, via="node", explanation="no process of the container was found on the node")
    return _observation(process.mode, process.filters, process.no_new_privs, "node")


_FIELD = re.compile(rb"^(Seccomp|Seccomp_filters|NoNewPrivs):[ \t]*(\d{1,9})[ \t\r]*$", re.MULTILINE)


def is_status(text: bytes) -> bool:
    """Return whether a text can be a /proc/PID/status at all: it names a process and its id."""
    return re.search(rb"^Name:", text, re.MULTILINE) is not None and re.search(rb"^Pid:[ \t]*\d", text, re.MULTILINE) is not None


def from_status(text: bytes, via: str) -> Observed:
    """Return what the text of a /proc/PID/status says. A line that is absent is not a zero."""
    fields = {match[1].decode(): int(match[2]) for match in _FIELD.finditer(text)}
    privileges = fields.get("NoNewPrivs")
    return _observation(fields.get("Seccomp"), fields.get("Seccomp_filters"), None if privileges is None else privileges == 1, via)


_MODES = {0: Observation.UNFILTERED, 1: Observation.STRICT, 2: Observation.FILTERED}


def _observation(mode: int | None, filters: int | None, no_new_privs: bool | None, via: str) -> Observed:
    state = _MODES.get(mode) if mode is not None else None
    if state is None:
        why = "the kernel does not report it: there is no Seccomp line" if mode is None else f"unknown Seccomp mode {mode}"
        return Observed(Observation.FAILED, mode, filters, no_new_privs, via, why)
    more = None
    if filters is not None and filters > 1:
        more = f"{filters} filters: the runtime loads one, the others were added by the application or around the node"
    return Observed(state, mode, filters, no_new_privs, via, more)
