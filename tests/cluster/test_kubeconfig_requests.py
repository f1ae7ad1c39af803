"""What the real kubectl and we send for the same kubeconfig: named cases. Needs kubectl and no cluster."""

from __future__ import annotations

import base64
import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from kubectl_seccomp.cluster.api import Api, ApiError
from kubectl_seccomp.cluster.connection import Options
from kubectl_seccomp.cluster.kubeconfig import connect
from kubectl_seccomp.fault import Fault
from tests.api.proxyserver import Proxy
from tests.cluster.kubectls import Recorder, Seen, find_kubectl, kubectl
from tests.unit.test_proxies import CASES, PROXY

PATH = "/api/v1/pods?limit=1"
V1, V1BETA1 = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
NOWHERE = Path("/nonexistent")


@dataclass
class Ground:
    kubectl: str
    folder: Path
    secure: Recorder
    plain: Recorder
    authority: trustme.CA

    def data(self, name: str) -> str:
        return base64.b64encode((self.folder / name).read_bytes()).decode()


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    program, folder, authority = find_kubectl(), tmp_path_factory.mktemp("requests"), trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.crt")
    for name in ("one", "two"):
        issued = authority.issue_cert(f"{name}.client")
        (folder / f"{name}.crt").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        (folder / f"{name}.key").write_bytes(issued.private_key_pem.bytes())
    (folder / "token").write_text("  from-file\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "named.internal").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    with Recorder(["127.0.0.1"], context) as secure, Recorder(["127.0.0.1"]) as plain:
        yield Ground(program, folder, secure, plain, authority)


def write(ground: Ground, user: dict[str, Any], cluster: dict[str, Any] | None = None, **other: Any) -> dict[str, str]:
    entry = {"server": ground.secure.url(), "certificate-authority": "ca.crt", **(cluster or {})}
    content = {
        "current-context": "c",
        "clusters": [{"name": "c", "cluster": entry}],
        "users": [{"name": "u", "user": user}, *other.get("users", [])],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}, *other.get("contexts", [])],
    }
    (ground.folder / "config").write_text(json.dumps(content))
    return {"KUBECONFIG": str(ground.folder / "config")}


def theirs(ground: Ground, environment: dict[str, str], *flags: str) -> tuple[list[Seen], str]:
    done = kubectl(ground.kubectl, "get", "--raw", PATH, *flags, environment=environment, folder=ground.folder)
    return ground.secure.take() + ground.plain.take(), done.stderr


def ours(ground: Ground, environment: dict[str, str], options: Options, service_account: Path = NOWHERE) -> tuple[list[Seen], str]:
    said = ""
    try:
        api = Api(connect(options, {"PATH": "/usr/bin:/bin", **environment}, service_account), sleep=lambda _: None)
        path, _, query = PATH.partition("?")
        api.get(path, [("limit", query.removeprefix("limit="))], tries=1)
        api.close()
    except (Fault, ApiError) as error:
        said = str(error)
    return ground.secure.take() + ground.plain.take(), said


def short(seen: list[Seen]) -> list[Any]:
    return [(each.path, each.identity, each.certificate) for each in seen]


