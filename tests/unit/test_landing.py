"""What containers would find where their pods could be placed, and when nothing is worked out at all."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_seccomp.facts import NodeFacts, ProfileFile
from kubectl_seccomp.landing import Landing, Landings, Outcome, outcome
from kubectl_seccomp.model import Profile
from kubectl_seccomp.pods import Pod
from kubectl_seccomp.words import FileState, KubeletDefault

from .test_eligibility import pod

ON, OFF, UNKNOWN = KubeletDefault.ON, KubeletDefault.OFF, KubeletDefault.UNKNOWN
LOCAL = Profile("Localhost", "p.json")


def nodes(**defaults: KubeletDefault) -> dict[str, NodeFacts]:
    return {name: NodeFacts(name, "linux", default=default, labels={"name": name}) for name, default in defaults.items()}


def owned(node: str | None = "a", **spec: Any) -> Pod:
    return pod({"nodeName": node, **spec} if node else spec, "ReplicaSet")


def present(sha: str, effect: str | None = "filter", **more: Any) -> ProfileFile:
    return ProfileFile(FileState.PRESENT, "/p.json", sha, effect=effect, **more)


MISSING = ProfileFile(FileState.MISSING)


@pytest.mark.parametrize(
    ("file", "found"),
    [
        (MISSING, Outcome.MISSING),
        (ProfileFile(FileState.INVALID), Outcome.REFUSED),
        (present("1", "refused"), Outcome.REFUSED),
        (present("1", "none"), Outcome.NO_FILTER),
        (present("1", forbids_nothing=True), Outcome.FORBIDS_NOTHING),
        (present("1"), Outcome.FILTER),
        (present("1", None), Outcome.UNKNOWN),
        (ProfileFile(FileState.UNREADABLE), Outcome.UNKNOWN),
        (ProfileFile(FileState.UNCHECKED), Outcome.UNKNOWN),
        (ProfileFile(), Outcome.UNKNOWN),
    ],
    ids=lambda value: value.value if isinstance(value, Outcome) else "",
)
def test_what_becomes_of_a_container_with_a_file(file: ProfileFile, found: Outcome) -> None:
    assert outcome(file) is found


@pytest.mark.parametrize(
    ("defaults", "told"),
    [
        ({"a": ON, "b": OFF}, {ON: ("a",), OFF: ("b",)}),
        ({"a": ON, "b": OFF, "c": UNKNOWN}, {ON: ("a",), OFF: ("b",), UNKNOWN: ("c",)}),
        ({"a": ON, "b": ON}, None),
        ({"a": ON, "b": UNKNOWN}, None),
        ({"a": OFF, "b": UNKNOWN}, None),
    ],
)
def test_defaults_are_told_only_where_nodes_disagree(defaults: dict[str, Any], told: dict[Any, Any] | None) -> None:
    landing = Landings(nodes(**defaults), {}).of(owned(), None)
    assert (landing.defaults if landing else None) == told
    assert landing is None or landing.nodes == tuple(defaults)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (pod({"nodeName": "a"}), None),
        (owned(nodeSelector={"name": "a"}), None),
        (owned(nodeSelector={"name": "none"}), None),
        (owned(), Profile("RuntimeDefault")),
        (owned(), Profile("Localhost", "")),
        (owned(), Profile("Localhost", None)),
    ],
    ids=["bound", "own node only", "nowhere", "set", "empty", "absent"],
)
def test_where_there_is_nothing_to_tell_there_is_none(asked: Pod, field: Profile | None) -> None:
    assert Landings(nodes(a=ON, b=OFF), {("a", "p.json"): present("1")}).of(asked, field) is None


def test_a_pod_that_waits_for_its_only_node_is_told_of_it() -> None:
    landing = Landings(nodes(a=ON, b=OFF), {("a", "p.json"): MISSING}).of(owned(None, nodeSelector={"name": "a"}), LOCAL)
    assert landing == Landing(0, ("a",), outcomes={Outcome.MISSING: ("a",)})


def test_files_are_grouped_by_outcome_and_those_that_filter_by_version() -> None:
    every = nodes(a=ON, b=ON, c=ON, d=ON, e=ON)
    files = {"a": present("1"), "b": present("2"), "c": present("1"), "d": present("3", "none")}
    landing = Landings(every, {(name, "p.json"): file for name, file in files.items()}).of(owned(), LOCAL)
    assert landing is not None
    assert landing.outcomes == {Outcome.FILTER: ("a", "b", "c"), Outcome.NO_FILTER: ("d",), Outcome.UNKNOWN: ("e",)}
    assert landing.versions == {"1": ("a", "c"), "2": ("b",)}
    assert landing.defaults == {}


def test_files_that_nobody_asked_for_are_not_told() -> None:
    assert Landings(nodes(a=ON, b=OFF), {}).of(owned(), LOCAL) is None


def test_equal_shapes_with_equal_profiles_share_one_landing() -> None:
    landings = Landings(nodes(a=ON, b=OFF), {("a", "p.json"): present("1")})
    first = landings.of(owned("a"), LOCAL)
    assert first is landings.of(owned("b"), LOCAL)
    others = [landings.of(owned("b"), Profile("Localhost", "q.json")), landings.of(owned("a"), None)]
    assert [each.number for each in (first, *others) if each] == [0, 1, 2]
