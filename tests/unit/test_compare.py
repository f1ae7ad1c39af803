"""Two profiles compared: direction, arguments, who is part of whom, and what cannot be decided."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from kubectl_seccomp.profiles.answers import act
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


def test_masks_of_many_bits_beside_comparisons_are_not() -> None:
    one = [socket("ALLOW", (0, "MASKED_EQ", 0xFFFFF000)), socket("ALLOW", (0, "EQ", 5))]
    found = compare(made("ERRNO", *one), made("ERRNO", socket("ALLOW", (0, "EQ", 5))))
    assert found.approximate
    assert not found.same


def test_rules_that_meet_are_only_approximately_compared() -> None:
    one = [socket("ALLOW", (0, "EQ", 1)), socket("TRAP", (1, "EQ", 2))]
    found = compare(made("ERRNO", *one), made("ERRNO", socket("ALLOW", (0, "EQ", 1))))
    assert any(text.startswith("socket") for text in found.approximate)


def test_an_argument_that_does_not_matter_is_not_named() -> None:
    one = socket("ALLOW", (0, "EQ", 1), (1, "EQ", 2))
    change = only(made("ERRNO", one), made("ERRNO", one, socket("ALLOW", (0, "EQ", 7))))
    assert change.arguments == ("arg0 = 7",)


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
