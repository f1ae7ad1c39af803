"""Which directory is the kubelet's root, and when that is only assumed."""

from __future__ import annotations

import pytest

from kubectl_seccomp.model import NodeFacts
from kubectl_seccomp.nodes.output import Kubelet
from kubectl_seccomp.nodes.root import Root, root, settled

PATH = "profiles/web.json"
REPORT = "/data/kubelet/seccomp/profiles/web.json"

ASSUMED = Root("/var/lib/kubelet", False, "the kubelet's default")


@pytest.mark.parametrize(
    ("node", "given", "reports", "events", "expected"),
    [
        (NodeFacts("n"), None, (), (), ASSUMED),
        (NodeFacts("n"), "/k/", (REPORT,), (), Root("/k", True, "--kubelet-root")),
        (NodeFacts("n"), "/", (), (), Root("/", True, "--kubelet-root")),
        (NodeFacts("n", kubelet_root="/flagz"), None, (REPORT,), (), Root("/flagz", True, "flagz")),
        (NodeFacts("n"), None, (REPORT,), (), Root("/data/kubelet", True, "a container's status")),
        # An event can be written by anybody in the namespace: worth a look, not to be believed.
        (NodeFacts("n"), None, (), (REPORT,), Root("/data/kubelet", False, "an event")),
        (NodeFacts("n", directory_label="data-kubelet"), None, (), (), Root("/data/kubelet", False, "the node's label")),
        (NodeFacts("n"), None, ("/data/seccomp/other.json", "data/seccomp/profiles/web.json"), (), ASSUMED),
    ],
)
def test_who_says_where_the_profiles_are(
    node: NodeFacts, given: str | None, reports: tuple[str, ...], events: tuple[str, ...], expected: Root
) -> None:
    assert root(node, given, (PATH,), reports, events) == expected


A, B, C = Kubelet(1, "/a"), Kubelet(2, "/b", hostname="n"), Kubelet(3, "/c", hostname="m")


@pytest.mark.parametrize(
    ("kubelets", "expected"),
    [([A], "/a"), ([C], None), ([A, B], "/b"), ([B, C], "/b"), ([A, C], "/a"), ([A, Kubelet(4, "/d"), C], None), ([], None)],
)
def test_what_the_nodes_own_kubelet_runs_with(kubelets: list[Kubelet], expected: str | None) -> None:
    assert settled(kubelets, "n") == expected
