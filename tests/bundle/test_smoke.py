"""The bundle, installed as krew does it, says what the source checkout says: a module that was left out fails here."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from krew.manifest import sums
from kubectl_seccomp import __version__
from kubectl_seccomp.checks import EVERY
from kubectl_seccomp.render.explain import page
from tests.bundle.making import ROOT, SOURCE, build, made, run

pytestmark = pytest.mark.bundle

EXAMPLE = "docs/example/pods.json"
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
clusters: [{name: k, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: c, context: {cluster: k, user: u}}]
users:
- name: u
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      interactiveMode: Never
      command: sh
      args: [-c, 'env > "$SEEN"; exit 7']
"""


def timeless(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text)


def same(bundle: Path, *words: str, **environment: str) -> str:
    """Run both with the same words and return what both said."""
    expected, found = (run(command, *words, env=os.environ | environment) for command in (SOURCE, [bundle]))
    assert found.stderr == expected.stderr
    assert timeless(found.stdout) == timeless(expected.stdout)
    assert found.returncode == expected.returncode
    return found.stdout


def test_help_is_there_for_every_command(bundle: Path) -> None:
    waiting: list[tuple[str, ...]] = [()]
    seen = set()
    while waiting:
        words = waiting.pop()
        text = same(bundle, *words, "--help")
        assert "kubectl seccomp" in text
        listed = text.partition("\nCommands:\n")[2].partition("\n\n")[0]
        waiting += [(*words, *found.split()) for found in re.findall(r"^  ([a-z]+(?: [a-z]+)*)  ", listed, re.MULTILINE)]
        seen.add(words)
    assert {("audit",), ("list",), ("check", "pod"), ("cleanup",), ("explain",), ("version",)} <= seen


def test_version_knows_the_client_library(bundle: Path, tmp_path: Path) -> None:
    text = same(bundle, "version", "--client", KUBECONFIG=str(tmp_path / "absent"))
    assert text.startswith(f"kubectl-seccomp {__version__}\nPython {sys.version.split()[0]}\nkubernetes client 3")


def test_every_check_is_explained(bundle: Path) -> None:
    same(bundle, "explain")
    for check in EVERY:
        assert run([bundle], "explain", check.id).stdout == "".join(page(check))


@pytest.mark.parametrize("form", ["table", "wide", "json", "yaml", "csv", "name", "markdown"])
def test_manifests_in_every_format(bundle: Path, form: str) -> None:
    assert same(bundle, "audit", "-f", EXAMPLE, "-o", form)
    assert same(bundle, "list", "-f", EXAMPLE, "-o", form)


def test_yaml_is_read_and_queries_are_answered(bundle: Path) -> None:
    same(bundle, "audit", "-R", "-f", "tests/fixtures/checks", "--query", "findings[].id")


def test_where_there_is_no_locale_and_a_python_of_somebody_else(bundle: Path) -> None:
    same(bundle, "list", "-f", EXAMPLE, LC_ALL="POSIX", LANG="")
    foreign = {"PYTHONHOME": "/nonexistent", "PYTHONPATH": str(ROOT / "tests")}
    done = run([bundle], "audit", "-f", EXAMPLE, env=os.environ | foreign)
    assert done.stdout == run(SOURCE, "audit", "-f", EXAMPLE).stdout


@pytest.mark.skipif(sys.platform == "win32", reason="the plugin is a shell's script")
@pytest.mark.parametrize("library_path", [None, "/opt/own/lib"])
def test_a_credential_plugin_sees_the_users_environment(bundle: Path, tmp_path: Path, library_path: str | None) -> None:
    (tmp_path / "config").write_text(KUBECONFIG)
    seen = tmp_path / "seen"
    given = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "config"), "SEEN": str(seen)}
    if library_path:
        given["LD_LIBRARY_PATH"] = library_path
    done = run([bundle], "audit", env=given)
    assert done.returncode == 3
    assert "exec plugin sh failed with exit code 7" in done.stderr
    variables = dict(line.split("=", 1) for line in seen.read_text().splitlines())
    assert {name: variables.pop(name, None) for name in given} == given
    assert variables.keys() <= {"KUBERNETES_EXEC_INFO", "PWD", "OLDPWD", "SHLVL", "_"}


def test_the_archive_has_licences_and_nothing_of_this_machine(bundle: Path, bundle_folder: Path) -> None:
    archive = next(made(bundle_folder).glob("*.tar.gz"))
    with tarfile.open(archive) as tar:
        members = {member.name: member for member in tar}
        terms = tar.extractfile("THIRD_PARTY_LICENSES.txt")
        assert terms is not None
        text = terms.read().decode()
    assert "LICENSE" in members
    tables = {path.name for path in (ROOT / "kubectl_seccomp" / "data").iterdir() if path.suffix in (".txt", ".json")}
    assert tables <= {Path(name).name for name in members if "kubectl_seccomp/data/" in name}
    assert all(title in text for title in ("\nPython\n", "\nkubernetes 3", "\nmsgspec ", "\npydantic_core ", "\npyinstaller "))
    assert {member.uid for member in members.values()} == {0}
    assert len({member.mtime for member in members.values()}) == 1
    for path in bundle.resolve().parent.rglob("*"):
        assert not path.is_file() or str(ROOT).encode() not in path.read_bytes(), f"{path} names a folder of this machine"


def test_the_same_source_gives_the_same_bytes(bundle_folder: Path, tmp_path: Path) -> None:
    first, second = made(bundle_folder), build(tmp_path)
    assert sums(first, __version__) == sums(second, __version__)
    assert (first / "seccomp.yaml").read_bytes() == (second / "seccomp.yaml").read_bytes()
    entry = yaml.safe_load((first / "seccomp.yaml").read_text())["spec"]["platforms"][0]
    archive = first / entry["uri"].rsplit("/", 1)[-1]
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == entry["sha256"]
