"""What one node says of itself, as values: processes, files, kubelets, its clock and its kernel; and what that comes to."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from msgspec import Struct

from ..facts import Observed, ProfileFile
from ..model import Gap

K = TypeVar("K", bound=Hashable)
Key = tuple[str, str]  # UID of the pod, name of the container


class Process(Struct, frozen=True):
    """One process of a container. `started` counts clock ticks since the node's boot.

    `pod` is set for a container that was not asked for and is in the cgroup of this pod (its UID): its sandbox, as a rule.
    """

    container: str
    pid: int
    parent: int
    started: int
    mode: int | None
    filters: int | None
    no_new_privs: bool | None
    pod: str | None = None


class File(Struct, frozen=True):
    """One profile file: its place in the question, its facts, its bytes (at most 1 MiB)."""

    index: int
    facts: ProfileFile
    content: bytes | None = None


class Entry(Struct, frozen=True):
    """One entry below the seccomp directory. `name` is its path from there, empty for the directory itself.

    `kind` is "file", "folder", "way" (a link to a folder; facts.path is where it leads) or "other" (no regular file, or none
    that could be looked at). The facts of a file are those of what its links lead to, at facts.path.
    """

    name: str
    kind: str
    facts: ProfileFile
    content: bytes | None = None


class Listing(Struct, frozen=True):
    """All that is below the seccomp directory; `whole` is False when there is more, `there` when the directory is not."""

    entries: tuple[Entry, ...] = ()
    whole: bool = True
    there: bool = True


class Kubelet(Struct, frozen=True):
    """One kubelet process and those of its flags that were given: None for a flag that is absent or not understood.

    `started` is in epoch seconds by the node's present clock (btime of /proc/stat and the process's start), None where it
    cannot be told.
    """

    pid: int
    root: str
    seccomp_default: bool | None = None
    hostname: str | None = None
    started: int | None = None


class Clock(Struct, frozen=True):
    """The node's own time and when it booted, in epoch seconds."""

    now: int
    boot: int | None = None


class Audit(Struct, frozen=True):
    """Whether audit is built into the kernel, its thread was seen, and the daemon was."""

    built: bool
    thread: bool
    daemon: bool


class Kernel(Struct, frozen=True):
    """What /proc/sys says, by the path below it; what is not there is not in it."""

    facts: dict[str, str] = {}
    audit: Audit | None = None

    def words(self, key: str) -> tuple[str, ...] | None:
        """Return the words of one fact, None where it is not there."""
        return tuple(self.facts[key].split()) if key in self.facts else None


class ProbeAnswer(Struct, frozen=True):
    """All that one node said. `complete` is False for a log that is cut, foreign, or broken; `lacks` are programs that the
    probe's image would have to have.
    """

    complete: bool
    files: tuple[File, ...] = ()
    processes: tuple[Process, ...] = ()
    kubelets: tuple[Kubelet, ...] = ()
    clock: Clock | None = None
    kernel: Kernel | None = None
    listing: Listing | None = None
    lacks: tuple[str, ...] = ()


class Root(Struct, frozen=True):
    """Where to look, whether that is known (said by the user, the kubelet, or its report on the container), and who says so."""

    path: str
    known: bool
    source: str = ""


class Answer(Struct, Generic[K], frozen=True):
    """Files by localhostProfile, observed modes by the question's names, gaps, the UIDs of the pods that were made, and the
    node's own kubelet, None where it cannot be told.

    `root` is where files were looked for. What only some ask for: `kernel`, the `listing` with what the node's runtime makes of
    each file, and `sandboxes` by the UIDs of their pods. `said` is False for a node that gave no answer; `contents` are the bytes of
    the files that were read.
    """

    files: dict[str, ProfileFile] = {}
    observed: dict[K, Observed] = {}
    gaps: tuple[Gap, ...] = ()
    uids: tuple[str, ...] = ()
    kubelet: Kubelet | None = None
    root: Root | None = None
    kernel: Kernel | None = None
    listing: Listing | None = None
    sandboxes: dict[str, Observed] = {}
    said: bool = False
    contents: dict[str, bytes] = {}
