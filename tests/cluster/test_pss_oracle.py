"""Our Pod Security verdicts against the API server's own admission: the same pods, every version that differs, both levels."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import product
from typing import Any

import pytest

from kubectl_seccomp import pss
from kubectl_seccomp.model import PssLevel
from kubectl_seccomp.pods import containers, from_mapping
from tests.cluster.conftest import Lab, add_ephemeral
from tests.cluster.manifests.pods import container, pod

PROFILES: dict[str, dict[str, str] | None] = {
    "unset": None,
    "default": {"type": "RuntimeDefault"},
    "none": {"type": "Unconfined"},
    "local": {"type": "Localhost", "localhostProfile": "a.json"},
}
LEVELS = ("baseline", "restricted")
VERSIONS = tuple(f"v1.{minor}" for minor in range(38))
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


def labelled(lab: Lab, *wanted: tuple[str, str, str]) -> None:
    """Make namespaces (name, level, version) that enforce a level, or let them enforce another one."""
    enforce = "pod-security.kubernetes.io/enforce"
    spaces = [
        {"kind": "Namespace", "metadata": {"name": name, "labels": {enforce: level, f"{enforce}-version": version}}}
        for name, level, version in wanted
    ]
    # Pods are refused until a namespace has one; a controller makes it too, perhaps at the same moment.
    accounts = [{"kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}} for name, _, _ in wanted]
    items = [{"apiVersion": "v1", **each} for each in (*spaces, *accounts)]
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    lab.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=manifest)


def space(level: str, version: str) -> str:
    return f"pss-{level}-{version.replace('.', '-')}"


@pytest.fixture(scope="module")
def spaces(lab: Lab) -> None:
    labelled(lab, *((space(level, version), level, version) for version in VERSIONS for level in LEVELS))


def ours(manifest: dict[str, Any], version: str, level: str) -> PssLevel:
    read = from_mapping(manifest)
    assert read is not None
    said = pss.verdict(read, version, tuple(containers(read)))
    return said.baseline if level == "baseline" else said.restricted


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.usefixtures("spaces")
def test_the_admission_says_the_same_in_the_same_words(lab: Lab, version: str, level: str) -> None:
    theirs = admission(lab, space(level, version), list(PODS.values()))
    assert {name: ours(manifest, version, level) for name, manifest in PODS.items()} == theirs


def admission(lab: Lab, namespace: str, manifests: list[dict[str, Any]]) -> dict[str, PssLevel]:
    """Return what the API server answers to a dry run of each pod, about seccomp alone."""
    command = lab.instance.enter([lab.instance.binaries / "bin" / "kubectl", "create", "--dry-run=server", "-n", namespace, "-f", "-"])
    body = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
    done = subprocess.run(command, env=lab.instance.environment, input=body, text=True, capture_output=True, check=False)
    answers = {name: PssLevel(allowed=True) for name in re.findall(r"^pod/(\S+) created", done.stdout, re.MULTILINE)}
    for line in done.stderr.splitlines():
        if refused := re.search(r'pods "([^"]+)" is forbidden: violates PodSecurity', line):
            answers[refused[1]] = about_seccomp(line)
    return answers


def about_seccomp(refusal: str) -> PssLevel:
    match = re.search(r"seccompProfile \((.*?)\)(?:, [a-zA-Z]+ \(|, [a-zA-Z ]+ \(|\s*$)", refusal)
    return PssLevel(False, match[1]) if match else PssLevel(allowed=True)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("version", ["v1.18", "v1.24", "v1.37"])
@pytest.mark.parametrize("profile", PROFILES)
def test_ephemeral_containers_are_judged_through_their_subresource(lab: Lab, profile: str, version: str, level: str) -> None:
    namespace = "pss-ephemeral"
    host = pod("host", "node-a", restricted("c", PROFILES["default"]))
    host["metadata"]["namespace"] = namespace
    del host["spec"]["nodeName"]
    # Nowhere to run: only its admission is asked.
    host["spec"] |= {"schedulerName": "nobody", "automountServiceAccountToken": False}
    labelled(lab, (namespace, level, version))
    lab.kubectl("apply", "-f", "-", stdin=json.dumps(host))
    added = [restricted("debugger", PROFILES[profile])]
    try:
        add_ephemeral(lab.instance, namespace, "host", added, "?dryRun=All")
        refusal = ""
    except RuntimeError as refused:
        refusal = str(refused)
    assert not refusal or "violates PodSecurity" in refusal
    theirs = about_seccomp(refusal)
    host["spec"]["ephemeralContainers"] = added
    assert ours(host, version, level) == theirs
