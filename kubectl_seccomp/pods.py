"""API objects -> pods and containers: one extractor for every kind, one visitor for all container lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from .model import Declared, Owner
from .objects import (
    ApiPod,
    Capabilities,
    ContainerSecurity,
    ContainerSpec,
    ContainerStatus,
    Metadata,
    OwnerReference,
    PodSecurity,
    PodSpec,
    PodStatus,
)
from .times import epoch
from .words import ContainerType

POD_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod"
CONTAINER_ANNOTATION = "container.seccomp.security.alpha.kubernetes.io/"
MIRROR_ANNOTATION = "kubernetes.io/config.mirror"

# The API groups of each kind, the one that it had before last, and where it keeps its pod template (Kubernetes API reference, v1.37).
TEMPLATES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Pod": (("",), ()),
    "PodTemplate": (("",), ("template",)),
    "Deployment": (("apps", "extensions"), ("spec", "template")),
    "StatefulSet": (("apps",), ("spec", "template")),
    "DaemonSet": (("apps", "extensions"), ("spec", "template")),
    "ReplicaSet": (("apps", "extensions"), ("spec", "template")),
    "ReplicationController": (("",), ("spec", "template")),
    "Job": (("batch",), ("spec", "template")),
    "CronJob": (("batch",), ("spec", "jobTemplate", "spec", "template")),
}


class Pod(Struct, frozen=True, gc=False):
    """One pod, or the pod template of one manifest object. `file` and `document` (from 1) are set for manifests."""

    api_version: str
    kind: str
    metadata: Metadata
    spec: PodSpec
    status: PodStatus | None = None
    template_annotations: dict[str, str] | None = None
    file: str | None = None
    document: int | None = None

    @property
    def name(self) -> str:
        """Its name, or what the API server will make one from, or empty."""
        return self.metadata.name or self.metadata.generate_name or ""

    @property
    def annotations(self) -> dict[str, str]:
        """The annotations that reach the pod: the template's for workloads, its own for a Pod."""
        if self.kind == "Pod":
            return self.metadata.annotations or {}
        return self.template_annotations or {}

    @property
    def is_mirror(self) -> bool:
        """Whether the kubelet made this object as a mirror of a static pod."""
        return self.kind == "Pod" and MIRROR_ANNOTATION in (self.metadata.annotations or {})

    @property
    def phase(self) -> str:
        """status.phase, or empty."""
        return (self.status.phase or "") if self.status else ""


class Rights(Struct, frozen=True, gc=False):
    """What of a container's rights was declared: capabilities to add and drop; `unprivileged`: it runs as another user than root and
    cannot gain anything, so that its processes have no capabilities; `own_users`: what it has counts in its pod's user namespace only.
    """

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    unprivileged: bool = False
    own_users: bool = False


class Container(Struct, frozen=True, gc=False):
    """One container of a pod with what was declared for it; `status` is None where there is none yet."""

    name: str
    type: ContainerType
    image: str
    privileged: bool
    declared: Declared
    line: int | None
    status: ContainerStatus | None
    rights: Rights = Rights()


def from_api(api: ApiPod) -> Pod:
    """Return the pod of one API item; absent parts become empty ones."""
    return Pod("v1", "Pod", api.metadata or Metadata(), api.spec or PodSpec(), api.status)


class _Template(Struct, frozen=True, gc=False):
    metadata: Metadata | None = None
    spec: PodSpec | None = None


def from_mapping(obj: dict[str, object], file: str | None = None, document: int | None = None) -> Pod | None:
    """Return the pod or pod template inside one decoded object, None when its kind holds none.

    Raises msgspec.ValidationError, with the path of the bad value, when a field has the wrong type.
    """
    kind, version = obj.get("kind"), obj.get("apiVersion")
    if not isinstance(kind, str) or kind not in TEMPLATES:
        return None
    groups, path = TEMPLATES[kind]
    if isinstance(version, str) and version.rpartition("/")[0] not in groups:
        return None
    inner: object = obj
    for key in path:
        inner = inner.get(key) if isinstance(inner, dict) else None
    template = msgspec.convert(inner if inner is not None else {}, _Template)
    metadata = msgspec.convert(obj.get("metadata") or {}, Metadata)
    status = msgspec.convert(obj.get("status") or {}, PodStatus) if not path else None
    annotations = (template.metadata.annotations if template.metadata else None) if path else None
    return Pod(
        str(version or ""),
        kind,
        metadata,
        template.spec or PodSpec(),
        status,
        annotations,
        file,
        document,
    )


