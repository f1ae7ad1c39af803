"""What `profile show` says: every call by what it gets, the risk groups, what is dropped, what can be bypassed. Pure.

The structs are the json form (kind ProfileSets): fields may be added, never renamed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct, structs

from . import wording
from .answers import Answer, Table, Why
from .evasion import around_io_uring, evadable
from .judged import Counts, Judged, counts
from .oci import Action
from .reach import Exposed, exposed, user_namespace
from .syscalls import known_since


class ActionSet(Struct, frozen=True, rename="camel"):
    """The calls that always get one action. `by_default` of them get it because no rule says otherwise, `by_stub` because of their
    high number, from runc.
    """

    action: str
    errno: int | None
    answer: str
    calls: tuple[str, ...]
    by_default: int = 0
    by_stub: int = 0


class ConditionalCall(Struct, frozen=True, rename="camel"):
    """A call whose answer depends on its arguments. `approximate`: libseccomp's filter may differ from this for some of them, or
    rules with different actions meet; `evadable`: arguments whose upper half gets around it.
    """

    call: str
    answer: str
    approximate: bool
    evadable: tuple[int, ...]


class AbiSets(Struct, frozen=True, rename="camel"):
    """All calls of one architecture. `listed` is false where its programs are killed because the profile does not list it; `stub` is
    the highest number that runc lets through to the filter.
    """

    architecture: str
    listed: bool
    counts: Counts
    sets: tuple[ActionSet, ...]
    conditional: tuple[ConditionalCall, ...]
    stub: int | None
    unsure: tuple[str, ...]


class RiskGroup(Struct, frozen=True, rename="camel"):
    """One risk group: what of it gets through and how, what of that the container's capabilities reach, what is refused.
    `examples` are bugs in what is reachable.
    """

    name: str
    why: str
    examples: tuple[str, ...]
    open: tuple[str, ...]
    reachable: tuple[str, ...]
    refused: tuple[str, ...]


class DroppedRule(Struct, frozen=True, rename="camel"):
    """A rule, or what it says of some calls, that does not count."""

    rule: int
    why: str
    calls: tuple[str, ...] = ()
    line: int | None = None


class Sets(Struct, frozen=True, rename="camel"):
    """A whole profile. `filter` is false where none is loaded; `io_uring` are calls that are refused and that io_uring makes."""

    filter: bool
    loads: bool
    conflicts: tuple[str, ...]
    user_namespace: bool | None
    architectures: tuple[AbiSets, ...]
    groups: tuple[RiskGroup, ...]
    dropped: tuple[DroppedRule, ...]
    io_uring: tuple[str, ...]


def sets(judged: Judged) -> Sets:
    """Return everything about a profile at its place."""
    decision = judged.decision
    conflicts = tuple(f"{found.call}: rules {found.rules[0]} and {found.rules[1]}" for found in decision.conflicts)
    return Sets(
        judged.resolved is not None,
        not conflicts,
        conflicts,
        user_namespace(judged),
        tuple(_abi(table) for table in decision.tables.values()),
        _groups(judged),
        _dropped(judged),
        around_io_uring(judged.native) if judged.native is not None else (),
    )


def placed(found: Sets, lines: Mapping[int, int]) -> Sets:
    """Return the same with the lines on which dropped rules begin, by their index."""
    return structs.replace(found, dropped=tuple(structs.replace(one, line=lines.get(one.rule)) for one in found.dropped))


def _abi(table: Table) -> AbiSets:
    found: dict[Action, list[str]] = {}
    reasons: Counter[tuple[Action, bool]] = Counter()
    for name, answer in table.answers.items():
        if answer.action is not None:
            found.setdefault(answer.action, []).append(name)
            if answer.rule is None:
                reasons[answer.action, answer.why is Why.STUB] += 1
    made = (
        ActionSet(
            f"SCMP_ACT_{chosen.kind}",
            chosen.errno if chosen.kind in ("ERRNO", "TRACE") else None,
            wording.action(chosen),
            tuple(sorted(names)),
            reasons[chosen, False],
            reasons[chosen, True],
        )
        for chosen, names in found.items()
    )
    conditional = tuple(_conditional(table, name, answer) for name, answer in sorted(table.answers.items()) if answer.action is None)
    unsure = tuple(sorted(name for name, answer in table.answers.items() if answer.unsure))
    listed = not all(answer.why is Why.ARCHITECTURE for answer in table.answers.values())
    return AbiSets(table.abi, listed, counts(table), tuple(sorted(made, key=_order)), conditional, table.stub, unsure)


def _order(found: ActionSet) -> tuple[bool, int]:
    return found.action not in ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG"), -len(found.calls)


def _conditional(table: Table, name: str, answer: Answer) -> ConditionalCall:
    return ConditionalCall(name, wording.answer(answer), answer.approximate, evadable(table, name))


def _groups(judged: Judged) -> tuple[RiskGroup, ...]:
    table = judged.native
    if table is None:
        return ()
    return tuple(_group(table, found) for found in exposed(judged, judged.place.capabilities))


def _group(table: Table, found: Exposed) -> RiskGroup:
    passing, usable = ({one.call.shown for one in calls} for calls in (found.passing, found.reachable))
    return RiskGroup(
        found.group.name,
        found.group.why,
        tuple(bug for bug, call in found.group.examples if call in usable or (usable and not call)),
        tuple(one.shown for one in found.passing),
        tuple(one.shown for one in found.reachable),
        tuple(call.shown for call in found.group.calls if call.shown not in passing and call.name in table.answers),
    )


def _dropped(judged: Judged) -> tuple[DroppedRule, ...]:
    """Return the rules that do not count, whole ones first, then what single calls make of them on the node's own ABI."""
    if judged.resolved is None:
        return ()
    whole = [DroppedRule(one.index, one.why) for one in judged.resolved.dropped]
    parts: dict[tuple[int, str], list[str]] = {}
    for name, answer in judged.native.answers.items() if judged.native is not None else ():
        for one in answer.dropped:
            parts.setdefault((one.index, one.why), []).append(name)
    strange = ((rule.index, tuple(name for name in rule.names if known_since(name) is None)) for rule in judged.resolved.rules)
    unknown = [DroppedRule(index, "unknown syscall", names) for index, names in strange if names]
    found = [DroppedRule(index, why, tuple(names)) for (index, why), names in parts.items()]
    return (*whole, *unknown, *sorted(found, key=lambda one: one.rule))
