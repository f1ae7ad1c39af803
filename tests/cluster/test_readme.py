"""README's commands, run as they stand there: with a cluster, and on a machine that has none."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from kubectl_seccomp.cli.commands import COMMANDS
from tests.cluster.conftest import Lab

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("try") / "venv")


def attempt(venv: str, kubeconfig: str, prefix: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "KUBECONFIG": kubeconfig, "HOME": str(Path(venv).parent), "KSECCOMP_TRY_VENV": venv}
    command = [*prefix, str(ROOT / "scripts" / "try"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_the_readme_names_both_commands_and_only_commands_that_exist(lab: Lab) -> None:
    assert "\n    scripts/try\n" in README
    assert "\n    scripts/test\n" in README
    named = set(re.findall(r"`kubectl seccomp ((?:check|profile) [a-z]+|[a-z]+)", README))
    assert named == {command.name for command in COMMANDS}
    for words in named:
        assert lab.run(*words.split(), "--help").code == 0


def test_try_without_a_cluster_audits_the_example_and_says_so(venv: str) -> None:
    done = attempt(venv, str(Path(venv).parent / "absent"), [])
    assert done.returncode == 1, done.stderr
    assert "docs/example/pods.json" in done.stderr
    effective = {line.split()[4] for line in done.stdout.splitlines()[1:] if line[:1] != " "}
    assert {"RuntimeDefault", "Localhost", "Unconfined", "NotApplicable", "Unknown"} <= effective | set(done.stdout.split())


def test_try_with_a_cluster_audits_it_and_says_so(venv: str, lab: Lab) -> None:
    done = attempt(venv, str(lab.instance.kubeconfig), lab.instance.enter([]), "-o", "name")
    assert done.returncode == 1, done.stderr
    assert "auditing the current cluster" in done.stderr
    assert "pod/unset-b" in done.stdout.split()
