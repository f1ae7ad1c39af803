"""Where pods could be placed, as the real scheduler places them, and what is told of those nodes before it does."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from kubectl_seccomp.cluster.node_facts import Node, facts
from kubectl_seccomp.eligibility import Eligibility
from kubectl_seccomp.pods import from_mapping
from tests.cluster.conftest import Lab
from tests.cluster.manifests.pods import LOG, container, localhost
from tests.cluster.test_verify import seen

SPACE = "landing-test"
SAME, OTHER = "profiles/landing-same.json", "profiles/landing-other.json"
STRICT = '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["execve","exit_group"],"action":"SCMP_ACT_ALLOW"}]}'
GPUS, ZONE, TAINT = "landing.example/gpus", "landing.example/zone", "landing.example/dedicated"
LABELS = {
    "node-a": {ZONE: "x", GPUS: "1"},
    "node-b": {ZONE: "x", GPUS: "8"},
    "node-c": {ZONE: "y", GPUS: "many"},
    "node-d": {GPUS: "4"},
}


def required(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}}}


def when(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, **({"values": list(values)} if values else {})}]}


def named(operator: str, name: str) -> dict[str, Any]:
    return {"matchFields": [{"key": "metadata.name", "operator": operator, "values": [name]}]}


def tolerating(**toleration: str) -> dict[str, Any]:
    return {"tolerations": [toleration]}


SHAPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "selector": {"nodeSelector": {ZONE: "x"}},
    "in": required(when(ZONE, "In", "y", "z")),
    "notin": required(when(ZONE, "NotIn", "x")),
    "exists": required(when(ZONE, "Exists")),
    "absent": required(when(ZONE, "DoesNotExist")),
    "gt": required(when(GPUS, "Gt", "3")),
    "lt": required(when(GPUS, "Lt", "8")),
    "either": required(when(ZONE, "In", "y"), named("In", "node-e")),
    "both": required({**when(ZONE, "In", "x"), **named("NotIn", "node-a")}),
    "named": required(named("In", "node-b")),
    "neither": {"nodeSelector": {ZONE: "x"}, **required(when(GPUS, "In", "4"))},
    "tolerates": tolerating(key=TAINT, operator="Exists"),
    "equal": tolerating(key=TAINT, value="db", effect="NoSchedule"),
    "unequal": tolerating(key=TAINT, operator="Equal", value="web"),
    "all": tolerating(operator="Exists"),
}


@pytest.fixture(scope="module")
def space(lab: Lab) -> Iterator[str]:
    """Make a namespace, labels on four nodes, a taint on node-c and a cordon on node-d; all are taken off again."""
    lab.kubectl("create", "namespace", SPACE)
    try:
        for node, labels in LABELS.items():
            lab.kubectl("label", "node", node, "--overwrite", *(f"{key}={value}" for key, value in labels.items()))
        lab.kubectl("taint", "node", "node-c", "--overwrite", f"{TAINT}=db:NoSchedule")
        yield SPACE
    finally:
        lab.kubectl("taint", "node", "node-c", f"{TAINT}-")
        for node, labels in LABELS.items():
            lab.kubectl("label", "node", node, *(f"{key}-" for key in labels))
        lab.kubectl("delete", "namespace", SPACE, "--wait=false")


def one_a_node(shape: str, nodes: int) -> list[dict[str, Any]]:
    """Return as many pods of a shape as there are nodes, of which no two go to one node; without their ConfigMap none starts."""
    apart = {"labelSelector": {"matchLabels": {"shape": shape}}, "topologyKey": "kubernetes.io/hostname"}
    spec = json.loads(json.dumps(SHAPES[shape]))
    spec.setdefault("affinity", {})["podAntiAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": [apart]}
    spec |= {
        "containers": [container()],
        "terminationGracePeriodSeconds": 0,
        "volumes": [{"name": "v", "configMap": {"name": "absent"}}],
    }
    metadata = {"namespace": SPACE, "labels": {"shape": shape}}
    return [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {**metadata, "name": f"{shape}-{each}"}, "spec": spec} for each in range(nodes)
    ]


def scheduled(lab: Lab) -> dict[str, set[str]]:
    """Return the nodes of the pods of each shape, once the scheduler has decided on all of them."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        pods = json.loads(lab.kubectl("get", "pods", "-n", SPACE, "-l", "shape", "-o", "json"))["items"]
        if all(each["spec"].get("nodeName") or refused(each) for each in pods):
            break
        time.sleep(0.5)
    found: dict[str, set[str]] = {shape: set() for shape in SHAPES}
    for each in pods:
        if each["spec"].get("nodeName"):
            found[each["metadata"]["labels"]["shape"]].add(each["spec"]["nodeName"])
    return found


def refused(pod: dict[str, Any]) -> bool:
    return any(each.get("reason") == "Unschedulable" for each in pod["status"].get("conditions", []))


