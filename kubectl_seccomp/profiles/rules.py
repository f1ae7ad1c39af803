"""The rules that name one call, in the order of the file -> what libseccomp makes of them for one ABI. Pure.

libseccomp (2.5.4, `src/db.c` db_rule_add) keeps a tree of comparisons for each call. The first rule without conditions
is final, and replaces what was there; the same conditions with two actions are an error (EEXIST), and nothing is loaded. A rule
with the action of the filter's default never gets there (runc `libcontainer/seccomp/seccomp_linux.go` matchCall, crun
`src/libcrun/seccomp.c`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from .chains import Case, apart
from .conditions import disjoint, exact, groups
from .oci import Action, Condition, Dropped, Rule


class Conflict(Struct, frozen=True):
    """Two rules with the same conditions for one call and different actions: the filter does not load."""

    call: str
    rules: tuple[int, int]


class Settled(Struct, frozen=True):
    """What is left of a call's rules.

    `final`: it decides every call. Else `cases` decide, in any order, and what meets none of them gets the filter's default.
    `exact`: libseccomp's filter is known to do just that. `overlapping`: pairs of rules with different actions that one call
    can meet both: which of them wins follows the library's tree, and it may refuse to load them (also where `final` replaces
    them in the end). `conflict`: it does refuse.
    """

    final: Case | None = None
    cases: tuple[Case, ...] = ()
    exact: bool = True
    overlapping: tuple[tuple[int, int], ...] = ()
    dropped: tuple[Dropped, ...] = ()
    conflict: tuple[int, int] | None = None


def alternatives(rule: Rule, bits: int, subcall: int | None = None) -> tuple[Case, ...]:
    """Return a rule's alternatives for a call itself, or (`subcall`) for the call that carries it.

    socketcall and ipc pass their call's arguments in memory, where no filter can look: the first condition becomes the number
    of the sub-call, and the others stay, though they now compare something else (libseccomp `src/syscalls.c` abi_rule_add).
    """
    found = rule.conditions
    if subcall is None:
        return tuple(Case(rule.index, group, rule.action) for group in groups(found, bits))
    parts = groups(found, bits)
    carried = {groups((Condition(0, "EQ", subcall), *(one for one in part if one.index)), bits)[0]: None for part in parts}
    return tuple(Case(rule.index, group, rule.action) for group in carried)


def settle(cases: Iterable[Case], default: Action, bits: int) -> Settled:
    """Return what the library makes of all alternatives for one call, in the order in which they are added."""
    kept: list[Case] = []
    final: Case | None = None
    dropped: list[Dropped] = []
    for case in cases:
        if case.action == default:
            dropped.append(Dropped(case.rule, "its action is the same as the default's"))
        elif final is not None:
            dropped.append(Dropped(case.rule, f"rule {final.rule} already decides this syscall"))
        elif not case.conditions:
            dropped.extend(Dropped(old.rule, f"rule {case.rule}, which has no conditions, replaces it") for old in kept)
            final = case
        # To libseccomp EQ and a MASKED_EQ with a full mask are not the same (`_db_chain_eq`).
        elif (twin := next((old for old in kept if old.conditions == case.conditions), None)) is None:
            _add(case, kept, dropped)
        elif twin.action == case.action:
            dropped.append(Dropped(case.rule, f"rule {twin.rule} says the same"))
        elif not any(_clash(one, old, bits) for one in (twin, case) for old in kept if old is not twin):
            return Settled(cases=tuple(kept), conflict=(twin.rule, case.rule))
        else:
            kept.append(case)
    left = [] if final else kept
    pairs = tuple((two.rule, one.rule) for place, one in enumerate(kept) for two in kept[:place] if _clash(one, two, bits))
    counting = [*left, final] if final else left
    known = exact([case.conditions for case in kept])
    if not final and (pairs or not known) and (chained := apart(left)) is not None:
        return Settled(cases=chained, dropped=_others(dropped, counting))
    # Rules that are replaced in the end have been in the tree before.
    return Settled(final, tuple(left), known, pairs, _others(dropped, counting))


def _add(case: Case, kept: list[Case], dropped: list[Dropped]) -> None:
    """Add an alternative, unless one with the same action and fewer of its conditions is there; it takes the place of those."""
    fewer = [old for old in kept if old.action == case.action and set(old.conditions) < set(case.conditions)]
    if fewer:
        dropped.append(Dropped(case.rule, f"rule {fewer[0].rule} covers it"))
        return
    more = [old for old in kept if old.action == case.action and set(case.conditions) < set(old.conditions)]
    dropped.extend(Dropped(old.rule, f"rule {case.rule} covers it") for old in more)
    kept[:] = [*(old for old in kept if old not in more), case]


def _others(dropped: Sequence[Dropped], kept: Sequence[Case]) -> tuple[Dropped, ...]:
    """Leave out rules of which another alternative, or another mention of the name, counts."""
    counting = {case.rule for case in kept}
    return tuple(dict.fromkeys(found for found in dropped if found.index not in counting))


def _clash(one: Case, two: Case, bits: int) -> bool:
    return one.action != two.action and not disjoint(one.conditions, two.conditions, bits)
