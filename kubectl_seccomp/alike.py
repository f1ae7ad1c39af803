"""Which decisions hold for more than one node: nodes of a pool differ in nothing but their names. Pure."""

from __future__ import annotations

from msgspec import structs

from .effective import Placement
from .model import Decision


class Alike:
    """Numbers placements, equal ones but for the node's name with the same number: below 0, unlike the placements' own."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}
        self._numbers: dict[tuple[object, ...], int] = {}

    def number(self, own: int, placement: Placement) -> int:
        """Return the shared number of a placement that has the number `own`."""
        known = self._known.get(own)
        if known is None:
            node = placement.node
            facts = (node.os, node.arch, node.kernel, node.runtime, node.default, node.default_source) if node is not None else ()
            shape = (structs.replace(placement, node=None), *facts)
            known = self._known[own] = self._numbers.setdefault(shape, -1 - len(self._numbers))
        return known


def names_its_node(decision: Decision, placement: Placement) -> bool:
    """Whether a decision speaks of its node by name, so that it holds for no other one."""
    if placement.node is None:
        return False
    texts = [text for template in decision.templates for text in (template.reason, template.detail, *template.evidence)]
    return any(placement.node.name in text for text in (decision.effective.explanation, *texts))
