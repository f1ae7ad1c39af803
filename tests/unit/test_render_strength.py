"""The strength of a pod's containers, as `check pod` and the wide table show it."""

from __future__ import annotations

from msgspec import structs

from kubectl_seccomp.facts import GroupStrength, Strength
from kubectl_seccomp.model import ContainerReport
from kubectl_seccomp.render import cells
from kubectl_seccomp.render.strength import strengths
from tests.unit import reports

GROUPS = (GroupStrength("mount", 3, ("chroot",)), GroupStrength("kernel-code", 5, ()), GroupStrength("sockets", 2, ("a", "b")))
DEFAULT = Strength(309, 3, 385, 309, 0, False, GROUPS)
BARE = Strength(385, 0, 385, 309, 73, True, GROUPS, ("it may be another one",))
FILE = Strength(50, 0, 385, None, None, None)
UNKNOWN = Strength(unknown="its profile file was not read")


def member(name: str, strength: Strength | None) -> ContainerReport:
    return reports.container(name, structs.replace(reports.decision(), strength=strength))


def section(*members: ContainerReport, width: int = 120) -> str:
    return "".join(strengths(reports.pod("web", *members), width))


def test_figures_in_one_table_and_why_there_are_none() -> None:
    assert section(member("c", DEFAULT), member("free", BARE), member("file", FILE), member("x", UNKNOWN)).splitlines() == [
        "",
        "STRENGTH",
        "CONTAINER   OPEN SYSCALLS   BEYOND DEFAULT   USER NAMESPACE   WITHIN REACH",
        "c           309 of 385      0                cannot           mount (1), sockets (2)",
        "free        385 of 385      73               can make         mount (1), sockets (2)",
        "file        50 of 385       -                unknown          -",
        "free: not certain: it may be another one",
        "x: not known: its profile file was not read",
    ]


def test_containers_with_the_same_reason_are_named_together() -> None:
    assert section(member("a", UNKNOWN), member("b", UNKNOWN)).splitlines()[2:] == ["a, b: not known: its profile file was not read"]


def test_no_hostile_text_reaches_a_terminal() -> None:
    hostile = reports.HOSTILE
    doubted = structs.replace(DEFAULT, doubts=(hostile,))
    text = section(member(hostile, doubted), member("x", Strength(unknown=hostile)))
    assert text.replace("\n", "").isprintable()
    assert text.count("機") == 4


def test_nothing_where_nothing_was_asked() -> None:
    assert section(member("a", None)) == ""


def test_it_fits_the_terminal() -> None:
    assert all(len(line) <= 80 for line in section(member("c", BARE), width=80).splitlines())


def test_the_cell_of_the_wide_table() -> None:
    shown = [cells.strength(member("c", each).decision) for each in (DEFAULT, BARE, FILE, UNKNOWN, None)]
    assert shown == ["309/385", "385/385+userns", "50/385", "-", "-"]
