"""--as holds for every kind of request: what the impersonated user may not do is refused to an admin, too."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cluster.conftest import Lab

NOBODY = "impersonated-nobody"
VIEWER = "impersonated-viewer"
ASKING = """
import json, os, sys
from kubectl_seccomp.cluster.api import Api, ApiError
from kubectl_seccomp.cluster.connection import Options
from kubectl_seccomp.cluster.execs import run
from kubectl_seccomp.cluster.kubeconfig import connect
from kubectl_seccomp.cluster.pods import PodClient
user, groups = sys.argv[1], sys.argv[2:]
connection = connect(Options(as_user=user, as_groups=groups))
pod = {"metadata": {"name": "impersonated-made"}, "spec": {"containers": [{"name": "c", "image": "docker.io/library/busybox:1.37"}],
    "nodeName": "no-such-node"}}
def said(call):
    try:
        call()
    except ApiError as error:
        return error.why
client = PodClient(connection)
print(json.dumps({
    "list": said(lambda: Api(connection).get("/api/v1/namespaces/default/pods")),
    "exec": run(connection, "default", "unset-a", "c", ("true",), 20).error,
    "create": said(lambda: client.create("default", pod)),
    "log": said(lambda: client.log("default", "unset-a", 10)),
    "delete": said(lambda: client.delete("default", "impersonated-made", force=True)),
}))
"""


def ask(lab: Lab, user: str, *groups: str) -> dict[str, str | None]:
    command = lab.instance.enter([sys.executable, "-c", ASKING, user, *groups])
    done = subprocess.run(command, env=lab.environment(None), capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, str | None] = json.loads(done.stdout)
    return found


def test_whoever_may_nothing_is_refused_everything(lab: Lab) -> None:
    for request, why in ask(lab, NOBODY).items():
        assert why is not None, request
        assert why.startswith(f'forbidden: User "{NOBODY}" cannot '), (request, why)


def test_a_group_gives_its_rights_to_all_of_them(lab: Lab) -> None:
    """The second group is the one that counts: a header that held only one of them would be refused."""
    assert set(ask(lab, NOBODY, "nobodies", "system:masters").values()) == {None}


@pytest.fixture
def viewer(lab: Lab) -> Iterator[str]:
    """Somebody who may look, and no more."""
    rules = [
        {"apiGroups": [""], "resources": ["pods", "events"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list"]},
    ]
    lab.allow(VIEWER, VIEWER, rules)
    yield VIEWER
    lab.kubectl("delete", "clusterrole,clusterrolebinding", VIEWER)


def test_the_command_line_with_as(lab: Lab, viewer: str) -> None:
    nobody = lab.run("list", "--as", NOBODY)
    assert nobody.code == 3
    assert f'User "{NOBODY}" cannot list resource "pods"' in nobody.stderr
    before = lab.probes()
    found = lab.run("check", "pod", "local-a", "--as", viewer, "-o", "json")
    assert found.code == 3
    assert found.json["pods"][0]["containers"][0]["observed"]["state"] == "failed"
    gaps = {gap["what"]: gap["why"] for gap in found.json["gaps"]}
    assert f'User "{viewer}" cannot create resource "pods"' in gaps["node probe"]
    assert f'User "{viewer}" cannot' in found.json["pods"][0]["containers"][0]["observed"]["explanation"]
    assert lab.probes() == before
    # The same command without --as may do both.
    assert lab.run("check", "pod", "local-a", "-o", "json").json["pods"][0]["containers"][0]["observed"]["state"] == "filtered"