IMPERSONATED = {
    "as": "bob",
    "as-uid": "u-1",
    "as-groups": ["dev", "system:masters", "ops"],
    "as-user-extra": {"scopes": ["a", "b"], "acme.com/Größe %": ["x"]},
}
FILES = {"client-certificate": "one.crt", "client-key": "one.key"}
FLAG_PAIR = Options(client_certificate="two.crt", client_key="two.key")
# name: user, options -> whether a request is sent
CASES_SENT: dict[str, tuple[dict[str, Any], Options, bool]] = {
    "token": ({"token": "t"}, Options(), True),
    "token file": ({"tokenFile": "token"}, Options(), True),
    "token file before token": ({"tokenFile": "token", "token": "t"}, Options(), True),
    "token for a file that is gone": ({"tokenFile": "gone", "token": "t"}, Options(), True),
    "a token file that is gone": ({"tokenFile": "gone"}, Options(), False),
    "token file before --token": ({"tokenFile": "token"}, Options(token="flag"), True),
    "--token": ({"token": "t"}, Options(token="flag"), True),
    "--token and basic": ({"username": "u", "password": "p"}, Options(token="flag"), False),
    "--token with a certificate": (FILES, Options(token="flag"), True),
    "basic": ({"username": "ü", "password": "p:w"}, Options(), True),
    "--username": ({"username": "u", "password": "p"}, Options(username="flag", password="word"), True),
    "certificate files": (FILES, Options(), True),
    "--client-certificate": (FILES, FLAG_PAIR, True),
    "a key of another certificate": ({"client-certificate": "one.crt", "client-key": "two.key"}, Options(), False),
    "impersonation": ({"token": "t", **IMPERSONATED}, Options(), True),
    "--as and all": (
        {"token": "t", **IMPERSONATED},
        Options(as_user="eve", as_groups=["x", "y"], as_uid="2", as_user_extra=["scopes=c", "new=d", "new=e=f"]),
        True,
    ),
    "groups of nobody": ({"token": "t", "as-groups": ["g"]}, Options(), False),
    "--server": ({"token": "t"}, Options(server="https://127.0.0.1:1"), False),
    "--insecure-skip-tls-verify": ({"token": "t"}, Options(insecure_skip_tls_verify=True), True),
    "--tls-server-name": ({"token": "t"}, Options(tls_server_name="named.internal"), True),
    "a wrong --tls-server-name": ({"token": "t"}, Options(tls_server_name="wrong.internal"), False),
    "--certificate-authority": ({"token": "t"}, Options(certificate_authority="one.crt"), False),
    "--context": ({"token": "t"}, Options(context="other"), True),
    "--user": ({"token": "t"}, Options(user="other"), True),
    "--cluster": ({"token": "t"}, Options(cluster="gone"), False),
}
FLAGS = {
    "as_user": "as", "as_groups": "as-group", "as_uid": "as-uid", "as_user_extra": "as-user-extra",
    "insecure_skip_tls_verify": "insecure-skip-tls-verify",
}  # fmt: skip


def flags(options: Options) -> list[str]:
    given: list[str] = []
    for field in options.__struct_fields__:
        value = getattr(options, field)
        name = FLAGS.get(field, field.replace("_", "-"))
        given += [
            f"--{name}={str(each).lower() if each is True else each}"
            for each in (value if isinstance(value, list) else [value])
            if each
        ]
    return given


@pytest.mark.parametrize("name", CASES_SENT)
def test_the_same_is_sent(ground: Ground, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(ground.folder)
    user, options, sent = CASES_SENT[name]
    other = {"name": "other", "user": {"token": "of-other", "as": "other"}}
    context = {"name": "other", "context": {"cluster": "c", "user": "other"}}
    environment = write(ground, user, users=[other], contexts=[context])
    found, said = theirs(ground, environment, *flags(options))
    assert len(found) == sent, said
    got, our_words = ours(ground, environment, options)
    assert short(got) == short(found), our_words


def test_certificate_data(ground: Ground) -> None:
    user = {"client-certificate-data": ground.data("one.crt"), "client-key-data": ground.data("one.key")}
    environment = write(ground, user, {"certificate-authority": "", "certificate-authority-data": ground.data("ca.crt")})
    found, said = theirs(ground, environment)
    assert [each.certificate is not None for each in found] == [True], said
    assert short(ours(ground, environment, Options())[0]) == short(found)


def test_over_plain_http_goes_no_secret_but_who_is_meant(ground: Ground) -> None:
    user = {"token": "t", **IMPERSONATED, "exec": {"command": "/nonexistent", "apiVersion": V1, "interactiveMode": "Never"}}
    environment = write(ground, user, {"server": ground.plain.url()})
    found, said = theirs(ground, environment)
    assert [name for name, _ in found[0].identity].count("impersonate-group") == 3, said
    assert "authorization" not in dict(found[0].identity)
    assert short(ours(ground, environment, Options())[0]) == short(found)


def test_the_server_without_a_scheme(ground: Ground) -> None:
    environment = write(ground, {"token": "t"}, {"server": ground.plain.url().removeprefix("http://")})
    found, _ = theirs(ground, environment)
    assert short(found) == [(PATH, [], None)]
    assert short(ours(ground, environment, Options())[0]) == short(found)


def script(ground: Ground, status: dict[str, str], version: str) -> str:
    answer = json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status})
    told = ground.folder / "told"
    path = ground.folder / "plugin"
    noted = f'printf \'%s\' "$KUBERNETES_EXEC_INFO" > {told}\necho "$PWD|$1|$OWN|$KIND" >> {told}.env'
    path.write_text(f"#!/bin/sh\n{noted}\ncat <<'E'\n{answer}\nE\n")
    path.chmod(0o700)
    (ground.folder / "told.env").unlink(missing_ok=True)
    return "./plugin"


