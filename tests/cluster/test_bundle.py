"""The bundle on the real cluster: started by the real kubectl from the one link that krew makes, it says what the source says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bundle import making
from tests.cluster.conftest import Lab, Run

pytestmark = pytest.mark.bundle
Plugin = Callable[..., Run]


@pytest.fixture(scope="module")
def plugin(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Plugin:
    """Runs `kubectl seccomp` with only the bundle on PATH."""
    link = making.installed(making.shared(tmp_path_factory.getbasetemp()))
    environment = lab.environment(None) | {"PATH": f"{link.parent}:/usr/bin:/bin"}

    def run(*words: str) -> Run:
        command = lab.instance.enter([lab.instance.binaries / "bin" / "kubectl", "seccomp", *words])
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)
        return Run(done.returncode, done.stdout, done.stderr)

    return run


def timeless(text: str) -> str:
    return re.sub(r'("generatedAt":) ?"[^"]*"', r"\1 TIME", text)


def same(lab: Lab, plugin: Plugin, *words: str) -> Run:
    """Run both and return what both said; twice more where somebody else may have changed the cluster in between."""
    for _ in range(3):
        expected, found = lab.run(*words), plugin(*words)
        if timeless(expected.stdout) == timeless(found.stdout):
            break
    assert timeless(found.stdout) == timeless(expected.stdout)
    assert found.code == expected.code
    return found


def test_kubectl_finds_it_and_the_server_answers(lab: Lab, plugin: Plugin) -> None:
    done = plugin("version")
    assert done.code == 0, done.stderr
    server = json.loads(lab.kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]
    assert done.stdout.splitlines()[-1] == f"server {server}"


def test_the_audit_is_byte_for_byte_that_of_the_source(lab: Lab, plugin: Plugin) -> None:
    assert same(lab, plugin, "audit", "-o", "json").json["complete"] is True
    same(lab, plugin, "audit")


def test_lists(lab: Lab, plugin: Plugin) -> None:
    same(lab, plugin, "list", "-A", "-o", "wide")


def test_one_pod_by_exec(lab: Lab, plugin: Plugin) -> None:
    done = same(lab, plugin, "check", "pod", "default-b", "--no-node", "-o", "json")
    assert {member["observed"]["via"] for member in done.json["pods"][0]["containers"]} == {"exec"}


def test_one_pod_by_a_probe_on_its_node(lab: Lab, plugin: Plugin) -> None:
    done = same(lab, plugin, "check", "pod", "empty-a", "--no-exec", "-o", "json")
    container = done.json["pods"][0]["containers"][0]
    assert container["observed"]["via"] == "node"
    assert container["effective"]["decidedBy"] == "file"


def test_cleanup(lab: Lab, plugin: Plugin) -> None:
    same(lab, plugin, "cleanup", "-n", "default")


def test_check_krew_installs_and_runs_it(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> None:
    dist = making.made(making.shared(tmp_path_factory.getbasetemp()))
    script = Path(__file__).parents[2] / "scripts" / "check_krew"
    command = lab.instance.enter([script, dist / "seccomp.yaml", "--all", "--run", "--pod", "empty-a"])
    virtual = f"{Path(sys.executable).parent}:{lab.environment(None)['PATH']}"
    done = subprocess.run(command, env=lab.environment(None) | {"PATH": virtual}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "kubectl seccomp check pod empty-a: exit code 1" in done.stdout
