"""On which nodes a pod could be placed: now, later, never. Pure.

The rules are the scheduler's filters NodeName, NodeAffinity, TaintToleration and NodeUnschedulable, and the kubelet's refusal of
another operating system (kubernetes pkg/scheduler/framework/plugins, component-helpers scheduling/corev1/nodeaffinity, api
core/v1/toleration.go, pkg/kubelet/lifecycle/predicate.go; all 1.37). What changes by the hour is left out: room, ports, volumes,
the pods that are there already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from .facts import NodeFacts, Taint
from .objects import NodeSelectorTerm, Requirement, Toleration
from .pods import Pod

# Taints that say what state a node is in and go away with it (api core/v1/well_known_taints.go, cloud-provider api; 1.37).
_STATES = frozenset(
    f"node.kubernetes.io/{word}"
    for word in (
        "not-ready", "unreachable", "unschedulable", "memory-pressure", "disk-pressure", "pid-pressure", "network-unavailable",
        "out-of-service",
    )
) | {"node.cloudprovider.kubernetes.io/uninitialized", "node.cloudprovider.kubernetes.io/shutdown"}  # fmt: skip
_CORDONED = Taint("node.kubernetes.io/unschedulable", None, "NoSchedule")
_KEEPS_AWAY = ("NoSchedule", "NoExecute")
_NAME = "metadata.name"
# strconv.ParseInt(text, 10, 64); of a toleration, apimachinery api/validate/content IsDecimalInteger.
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"0|-?[1-9][0-9]*", re.ASCII)
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", re.ASCII)


class Fit(StrEnum):
    """Whether a pod could be placed on a node: `later` is once the node is ready, or takes pods again."""

    NOW = "now"
    LATER = "later"
    NEVER = "never"


class Shape(Struct, frozen=True, gc=False):
    """What decides where a pod could be placed; the pods of a workload share it. `node` is set where only that one will do."""

    node: str | None = None
    selector: tuple[tuple[str, str], ...] = ()
    terms: tuple[NodeSelectorTerm, ...] | None = None
    tolerations: tuple[Toleration, ...] = ()
    os: str = ""


class Reach(Struct, frozen=True):
    """The names of the nodes that pods could be placed on, `nodes` all of them; pods with the same nodes have the same number."""

    number: int
    now: tuple[str, ...]
    later: tuple[str, ...]
    nodes: tuple[str, ...]


class Eligibility:
    """Answers for pods among these nodes, once for each shape, and with one value for all shapes that fit the same nodes.

    Windows nodes are left out: they have no seccomp.
    """

    def __init__(self, nodes: Iterable[NodeFacts]) -> None:
        self._nodes = {node.name: node for node in nodes if node.os != "windows"}
        self._known: dict[Shape, Reach] = {}
        self._reaches: dict[tuple[tuple[str, ...], tuple[str, ...]], Reach] = {}

    def reach(self, pod: Pod) -> Reach:
        """Return where the pod, or the next one that its workload makes of it, could be placed."""
        wanted = shape(pod)
        known = self._known.get(wanted)
        if known is None:
            known = self._known[wanted] = self._reach(wanted)
        return known

    def _reach(self, wanted: Shape) -> Reach:
        names = _named(wanted)
        nodes = self._nodes.values() if names is None else [self._nodes[name] for name in names if name in self._nodes]
        fits = [(fit(wanted, node), node.name) for node in nodes]
        now = tuple(name for answer, name in fits if answer is Fit.NOW)
        later = tuple(name for answer, name in fits if answer is Fit.LATER)
        return self._reaches.setdefault((now, later), Reach(len(self._reaches), now, later, now + later))


def is_bound(pod: Pod) -> bool:
    """Return whether a pod stays on its node for good: it has one, and no workload would make another pod like it."""
    owners = pod.metadata.owner_references or ()
    return bool(pod.spec.node_name) and not any(owner.controller and owner.kind != "Node" for owner in owners)


def shape(pod: Pod) -> Shape:
    """Return what of a pod decides where it, or the next one like it, could be placed.

    A daemon pod is pinned to its node by the affinity that its controller wrote; where else its template fits there is
    another pod, also before it runs.
    """
    spec = pod.spec
    if is_bound(pod):
        return Shape(spec.node_name)
    affinity = spec.affinity.node_affinity if spec.affinity is not None else None
    required = affinity.required if affinity is not None else None
    return Shape(
        None,
        tuple(sorted(spec.node_selector.items())) if spec.node_selector else (),
        (required.node_selector_terms or ()) if required is not None else None,
        spec.tolerations or (),
        spec.os.name if spec.os is not None else "",
    )


def _named(wanted: Shape) -> list[str] | None:
    """Return the only nodes that can do because they are named, None where none are: spares a daemon pod all the others."""
    if wanted.node is not None:
        return [wanted.node]
    if wanted.terms is None:
        return None
    names: dict[str, None] = {}
    for term in wanted.terms:
        mine = [field.values[0] for field in term.match_fields or () if field.operator == "In" and field.values and field.key == _NAME]
        if not mine:
            return None
        names[mine[0]] = None
    return list(names)


def fit(wanted: Shape, node: NodeFacts) -> Fit:
    """Return whether pods of this shape could be placed on the node."""
    if wanted.node is not None:
        return Fit.NEVER if wanted.node != node.name else Fit.NOW if node.reachable else Fit.LATER
    if (wanted.os and node.os and wanted.os != node.os) or not _selected(wanted, node):
        return Fit.NEVER
    taints = (*node.taints, _CORDONED) if node.unschedulable else node.taints
    against = [
        taint for taint in taints if taint.effect in _KEEPS_AWAY and not any(_tolerates(each, taint) for each in wanted.tolerations)
    ]
    if any(taint.key not in _STATES for taint in against):
        return Fit.NEVER
    return Fit.LATER if against or not node.reachable else Fit.NOW


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Lt and Gt count (1.35, feature gate TaintTolerationComparisonOperators): an API server without them takes no such pod."""
    if (toleration.effect and toleration.effect != taint.effect) or (toleration.key and toleration.key != taint.key):
        return False
    value, other = toleration.value or "", taint.value or ""
    match toleration.operator or "Equal":
        case "Exists":
            return True
        case "Equal":
            return value == other
        case "Lt" | "Gt" as operator:
            return all(map(_DECIMAL.fullmatch, (value, other))) and _compares(operator, other, value)
    return False


