"""Each node is asked once about all pods; what exec said of a container that was replaced meanwhile is not believed; files that the
probe cannot read are gaps.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from kubectl_seccomp.cluster.api import Api
from kubectl_seccomp.cluster.pods import PodClient
from kubectl_seccomp.cluster.probe import Settings
from kubectl_seccomp.execution import executed
from kubectl_seccomp.facts import NodeFacts, Observed
from kubectl_seccomp.model import Gap
from kubectl_seccomp.node_proof import judged_files
from kubectl_seccomp.nodes.output import parse
from kubectl_seccomp.pods import from_mapping
from kubectl_seccomp.proof import Ways, prove, still_there
from kubectl_seccomp.words import FileState, Observation
from tests.api.conftest import Fake, status
from tests.api.podserver import PodServer, answer_of

OLD, NEW = "a" * 64, "b" * 64


def pod(uid: str = "u1", container_id: str = OLD) -> dict[str, Any]:
    running = {"name": "c", "containerID": f"containerd://{container_id}", "state": {"running": {}}}
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop", "uid": uid},
        "spec": {"containers": [{"name": "c"}]}, "status": {"containerStatuses": [running]},
    }  # fmt: skip


SEEN = {"c": Observed(Observation.FILTERED, 2, 1, via="exec")}


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (pod(), Observation.FILTERED),
        (pod(uid="u2"), Observation.FAILED),
        (pod(container_id=NEW), Observation.FAILED),
        (status(404, "NotFound", "gone"), Observation.FAILED),
    ],
)
def test_exec_goes_by_names_so_the_ids_are_compared_afterwards(fake: Fake, api: Api, now: Any, state: Observation) -> None:
    fake.on("/api/v1/namespaces/shop/pods/web", now)
    before, gaps = from_mapping(pod()), list[Gap]()
    assert before is not None
    assert still_there(api, before, SEEN, gaps)["c"].state is state
    assert gaps == []


def test_a_pod_that_cannot_be_read_again_is_a_gap(fake: Fake, api: Api) -> None:
    fake.on("/api/v1/namespaces/shop/pods/web", status(403, "Forbidden", "no"))
    before, gaps = from_mapping(pod()), list[Gap]()
    assert before is not None
    assert still_there(api, before, SEEN, gaps) == SEEN
    assert [gap.where for gap in gaps] == ["pod/shop/web"]


def test_every_file_that_was_asked_for_has_an_answer() -> None:
    lines = ("file 0 unreadable =L3Jvb3Qvc2VjY29tcC9hLmpzb24=", "file 1 outside =L3Jvb3Qvc2VjY29tcC9iLmpzb24=")
    answer = parse(answer_of({"metadata": {"labels": {"kubectl-seccomp/run": "n"}}}, *lines), "n")
    assert answer.complete
    files = judged_files(answer, NodeFacts("n", runtime="containerd://2.4.2"), ("a.json", "b.json", "c.json"))
    assert {path: file.state for path, file in files.items()} == dict.fromkeys(("a.json", "b.json", "c.json"), FileState.UNREADABLE)


def test_audit_by_exec_does_not_believe_a_replaced_container_either(fake: Fake, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubectl_seccomp.execution.read_status", lambda *_: SEEN["c"])
    fake.on("/api/v1/namespaces/shop/pods/web", pod(), pod(container_id=NEW))
    before = from_mapping(pod())
    assert before is not None
    for state in (Observation.FILTERED, Observation.FAILED):
        observed: dict[tuple[str, str], Observed] = {}
        assert list(executed(api, [before], observed, 5.0)) == [before]
        assert observed["u1", "c"].state is state


def on_node(name: str, node: str, container_id: str | None) -> Any:
    """A pod with a profile file of its own name; it runs where there is an id."""
    content = pod(f"uid-{name}")
    content["metadata"]["name"] = name
    content["spec"] |= {"nodeName": node, "containers": [{"name": "c", "securityContext": {"seccompProfile": {
        "type": "Localhost", "localhostProfile": f"{name}.json"}}}]}  # fmt: skip
    content["status"]["containerStatuses"][0]["containerID"] = f"containerd://{container_id}" if container_id else None
    return from_mapping(content)


def said_by_node(made: dict[str, Any]) -> bytes:
    ids = re.findall(r"[ab]{64}", str(made["spec"]["containers"][0]))
    return answer_of(made, *(f"process {each} - {number} 1 5 {2 - number} 1 0" for number, each in enumerate(ids)))


def test_each_node_is_asked_once_about_all_of_its_pods(api: Api, servers: dict[str, HTTPServer]) -> None:
    kube = PodServer()
    kube.log = said_by_node
    servers["tls"].clear()
    servers["tls"].expect_request(re.compile("/.*")).respond_with_handler(kube)
    pods = [on_node("one", "n", OLD), on_node("two", "n", NEW), on_node("new", "n", None), on_node("win", "w", OLD)]
    nodes = {"n": NodeFacts("n", kubelet_root="/r"), "w": NodeFacts("w", os="windows")}
    told: list[tuple[int, int]] = []
    ways = Ways(Settings("kube-system", "busybox:1", 60.0), use_exec=False)
    found = prove(api, PodClient(api.connection), pods, nodes, ways, lambda *done: told.append(done))
    assert [made["spec"]["nodeName"] for made in kube.made] == ["n"]
    assert {key: (seen.state, seen.mode, seen.explanation) for key, seen in found.observed.items()} == {
        ("uid-one", "c"): (Observation.FILTERED, 2, None),
        ("uid-two", "c"): (Observation.STRICT, 1, None),
        ("uid-new", "c"): (Observation.FAILED, None, "it has no container id yet to look for on the node"),
    }
    assert list(found.files) == [("n", "one.json"), ("n", "two.json"), ("n", "new.json")]
    assert [gap.where for gap in found.gaps if gap.what != "profile file"] == ["pod/shop/new"]
    assert told[-1] == (1, 1)
    assert kube.pods == {}
