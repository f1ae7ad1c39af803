"""Checks on nodes: the kubelet's default, and each profile file below the seccomp directory. What is judged is a node's report.

They are made of the same record as those on containers, and have rules of their own kind beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..model import Finding, Subject, Template
from ..node_values import FileReport, NodeReport, UserReport
from ..words import FileState, KubeletDefault, Severity, short
from .record import CONTAINERD, CRIO, RUNC, Check

_SHOWN = 3


def _default_off(node: NodeReport) -> Template | None:
    if node.kubelet.seccomp_default is not KubeletDefault.OFF:
        return None
    return DEFAULT_OFF.finding("the kubelet's seccompDefault is off", evidence=(node.kubelet.source,))


def _writable(file: FileReport) -> Template | None:
    if file.writable_by is None:
        return None
    severity = Severity.HIGH if file.writable_by == "others" else Severity.MEDIUM
    return WRITABLE.finding(f"{_name(file)} is writable by {file.writable_by}", evidence=_evidence(file), severity=severity)


def _owner(file: FileReport) -> Template | None:
    if not file.owner or file.operator or file.owner.partition(":")[0] == "0":
        return None
    return OWNER.finding(f"{_name(file)} belongs to user {file.owner.partition(':')[0]}, not to root", evidence=_evidence(file))


def _without_effect(file: FileReport) -> Template | None:
    if file.effect != "none":
        return None
    severity = Severity.CRITICAL if file.loaded_by else Severity.LOW
    return WITHOUT_EFFECT.finding(f"{_said(file)}{_used(file)}", evidence=_evidence(file), severity=severity)


def _refused(file: FileReport) -> Template | None:
    if file.state is not FileState.INVALID or (file.kind != "file" and not file.used_by):
        return None
    severity = Severity.HIGH if file.loaded_by else Severity.LOW
    return REFUSED.finding(f"{_said(file)}{_used(file)}", evidence=_evidence(file), severity=severity)


def _missing(file: FileReport) -> Template | None:
    if file.state is not FileState.MISSING or not file.loaded_by:
        return None
    return MISSING.finding(f"{_name(file)} is not there{_used(file)}", evidence=_evidence(file))


def _forbids_nothing(file: FileReport) -> Template | None:
    if not file.forbids_nothing or not file.loaded_by:
        return None
    return FORBIDS_NOTHING.finding(f"{_said(file)}{_used(file)}", evidence=_evidence(file))


def _name(file: FileReport) -> str:
    return short(file.name or "the seccomp directory", 300)


def _said(file: FileReport) -> str:
    """What was said of the file, by the name that pods know it by."""
    return short((file.explanation or "").replace(file.path or "\0", file.name, 1) or file.name, 600)


def _used(file: FileReport) -> str:
    users = file.loaded_by
    if not users:
        return ", and no pod on the node uses it"
    more = f" and {len(users) - _SHOWN} more" if len(users) > _SHOWN else ""
    return f": used by {', '.join(map(_user, users[:_SHOWN]))}{more}"


def _user(user: UserReport) -> str:
    return short(f"{user.namespace}/{user.pod}/{user.container}", 200)


def _evidence(file: FileReport) -> tuple[str, ...]:
    facts = [short(file.path or file.name, 500)]
    facts += [f"mode {file.mode}, owner {file.owner}"] if file.mode else []
    facts += [f"sha256 {file.sha256}, {file.size} bytes"] if file.sha256 else []
    return (*facts, *(f"used by {_user(user)}" for user in file.loaded_by))


DEFAULT_OFF = Check(
    id="KS201",
    needs="node",
    slug="node-default-off",
    title="The kubelet's default is off",
    severities=(Severity.LOW,),
    why="Without seccompDefault the kubelet starts every container that sets no profile without a filter. Containers that do set "
    "one are not affected.",
    fix="Set seccompDefault: true in the kubelet's configuration (or --seccomp-default) and restart the kubelet, after checking "
    "what would change (`kubectl seccomp audit --what-if seccompDefault`). Containers get the filter when they are created "
    "again.",
    sources=("kubernetes cmd/kubelet/app/server.go (1.25 to 1.37)",),
)
WRITABLE = Check(
    id="KS202",
    needs="node",
    slug="profile-writable",
    title="A profile can be changed by users other than root",
    severities=(Severity.HIGH, Severity.MEDIUM),
    why="Whoever can write the file, or replace it in its folder, decides what the containers that use it may do from their next "
    "restart on, and nothing in the cluster shows it. This does not mean that somebody has changed it.",
    fix="Run chmod go-w on the node; a profile needs no more than mode 644, its folders 755.",
    sources=("containerd internal/cri/sputil/seccomp_linux.go: the file is read when a container is created (1.6 to 2.4)",),
)
OWNER = Check(
    id="KS203",
    needs="node",
    slug="profile-owner",
    title="A profile does not belong to root",
    severities=(Severity.MEDIUM,),
    why="A file's owner can change it whatever its mode says, so a process with that user id on the node, even in a container "
    "that mounts the folder, decides what the profile allows. The Security Profiles Operator's own files are expected to belong "
    "to its user.",
    fix="Run chown root:root on the node, and let whatever puts the files there do so as root.",
    sources=("inode(7): a file's owner may always change its mode",),
)
WITHOUT_EFFECT = Check(
    id="KS204",
    needs="node",
    slug="profile-without-effect",
    title="A profile on the node gives no filter",
    severities=(Severity.CRITICAL, Severity.LOW),
    why="A profile without defaultAction and without syscalls (an empty object, null, a wrapped Kubernetes resource) makes the runtime "
    "start a container without any filter, and no error is seen. Where no pod on the node uses it, it is a trap for the next one.",
    fix="Replace the file with a real profile, a JSON object with defaultAction and syscalls at its top level, and restart the "
    "pods that use it; or remove it.",
    sources=("runc libcontainer/specconv/spec_linux.go SetupSeccomp (1.1 to 1.5)",),
)
REFUSED = Check(
    id="KS205",
    needs="node",
    slug="profile-refused",
    title="A profile on the node does not load",
    severities=(Severity.HIGH, Severity.LOW),
    why="The container runtime cannot load what is there: a container that uses it cannot start, or start again. One that is "
    "running is not affected until then.",
    fix="Correct the file on the node, or remove it where nothing uses it.",
    sources=(CONTAINERD, RUNC),
)
MISSING = Check(
    id="KS206",
    needs="node",
    slug="profile-missing",
    title="A pod on the node uses a profile that is not there",
    severities=(Severity.HIGH,),
    why="The container runtime opens the file each time a container is created: without it the container does not start, or does not "
    "survive its next restart.",
    fix="Put the profile there on every node the pod can run on, or set type RuntimeDefault.",
    sources=(CONTAINERD, CRIO),
)
FORBIDS_NOTHING = Check(
    id="KS207",
    needs="node",
    slug="profile-forbids-nothing",
    title="A profile in use forbids nothing",
    severities=(Severity.MEDIUM,),
    why="The filter loads, and the kernel reports one, but every syscall passes it.",
    fix="Use type RuntimeDefault, or a profile whose default action refuses.",
    sources=("proc_pid_status(5): Seccomp 2 says that a filter is loaded, not what it forbids",),
)
FILE_RULES: tuple[tuple[Check, Callable[[FileReport], Template | None]], ...] = (
    (WRITABLE, _writable),
    (OWNER, _owner),
    (WITHOUT_EFFECT, _without_effect),
    (REFUSED, _refused),
    (MISSING, _missing),
    (FORBIDS_NOTHING, _forbids_nothing),
)
CHECKS = (DEFAULT_OFF, *(check for check, _ in FILE_RULES))


def findings(node: NodeReport) -> tuple[Finding, ...]:
    """Return what the checks find on one node, worst first, then by id, then in the order of the files."""
    found = sorted(dict.fromkeys(_templates(node)), key=lambda template: (template.severity.rank, template.id))
    subject = Subject("Node", None, node.name)
    return tuple(each.about(subject) for each in found)


def _templates(node: NodeReport) -> Iterator[Template]:
    found = (_default_off(node), *(rule(file) for file in node.files or () for _, rule in FILE_RULES))
    return (template for template in found if template is not None)
