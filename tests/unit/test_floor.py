"""What a runtime needs under its filter: which list counts for whom, and what a profile lacks of it."""

from __future__ import annotations

import pytest

from kubectl_seccomp.profiles.floor import FLOORS, MARGIN, PROGRAM, Floor, Missing, lacking, missing, seen
from kubectl_seccomp.profiles.judged import Judged
from tests.unit.profiling import NATIVE, made, rule

OLD, NEW, CRUN = FLOORS


def union(*floors: Floor) -> set[str]:
    return {name for floor in floors for name in floor.seen}


@pytest.mark.parametrize(
    ("runtime", "version", "expected"),
    [
        ("runc", (1, 1), set(OLD.seen)),
        ("runc", (1, 3), set(NEW.seen)),
        ("runc", (1, 5), set(NEW.seen)),
        ("runc", (), union(OLD, NEW)),
        ("crun", (1, 8), set(CRUN.seen)),
        ("", (), union(*FLOORS).union(MARGIN)),
        ("", (1, 1), union(OLD, CRUN).union(MARGIN)),
    ],
)
def test_what_a_runtime_was_seen_to_call(runtime: str, version: tuple[int, ...], expected: set[str]) -> None:
    assert seen(runtime, version) == tuple(sorted(expected))


def allowing(*needed: str, without: str = "") -> Judged:
    names = {part for each in needed for part in each.split("|")} - set(without.split())
    return made("ERRNO", rule(" ".join(sorted(names)), "ALLOW"))


EVERY = tuple(name for floor in FLOORS for name in (*floor.always, *floor.more))


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        ("", ()),
        ("fstatfs", (Missing(OLD, ("fstatfs",), ()), Missing(NEW, ("fstatfs",), ()))),
        ("rt_sigaction", (Missing(CRUN, (), ("rt_sigaction",)),)),
        ("openat2", ()),
        ("openat2 readlinkat", (Missing(NEW, ("openat2",), ()),)),
        ("write", (Missing(OLD, ("write",), ()), Missing(NEW, ("write",), ()), Missing(CRUN, (), ("write",)))),
    ],
)
def test_what_a_profile_lacks(without: str, expected: tuple[Missing, ...]) -> None:
    assert missing(allowing(*EVERY, without=without).decision.tables[NATIVE]) == expected


def test_what_the_architecture_does_not_have_is_not_needed_and_of_two_one_is_enough() -> None:
    table = allowing(*PROGRAM, without="newfstatat mmap").decision.tables[NATIVE]
    assert lacking(table, PROGRAM) == ("mmap", "newfstatat")
    assert lacking(table, ("fstatat64", "read|mmap", "mmap|read")) == ()
    assert lacking(made("ERRNO", rule("read", "ALLOW", (0, "EQ", 1))).decision.tables[NATIVE], ("read",)) == ()
