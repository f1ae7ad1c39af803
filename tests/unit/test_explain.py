"""What `profile explain` says of single calls."""

from __future__ import annotations

import pytest

from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.explain import CallExplanation, explain
from kubectl_seccomp.profiles.judged import Judged, Place, judge_at
from tests.unit.profiling import ABIS, NATIVE, file, made, rule, runtime


def told(judged: Judged, name: str) -> CallExplanation:
    return explain(judged, name, {0: 4, 1: 5})


def test_a_call_that_kills_one_thread_only() -> None:
    found = told(file("deny-list.json"), "reboot")
    first = found.ways[0]
    assert (first.architecture, first.number, first.answer) == (NATIVE, 169, "kills the thread")
    assert (first.rules, first.lines, first.reason) == ((1,), (5,), "rule 1 (line 5)")
    assert first.outcomes[0].seen == "SIGSYS ends the thread that made it, and not the others"
    assert [way.architecture for way in found.ways] == ABIS
    assert found.ways[1].reason == "the profile does not list the architecture"


def test_a_number_is_the_nodes_own() -> None:
    assert told(file("deny-list.json"), "165").call == "mount"
    arm = made("ERRNO", place=Place(target=Target("arm64")))
    assert told(arm, "40").call == "mount"
    assert (told(arm, "\u0664\u0660").known, told(made("ERRNO", place=Place(target=Target("mips64"))), "40").call) == (False, "40")


@pytest.mark.parametrize(
    ("name", "suggestion"), [("clnoe3", "clone3"), ("mounts", "mount"), ("99999", None), ("", None), ("x" * 100_000, None)]
)
def test_a_name_that_nobody_knows_is_not_guessed(name: str, suggestion: str | None) -> None:
    found = told(file("deny-list.json"), name)
    assert (found.call, found.known, found.suggestion, found.ways) == (name, False, suggestion, ())


def test_a_call_of_another_architecture_only_is_known_and_not_here() -> None:
    arm = made("ERRNO", place=Place(target=Target("riscv64")))
    assert (told(arm, "modify_ldt").known, told(arm, "modify_ldt").ways) == (True, ())


def test_arguments_and_what_is_got_around() -> None:
    found = told(runtime("containerd://2.2.4"), "socket")
    native = found.ways[0]
    assert [(one.conditions, one.action) for one in native.outcomes] == [
        ("arg0 < 38 or arg0 == 39 or arg0 > 40", "SCMP_ACT_ALLOW"),
        ("", "SCMP_ACT_ERRNO"),
    ]
    assert native.evadable == (0,)
    assert native.notes == ("can be bypassed through the upper half of arg0: the filter sees 64 bits, the kernel takes 32",)
    both = told(made("ERRNO", rule("socket", "ALLOW", (0, "NE", 40)), rule("socket", "ALLOW", (1, "NE", 41))), "socket")
    assert "upper half of arg0, arg1:" in both.ways[0].notes[0]
    assert (native.rules, native.lines, native.reason) == ((1, 2, 3), (5,), "rules 1 (line 5), 2, 3")


def test_socketcall_is_a_way_of_its_own() -> None:
    found = told(runtime("containerd://2.2.4"), "socket")
    carried = next(way for way in found.ways if way.through is not None)
    assert (carried.architecture, carried.through, carried.answer) == ("SCMP_ARCH_X86", "socketcall", "allowed")
    assert carried.notes == ("its arguments lie in memory, where no filter can look: conditions on them do not count",)
    assert (carried.number, carried.reason, carried.evadable) == (102, "rule 0 (line 4)", ())
    assert carried.dropped[1] == "rule 2 does not count: rule 0 already decides this syscall"
    assert [one.conditions for one in carried.outcomes] == [""]
    assert [way.through for way in found.ways] == [None, None, "socketcall", None]


def test_rules_that_do_not_count_are_named_with_their_lines() -> None:
    found = told(made("ERRNO", rule("mount", "ALLOW"), rule("mount", "TRAP")), "mount")
    assert found.ways[0].dropped == ("rule 1 (line 5) does not count: rule 0 already decides this syscall",)


def test_what_is_not_certain_is_said() -> None:
    two = made("ERRNO", rule("socket", "ALLOW", (0, "EQ", 1)), rule("socket", "TRAP", (1, "EQ", 2)))
    first = told(two, "socket").ways[0]
    assert first.approximate
    assert first.notes == ("rules 0 and 1 differ and can match the same syscall: which of them wins is not certain",)
    assert [(one.conditions, one.seen) for one in first.outcomes] == [
        ("arg0 == 1", "it is carried out"),
        ("arg1 == 2", "SIGSYS, which ends the process unless it handles it"),
        ("", "it fails with EPERM"),
    ]
    ranges = made("ERRNO", rule("socket", "ALLOW", (0, "LT", 2**40)), rule("socket", "ALLOW", (0, "GT", 2**41)))
    assert told(ranges, "socket").ways[0].notes == (
        "approximate: for rules like these libseccomp's filter differs from what they say, for some arguments",
    )
    assert (told(ranges, "socket").ways[0].approximate, told(ranges, "read").ways[0].approximate) == (True, False)


def test_libseccomp_and_io_uring_are_noted() -> None:
    assert "a libseccomp before" in told(made("ERRNO", rule("listmount", "ALLOW")), "listmount").ways[0].notes[0]
    ring = made("ERRNO", rule("io_uring_setup io_uring_enter", "ALLOW"))
    assert told(ring, "openat").ways[0].notes == ("io_uring, which is allowed, carries it out past the filter",)
    assert told(ring, "mount").ways[0].notes == told(made("ERRNO"), "openat").ways[0].notes == ()
    assert told(judge_at(None, Place()), "openat").ways[0].notes == ()


def test_errno_is_told_where_there_is_one() -> None:
    traced = made("KILL_PROCESS", rule("mount", "TRACE", errnoRet=7), rule("socket", "ERRNO", (0, "EQ", 1), errnoRet=9))
    assert [(one.action, one.errno) for name in ("mount", "socket", "read") for one in told(traced, name).ways[0].outcomes] == [
        ("SCMP_ACT_TRACE", 7),
        ("SCMP_ACT_ERRNO", 9),
        ("SCMP_ACT_KILL_PROCESS", None),
        ("SCMP_ACT_KILL_PROCESS", None),
    ]


def test_the_stub_is_a_reason() -> None:
    judged = made("KILL_PROCESS", rule("openat", "ALLOW"), place=Place(target=Target("amd64", "runc", (1, 3))))
    way = told(judged, "clone3").ways[0]
    assert (way.answer, way.outcomes[0].errno) == ("ENOSYS", 38)
    assert way.reason == "its number is above all those that the profile names: runc answers before the filter"
