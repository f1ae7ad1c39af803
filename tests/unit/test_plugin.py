"""Exec credential plugins: what they are told, what is taken from them, and what stops the run."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kubectl_seccomp.cluster import plugin as plugins
from kubectl_seccomp.cluster.entries import Cluster, Credentials, Exec, Extension, Variable
from kubectl_seccomp.fault import Fault

SECRET = "s3cret-t0ken"
V1 = "client.authentication.k8s.io/v1"
V1BETA1 = "client.authentication.k8s.io/v1beta1"
PATH = {"PATH": os.environ["PATH"]}


def script(folder: Path, body: str) -> str:
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return str(path)


def credential(version: str = V1, **status: str) -> dict[str, Any]:
    return {"apiVersion": version, "kind": "ExecCredential", "status": status}


def printing(answer: dict[str, Any] | str) -> str:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return f"cat <<'EOF'\n{text}\nEOF"


def entry(command: str, version: str = V1, mode: str | None = "IfAvailable", **more: Any) -> Exec:
    return Exec(command, version, interactive_mode=mode, **more)


def fault(plugin: Exec) -> Fault:
    with pytest.raises(Fault) as caught:
        plugins.ask(plugin, Cluster(), PATH)
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.code == 3
    return caught.value


@pytest.mark.parametrize(("version", "mode"), [(V1, "Never"), (V1, "IfAvailable"), (V1BETA1, None)])
def test_a_token(tmp_path: Path, version: str, mode: str | None) -> None:
    command = script(tmp_path, printing(credential(version, token="from-plugin")))
    assert plugins.ask(entry(command, version, mode), Cluster(), PATH) == Credentials("Bearer from-plugin")


def test_a_certificate(tmp_path: Path) -> None:
    status = {"clientCertificateData": "C", "clientKeyData": "K"}
    command = script(tmp_path, printing(credential(**status)))
    assert plugins.ask(entry(command), Cluster(), PATH) == Credentials(None, b"C\nK")


def test_what_a_plugin_is_told(tmp_path: Path) -> None:
    said = f'echo "$KUBERNETES_EXEC_INFO" > {tmp_path}/info; echo "$1|$2|$ONE|$PLACE" > {tmp_path}/args\n'
    command = script(tmp_path, said + printing(credential(token="t")))
    (tmp_path / "ca").write_bytes(b"PEM")
    cluster = Cluster(
        server="https://a.test",
        tls_server_name="n",
        certificate_authority=str(tmp_path / "ca"),
        extensions=[Extension("other", 1), Extension("client.authentication.k8s.io/exec", {"audience": "x"})],
    )
    plugin = entry(command, args=["a b", "$HOME"], env=[Variable("ONE", "1")], provide_cluster_info=True)
    plugins.ask(plugin, cluster, {**PATH, "PLACE": "here", "ONE": "0"})
    assert (tmp_path / "args").read_text() == "a b|$HOME|1|here\n"
    assert json.loads((tmp_path / "info").read_text()) == {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {
            "interactive": False,
            "cluster": {
                "server": "https://a.test",
                "tls-server-name": "n",
                "certificate-authority-data": "UEVN",
                "config": {"audience": "x"},
            },
        },
    }


def test_a_plugin_is_not_told_of_the_cluster_unasked(tmp_path: Path) -> None:
    said = f'echo "$KUBERNETES_EXEC_INFO" > {tmp_path}/info\n'
    command = script(tmp_path, said + printing(credential(token="t")))
    plugins.ask(entry(command), Cluster(server="https://a.test"), PATH)
    assert json.loads((tmp_path / "info").read_text())["spec"] == {"interactive": False}


def test_a_bare_command_is_looked_up_in_the_path(tmp_path: Path) -> None:
    script(tmp_path, printing(credential(token="t")))
    environment = {"PATH": f"{tmp_path}:{PATH['PATH']}"}
    assert plugins.ask(entry("plugin"), Cluster(), environment).authorization == "Bearer t"


LEAK = json.dumps(credential(token=SECRET))
WRONG = [
    (f"echo 'please log in' >&2; echo '{LEAK}'; exit 7", r"failed with exit code 7: please log in$"),
    ("exit 1", r"failed with exit code 1$"),
    ("printf '\\033[2J\\nline' >&2; exit 1", r"exit code 1: \\x1b\[2J line$"),
    ("yes x | head -c 1000000 >&2; exit 1", r"exit code 1: [x ]+…$"),
    ("kill -9 $$", r"failed with exit code -9$"),
    ("true", r"its output is not an ExecCredential in JSON$"),
    (f"echo {SECRET}", r"its output is not an ExecCredential in JSON$"),
    (printing(f'{{"status": {{"token": ["{SECRET}"]}}}}'), r"its output is not an ExecCredential in JSON$"),
    (printing("[" * 100_000), r"its output is not an ExecCredential in JSON$"),
    (printing(credential(V1BETA1, token=SECRET)), r"plugin returned ExecCredential .*v1beta1$"),
    (printing({**credential(token=SECRET), "kind": "X"}), r"configured to use API version .*returned X "),
    (printing({"apiVersion": V1, "kind": "ExecCredential"}), r"didn't return a status field$"),
    (printing(credential()), r"didn't return a token or cert/key pair$"),
    (printing(credential(clientCertificateData="x")), r"only certificate or key, not both$"),
    (printing(credential(clientKeyData="x", token=SECRET)), r"only certificate or key, not both$"),
]


@pytest.mark.parametrize(("body", "why"), WRONG)
def test_what_stops_the_run(tmp_path: Path, body: str, why: str) -> None:
    command = script(tmp_path, body)
    message = fault(entry(command)).message
    assert message.startswith(f"exec plugin {command}")
    assert re.search(why, message)


def test_a_plugin_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "PLUGIN_SECONDS", 0.2)
    command = script(tmp_path, f"echo '{LEAK}'; exec sleep 30")
    assert fault(entry(command)).message == f"exec plugin {command} gave no answer within 0.2 seconds"


WRONG_ENTRIES = [
    (entry("x", "client.authentication.k8s.io/v1alpha1"), "invalid apiVersion"),
    (entry("x", ""), "invalid apiVersion"),
    (entry("x", mode=None), "interactiveMode must be specified"),
    (entry("x", mode="Sometimes"), 'invalid interactiveMode "Sometimes"'),
    (entry("x", mode="Always"), "standard input is not a terminal"),
    (entry("no-such-plugin"), "exec: executable no-such-plugin not found"),
    (entry("/dev/null"), "exec plugin /dev/null cannot be run: "),
    (entry("a\0b"), "not found"),
    (entry("./a\0b"), "cannot be run: "),
    (entry(""), "command must be specified"),
]


@pytest.mark.parametrize(("plugin", "why"), WRONG_ENTRIES)
def test_wrong_entries(plugin: Exec, why: str) -> None:
    assert why in fault(plugin).message


def test_the_install_hint() -> None:
    found = fault(entry("no-such-plugin", install_hint="brew install\nit\x1b[2J"))
    assert found.hint == "brew install it\\x1b[2J"


def test_on_a_terminal_a_plugin_may_talk_to_the_person(tmp_path: Path) -> None:
    body = f'echo "open this page" >&2; read line; echo "$line $KUBERNETES_EXEC_INFO" > {tmp_path}/said\n'
    command = script(tmp_path, body + printing(credential(token="t")))
    code = (
        "import os; from kubectl_seccomp.cluster import plugin; from kubectl_seccomp.cluster.entries import *;"
        f"print(plugin.ask(Exec({command!r}, {V1!r}, interactive_mode='Always'), Cluster(), os.environ).authorization)"
    )
    ours, theirs = pty.openpty()
    os.write(ours, b"yes\n")
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=30,
        check=False,
    )
    shown = os.read(ours, 4096)
    os.close(theirs)
    os.close(ours)
    assert done.stdout == b"Bearer t\n"
    assert b"open this page" in shown
    assert (tmp_path / "said").read_text().startswith("yes ")
    assert '"interactive":true' in (tmp_path / "said").read_text()
