"""API objects as small typed structs: only the fields that some rule reads, so that msgspec skips the rest unread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct, field

from .model import Profile

T_co = TypeVar("T_co", covariant=True)
# All that decoding what somebody sent can raise: wrong JSON or types, broken UTF-8, nesting without end.
UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Capabilities(Struct, frozen=True, gc=False):
    """securityContext.capabilities."""

    add: list[str] | None = None
    drop: list[str] | None = None


class ContainerSecurity(Struct, frozen=True, rename="camel", gc=False):
    """The fields of a container's securityContext that matter here."""

    seccomp_profile: Profile | None = None
    privileged: bool | None = None
    capabilities: Capabilities | None = None
    allow_privilege_escalation: bool | None = None
    run_as_user: int | None = None
    run_as_non_root: bool | None = None


class PodSecurity(Struct, frozen=True, rename="camel", gc=False):
    """The fields of a pod's securityContext that matter here."""

    seccomp_profile: Profile | None = None
    run_as_user: int | None = None
    run_as_non_root: bool | None = None


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


class Requirement(Struct, frozen=True, gc=False):
    """One expression of a node selector term."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] | None = None


class NodeSelectorTerm(Struct, frozen=True, rename="camel", gc=False):
    """One of nodeSelectorTerms[]."""

    match_expressions: tuple[Requirement, ...] | None = None
    match_fields: tuple[Requirement, ...] | None = None


class NodeSelector(Struct, frozen=True, rename="camel", gc=False):
    """requiredDuringSchedulingIgnoredDuringExecution of a node affinity."""

    node_selector_terms: tuple[NodeSelectorTerm, ...] | None = None


class NodeAffinity(Struct, frozen=True, gc=False):
    """affinity.nodeAffinity; what is only preferred keeps a pod from no node."""

    required: NodeSelector | None = field(default=None, name="requiredDuringSchedulingIgnoredDuringExecution")


class Affinity(Struct, frozen=True, rename="camel", gc=False):
    """spec.affinity; what is between pods changes with them."""

    node_affinity: NodeAffinity | None = None


class Toleration(Struct, frozen=True, gc=False):
    """One of spec.tolerations[]."""

    key: str | None = None
    operator: str | None = None
    value: str | None = None
    effect: str | None = None


class PodSpec(Struct, frozen=True, rename="camel", gc=False):
    """A pod spec, as far as a rule reads it."""

    containers: list[ContainerSpec] | None = None
    init_containers: list[ContainerSpec] | None = None
    ephemeral_containers: list[ContainerSpec] | None = None
    security_context: PodSecurity | None = None
    node_name: str | None = None
    node_selector: dict[str, str] | None = None
    affinity: Affinity | None = None
    tolerations: tuple[Toleration, ...] | None = None
    runtime_class_name: str | None = None
    os: PodOS | None = None
    host_users: bool | None = None


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
    deletion_timestamp: str | None = None


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
    started_at: str | None = None


class ContainerState(Struct, frozen=True, gc=False):
    """One of waiting, running, terminated."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Struct, frozen=True, rename="camel", gc=False):
    """The status of one container."""

    name: str = ""
    container_id: str | None = field(default=None, name="containerID")
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class PodStatus(Struct, frozen=True, rename="camel", gc=False):
    """A pod's status, as far as a rule reads it."""

    phase: str | None = None
    reason: str | None = None
    message: str | None = None
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


class Page(Struct, Generic[T_co], frozen=True, gc=False):
    """One page of a list of anything."""

    items: Sequence[T_co] | None = None
    metadata: ListMeta | None = None
