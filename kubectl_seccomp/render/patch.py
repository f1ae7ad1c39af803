"""What to paste to set a seccomp profile: a kubectl command for workloads that roll out, YAML for everything else. Pure."""

from __future__ import annotations

import json
import shlex

from ..model import ContainerReport, Owner, PodReport
from ..words import ContainerType
from . import cells
from .text import safe
from .yaml import block

# Kinds whose controller replaces the pods when the template changes, and where that template is.
_ROLLING = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
# Where the others keep theirs. A Job's is immutable; a ReplicaSet's or ReplicationController's reaches no running pod.
_TEMPLATES = {
    **_ROLLING,
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "PodTemplate": ("template",),
    "Pod": (),
}


def patch(pod: PodReport, container: ContainerReport, profile_type: str) -> str:
    """Return lines that set `profile_type` where the container's profile is decided: on the container if it has its own, else
    on the pod.

    The lines are a shell command, or comments (#) and YAML to be put into a manifest.
    """
    if container.type is ContainerType.EPHEMERAL:
        return "# an ephemeral container cannot be changed: end it, and make another one with kubectl debug\n"
    owner = cells.workload(pod)
    if pod.file is None and owner.kind in _ROLLING:
        return _command(pod, owner, _nested(_spec(container, profile_type, merged=True), _ROLLING[owner.kind]))
    path, spec = _TEMPLATES.get(owner.kind), _spec(container, profile_type, merged=False)
    return f"# {_advice(pod, container, owner)}\n{block(spec if path is None else _nested(spec, path))}"


def _spec(container: ContainerReport, profile_type: str, *, merged: bool) -> dict[str, object]:
    """Return the pod spec with nothing but the profile; where it is merged, a null takes away the file that only Localhost may have."""
    declared = container.decision.declared
    profile: dict[str, object] = {"type": profile_type}
    if merged and declared.field is not None and declared.field.localhost_profile is not None and profile_type != "Localhost":
        profile["localhostProfile"] = None
    context: dict[str, object] = {"securityContext": {"seccompProfile": profile}}
    if declared.container is None:
        return context
    listed = "containers" if container.type is ContainerType.CONTAINER else "initContainers"
    return {listed: [{"name": container.name, **context}]}


def _nested(spec: dict[str, object], path: tuple[str, ...]) -> dict[str, object]:
    nested: dict[str, object] = {"spec": spec}
    for key in reversed(path):
        nested = {key: nested}
    return nested


def _command(pod: PodReport, owner: Owner, body: dict[str, object]) -> str:
    target = shlex.quote(safe(f"{owner.kind.lower()}/{owner.name}"))
    namespace = f" -n {shlex.quote(safe(pod.namespace))}" if pod.namespace else ""
    return f"kubectl patch {target}{namespace} --type=strategic -p {shlex.quote(json.dumps(body, separators=(',', ':')))}\n"


def _advice(pod: PodReport, container: ContainerReport, owner: Owner) -> str:
    name = cells.short(owner)
    if pod.file is not None:
        return f"in {cells.place(pod, container)}, {name}:"
    if pod.owner is not None and pod.owner.kind == "Node":
        return f"a static pod: change its manifest on {safe(pod.node or pod.owner.name)}"
    if owner.kind == "Pod":
        return "a pod cannot be changed in place: put this into its manifest, delete it, and create it again"
    if owner.kind == "Job":
        return f"{name} cannot be changed in place: put this into its manifest, delete it, and create it again"
    if owner.kind in _TEMPLATES:
        return f"put this into the manifest of {name}, apply it, and delete its pods: they do not change by themselves"
    return f"put this into the pod template of {name}"
