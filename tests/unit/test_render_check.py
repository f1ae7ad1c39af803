"""`check pod`: header, notes, findings with their patches, Pod Security, gaps."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
import yaml

from kubectl_seccomp.facts import NodeFacts
from kubectl_seccomp.model import ContainerReport, Decision, Declared, Gap, Owner, PodReport, Profile, PssLevel, PssVerdict
from kubectl_seccomp.render.check import header, render
from kubectl_seccomp.render.patch import patch
from kubectl_seccomp.words import ContainerType, DecidedBy, EffectiveType, KubeletDefault, Severity

from . import reports
from .reports import HOSTILE, NODES, container, decision, pod

UNSET = decision(declared=Declared())
OWN = decision(declared=Declared(Profile("Unconfined"), Profile("RuntimeDefault")))
OWN_FILE = decision(declared=Declared(Profile("Localhost", "a.json")))
POD_FILE = decision(declared=Declared(None, Profile("Localhost", "a.json")))


@pytest.mark.parametrize(
    ("node", "facts", "expected"),
    [
        ("node-b", NODES["node-b"], "Pod default/web on node-b (containerd 2.4.2, seccompDefault off)"),
        ("node-c", NODES["node-c"], "Pod default/web on node-c (seccompDefault unknown: forbidden: get nodes/proxy)"),
        ("node-d", None, "Pod default/web on node-d"),
        ("win", NodeFacts("win", "windows", runtime="containerd://2.1.0"), "Pod default/web on win (containerd 2.1.0)"),
        ("win", NodeFacts("win", "windows"), "Pod default/web on win"),
        ("new", NodeFacts("new"), "Pod default/web on new (seccompDefault unknown)"),
        ("x", NodeFacts("x", default=KubeletDefault.ON), "Pod default/web on x (seccompDefault on)"),
        (None, None, "Pod default/web, not scheduled"),
    ],
)
def test_header_says_only_what_is_known(node: str | None, facts: NodeFacts | None, expected: str) -> None:
    assert header(pod("web", node=node), facts) == expected


PATCHED = [
    ("Deployment", UNSET, {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}),
    ("StatefulSet", POD_FILE, {"securityContext": {"seccompProfile": {"type": "RuntimeDefault", "localhostProfile": None}}}),
    ("DaemonSet", OWN, {"containers": [{"name": "app", "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}]}),
    ("Deployment", OWN_FILE, {"containers": [{"name": "app", "securityContext": {
        "seccompProfile": {"type": "RuntimeDefault", "localhostProfile": None}}}]}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "made", "spec"), PATCHED)
def test_a_rolling_workload_gets_a_command(kind: str, made: Decision, spec: dict[str, Any]) -> None:
    words = command(pod("web-1", namespace="shop", owner=Owner(kind, "web")), container("app", made))
    assert words[:-1] == ["kubectl", "patch", f"{kind.lower()}/web", "-n", "shop", "--type=strategic", "-p"]
    assert json.loads(words[-1]) == {"spec": {"template": {"spec": spec}}}


def command(of: PodReport, member: ContainerReport) -> list[str]:
    return shlex.split(patch(of, member, "RuntimeDefault"))


@pytest.mark.parametrize("kind", [ContainerType.INIT, ContainerType.SIDECAR])
def test_init_containers_and_sidecars_are_in_another_list(kind: ContainerType) -> None:
    words = command(pod("web-1", owner=Owner("Deployment", "web")), container("app", OWN, kind))
    assert list(json.loads(words[-1])["spec"]["template"]["spec"]) == ["initContainers"]


def test_a_cronjob_keeps_its_template_deeper() -> None:
    words = command(pod("n-1", owner=Owner("CronJob", "nightly")), container("app", UNSET))
    assert list(json.loads(words[-1])["spec"]["jobTemplate"]["spec"]["template"]["spec"]) == ["securityContext"]


def test_a_name_cannot_leave_its_quotes() -> None:
    name = "x'; touch /tmp/owned; echo '"
    words = command(pod("p", namespace=name, owner=Owner("Deployment", name)), container(name, OWN))
    assert words[2] == f"deployment/{name}"
    assert words[4] == name
    assert json.loads(words[-1])["spec"]["template"]["spec"]["containers"][0]["name"] == name


@pytest.mark.parametrize(
    ("more", "advice", "path"),
    [
        ({}, "a pod cannot be changed in place", ("spec",)),
        ({"owner": Owner("Job", "nightly")}, "job/nightly cannot be changed in place", ("spec", "template", "spec")),
        ({"owner": Owner("ReplicaSet", "web")}, "delete its pods", ("spec", "template", "spec")),
        ({"owner": Owner("ReplicationController", "web")}, "delete its pods", ("spec", "template", "spec")),
        ({"owner": Owner("Node", "node-a")}, "a static pod: change its manifest on node-a", ("spec",)),
        ({"owner": Owner("Rollout", "web")}, "put this into the pod template of rollout/web", ()),
        ({"kind": "Deployment", "file": "a.yaml", "document": 2}, "in a.yaml#2, deploy/p:", ("spec", "template", "spec")),
        ({"kind": "CronJob", "file": "a.yaml", "document": 2}, "in a.yaml#2, cronjob/p:",
         ("spec", "jobTemplate", "spec", "template", "spec")),
        ({"kind": "PodTemplate", "file": "a.yaml"}, "in a.yaml, podtemplate/p:", ("template", "spec")),
    ],
)  # fmt: skip
def test_everything_else_gets_yaml_to_put_into_a_manifest(more: dict[str, Any], advice: str, path: tuple[str, ...]) -> None:
    text = patch(pod("p", **more), container("app", OWN_FILE), "RuntimeDefault")
    assert text.startswith("# ")
    assert advice in text.splitlines()[0]
    found = yaml.safe_load(text)
    for key in path:
        assert list(found) == [key]
        found = found[key]
    assert found == {"containers": [{"name": "app", "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}]}


def test_ephemeral_containers_cannot_be_changed() -> None:
    text = patch(pod("p", owner=Owner("Deployment", "web")), container("debug", OWN, ContainerType.EPHEMERAL), "RuntimeDefault")
    assert text.startswith("# an ephemeral container cannot be changed")
    assert "kubectl patch" not in text


def shown(*pods: PodReport, gaps: tuple[Gap, ...] = (), width: int = 80) -> str:
    return "".join(render(reports.report(pods, *gaps), NODES, width))


def test_a_finding_of_two_containers_is_told_once_with_one_patch() -> None:
    made = decision(EffectiveType.UNCONFINED, DecidedBy.KUBELET, "nothing set", *reports.unknown("node-b").templates,
                    declared=Declared())  # fmt: skip
    text = shown(pod("p", container("one", made), container("two", made), owner=Owner("Deployment", "web")))
    assert text.count("\nKS104 ") == 1
    assert "one, two: " in text
    assert text.count("kubectl patch deployment/web") == 1


def test_findings_are_told_worst_first_over_all_containers() -> None:
    members = [member for each in reports.everything() for member in each.containers]
    lines = shown(pod("p", *members)).splitlines()
    severities = [line.split()[1] for line in lines if line.startswith("KS")]
    assert severities == sorted(severities, key=[word.value for word in Severity].index)
    assert len(severities) == 10


def test_a_reason_is_not_said_twice() -> None:
    text = shown(pod("p", container("c", reports.kubelet_only("node-a"))))
    assert text.count("only node-a's seccompDefault protects it") == 1
    assert "c: set on the pod\n" in shown(pod("p", container("c", decision())))


def test_a_pod_that_waits_and_has_no_finding_shows_no_hostile_text_either() -> None:
    text = shown(pod(HOSTILE, container(HOSTILE, decision(explanation=HOSTILE)), namespace=HOSTILE, node=None))
    assert text.replace("\n", "").isprintable()
    assert text.count("機") > 3


@pytest.mark.parametrize(
    "owner", [Owner("Deployment", HOSTILE), Owner(HOSTILE, HOSTILE), Owner("Node", HOSTILE)], ids=["rolls", "other", "static"]
)
def test_no_hostile_text_is_in_what_is_pasted(owner: Owner) -> None:
    text = patch(pod(HOSTILE, namespace=HOSTILE, node=HOSTILE, owner=owner), container(HOSTILE, OWN_FILE), "RuntimeDefault")
    assert text.replace("\n", "").isprintable()
    assert "機" in text


def test_pod_security_is_told_for_both_levels() -> None:
    both = PssVerdict("v1.30", PssLevel(False, "pod must not"), PssLevel(False))
    told = " ".join(shown(pod("p", pss=both)).split())
    assert "Pod Security v1.30, seccomp control only: Baseline fails (pod must not), Restricted fails" in told
    fine = PssVerdict("v1.37", PssLevel(True), PssLevel(True))
    assert "Pod Security v1.37, seccomp control only: Baseline passes, Restricted passes\n" in shown(pod("p", pss=fine))


GAPS = (
    Gap("exec", "pod/default/one/c", "forbidden"),
    Gap("kubelet default", "node/node-b", "timeout", 1),
    Gap("nodes", "", "forbidden: list nodes", 2),
)


def test_gaps_stand_under_the_pod_they_name_and_the_others_at_the_end() -> None:
    text = shown(pod("one", container("c", decision())), pod("two", container("c", decision()), node="node-b"), gaps=GAPS)
    first, second = text.split("\nPod default/two")
    assert "gap: exec of pod/default/one/c: forbidden" in first
    assert "gap: kubelet default" not in first
    assert second.index("gap: kubelet default of node/node-b: timeout") < second.index("gap: nodes: forbidden: list nodes")
    assert shown(pod("one", container("c", decision())), gaps=GAPS).count("gap: ") == 3


@pytest.mark.parametrize("width", [80, 60, 1])
def test_lines_keep_to_the_width_but_for_what_is_pasted(width: int) -> None:
    text = shown(*reports.everything(), gaps=reports.GAPS, width=width)
    room = max(width, 40)
    prose = [line for line in text.splitlines() if line.startswith(("KS", "  ", "Pod Security", "gap")) and "kubectl patch" not in line]
    assert len(prose) > 50
    assert all(len(line) <= room for line in prose)


def test_a_failed_look_says_why() -> None:
    assert "agent: failed: forbidden: cannot create pods/exec\n" in shown(*reports.everything())
    assert "c: 3 filters: the application added its own to the container's\n" in shown(*reports.everything())
