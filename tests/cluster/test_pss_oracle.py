"""Our Pod Security verdicts against the API server's own admission: the same pods, every version that differs, both levels."""

from __future__ import annotations

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import pytest

from kubectl_seccomp import pss
from kubectl_seccomp.model import PssLevel
from kubectl_seccomp.pods import from_mapping
from tests.cluster.conftest import Lab
from tests.cluster.manifests.pods import container, pod

PROFILES: dict[str, dict[str, str] | None] = {
    "unset": None,
    "default": {"type": "RuntimeDefault"},
    "none": {"type": "Unconfined"},
    "local": {"type": "Localhost", "localhostProfile": "a.json"},
}
VERSIONS = ("v1.0", "v1.18", "v1.19", "v1.24", "v1.25", "v1.37")
# The other controls of Restricted, so that seccomp is the only one that can refuse.
STRICT = {"allowPrivilegeEscalation": False, "runAsNonRoot": True, "runAsUser": 1000, "capabilities": {"drop": ["ALL"]}}


def restricted(name: str, profile: dict[str, str] | None) -> dict[str, Any]:
    return container(name, profile, security=STRICT)


def made() -> dict[str, dict[str, Any]]:
    pods: dict[str, dict[str, Any]] = {}
    for whole, first, second in product(PROFILES, PROFILES, ("unset", "none")):
        name = f"{whole}-{first}-{second}"
        members = [restricted("a", PROFILES[first]), restricted("b", PROFILES[second])]
        pods[name] = pod(name, "node-a", *members, profile=PROFILES[whole])
    both = [restricted("i", PROFILES["none"])]
    pods["init"] = pod("init", "node-a", restricted("c", PROFILES["default"]), initContainers=both)
    windows = container("c")
    pods["windows"] = pod("windows", "node-a", windows, os={"name": "windows"})
    for value in ("runtime/default", "unconfined", "localhost/a.json"):
        name = f"annotated-{value.split('/')[0]}"
        keys = {
            f"{prefix}": value
            for prefix in ("seccomp.security.alpha.kubernetes.io/pod", "container.seccomp.security.alpha.kubernetes.io/c")
        }
        pods[name] = pod(name, "node-a", restricted("c", None), annotations=keys)
    for manifest in pods.values():
        del manifest["spec"]["nodeName"]
        manifest["metadata"].pop("namespace")
    return pods


PODS = made()


@pytest.mark.parametrize("level", ["baseline", "restricted"])
@pytest.mark.parametrize("version", VERSIONS)
def test_the_admission_says_the_same_in_the_same_words(lab: Lab, version: str, level: str) -> None:
    namespace = f"pss-{level}-{version.replace('.', '-')}"
    labels = {f"pod-security.kubernetes.io/enforce{suffix}": value for suffix, value in (("", level), ("-version", version))}
    lab.kubectl(
        "apply",
        "-f",
        "-",
        stdin=json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}),
    )
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}}
    lab.kubectl("apply", "-f", "-", stdin=json.dumps(account))

    def ours(manifest: dict[str, Any]) -> PssLevel:
        read = from_mapping(manifest)
        assert read is not None
        said = pss.verdict(read, version)
        return said.baseline if level == "baseline" else said.restricted

    with ThreadPoolExecutor(8) as pool:
        theirs = dict(zip(PODS, pool.map(lambda item: admission(lab, namespace, item), PODS.values()), strict=True))
    assert {name: ours(manifest) for name, manifest in PODS.items()} == theirs


def admission(lab: Lab, namespace: str, manifest: dict[str, Any]) -> PssLevel:
    """Return what the API server answers to a dry run, about seccomp alone."""
    command = lab.instance.enter([lab.instance.binaries / "bin" / "kubectl", "create", "--dry-run=server", "-n", namespace, "-f", "-"])
    done = subprocess.run(
        command, env=lab.instance.environment, input=json.dumps(manifest), text=True, capture_output=True, check=False
    )
    if done.returncode == 0:
        return PssLevel(allowed=True)
    assert "violates PodSecurity" in done.stderr, done.stderr
    match = re.search(r"seccompProfile \((.*?)\)(?:, [a-zA-Z]+ \(|, [a-zA-Z ]+ \(|\s*$)", done.stderr)
    return PssLevel(False, match[1]) if match else PssLevel(allowed=True)
