"""What was found out: of a profile file on a node, of a process, of a node. Frozen values; nothing here decides anything."""

from __future__ import annotations

from msgspec import Struct

from .words import FileState, KubeletDefault, Observation, Severity


class FileProblem(Struct, frozen=True):
    """What `profile lint` says of a file as its node reads it: the check, how bad, in a sentence, and where."""

    id: str
    slug: str
    severity: Severity
    message: str
    line: int
    column: int


class ProfileFile(Struct, frozen=True, rename="camel"):
    """A Localhost profile file on the pod's node. `path` is absolute on the node; sizes in bytes, times in epoch seconds.

    `effect` says what loading it does: "filter", "none" (no filter at all), "refused" (the container cannot start), or
    null when the content was not judged; `assumed` is set when the kubelet's root directory is not known, so that the kubelet
    may read another file; `changed` when the file is newer (by its ctime: mtime can be set) than the container, which then runs
    with what was there before; `explanation` is a sentence for every state but `not-applicable`; `earlier_sha256` what the file had in
    an earlier report (--earlier), where it is another one; `problems` what lint says of it, worst first, null where it was not read.
    """

    state: FileState = FileState.NOT_APPLICABLE
    path: str | None = None
    sha256: str | None = None
    size: int | None = None
    mode: str | None = None
    owner: str | None = None
    mtime: int | None = None
    ctime: int | None = None
    effect: str | None = None
    forbids_nothing: bool = False
    assumed: bool = False
    changed: bool = False
    explanation: str | None = None
    earlier_sha256: str | None = None
    problems: tuple[FileProblem, ...] | None = None


class Observed(Struct, frozen=True, rename="camel"):
    """What the kernel says: the `Seccomp` mode, the number of filters, and by which way it was read (exec, node)."""

    state: Observation = Observation.UNCHECKED
    mode: int | None = None
    filters: int | None = None
    no_new_privs: bool | None = None
    via: str | None = None
    explanation: str | None = None


class Taint(Struct, frozen=True, gc=False):
    """One of a node's spec.taints[]."""

    key: str = ""
    value: str | None = None
    effect: str = ""


class GroupStrength(Struct, frozen=True, rename="camel"):
    """A risk group of which something gets through a filter: how many calls, and which the container can do something with."""

    name: str
    open: int
    reachable: tuple[str, ...]


class Strength(Struct, frozen=True, rename="camel"):
    """What a container's filter leaves open of its node's own calls (`calls`); never a score.

    `runtime_default_open` is how many would be open under the node's RuntimeDefault, `beyond_default` how many of those that are
    open here it refuses; None where it is not known. `user_namespace`: whether the filter lets it make one, None where that cannot
    be told. `doubts` say what is taken for granted. `unknown` says why there are no figures: all else is None or empty then.
    """

    open: int | None = None
    conditional: int | None = None
    calls: int | None = None
    runtime_default_open: int | None = None
    beyond_default: int | None = None
    user_namespace: bool | None = None
    groups: tuple[GroupStrength, ...] = ()
    doubts: tuple[str, ...] = ()
    unknown: str | None = None


class Forecast(Struct, frozen=True, rename="camel"):
    """What a container that declares nothing would have at its next creation if its kubelet ran with seccompDefault.

    `variant` is its node's RuntimeDefault. `refuses` are the calls that nothing refuses now and that it would refuse this container,
    `limits` those that it would let through only with some arguments; None where that is not known (`unknown` says why). Whether
    the container makes any of these calls is not known. `groups` names the risk groups of refused calls, `doubts` say what is taken
    for granted.
    """

    variant: str | None = None
    refuses: tuple[str, ...] | None = None
    limits: tuple[str, ...] | None = None
    groups: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    unknown: str | None = None


class NodeFacts(Struct, frozen=True):
    """What is known of one node. Empty strings and None mean "not known".

    `runtime` is nodeInfo.containerRuntimeVersion ("containerd://2.4.2"), `default` the kubelet's seccompDefault with
    `default_source` saying how it is known or why not, `kubelet_root` the kubelet's --root-dir. `reachable` is false when
    the node is not Ready; `unaskable` says why no probe is sent there. `configured` is what configz says of seccompDefault, `flagged`
    what flagz says;
    `kubelet_started` is when the kubelet started, in epoch seconds of the node's clock: its default cannot have changed since.
    `labels`, `taints` and `unschedulable` (cordoned) decide which pods could be placed there.
    """

    name: str
    os: str = ""
    arch: str = ""
    kernel: str = ""
    kubelet_version: str = ""
    runtime: str = ""
    default: KubeletDefault = KubeletDefault.UNKNOWN
    default_source: str = ""
    configured: bool | None = None
    flagged: bool | None = None
    kubelet_root: str | None = None
    kubelet_started: int | None = None
    directory_label: str | None = None
    reachable: bool = True
    unaskable: str = ""
    labels: dict[str, str] = {}
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False
