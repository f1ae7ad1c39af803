"""Where a pod runs: one placement for all that are placed alike, and a gap for a node that was not listed."""

from __future__ import annotations

import pytest

from kubectl_seccomp.effective import Placement
from kubectl_seccomp.facts import NodeFacts
from kubectl_seccomp.model import Evidence, Gap
from kubectl_seccomp.placements import Placements
from kubectl_seccomp.pods import MIRROR_ANNOTATION, Pod, from_mapping
from kubectl_seccomp.words import KubeletDefault

ON, UNKNOWN = KubeletDefault.ON, KubeletDefault.UNKNOWN
NODE = NodeFacts("node-a", "linux", runtime="containerd://2.4.2", default=ON)
HANDLERS = {"sandboxed": "runsc"}
WINDOWS = {"kubernetes.io/os": "windows"}


def pod(*, mirror: bool = False, **spec: object) -> Pod:
    annotations = {MIRROR_ANNOTATION: "x"} if mirror else {}
    made = from_mapping({"kind": "Pod", "metadata": {"name": "p", "annotations": annotations}, "spec": spec})
    assert made is not None
    return made


def placements(*, nodes_why: str = "", manifests: bool = False, assumed: KubeletDefault = UNKNOWN) -> Placements:
    return Placements(Evidence({"node-a": NODE}, nodes_why, HANDLERS), manifests, assumed)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, Placement(None, os_assumed=True)),
        ({"nodeName": "node-a"}, Placement(NODE, "linux")),
        ({"nodeName": "node-a", "mirror": True}, Placement(NODE, "linux", mirror=True)),
        ({"nodeName": "node-a", "runtimeClassName": "sandboxed"}, Placement(NODE, "linux", "runsc")),
        ({"nodeName": "node-a", "runtimeClassName": "gvisor"}, Placement(NODE, "linux", "gvisor", handler_is_class=True)),
        ({"os": {"name": "windows"}}, Placement(None, "windows")),
        ({"nodeSelector": WINDOWS}, Placement(None, "windows", os_assumed=True)),
        ({"nodeSelector": {"disk": "ssd"}}, Placement(None, os_assumed=True)),
    ],
    ids=["nowhere", "node", "mirror", "handler", "class", "os", "selector", "other-selector"],
)
def test_of_a_pod(spec: dict[str, object], expected: Placement) -> None:
    made = placements()
    assert made.of(pod(**spec)) == (0, expected)  # type: ignore[arg-type]
    assert made.gaps == []


@pytest.mark.parametrize("assumed", [ON, UNKNOWN])
def test_a_manifest_is_on_no_node_whatever_it_says(assumed: KubeletDefault) -> None:
    made = placements(manifests=True, assumed=assumed)
    assert made.of(pod(nodeName="node-a"))[1] == Placement(None, assumed_default=assumed, manifest=True, os_assumed=True)
    assert made.of(pod(nodeName="gone"))[1].node is None
    assert made.gaps == []


def test_pods_that_are_placed_alike_share_a_number_and_others_do_not() -> None:
    made = placements()
    shapes: list[dict[str, object]] = [
        {},
        {"nodeName": "node-a"},
        {"nodeName": "node-a", "mirror": True},
        {"nodeName": "node-a", "runtimeClassName": "sandboxed"},
        {"os": {"name": "linux"}},
        {"nodeSelector": WINDOWS},
    ]
    found = [made.of(pod(**shape)) for shape in [*shapes, *shapes]]  # type: ignore[arg-type]
    assert [number for number, _ in found] == [*range(6), *range(6)]
    assert all(found[place][1] is found[place + 6][1] for place in range(6))
    assert made.of(pod(nodeSelector={"disk": "ssd"}))[0] == 0


def test_a_node_that_was_not_listed_is_a_gap_once() -> None:
    made = placements()
    first, second = made.of(pod(nodeName="gone"))[1], made.of(pod(nodeName="gone", runtimeClassName="sandboxed"))[1]
    assert first.node == second.node == NodeFacts("gone", default_source="the node was not listed")
    assert made.gaps == [Gap("node", "node/gone", "pods run on it, but it was not among the nodes listed")]


def test_where_no_node_could_be_listed_that_is_the_reason_and_no_gap_of_each() -> None:
    made = placements(nodes_why="cannot list nodes: forbidden")
    found = made.of(pod(nodeName="gone"))[1]
    assert found.node == NodeFacts("gone", default_source="cannot list nodes: forbidden")
    assert made.gaps == []