@pytest.mark.parametrize("cordoned", [False, True], ids=["open", "cordoned"])
def test_pods_go_where_we_say_that_they_could(lab: Lab, space: str, cordoned: bool) -> None:
    if cordoned:
        lab.kubectl("cordon", "node-d")
    try:
        nodes = [facts(msgspec.convert(each, Node)) for each in json.loads(lab.kubectl("get", "nodes", "-o", "json"))["items"]]
        assert [each.reachable for each in nodes] == [True] * 5
        eligibility = Eligibility(nodes)
        pods = [each for shape in SHAPES for each in one_a_node(shape, len(nodes))]
        lab.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": pods}))
        told = {}
        for each in pods:
            pod = from_mapping(each)
            assert pod is not None
            told[each["metadata"]["labels"]["shape"]] = set(eligibility.reach(pod).now)
        assert scheduled(lab) == told
        assert "node-d" in told["all"]
        assert ("node-d" in told["plain"]) is not cordoned
        if cordoned:
            plain = from_mapping(one_a_node("plain", 1)[0])
            assert plain is not None
            assert eligibility.reach(plain).later == ("node-d",)
    finally:
        lab.kubectl("delete", "pods", "-n", space, "-l", "shape", "--force", "--grace-period=0", "--wait=false")
        if cordoned:
            lab.kubectl("uncordon", "node-d")


@pytest.fixture(scope="module")
def files(lab: Lab) -> Iterator[None]:
    """Put one file on node-a and node-c, and another one that differs between them."""
    texts = {"node-a": (STRICT, STRICT), "node-c": (STRICT, STRICT + "\n")}
    places = [
        (lab.instance.seccomp_root(node) / path, text)
        for node, both in texts.items()
        for path, text in zip((SAME, OTHER), both, strict=True)
    ]
    for place, text in places:
        place.write_text(text)
    try:
        yield
    finally:
        for place, _ in places:
            place.unlink()


def waiting(name: str, path: str | None, *nodes: str, **spec: Any) -> dict[str, Any]:
    """Return a pod that no scheduler looks at."""
    body = {
        **required(when("kubernetes.io/hostname", "In", *nodes)),
        "containers": [container()],
        "schedulerName": "nobody",
        **spec,
    }
    if path is not None:
        body["securityContext"] = {"seccompProfile": localhost(path)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": SPACE}, "spec": body}


PODS = (
    waiting("lacks", SAME, "node-a", "node-b"),
    waiting("fine", SAME, "node-a", "node-c"),
    waiting("has", SAME, "node-a", "node-c", **tolerating(key=TAINT, operator="Exists")),
    waiting("differs", OTHER, "node-a", "node-c", **tolerating(key=TAINT, operator="Exists")),
    waiting("tainted", OTHER, "node-a", "node-c"),
    waiting("stuck", "profiles/landing-absent.json", "node-a", "node-c", **tolerating(operator="Exists")),
    waiting("unset", None, "node-a", "node-b"),
    waiting("unset-on", None, "node-a", "node-e"),
)  # fmt: skip


@pytest.fixture(scope="module")
def gated(lab: Lab, space: str, files: None) -> Iterator[None]:  # noqa: ARG001
    lab.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(PODS)}))
    yield
    lab.kubectl("delete", "pods", "-n", space, *(each["metadata"]["name"] for each in PODS), "--force", "--grace-period=0")


@pytest.mark.usefixtures("gated")
def test_what_waits_is_told_before_it_is_scheduled(lab: Lab) -> None:
    done = lab.run("audit", "--verify", "-n", SPACE, "-o", "json")
    reasons = {(each["subject"]["name"], each["id"], each["severity"]): each["reason"] for each in done.json["findings"]}
    assert reasons.keys() == {
        ("lacks", "KS306", "medium"), ("differs", "KS307", "low"), ("stuck", "KS306", "high"), ("unset", "KS121", "medium"),
        ("unset-on", "KS104", "medium"),
    }  # fmt: skip
    assert reasons["lacks", "KS306", "medium"] == f"{SAME} is missing on node-b, where it could land"
    assert "node-a and node-c, the only nodes where it could land" in reasons["stuck", "KS306", "high"]
    assert "unconfined on node-b, RuntimeDefault on node-a" in reasons["unset", "KS121", "medium"]
    states = {name: member["profileFile"]["state"] for (name, _), member in seen(done.json).items()}
    assert set(states.values()) == {"not-applicable"}
    assert (done.code, done.json["gaps"]) == (1, [])
    assert lab.probes() == []


@pytest.mark.usefixtures("gated")
def test_without_a_look_at_the_nodes_only_their_defaults_are_told(lab: Lab) -> None:
    done = lab.run("audit", "-n", SPACE, "-o", "json")
    assert {each["id"] for each in done.json["findings"]} == {"KS104", "KS121"}


