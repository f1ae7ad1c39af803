"""Which directory is the kubelet's root, and when that is only assumed."""

from __future__ import annotations

import pytest

from kubectl_seccomp.facts import NodeFacts
from kubectl_seccomp.nodes.answer import Root
from kubectl_seccomp.nodes.root import root

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
