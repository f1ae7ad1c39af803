"""What `check node` tells, as frozen values. Their camel-cased names are the json form: fields may be added, never renamed."""

from __future__ import annotations

from msgspec import Struct

from .facts import FileProblem
from .model import Finding, Gap, Head
from .nodes.answer import Audit
from .words import FileState, KubeletDefault


class User(Struct, frozen=True):
    """One container with a Localhost profile. `node` is None for a pod that is not scheduled."""

    namespace: str
    pod: str
    container: str
    node: str | None
    path: str
    privileged: bool


class UserReport(Struct, frozen=True):
    """A container that uses a file. `node` is null for a pod that is not scheduled."""

    namespace: str
    pod: str
    container: str
    node: str | None
    privileged: bool


class FileReport(Struct, frozen=True, rename="camel"):
    """One entry below the seccomp directory, or one that is not there and a pod on the node asks for.

    `name` is the localhostProfile that leads to it, `path` where it really is. `kind` is "file", "folder", "way" (a link to a
    folder), "other" or "absent". `writable_by` is the widest of "others", "group" and null, `operator` whether it belongs to the
    Security Profiles Operator. `used_by` are containers on this node, `used_elsewhere` those that name it on other nodes, or
    on none yet; both null when the pods are not known. `problems` is what lint says, worst first, null where nothing was read.
    """

    name: str
    path: str | None
    kind: str
    state: FileState
    effect: str | None
    forbids_nothing: bool
    sha256: str | None
    size: int | None
    mode: str | None
    owner: str | None
    mtime: int | None
    ctime: int | None
    writable_by: str | None
    operator: bool
    used_by: tuple[UserReport, ...] | None
    used_elsewhere: tuple[UserReport, ...] | None
    explanation: str | None
    problems: tuple[FileProblem, ...] | None = None

    @property
    def loaded_by(self) -> tuple[UserReport, ...]:
        """The containers on this node that get it as a filter: a privileged one does not, as a rule."""
        return tuple(user for user in self.used_by or () if not user.privileged)


class KernelReport(Struct, frozen=True, rename="camel"):
    """The node's kernel. `settings` are those of /proc/sys that open or close ways into it; what is not there is not in it."""

    release: str
    version: str | None = None
    actions_available: tuple[str, ...] | None = None
    actions_logged: tuple[str, ...] | None = None
    audit: Audit | None = None
    settings: dict[str, str] = {}


class Answers(Struct, frozen=True, rename="camel"):
    """What each source says of seccompDefault; null for one that did not answer."""

    configz: bool | None
    flagz: bool | None
    command_line: bool | None


class KubeletReport(Struct, frozen=True, rename="camel"):
    """The node's kubelet. `started` is in epoch seconds; `root_source` says how `root` is known, `root_known` whether it is."""

    version: str
    seccomp_default: KubeletDefault
    source: str
    answers: Answers
    started: int | None
    root: str | None
    root_known: bool
    root_source: str


class DefaultReport(Struct, frozen=True, rename="camel"):
    """Which RuntimeDefault the node's runtime has, and how many of its calls that lets pass for a container with default capabilities.

    `doubts` say why it may be another one; where nothing is known, `unknown` says why and all else is null.
    """

    variant: str | None = None
    open: int | None = None
    conditional: int | None = None
    calls: int | None = None
    doubts: tuple[str, ...] = ()
    unknown: str | None = None


class RuntimeReport(Struct, frozen=True, rename="camel"):
    """The node's container runtime, as its kubelet names it: "" for what is not known."""

    name: str
    version: str
    runtime_default: DefaultReport


class NodeReport(Struct, frozen=True, rename="camel"):
    """One node. What no probe could tell is null. `containers` and `sandboxes` count by observed state."""

    name: str
    os: str
    architecture: str
    ready: bool
    answered: bool
    kernel: KernelReport
    kubelet: KubeletReport
    runtime: RuntimeReport
    containers: dict[str, int] | None
    sandboxes: dict[str, int] | None
    directory: bool | None
    files: tuple[FileReport, ...] | None
    files_complete: bool


class NodesReport(Struct, frozen=True):
    """The report of `check node`."""

    head: Head
    nodes: tuple[NodeReport, ...]
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
