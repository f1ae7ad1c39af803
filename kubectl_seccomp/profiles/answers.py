"""The answer that a system call gets under a profile, and the questions one can ask of a table of them. Pure.

How the tables come about is in engine.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from .chains import Case
from .conditions import holds
from .oci import Action, Dropped
from .rules import Conflict
from .syscalls import Version, multiplexer


class Target(Struct, frozen=True):
    """Where a profile is loaded: Go's architecture; OCI runtime ("runc", "crun", "" unknown) and its version (() unknown);
    the release of libseccomp whose names that runtime knows, None for unknown.
    """

    arch: str = "amd64"
    runtime: str = ""
    version: tuple[int, ...] = ()
    libseccomp: Version | None = None


class Why(StrEnum):
    """What an answer comes from."""

    RULE = "rule"
    CONDITIONS = "conditions"
    DEFAULT = "default"
    STUB = "stub"
    ARCHITECTURE = "architecture"


class Answer(Struct, frozen=True):
    """What one call gets.

    `action`: every call gets it; None where it depends on the arguments: a call that meets one of `cases` gets that one's
    action, any other gets `otherwise`. `rule`: index of the rule that decides. `exact`: the loaded filter is known to do just
    that; where it is False, libseccomp's tree differs from the rules for some arguments. `overlapping`: pairs of rules with
    different actions that one call can meet both, ambiguous for these calls. `dropped`: rules that name the call and do not
    count. `unsure`: why even this is not certain, nothing when it is.
    """

    action: Action | None
    why: Why
    rule: int | None = None
    cases: tuple[Case, ...] = ()
    otherwise: Action | None = None
    exact: bool = True
    overlapping: tuple[tuple[int, int], ...] = ()
    dropped: tuple[Dropped, ...] = ()
    unsure: str = ""

    @property
    def rules(self) -> tuple[int, ...]:
        """The indexes of all rules that decide, in their order."""
        return tuple(sorted({case.rule for case in self.cases} | ({self.rule} if self.rule is not None else set())))

    @property
    def approximate(self) -> bool:
        """Whether the filter may do something else for some arguments."""
        return not self.exact or bool(self.overlapping)


class Table(Struct, frozen=True):
    """The answers of one ABI by name, for every call that has a number there. `bits`: how much of an argument is compared.

    `stub`: the highest number that runc's stub lets through to the filter, None without a stub. `conflicts`: why the filter does
    not load. `clashes`: why it may not load: pairs of rules with different actions that one call can meet both. `tangled`: calls,
    also such without a number here, with rules of a shape that libseccomp is not exact for, and may never come back from.
    """

    abi: str
    bits: int
    answers: dict[str, Answer]
    stub: int | None = None
    conflicts: tuple[Conflict, ...] = ()
    clashes: tuple[Conflict, ...] = ()
    tangled: tuple[str, ...] = ()


class Decision(Struct, frozen=True):
    """A profile on a target: a table for each ABI, the node's own one first. `unjudged`: listed ABIs that are not known here.

    Without any table the node's own architecture is not known here.
    """

    tables: dict[str, Table]
    unjudged: tuple[str, ...] = ()

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Why the filter does not load, for every ABI; empty when it does."""
        return tuple(dict.fromkeys(found for table in self.tables.values() for found in table.conflicts))


def act(found: Table, name: str, arguments: Sequence[int]) -> Action | None:
    """Return what a call with these six arguments gets; None where rules with different actions meet in it (ambiguous)."""
    return given(found.answers[name], arguments, found.bits)


def given(answer: Answer, arguments: Sequence[int], bits: int) -> Action | None:
    """Return the same for a call's answer, of which `bits` of an argument are compared."""
    if answer.action is not None:
        return answer.action
    met = {case.action for case in answer.cases if holds(case.conditions, arguments, bits)}
    if not met:
        return answer.otherwise
    return met.pop() if len(met) == 1 else None


def ways(found: Table, name: str) -> dict[str, Answer]:
    """Return every way to make a call on this ABI with its answer: itself, and socketcall or ipc for its number there."""
    direct = {name: found.answers[name]} if name in found.answers else {}
    carrier = multiplexer(found.abi, name)
    if carrier is None:
        return direct
    return {**direct, carrier[0]: _narrowed(found, found.answers[carrier[0]], carrier[1])}


def _narrowed(found: Table, answer: Answer, subcall: int) -> Answer:
    """Return a carrier's answer for one sub-call: the cases that are left, without their comparison of the first argument."""
    if answer.action is not None:
        return answer
    first = (subcall, 0, 0, 0, 0, 0)
    left = [
        Case(case.rule, tuple(one for one in case.conditions if one.index), case.action)
        for case in answer.cases
        if holds(tuple(one for one in case.conditions if not one.index), first, found.bits)
    ]
    otherwise = answer.otherwise
    if not left:
        return Answer(otherwise, Why.DEFAULT, unsure=answer.unsure)
    if len(actions := {case.action for case in left}) == 1 and (whole := next((one for one in left if not one.conditions), None)):
        return Answer(actions.pop(), Why.RULE, whole.rule, unsure=answer.unsure)
    return Answer(None, Why.CONDITIONS, None, tuple(left), otherwise, answer.exact, answer.overlapping, unsure=answer.unsure)
