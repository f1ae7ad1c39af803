"""Effective and observed -> verdict; the operating system of a pod; the sentence about a file."""

from __future__ import annotations

import pytest

from kubectl_seccomp.effective import about, placement_os, verdict
from kubectl_seccomp.facts import NodeFacts, Observed, ProfileFile
from kubectl_seccomp.model import Declared, Effective, Profile
from kubectl_seccomp.pods import Pod, from_mapping
from kubectl_seccomp.words import Certainty, DecidedBy, EffectiveType, FileState, Observation, Verdict, short

DEFAULT, UNCONFINED, LOCAL = Profile("RuntimeDefault"), Profile("Unconfined"), Profile("Localhost", "p/a.json")
PATH = "/var/lib/kubelet/seccomp/p/a.json"


def pod(**spec: object) -> Pod:
    made = from_mapping({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("spec", "node_os", "expected", "assumed"),
    [
        ({}, "", "", True),
        ({}, "linux", "linux", False),
        ({"os": {"name": "windows"}}, None, "windows", False),
        ({"os": {"name": "windows"}}, "linux", "linux", False),
        ({"nodeSelector": {"kubernetes.io/os": "windows"}}, None, "windows", True),
        ({"nodeSelector": {"kubernetes.io/os": "windows"}}, "", "windows", True),
        ({"nodeSelector": {"kubernetes.io/os": "linux"}}, "windows", "windows", False),
        ({"nodeSelector": {"disk": "ssd"}}, None, "", True),
        ({"os": {}}, None, "", True),
    ],
)
def test_operating_system(spec: dict[str, object], node_os: str | None, expected: str, assumed: bool) -> None:
    node = None if node_os is None else NodeFacts("n", node_os)
    assert placement_os(pod(**spec), node) == (expected, assumed)


FILTERED, UNFILTERED, STRICT = Observed(Observation.FILTERED), Observed(Observation.UNFILTERED), Observed(Observation.STRICT)
NOT_SEEN = (Observed(), Observed(Observation.FAILED))


@pytest.mark.parametrize(
    ("kind", "promised", "filtered", "unfiltered", "unseen"),
    [
        (EffectiveType.RUNTIME_DEFAULT, True, Verdict.PROVEN, Verdict.CONTRADICTION, Verdict.UNPROVEN),
        (EffectiveType.RUNTIME_DEFAULT, False, Verdict.PROVEN, Verdict.CONTRADICTION, Verdict.UNPROVEN),
        (EffectiveType.LOCALHOST, True, Verdict.PROVEN, Verdict.CONTRADICTION, Verdict.UNPROVEN),
        (EffectiveType.UNCONFINED, True, Verdict.UNPROVEN, Verdict.LOST, Verdict.LOST),
        (EffectiveType.UNCONFINED, False, Verdict.UNPROVEN, Verdict.UNPROTECTED, Verdict.UNPROTECTED),
        (EffectiveType.UNKNOWN, True, Verdict.UNPROVEN, Verdict.LOST, Verdict.UNPROVEN),
        (EffectiveType.UNKNOWN, False, Verdict.UNPROVEN, Verdict.UNPROTECTED, Verdict.UNPROVEN),
        (EffectiveType.NOT_APPLICABLE, True, Verdict.UNPROVEN, Verdict.UNPROVEN, Verdict.UNPROVEN),
        (EffectiveType.NOT_APPLICABLE, False, Verdict.UNPROVEN, Verdict.UNPROVEN, Verdict.UNPROVEN),
    ],
)
def test_verdict(kind: EffectiveType, promised: bool, filtered: Verdict, unfiltered: Verdict, unseen: Verdict) -> None:
    outcome = Effective(kind, DecidedBy.NOTHING, Certainty.CERTAIN, "")
    for declared in (Declared(DEFAULT), Declared(pod=LOCAL)) if promised else (Declared(), Declared(UNCONFINED, DEFAULT)):
        assert verdict(declared, outcome, FILTERED) is filtered
        assert verdict(declared, outcome, STRICT) is unfiltered
        assert verdict(declared, outcome, UNFILTERED) is unfiltered
        assert {verdict(declared, outcome, observed) for observed in NOT_SEEN} == {unseen}


def test_about_and_short() -> None:
    found = ProfileFile(FileState.PRESENT, PATH, effect="none", explanation=f"{PATH}: it holds no rules: containerd loads no filter")
    assert about("p/a.json", "node-b", found, "x") == "p/a.json on node-b holds no rules: containerd loads no filter"
    assert about("p/a.json", "node-b", ProfileFile(), "loads") == "p/a.json on node-b loads"
    assert about("a" * 500, "n", ProfileFile(), "loads") == f"{'a' * 199}… on n loads"
    assert [short("abcd", most) for most in (3, 4)] == ["ab…", "abcd"]


@pytest.mark.parametrize("state", [Observation.UNFILTERED, Observation.STRICT])
@pytest.mark.parametrize(("older", "expected"), [(False, Verdict.CONTRADICTION), (True, Verdict.UNPROTECTED)])
def test_no_filter_contradicts_only_a_default_that_was_there_at_the_start(state: Observation, older: bool, expected: Verdict) -> None:
    outcome = Effective(EffectiveType.RUNTIME_DEFAULT, DecidedBy.KUBELET, Certainty.CERTAIN, "")
    assert verdict(Declared(), outcome, Observed(state), older=older) is expected
