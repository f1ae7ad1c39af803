"""A resolved profile and the node it is loaded on -> the answer that every system call gets, with the reason. Pure.

`decide` answers for the node's own ABI and for every listed one. Where a rule of this belongs:

- which rules a runtime reads out of a file, and what their words mean: decoders.py
- what libseccomp makes of the rules for one call: rules.py; how it compares arguments: conditions.py
- what the OCI runtime puts around it, and which names its libseccomp knows: here
- names, numbers, ABIs: syscalls.py
- how a filter that does what it says can still be got around: evasion.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from .conditions import holds
from .gojson import Refused
from .oci import BIG_ENDIAN, KILL_THREAD, NO_SUCH_CALL, Action, Dropped, Resolved, Rule
from .rules import Case, Conflict, Settled, alternatives, settle
from .syscalls import IPC, NEWEST, OLDEST, SOCKETCALL, Version, architecture, known_since, multiplexer, names

_AUDIT_64BIT = 0x80000000  # linux/audit.h __AUDIT_ARCH_64BIT
_CARRIERS: dict[str, Mapping[str, int]] = {"socketcall": SOCKETCALL, "ipc": IPC}


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


class Table(Struct, frozen=True):
    """The answers of one ABI by name, for every call that has a number there. `bits`: how much of an argument is compared.

    `stub`: the highest number that runc's stub lets through to the filter, None without a stub.
    """

    abi: str
    bits: int
    answers: dict[str, Answer]
    stub: int | None = None
    conflicts: tuple[Conflict, ...] = ()


class Decision(Struct, frozen=True):
    """A profile on a target: a table for each ABI, the node's own one first. `unjudged`: listed ABIs that are not known here."""

    tables: dict[str, Table]
    unjudged: tuple[str, ...] = ()

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Why the filter does not load, for every ABI; empty when it does."""
        return tuple(dict.fromkeys(found for table in self.tables.values() for found in table.conflicts))


def decide(resolved: Resolved, target: Target) -> Decision:
    """Return the answers for the node's own ABI and all listed ones. Raises Refused for what libseccomp does not load."""
    own = architecture(target.arch)
    if own is None:
        return Decision({}, resolved.architectures)
    listed = [name for name in dict.fromkeys(resolved.architectures) if name != own.name]
    for name in listed:
        if (name in BIG_ENDIAN) != (own.name in BIG_ENDIAN):
            raise Refused(f"lists {name}, which has another byte order than the node")
    judged = [name for name in listed if architecture(name) is not None]
    tables = {name: table(resolved, target, name) for name in (own.name, *judged)}
    return Decision(tables, tuple(name for name in listed if name not in judged))


def foreign(resolved: Resolved, target: Target, abi: str) -> Table:
    """Return the table of an ABI that the node runs and the profile does not list: libseccomp's default for it is to kill."""
    answer = Answer(KILL_THREAD, Why.ARCHITECTURE)
    return Table(abi, _bits(abi), dict.fromkeys(names(abi), answer))


def table(resolved: Resolved, target: Target, abi: str) -> Table:
    """Return the answers of one ABI that the filter is made for."""
    builder = _Builder(resolved, target, abi)
    answers = builder.answers()
    conflicts = tuple(Conflict(name, found) for name, found in builder.conflicts.items())
    return Table(abi, builder.bits, answers, builder.stub, conflicts)


def act(found: Table, name: str, arguments: Sequence[int]) -> Action | None:
    """Return what a call with these six arguments gets; None where rules with different actions meet in it (ambiguous)."""
    answer = found.answers[name]
    if answer.action is not None:
        return answer.action
    met = {case.action for case in answer.cases if holds(case.conditions, arguments, found.bits)}
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


def _bits(abi: str) -> int:
    """How wide libseccomp takes an ABI's arguments to be: X32 has 64-bit registers and counts as 32 (`src/arch-x32.c`)."""
    known = architecture(abi)
    return 64 if known is not None and known.audit & _AUDIT_64BIT and abi != "SCMP_ARCH_X32" else 32


