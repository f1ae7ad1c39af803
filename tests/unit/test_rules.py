"""What libseccomp makes of all rules for one call: which are left, which are lost, and whether it is certain."""

from __future__ import annotations

import pytest

from kubectl_seccomp.profiles.chains import Case
from kubectl_seccomp.profiles.conditions import Group
from kubectl_seccomp.profiles.oci import ALLOW, Action, Condition, Rule
from kubectl_seccomp.profiles.rules import Settled, alternatives, settle

EPERM, TRAP = Action("ERRNO", 1), Action("TRAP")
ACTIONS = {"A": ALLOW, "E": EPERM, "T": TRAP}


def group(text: str) -> Group:
    """`0EQ3&1NE5`."""
    return tuple(Condition(int(one[0]), one[1:3], int(one[3:])) for one in text.split("&") if one)


def settled(text: str) -> Settled:
    """`0EQ3:E 0EQ3&1NE5:T`: a rule each, with the default A."""
    parts = [word.partition(":") for word in text.split()]
    return settle([Case(number, group(found), ACTIONS[letter]) for number, (found, _, letter) in enumerate(parts)], ALLOW, 64)


@pytest.mark.parametrize(
    ("text", "left", "dropped"),
    [
        ("0EQ3:E 0EQ3:E", [0], [(1, "rule 0 says the same")]),
        ("0EQ3:E 0EQ3:A", [0], [(1, "its action is the same as the default's")]),
        ("0EQ3:E 0EQ3&1EQ4:E", [0], [(1, "rule 0 covers it")]),
        ("0EQ3&1EQ4:E 0EQ3:E", [1], [(0, "rule 1 covers it")]),
        ("0EQ3&1EQ4:E 0EQ3&1EQ5:E 1EQ4:E", [1, 2], [(0, "rule 2 covers it")]),
        ("0EQ3&1EQ4:E 0EQ3:T", [0, 1], []),
        ("0EQ3:T 0EQ3&1EQ4:E", [0, 1], []),
        # Of a shape whose outcome is known.
        ("0NE3:T 0EQ5:E 0EQ5:E", [0, 1], [(2, "rule 1 says the same")]),
    ],
)
def test_what_is_left_of_rules_with_conditions(text: str, left: list[int], dropped: list[tuple[int, str]]) -> None:
    found = settled(text)
    assert sorted({case.rule for case in found.cases}) == left
    assert [(one.index, one.why) for one in found.dropped] == dropped


def test_rules_of_which_no_call_meets_two_are_left_as_they_are_written() -> None:
    assert settled("0EQ3:E 0EQ4:T").cases == (Case(0, group("0EQ3"), EPERM), Case(1, group("0EQ4"), TRAP))


@pytest.mark.parametrize(
    ("text", "exact", "overlapping"),
    [
        ("0LT9:E 0EQ3:E", True, ()),
        ("0LT9:E 0EQ9:T", True, ()),
        ("0LT9:E 0EQ3:T", True, ((0, 1),)),
        ("0LT9:E 0GT3:T", True, ((0, 1),)),
        ("0LT4:E 0GT3:T", True, ()),
        # The same conditions with two actions load where another rule has come in between.
        ("0EQ3:E 1EQ4:T 0EQ3:T", True, ((0, 1), (0, 2))),
        ("0GT1&1NE3:E 0EQ5:T", False, ((0, 1),)),
        # The shape whose outcome is known: whichever of both reasons there is to ask for it.
        ("0EQ3:E 0NE5:T", True, ()),
        ("0EQ3&1NE9:E 0NE3:E", True, ()),
    ],
)
def test_whether_what_is_left_is_certain(text: str, exact: bool, overlapping: tuple[tuple[int, int], ...]) -> None:
    found = settled(text)
    assert (found.exact, found.overlapping, found.conflict) == (exact, overlapping, None)


def test_what_does_not_load_still_says_which_rules_there_are() -> None:
    found = settled("0EQ3:E 0EQ3:T")
    assert (found.conflict, [case.rule for case in found.cases]) == ((0, 1), [0])


def test_a_sub_calls_rule_is_told_by_its_own_place() -> None:
    found = alternatives(Rule(7, ("socket",), ALLOW, group("0EQ2&1EQ3")), 32, 1)
    assert [(case.rule, case.conditions) for case in found] == [(7, group("0EQ1&1EQ3"))]