def containers(pod: Pod) -> Iterator[Container]:
    """Yield every container of all four lists, in the order init (with sidecars), containers, ephemeral."""
    spec, status = pod.spec, pod.status or PodStatus()
    groups = (
        (spec.init_containers, status.init_container_statuses, ContainerType.INIT),
        (spec.containers, status.container_statuses, ContainerType.CONTAINER),
        (spec.ephemeral_containers, status.ephemeral_container_statuses, ContainerType.EPHEMERAL),
    )
    pod_profile = spec.security_context.seccomp_profile if spec.security_context else None
    annotations = pod.annotations
    for_all = annotations.get(POD_ANNOTATION)
    for specs, statuses, kind in groups:
        by_name = {entry.name: entry for entry in statuses or ()}
        for item in specs or ():
            own = item.security_context
            yield Container(
                item.name,
                _container_type(item, kind),
                item.image or "",
                bool(own and own.privileged),
                Declared(own.seccomp_profile if own else None, pod_profile, annotations.get(CONTAINER_ANNOTATION + item.name, for_all)),
                item.line,
                by_name.get(item.name),
                _rights(own, spec),
            )


def _rights(own: ContainerSecurity | None, spec: PodSpec) -> Rights:
    if own is None and spec.host_users is not False:
        return _ORDINARY
    mine, pod = own or ContainerSecurity(), spec.security_context or PodSecurity()
    user = mine.run_as_user if mine.run_as_user is not None else pod.run_as_user
    not_root = mine.run_as_non_root if mine.run_as_non_root is not None else pod.run_as_non_root
    capabilities = mine.capabilities or Capabilities()
    return Rights(
        tuple(capabilities.add or ()),
        tuple(capabilities.drop or ()),
        mine.allow_privilege_escalation is False and not mine.privileged and (bool(user) or not_root is True),
        spec.host_users is False,
    )


_ORDINARY = Rights()


def runs(member: Container) -> bool:
    """Return whether a container's status says that it is running."""
    state = member.status.state if member.status is not None else None
    return state is not None and state.running is not None


def started_at(member: Container) -> int | None:
    """Return when a running container started, in epoch seconds, None for one that does not run."""
    state = member.status.state if member.status is not None else None
    return epoch(state.running.started_at) if state is not None and state.running is not None else None


def container_id(member: Container) -> str | None:
    """Return the container's id without its scheme, None where there is none; only hexadecimal ones can be looked for."""
    text = (member.status.container_id or "") if member.status is not None else ""
    plain = text.rpartition("://")[2]
    return plain if re.fullmatch(r"[0-9a-f]{12,128}", plain) else None


def _container_type(spec: ContainerSpec, listed: ContainerType) -> ContainerType:
    if listed is ContainerType.INIT and spec.restart_policy == "Always":
        return ContainerType.SIDECAR
    return listed


# A CronJob names its Job after itself and the scheduled minute of the epoch
# (kubernetes pkg/controller/cronjob/utils.go getJobName, 1.21 and later): eight digits from 1989 until 2160.
_CRON_SUFFIX = re.compile(r"^(.+)-(2[4-9]|3\d|4[0-9])\d{6}$")


def owner(pod: Pod) -> Owner | None:
    """Return the workload behind a pod without asking anybody: the controller, and its own owner where its name shows it.

    A ReplicaSet whose name ends in the pod's `pod-template-hash` belongs to a Deployment; a Job named after a scheduled
    minute belongs to a CronJob.
    """
    for reference in pod.metadata.owner_references or ():
        if reference.controller:
            return _grandparent(reference, pod.metadata.labels or {})
    return None


def _grandparent(reference: OwnerReference, labels: dict[str, str]) -> Owner:
    if reference.kind == "ReplicaSet":
        template_hash = labels.get("pod-template-hash")
        if template_hash and reference.name.endswith(f"-{template_hash}"):
            return Owner("Deployment", reference.name[: -len(template_hash) - 1])
    if reference.kind == "Job" and (match := _CRON_SUFFIX.match(reference.name)):
        return Owner("CronJob", match.group(1))
    return Owner(reference.kind, reference.name)
