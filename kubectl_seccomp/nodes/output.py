"""What the probe printed, and what /proc/PID/status says -> values. Pure; a hostile log gives an answer that says so."""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
from collections.abc import Iterable

from msgspec import structs

from ..facts import Observed, ProfileFile
from ..words import FileState, Observation
from .answer import Audit, Clock, Entry, File, Kernel, Kubelet, Listing, ProbeAnswer, Process
from .kubelet import DEFAULT_ROOT, parse_bool
from .manifest import SPO_DIRECTORY

# More lines than any node has processes are no answer, and would take memory.
MOST_LINES = 100_000
# Clock ticks per second of /proc/PID/stat: USER_HZ is 100 on every architecture that Kubernetes supports (Linux
# `include/uapi/asm-generic/param.h`; only alpha and ia64 have their own).
TICKS = 100


class _Said:
    """What the lines up to now have said."""

    def __init__(self) -> None:
        self.files: list[File] = []
        self.processes: list[Process] = []
        self.kubelets: list[Kubelet] = []
        self.entries: list[Entry] = []
        self.facts: dict[str, str] = {}
        self.audit: Audit | None = None
        self.clock: Clock | None = None
        self.listed: bool | None = None

    def take(self, words: list[str]) -> None:
        """Take one line. ValueError (binascii.Error is one) for what is not understood."""
        match words:
            case ["process", *rest]:
                self.processes.append(_process(rest))
            case ["file", index, state, path, *rest]:
                self.files.append(_file(_int(index), state, path, rest))
            case ["entry", name, state, path, *rest]:
                self.entries.append(_entry(_text(name) or "", state, path, rest))
            case ["listed", "whole" | "more" as word]:
                self.listed = word == "whole"
            case ["kubelet", *rest]:
                self.kubelets.append(_kubelet(rest, self.clock))
            case ["clock", now, boot]:
                self.clock = Clock(_int(now), _optional(boot))
            case ["kernel", key, coded]:
                self.facts[key] = _text(coded) or ""
            case ["audit", *flags] if len(flags) == len(Audit.__struct_fields__):
                self.audit = Audit(*(flag == "1" for flag in flags))
            case _:
                raise ValueError("not understood")

    def answer(self, complete: bool) -> ProbeAnswer:
        """Return it as one value."""
        kernel = Kernel(self.facts, self.audit) if self.audit is not None else None
        listing = Listing(_filled(self.entries, self.files), self.listed) if self.listed is not None else None
        return ProbeAnswer(complete, tuple(self.files), tuple(self.processes), tuple(self.kubelets), self.clock, kernel, listing)


def parse(log: bytes, nonce: str) -> ProbeAnswer:
    """Return the answer in a probe's log: what stands between its start and its end line, marked with `nonce`."""
    start, end = f"start {nonce}\n".encode(), f"\nend {nonce} ".encode()
    begin = 0 if log.startswith(start) else log.find(b"\n" + start) + 1
    if not log.startswith(start, begin):
        return ProbeAnswer(complete=False)
    body, mark, rest = log[begin:].partition(end)
    *lines, last = body.decode("ascii", "replace").rstrip("\n").split("\n", MOST_LINES)[1:] or [""]
    if last.startswith("lacks "):
        return ProbeAnswer(complete=False, lacks=tuple(last.split(" ")[1:]))
    said = _Said()
    try:
        for line in lines:
            said.take(line.split(" "))
    except ValueError:
        return ProbeAnswer(complete=False)
    whole = mark == end and rest.partition(b"\n")[0] == hashlib.sha256(body + b"\n").hexdigest().encode()
    return said.answer(whole and last == f"lines {len(lines) + 1}")


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
    return None if content is None else content.decode("utf-8", "backslashreplace")


_STATES = {
    "missing": (FileState.MISSING, "there is no such file"),
    "impossible": (FileState.MISSING, "no file can have such a name"),
    "directory": (FileState.INVALID, "it is a directory"),
    "special": (FileState.INVALID, "it is not a regular file"),
    "unreadable": (FileState.UNREADABLE, "the probe is not allowed to read it"),
    "loop": (FileState.INVALID, "its symbolic links form a loop"),
    "outside": (FileState.UNREADABLE, "a symbolic link leads there, out of the directories that the probe can see"),
}