@pytest.mark.parametrize("version", [V1, V1BETA1])
@pytest.mark.parametrize("kind", ["token", "certificate", "both"])
@pytest.mark.parametrize(
    "cluster", [{}, {"tls-server-name": "named.internal", "disable-compression": True, "proxy-url": "http://127.0.0.1:1"}]
)
def test_exec_plugins(ground: Ground, monkeypatch: pytest.MonkeyPatch, version: str, kind: str, cluster: dict[str, Any]) -> None:
    """The same request, and the plugin is told the same, in the same place."""
    monkeypatch.chdir(ground.folder)
    pair = {name: (ground.folder / file).read_text() for name, file in PAIR.items()}
    status = {**({"token": "plugged"} if kind != "certificate" else {}), **(pair if kind != "token" else {})}
    plugin: dict[str, Any] = {
        "command": script(ground, status, version),
        "args": ["an argument"],
        "env": [{"name": "OWN", "value": "$HOME"}],
        "apiVersion": version,
        "interactiveMode": "Never",
        "provideClusterInfo": True,
    }
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x", "items": [{"a": 1}]}}
    environment = write(ground, {"exec": plugin}, {**cluster, "extensions": [extension]})
    environment["KIND"] = "outer"
    found, said = theirs(ground, environment)
    told = json.loads((ground.folder / "told").read_text())
    got, _ = ours(ground, environment, Options())
    assert bool(found) == (not cluster), said
    assert short(got) == short(found)
    assert json.loads((ground.folder / "told").read_text()) == told
    lines = (ground.folder / "told.env").read_text().splitlines()
    assert lines[-1] == lines[0] == f"{ground.folder}|an argument|$HOME|outer"


PAIR = {"clientCertificateData": "one.crt", "clientKeyData": "one.key"}


@pytest.mark.parametrize("user", [{"token": "t"}, {"username": "u", "password": "p"}, FILES], ids=["token", "basic", "certificate"])
def test_a_plugin_is_not_run_where_there_is_something_else(ground: Ground, user: dict[str, Any]) -> None:
    plugin = {"command": script(ground, {"token": "plugged"}, V1), "apiVersion": V1, "interactiveMode": "Never"}
    environment = write(ground, {**user, "exec": plugin})
    found, said = theirs(ground, environment)
    assert len(found) == 1, said
    assert short(ours(ground, environment, Options())[0]) == short(found)
    assert not (ground.folder / "told.env").exists()


WRONG_PLUGINS: list[dict[str, Any]] = [
    {"command": "/bin/false"},
    {"command": "no-such-plugin"},
    {"command": "/bin/true"},
    {"interactiveMode": "Always"},
    {"interactiveMode": ""},
    {"apiVersion": "client.authentication.k8s.io/v1alpha1"},
    {"apiVersion": V1BETA1},
]


@pytest.mark.parametrize("wrong", WRONG_PLUGINS)
def test_a_plugin_that_does_not_deliver_stops_both(ground: Ground, wrong: dict[str, Any]) -> None:
    plugin = {"command": script(ground, {"token": "plugged"}, V1), "apiVersion": V1, "interactiveMode": "Never", **wrong}
    environment = write(ground, {"exec": plugin})
    assert theirs(ground, environment)[0] == []
    got, said = ours(ground, environment, Options())
    assert got == []
    assert "exec" in said


def test_contradictions_stop_both(ground: Ground) -> None:
    data = {"client-certificate-data": ground.data("one.crt"), "client-key-data": ground.data("one.key")}
    plugin = {"command": "/bin/true", "apiVersion": V1, "interactiveMode": "Never"}
    for user in (
        {**data, "client-certificate": "one.crt"},
        {**data, "client-key": "one.key"},
        {"exec": plugin, "auth-provider": {"name": "oidc"}},
    ):
        environment = write(ground, user)
        assert theirs(ground, environment)[0] == [], user
        assert ours(ground, environment, Options())[0] == [], user
    for cluster in (
        {"certificate-authority-data": ground.data("ca.crt")},
        {"insecure-skip-tls-verify": True},
        {"proxy-url": "ftp://h"},
    ):
        environment = write(ground, {"token": "t"}, cluster)
        assert theirs(ground, environment)[0] == [], cluster
        assert ours(ground, environment, Options())[0] == [], cluster


