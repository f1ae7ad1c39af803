"""What is wrong with a profile as a whole: whether a container can start with it, and what it leaves open. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ..runtimes import parse
from . import problems_reach as pages
from .answers import Answer, Table, Why
from .defaults import variant
from .engine import STUB_FOR_ALL
from .evasion import around_io_uring
from .floor import MARGIN, PROGRAM, Floor, Missing, lacking, missing
from .judged import Judged, Opening, Place, counts, default_at, opening
from .lint_rules import listed
from .oci import KILL_THREAD, NO_SUCH_CALL, Resolved
from .problem import HANGS, LOADS, NO_START, Effect, Effects, Problem, by_oci, everywhere
from .reach import exposed
from .syscalls import NEWEST, dotted, names

_FAILS = "threads fail"
Lacks = list[tuple[Floor, tuple[str, ...]]]
_NEW_MOUNT = ("fsopen", "fsconfig", "fsmount", "move_mount", "open_tree", "mount_setattr")
_ALL = 100
_CLONE3 = "clone3"
# Groups that RuntimeDefault closes for a reason, whatever a container is for.
_GRAVE = frozenset({"user-namespace", "mount", "kernel-code", "bpf-perf", "file-handles", "machine-state"})
# Names that only 32-bit ABIs have for what the others call otherwise (asm/unistd_32.h).
_OTHER_NAMES = {
    "umount2": ("umount",),
    "clock_settime": ("clock_settime64", "stime"),
    "settimeofday": ("stime", "clock_settime64"),
    "clock_adjtime": ("clock_adjtime64",),
    "adjtimex": ("clock_adjtime64",),
    "modify_ldt": ("vm86", "vm86old"),
    "newfstatat": ("fstatat64",),
    "sendfile": ("sendfile64",),
    "mmap": ("mmap2",),
    "waitid": ("waitpid",),
}


def problems(judged: Judged, default: str) -> Iterator[Problem]:
    """Yield the problems of a profile that is loaded. `default`: the runtime whose RuntimeDefault it is held against, with version."""
    table, resolved = judged.native, judged.resolved
    if table is None or resolved is None:
        return
    if _is_open(table):
        yield pages.OPEN.problem("every syscall passes", ("defaultaction",))
        return
    yield from _start(table, resolved)
    yield from _clone3(judged, table, resolved)
    yield from _architectures(judged, table, resolved)
    yield from _forgotten(judged, table, resolved)
    if around := around_io_uring(table):
        said = f"io_uring is let through and carries out what is refused: {listed(around)}"
        yield pages.IO_URING.problem(said, _rule(table, "io_uring_setup"))
    yield from _mounts(table)
    yield from _weaker(judged, table, resolved, default)


def _is_open(table: Table) -> bool:
    return all(opening(answer) is Opening.OPEN for answer in table.answers.values())


def _refuses(table: Table, name: str) -> bool:
    return name in table.answers and opening(table.answers[name]) is Opening.REFUSED


def _rule(table: Table, name: str) -> tuple[str | int, ...]:
    """Return where a call is decided."""
    rule = table.answers[name].rule
    return ("defaultaction",) if rule is None else ("syscalls", rule)


def _start(table: Table, resolved: Resolved) -> Iterator[Problem]:
    """Yield why a container cannot start, what it cannot do then, and what may be wanting."""
    found = missing(table)
    if _refuses(table, "execve"):
        said = "execve is refused: the container's program cannot be started"
        yield pages.NO_EXECVE.problem(said, _rule(table, "execve"), everywhere(NO_START))
    hangs = resolved.default == KILL_THREAD
    yield from _floors(table, found, stops=HANGS if hangs else NO_START)
    if hangs:
        runc = any(one.floor.runtime == "runc" for one in found)
        said = "the default ends one thread of a process" + (": runc hangs while it starts a container" if runc else "")
        severity = pages.KILL_DEFAULT.severities[0 if runc else 1]
        effects = by_oci(HANGS if runc else LOADS, LOADS)
        yield pages.KILL_DEFAULT.problem(said, ("defaultaction",), effects, "SCMP_ACT_ERRNO", severity)
    if _refuses(table, "exit_group"):
        yield pages.NO_EXIT.problem("exit_group is refused: programs crash or spin when they exit", _rule(table, "exit_group"))


def _floors(table: Table, found: tuple[Missing, ...], stops: str) -> Iterator[Problem]:
    medium, low = pages.FLOOR.severities[1:]
    path = ("defaultaction",)
    always = [(one.floor, calls) for one in found if (calls := _but_execve(one.always))]
    if always:
        said = f"the runtime cannot start a container: {_each(always)}"
        yield pages.FLOOR.problem(said, path, _effects(always, stops), _names(always))
    more = [(one.floor, calls) for one in found if (calls := _but_execve(one.more))]
    if more:
        said = f"a container without no_new_privs does not start: {_each(more)}"
        yield pages.FLOOR.problem(said, path, _effects(more, f"{NO_START} without no_new_privs"), _names(more), medium)
    program = lacking(table, PROGRAM)
    if program:
        said = f"a program that is linked with glibc does not start: {listed(program)} {'are' if len(program) > 1 else 'is'} refused"
        yield pages.FLOOR.problem(said, path, None, " ".join(program), medium)
    rest = [
        name for name in lacking(table, MARGIN) if not any(name in (*one.always, *one.more) for one in found) and name not in program
    ]
    if rest and not _lets_pass(table):
        said = f"runtimes also make these syscalls, and may need them for exec or in other releases: {listed(rest)}"
        yield pages.FLOOR.problem(said, path, None, " ".join(rest), low)


def _lets_pass(table: Table) -> bool:
    found = counts(table)
    return found.open > found.refused


def _but_execve(needed: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in needed if name != "execve")


def _each(found: Lacks) -> str:
    """Return `runc needs fstatfs, runc since 1.3 also statx`; what an older version needs is not said again."""
    parts: list[str] = []
    told: dict[str, set[str]] = {}
    for floor, calls in found:
        fresh = [name for name in calls if name not in told.setdefault(floor.runtime, set())]
        told[floor.runtime] |= set(fresh)
        if fresh:
            since = f" since {dotted(floor.since)} also" if floor.since else ""
            parts.append(f"{floor.runtime}{since} needs {', '.join(fresh)}")
    return "; ".join(parts)


def _names(found: Lacks) -> str:
    return " ".join(dict.fromkeys(name for _, calls in found for name in calls))


def _effects(found: Lacks, word: str) -> Effects:
    """Return the word for the runtimes whose floor is not reached, from the version on from which that is so."""
    first: dict[str, Effect] = {}
    for floor, _ in found:
        first.setdefault(floor.runtime, Effect(word, since=floor.since))
    return by_oci(first.get("runc", LOADS), first.get("crun", LOADS))


def _clone3(judged: Judged, table: Table, resolved: Resolved) -> Iterator[Problem]:
    answer = table.answers[_CLONE3]
    if _settles(answer, resolved) or _refuses(table, "clone"):
        return
    number, known = names(table.abi)[_CLONE3], names(table.abi, judged.place.target.libseccomp or NEWEST)
    # There is one: a rule tells clone3 from clone.
    highest, last = max((known[name], name) for rule in resolved.rules for name in rule.names if name in known)
    stubbed = answer.why is not Why.RULE and highest < number
    if stubbed:
        there = table.abi in resolved.architectures
        runc = "runc too" if there else f"runc before {dotted(STUB_FOR_ALL)} ({table.abi} is not listed), and with any runc"
        said = f"no rule decides clone3: threads fail with crun, and with {runc} once a rule names a syscall above 434"
        effects = by_oci(LOADS if there else Effect(_FAILS, before=STUB_FOR_ALL), _FAILS)
    else:
        covered = answer.why is Why.DEFAULT and highest > number
        above = f", and {last} has a higher number, so runc does not answer ENOSYS" if covered else ""
        said, effects = f"clone3 is refused, and not with ENOSYS{above}: threads fail", everywhere(_FAILS)
    rule = '{"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}'
    yield pages.CLONE3.problem(said, _rule(table, _CLONE3), effects, rule, pages.CLONE3.severities[1 if stubbed else 0])


def _settles(answer: Answer, resolved: Resolved) -> bool:
    """Whether a C library does well with this answer for clone3, and with the default where runc's stub answers."""
    if answer.why is Why.STUB:
        return resolved.default == NO_SUCH_CALL
    return opening(answer) is not Opening.REFUSED or answer.action == NO_SUCH_CALL


