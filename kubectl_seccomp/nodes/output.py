"""What the probe printed, and what /proc/PID/status says -> values. Pure; a hostile log gives an answer that says so."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable

from msgspec import Struct

from ..model import FileState, Observation, Observed, ProfileFile


class Process(Struct, frozen=True):
    """One process of a container. `stable` is False where the pid was given to another process during the read."""

    container: str
    pid: int
    parent: int
    started: int
    stable: bool
    mode: int | None
    filters: int | None
    no_new_privs: bool | None


class File(Struct, frozen=True):
    """One profile file: its facts, and its bytes where it is small enough (1 MiB)."""

    index: int
    facts: ProfileFile
    content: bytes | None = None


class Kubelet(Struct, frozen=True):
    """One kubelet process: its root directory, and --seccomp-default (None where the flag is absent)."""

    pid: int
    root: str
    seccomp_default: bool | None


class ProbeAnswer(Struct, frozen=True):
    """All that one node said. `complete` is False for a log that is cut, foreign, or broken."""

    complete: bool
    files: tuple[File, ...] = ()
    processes: tuple[Process, ...] = ()
    kubelets: tuple[Kubelet, ...] = ()


def parse(log: bytes, nonce: str) -> ProbeAnswer:
    """Return the answer in a probe's log."""
    files: list[File] = []
    processes: list[Process] = []
    kubelets: list[Kubelet] = []
    begun = ended = False
    lines = 0
    for line in log.decode("ascii", "replace").split("\n"):
        words = line.split(" ")
        try:
            match words:
                case ["start", mark]:
                    begun = mark == nonce
                case ["end", mark, count]:
                    ended = begun and mark == nonce and int(count) == lines + 1
                    break
                case ["file", *rest]:
                    files.append(_file(rest))
                case ["process", *rest]:
                    processes.append(_process(rest))
                case ["kubelet", pid, root, flag]:
                    kubelets.append(Kubelet(int(pid), _text(root), {"true": True, "false": False}.get(flag)))
                case _:
                    continue
        except (ValueError, IndexError, binascii.Error):
            return ProbeAnswer(complete=False)
        lines += words[0] != "start"
    return ProbeAnswer(ended, tuple(files), tuple(processes), tuple(kubelets))


def _text(coded: str) -> str:
    return base64.b64decode(coded, validate=True).decode("utf-8", "replace")


_STATES = {
    "missing": (FileState.MISSING, "there is no such file"),
    "directory": (FileState.INVALID, "it is a directory"),
    "special": (FileState.INVALID, "it is not a regular file"),
    "unreadable": (FileState.UNREADABLE, "the probe may not read it"),
    "loop": (FileState.INVALID, "its symbolic links form a loop"),
    "outside": (FileState.UNREADABLE, "a symbolic link leads out of the directories that the probe may see"),
}


def _file(words: list[str]) -> File:
    index, state, coded = int(words[0]), words[1], words[2]
    path = None if coded == "-" else _text(coded)
    if state != "present":
        known, why = _STATES.get(state, (FileState.UNREADABLE, "the probe's answer is not understood"))
        return File(index, ProfileFile(known, path, explanation=f"{path or 'the file'}: {why}"))
    size, mode, owner, mtime, _ctime, digest, content = words[3:10]
    facts = ProfileFile(FileState.PRESENT, path, digest, int(size), mode, owner, int(mtime))
    return File(index, facts, None if content == "-" else base64.b64decode(content[1:], validate=True))


def _process(words: list[str]) -> Process:
    container, pid, parent, before, after, mode, filters, privileges = words
    return Process(
        container,
        int(pid),
        int(parent),
        int(before),
        before == after,
        _number(mode),
        _number(filters),
        None if privileges == "-" else privileges == "1",
    )


def _number(word: str) -> int | None:
    return None if word == "-" else int(word)


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


_FIELD = re.compile(rb"^(Seccomp|Seccomp_filters|NoNewPrivs):\s*(\d{1,9})\s*$", re.MULTILINE)


def from_status(text: bytes, via: str) -> Observed:
    """Return what the text of a /proc/PID/status says. A line that is absent is not a zero."""
    fields = {match[1].decode(): int(match[2]) for match in _FIELD.finditer(text)}
    privileges = fields.get("NoNewPrivs")
    return _observation(
        fields.get("Seccomp"), fields.get("Seccomp_filters"), None if privileges is None else privileges == 1, via
    )


_MODES = {0: Observation.UNFILTERED, 1: Observation.STRICT, 2: Observation.FILTERED}


def _observation(mode: int | None, filters: int | None, no_new_privs: bool | None, via: str) -> Observed:
    state = _MODES.get(mode) if mode is not None else None
    if state is None:
        why = "the kernel reports no Seccomp line" if mode is None else f"unknown Seccomp mode {mode}"
        return Observed(Observation.FAILED, mode, filters, no_new_privs, via, why)
    more = None
    if filters is not None and filters > 1:
        more = f"{filters} filters: the runtime loads one, the others were added by the application or around the node"
    return Observed(state, mode, filters, no_new_privs, via, more)
