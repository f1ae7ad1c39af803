"""Recordings of a program -> a profile that lets it run: what was recorded, what must be there besides, and all else refused. Pure.

What is not named gets ENOSYS, as from a kernel that is older than the call: a C library then takes the older one. What attackers want
gets EPERM, which no program mistakes for that. A recording holds what one program did on one machine: with another C library or kernel
the same program makes the twin of a call. The runtime's own calls are in no recording that begins with the program.

What RuntimeDefault forbids a call (containerd `contrib/seccomp/seccomp_default.go` 2.4) stays forbidden unless it was seen: clone makes
no namespace, and clone3 is refused, for no filter sees its flags: C libraries then take clone; socket has no AF_ALG and AF_VSOCK.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from msgspec import Struct

from .floor import PROGRAM
from .gojson import Refused
from .oci import ALLOW, BIG_ENDIAN, ENOSYS, EPERM, Action, Condition, Resolved, Rule
from .recorded import Recording
from .risk import GROUPS
from .syscalls import ARCHITECTURES, architecture, multiplexer, names

CLONES = ("clone", "clone3")
TWINS = (
    CLONES,
    ("openat", "openat2"),
    ("fstat", "newfstatat", "statx"),
    ("faccessat", "faccessat2"),
    ("nanosleep", "clock_nanosleep"),
    ("epoll_wait", "epoll_pwait"),
    ("close", "close_range"),
)
ALWAYS = ("exit", "exit_group", "restart_syscall", "rt_sigreturn")
_NAMESPACES = ("unshare", "setns")
_FLAGS = 0x7E020000  # include/uapi/linux/sched.h CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_S390X = "SCMP_ARCH_S390X"
_FAMILIES = (Condition(0, "LT", 38), *(Condition(0, "EQ", family) for family in (39, 41, 42, 43, 44, 45)))  # not AF_ALG 38, AF_VSOCK 40
# A C library that gets EPERM for clone3 fails, with ENOSYS it takes clone; socket is dangerous for some families only.
_DANGEROUS = frozenset(call.name for group in GROUPS for call in group.calls) - {*CLONES, "socket"}


class Added(Struct, frozen=True):
    """Calls that were not recorded and are let through, and why: a clause."""

    names: tuple[str, ...]
    why: str


class Generated(Struct, frozen=True):
    """A profile, and what has to be said of it.

    `recorded`, `allowed`: how many calls. `narrowed`: calls that were recorded, and are let through in part only or not at all.
    `refused`: what gets EPERM. `lacking`: names that were recorded, and that no architecture of the profile has. `risky`: what is let
    through and attackers want, by the name of its risk group.
    """

    resolved: Resolved
    recorded: int
    allowed: int
    narrowed: tuple[str, ...]
    added: tuple[Added, ...]
    refused: tuple[str, ...]
    lacking: tuple[str, ...]
    risky: dict[str, tuple[str, ...]]


def generate(recordings: Sequence[Recording], arch: str, runtime: tuple[str, ...], called: str) -> Generated:
    """Return a profile for all that was recorded, together. Raises Refused for recordings of which no filter can be made.

    `arch`: of programs whose recording does not say it (GOARCH). `runtime`: what the OCI runtimes call (floor.seen), `called` is how
    they are called.
    """
    abis = tuple(dict.fromkeys(name for each in recordings for name in _architectures(each, arch)))
    if BIG_ENDIAN.intersection(abis) not in (set(), set(abis)):
        raise Refused("are of architectures with different byte orders, which no filter has together")
    recorded = frozenset[str]().union(*(each.calls for each in recordings))
    narrowed = _narrowed(recorded, frozenset[str]().union(*(each.whole for each in recordings)), abis)
    added = _added(recorded - narrowed.keys(), runtime, called, abis)
    free = _there(recorded.union(*(each.names for each in added)) - narrowed.keys(), abis)
    rules = [*chain(*narrowed.values()), *(rule for each in recordings for rule in each.rules)]
    conditional = _conditional(rules, free, abis)
    allowed = free.union(*(rule.names for rule in conditional))
    refused = tuple(sorted(_there(_DANGEROUS - allowed, abis)))
    named = recorded.union(*(rule.names for each in recordings for rule in each.rules))
    return Generated(
        Resolved(Action("ERRNO", ENOSYS), tuple(_rules(free, conditional, refused)), abis),
        len(named),
        len(allowed),
        tuple(narrowed),
        added,
        refused,
        tuple(sorted(named - _there(named, abis))),
        _risky(allowed - narrowed.keys()),
    )


def _rules(free: frozenset[str], conditional: list[Rule], refused: tuple[str, ...]) -> Iterator[Rule]:
    yield Rule(0, tuple(sorted(free)), ALLOW)
    yield from conditional
    if refused:
        yield Rule(0, refused, Action("ERRNO", EPERM))


def _narrowed(recorded: frozenset[str], whole: frozenset[str], abis: Sequence[str]) -> dict[str, tuple[Rule, ...]]:
    """Return the recorded calls that are not let through as a whole, each with the rules that take its place."""
    found: dict[str, tuple[Rule, ...]] = {}
    if not recorded.isdisjoint(CLONES) and recorded.isdisjoint(_NAMESPACES) and whole.isdisjoint(CLONES):
        flags = 1 if _S390X in abis else 0  # arch/Kconfig CLONE_BACKWARDS2
        found |= {"clone": (Rule(0, ("clone",), ALLOW, (Condition(flags, "MASKED_EQ", _FLAGS),)),), "clone3": ()}
    if "socket" in recorded - whole:
        found["socket"] = tuple(Rule(0, ("socket",), ALLOW, (condition,)) for condition in _FAMILIES)
    return found


def _architectures(recording: Recording, arch: str) -> Iterable[str]:
    """Return those that a recording is about: with the 32-bit one if its programs were seen, or calls that only they have."""
    own = architecture(arch)
    if recording.architectures or own is None:
        return recording.architectures
    compat = own.subs[:1]
    return (own.name, *(each for each in compat if recording.compat or any(_only_there(name, each) for name in recording.calls)))


def _only_there(name: str, compat: str) -> bool:
    """Whether a 32-bit architecture has a call, and no 64-bit one: a list may come from a machine of another kind."""
    subs = {each for known in ARCHITECTURES for each in known.subs}
    return name in names(compat) and not any(name in names(known.name) for known in ARCHITECTURES if known.name not in subs)


def _added(recorded: frozenset[str], runtime: tuple[str, ...], called: str, abis: Sequence[str]) -> tuple[Added, ...]:
    twins = [name for each in TWINS if recorded.intersection(each) for name in each]
    reasons = (
        (ALWAYS, "no process ends, or comes back from a signal, without them"),
        (runtime, f"{called} makes them to start a container, or a command in one"),
        ([name for each in PROGRAM for name in each.split("|")], "a program's loader makes them"),
        (twins, "other C libraries and kernels have them for what was recorded"),
    )
    there = set(recorded)
    found: list[Added] = []
    for calls, why in reasons:
        if fresh := _there(set(calls) - there, abis):
            found.append(Added(tuple(sorted(fresh)), why))
            there |= fresh
    return tuple(found)


def _there(calls: Iterable[str], abis: Sequence[str]) -> frozenset[str]:
    """Return the calls that one of these architectures has."""
    return frozenset(name for name in calls if any(name in names(abi) or multiplexer(abi, name) for abi in abis))


def _conditional(rules: Iterable[Rule], free: frozenset[str], abis: Sequence[str]) -> list[Rule]:
    """Return what is left of rules with conditions, each once: what is let through anyhow needs none."""
    found: dict[Rule, None] = {}
    for rule in rules:
        if left := tuple(sorted(_there(set(rule.names) - free, abis))):
            found[Rule(0, left, ALLOW, rule.conditions)] = None
    return list(found)


def _risky(calls: frozenset[str]) -> dict[str, tuple[str, ...]]:
    found = {group.name: tuple(dict.fromkeys(call.name for call in group.calls if call.name in calls)) for group in GROUPS}
    return {name: there for name, there in found.items() if there}
