"""A resolved profile and the node it is loaded on -> the answer that every system call gets, with the reason. Pure.

`decide` answers for every ABI in question. Where a rule of this belongs:

- which rules a runtime reads out of a file, and what their words mean: decoders.py
- what libseccomp makes of the rules for one call: rules.py; how it compares arguments: conditions.py
- what the OCI runtime puts around it, and which names its libseccomp knows: here
- names, numbers, ABIs: syscalls.py; the words of an answer, and what a given call gets: answers.py
- how a filter that does what it says can still be bypassed: evasion.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from .answers import Answer, Decision, Table, Target, Why
from .chains import Case
from .gojson import NotJudged, Refused
from .oci import BIG_ENDIAN, KILL_THREAD, NO_SUCH_CALL, Dropped, Resolved, Rule
from .rules import Conflict, Settled, alternatives, settle
from .syscalls import IPC, NEWEST, OLDEST, SOCKETCALL, architecture, dotted, known_since, multiplexer, names

# From this release of runc on its stub is for the node's own architecture also where that is not listed.
STUB_FOR_ALL = (1, 1, 15)
_AUDIT_64BIT = 0x80000000  # linux/audit.h __AUDIT_ARCH_64BIT
MOST_WORK = 100_000
_TWINS = ("SCMP_ARCH_X86_64", "SCMP_ARCH_X32")
_CARRIERS: dict[str, Mapping[str, int]] = {"socketcall": SOCKETCALL, "ipc": IPC}


def decide(resolved: Resolved, target: Target) -> Decision:
    """Return the answers for the node's own ABI, all listed ones, and those that the node could run as well.

    Raises Refused for a list of architectures that libseccomp does not load, NotJudged for an absurd number of conditions.
    """
    own = architecture(target.arch)
    if own is None:
        return Decision({}, resolved.architectures)
    listed = [name for name in dict.fromkeys(resolved.architectures) if name != own.name]
    for name in listed:
        if (name in BIG_ENDIAN) != (own.name in BIG_ENDIAN):
            raise Refused(f"lists {name}, which has another byte order than the node")
    judged = [name for name in listed if architecture(name) is not None]
    tables = _disentangled({name: _Builder(resolved, target, name).table() for name in (own.name, *judged)})
    # What is not listed is killed, by libseccomp's own default that no runtime changes, before any rule is looked at.
    killed = Answer(KILL_THREAD, Why.ARCHITECTURE)
    others = {name: Table(name, _bits(name), dict.fromkeys(names(name), killed)) for name in own.subs if name not in tables}
    return Decision(tables | others, tuple(name for name in listed if name not in judged))


def _disentangled(tables: dict[str, Table]) -> dict[str, Table]:
    """Mark as approximate what may share a part of the program that it should not.

    libseccomp (2.5.4, `src/gen_bpf.c`) makes equal blocks one, and then a block of one call may be entered from another
    with the wrong argument loaded. Seen only where a call has several alternatives, one of them with several conditions, and
    another call compares the same argument with the same value.
    """
    users: dict[tuple[int, int], set[str]] = {}
    for found in tables.values():
        for name, answer in found.answers.items():
            for case in answer.cases:
                for comparison in _comparisons(case):
                    users.setdefault(comparison, set()).add(name)
    shared = {comparison for comparison, names_ in users.items() if len(names_) > 1}
    return {abi: _marked(found, shared) for abi, found in tables.items()} if shared else tables


def _marked(found: Table, shared: set[tuple[int, int]]) -> Table:
    hit = {
        name: structs.replace(answer, exact=False)
        for name, answer in found.answers.items()
        if len(answer.cases) > 1
        and any(len(case.conditions) > 1 for case in answer.cases)
        and any(not shared.isdisjoint(_comparisons(case)) for case in answer.cases)
    }
    return structs.replace(found, answers=found.answers | hit) if hit else found


def _comparisons(case: Case) -> set[tuple[int, int]]:
    """What a case compares: arguments with the lower halves of values, which all widths have in common."""
    return {(one.index, one.expected & 0xFFFFFFFF) for one in case.conditions}


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
        self.multiplexed = (known := architecture(abi)) is not None and known.multiplexed
        self.rules: dict[str, list[Rule]] = {}
        for rule in resolved.rules:
            for name in rule.names:
                self.rules.setdefault(name, []).append(rule)
        self.highest = self._highest()
        self.stub = self.highest if target.runtime == "runc" and self._has_stub() else None
        self.conflicts: list[Conflict] = []
        self.clashes: list[Conflict] = []
        self.tangled: list[str] = []
        self.plainly: dict[tuple[int, ...], Settled] = {}
        self.work = 0

    def table(self) -> Table:
        """Return the answers of one ABI that the filter is made for."""
        answers = self._answers()
        conflicts, clashes = tuple(self.conflicts), tuple(self.clashes)
        return Table(self.abi, self.bits, answers, self.stub, conflicts, clashes, tuple(self.tangled))

    def _answers(self) -> dict[str, Answer]:
        known, plain = names(self.abi, self.library), Answer(self.resolved.default, Why.DEFAULT)
        found = dict.fromkeys(self.numbers, plain)
        # In the order of the table, whatever the order of the rules.
        named = [name for name in self.numbers if name in self.rules or (self.multiplexed and name in _CARRIERS)]
        found |= {name: self._answer(name) if name in known else self._unknown(name) for name in named}
        self._settle_numberless()
        if self._headless([found[name] for name in named]):
            found |= {name: structs.replace(found[name], exact=found[name].why is Why.DEFAULT) for name in named}
        if self.stub is None and not self._might_have_stub():
            return found
        late = [name for name, number in self.numbers.items() if number > (self.highest or 0)]
        if self.stub is not None:
            return found | dict.fromkeys(late, self._stubbed())
        doubted = self._doubted(plain)
        return found | {name: doubted if found[name] is plain else self._doubted(found[name]) for name in late}

    def _answer(self, name: str) -> Answer:
        if carried := _CARRIERS.get(name) if self.multiplexed else None:
            return self._settled(name, self._settle(name, self._carried(name, carried)))
        rules = self.rules[name]
        if any(rule.conditions for rule in rules):
            return self._settled(name, self._settle(name, self._cases(rules)))
        # Most rules are a long list of names and nothing else: what is left of them is worked out once for all.
        key = tuple(rule.index for rule in rules)
        if key not in self.plainly:
            self.plainly[key] = self._settle(name, self._cases(rules))
        return self._settled(name, self.plainly[key])

    def _unknown(self, name: str) -> Answer:
        since = dotted(known_since(name, self.abi) or ())
        lost = tuple(Dropped(rule.index, f"libseccomp before {since} does not know {name}") for rule in self.rules.get(name, ()))
        return Answer(self.resolved.default, Why.DEFAULT, dropped=lost)

    def _stubbed(self) -> Answer:
        assumed = not self.target.version and self.abi not in self.resolved.architectures
        why = (
            f"runc before {dotted(STUB_FOR_ALL)} asks the filter here, as the profile does not list the architecture" if assumed else ""
        )
        return Answer(NO_SUCH_CALL, Why.STUB, unsure=why)

    def _settle(self, name: str, cases: Sequence[Case]) -> Settled:
        # Alternatives are compared with each other: bounded, so that no file takes seconds.
        self.work += sum(1 for case in cases if case.conditions) ** 2
        if self.work > MOST_WORK:
            raise NotJudged("has too many conditions for too many syscalls: not judged")
        settled = settle(cases, self.resolved.default, self.bits)
        if settled.conflict is not None:
            self.conflicts.append(Conflict(name, settled.conflict))
        self.clashes.extend(Conflict(name, pair) for pair in settled.overlapping)
        if not settled.exact:
            self.tangled.append(name)
        return settled

    def _settle_numberless(self) -> None:
        """Look for conflicts where libseccomp knows the name, but not here: such rules are in its tree all the same."""
        for name in self.rules.keys() - self.numbers.keys():
            since = known_since(name)
            if since is not None and since <= self.library and (not self.multiplexed or multiplexer(self.abi, name)):
                self._settle(name, self._cases(self.rules[name]))

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
            rule, clash = settled.final.rule, settled.overlapping
            return Answer(settled.final.action, Why.RULE, rule, (), None, settled.exact, clash, settled.dropped, unsure)
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
        return f"a libseccomp before {dotted(since)} does not know the name, and the default counts"

    def _doubted(self, answer: Answer) -> Answer:
        why = "its number is above all those that the profile names: runc answers ENOSYS before the filter is asked"
        return structs.replace(answer, unsure=why)

    def _headless(self, named: Sequence[Answer]) -> bool:
        """Whether libseccomp may forget to load the call's number here, so that no rule ever matches.

        It does (2.5.4 to 2.6.1, `src/gen_bpf.c` _gen_bpf_syscalls) where the simplest rule is about a call without a number. A
        rule without conditions is as simple as can be, and one about a call that has a number goes first.
        """
        if self.abi not in _TWINS:
            without = self.rules.keys() - self.numbers.keys()
            counts = any(multiplexer(self.abi, name) for name in without) if self.multiplexed else bool(without)
            return counts and not any(answer.why is Why.RULE for answer in named)
        # The two share one program where X32 is listed, X86_64 first; otherwise the number is loaded to tell them apart.
        own = names(_TWINS[0])
        plain = (rule.names for rule in self.resolved.rules if not rule.conditions and rule.action != self.resolved.default)
        if "SCMP_ARCH_X32" not in self.resolved.architectures or any(name in own for found in plain for name in found):
            return False
        return any(name not in names(abi) for name in self.rules for abi in _TWINS)

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
        """runc answers what it cannot know with ENOSYS, unless the default lets calls pass (generatePatch)."""
        if self.resolved.default.kind in ("ALLOW", "LOG", "TRACE") or self.highest is None:
            return False
        version = self.target.version
        return not version or version >= STUB_FOR_ALL or self.abi in self.resolved.architectures
