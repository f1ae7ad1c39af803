"""A node's object -> what is known of the node."""

from __future__ import annotations

from msgspec import Struct

from ..facts import NodeFacts, Taint
from ..objects import Metadata

CORDONED = "the node is cordoned"
DIRECTORY_LABEL = "kubelet.kubernetes.io/directory-location"


class Condition(Struct, frozen=True):
    """status.conditions[]."""

    type: str = ""
    status: str = ""


class NodeInfo(Struct, frozen=True, rename="camel"):
    """status.nodeInfo."""

    operating_system: str = ""
    architecture: str = ""
    kernel_version: str = ""
    kubelet_version: str = ""
    container_runtime_version: str = ""


class NodeStatus(Struct, frozen=True, rename="camel"):
    """status of a node."""

    conditions: list[Condition] | None = None
    node_info: NodeInfo | None = None


class NodeSpec(Struct, frozen=True):
    """spec of a node."""

    unschedulable: bool = False
    taints: tuple[Taint, ...] | None = None


class Node(Struct, frozen=True):
    """A node, as far as a rule reads it."""

    metadata: Metadata | None = None
    spec: NodeSpec | None = None
    status: NodeStatus | None = None


def facts(item: Node) -> NodeFacts:
    """Return what a node's object says of it."""
    metadata, status = item.metadata or Metadata(), item.status or NodeStatus()
    info, spec, labels = status.node_info or NodeInfo(), item.spec or NodeSpec(), metadata.labels or {}
    ready = any(entry.type == "Ready" and entry.status == "True" for entry in status.conditions or ())
    return NodeFacts(
        metadata.name or "",
        info.operating_system,
        info.architecture,
        info.kernel_version,
        info.kubelet_version,
        info.container_runtime_version,
        directory_label=labels.get(DIRECTORY_LABEL),
        reachable=ready,
        unaskable=_unaskable(spec, labels, info.operating_system, ready),
        labels=labels,
        taints=spec.taints or (),
        unschedulable=spec.unschedulable,
    )


def _unaskable(spec: NodeSpec, labels: dict[str, str], system: str, ready: bool) -> str:
    """Return why no probe is sent to a node, empty when one is."""
    if system == "windows":
        return "a Windows node has no seccomp"
    # The labels that virtual-kubelet and EKS put on nodes that are no machines: there is no host to mount.
    if labels.get("type") == "virtual-kubelet" or labels.get("eks.amazonaws.com/compute-type") == "fargate":
        return "there is no machine behind this node"
    if not ready:
        return "the node is not ready"
    return CORDONED if spec.unschedulable else ""
