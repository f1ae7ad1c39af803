"""One profile by the engine and by libseccomp: every call of every ABI, at random arguments and at the edges of the rules."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from kubectl_seccomp.profiles.answers import Decision, Target, act
from kubectl_seccomp.profiles.engine import decide
from kubectl_seccomp.profiles.oci import Resolved
from kubectl_seccomp.profiles.syscalls import architecture, names
from tests.oracle.library import Program, RefusedByLibrary, code, compile_, data, run
from tests.oracle.profiles import NAMES, calls, profile

# Debian 12's 2.5.4 has the names of 2.5.5.
TARGET = Target("amd64", "crun", (1, 28), (2, 5, 5))


def compare(resolved: Resolved, dice: random.Random, probes: int = 24) -> Counter[str]:
    """Return how many profiles, probes and ambiguous probes there were. AssertionError for the first difference."""
    decision = decide(resolved, TARGET)
    if any(table.tangled for table in decision.tables.values()):
        # Not compiled: with such rules libseccomp 2.5.4 may never return.
        return Counter(approximate=1)
    program = _program(resolved, decision)
    if program is None:
        return Counter(refused=1)
    return Counter(profiles=1) + _probe(resolved, decision, program, dice, probes)


def _program(resolved: Resolved, decision: Decision) -> Program | None:
    try:
        program = compile_(resolved)
    except RefusedByLibrary:
        clashes = [clash for table in decision.tables.values() for clash in table.clashes]
        assert decision.conflicts or clashes, f"refused, and nothing said so: {resolved}"
        return None
    assert not decision.conflicts, f"loads in spite of {decision.conflicts}: {resolved}"
    return program


def _probe(resolved: Resolved, decision: Decision, program: Program, dice: random.Random, probes: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for abi, table in decision.tables.items():
        known = architecture(abi)
        assert known is not None
        for name in {*NAMES, "write", "clone3"} & table.answers.keys():
            if not table.answers[name].exact:
                found["approximate answers"] += 1
                continue
            for arguments in calls(dice, table.answers[name], probes):
                expected = act(table, name, arguments)
                found["ambiguous" if expected is None else "probes"] += 1
                real = run(program, data(known.audit, names(abi)[name], arguments))
                if expected is not None:
                    assert real == code(expected), f"{abi} {name} {arguments}: {real:#x}, not {expected}: {resolved}"
                else:
                    met = {code(case.action) for case in table.answers[name].cases}
                    assert real in met, f"{abi} {name} {arguments}: {real:#x} is none of its rules' actions: {resolved}"
    return found


def many(seed: int, count: int, make: Callable[[random.Random], Resolved] = profile) -> Counter[str]:
    """Compare so many profiles of the exact classes; the seed of a profile that fails is in the message."""
    found: Counter[str] = Counter()
    place = 0
    while found["profiles"] < count:
        dice = random.Random(f"{seed}.{place}")
        try:
            found += compare(make(dice), dice)
        except AssertionError as error:
            raise AssertionError(f"profile {seed}.{place}: {error}") from error
        place += 1
    return found
