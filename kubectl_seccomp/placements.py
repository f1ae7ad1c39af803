"""Where pods run, as far as it decides their profile: one placement for all pods that are placed alike. Pure."""

from __future__ import annotations

from .effective import Placement, placement_os
from .facts import NodeFacts
from .model import NODE, Evidence, Gap
from .pods import Pod
from .words import KubeletDefault


class Placements:
    """Interned placements; `gaps` gets one for each node on which pods run and that was not among the nodes.

    `manifests` and `assumed_default` as in Policy.
    """

    def __init__(self, evidence: Evidence, manifests: bool, assumed_default: KubeletDefault) -> None:
        self.gaps: list[Gap] = []
        self._evidence = evidence
        self._manifests = manifests
        self._assumed_default = assumed_default
        self._known: dict[tuple[object, ...], tuple[int, Placement]] = {}
        self._absent: set[str] = set()

    def of(self, pod: Pod) -> tuple[int, Placement]:
        """Return the pod's placement with its number: a short key for the decisions made in it."""
        spec = pod.spec
        selector_os = (spec.node_selector or {}).get("kubernetes.io/os")
        key = (spec.node_name, spec.os.name if spec.os else None, selector_os, spec.runtime_class_name, pod.is_mirror)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = (len(self._known), self._placement(pod))
        return known

    def _placement(self, pod: Pod) -> Placement:
        node, name = self._node(pod.spec.node_name), pod.spec.runtime_class_name
        handler = self._evidence.handlers.get(name) if name else None
        os, os_assumed = placement_os(pod, node)
        return Placement(
            node,
            os,
            handler or name,
            pod.is_mirror,
            self._assumed_default,
            self._manifests,
            os_assumed,
            handler is None and name is not None,
        )

    def _node(self, name: str | None) -> NodeFacts | None:
        if not name or self._manifests:
            return None
        facts, why = self._evidence.nodes.get(name), self._evidence.nodes_why
        if facts is None and not why and name not in self._absent:
            self._absent.add(name)
            self.gaps.append(Gap(NODE, f"node/{name}", "pods run on it, but it was not among the nodes listed"))
        return facts or NodeFacts(name, default_source=why or "the node was not listed")
