"""What `profile explain` says of single calls: the answer on every architecture, and all the reasons. Pure.

The structs are the json form (kind ProfileExplanation): fields may be added, never renamed.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from . import wording
from .answers import Answer, Table, ways
from .evasion import AROUND_IO_URING, around_io_uring, evadable
from .judged import Judged
from .oci import Action
from .syscalls import by_number, known_since, names, similar


class Outcome(Struct, frozen=True, rename="camel"):
    """What calls get, under which conditions (empty: always, or in all other cases), and what a program sees of it."""

    action: str
    errno: int | None
    conditions: str
    seen: str


class Way(Struct, frozen=True, rename="camel"):
    """One way to make a call on one architecture: `through` is the call that carries it (socketcall), None for itself.

    `answer` is the whole in one line, `reason` what decides, `rules` the indexes and lines of the rules that do, `dropped` those
    that name the call and do not count, `notes` what else matters.
    """

    architecture: str
    number: int | None
    through: str | None
    answer: str
    reason: str
    rules: tuple[int, ...]
    lines: tuple[int, ...]
    outcomes: tuple[Outcome, ...]
    dropped: tuple[str, ...]
    approximate: bool
    evadable: tuple[int, ...]
    notes: tuple[str, ...]


class CallExplanation(Struct, frozen=True, rename="camel"):
    """One call that was asked for. `known` is false for a name that no libseccomp has; `suggestion` is a name like it."""

    call: str
    known: bool
    suggestion: str | None
    ways: tuple[Way, ...]


class Explanation(Struct, frozen=True, rename="camel"):
    """All calls that were asked for, in the order in which they were."""

    calls: tuple[CallExplanation, ...]


def explain(judged: Judged, asked: str, lines: Mapping[int, int]) -> CallExplanation:
    """Return everything about one call, given by name or by the node's own number; `lines` are those of rules, by index."""
    name = _name(judged, asked)
    found = [
        _way(judged, table, name, through, answer, lines)
        for table in judged.decision.tables.values()
        for through, answer in ways(table, name).items()
    ]
    if found or known_since(name) is not None:
        return CallExplanation(name, True, None, tuple(found))
    return CallExplanation(name, False, similar(name), ())


def _name(judged: Judged, asked: str) -> str:
    if asked.isascii() and asked.isdigit() and judged.native is not None:
        return by_number(judged.native.abi).get(int(asked[:9]), asked)
    return asked


def _way(judged: Judged, table: Table, name: str, through: str, answer: Answer, lines: Mapping[int, int]) -> Way:
    carried = through != name
    places = {index: f" (line {line})" for index, line in lines.items()}
    return Way(
        table.abi,
        names(table.abi).get(through),
        through if carried else None,
        wording.answer(answer),
        wording.reason(answer, places),
        answer.rules,
        tuple(lines[index] for index in answer.rules if index in lines),
        tuple(_outcomes(answer)),
        tuple(f"rule {one.index}{places.get(one.index, '')} does not count: {one.why}" for one in answer.dropped),
        answer.approximate,
        () if carried else evadable(table, name),
        tuple(_notes(judged, table, name, answer, carried=carried)),
    )


def _outcomes(answer: Answer) -> list[Outcome]:
    if answer.action is not None:
        return [_outcome(answer.action, "")]
    found = [_outcome(chosen, text) for chosen, text in wording.alternatives(answer.cases)]
    return [*found, _outcome(answer.otherwise, "")] if answer.otherwise is not None else found


def _outcome(chosen: Action, conditions: str) -> Outcome:
    number_ = chosen.errno if chosen.kind in ("ERRNO", "TRACE") else None
    return Outcome(f"SCMP_ACT_{chosen.kind}", number_, conditions, wording.seen(chosen))


def _notes(judged: Judged, table: Table, name: str, answer: Answer, *, carried: bool) -> list[str]:
    found = [answer.unsure] if answer.unsure else []
    if carried:
        found.append("its arguments lie in memory, where no filter can look: conditions on them do not count")
    for first, second in answer.overlapping:
        found.append(f"rules {first} and {second} differ and can match the same syscall: which of them wins is not certain")
    if not answer.exact:
        found.append("approximate: for rules like these libseccomp's filter differs from what they say, for some arguments")
    if not carried and name in AROUND_IO_URING and name in around_io_uring(table) and judged.resolved is not None:
        found.append("io_uring, which is allowed, carries it out past the filter")
    if not carried and (late := evadable(table, name)):
        which = ", ".join(f"arg{index}" for index in late)
        found.append(f"can be bypassed through the upper half of {which}: the filter sees 64 bits, the kernel takes 32")
    return found
