"""From pods and evidence to a strength: what counts, and that equal containers share one decision."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_seccomp.audit import Policy, audit
from kubectl_seccomp.facts import NodeFacts, Observed, ProfileFile, Strength
from kubectl_seccomp.model import ContainerReport, Evidence, Head, Scope, Tool
from kubectl_seccomp.pods import from_mapping
from kubectl_seccomp.profiles.strength import Subject
from kubectl_seccomp.profiles.strength import strength as measured
from kubectl_seccomp.words import FileState as State
from kubectl_seccomp.words import KubeletDefault, Observation
from tests.unit.profiling import FOLDER

HEAD = Head("2026-11-24T02:00:00Z", Tool("kubectl-seccomp", "0"), Scope("cluster", "lab", ["*"], None))
NODE = NodeFacts("n", os="linux", arch="amd64", kernel="6.1.0", runtime="containerd://2.4.2", default=KubeletDefault.ON)
PATH = "profiles/deny-list.json"
LOCALHOST: dict[str, object] = {"seccompProfile": {"type": "Localhost", "localhostProfile": PATH}}
CONTENT = (FOLDER / "deny-list.json").read_bytes()
LOADS = ProfileFile(State.PRESENT, "/x", effect="filter", ctime=5)


def report(
    security: dict[str, object] | None = None,
    *,
    evidence: Evidence | None = None,
    strengths: bool = True,
    count: int = 1,
    **spec: Any,
) -> list[ContainerReport]:
    own = {"securityContext": security} if security is not None else {}
    items: list[dict[str, object]] = [
        {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {"name": f"p{number}", "uid": f"u{number}"},
            "spec": {"nodeName": "n", "containers": [{"name": "c", **own}], **spec},
        }
        for number in range(count)
    ]
    pods = [pod for item in items if (pod := from_mapping(item)) is not None]
    made = audit(pods, evidence or Evidence({"n": NODE}), Policy(strengths=strengths), HEAD)
    return [member for pod in made.pods for member in pod.containers]


def strength(security: dict[str, object] | None = None, *, evidence: Evidence | None = None, **spec: Any) -> Strength:
    found = report(security, evidence=evidence, **spec)[0].decision.strength
    assert found is not None
    return found


def seen(observed: Observed, node: NodeFacts = NODE) -> Evidence:
    return Evidence({"n": node}, observed={("u0", "c"): observed})


def read(file: ProfileFile = LOADS) -> Evidence:
    return Evidence({"n": NODE}, files={("n", PATH): file}, contents={("n", PATH): CONTENT})


@pytest.mark.parametrize(
    ("security", "opened"),
    [
        (None, 309),
        ({"seccompProfile": {"type": "RuntimeDefault"}}, 309),
        ({"seccompProfile": {"type": "Unconfined"}}, 385),
        ({"privileged": True}, 385),
        ({"capabilities": {"drop": ["ALL"]}}, 308),
    ],
    ids=["kubelet", "declared", "unconfined", "privileged", "no-capabilities"],
)
def test_what_is_effective_counts(security: dict[str, object] | None, opened: int) -> None:
    assert strength(security).open == opened


def test_a_file_counts_by_its_bytes() -> None:
    assert strength(LOCALHOST, evidence=read()).open == 381
    assert "not read" in str(strength(LOCALHOST).unknown)


def test_a_file_that_has_changed_since_the_start_says_nothing() -> None:
    status = {"containerStatuses": [{"name": "c", "state": {"running": {"startedAt": "1970-01-01T00:00:01Z"}}}]}
    item: dict[str, object] = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p", "uid": "u0"}, "status": status}
    pod = from_mapping({**item, "spec": {"nodeName": "n", "containers": [{"name": "c", "securityContext": LOCALHOST}]}})
    assert pod is not None
    made = audit([pod], read(), Policy(strengths=True), HEAD)
    found = next(member.decision.strength for each in made.pods for member in each.containers)
    assert found is not None
    assert "has changed" in str(found.unknown)


def test_what_the_kernel_says_goes_first() -> None:
    bare, filtered = Observed(Observation.UNFILTERED, 0), Observed(Observation.FILTERED, 2)
    declared: dict[str, object] = {"seccompProfile": {"type": "RuntimeDefault"}}
    assert strength(declared, evidence=seen(bare)).open == 385
    unconfined: dict[str, object] = {"seccompProfile": {"type": "Unconfined"}}
    assert "nobody declared" in str(strength(unconfined, evidence=seen(filtered)).unknown)
    unknown = NodeFacts("n", os="linux", arch="amd64", kernel="6.1.0", runtime="containerd://2.4.2")
    assert "not known" in str(strength(evidence=seen(Observed(), unknown)).unknown)
    assert strength(evidence=seen(bare, unknown)).open == 385


def test_without_a_node_nothing_is_said() -> None:
    assert "on which node" in str(strength({"seccompProfile": {"type": "RuntimeDefault"}}, nodeName=None).unknown)


def test_windows_has_no_figures() -> None:
    assert strength(evidence=Evidence({"n": NodeFacts("n", os="windows")})).unknown == "no profile applies to it"


def test_an_assumed_profile_is_doubted() -> None:
    crio = NodeFacts("n", os="linux", arch="amd64", kernel="6.1.0", runtime="cri-o://1.36.3", default=KubeletDefault.ON)
    assert "the effective profile is only assumed" in strength(evidence=Evidence({"n": crio})).doubts


def test_equal_containers_share_a_decision_and_others_do_not() -> None:
    alike = report(count=3)
    assert len({id(member.decision) for member in alike}) == 1
    first, second = report({"capabilities": {"add": ["SYS_ADMIN"]}})[0], report({"capabilities": {"add": ["SYS_TIME"]}})[0]
    assert first.decision.strength != second.decision.strength
    one, other = (Subject("Unconfined", runtime=NODE.runtime, arch="amd64", kernel="6.1.0") for _ in range(2))
    assert measured(one) is measured(other)


def test_nothing_is_worked_out_unless_it_is_asked_for() -> None:
    assert report(strengths=False)[0].decision.strength is None