def _architectures(judged: Judged, own: Table, resolved: Resolved) -> Iterator[Problem]:
    absent = [abi for abi in judged.decision.tables if abi not in (own.abi, "SCMP_ARCH_X32", *resolved.architectures)]
    if absent:
        said = f"{listed(absent)} is not listed: 32-bit programs are killed"
        yield pages.ARCHITECTURES.problem(said, ("architectures",))


def _forgotten(judged: Judged, own: Table, resolved: Resolved) -> Iterator[Problem]:
    """Yield what a list of refused calls leaves open on the other listed architectures; of those not listed nothing is."""
    if not resolved.default.passes:
        return
    refused = [name for rule in resolved.rules for name in rule.names if _refuses(own, name)]
    for abi, table in judged.decision.tables.items():
        aliases = (other for name in refused for other in (*_OTHER_NAMES.get(name, ()), f"{name}32", f"{name}64", f"{name}_time64"))
        open_ = [name for name in aliases if name in table.answers and name not in own.answers and not _refuses(table, name)]
        if open_:
            said = f"on {abi} the same can be done by {listed(open_)}, which no rule refuses"
            yield pages.FORGOTTEN.problem(said, ("architectures",), suggestion=" ".join(dict.fromkeys(open_)))


def _mounts(table: Table) -> Iterator[Problem]:
    open_ = [name for name in _NEW_MOUNT if name in table.answers and not _refuses(table, name)]
    if _refuses(table, "mount") and open_:
        said = f"mount is refused, and these do the same: {listed(open_)}"
        yield pages.MOUNTS.problem(said, _rule(table, "mount"), suggestion=" ".join(open_))


