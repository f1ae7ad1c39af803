"""Lists: no pod lost, none twice, what is broken costs only itself, and no server can hold us for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_seccomp.cluster import lists
from kubectl_seccomp.cluster.api import Api, ApiError
from kubectl_seccomp.cluster.node_facts import DIRECTORY_LABEL
from kubectl_seccomp.facts import NodeFacts, Taint
from kubectl_seccomp.model import Gap
from kubectl_seccomp.pods import Pod
from tests.api.conftest import Fake, ok, page, status

PODS = "/api/v1/pods"


def read(api: Api, chunk_size: int = 500) -> list[str | Gap]:
    return named(lists.pods(api, None, None, None, chunk_size))


def named(found: Iterator[Pod | Gap]) -> list[str | Gap]:
    return [item if isinstance(item, Gap) else item.name for item in found]


def test_a_broken_pod_costs_only_itself(fake: Fake, api: Api) -> None:
    good = b'{"metadata": {"name": "good"}}'
    bad = [
        b'{"metadata": {"name": "b1", "namespace": "shop"}, "spec": {"containers": 5}}',
        b'{"metadata": {"name": 5}}',
        b'"pod"',
        b'{"metadata": {"name": "\xff"}}',
        b'{"metadata": {"name": "\\u001b[2J"}, "spec": []}',
    ]
    body = b'{"items": [' + b", ".join([*bad, good]) + b'], "metadata": {"continue": "t1"}}'
    fake.on(PODS, ok(body), page(["next"]))
    *gaps, first, second = read(api)
    assert [first, second] == ["good", "next"]
    assert [gap.where for gap in gaps if isinstance(gap, Gap)] == [
        "pod/shop/b1",
        "item 2 of a page",
        "item 3 of a page",
        "item 4 of a page",
        "pod//\\x1b[2J",
    ]
    assert isinstance(gaps[0], Gap)
    assert (gaps[0].what, gaps[0].affects) == ("pod", 0)
    assert "$.spec.containers" in gaps[0].why


def test_one_pod(fake: Fake, api: Api) -> None:
    fake.on("/api/v1/namespaces/shop/pods/web", page(["web"])["items"][0])
    found = lists.pod(api, "shop", "web")
    assert found.name == "web"
    with pytest.raises(ApiError) as caught:
        lists.pod(api, "shop", "other")
    assert caught.value.status == 404


@pytest.mark.parametrize(("namespace", "name"), [("..", "x"), ("x", ".."), ("", "x"), ("x", "")])
def test_names_do_not_lead_elsewhere(fake: Fake, api: Api, namespace: str, name: str) -> None:
    with pytest.raises(ApiError, match="invalid resource name"):
        lists.pod(api, namespace, name)
    assert fake.requests == []


NODE = {
    "metadata": {"name": "node-a", "labels": {DIRECTORY_LABEL: "-var-lib-kubelet"}},
    "status": {
        "conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "True"}],
        "nodeInfo": {
            "operatingSystem": "linux",
            "architecture": "amd64",
            "kernelVersion": "6.18.0",
            "kubeletVersion": "v1.37.2",
            "containerRuntimeVersion": "containerd://2.4.2",
        },
    },
}
FACTS = NodeFacts(
    "node-a",
    "linux",
    "amd64",
    "6.18.0",
    "v1.37.2",
    "containerd://2.4.2",
    directory_label="-var-lib-kubelet",
    reachable=True,
    labels={DIRECTORY_LABEL: "-var-lib-kubelet"},
)


FARGATE = {"eks.amazonaws.com/compute-type": "fargate"}
NOT_READY, NO_MACHINE = "the node is not ready", "there is no machine behind this node"


def labelled(**labels: str) -> dict[str, Any]:
    return {**with_ready("True"), "metadata": {"name": "n", "labels": labels}}


def with_ready(state: str | None) -> dict[str, Any]:
    conditions = [] if state is None else [{"type": "Ready", "status": state}]
    return {"metadata": {"name": "n"}, "status": {"conditions": conditions}}


@pytest.mark.parametrize(
    ("item", "facts"),
    [
        (NODE, FACTS),
        ({}, NodeFacts("", reachable=False, unaskable=NOT_READY)),
        ({"metadata": {"name": "n"}, "status": {"nodeInfo": None}}, NodeFacts("n", reachable=False, unaskable=NOT_READY)),
        (with_ready("True"), NodeFacts("n")),
        (with_ready("False"), NodeFacts("n", reachable=False, unaskable=NOT_READY)),
        (with_ready("Unknown"), NodeFacts("n", reachable=False, unaskable=NOT_READY)),
        (with_ready(None), NodeFacts("n", reachable=False, unaskable=NOT_READY)),
        ({**with_ready("True"), "spec": {"unschedulable": True}}, NodeFacts("n", unaskable="the node is cordoned", unschedulable=True)),
        (
            {
                **with_ready("True"),
                "spec": {"taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}, {"key": "c", "effect": "x"}]},
            },
            NodeFacts("n", taints=(Taint("a", "b", "NoSchedule"), Taint("c", None, "x"))),
        ),
        (labelled(type="virtual-kubelet"), NodeFacts("n", unaskable=NO_MACHINE, labels={"type": "virtual-kubelet"})),
        (labelled(**FARGATE), NodeFacts("n", unaskable=NO_MACHINE, labels=FARGATE)),
    ],
)
def test_nodes(fake: Fake, api: Api, item: dict[str, Any], facts: NodeFacts) -> None:
    fake.on("/api/v1/nodes", {"items": [item]})
    assert list(lists.nodes(api)) == [facts]


def test_one_node(fake: Fake, api: Api) -> None:
    fake.on("/api/v1/nodes/node-a", NODE)
    assert lists.node(api, "node-a") == FACTS


def test_nodes_that_broke_off_are_not_taken_for_all(fake: Fake, api: Api) -> None:
    fake.on("/api/v1/nodes", {"items": [NODE], "metadata": {"continue": "t"}}, status(500, "x", "gone"))
    with pytest.raises(ApiError, match="broke off after 1 page"):
        list(lists.nodes(api))


def test_runtime_handlers(fake: Fake, api: Api) -> None:
    items = [{"metadata": {"name": "gvisor"}, "handler": "runsc"}, {"metadata": {}}, {"handler": "x"}]
    fake.on("/apis/node.k8s.io/v1/runtimeclasses", {"items": items})
    assert lists.runtime_handlers(api) == {"gvisor": "runsc"}


def test_namespaces(fake: Fake, api: Api) -> None:
    fake.on("/api/v1/namespaces", page(["a", "b"], "t"), page(["c"]))
    assert lists.namespaces(api) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("answer", "exists"),
    [
        ({"metadata": {"name": "a"}}, True),
        (status(404, "NotFound", "x"), False),
        (status(403, "Forbidden", "x"), None),
        (status(500, "InternalError", "x"), None),
    ],
)
def test_namespace_exists(fake: Fake, api: Api, answer: Any, exists: bool | None) -> None:
    fake.on("/api/v1/namespaces/a", answer)
    assert lists.namespace_exists(api, "a") is exists


def test_events(fake: Fake, api: Api) -> None:
    items = [
        {
            "reason": "FailedMount",
            "message": "m",
            "type": "Warning",
            "count": 3,
            "lastTimestamp": "2026-11-24T02:00:02Z",
        },
        {"reason": "New", "eventTime": "2026-11-24T02:00:01.000000Z", "lastTimestamp": None},
        {"series": {"count": 9, "lastObservedTime": "2026-11-24T02:00:03.000000Z"}},
        {},
    ]
    fake.on("/api/v1/namespaces/shop/events", {"items": items})
    assert lists.events(api, "shop", "u,1=\\") == [
        lists.Event("", ""),
        lists.Event("New", "", "", "2026-11-24T02:00:01.000000Z"),
        lists.Event("FailedMount", "m", "Warning", "2026-11-24T02:00:02Z"),
        lists.Event("", "", "", "2026-11-24T02:00:03.000000Z"),
    ]
    assert fake.requests[0].args.to_dict() == {
        "fieldSelector": "involvedObject.uid=u\\,1\\=\\\\",
        "limit": "500",
    }


def test_events_are_bounded_also_where_the_server_ignores_the_limit(fake: Fake, api: Api) -> None:
    fake.on("/api/v1/namespaces/shop/events", ok(json.dumps({"items": [{"reason": "x"}] * 700}).encode()))
    assert len(lists.events(api, "shop", "u")) == 500


def test_what_is_no_name_is_no_namespace(fake: Fake, api: Api) -> None:
    assert lists.namespace_exists(api, "..") is False
    assert fake.requests == []
