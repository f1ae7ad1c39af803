"""What nodes tell of themselves, and what stays unknown where they may not be asked."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug import Response

from kubectl_seccomp.cluster.api import Api, ApiError
from kubectl_seccomp.evidence import node_evidence, nodes_evidence
from kubectl_seccomp.model import KUBELET_DEFAULT, Gap
from kubectl_seccomp.words import KubeletDefault
from tests.api.conftest import Fake, ok, status

DENIED = status(403, "Forbidden", "nodes is forbidden: no rights")
ON = {"kubeletconfig": {"seccompDefault": True}}


def node(name: str, system: str = "linux", ready: str = "True") -> dict[str, Any]:
    info = {"operatingSystem": system, "containerRuntimeVersion": "containerd://2.4.2"}
    return {"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": ready}], "nodeInfo": info}}


def cluster(fake: Fake, *nodes: dict[str, Any], configz: Response | dict[str, Any]) -> None:
    fake.on("/apis/node.k8s.io/v1/runtimeclasses", {"items": []})
    fake.on("/api/v1/nodes", {"items": list(nodes)})
    for each in nodes:
        fake.on(f"/api/v1/nodes/{each['metadata']['name']}/proxy/configz", configz)


def test_where_three_nodes_refuse_the_others_are_not_asked(fake: Fake, api: Api) -> None:
    cluster(fake, *map(node, "abcd"), node("w", "windows"), configz=DENIED)
    assert [(gap.what, gap.where, gap.why) for gap in nodes_evidence(api).gaps] == [
        *((KUBELET_DEFAULT, f"node/{name}", "forbidden: no rights") for name in "abc"),
        (KUBELET_DEFAULT, "node/d", "not asked: forbidden on the first 3 nodes (get nodes/proxy)"),
    ]
    assert [request.path.split("/")[4] for request in fake.requests if "proxy" in request.path] == ["a", "b", "c"]


def test_what_is_known_is_no_gap(fake: Fake, api: Api) -> None:
    cluster(fake, *map(node, "abcd"), node("e", ready="False"), node("w", "windows"), configz=ON)
    found = nodes_evidence(api)
    assert found.gaps == (Gap(KUBELET_DEFAULT, "node/e", "the node is not ready"),)
    assert [name for name, facts in found.nodes.items() if facts.default is KubeletDefault.ON] == ["a", "b", "c", "d"]


def test_nodes_that_cannot_be_listed_are_a_gap_unless_they_are_required(fake: Fake, api: Api) -> None:
    cluster(fake, configz=ON)
    fake.on("/api/v1/nodes", DENIED)
    found = nodes_evidence(api)
    assert found.nodes_why == "cannot list nodes: forbidden: no rights"
    assert found.gaps == (Gap("nodes", "cluster", "forbidden: no rights"),)
    with pytest.raises(ApiError):
        nodes_evidence(api, required=True)


@pytest.mark.parametrize(
    ("configz", "gap"),
    [
        (ok(b'{"kubeletconfig": {"seccompDefault": true}}'), Gap("node", "node/a", "forbidden: no rights")),
        (DENIED, Gap(KUBELET_DEFAULT, "node/a", "forbidden: no rights")),
    ],
)
def test_a_node_that_may_not_be_read_has_one_gap(fake: Fake, api: Api, configz: Response, gap: Gap) -> None:
    fake.on("/api/v1/nodes/a", DENIED)
    fake.on("/api/v1/nodes/a/proxy/configz", configz)
    assert node_evidence(api, "a")[1] == (gap,)