def _weaker(judged: Judged, table: Table, resolved: Resolved, default: str) -> Iterator[Problem]:
    match = variant(default)
    strict = None if match is None else _default_open(match.variant, judged.place)
    if strict is None:
        return
    looser = {group: [name for name in calls if name not in strict] for group, calls in _open(judged).items()}
    looser = {group: calls for group, calls in looser.items() if calls}
    if not looser:
        return
    found, loose = counts(table), resolved.default.passes
    open_ = f"{found.open} of {found.calls} syscalls are open, including some" if loose else "syscalls are open"
    whose = f"{parse(default)[0].title}'s RuntimeDefault"
    said = "; ".join(f"{group}: {listed(calls, 3 if loose else _ALL)}" for group, calls in looser.items())
    severity = pages.WEAKER.severities[0 if loose or _GRAVE & looser.keys() else 1]
    yield pages.WEAKER.problem(f"{open_} that {whose} refuses: {said}", ("defaultaction",), severity=severity)


def _open(judged: Judged) -> dict[str, list[str]]:
    return {one.group.name: [each.call.shown for each in one.passing] for one in exposed(judged, judged.place.capabilities)}


@lru_cache(maxsize=64)
def _default_open(name: str, place: Place) -> frozenset[str] | None:
    default = default_at(name, place)
    return None if default is None else frozenset(call for calls in _open(default).values() for call in calls)
