"""Two profiles compared, syscall by syscall: where the second is stricter, where looser, and for which arguments. Pure.

Answers that depend on arguments are compared at the edges of both sides' conditions. That decides all arguments where they are
comparisons, or masks of few bits; else, and where an answer itself is only approximate, it is not certain.
The structs are the json form (kind ProfileDiff): fields may be added, never renamed.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import islice, product

from msgspec import Struct

from . import wording
from .answers import Answer, Table, Why, given
from .judged import Judged
from .oci import ALLOW, KILL_THREAD, NO_SUCH_CALL, Action, Condition
from .risk import NEWUSER, SOCKET_FAMILIES

# From what lets most through to what lets least (linux/seccomp.h, in the kernel's order of precedence).
_ORDER = ("ALLOW", "LOG", "TRACE", "NOTIFY", "ERRNO", "TRAP", "KILL_THREAD", "KILL_PROCESS")
_MOST = 4096  # argument lists that one call is tried with
_MOST_BITS = 12
_EXAMPLES = 4
_WORD = 2**64 - 1
OTHERS = "(any other number)"


class Direction(StrEnum):
    """What the second profile is for a call. `CHANGED`: as strict, but a program sees something else."""

    STRICTER = "stricter"
    LOOSER = "looser"
    BOTH = "both"
    CHANGED = "changed"


class Change(Struct, frozen=True, rename="camel"):
    """A call that gets something else. `arguments` are examples for which it does, empty where it does for all."""

    call: str
    architecture: str
    direction: Direction
    before: str
    after: str
    arguments: tuple[str, ...] = ()
    approximate: bool = False


class Difference(Struct, frozen=True, rename="camel"):
    """Two profiles. `a_subset_of_b`: what A lets through B lets through too; None where that is only approximately so."""

    same: bool
    a_subset_of_b: bool | None
    b_subset_of_a: bool | None
    changes: tuple[Change, ...]
    approximate: tuple[str, ...]


class _Tried(Struct):
    """What one call gets from both, with the arguments that showed it."""

    results: list[tuple[Action, Action, tuple[int, ...]]] = []
    certain: bool = True


def compare(before: Judged, after: Judged) -> Difference:
    """Return the difference between two profiles, each at its own place."""
    changes: list[Change] = []
    wider, narrower = False, False
    unsure: list[str] = []
    for abi, name, one, two, bits in _pairs(before, after):
        if one.action is not None and one.action == two.action:
            continue
        tried = _try(one, two, bits)
        differing = [result for result in tried.results if result[0] != result[1]]
        if not tried.certain:
            unsure.append(f"{name} ({_short(abi)})")
        if differing:
            wider = wider or any(not got.passes and new.passes for got, new, _ in differing)
            narrower = narrower or any(got.passes and not new.passes for got, new, _ in differing)
            changes.append(_change(name, abi, one, two, tried, differing))
    same = not changes and not unsure
    return Difference(same, _verdict(narrower, unsure), _verdict(wider, unsure), tuple(changes), tuple(unsure))


def _verdict(otherwise: bool, unsure: list[str]) -> bool | None:
    return False if otherwise else None if unsure else True


def _short(abi: str) -> str:
    return abi.removeprefix("SCMP_ARCH_").lower()


def _pairs(before: Judged, after: Judged) -> Iterator[tuple[str, str, Answer, Answer, int]]:
    first, second = before.decision.tables, after.decision.tables
    for abi in dict.fromkeys([*first, *second]):
        one, two = first.get(abi), second.get(abi)
        if one is not None and two is not None:
            yield from ((abi, name, answer, two.answers[name], one.bits) for name, answer in one.answers.items())
            yield abi, OTHERS, _rest(before, one), _rest(after, two), one.bits


def _rest(judged: Judged, table: Table) -> Answer:
    """Return the answer for numbers that have no name here: those that a newer kernel has."""
    if judged.resolved is None:
        return Answer(ALLOW, Why.DEFAULT)
    if table.stub is not None:
        return Answer(NO_SUCH_CALL, Why.STUB)
    if any(answer.why is Why.ARCHITECTURE for answer in table.answers.values()):
        return Answer(KILL_THREAD, Why.ARCHITECTURE)
    return Answer(judged.resolved.default, Why.DEFAULT)


def _try(one: Answer, two: Answer, bits: int) -> _Tried:
    if one.action is not None and two.action is not None:
        return _Tried([(one.action, two.action, ())])
    if one == two or (_says(one) == _says(two)):
        return _Tried([])
    found, certain = _Tried([]), True
    for registers in islice(_registers(one, two), _MOST):
        got, new = given(one, registers, bits), given(two, registers, bits)
        if got is None or new is None:
            certain = False
        else:
            found.results.append((got, new, registers))
    found.certain = certain and one.exact and two.exact and _decided(one, two)
    return found


def _says(answer: Answer) -> tuple[object, ...]:
    return frozenset((case.conditions, case.action) for case in answer.cases), answer.otherwise, answer.action


def _decided(one: Answer, two: Answer) -> bool:
    """Whether the tried arguments stand for all that there are."""
    parts = _parts(one, two)
    tries = 1
    for _, values, whole in parts:
        tries *= len(values) if whole else _MOST + 1
    return tries <= _MOST


def _parts(one: Answer, two: Answer) -> list[tuple[int, list[int], bool]]:
    """Return for each argument that a condition names the values to try, and whether these stand for all values."""
    named: dict[int, list[Condition]] = {}
    for case in (*one.cases, *two.cases):
        for condition in case.conditions:
            named.setdefault(condition.index, []).append(condition)
    return [(index, *_values(named[index])) for index in sorted(named)]


def _values(found: list[Condition]) -> tuple[list[int], bool]:
    """Comparisons change at their edges. Masks alone look at few bits, of which every combination is tried."""
    masks = [condition for condition in found if condition.op == "MASKED_EQ"]
    bits = 0
    for condition in masks:
        bits |= condition.value
    if masks and len(masks) == len(found) and bits.bit_count() <= _MOST_BITS:
        return sorted(_combinations(bits)), True
    edges = {0, _WORD}
    for condition in found:
        edges |= {condition.value - 1, condition.value, condition.value + 1, condition.other}
    for condition in masks:
        edges |= {condition.other | (~condition.value & _WORD), condition.other ^ (condition.value & -condition.value)}
    return sorted(value for value in edges if 0 <= value <= _WORD), not masks


def _combinations(bits: int) -> Iterator[int]:
    part = bits
    while part:
        yield part
        part = (part - 1) & bits
    yield 0


def _registers(one: Answer, two: Answer) -> Iterator[tuple[int, ...]]:
    parts = _parts(one, two)
    for values in product(*(values for _, values, _ in parts)):
        registers = [0] * 6
        for (index, _, _), value in zip(parts, values, strict=True):
            registers[index] = value
        yield tuple(registers)


def _change(
    name: str, abi: str, one: Answer, two: Answer, tried: _Tried, differing: list[tuple[Action, Action, tuple[int, ...]]]
) -> Change:
    always = len(differing) == len(tried.results)
    indexes = [index for index, _, _ in _parts(one, two)]
    alike = [each[2] for each in tried.results if each[0] == each[1]]
    examples = () if always else tuple(dict.fromkeys(_example(name, indexes, each[2], alike) for each in differing))[:_EXAMPLES]
    return Change(name, abi, _direction(differing), wording.answer(one), wording.answer(two), examples, not tried.certain)


def _direction(differing: list[tuple[Action, Action, tuple[int, ...]]]) -> Direction:
    steps = {_ORDER.index(new.kind) - _ORDER.index(got.kind) for got, new, _ in differing}
    stricter, looser = any(step > 0 for step in steps), any(step < 0 for step in steps)
    if stricter and looser:
        return Direction.BOTH
    return Direction.STRICTER if stricter else Direction.LOOSER if looser else Direction.CHANGED


def _example(name: str, indexes: list[int], registers: tuple[int, ...], alike: list[tuple[int, ...]]) -> str:
    """Return arguments with which the answers differ, without those that do not matter: `alike` are arguments where they do not."""
    needed = list(indexes)
    for index in indexes:
        rest = [other for other in needed if other != index]
        if rest and not any(all(same[other] == registers[other] for other in rest) for same in alike):
            needed = rest
    return " and ".join(f"arg{index} = {wording.number(registers[index])}{_meaning(name, index, registers)}" for index in needed)


def _meaning(name: str, index: int, registers: tuple[int, ...]) -> str:
    if name == "socket" and index == 0:
        return next((f" ({family})" for family, value in SOCKET_FAMILIES.items() if value == registers[0]), "")
    return " (CLONE_NEWUSER)" if name in ("clone", "unshare") and registers[index] == NEWUSER else ""
