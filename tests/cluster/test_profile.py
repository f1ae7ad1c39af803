"""Profiles of nodes as operands, and strength against what the kernel lets a container do."""

from __future__ import annotations

import subprocess

import pytest

from tests.cluster.conftest import Lab

# Open calls and whether a user namespace can be made, by node: containerd 2.4.2 twice, containerd 1.6.20, CRI-O 1.36.3.
DEFAULTS = {"node-a": (309, False), "node-b": (309, False), "node-c": (293, False), "node-d": (308, False)}
CONTAINERS = {
    ("default-a", "c"): (309, False),
    ("default-b", "c"): (309, False),
    ("default-b", "free"): (385, True),
    ("default-c", "c"): (293, False),
    ("default-d", "c"): (308, False),
    ("local-a", "c"): (381, True),
    ("empty-a", "c"): (385, True),
    ("empty-d", "c"): (385, True),
    ("unset-b", "c"): (385, True),
    ("privileged-c", "c"): (385, True),
}


@pytest.mark.parametrize("node", DEFAULTS)
def test_a_nodes_runtimedefault(lab: Lab, node: str) -> None:
    found = lab.run("profile", "show", f"runtime/node/{node}", "-o", "json")
    assert found.code == 0, found.stderr
    assert (found.json["architectures"][0]["counts"]["open"], found.json["userNamespace"]) == DEFAULTS[node]
    assert found.json["profile"]["kernel"] in lab.kubectl("get", "node", node, "-o", "jsonpath={.status.nodeInfo.kernelVersion}")


def test_a_file_on_a_node_is_read_by_a_probe_that_is_removed(lab: Lab) -> None:
    found = lab.run("profile", "show", "node/node-a:profiles/custom-profile.json", "-o", "json")
    assert found.code == 0, found.stderr
    assert found.json["architectures"][0]["counts"]["open"] == 381
    assert found.json["profile"]["decoder"] == "containerd"
    assert found.json["profile"]["doubts"] == []
    assert not lab.probes()


def test_a_file_on_a_node_means_what_the_node_makes_of_it(lab: Lab) -> None:
    wrapped = lab.run("profile", "show", "node/node-a:profiles/wrapped.json")
    assert "It gives no filter at all" in wrapped.stdout, wrapped.stderr
    two = lab.run("profile", "diff", "node/node-a:profiles/custom-profile.json", "node/node-d:profiles/custom-profile.json")
    assert (two.code, "They mean the same." in two.stdout) == (0, True), two.stderr


@pytest.mark.parametrize(
    ("operand", "text"),
    [
        ("node/node-a:profiles/absent.json", "profiles/absent.json on node-a is missing"),
        ("node/nowhere:profiles/x.json", "node nowhere cannot be read"),
        ("runtime/node/nowhere", "node nowhere cannot be read"),
    ],
)
def test_what_is_not_there_is_told(lab: Lab, operand: str, text: str) -> None:
    found = lab.run("profile", "show", operand)
    assert (found.code, found.stdout) == (3, "")
    assert text in found.stderr


@pytest.mark.parametrize(("pod", "container"), CONTAINERS, ids=lambda value: value)
def test_strength_is_what_the_kernel_lets_the_container_do(lab: Lab, pod: str, container: str) -> None:
    found = lab.run("check", "pod", pod, "-o", "json")
    members = {member["name"]: member for member in found.json["pods"][0]["containers"]}
    strength = members[container]["strength"]
    assert (strength["open"], strength["userNamespace"]) == CONTAINERS[pod, container]
    command = lab.instance.enter(["env", f"KUBECONFIG={lab.instance.kubeconfig}", lab.instance.binaries / "bin" / "kubectl"])
    tried = subprocess.run(
        [*command, "exec", pod, "-c", container, "--", "unshare", "-U", "true"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (tried.returncode == 0) is strength["userNamespace"], tried.stderr


def test_audit_tells_the_strength_that_is_known_without_a_look_at_files(lab: Lab) -> None:
    found = lab.run("audit", "-n", "default", "-o", "json")
    strengths = {(pod["name"], each["name"]): each["strength"] for pod in found.json["pods"] for each in pod["containers"]}
    assert strengths["default-a", "c"]["open"] == 309
    assert strengths["local-a", "c"]["unknown"] == "its profile file was not read"
    wide = lab.run("audit", "-n", "default", "-o", "wide")
    assert "309/385" in wide.stdout
    assert "385/385+userns" in wide.stdout


def test_verify_reads_files_for_the_strength(lab: Lab) -> None:
    found = lab.run("audit", "-n", "default", "--verify", "--nodes", "kubernetes.io/hostname=node-a", "-o", "json")
    strengths = {(pod["name"], each["name"]): each["strength"] for pod in found.json["pods"] for each in pod["containers"]}
    assert strengths["local-a", "c"]["open"] == 381, found.stderr
    assert strengths["empty-a", "c"]["open"] == 385
