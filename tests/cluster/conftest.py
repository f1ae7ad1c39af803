"""The cluster that these tests run on: one of their own, made and ended here, or one named by KSECCOMP_LAB_NAME."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.lab.cli import make_user
from tests.cluster.lab.instance import Instance, can_run, of_tests
from tests.cluster.lab.nodes import NODES
from tests.cluster.lab.start import up
from tests.cluster.manifests.pods import EPHEMERAL, OBJECTS

LABEL = "app.kubernetes.io/managed-by=kubectl-seccomp"
PRODUCT = Path(sys.executable).parent / "kubectl-seccomp"


@dataclass
class Run:
    """What one run of the product gave."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


@dataclass
class Lab:
    """The cluster, and the product run against it as some user."""

    instance: Instance

    def environment(self, user: str | None) -> dict[str, str]:
        plain = {key: value for key, value in self.instance.environment.items() if key != "KSECCOMP_LAB"}
        if user is not None:
            plain["KUBECONFIG"] = str(make_user(self.instance, user))
        return plain

    def command(self, *arguments: str) -> list[str]:
        return self.instance.enter([PRODUCT, *arguments])

    def run(self, *arguments: str, user: str | None = None) -> Run:
        done = subprocess.run(
            self.command(*arguments), env=self.environment(user), capture_output=True, text=True, timeout=400, check=False
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self.instance.kubectl(*arguments, stdin=stdin)

    def allow(self, user: str, name: str, rules: list[dict[str, list[str]]], namespace: str | None = None) -> None:
        """Give a user exactly these rights, cluster-wide or in one namespace."""
        kind = "Role" if namespace else "ClusterRole"
        metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
        api = "rbac.authorization.k8s.io"
        role = {"apiVersion": f"{api}/v1", "kind": kind, "metadata": metadata, "rules": rules}
        binding = {
            "apiVersion": f"{api}/v1",
            "kind": f"{kind}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": api, "kind": kind, "name": name},
            "subjects": [{"kind": "User", "name": user, "apiGroup": api}],
        }
        self.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [role, binding]}))

    def probes(self) -> list[str]:
        """Return the probe pods that exist anywhere on the cluster."""
        return self.kubectl("get", "pods", "-A", "-l", LABEL, "-o", "name").split()


@pytest.fixture(scope="session")
def lab(worker_id: str) -> Iterator[Lab]:
    reason = can_run()
    if reason:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must run the cluster tests: {reason}")
        pytest.skip(reason)
    named = os.environ.get("KSECCOMP_LAB_NAME")
    assert not named or worker_id == "master", "several processes need a cluster each: run pytest without -n, or without a name"
    instance = Instance(named or of_tests(os.getpid()))
    try:
        if not named or not instance.processes():
            up(instance, [node.name for node in NODES])
        apply(instance)
        yield Lab(instance)
    finally:
        if not named:
            instance.down()
            assert instance.processes() == []
            assert not instance.home.exists()


def apply(instance: Instance) -> None:
    """Create the pods and wait until each runs, has ended, or has said why it cannot start."""
    instance.kubectl("apply", "-f", "-", stdin=json.dumps(OBJECTS))
    for name, added in EPHEMERAL.items():
        add_ephemeral(instance, "default", name, added)
    until = time.monotonic() + 300
    while waiting := _unsettled(instance):
        assert time.monotonic() < until, f"these pods do not settle: {waiting}"
        time.sleep(0.5)


def add_ephemeral(instance: Instance, namespace: str, name: str, added: list[dict[str, Any]], query: str = "") -> None:
    """Add ephemeral containers to a pod, as `kubectl debug` does; RuntimeError with the server's words if it refuses."""
    path = f"/api/v1/namespaces/{namespace}/pods/{name}"
    found = json.loads(instance.kubectl("get", "--raw", path))
    if not found["spec"].get("ephemeralContainers"):
        found["spec"]["ephemeralContainers"] = added
        # The kubelet writes the pod's status at the same time.
        del found["metadata"]["resourceVersion"]
        instance.kubectl("replace", "--raw", f"{path}/ephemeralcontainers{query}", "-f", "-", stdin=json.dumps(found))


def _unsettled(instance: Instance) -> list[str]:
    # Others may use the cluster, too, each in namespaces of their own.
    pods = json.loads(instance.kubectl("get", "pods", "-n", "default", "-o", "json"))["items"]
    return [pod["metadata"]["name"] for pod in pods if not _settled(pod)]


def _settled(pod: dict[str, Any]) -> bool:
    statuses = [*pod["status"].get("containerStatuses", []), *pod["status"].get("ephemeralContainerStatuses", [])]
    if len(statuses) < len([*pod["spec"]["containers"], *pod["spec"].get("ephemeralContainers", [])]):
        return False
    return all("running" in entry["state"] or _refused(entry) for entry in statuses)


def _refused(entry: dict[str, Any]) -> bool:
    """Whether a container has ended, or waits with the reason why it cannot start."""
    waiting = entry["state"].get("waiting", {})
    ended = "terminated" in entry["state"] or "terminated" in entry.get("lastState", {})
    return ended or waiting.get("reason") in ("CreateContainerError", "RunContainerError", "CrashLoopBackOff")
