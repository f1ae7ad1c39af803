"""Argument conditions as libseccomp's filters compare them (2.5.4, `src/db.c` `_db_rule_gen_64`, `_db_rule_gen_32`). Pure.

Everything is unsigned. On a 64-bit ABI the whole register is compared, on a 32-bit one (x32 too) the lower half of the
register with the lower half of the value. MASKED_EQ ignores what is expected outside of its mask, and a mask of 0 is no
condition at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .oci import Condition

_COMPARE: dict[str, Callable[[int, Condition], bool]] = {
    "EQ": lambda value, condition: value == condition.value,
    "NE": lambda value, condition: value != condition.value,
    "LT": lambda value, condition: value < condition.value,
    "LE": lambda value, condition: value <= condition.value,
    "GE": lambda value, condition: value >= condition.value,
    "GT": lambda value, condition: value > condition.value,
    "MASKED_EQ": lambda value, condition: value & condition.value == condition.other,
}
RANGES = frozenset({"LT", "LE", "GE", "GT"})
Group = tuple[Condition, ...]


def groups(conditions: Sequence[Condition], bits: int) -> tuple[Group, ...]:
    """Return the alternatives that a rule's conditions are, each a set of conditions that must hold together.

    All together, unless one argument is named twice: then each condition becomes a rule of its own (runc
    `libcontainer/seccomp/seccomp_linux.go` matchCall, crun `src/libcrun/seccomp.c`). An empty group always holds.
    """
    indexes = [condition.index for condition in conditions]
    apart = len(set(indexes)) < len(indexes)
    parts = [(condition,) for condition in conditions] if apart else [tuple(conditions)]
    return tuple(_normal(part, bits) for part in parts)


def _normal(part: Group, bits: int) -> Group:
    """Cut a group to the ABI's width and leave out what always holds; its order does not matter (the highest argument first)."""
    word = (1 << bits) - 1
    cut = (
        Condition(found.index, found.op, found.value & word, found.other & found.value & word)
        for found in part
        if found.op != "MASKED_EQ" or found.value & word
    )
    return tuple(sorted(cut, key=lambda found: found.index))


def holds(group: Group, arguments: Sequence[int], bits: int) -> bool:
    """Whether a call with these six registers meets every condition of a normal group."""
    word = (1 << bits) - 1
    return all(_COMPARE[found.op](arguments[found.index] & word, found) for found in group)


def disjoint(one: Group, other: Group, bits: int) -> bool:
    """Whether no call can meet both groups; False also where that is not worked out."""
    return any(_apart(first, second, bits) for first in one for second in other if first.index == second.index)


def _apart(first: Condition, second: Condition, bits: int) -> bool:
    if first.op == second.op == "MASKED_EQ":
        return bool((first.other ^ second.other) & first.value & second.value)
    for exact, other in ((first, second), (second, first)):
        if exact.op == "EQ":
            return not _COMPARE[other.op](exact.value, other)
    word = (1 << bits) - 1
    low, high = _interval(first, word), _interval(second, word)
    return low is not None and high is not None and max(low[0], high[0]) > min(low[1], high[1])


def _interval(condition: Condition, word: int) -> tuple[int, int] | None:
    value = condition.value
    ends = {"LT": (0, value - 1), "LE": (0, value), "GE": (value, word), "GT": (value + 1, word)}
    return ends.get(condition.op)


def exact(cases: Sequence[Group]) -> bool:
    """Whether libseccomp's filter does what the alternatives for one call say, taken together with OR.

    Its tree of comparisons is exact for these shapes: one alternative; comparisons for equality only; one condition each, as
    long as ranges keep to values below 2^32. For others it is not, in both directions: conditions that share an argument hide
    each other's branches, and 2.5.4 was seen never to end. Measured by compiling and running filters (tests/oracle).
    """
    if len(cases) == 1 or all(one.op in ("EQ", "MASKED_EQ") for group in cases for one in group):
        return True
    if any(len(group) != 1 for group in cases):
        return False
    found = [group[0] for group in cases]
    return not any(one.op in RANGES for one in found) or all(max(one.value, one.other) < 1 << 32 for one in found)


def boundaries(cases: Sequence[Group]) -> Iterator[tuple[int, int]]:
    """Yield the argument and value pairs around which the outcome can change."""
    for group in cases:
        for condition in group:
            edge = condition.expected
            yield from ((condition.index, near) for near in (edge - 1, edge, edge + 1) if near >= 0)
