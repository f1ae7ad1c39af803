"""What exec said of a container that was replaced meanwhile is not believed; files that the probe cannot read are gaps."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_seccomp.cluster.api import Api
from kubectl_seccomp.execution import executed
from kubectl_seccomp.facts import NodeFacts, Observed
from kubectl_seccomp.model import Gap
from kubectl_seccomp.node_proof import judged_files
from kubectl_seccomp.nodes.output import parse
from kubectl_seccomp.pods import from_mapping
from kubectl_seccomp.proof import still_there
from kubectl_seccomp.words import FileState, Observation
from tests.api.conftest import Fake, status
from tests.api.podserver import answer_of

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
