"""What the benchmarks pretend: probes' logs as the product reads them, and containers of which the truth is known."""

from __future__ import annotations

import base64
import json

import msgspec
import pytest

from kubectl_seccomp.audit import Policy, audit
from kubectl_seccomp.facts import NodeFacts
from kubectl_seccomp.model import Evidence, Head, Scope, Tool
from kubectl_seccomp.nodes.output import main_process, parse
from kubectl_seccomp.objects import ApiPod
from kubectl_seccomp.pods import from_api
from kubectl_seccomp.words import EffectiveType, FileState, KubeletDefault
from tests.cluster.bench import shapes
from tests.cluster.bench.kubelet import FILE, answer

HEAD = Head("2026-11-24T00:00:00Z", Tool("kubectl-seccomp", "0"), Scope("cluster", None, ["*"], None))
NUMBERS = range(0, shapes.KINDS * shapes.PODS_PER_APP, shapes.PODS_PER_APP)


def copy(number: int, nodes: int = 10) -> ApiPod:
    """Return a pod as the benchmark's cluster holds it, but for what the server adds."""
    text = json.dumps({**shapes.pod(shapes.kind_of(number)), "status": shapes.pod_status()})
    for old, new in shapes.placeholders(number, nodes).items():
        assert len(old) == len(new)
        text = text.replace(old, new)
    return msgspec.json.decode(text, type=ApiPod)


@pytest.mark.parametrize("node_default", [True, False])
def test_a_probes_log_is_read_whole_and_says_what_is_true(node_default: bool) -> None:
    ids = [shapes.container_id(number, index) for number in (0, 12, 2345678) for index in range(3)]
    path = base64.b64encode(shapes.PROFILE.encode()).decode()
    found = parse(answer("ab12", [*(f"i{name}" for name in ids), f"p{path}"], node_default).encode(), "ab12")
    assert found.complete
    assert [(file.facts.state, file.content) for file in found.files] == [(FileState.PRESENT, FILE)]
    for name in ids:
        process = main_process(found.processes, name)
        assert process is not None
        assert process.mode == (2 if shapes.filtered(name, node_default) else 0)


@pytest.mark.parametrize("node_default", [True, False])
def test_what_is_true_of_a_container_is_what_an_audit_finds(node_default: bool) -> None:
    default = KubeletDefault.ON if node_default else KubeletDefault.OFF
    nodes = {
        f"node-{number:04d}": NodeFacts(f"node-{number:04d}", "linux", runtime="containerd://2.4.2", default=default)
        for number in range(10)
    }
    pods = list(audit((from_api(copy(number)) for number in NUMBERS), Evidence(nodes), Policy(), HEAD).pods)
    assert len(pods) == shapes.KINDS
    for number, pod in zip(NUMBERS, pods, strict=True):
        for index, member in enumerate(pod.containers):
            confined = member.decision.effective.type is not EffectiveType.UNCONFINED
            assert confined == shapes.filtered(shapes.container_id(number, index), node_default), (number, member.name)


def test_a_copy_holds_no_placeholder_and_its_own_names() -> None:
    pod = copy(1_234_567)
    assert pod.metadata is not None
    assert pod.spec is not None
    assert pod.status is not None
    assert pod.status.container_statuses is not None
    assert (pod.metadata.namespace, pod.metadata.name) == ("team-056", "app-123456-6f584d5476-1234567")
    assert pod.spec.node_name == "node-0007"
    assert pod.status.container_statuses[1].container_id == f"containerd://{shapes.container_id(1_234_567, 1)}"
    text = msgspec.json.encode(pod).decode()
    assert not any(word in text for word in (shapes.APP, shapes.POD, shapes.NODE, shapes.TEAM))
