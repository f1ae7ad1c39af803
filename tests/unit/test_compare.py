"""Two profiles compared: direction, arguments, who is part of whom, and what cannot be decided."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from kubectl_seccomp.profiles.answers import Target, act
from kubectl_seccomp.profiles.compare import OTHERS, Change, Difference, Direction, compare
from kubectl_seccomp.profiles.judged import Judged, Place, judge_at
from tests.unit.profiling import NATIVE, file, made, rule, runtime

ALLOW = rule("socket", "ALLOW")


def native(found: Difference) -> list[Change]:
    return [change for change in found.changes if change.architecture == NATIVE]


def only(before: Judged, after: Judged) -> Change:
    changes = native(compare(before, after))
    assert len(changes) == 1
    return changes[0]


def socket(action: str, *args: tuple[int, str, int], **more: Any) -> dict[str, Any]:
    return rule("socket", action, *args, **more)


@pytest.mark.parametrize(
    ("one", "two", "direction"),
    [
        ([ALLOW], [], Direction.STRICTER),
        ([], [ALLOW], Direction.LOOSER),
        ([ALLOW], [socket("LOG")], Direction.STRICTER),
        ([], [socket("ERRNO", errnoRet=38)], Direction.CHANGED),
        ([], [socket("TRAP")], Direction.STRICTER),
        ([socket("KILL_PROCESS")], [socket("KILL")], Direction.LOOSER),
        ([ALLOW], [socket("ALLOW", (0, "EQ", 1))], Direction.STRICTER),
        ([socket("ALLOW", (0, "EQ", 1))], [socket("ALLOW", (0, "EQ", 2))], Direction.BOTH),
        ([socket("ALLOW", (0, "LT", 10))], [socket("ALLOW", (0, "LE", 10))], Direction.LOOSER),
    ],
    ids=["allow-default", "default-allow", "log", "errno", "trap", "thread", "argument", "other-argument", "edge"],
)
def test_what_the_second_is_for_a_call(one: list[dict[str, Any]], two: list[dict[str, Any]], direction: Direction) -> None:
    change = only(made("ERRNO", *one), made("ERRNO", *two))
    assert (change.call, change.direction, change.approximate) == ("socket", direction, False)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ([], []),
        ([rule("read write", "ALLOW")], [rule("write", "ALLOW"), rule("read", "ALLOW")]),
        ([ALLOW, socket("TRAP")], [ALLOW]),
        ([socket("ALLOW", (0, "LE", 9))], [socket("ALLOW", (0, "LT", 10))]),
        (
            [socket("ALLOW", (0, "EQ", 1)), socket("ALLOW", (0, "EQ", 2))],
            [socket("ALLOW", (0, "EQ", 2)), socket("ALLOW", (0, "EQ", 1))],
        ),
        ([socket("ALLOW", (0, "MASKED_EQ", 0))], [ALLOW]),
        ([rule("nosuchcall", "ALLOW")], []),
    ],
    ids=["empty", "order", "void", "same-edge", "order-of-arguments", "empty-mask", "unknown"],
)
def test_texts_that_mean_the_same(one: list[dict[str, Any]], two: list[dict[str, Any]]) -> None:
    found = compare(made("ERRNO", *one), made("ERRNO", *two))
    assert found == Difference(True, True, True, (), ())


def test_containerds_defaults_name_what_changed_between_versions() -> None:
    alg = compare(runtime("containerd://2.2.3"), runtime("containerd://2.2.4"))
    assert {change.call for change in alg.changes} == {"socket"}
    assert native(alg)[0].arguments == ("arg0 = 38 (AF_ALG)",)
    assert (native(alg)[0].direction, alg.b_subset_of_a, alg.a_subset_of_b) == (Direction.STRICTER, True, False)
    ring = compare(runtime("containerd://1.7.27"), runtime("containerd://2.0.5"))
    assert {change.call for change in ring.changes} == {"io_uring_setup", "io_uring_enter", "io_uring_register"}
    assert compare(runtime("containerd://2.2.4"), runtime("containerd://2.2.9")).same


def test_a_file_against_a_default() -> None:
    found = compare(runtime("containerd://2.4.2"), file("deny-list.json"))
    changes = {change.call: change for change in native(found)}
    assert changes["unshare"].direction is changes["bpf"].direction is Direction.LOOSER
    assert "mount" not in changes  # EPERM under both
    assert changes["clone"].arguments
    assert found.a_subset_of_b is found.b_subset_of_a is False  # 32-bit programs run under the default only


def test_no_filter_is_the_widest() -> None:
    nothing = judge_at({}, Place())
    found = compare(made("ERRNO", ALLOW), nothing)
    assert (found.a_subset_of_b, found.b_subset_of_a) == (True, False)


def test_masks_of_few_bits_are_decided() -> None:
    one, two = socket("ALLOW", (0, "MASKED_EQ", 0x6)), socket("ALLOW", (0, "MASKED_EQ", 0x4))
    found = compare(made("ERRNO", one), made("ERRNO", two))
    assert (native(found)[0].direction, found.approximate) == (Direction.LOOSER, ())
    assert (found.a_subset_of_b, found.b_subset_of_a) == (True, False)


def test_rules_that_meet_are_only_approximately_compared() -> None:
    one = [socket("ALLOW", (0, "EQ", 1)), socket("TRAP", (1, "EQ", 2))]
    found = compare(made("ERRNO", *one), made("ERRNO", socket("ALLOW", (0, "EQ", 1))))
    assert any(text.startswith("socket") for text in found.approximate)


def test_an_argument_that_does_not_matter_is_not_named() -> None:
    one = socket("ALLOW", (0, "EQ", 1), (1, "EQ", 2))
    change = only(made("ERRNO", one), made("ERRNO", one, socket("ALLOW", (0, "EQ", 7))))
    assert change.arguments == ("arg0 = 7",)


def masked(value: int, expected: int, *args: tuple[int, str, int]) -> dict[str, Any]:
    mask = {"index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": value, "valueTwo": expected}
    found = socket("ALLOW", *args)
    return {**found, "args": [mask, *found["args"]]}


PAGE, AS_PAGE = masked(0xFFFFF000, 0x1000), "allowed if arg0 & 0xfffff000 == 0x1000"


@pytest.mark.parametrize(
    ("one", "two", "subsets", "direction", "texts", "arguments", "approximate"),
    [
        ([], [socket("TRAP")], (True, True), "stricter", ("EPERM", "SIGSYS"), (), False),
        ([ALLOW], [socket("LOG")], (True, True), "stricter", ("allowed", "logged"), (), False),
        (
            [socket("ALLOW", (0, "EQ", 1))], [socket("TRAP")],
            (False, True), "stricter", ("allowed if arg0 == 1, else EPERM", "SIGSYS"), (), False,
        ),
        (
            [socket("ALLOW", (0, "EQ", 16), (1, "EQ", 3))], [],
            (False, True), "stricter", ("allowed if arg0 == 16 and arg1 == 3, else EPERM", "EPERM"),
            ("arg0 = 16 (AF_NETLINK) and arg1 = 3",), False,
        ),
        (
            [masked(0xFFF, 0)], [],
            (False, True), "stricter", ("allowed if arg0 & 0xfff == 0, else EPERM", "EPERM"), ("arg0 = 0",), False,
        ),
        (
            [masked(0x7F, 0, (1, "MASKED_EQ", 0x3F))], [ALLOW],
            (None, False), "looser", ("allowed if arg0 & 127 == 0 and arg1 & 63 == 0, else EPERM", "allowed"),
            ("arg1 = 1", "arg1 = 2", "arg1 = 3", "arg1 = 4"), True,
        ),
        (
            [PAGE, socket("ALLOW", (0, "EQ", 5))], [PAGE, socket("ALLOW", (0, "EQ", 6))],
            (False, False), "both",
            (f"{AS_PAGE} or arg0 == 5, else EPERM", f"{AS_PAGE} or arg0 == 6, else EPERM"),
            ("arg0 = 5", "arg0 = 6"), True,
        ),
        (
            [PAGE, socket("ALLOW", (0, "EQ", 5))], [socket("ALLOW", (0, "EQ", 5))],
            (False, None), "stricter",
            (f"{AS_PAGE} or arg0 == 5, else EPERM", "allowed if arg0 == 5, else EPERM"),
            ("arg0 = 0x1000", "arg0 = 0xffffffff00001fff"), True,
        ),
    ],
)  # fmt: skip
def test_every_word_of_a_difference(
    one: list[dict[str, Any]],
    two: list[dict[str, Any]],
    subsets: tuple[bool | None, bool | None],
    direction: str,
    texts: tuple[str, str],
    arguments: tuple[str, ...],
    approximate: bool,
) -> None:
    found = compare(made("ERRNO", *one), made("ERRNO", *two))
    change = Change("socket", NATIVE, Direction(direction), *texts, arguments, approximate)
    assert found == Difference(False, *subsets, (change,), ("socket (x86_64)",) if approximate else ())


def test_arguments_have_names_where_attackers_know_them() -> None:
    flags = [rule(name, "ALLOW", (0, "EQ", 0x10000000)) for name in ("clone", "personality", "unshare")]
    more = [rule("kill", "ALLOW", (0, "EQ", 16)), rule("setns", "ALLOW", (0, "EQ", 5)), rule("setpgid", "ALLOW", (1, "EQ", 16))]
    changes = native(compare(made("ERRNO", *flags, *more), made("ERRNO", rule("setns", "ERRNO"))))
    assert {change.call: change.arguments for change in changes} == {
        "clone": ("arg0 = 0x10000000 (CLONE_NEWUSER)",),
        "unshare": ("arg0 = 0x10000000 (CLONE_NEWUSER)",),
        "personality": ("arg0 = 0x10000000",),
        "kill": ("arg0 = 16",),
        "setns": ("arg0 = 5",),
        "setpgid": ("arg1 = 16",),
    }


def test_only_what_both_have_is_compared_and_runcs_stub_is_no_rule() -> None:
    old = Place(target=Target("386", "crun", (1, 28), (2, 6, 1)))
    assert {change.architecture for change in compare(made("ERRNO"), made("ERRNO", place=old)).changes} == {"SCMP_ARCH_X86"}
    runc, crun = (Place(target=Target("amd64", name, (1, 28), (2, 6, 1))) for name in ("runc", "crun"))
    rules = rule("openat", "ALLOW")
    changes = native(compare(made("KILL_PROCESS", rules, place=runc), made("KILL_PROCESS", rules, place=crun)))
    assert {(change.before, change.after) for change in changes} == {("ENOSYS", "kills the process")}
    assert {"clone3", OTHERS} <= {change.call for change in changes}


CALLS = ("read", "write", "socket", "mount", "bpf", "clone", "ioctl", "ptrace", "splice", "futex")
OPERATORS = ("EQ", "NE", "LT", "LE", "GE", "GT", "MASKED_EQ")


def any_rules(dice: random.Random) -> Judged:
    """Return a profile with two rules for each of the calls, about small values of two arguments."""
    rules = (rule(call, "ALLOW", (dice.randrange(2), dice.choice(OPERATORS), dice.randrange(8))) for call in CALLS for _ in range(2))
    return made("ERRNO", *rules, architectures=[NATIVE])


def test_what_is_decided_agrees_with_trying_all_arguments() -> None:
    """For small arguments, whatever is said without a doubt is what trying every value says."""
    dice = random.Random(7)
    decided = 0
    for _ in range(30):
        pair = (any_rules(dice), any_rules(dice))
        found = compare(*pair)
        one, two = (each.decision.tables[NATIVE] for each in pair)
        for call in CALLS:
            if f"{call} ({NATIVE[10:].lower()})" in found.approximate:
                continue
            decided += 1
            tried = [
                (act(one, call, [*low, 0, 0, 0, 0]), act(two, call, [*low, 0, 0, 0, 0]))
                for low in itertools.product(range(9), repeat=2)
            ]
            known = [(first.passes, second.passes) for first, second in tried if first is not None and second is not None]
            directions = {change.direction for change in native(found) if change.call == call}
            assert ((False, True) in known) <= bool(directions & {Direction.LOOSER, Direction.BOTH}), (call, pair)
            assert ((True, False) in known) <= bool(directions & {Direction.STRICTER, Direction.BOTH}), (call, pair)
    assert decided > 100


def test_numbers_that_have_no_name_yet_count_too() -> None:
    every = " ".join(made("ALLOW").decision.tables[NATIVE].answers)
    found = compare(made("ALLOW"), made("ERRNO", rule(every, "ALLOW")))
    assert [(change.call, change.direction) for change in native(found)] == [(OTHERS, Direction.STRICTER)]
    assert (found.a_subset_of_b, found.b_subset_of_a) == (False, True)