@pytest.mark.parametrize("kind", ["http", "https", "socks5"])
def test_proxy_url(ground: Ground, kind: str) -> None:
    """For the same name, which only the proxy can resolve, with the same password for the proxy."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ground.authority.issue_cert("127.0.0.1").configure_cert(context)
    with Proxy(ground.secure.url(), context if kind == "https" else None, socks=kind == "socks5") as proxy:
        url = proxy.url.replace("//", "//us%40er:p%3Aw@")
        environment = write(ground, {"token": "t"}, {"server": "https://named.internal:6443", "proxy-url": url})
        found, said = theirs(ground, environment)
        assert len(found) == 1, said
        asked, heads = proxy.asked[:], [_authorization(head) for head in proxy.heads]
        proxy.asked.clear()
        proxy.heads.clear()
        got, _ = ours(ground, environment, Options())
    assert short(got) == short(found)
    assert set(proxy.asked) == set(asked)
    assert {_authorization(head) for head in proxy.heads} == set(heads)


def _authorization(head: str) -> str:
    return "".join(line for line in head.splitlines() if line.lower().startswith("proxy-authorization:"))


@pytest.mark.parametrize("name", ["127.0.0.1", "named.internal"])
def test_tls_server_name_towards_an_https_proxy(ground: Ground, name: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ground.authority.issue_cert(name).configure_cert(context)
    with Proxy(ground.secure.url(), context) as proxy:
        cluster = {"server": "https://any.internal", "proxy-url": proxy.url, "tls-server-name": "named.internal"}
        environment = write(ground, {"token": "t"}, cluster)
        found, said = theirs(ground, environment)
        assert len(found) == (name == "named.internal"), said
        assert short(ours(ground, environment, Options())[0]) == short(found)


# Everything that is not loopback is out of reach there, so that nothing leaves this machine.
ALONE = """
import json, os, subprocess, sys
from pathlib import Path
sys.path[:0] = json.loads(os.environ["MODULES"])
from tests.api.proxyserver import Proxy
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
answers = []
with Proxy("http://127.0.0.1:1", status="502 Bad Gateway") as proxy:
    for server, variables in json.load(sys.stdin):
        variables = {name: value.replace("http://127.0.0.1:3128", proxy.url) for name, value in variables.items()}
        proxy.asked.clear()
        subprocess.run([sys.argv[1], "get", "--raw", "/version", "-s", server, "--token=t", "--request-timeout=2s"],
            env={"HOME": "/nonexistent", "PATH": "/usr/bin:/bin", **variables}, capture_output=True, timeout=20)
        answers.append(bool(proxy.asked))
print(json.dumps(answers))
"""


@pytest.mark.skipif(shutil.which("unshare") is None or os.geteuid() != 0, reason="needs a network of its own")
def test_the_environments_proxies(ground: Ground) -> None:
    questions = json.dumps([[server, {"HTTPS_PROXY": PROXY, **environment}] for server, environment, _ in CASES])
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", ALONE, ground.kubectl],
        env={**os.environ, "MODULES": json.dumps([str(root)])},
        input=questions,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [used for _, _, used in CASES]


@pytest.mark.skipif(shutil.which("unshare") is None or os.geteuid() != 0, reason="needs a /run of its own")
def test_in_a_pod(ground: Ground, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of-the-pod\n")
    (tmp_path / "namespace").write_text("shop\n")
    shutil.copy(ground.folder / "ca.crt", tmp_path / "ca.crt")
    environment = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(ground.secure.port)}
    place = "/run/secrets/kubernetes.io/serviceaccount"
    inside = f'mount -t tmpfs tmpfs /run && mkdir -p {place} && cp {tmp_path}/* {place}/ && exec "$@"'
    for more in ([], ["--token=flag"]):
        command = ["unshare", "--mount", "sh", "-ec", inside, "sh", ground.kubectl, "get", "--raw", PATH, *more]
        done = subprocess.run(
            command, env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True, timeout=60, check=False
        )
        found = ground.secure.take()
        assert len(found) == 1, done.stderr
        got, _ = ours(ground, environment, Options(token="flag" if more else None), tmp_path)
        assert short(got) == short(found)