def _selected(wanted: Shape, node: NodeFacts) -> bool:
    """Whether the node has the labels of nodeSelector and fits one of the affinity's terms; without terms there is none to fit."""
    if any(node.labels.get(key) != value for key, value in wanted.selector):
        return False
    return wanted.terms is None or any(_fits(term, node) for term in wanted.terms)


def _fits(term: NodeSelectorTerm, node: NodeFacts) -> bool:
    """Whether a node fits a term: all of its expressions and fields; an empty term fits none, nor does one that is wrong."""
    labels, fields = term.match_expressions or (), term.match_fields or ()
    if not (labels or fields) or not all(map(_is_right, labels)) or not all(map(_is_right_field, fields)):
        return False
    return all(_matches(each, node.labels.get(each.key)) for each in labels) and all(
        _matches(each, node.name if each.key == _NAME else "") for each in fields
    )


def _is_right(each: Requirement) -> bool:
    """Whether apimachinery's labels.NewRequirement takes it."""
    values = each.values or ()
    if not all(map(_LABEL_VALUE.fullmatch, values)):
        return False
    match each.operator:
        case "In" | "NotIn":
            return bool(values)
        case "Exists" | "DoesNotExist":
            return not values
        case "Gt" | "Lt":
            return len(values) == 1 and _integer(values[0]) is not None
    return False


def _is_right_field(each: Requirement) -> bool:
    return each.operator in ("In", "NotIn") and len(each.values or ()) == 1


def _matches(each: Requirement, value: str | None) -> bool:
    values = each.values or ()
    match each.operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return value is not None and _compares(each.operator, value, values[0])


def _compares(operator: str, value: str, bound: str) -> bool:
    left, right = _integer(value), _integer(bound)
    if left is None or right is None:
        return False
    return left > right if operator == "Gt" else left < right


def _integer(text: str) -> int | None:
    """Return a 64-bit integer as Go reads it, None for anything else."""
    if len(text) > 64 or not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None
