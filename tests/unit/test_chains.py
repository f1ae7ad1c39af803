"""Rules on equality whose actions differ: what libseccomp's tree makes of them, as it was seen to."""

from __future__ import annotations

import pytest

from kubectl_seccomp.profiles.answers import Target, act
from kubectl_seccomp.profiles.chains import Case, apart
from kubectl_seccomp.profiles.conditions import holds
from kubectl_seccomp.profiles.judged import Place, default_at
from kubectl_seccomp.profiles.oci import ALLOW, Action, Condition
from kubectl_seccomp.profiles.reach import exposed
from kubectl_seccomp.runtimes import CRIO

EPERM, TRAP = Action("ERRNO", 1), Action("TRAP")
LETTERS = {ALLOW: "A", EPERM: "E", TRAP: "T"}
VALUES = (0, 3, 4, 5, 6, 1 << 32, (1 << 32) + 3)


def cases(text: str) -> list[Case]:
    """`EQ3:E` or `EQ3&1NE5:E`, a rule each."""
    actions = {letter: action for action, letter in LETTERS.items()}
    found = []
    for number, word in enumerate(text.split()):
        conditions, _, letter = word.partition(":")
        parts = [part if part[0].isdigit() else f"0{part}" for part in conditions.split("&")]
        found.append(Case(number, tuple(Condition(int(one[0]), one[1:3], int(one[3:])) for one in parts), actions[letter]))
    return found


def seen(text: str, second: int = 0) -> str | None:
    """What calls with these first arguments get, d for the default."""
    made = apart(cases(text))
    if made is None:
        return None
    letters = ""
    for value in VALUES:
        met = [case for case in made if holds(case.conditions, (value, second, 0, 0, 0, 0), 64)]
        assert len(met) < 2, text
        letters += LETTERS[met[0].action] if met else "d"
    return letters


# As libseccomp 2.5.4's filters answered.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EQ3:E NE3:A", "AEAAAAA"),
        ("NE3:A EQ3:E", "AEAAAAA"),
        ("EQ3:E NE5:A", "AAAdAAA"),
        ("NE5:A EQ3:E", "AAAdAAA"),
        ("EQ5:E NE3:A", "AdAEAAA"),
        ("EQ3:E EQ5:E NE3:A", "AEAEAAA"),
        ("EQ3:E EQ5:T NE4:A", "AAdTAAA"),
        ("EQ3:E EQ5:T", "dEdTddd"),
    ],
)
def test_the_greater_value_goes_first_and_ne_hides_what_is_smaller(text: str, expected: str) -> None:
    assert seen(text) == expected


@pytest.mark.parametrize(
    ("second", "expected"),
    [(9, "AEAAAAA"), (0, "AAAAAAA")],
)
def test_a_further_argument_decides_within_its_value(second: int, expected: str) -> None:
    assert seen("EQ3&1EQ9:E EQ3&1NE9:A NE3:A", second) == expected


def test_what_a_further_level_leaves_undecided_goes_on_to_smaller_values() -> None:
    assert seen("EQ5&1NE9:T NE3:A", 9) == "AdAAAAA"
    assert seen("EQ5&1NE9:T NE3:A", 0) == "AdATAAA"
    assert seen("EQ5&1NE9:T EQ4&1NE9:T NE3:A", 9) == "AdAAAAA"


@pytest.mark.parametrize(
    "text",
    ["NE3:A NE5:E", "NE3&1EQ5:A", "EQ3:A 1EQ3:E", "EQ3:A EQ3&1EQ4:E", "EQ3:A EQ4294967299:E", "EQ9:A NE5:E EQ3:A EQ3:T", "GE3:A EQ5:E"],
)
def test_other_shapes_are_not_decided(text: str) -> None:
    assert apart(cases(text)) is None


@pytest.mark.parametrize(("family", "passes"), [(40, False), (16, True), (38, True), (2, True)])
def test_crio_refuses_vsock_and_nothing_of_it_is_approximate(family: int, passes: bool) -> None:
    place = Place(CRIO.scheme, frozenset(CRIO.capabilities), target=Target())
    judged = default_at("CRI-O 1.35.1", place)
    assert judged is not None
    table = judged.native
    assert table is not None
    answer = table.answers["socket"]
    assert (answer.exact, answer.overlapping) == (True, ())
    got = act(table, "socket", (family, 0, 0, 0, 0, 0))
    assert got is not None
    assert got.passes is passes
    shown = [one.shown for group in exposed(judged, place.capabilities) for one in group.passing if "AF_VSOCK" in one.shown]
    assert shown == ["socket(AF_VSOCK) with bit 32 set"]


def test_audit_sockets_get_einval() -> None:
    place = Place(CRIO.scheme, frozenset(CRIO.capabilities))
    judged = default_at("CRI-O 1.35.1", place)
    table = judged.native if judged is not None else None
    assert table is not None
    assert act(table, "socket", (16, 0, 9, 0, 0, 0)) == Action("ERRNO", 22)
