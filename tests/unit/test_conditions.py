"""How arguments are compared: width, sign, masks, alternatives, overlaps."""

from __future__ import annotations

import pytest

from kubectl_seccomp.profiles.conditions import boundaries, disjoint, exact, groups, holds
from kubectl_seccomp.profiles.oci import Condition

HIGH = 1 << 32
MINUS_ONE = 2**64 - 1


def one(op: str, value: int, other: int = 0, index: int = 0) -> tuple[Condition, ...]:
    return (Condition(index, op, value, other),)


@pytest.mark.parametrize(
    ("op", "value", "other", "argument", "wide", "narrow"),
    [
        ("EQ", 5, 0, 5, True, True),
        ("EQ", 5, 0, HIGH + 5, False, True),
        ("NE", 40, 0, HIGH + 40, True, False),
        ("LT", 38, 0, HIGH, False, True),
        ("LE", 38, 0, 38, True, True),
        ("GE", 39, 0, MINUS_ONE, True, True),
        ("GT", 0x7FFFFFFF, 0, MINUS_ONE, True, True),
        ("GT", 0, 0, HIGH, True, False),
        ("EQ", HIGH + 5, 0, 5, False, True),
        ("MASKED_EQ", 0x7E020000, 0, 0x10000000, False, False),
        ("MASKED_EQ", 0x7E020000, 0, 0x00000011, True, True),
        ("MASKED_EQ", 0xFF, 0x107, 7, True, True),
        ("MASKED_EQ", 0, 9, 5, True, True),
        ("MASKED_EQ", HIGH, HIGH, 0, False, True),
    ],
)
def test_comparisons_are_unsigned_and_as_wide_as_the_abi(
    op: str, value: int, other: int, argument: int, wide: bool, narrow: bool
) -> None:
    for bits, expected in ((64, wide), (32, narrow)):
        (group,) = groups(one(op, value, other), bits)
        assert holds(group, [argument, 0, 0, 0, 0, 0], bits) is expected


def test_an_argument_named_twice_makes_alternatives_of_all_conditions() -> None:
    found = groups((*one("EQ", 1), *one("EQ", 2), *one("EQ", 3, index=1)), 64)
    assert [len(group) for group in found] == [1, 1, 1]
    assert len(groups((*one("EQ", 1), *one("EQ", 3, index=1)), 64)) == 1


@pytest.mark.parametrize("mask", [0, HIGH])
def test_what_always_holds_is_no_condition(mask: int) -> None:
    assert groups(one("MASKED_EQ", mask, 9), 32) == ((),)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (one("EQ", 1), one("EQ", 2), True),
        (one("EQ", 1), one("NE", 1), True),
        (one("EQ", 1), one("NE", 2), False),
        (one("EQ", 1), one("GT", 1), True),
        (one("EQ", 1), one("EQ", 2, index=1), False),
        (one("LT", 5), one("GE", 5), True),
        (one("LE", 5), one("GE", 5), False),
        (one("LT", 0), one("GE", 0), True),
        (one("LE", 5), one("GE", 6), True),
        (one("LE", 0), one("LT", 1), False),
        (one("LT", 6), one("GE", 5), False),
        (one("GT", 5), one("LE", 5), True),
        (one("GT", 5), one("LE", 6), False),
        (one("GT", 5), one("LT", 6), True),
        (one("GE", MINUS_ONE), one("GT", 5), False),
        (one("MASKED_EQ", 3, 1), one("MASKED_EQ", 6, 0), False),
        (one("MASKED_EQ", 3, 0), one("EQ", 2), True),
        (one("MASKED_EQ", 1, 0), one("EQ", 1), True),
        (one("MASKED_EQ", 1, 0), one("EQ", 2), False),
        (one("MASKED_EQ", 3, 1), one("MASKED_EQ", 1, 0), True),
        (one("MASKED_EQ", 3, 1), one("EQ", 2), True),
        (one("NE", 1), one("NE", 2), False),
        (one("MASKED_EQ", 3, 1), one("LT", 1), False),
    ],
)
def test_whether_two_groups_can_meet_in_one_call(first: tuple[Condition, ...], second: tuple[Condition, ...], expected: bool) -> None:
    assert disjoint(first, second, 64) is expected
    assert disjoint(second, first, 64) is expected


TWO = (Condition(0, "NE", 1), Condition(1, "GT", 2))


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        ([TWO], True),
        ([one("EQ", 1), (*one("EQ", 1), *one("MASKED_EQ", HIGH, 3, 1))], True),
        ([one("LT", 38), one("EQ", 39), one("GT", 40)], True),
        ([one("NE", HIGH), one("MASKED_EQ", HIGH, HIGH)], True),
        ([one("LT", HIGH), one("EQ", 39)], False),
        ([one("LT", 5), one("EQ", HIGH)], False),
        ([TWO, one("EQ", 1)], False),
    ],
)
def test_which_shapes_libseccomp_is_exact_for(cases: list[tuple[Condition, ...]], expected: bool) -> None:
    assert exact(cases) is expected


def test_the_outcome_can_change_around_what_is_expected() -> None:
    found = boundaries([(*one("EQ", 5), *one("GT", 0, index=1)), one("MASKED_EQ", 0xFF, 9, index=2)])
    assert list(found) == [(0, 4), (0, 5), (0, 6), (1, 0), (1, 1), (2, 8), (2, 9), (2, 10)]
