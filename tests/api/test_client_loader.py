"""What the official client's own kubeconfig loader gets wrong, which is why there is a loader of ours: one test for each.

Each shows ours right (the same as kubectl: tests/cluster/test_kubeconfig_requests.py) and the client's wrong. One that fails on the
client's half tells that the client has been repaired.
"""

from __future__ import annotations

import base64
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from werkzeug import Request, Response

from kubectl_seccomp.cluster.api import Api
from kubectl_seccomp.cluster.connection import Connection, Options
from kubectl_seccomp.cluster.execs import run
from kubectl_seccomp.cluster.kubeconfig import connect
from kubectl_seccomp.fault import Fault
from tests.api.conftest import Fake, ok, status
from tests.api.websockets import Exec, Peer

V1 = "client.authentication.k8s.io/v1"
NOWHERE = Path("/nonexistent")
VERSION = "/version/"


@pytest.fixture
def config(fake: Fake, ca_file: str, tmp_path: Path) -> Callable[..., str]:
    fake.on(VERSION, {})

    def config(user: dict[str, Any], name: str = "a", **cluster: Any) -> str:
        content = {
            "current-context": name,
            "clusters": [{"name": name, "cluster": {"server": fake.url, "certificate-authority": ca_file, **cluster}}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": f"ns-{name}"}}],
        }
        path = tmp_path / name
        path.write_text(json.dumps(content))
        return str(path)

    return config


Config = Callable[..., str]


def ours(path: str) -> Connection:
    return connect(Options(), {"KUBECONFIG": path, "PATH": os.environ["PATH"]}, NOWHERE)


def ask(connection: Connection) -> None:
    Api(connection, sleep=lambda _: None).get(VERSION, tries=1)


def theirs(path: str) -> Any:
    """The configuration that the client makes of it."""
    from kubernetes.client import Configuration
    from kubernetes.config import load_kube_config

    made = Configuration()
    load_kube_config(config_file=path, client_configuration=made, persist_config=False)
    return made


def ask_as_client(made: Any) -> None:
    from kubernetes.client import ApiClient, VersionApi

    with ApiClient(made) as client:
        VersionApi(client).get_code(_preload_content=False)


def sent(fake: Fake, name: str) -> list[str | None]:
    return [request.headers.get(name) for request in fake.requests]


def script(folder: Path, body: str) -> str:
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return str(path)


def printing(**fields: str) -> str:
    return f"cat <<'E'\n{json.dumps({'apiVersion': V1, 'kind': 'ExecCredential', 'status': fields})}\nE"


def plugin(command: str, **more: Any) -> dict[str, Any]:
    return {"exec": {"command": command, "apiVersion": V1, "interactiveMode": "Never", **more}}


def test_of_two_files_the_first_one_names_the_cluster(config: Config) -> None:
    paths = os.pathsep.join([config({}, "a", server="https://a.test"), config({}, "b", server="https://b.test")])
    assert ours(paths).server == "https://a.test"
    assert theirs(paths).host == "https://b.test"


def test_impersonation_in_the_kubeconfig_is_obeyed(fake: Fake, config: Config) -> None:
    path = config({"token": "t", "as": "bob", "as-groups": ["dev"]})
    ask(ours(path))
    ask_as_client(theirs(path))
    assert sent(fake, "Impersonate-User") == ["bob", None]
    assert sent(fake, "Authorization") == ["Bearer t", "Bearer t"]


def test_several_groups_are_several_headers(fake: Fake, config: Config) -> None:
    ask(ours(config({"token": "t", "as": "bob", "as-groups": ["dev", "ops"]})))
    # WSGI joins equal header lines with a bare comma.
    assert sent(fake, "Impersonate-Group") == ["dev,ops"]
    from kubernetes.client import ApiClient, VersionApi

    with ApiClient(theirs(config({"token": "t"}))) as client:
        client.set_default_header("Impersonate-Group", ["dev", "ops"])
        with pytest.raises(TypeError):
            VersionApi(client).get_code(_preload_content=False)


def test_a_failing_plugin_stops_the_run(fake: Fake, config: Config, tmp_path: Path) -> None:
    path = config(plugin(script(tmp_path, "echo 'log in first' >&2; exit 1")))
    with pytest.raises(Fault, match="failed with exit code 1: log in first"):
        ours(path)
    ask_as_client(theirs(path))
    assert sent(fake, "Authorization") == [None]


def test_a_failing_plugin_on_a_terminal_is_named(config: Config, tmp_path: Path) -> None:
    path = config(plugin(script(tmp_path, "exit 1")))
    with pytest.raises(Fault, match="plugin failed with exit code 1"):
        ours(path)
    code = f"from kubernetes.config import load_kube_config; load_kube_config({path!r})"
    master, slave = pty.openpty()
    done = subprocess.run([sys.executable, "-c", code], stdin=slave, stdout=slave, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(slave)
    os.close(master)
    assert b"'NoneType' object has no attribute 'strip'" in done.stderr


def test_the_token_file_goes_before_the_token(fake: Fake, config: Config, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file")
    path = config({"tokenFile": "token", "token": "inline"})
    ask(ours(path))
    ask_as_client(theirs(path))
    assert sent(fake, "Authorization") == ["Bearer from-file", "Bearer inline"]


def test_a_token_file_is_read_again(fake: Fake, config: Config, tmp_path: Path) -> None:
    from kubernetes.client.exceptions import ApiException

    def only_new(request: Request) -> Response:
        known = request.headers["Authorization"] == "Bearer new"
        return ok({}) if known else status(401, "Unauthorized", "Unauthorized")

    fake.on(VERSION, only_new)
    (tmp_path / "token").write_text("old")
    mine, made = ours(config({"tokenFile": "token"})), theirs(config({"tokenFile": "token"}))
    (tmp_path / "token").write_text("new")
    ask(mine)
    with pytest.raises(ApiException, match="Unauthorized"):
        ask_as_client(made)
    assert sent(fake, "Authorization") == ["Bearer old", "Bearer new", "Bearer old"]


def test_no_token_goes_over_plain_http(plain_fake: Fake, config: Config) -> None:
    plain_fake.on(VERSION, {})
    path = config({"token": "s3cret"}, server=plain_fake.url)
    ask(ours(path))
    ask_as_client(theirs(path))
    assert sent(plain_fake, "Authorization") == [None, "Bearer s3cret"]


def test_a_plugin_runs_in_the_callers_folder(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    path = config(plugin(script(tmp_path, f"pwd >> {tmp_path}/where\n" + printing(token="t"))))
    ours(path)
    theirs(path)
    assert (tmp_path / "where").read_text().splitlines() == ["/", str(tmp_path)]


def test_a_plugin_is_told_the_authority_itself(config: Config, ca_file: str, tmp_path: Path) -> None:
    told = f'echo "$KUBERNETES_EXEC_INFO" >> {tmp_path}/told\n'
    path = config(plugin(script(tmp_path, told + printing(token="t")), provideClusterInfo=True))
    ours(path)
    theirs(path)
    mine, other = (json.loads(line)["spec"]["cluster"] for line in (tmp_path / "told").read_text().splitlines())
    assert base64.b64decode(mine["certificate-authority-data"]) == Path(ca_file).read_bytes()
    assert other["certificate-authority"] == ca_file
    assert "certificate-authority-data" not in other


INTERACTIVE = """
import os, sys
if sys.argv[1] == "ours":
    from kubectl_seccomp.cluster.connection import Options
    from kubectl_seccomp.cluster.kubeconfig import connect
    connect(Options(), {"KUBECONFIG": sys.argv[2], "PATH": os.environ["PATH"]})
else:
    from kubernetes.config import load_kube_config
    load_kube_config(sys.argv[2])
"""


def test_stdin_says_whether_a_person_is_there(config: Config, tmp_path: Path) -> None:
    """With stdout in a pipe and a person at the keyboard, and the other way round."""
    told = f'echo "$KUBERNETES_EXEC_INFO" > {tmp_path}/told\n'
    path = config(plugin(script(tmp_path, told + printing(token="t")), interactiveMode="IfAvailable"))
    master, slave = pty.openpty()

    def interactive(whose: str, stdin: int, stdout: int) -> bool:
        command = [sys.executable, "-c", INTERACTIVE, whose, path]
        subprocess.run(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, timeout=60, check=True)
        return bool(json.loads((tmp_path / "told").read_text())["spec"]["interactive"])

    assert interactive("ours", slave, subprocess.DEVNULL)
    assert not interactive("ours", subprocess.DEVNULL, slave)
    assert not interactive("client", slave, subprocess.DEVNULL)
    assert interactive("client", subprocess.DEVNULL, slave)
    os.close(slave)
    os.close(master)


def test_the_install_hint_is_shown(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    path = config(plugin("no-such-plugin", installHint="brew install it"))
    with pytest.raises(Fault) as caught:
        ours(path)
    assert caught.value.hint == "brew install it"
    theirs(path)
    assert "brew install it" not in caplog.text


def test_interactive_mode_is_obeyed(config: Config, tmp_path: Path) -> None:
    path = config(plugin(script(tmp_path, printing(token="t")), interactiveMode="Always"))
    with pytest.raises(Fault, match="standard input is not a terminal"):
        ours(path)
    assert theirs(path).api_key == {"BearerToken": "Bearer t"}


def test_a_certificate_of_a_plugin_is_renewed(config: Config, authority: trustme.CA, tmp_path: Path) -> None:
    issued = authority.issue_cert("client")
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems).decode()
    key = issued.private_key_pem.bytes().decode()
    answer = printing(clientCertificateData=chain, clientKeyData=key, expirationTimestamp="2020-01-01T00:00:00Z")
    path = config(plugin(script(tmp_path, f"echo run >> {tmp_path}/runs\n" + answer)))

    def runs() -> int:
        return (tmp_path / "runs").read_text().count("run")

    ask(ours(path))
    assert runs() == 2
    made = theirs(path)
    ask_as_client(made)
    assert runs() == 3


def test_no_key_is_written_to_disk(config: Config, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    issued = authority.issue_cert("client")
    pair = {
        "client-certificate-data": b"".join(blob.bytes() for blob in issued.cert_chain_pems),
        "client-key-data": issued.private_key_pem.bytes(),
    }
    path = config({name: base64.b64encode(content).decode() for name, content in pair.items()})
    ask(ours(path))
    assert list(folder.iterdir()) == []
    theirs(path)
    assert any(b"PRIVATE KEY" in file.read_bytes() for file in folder.iterdir())


def test_no_shell_runs_a_plugin_on_windows(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = config(plugin(script(tmp_path, printing(token="t"))))
    shells: list[bool] = []

    class Watching(subprocess.Popen[Any]):
        def __init__(self, *arguments: Any, shell: bool = False, **more: Any) -> None:
            shells.append(shell)
            super().__init__(*arguments, **more)

    monkeypatch.setattr(subprocess, "Popen", Watching)
    monkeypatch.setattr("kubernetes.config.exec_provider.sys.platform", "win32")
    ours(path)
    theirs(path)
    assert shells == [False, True]


def test_an_auth_provider_is_refused_by_name(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client asks the issuer for a new token without checking its certificate."""
    claims = base64.urlsafe_b64encode(b'{"exp": 1}').decode().rstrip("=")
    known = {"id-token": f"x.{claims}.x", "idp-issuer-url": "https://issuer.test", "client-id": "c", "refresh-token": "r"}
    path = config({"auth-provider": {"name": "oidc", "config": known}})
    with pytest.raises(Fault, match='auth-provider "oidc"') as caught:
        ours(path)
    assert "kubelogin" in (caught.value.hint or "")
    checked: list[bool] = []

    class Asking:
        def __init__(self, configuration: Any) -> None:
            checked.append(configuration.verify_ssl)

        def call_api(self, **_more: Any) -> Any:
            return type("Answer", (), {"status": 503, "read": lambda _self: b""})()

    monkeypatch.setattr("kubernetes.config.kube_config.ApiClient", Asking)
    theirs(path)
    assert checked == [False]


def test_exec_carries_the_impersonation(authority: trustme.CA, ca_file: str) -> None:
    """With the client's, a command runs in the container with the full rights of whoever asks."""
    import ssl

    from kubernetes.client import Configuration
    from kubernetes.stream.ws_client import create_websocket

    def succeed(peer: Peer) -> None:
        peer.accept()
        peer.status()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Exec(context, succeed) as server:
        options = Options(server=server.url, certificate_authority=ca_file, token="t", as_user="bob", as_groups=["a", "b"])
        assert run(connect(options, {}, NOWHERE), "n", "p", "c", ("true",), 5).exit_code == 0
        made = Configuration(host=server.url)
        made.ssl_ca_cert = ca_file
        headers = {"authorization": "Bearer t", "Impersonate-User": "bob"}
        create_websocket(made, server.url.replace("https", "wss") + "/x", headers).shutdown()
    mine, other = server.peers
    assert (mine.header("Impersonate-User"), mine.header("Impersonate-Group")) == (["bob"], ["a", "b"])
    assert (other.header("Authorization"), other.header("Impersonate-User")) == (["Bearer t"], [])


def test_without_any_kubeconfig_stdout_stays_clean(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from kubernetes import config as client_config

    with pytest.raises(Fault, match="no configuration has been provided"):
        connect(Options(), {}, NOWHERE)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(client_config, "KUBE_CONFIG_DEFAULT_LOCATION", "/nonexistent")
    with pytest.raises(client_config.ConfigException):
        client_config.load_config()
    assert "Using inCluster Config" in capsys.readouterr().out


def test_the_contexts_namespace_is_used(config: Config) -> None:
    path = config({"token": "t"})
    assert ours(path).namespace == "ns-a"
    assert not [value for value in vars(theirs(path)).values() if value == "ns-a"]


def test_yes_and_no_are_what_kubectl_takes_them_for(config: Config, fake: Fake) -> None:
    path = config({"token": "t"})
    text = Path(path).read_text()
    Path(path).write_text(text.replace('"certificate-authority"', '"insecure-skip-tls-verify": y, "no-authority"'))
    ask(ours(path))
    Path(path).write_text(text.replace('"token": "t"', '"token": y'))
    with pytest.raises(Fault, match="must be a string, and is a boolean"):
        ours(path)
    ask_as_client(theirs(path))
    assert sent(fake, "Authorization") == ["Bearer t", "Bearer y"]
