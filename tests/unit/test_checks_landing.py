"""What is said of nodes where a pod could land: in which words, how many names, and when nothing is said."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_seccomp.checks import findings
from kubectl_seccomp.checks.record import Case
from kubectl_seccomp.effective import Placement, effective
from kubectl_seccomp.facts import NodeFacts, Observed, ProfileFile
from kubectl_seccomp.landing import Landing, Outcome
from kubectl_seccomp.model import Declared, Profile
from kubectl_seccomp.words import FileState, KubeletDefault

ON, OFF, UNKNOWN = KubeletDefault.ON, KubeletDefault.OFF, KubeletDefault.UNKNOWN
HERE = NodeFacts("here", "linux", runtime="containerd://2.4.2", default=ON)
LOCAL = Declared(None, Profile("Localhost", "p.json"))
GOOD = ProfileFile(FileState.PRESENT, "/s/p.json", "aa", effect="filter", explanation="/s/p.json: loads")
UNSCHEDULED = Placement(None, "linux")
MISSING, REFUSED, VOID, LAX, FILTER = (
    Outcome.MISSING, Outcome.REFUSED, Outcome.NO_FILTER, Outcome.FORBIDS_NOTHING, Outcome.FILTER,
)  # fmt: skip


def said(declared: Declared, landing: Landing | None, placement: Placement | None = None, **more: Any) -> list[str]:
    place, file, privileged = placement or Placement(HERE, "linux"), more.get("file", GOOD), more.get("privileged", False)
    if place.node is None:
        file = ProfileFile()
    outcome = effective(declared, privileged, place, file)
    case = Case(
        declared=declared, privileged=privileged, placement=place, effective=outcome, file=file, observed=Observed(), landing=landing
    )  # fmt: skip
    return [f"{each.id} {each.severity.value}: {each.reason}" for each in findings(case)]


def names(count: int) -> tuple[str, ...]:
    return tuple(f"n{number}" for number in range(1, count + 1))


def defaults(**more: tuple[str, ...]) -> Landing:
    groups = {word: more[word.value] for word in (ON, OFF, UNKNOWN) if word.value in more}
    return Landing(0, tuple(name for group in groups.values() for name in group), groups)


def files(versions: dict[str, tuple[str, ...]] | None = None, **more: tuple[str, ...]) -> Landing:
    groups = {word: more[word.name.lower()] for word in Outcome if word.name.lower() in more}
    return Landing(0, tuple(name for group in groups.values() for name in group), outcomes=groups, versions=versions or {})


LOW = "KS103 low: nothing set: only here's seccompDefault protects it"
PROTECTED = "KS121 medium: nothing set: only here's seccompDefault protects it; unconfined on"


@pytest.mark.parametrize(
    ("landing", "placement", "privileged", "expected"),
    [
        (None, None, False, [LOW]),
        (defaults(on=("here",), off=("n1",)), None, False, [f"{PROTECTED} n1, where it could land"]),
        (defaults(on=("here",), off=names(2)), None, False, [f"{PROTECTED} n1 and n2, where it could land"]),
        (defaults(on=("here",), off=names(4)), None, False, [f"{PROTECTED} n1, n2, n3 and n4, where it could land"]),
        (defaults(on=("here",), off=names(900)), None, False, [f"{PROTECTED} n1, n2, n3 and 897 more nodes, where it could land"]),
        (defaults(on=("here",), unknown=names(1)), None, False, [LOW]),
        (defaults(on=("here",), off=("n1",)), None, True, ["KS105 medium: privileged: containerd loads no filter"]),
        (defaults(on=("n1",), off=("n2",)), UNSCHEDULED, False,
         ["KS121 medium: nothing set, and not scheduled yet: unconfined on n2, RuntimeDefault on n1"]),
        (defaults(off=("n2",)), UNSCHEDULED, False, ["KS104 medium: nothing set, and not scheduled yet"]),
        (defaults(on=("n1",), off=("here",)), Placement(NodeFacts("here", "linux", runtime="containerd://2.4.2", default=OFF), "linux"),
         False, ["KS102 high: nothing set, and here's kubelet has no seccompDefault"]),
    ],
    ids=["alone", "one", "two", "four", "many", "unknown", "privileged", "waiting", "all off", "off here"],
)  # fmt: skip
def test_nothing_set_where_nodes_disagree(
    landing: Landing | None, placement: Placement | None, privileged: bool, expected: Any
) -> None:
    assert said(Declared(), landing, placement, privileged=privileged) == expected


def test_the_unknown_ones_are_evidence() -> None:
    placement = Placement(HERE, "linux")
    case = Case(
        declared=Declared(), privileged=False, placement=placement, effective=effective(Declared(), False, placement, ProfileFile()),
        file=ProfileFile(), observed=Observed(), landing=defaults(on=("here",), off=("n1",), unknown=("n2",)),
    )  # fmt: skip
    (found,) = findings(case)
    assert found.evidence[-3:] == ("seccompDefault on: here", "seccompDefault off: n1", "seccompDefault unknown: n2")
    assert found.patch == "RuntimeDefault"


HEAD = "KS306 medium: p.json"
TAIL = "where it could land"
ABSENT = ProfileFile(FileState.MISSING, "/s/p.json")
STUCK = "KS301 high: /s/p.json is not on here: the container cannot start, or start again"


@pytest.mark.parametrize(
    ("landing", "more", "expected"),
    [
        (files(filter=("here", "n1")), {}, []),
        (files(filter=("here",), missing=("n1",)), {}, [f"{HEAD} is missing on n1, {TAIL}"]),
        (files(filter=("here",), refused=("n1",), no_filter=("n2",), forbids_nothing=("n3",), missing=("n4",)), {},
         [f"{HEAD} has no effect on n2, forbids nothing on n3, is missing on n4, does not load on n1, {TAIL}"]),
        (files(filter=("here",), unknown=("n1",)), {}, []),
        (files(missing=("here", "n1")), {"file": ABSENT}, [STUCK, f"{HEAD} is missing on n1, {TAIL}"]),
        (files(missing=("here",)), {"file": ABSENT}, [STUCK]),
        (files(filter=("here",), missing=("n1",)), {"privileged": True},
         ["KS105 medium: Localhost is set, but privileged: containerd drops it"]),
        (files(filter=("here",), missing=("n1",), no_filter=("n2",)), {"placement": Placement(HERE, "linux", "runsc")},
         [f"{HEAD} is missing on n1, {TAIL}", "KS108 info: gVisor (handler runsc) ignores the profile by default"]),
        (files(missing=("n1",), refused=("n2",)), {"placement": UNSCHEDULED},
         ["KS306 high: p.json is missing on n1, does not load on n2, the only nodes where it could land"]),
        (files(missing=("n1",), unknown=("n2",)), {"placement": UNSCHEDULED}, [f"{HEAD} is missing on n1, {TAIL}"]),
        (files(missing=("n1",), no_filter=("n2",)), {"placement": UNSCHEDULED},
         [f"{HEAD} has no effect on n2, is missing on n1, {TAIL}"]),
        (files(filter=("n1",)), {"placement": UNSCHEDULED}, []),
    ],
    ids=["right", "missing", "all sorts", "unknown", "both", "here", "privileged", "sandbox", "stuck", "unsure", "void", "waits"],
)  # fmt: skip
def test_a_file_that_is_not_right_where_the_pod_could_land(landing: Landing, more: dict[str, Any], expected: list[str]) -> None:
    assert said(LOCAL, landing, **more) == expected


@pytest.mark.parametrize(
    ("versions", "more", "expected"),
    [
        ({"a" * 64: ("here", "n1")}, {}, []),
        ({"a" * 64: ("here",), "b" * 64: ("n1",)}, {},
         ["KS307 low: p.json has 2 versions on the nodes where it could land: aaaaaaaaaaaa on here, bbbbbbbbbbbb on n1"]),
        ({"a" * 64: ("here",), "b" * 64: ("n1",)}, {"privileged": True},
         ["KS105 medium: Localhost is set, but privileged: containerd drops it"]),
    ],
    ids=["same", "two", "privileged"],
)  # fmt: skip
def test_versions(versions: dict[str, tuple[str, ...]], more: dict[str, Any], expected: list[str]) -> None:
    assert said(LOCAL, files(versions, filter=("here", "n1")), **more) == expected


def test_of_a_thousand_nodes_a_few_names_are_told() -> None:
    many = tuple(f"node-with-a-long-name-{number}.example.org" for number in range(1000))
    (line,) = said(LOCAL, files(filter=("here",), missing=many))
    assert len(line) < 250
    assert "and 997 more nodes" in line
