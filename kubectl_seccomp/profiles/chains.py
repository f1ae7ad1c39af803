"""The one shape of overlapping rules whose outcome in libseccomp's tree is known: comparisons for equality, argument by argument. Pure.

libseccomp (2.5.4, `src/db.c` _db_tree_add, db_chain_lt) keeps a level of nodes for an argument, one for each value, the greatest
value first, and a call is held against them in turn. Where it is equal, the node's own action or its level for a further argument
decides; where neither does, the next smaller value is looked at. Where it is not equal, the action of a rule with NE decides, and
no smaller value is looked at. So a rule with NE hides every rule about a smaller value, and CRI-O's rules on socket (1.35.1 and
later) refuse AF_VSOCK, which is 40, before they let pass what is not 16. Held against libseccomp by compiling and running
filters (tests/oracle).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from .conditions import Group
from .oci import Action, Condition

_UPPER = 32


class Case(Struct, frozen=True):
    """One alternative of a rule: calls that meet all conditions get the action."""

    rule: int
    conditions: Group
    action: Action


def apart(cases: Sequence[Case]) -> tuple[Case, ...] | None:
    """Return cases of which no call meets two, that do what the tree does; None for rules of any other shape.

    The shape: every rule begins with the same argument, EQ or NE, with values that have the same upper half; at most one says NE,
    and nothing further; those with the same EQ are one rule without more, or are again of this shape.
    """
    found = _level(cases, ())
    return None if found is None else found[0]


def _level(cases: Sequence[Case], before: Group) -> tuple[tuple[Case, ...], tuple[Group, ...]] | None:
    """Return the cases of one level, each behind `before`, and the calls that it leaves undecided."""
    heads = [case.conditions[0] for case in cases if case.conditions]
    if len(heads) < len(cases) or len({(one.index, one.value >> _UPPER) for one in heads}) != 1:
        return None
    unequal = [case for case in cases if case.conditions[0].op == "NE"]
    if any(one.op not in ("EQ", "NE") for one in heads) or len(unequal) > 1 or any(len(case.conditions) > 1 for case in unequal):
        return None
    found: list[Case] = []
    # What has come past the greater values: what is equal to none of them, and what their further levels left undecided.
    passed, strays = before, list[Group]()
    nodes = {value: _node(cases, heads[0].index, value, before) for value in sorted({one.value for one in heads}, reverse=True)}
    known = {value: inner for value, inner in nodes.items() if inner is not None}
    if len(known) < len(nodes):
        return None
    for value, inner in known.items():
        unlike = Condition(heads[0].index, "NE", value)
        found += inner[0]
        other = next((case for case in unequal if case.conditions[0] == unlike), None)
        passed = (*passed, unlike)
        if other is not None:
            found += [structs.replace(other, conditions=group) for group in (passed, *strays)]
            return tuple(found), inner[1]
        strays += inner[1]
    return tuple(found), (passed, *strays)


def _node(cases: Sequence[Case], index: int, value: int, before: Group) -> tuple[tuple[Case, ...], tuple[Group, ...]] | None:
    """Return the same for the calls that are equal to a node's value."""
    head = Condition(index, "EQ", value)
    inside = [structs.replace(case, conditions=case.conditions[1:]) for case in cases if case.conditions[0] == head]
    here = (*before, head)
    if not inside:
        return (), (here,)
    if len(inside) == 1 and not inside[0].conditions:
        return (structs.replace(inside[0], conditions=here),), ()
    return _level(inside, here)
