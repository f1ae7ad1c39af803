"""TAB, pressed in a real bash and a real zsh, through the real kubectl's own completion."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shlex
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.conftest import PRODUCT, Lab
from tests.cluster.lab.build import install_packages

NAMESPACE = "completion-test"
PODS = ["alpha-1", "beta-1"]
ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[a-zA-Z]|[=>]|\][^\x07]*\x07)|[\x07\r]")
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
LOAD = {
    "bash": "bind 'set bell-style none'; bind 'set completion-query-items 0'; bind 'set page-completions off';"
    " . /usr/share/bash-completion/bash_completion; . <(kubectl completion bash)",
    "zsh": "autoload -U compinit; compinit -u -d {dump}; LISTMAX=500; . <(kubectl completion zsh)",
}


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, environment)
        self.screen = ""

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def until(self, pattern: str, seconds: float = 60) -> str:
        """Wait until the screen shows it, and return what was shown since the last time."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.screen):
            assert time.monotonic() < end, f"no {pattern!r} in {self.screen!r}"
            if select.select([self.terminal], [], [], 0.5)[0]:
                self.screen += ESCAPES.sub("", os.read(self.terminal, 65536).decode(errors="replace"))
        shown, self.screen = self.screen, ""
        return shown

    def line(self) -> str:
        """Return the line as it stands, by turning it into an argument of echo."""
        self.type("\x01echo 'LINE<'\x05'>'\n")
        shown: list[str] = re.findall(r"LINE<(.*?)>", self.until(r"LINE< ?[^'>]*>\s"))
        return shown[-1].strip()

    def clear(self) -> None:
        """Give up the line, and forget what was shown."""
        self.type("\x15echo do''ne\n")
        self.until(r"done\s")

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


@pytest.fixture(scope="module")
def pods(lab: Lab) -> Iterator[list[str]]:
    """Make pods that nobody starts, in a namespace of their own."""
    install_packages()
    lab.kubectl("create", "namespace", NAMESPACE)
    spec = {"schedulerName": "nobody", "serviceAccountName": "default", "containers": [{"name": "c", "image": "x"}]}
    metadata = [{"name": name, "namespace": NAMESPACE, "labels": {"app": name}} for name in PODS]
    items = [{"apiVersion": "v1", "kind": "Pod", "metadata": each, "spec": spec} for each in metadata]
    try:
        until = time.monotonic() + 60
        while "default" not in lab.kubectl("get", "serviceaccounts", "-n", NAMESPACE, "-o", "name"):
            assert time.monotonic() < until
            time.sleep(0.2)
        lab.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        yield PODS
    finally:
        lab.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture(scope="module", params=["bash", "zsh"])
def shell(lab: Lab, pods: list[str], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    assert pods
    home = tmp_path_factory.mktemp("home")
    path = f"{PRODUCT.parent}:{lab.instance.binaries / 'bin'}:/usr/bin:/bin"
    environment = {**lab.environment(None), "PATH": path, "HOME": str(home), "TERM": "vt100", "COLUMNS": "200", "PS1": "$ "}
    inside = ["env", f"PATH={path}", *START[request.param]]
    shell = Shell(lab.instance.enter(inside), environment)
    try:
        load = LOAD[request.param].format(dump=shlex.quote(str(Path(home, "dump"))))
        shell.type(f"{load}; stty cols 200; echo rea''dy\n")
        shell.until(r"ready\s")
        yield shell
    finally:
        shell.close()


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("kubectl seccomp che", "kubectl seccomp check"),
        ("kubectl seccomp check po", "kubectl seccomp check pod"),
        ("kubectl seccomp audit --fail-on crit", "kubectl seccomp audit --fail-on critical"),
        ("kubectl seccomp audit -o=mark", "kubectl seccomp audit -o=markdown"),
        ("kubectl seccomp audit --incl", "kubectl seccomp audit --include-finished"),
        (f"kubectl seccomp list -n {NAMESPACE[:-1]}", f"kubectl seccomp list -n {NAMESPACE}"),
        (f"kubectl seccomp check pod -n {NAMESPACE} al", f"kubectl seccomp check pod -n {NAMESPACE} alpha-1"),
        (f"kubectl seccomp check pod -n {NAMESPACE} alpha-1 ", f"kubectl seccomp check pod -n {NAMESPACE} alpha-1 beta-1"),
        (f"kubectl seccomp -n {NAMESPACE} check pod b", f"kubectl seccomp -n {NAMESPACE} check pod beta-1"),
        ("kubectl seccomp explain KS10", "kubectl seccomp explain KS10"),
    ],
)
def test_tab_completes(shell: Shell, typed: str, becomes: str) -> None:
    shell.type(f"{typed}\t")
    assert shell.line() == becomes


def test_tab_lists_the_pods_of_the_namespace(shell: Shell) -> None:
    shell.type(f"kubectl seccomp check pod -n {NAMESPACE} \t\t")
    shown = shell.until(r"beta-1")
    assert "alpha-1" in shown
    shell.clear()


def test_tab_lists_the_pods_of_the_contexts_namespace(shell: Shell) -> None:
    shell.type("kubectl seccomp check pod unset-\t\t")
    shown = shell.until(r"unset-b")
    assert "unset-a" in shown
    assert "alpha-1" not in shown
    shell.clear()