@pytest.mark.usefixtures("files")
def test_a_daemon_set_is_judged_on_the_nodes_that_it_is_for(lab: Lab, space: str) -> None:
    spec = {
        "nodeSelector": {ZONE: "x"},
        "containers": [container()],
        "securityContext": {"seccompProfile": localhost(LOG)},
        "terminationGracePeriodSeconds": 0,
    }
    labels = {"matchLabels": {"app": "landing"}}
    template = {"metadata": {"labels": labels["matchLabels"]}, "spec": spec}
    daemons = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "landing", "namespace": space},
        "spec": {"selector": labels, "template": template},
    }
    lab.kubectl("apply", "-f", "-", stdin=json.dumps(daemons))
    try:
        until = time.monotonic() + 60
        while len(lab.kubectl("get", "pods", "-n", space, "-l", "app=landing", "-o", "jsonpath={.items[*].spec.nodeName}").split()) < 2:
            assert time.monotonic() < until
            time.sleep(0.3)
        report = lab.run("audit", "--verify", "-n", space, "-l", "app=landing", "-o", "json").json
        found = {(pod["node"], tuple(pod["containers"][0]["findings"])) for pod in report["pods"]}
        assert found == {("node-a", ("KS304",)), ("node-b", ("KS301",))}
    finally:
        lab.kubectl("delete", "daemonset", "landing", "-n", space)


@pytest.mark.usefixtures("gated")
def test_the_matrix_has_the_hashes_of_the_files_on_the_nodes(lab: Lab) -> None:
    done = lab.run("check", "profile", OTHER, SAME, "profiles/empty.json", "-o", "json")
    assert (done.code, done.json["kind"], done.json["complete"]) == (1, "ProfileMatrix", True)
    for profile in done.json["profiles"]:
        found = {row["name"]: row["profileFile"] for row in profile["nodes"]}
        assert list(found) == ["node-a", "node-b", "node-c", "node-d", "node-e"]
        for node, file in found.items():
            place = lab.instance.seccomp_root(node) / profile["path"]
            assert file["state"] == ("present" if place.exists() else "missing")
            assert file["sha256"] == (hashlib.sha256(place.read_bytes()).hexdigest() if place.exists() else None)
        assert profile["versions"] == list(dict.fromkeys(file["sha256"] for file in found.values() if file["sha256"]))
    other, same, empty = ({row["name"]: row for row in profile["nodes"]} for profile in done.json["profiles"])
    assert [len(profile["versions"]) for profile in done.json["profiles"]] == [2, 1, 1]
    assert {name: row["eligible"] for name, row in other.items()} == {
        "node-a": True,
        "node-c": True,
        **dict.fromkeys(("node-b", "node-d", "node-e"), False),
    }
    assert (same["node-a"]["loads"], same["node-b"]["eligible"], same["node-b"]["loads"]) == ("filter", True, "missing")
    assert empty["node-a"]["loads"] == "no filter"
    assert done.json["apiVersion"] == "kubectl-seccomp/v1"
    assert lab.probes() == []


@pytest.mark.usefixtures("gated")
def test_a_file_that_is_nowhere_is_an_error_and_a_node_that_is_not_asked_no_pass(lab: Lab) -> None:
    nobody = lab.run("check", "profile", "profiles/landing-nobody.json")
    assert nobody.code == 3
    assert "no node that was asked has profiles/landing-nobody.json, and no pod uses it" in nobody.stderr
    assert nobody.stdout.count("missing") == 5
    few = lab.run("check", "profile", "profiles/landing-nobody.json", "--max-nodes", "2")
    assert (few.code, few.stdout.count("unchecked")) == (3, 3)
    some = lab.run("check", "profile", SAME, "--nodes", f"{ZONE}=x", "--no-headers")
    assert [line.split()[0] for line in some.stdout.splitlines()] == ["node-a", "node-b"]
    assert (some.code, "KS306" in some.stderr) == (1, True)


@pytest.mark.usefixtures("gated")
def test_who_may_not_list_pods_is_not_told_that_nobody_uses_it(lab: Lab) -> None:
    everything = ["get", "list", "create", "delete", "watch"]
    lab.allow("matrix", "landing-matrix", [
        {"apiGroups": [""], "resources": ["nodes", "nodes/proxy"], "verbs": everything},
        {"apiGroups": ["node.k8s.io"], "resources": ["runtimeclasses"], "verbs": everything},
    ])  # fmt: skip
    probing = [{"apiGroups": [""], "resources": ["pods", "pods/log", "events"], "verbs": everything}]
    lab.allow("matrix", "landing-matrix", probing, "kube-system")
    done = lab.run("check", "profile", SAME, "-o", "json", user="matrix")
    assert done.code == 3
    assert {row["eligible"] for profile in done.json["profiles"] for row in profile["nodes"]} == {None}
    assert [gap["what"] for gap in done.json["gaps"]] == ["pods"]