def _file(index: int, state: str, coded: str, rest: list[str]) -> File:
    path = _text(coded)
    if state != "present":
        known, why = _STATES.get(state, (FileState.UNREADABLE, "the probe's answer is not understood"))
        return File(index, ProfileFile(known, path, explanation=f"{path or 'the file'}: {why}"))
    *plain, digest, content = rest
    data = _bytes(content)
    if data is not None and hashlib.sha256(data).hexdigest() != digest:
        changed = ProfileFile(FileState.UNREADABLE, path, explanation=f"{path}: it changed while it was read")
        return File(index, changed)
    facts = _facts(FileState.PRESENT, path, plain)
    return File(index, structs.replace(facts, sha256=None if digest == "-" else digest), data)


def _facts(state: FileState, path: str | None, words: list[str], explanation: str | None = None) -> ProfileFile:
    size, mode, owner, mtime, ctime = words
    return ProfileFile(state, path, None, _int(size), mode, owner, _int(mtime), _int(ctime), explanation=explanation)


def _entry(name: str, state: str, coded: str, rest: list[str]) -> Entry:
    path = _text(coded)
    match state:
        case "folder":
            return Entry(name, "folder", _facts(FileState.NOT_APPLICABLE, path, rest))
        case "closed":
            return Entry(name, "folder", _facts(FileState.UNREADABLE, path, rest, f"{path}: the probe is not allowed to look into it"))
        case "way":
            return Entry(name, "way", ProfileFile(path=path))
    file = _file(0, state, coded, rest)
    return Entry(name, "file" if state == "present" else "other", file.facts, file.content)


def _filled(entries: list[Entry], files: list[File]) -> tuple[Entry, ...]:
    """Return the entries with contents that were said before, of a question or of another entry: they are said once."""
    said: list[File | Entry] = [*files, *entries]
    known = {(each.facts.path, each.facts.sha256): each.content for each in said if each.content is not None}
    return tuple(structs.replace(entry, content=known.get((entry.facts.path, entry.facts.sha256))) for entry in entries)


def absent_files(root: str, paths: Iterable[str]) -> tuple[File, ...]:
    """Return the files of a node that has no seccomp directory under the kubelet's root directory: none is there."""
    why = f"there is no directory {root}/seccomp on the node"
    return tuple(
        File(index, ProfileFile(FileState.MISSING, posixpath.normpath(f"{root}/seccomp/{path}"), explanation=why))
        for index, path in enumerate(paths)
    )


def leads_to_operator(listing: Listing) -> bool:
    """Whether a link in the listing leads into the directory of the Security Profiles Operator, which was not mounted."""
    return any(
        entry.kind == "other" and (entry.facts.path == SPO_DIRECTORY or (entry.facts.path or "").startswith(f"{SPO_DIRECTORY}/"))
        for entry in listing.entries
    )


def _process(words: list[str]) -> Process:
    container, pod, pid, parent, started, mode, filters, privileges = words
    return Process(
        container,
        _int(pid),
        _int(parent),
        _int(started),
        _optional(mode),
        _optional(filters),
        None if privileges == "-" else privileges == "1",
        None if pod == "-" else pod.replace("_", "-"),
    )


def _kubelet(words: list[str], clock: Clock | None) -> Kubelet:
    pid, started, root, flag, hostname = words
    return Kubelet(
        _int(pid),
        posixpath.normpath(_text(root) or DEFAULT_ROOT),
        parse_bool(_text(flag)),
        _text(hostname),
        clock.boot + _int(started) // TICKS if clock is not None and clock.boot is not None else None,
    )


def own_kubelet(kubelets: Iterable[Kubelet], node: str) -> Kubelet | None:
    """Return the node's kubelet among the processes that look like one, by its --hostname-override where it has one.

    None when none or several remain: a node has one kubelet, but several nodes can share one kernel.
    """
    left = [entry for entry in kubelets if entry.hostname in (None, node)]
    left = [entry for entry in left if entry.hostname == node] or left
    return left[0] if len(left) == 1 else None


def main_process(processes: Iterable[Process], container: str) -> Process | None:
    """Return the container's first process: the oldest, and of equals the one whose parent is outside of the container."""
    mine = [process for process in processes if process.container == container]
    pids = {process.pid for process in mine}
    return min(mine, key=lambda process: (process.started, process.parent in pids, process.pid), default=None)


def sandboxes(processes: Iterable[Process]) -> dict[str, Observed]:
    """Return what was seen of each pod's sandbox, by the pod's UID; a runtime may keep none (CRI-O's drop_infra_ctr).

    No status names it. It is what is in the pod's cgroup and was not asked for, and of several the oldest: a sandbox is made
    before its containers, and what is newer has been started since the pods were listed.
    """
    first: dict[str, Process] = {}
    for process in processes:
        if process.pod is not None and (process.pod not in first or process.started < first[process.pod].started):
            first[process.pod] = process
    return {pod: observed(process) for pod, process in first.items()}


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
