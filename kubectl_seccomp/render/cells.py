"""How one container is put into words that fit a cell; shared by every format that people read. Pure.

Everything returned here is safe text: one line, no character that a terminal would obey.
"""

from __future__ import annotations

from ..facts import Observed
from ..model import ContainerReport, Decision, Owner, PodReport
from ..words import Certainty, ContainerType, EffectiveType, FileState
from .text import safe, source

NONE = "-"
FILE_UNCHECKED = "file unchecked"

# kubectl's short names (kubectl api-resources), and the resource that `-o name` prints, by kind.
_SHORT = {
    "Pod": "pod",
    "PodTemplate": "podtemplate",
    "Deployment": "deploy",
    "StatefulSet": "sts",
    "DaemonSet": "ds",
    "ReplicaSet": "rs",
    "ReplicationController": "rc",
    "Job": "job",
    "CronJob": "cronjob",
}
_GROUPS = {
    "Deployment": "apps",
    "StatefulSet": "apps",
    "DaemonSet": "apps",
    "ReplicaSet": "apps",
    "Job": "batch",
    "CronJob": "batch",
}


def workload(pod: PodReport) -> Owner:
    """Return what a row is about: the owner, else the object itself.

    The mirror of a static pod is owned by its Node; it stands for itself, since other static pods are not its replicas.
    """
    if pod.owner is None or pod.owner.kind == "Node":
        return Owner(pod.kind, pod.name)
    return pod.owner


def short(owner: Owner) -> str:
    """Return `deploy/web`, with kubectl's short name of the kind."""
    return safe(f"{_SHORT.get(owner.kind, owner.kind.lower())}/{owner.name}")


def resource(owner: Owner) -> str:
    """Return `deployment.apps/web`, as `kubectl get -o name` prints it; the group of an unknown kind is left out."""
    group = _GROUPS.get(owner.kind)
    return safe(f"{owner.kind.lower()}{'.' + group if group else ''}/{owner.name}")


def container(report: ContainerReport) -> str:
    """Return the container's name, with its type unless that is an ordinary one: `migrate (init)`."""
    name = safe(report.name) or NONE
    return name if report.type is ContainerType.CONTAINER else f"{name} ({report.type.value})"


def declared(decision: Decision, *, path: bool = False) -> str:
    """Return `RuntimeDefault (pod)` or `Unset`; with `path` also the file of a Localhost profile."""
    field = decision.declared.field
    if field is None:
        return "Unset"
    file = f" {field.localhost_profile}" if path and field.localhost_profile else ""
    return safe(f"{field.type or 'no type'}{file} ({decision.declared.level})")


def pss(pod: PodReport) -> str:
    """Return the strictest Pod Security level that the written seccomp fields pass."""
    return "restricted" if pod.pss.restricted.allowed else "baseline" if pod.pss.baseline.allowed else "privileged"


def observed(value: Observed) -> str:
    """Return `filtered (2)`: the word, and the kernel's number behind it."""
    return value.state.value if value.mode is None else f"{value.state.value} ({value.mode})"


def strength(decision: Decision) -> str:
    """Return how many of the node's calls are open, `309/385`, with `+userns` where a user namespace can be made; `-` for not known."""
    found = decision.strength
    if found is None or found.open is None:
        return NONE
    return f"{found.open}/{found.calls}{'+userns' if found.user_namespace else ''}"


def why(decision: Decision) -> str:
    """Return the reason of the worst finding, naming the other findings, or else why the effective profile is what it is."""
    text = decision.effective.explanation
    if decision.templates:
        worst, *others = decision.templates
        text = "; also ".join([worst.reason, *([", ".join(other.slug for other in others)] if others else [])])
    if unchecked(decision) and FILE_UNCHECKED not in text:
        text += f" ({FILE_UNCHECKED})"
    return safe(text)


def unchecked(decision: Decision) -> bool:
    """Whether this is a Localhost profile whose file nobody looked at."""
    effective = decision.effective
    return (
        effective.type is EffectiveType.LOCALHOST
        and effective.certainty is Certainty.ASSUMED
        and decision.file.state is FileState.UNCHECKED
    )


def place(pod: PodReport, report: ContainerReport | None = None) -> str:
    """Return `file:line` for a container of a manifest, `-` for one from the cluster.

    Without lines (JSON) the number of the document stands for them.
    """
    if pod.file is None:
        return NONE
    file = source(pod.file)
    if report is not None and report.line is not None:
        return safe(f"{file}:{report.line}")
    return safe(f"{file}#{pod.document}" if pod.document is not None else file)


def ids(decision: Decision) -> str:
    """Return the ids of its findings, worst first, joined by commas; empty for none."""
    return safe(",".join(template.id for template in decision.templates))
