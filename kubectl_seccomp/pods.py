"""API objects -> pods and containers: one extractor for every kind, one visitor for all container lists.

The structs name only the fields that some rule reads, so that msgspec skips the rest of an API page unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct, field

from .model import ContainerType, Declared, Owner, Profile

POD_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod"
CONTAINER_ANNOTATION = "container.seccomp.security.alpha.kubernetes.io/"
MIRROR_ANNOTATION = "kubernetes.io/config.mirror"

# Where each kind keeps its pod template (Kubernetes API reference, v1.37).
TEMPLATE_PATHS: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "PodTemplate": ("template",),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


class ContainerSecurity(Struct, frozen=True, rename="camel", gc=False):
    """The two fields of a container's securityContext that matter here."""

    seccomp_profile: Profile | None = None
    privileged: bool | None = None


class PodSecurity(Struct, frozen=True, rename="camel", gc=False):
    """The one field of a pod's securityContext that matters here."""

    seccomp_profile: Profile | None = None


class ContainerSpec(Struct, frozen=True, rename="camel", gc=False):
    """A container as written; `line` is put in by the YAML reader under a key no manifest can keep."""

    name: str = ""
    image: str | None = None
    security_context: ContainerSecurity | None = None
    restart_policy: str | None = None
    line: int | None = field(default=None, name="$line")


class PodOS(Struct, frozen=True, gc=False):
    """spec.os."""

    name: str = ""


class PodSpec(Struct, frozen=True, rename="camel", gc=False):
    """A pod spec, as far as a rule reads it."""

    containers: list[ContainerSpec] | None = None
    init_containers: list[ContainerSpec] | None = None
    ephemeral_containers: list[ContainerSpec] | None = None
    security_context: PodSecurity | None = None
    node_name: str | None = None
    node_selector: dict[str, str] | None = None
    runtime_class_name: str | None = None
    os: PodOS | None = None
    host_pid: bool | None = field(default=None, name="hostPID")
    share_process_namespace: bool | None = None


class OwnerReference(Struct, frozen=True, gc=False):
    """metadata.ownerReferences[]."""

    kind: str = ""
    name: str = ""
    controller: bool | None = None


class Metadata(Struct, frozen=True, rename="camel", gc=False):
    """metadata, as far as a rule reads it."""

    name: str | None = None
    generate_name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None
    creation_timestamp: str | None = None


class Waiting(Struct, frozen=True, gc=False):
    """state.waiting."""

    reason: str | None = None
    message: str | None = None


class Running(Struct, frozen=True, rename="camel", gc=False):
    """state.running."""

    started_at: str | None = None


class Terminated(Struct, frozen=True, rename="camel", gc=False):
    """state.terminated."""

    exit_code: int = 0
    reason: str | None = None
    message: str | None = None
    finished_at: str | None = None


class ContainerState(Struct, frozen=True, gc=False):
    """One of waiting, running, terminated."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Struct, frozen=True, rename="camel", gc=False):
    """The status of one container."""

    name: str = ""
    container_id: str | None = field(default=None, name="containerID")
    restart_count: int = 0
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class PodStatus(Struct, frozen=True, rename="camel", gc=False):
    """A pod's status, as far as a rule reads it."""

    phase: str | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None


class ApiPod(Struct, frozen=True, rename="camel", gc=False):
    """A Pod as the API server sends it (apiVersion and kind are absent inside a PodList)."""

    metadata: Metadata | None = None
    spec: PodSpec | None = None
    status: PodStatus | None = None


class ListMeta(Struct, frozen=True, rename="camel", gc=False):
    """metadata of a list page; `continue_` is empty on the last page."""

    continue_: str = field(default="", name="continue")
    resource_version: str = ""


class PodPage(Struct, frozen=True, gc=False):
    """One page of a PodList."""

    items: list[ApiPod] | None = None
    metadata: ListMeta | None = None


class RawPage(Struct, frozen=True, gc=False):
    """A page whose items are still bytes: the way out when one item does not fit the structs."""

    items: list[msgspec.Raw] | None = None
    metadata: ListMeta | None = None


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


class Container(Struct, frozen=True, gc=False):
    """One container of a pod with what was declared for it; `status` is None where there is none yet."""

    name: str
    type: ContainerType
    image: str
    privileged: bool
    declared: Declared
    line: int | None
    status: ContainerStatus | None


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
    kind = obj.get("kind")
    path = TEMPLATE_PATHS.get(kind) if isinstance(kind, str) else None
    if path is None:
        return None
    inner: object = obj
    for key in path:
        inner = inner.get(key) if isinstance(inner, dict) else None
    template = msgspec.convert(inner if inner is not None else {}, _Template)
    metadata = msgspec.convert(obj.get("metadata") or {}, Metadata)
    status = msgspec.convert(obj.get("status") or {}, PodStatus) if not path else None
    annotations = (template.metadata.annotations if template.metadata else None) if path else None
    return Pod(
        str(obj.get("apiVersion") or ""),
        str(kind),
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
    for specs, statuses, kind in groups:
        by_name = {entry.name: entry for entry in statuses or ()}
        for item in specs or ():
            own = item.security_context
            yield Container(
                item.name,
                _container_type(item, kind),
                item.image or "",
                bool(own and own.privileged),
                Declared(own.seccomp_profile if own else None, pod_profile, _annotation(annotations, item.name)),
                item.line,
                by_name.get(item.name),
            )


def _container_type(spec: ContainerSpec, listed: ContainerType) -> ContainerType:
    if listed is ContainerType.INIT and spec.restart_policy == "Always":
        return ContainerType.SIDECAR
    return listed


def _annotation(annotations: dict[str, str], container: str) -> str | None:
    if not annotations:
        return None
    own = annotations.get(CONTAINER_ANNOTATION + container)
    return own if own is not None else annotations.get(POD_ANNOTATION)


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