class _Builder:
    """One table in the making: the rules by name, and the answers that calls share."""

    def __init__(self, resolved: Resolved, target: Target, abi: str) -> None:
        self.resolved, self.target, self.abi, self.bits = resolved, target, abi, _bits(abi)
        self.library = target.libseccomp or NEWEST
        self.numbers = names(abi)
        self.rules: dict[str, list[Rule]] = {}
        for rule in resolved.rules:
            for name in rule.names:
                self.rules.setdefault(name, []).append(rule)
        self.highest = self._highest()
        self.stub = self.highest if target.runtime == "runc" and self._has_stub() else None
        self.plain = Answer(resolved.default, Why.DEFAULT)
        self.conflicts: dict[str, tuple[int, int]] = {}

    def answers(self) -> dict[str, Answer]:
        known = names(self.abi, self.library)
        found = {name: self._answer(name, name in known) for name in self.numbers}
        if self.stub is None and (self.highest is None or not self._might_have_stub()):
            return found
        assumed = not self.target.version and self.abi not in self.resolved.architectures
        unsure = "runc before 1.1.15 asks the filter here, as the profile does not list the architecture" if assumed else ""
        last, stubbed = self.highest or 0, Answer(NO_SUCH_CALL, Why.STUB, unsure=unsure)
        late = [name for name, number in self.numbers.items() if number > last]
        return found | {name: stubbed if self.stub is not None else self._doubted(found[name]) for name in late}

    def _answer(self, name: str, known: bool) -> Answer:
        rules = self.rules.get(name, ())
        carried = _CARRIERS.get(name) if self._multiplexed() else None
        if not rules and carried is None:
            return self.plain
        if not known:
            since = ".".join(str(part) for part in known_since(name, self.abi) or ())
            return Answer(
                self.resolved.default,
                Why.DEFAULT,
                dropped=tuple(Dropped(rule.index, f"libseccomp before {since} does not know {name}") for rule in rules),
            )
        settled = settle(self._carried(name, carried) if carried else self._cases(rules), self.resolved.default, self.bits)
        if settled.conflict is not None:
            self.conflicts[name] = settled.conflict
        return self._settled(name, settled)

    def _cases(self, rules: Sequence[Rule]) -> list[Case]:
        return [case for rule in rules for case in alternatives(rule, self.bits)]

    def _carried(self, name: str, carried: Mapping[str, int]) -> list[Case]:
        """Return the alternatives for socketcall or ipc: its own rules, and those of every call that it carries."""
        return [
            case
            for rule in self.resolved.rules
            for mention in rule.names
            if mention == name or mention in carried
            for case in alternatives(rule, self.bits, carried.get(mention))
        ]

    def _settled(self, name: str, settled: Settled) -> Answer:
        unsure = self._unsure(name, settled)
        if settled.final is not None:
            return Answer(settled.final.action, Why.RULE, settled.final.rule, dropped=settled.dropped, unsure=unsure)
        if not settled.cases:
            return Answer(self.resolved.default, Why.DEFAULT, dropped=settled.dropped)
        deciders = {case.rule for case in settled.cases}
        return Answer(
            None,
            Why.CONDITIONS,
            deciders.pop() if len(deciders) == 1 else None,
            settled.cases,
            self.resolved.default,
            settled.exact,
            settled.overlapping,
            settled.dropped,
            unsure,
        )

    def _unsure(self, name: str, settled: Settled) -> str:
        since = known_since(name, self.abi)
        if self.target.libseccomp is not None or since is None or since <= OLDEST or not (settled.final or settled.cases):
            return ""
        return f"a libseccomp before {'.'.join(str(part) for part in since)} does not know the name, and the default counts"

    def _doubted(self, answer: Answer) -> Answer:
        why = "its number is above all that the profile names: runc answers ENOSYS before the filter is asked"
        return Answer(answer.action, answer.why, answer.rule, answer.cases, answer.otherwise, dropped=answer.dropped, unsure=why)

    def _multiplexed(self) -> bool:
        known = architecture(self.abi)
        return known is not None and known.multiplexed

    def _highest(self) -> int | None:
        """The highest number that any rule names (runc `libcontainer/seccomp/patchbpf/enosys_linux.go` findLastSyscalls, 1.1 to 1.5).

        Rules that have no effect count too. What comes through socketcall or ipc has no number of its own to libseccomp.
        """
        known = names(self.abi, self.library)
        found = (known[name] for name in self.rules if name in known and multiplexer(self.abi, name) is None)
        return max(found, default=0) or None

    def _might_have_stub(self) -> bool:
        """Whether the OCI runtime, which is not known, puts a stub there if it is runc."""
        return not self.target.runtime and self._has_stub() and self.resolved.default != NO_SUCH_CALL

    def _has_stub(self) -> bool:
        """runc answers what it cannot know with ENOSYS, unless the default lets calls pass (generatePatch).

        The node's own ABI has it from 1.1.15 and 1.2.0 also where it is not listed.
        """
        if self.resolved.default.kind in ("ALLOW", "LOG", "TRACE") or self.highest is None:
            return False
        version = self.target.version
        own = not version or version >= (1, 2) or (1, 1, 15) <= version < (1, 2)
        return own or self.abi in self.resolved.architectures
