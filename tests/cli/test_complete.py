"""Completion in cobra's protocol, and what installs it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubectl_seccomp.checks import EVERY
from kubectl_seccomp.cli.choices import FailOn, Format
from kubectl_seccomp.cli.completion import SHIM
from kubectl_seccomp.cli.main import run_app

BIN = Path(sys.executable).parent
PROGRAM = BIN / "kubectl_complete-seccomp"
NAME = PROGRAM.name

KUBECONFIG = """\
current-context: one
contexts:
- {name: one, context: {cluster: c1, user: u1, namespace: shop}}
- {name: two, context: {cluster: c2, user: u2}}
clusters: [{name: c1, cluster: {server: "https://127.0.0.1:PORT"}}, {name: c2, cluster: {server: "https://127.0.0.1:PORT"}}]
users:
- {name: u1, user: {token: x}}
- {name: u2, user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./slow}}}
"""


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[str]:
    """One user's server takes a connection and says nothing, the other one's plugin hangs."""
    path = tmp_path / "config"
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\necho asking >&2; exec sleep 20\n")
    slow.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        path.write_text(KUBECONFIG.replace("PORT", str(silent.getsockname()[1])))
        yield str(path)


def complete(typed: str, **environment: str) -> tuple[list[str], str]:
    """Return the values that may stand in place of the last word, and the directive."""
    done = subprocess.run(
        [PROGRAM, *typed.split(" ")],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        input="",
    )
    assert done.stderr == ""
    return told(done.stdout)


def told(out: str) -> tuple[list[str], str]:
    *lines, directive = out.splitlines()
    return [line.partition("\t")[0] for line in lines], directive


@pytest.mark.parametrize(
    ("typed", "values", "directive"),
    [
        ("", ["audit", "list", "check", "profile", "explain", "cleanup", "rbac", "completion", "version"], ":4"),
        ("che", ["check"], ":4"),
        ("-n shop che", ["check"], ":4"),
        ("check ", ["pod", "node", "profile"], ":4"),
        ("check x", [], ":4"),
        ("nope ", [], ":4"),
        ("audit ", [], ":4"),
        ("audit -o ", list(Format), ":4"),
        ("audit -o j", ["json"], ":4"),
        ("audit -o=j", ["json"], ":4"),
        ("audit --output=w", ["wide"], ":4"),
        ("audit --fail-on ", list(FailOn), ":4"),
        ("audit --seccomp-default ", ["on", "off"], ":4"),
        ("audit -A=", ["true", "false"], ":4"),
        ("audit --fa", ["--failing", "--fail-on"], ":4"),
        ("audit --failing --fa", ["--fail-on"], ":4"),
        ("audit --ig", ["--ignore"], ":4"),
        ("audit --ignore KS101 --ig", ["--ignore"], ":4"),
        ("list --fa", [], ":4"),
        ("audit -f ", [], ":0"),
        ("audit -f=x", [], ":0"),
        ("audit --kubeconfig ", [], ":0"),
        ("audit --certificate-authority ", [], ":0"),
        ("audit -l ", [], ":4"),
        ("audit --token ", [], ":4"),
        ("completion install --dir ", [], ":16"),
        ("completion z", ["zsh"], ":4"),
        ("completion zsh ", [], ":4"),
        ("explain KS101 ", [], ":4"),
        ("--vers", ["--version"], ":4"),
        ("audit --vers", [], ":4"),
    ],
)
def test_words_flags_and_values(capsys: pytest.CaptureFixture[str], typed: str, values: list[str], directive: str) -> None:
    run_app(NAME, typed.split(" "))
    said = capsys.readouterr()
    assert (told(said.out), said.err) == ((values, directive), "")


@pytest.mark.parametrize("typed", ["explain ", "audit --select ", "audit --ignore="])
def test_checks_by_id_and_slug(typed: str) -> None:
    assert set(complete(typed)[0]) == {name for check in EVERY for name in (check.id, check.slug)}


def test_descriptions_follow_a_tab() -> None:
    done = subprocess.run([PROGRAM, "explain", "KS101"], capture_output=True, text=True, timeout=30, check=True)
    title = next(check.title for check in EVERY if check.id == "KS101")
    assert done.stdout == f"KS101\t{title}\n:4\n"


@pytest.mark.parametrize(("flag", "values"), [("--context", ["one", "two"]), ("--cluster", ["c1", "c2"]), ("--user", ["u1", "u2"])])
def test_names_from_the_kubeconfig(kubeconfig: str, flag: str, values: list[str]) -> None:
    assert complete(f"audit {flag} ", KUBECONFIG=kubeconfig) == (values, ":4")
    assert complete(f"--kubeconfig {kubeconfig} {flag}=", KUBECONFIG="") == (values, ":4")


@pytest.mark.parametrize("content", ["", "{", "contexts: 5", "\x00"])
@pytest.mark.parametrize("typed", ["--context ", "check pod "])
def test_what_cannot_be_known_is_not_told(tmp_path: Path, typed: str, content: str) -> None:
    path = tmp_path / "wrong"
    path.write_text(content)
    assert complete(typed, KUBECONFIG=str(path)) == ([], ":4")


@pytest.mark.parametrize("typed", ["check pod ", "--context two check pod "])
def test_a_server_or_a_plugin_that_does_not_answer_is_not_waited_for(kubeconfig: str, typed: str) -> None:
    began = time.monotonic()
    assert complete(typed, KUBECONFIG=kubeconfig) == ([], ":4")
    assert time.monotonic() - began < 10


def test_the_plugin_itself_speaks_the_protocol_too() -> None:
    done = subprocess.run([BIN / "kubectl-seccomp", "__complete", "che"], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "check\tCheck one pod, node or profile in depth.\n:4\n"


def test_a_link_of_that_name_completes(tmp_path: Path) -> None:
    link = tmp_path / NAME
    link.symlink_to(BIN / "kubectl-seccomp")
    done = subprocess.run([link, "che"], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.startswith("check\t")


def install(home: Path, *words: str, path: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, "HOME": str(home), "PATH": path or f"{home / 'bin'}:/usr/bin:/bin", "SHELL": "/bin/zsh", **environment}
    if "KREW_ROOT" not in environment:
        given.pop("KREW_ROOT", None)
    command = [str(BIN / "kubectl-seccomp"), "completion", "install", *words]
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "kubectl-seccomp").symlink_to(BIN / "kubectl-seccomp")
    return tmp_path


def test_it_is_written_beside_the_plugin_and_works(home: Path) -> None:
    done = install(home)
    written = home / "bin" / NAME
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"wrote {written}\n"
    assert "kubectl completion zsh" in done.stderr
    path = {"PATH": f"{home / 'bin'}:/usr/bin:/bin"}
    ran = subprocess.run([written, "che"], env=path, capture_output=True, text=True, timeout=30, check=True)
    assert ran.stdout.startswith("check\t")
    assert [path.name for path in (home / "bin").iterdir() if path.name.startswith(".")] == []


def test_twice_is_no_harm_and_an_older_one_is_renewed(home: Path) -> None:
    install(home)
    written = home / "bin" / NAME
    written.chmod(0o644)
    assert "already exists" in install(home).stdout
    assert os.access(written, os.X_OK)
    written.write_text(SHIM + "# older\n")
    assert install(home).stdout.startswith("wrote ")
    assert written.read_text() == SHIM


def test_krews_folder_goes_first(home: Path) -> None:
    for root in (home / ".krew", home / "krew"):
        (root / "bin").mkdir(parents=True)
        (root / "bin" / "kubectl-seccomp").symlink_to(BIN / "kubectl-seccomp")
    done = install(home)
    assert done.stdout == f"wrote {home / '.krew' / 'bin' / NAME}\n"
    assert "is not on PATH" in done.stderr
    assert install(home, KREW_ROOT=str(home / "krew")).stdout == f"wrote {home / 'krew' / 'bin' / NAME}\n"


@pytest.mark.parametrize("foreign", ["#!/bin/sh\necho mine\n", "", None])
def test_a_foreign_file_is_left_alone(home: Path, foreign: str | None) -> None:
    path = home / "bin" / NAME
    path.symlink_to("nowhere") if foreign is None else path.write_text(foreign)
    done = install(home)
    assert done.returncode == 3
    assert "it is left as it is" in done.stderr
    assert path.is_symlink() if foreign is None else path.read_text() == foreign


def test_what_pip_or_the_bundle_has_installed_is_enough(home: Path) -> None:
    path = home / "bin" / NAME
    for target in (PROGRAM, BIN / "kubectl-seccomp"):
        path.unlink(missing_ok=True)
        path.symlink_to(target)
        assert install(home).stdout == f"{path} already exists\n"


def test_another_folder_and_what_is_missing_then(home: Path) -> None:
    (home / "else").mkdir()
    done = install(home, "--dir", "~/else")
    assert done.stdout == f"wrote {home / 'else' / NAME}\n"
    assert "is not on PATH: kubectl will not find it there" in done.stderr
    assert install(home, "--dir", str(home / "absent")).returncode == 3
    assert "--dir" in install(home, path="/usr/bin:/bin").stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_what_a_shell_needs_are_comments(shell: str) -> None:
    done = subprocess.run([BIN / "kubectl-seccomp", "completion", shell], capture_output=True, text=True, timeout=30, check=True)
    assert all(line.startswith("#") for line in done.stdout.splitlines())
    assert f"kubectl completion {shell}" in done.stdout
    refused = subprocess.run([BIN / "kubectl-seccomp", "completion", shell, "--dir=x"], capture_output=True, timeout=30, check=False)
    assert refused.returncode == 2
