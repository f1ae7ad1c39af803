"""Which dangerous calls get through a filter, by which way, and whether a container can do anything with them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from math import prod

from msgspec import Struct

from .answers import Answer, Table, act, ways
from .judged import Judged, Opening, opening
from .risk import GROUPS, USER_NAMESPACE, Call, Group

_ABOVE = 1 << 32
_SIGCHLD = 17
_UNCLEAR = "(perhaps)"
_MOST = 1000


class Passing(Struct, frozen=True):
    """A call that gets through. `how` is empty for the plain way, else says which; not `certain` where the filter may stop it."""

    call: Call
    how: str = ""
    certain: bool = True

    @property
    def shown(self) -> str:
        """The call, with how it gets through where that is not plain."""
        return f"{self.call.shown}{f' {self.how}' if self.how else ''}"


class Exposed(Struct, frozen=True):
    """What of a group gets through; `reachable` are those that the container can do something with."""

    group: Group
    passing: tuple[Passing, ...]
    reachable: tuple[Passing, ...]


def user_namespace(judged: Judged) -> bool | None:
    """Return whether the filter lets its processes make a user namespace; None where that cannot be told."""
    found = _passing(judged, USER_NAMESPACE)
    if any(passing.certain for passing in found):
        return True
    return None if found or judged.decision.unjudged or judged.native is None else False


def exposed(judged: Judged, usable: frozenset[str], *, own_users: bool = False) -> tuple[Exposed, ...]:
    """Return what gets through of every group. `usable`: capabilities that the container's processes can have; `own_users`: they
    have them in a user namespace only.
    """
    namespace = user_namespace(judged) is not False
    passing = ((group, _passing(judged, group)) for group in GROUPS)
    return tuple(
        Exposed(group, found, tuple(one for one in found if _reachable(one.call, usable, namespace, own_users)))
        for group, found in passing
    )


def _reachable(call: Call, usable: frozenset[str], namespace: bool, own_users: bool) -> bool:
    held = not usable.isdisjoint(call.needs) and (call.namespaced or not own_users)
    return not call.needs or held or (call.namespaced and namespace)


def _passing(judged: Judged, group: Group) -> tuple[Passing, ...]:
    """Return the first way that each call has: the plain one, one that is certain, any."""
    found = []
    for call in group.calls:
        ways_ = sorted(_ways(judged, call), key=lambda way: (not way.certain, bool(way.how)))
        found += ways_[:1]
    return tuple(found)


def _ways(judged: Judged, call: Call) -> Iterator[Passing]:
    native = judged.native
    default_passes = judged.resolved is None or judged.resolved.default.passes
    for table in judged.decision.tables.values():
        program = "" if native is not None and table.abi == native.abi else "by 32-bit programs"
        for name, answer in ways(table, call.name).items():
            how = _through(table, call, name, answer)
            if how is not None:
                yield Passing(call, _joined(how, program), how != _UNCLEAR)
            elif default_passes and answer.unsure:
                # Refused by a rule whose name the node's libseccomp may not know.
                yield Passing(call, _joined(_UNCLEAR, program), certain=False)


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _through(table: Table, call: Call, name: str, answer: Answer) -> str | None:
    """Return how a call gets through one answer, its own or that of its carrier `name`; None if it does not."""
    found = opening(answer)
    if found is not Opening.CONDITIONAL:
        return "" if found is Opening.OPEN else None
    if call.value is None:
        return "with some arguments"
    if name != call.name:
        return _UNCLEAR  # its arguments lie in memory
    results = {_tried(table, call, registers) for registers in _registers(table, call, answer)}
    if "passes" in results:
        return ""
    if "above" in results:
        return "with bit 32 set"
    untried = prod(map(len, _edges(answer))) > _MOST
    return _UNCLEAR if "unclear" in results or untried or not answer.exact else None


def _tried(table: Table, call: Call, registers: list[int]) -> str:
    got = act(table, call.name, registers)
    if got is None:
        return "unclear"
    index = _index(table, call)
    if not got.passes:
        return "refused"
    return "above" if registers[index] >= _ABOVE else "passes"


def _index(table: Table, call: Call) -> int:
    """Return which argument counts: clone has its flags second on s390 (CONFIG_CLONE_BACKWARDS2)."""
    return 1 if call.name == "clone" and table.abi == "SCMP_ARCH_S390X" else 0


def _registers(table: Table, call: Call, answer: Answer) -> Iterator[list[int]]:
    """Yield arguments that make the call dangerous, with whatever the rules compare beside it."""
    index, value = _index(table, call), call.value or 0
    for base in _bases(answer):
        values = {value} | ({base[index] | value, value | _SIGCHLD} if call.flag else set())
        for chosen in values:
            yield [*base[:index], chosen, *base[index + 1 :]]
            if call.upper and table.bits == 64:
                yield [*base[:index], chosen | _ABOVE, *base[index + 1 :]]


def _bases(answer: Answer) -> Iterator[list[int]]:
    """Yield every way to put the edges of all arguments together, at most _MOST."""
    return map(list, islice(product(*_edges(answer)), _MOST))


def _edges(answer: Answer) -> list[list[int]]:
    """Return for each argument the values that its conditions tell apart: what they compare with, and what is just beside it."""
    found = [{0} for _ in range(6)]
    for case in answer.cases:
        for one in case.conditions:
            found[one.index] |= {max(one.expected + shift, 0) for shift in (-1, 0, 1)}
    return [sorted(values) for values in found]
