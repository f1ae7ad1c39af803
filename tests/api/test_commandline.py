"""The way to the cluster seen from the command line: one sentence when it fails, within the time, and -v."""

from __future__ import annotations

import datetime
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from kubectl_seccomp.cli import complete, live
from kubectl_seccomp.cluster.api import Api
from tests.api.conftest import Fake, ok, page, status
from tests.cli import inside

TOKEN = "s3cret-t0ken"
PODS = "/api/v1/pods"
V1 = "client.authentication.k8s.io/v1"
Config = Callable[..., str]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    done = inside.run(*arguments, HOME="/nonexistent")
    return subprocess.CompletedProcess(arguments, *done)


@pytest.fixture(autouse=True)
def nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the cluster nor the proxy of whoever runs the tests; and no wait before a retry, which tests/api/test_api.py asks for."""
    for name in [*os.environ]:
        if name.startswith("KUBE") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(Api.__init__, "__defaults__", (lambda _: None, time.monotonic))


@pytest.fixture
def config(tmp_path: Path, ca_file: str) -> Config:
    def config(server: str, user: dict[str, Any] | None = None, **cluster: Any) -> str:
        content = {
            "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": server, "certificate-authority": ca_file, **cluster}}],
            "users": [{"name": "c", "user": user or {"token": TOKEN}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
        }
        path = tmp_path / "config"
        path.write_text(json.dumps(content))
        return str(path)

    return config


def one_sentence(path: str, *more: str, seconds: float = 15.0) -> str:
    """Return what both commands say when there is no way: the same, in time, and on stderr alone."""
    said: set[str] = set()
    for command in ("audit", "list"):
        started = time.monotonic()
        done = run(command, "--kubeconfig", path, *more)
        assert time.monotonic() - started < seconds
        assert done.returncode == 3, done.stderr
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert TOKEN not in done.stderr
        lines = [line for line in done.stderr.splitlines() if not line.startswith(("hint: ", "see: "))]
        assert len(lines) == 1, done.stderr
        said.add(lines[0].replace(' in namespace "default"', ""))
    assert len(said) == 1
    return said.pop()


def test_a_failing_plugin(config: Config, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    plugin.write_text(f"#!/bin/sh\necho {TOKEN}\necho 'log in first' >&2\nexit 4\n")
    plugin.chmod(0o700)
    user = {"exec": {"command": str(plugin), "apiVersion": V1, "interactiveMode": "Never"}}
    assert one_sentence(config("https://127.0.0.1:1", user)) == f"error: exec plugin {plugin} failed with exit code 4: log in first"


def test_an_unknown_context(config: Config) -> None:
    assert one_sentence(config("https://127.0.0.1:1"), "--context", "x") == 'error: context "x" does not exist'


def test_a_closed_port(config: Config) -> None:
    said = one_sentence(config("https://127.0.0.1:1"))
    assert said == "error: cannot list pods: cannot reach https://127.0.0.1:1: Connection refused"


@pytest.mark.parametrize("words", [("check", "node", "--all"), ("check", "profile", "a.json"), ("cleanup",)], ids="-".join)
def test_no_advice_about_permissions_where_nothing_answers(config: Config, words: tuple[str, ...]) -> None:
    done = run(*words, "--kubeconfig", config("https://127.0.0.1:1"))
    assert done.returncode == 3
    assert done.stderr.endswith("cannot reach https://127.0.0.1:1: Connection refused\n")


@pytest.fixture
def black_hole() -> Iterator[str]:
    """A port that takes no more connections: what it is sent is dropped, as by a firewall."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        full = [socket.socket() for _ in range(4)]
        for each in full:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        for each in full:
            each.close()


def test_a_black_hole(config: Config, black_hole: str) -> None:
    assert one_sentence(config(black_hole), "--request-timeout", "300ms") == "error: cannot list pods: timeout after 0.3s"


def test_a_server_that_hangs(config: Config) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"https://127.0.0.1:{silent.getsockname()[1]}"
        assert one_sentence(config(server), "--request-timeout", "300ms") == "error: cannot list pods: timeout after 0.3s"


def test_a_server_that_hangs_after_the_handshake(config: Config, fake: Fake) -> None:
    done = threading.Event()

    def hang(_request: Request) -> Response:
        done.wait(3)
        return ok({})

    for path in (PODS, "/api/v1/namespaces/default"):
        fake.on(path, hang)
    assert one_sentence(config(fake.url), "--request-timeout", "300ms") == "error: cannot list pods: timeout after 0.3s"
    done.set()


def test_an_expired_certificate(config: Config, authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    authority.issue_cert("127.0.0.1", not_after=yesterday).configure_cert(context)
    with HTTPServer("127.0.0.1", ssl_context=context) as server:
        address = server.url_for("").rstrip("/")
        said = one_sentence(config(address))
    assert said == f"error: cannot list pods: tls: failed to verify the certificate of {address}: certificate has expired"


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("list",), "hint: kubectl seccomp rbac prints the permissions that are needed"),
        (("check", "pod", "web"), "hint: kubectl seccomp rbac --verify --exec prints the permissions that are needed"),
        (("check", "node", "node-a"), "hint: kubectl seccomp rbac --verify prints the permissions that are needed"),
        (("check", "node", "--all"), "hint: name the nodes"),
        (("check", "profile", "a.json"), "hint: kubectl seccomp rbac --verify prints the permissions that are needed"),
        (("profile", "show", "runtime/node/node-a"), "hint: kubectl seccomp rbac --verify prints the permissions that are needed"),
        (("cleanup",), "hint: -n names one namespace"),
        (("cleanup", "-n", "default"), "hint: kubectl seccomp rbac --verify prints the permissions that are needed"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_whoever_is_forbidden_is_told_what_permissions_to_ask_for(
    config: Config, fake: Fake, words: tuple[str, ...], advice: str
) -> None:
    pods, nodes = "/api/v1/namespaces/default/pods", "/api/v1/nodes"
    for path in (
        PODS,
        "/api/v1/namespaces/default",
        pods,
        f"{pods}/web",
        "/api/v1/namespaces/kube-system/pods",
        nodes,
        f"{nodes}/node-a",
    ):
        fake.on(path, status(403, "Forbidden", f'things is forbidden: User "u" cannot get {path}'))
    fake.on("/apis/node.k8s.io/v1/runtimeclasses", {"items": []})
    done = run(*words, "--kubeconfig", config(fake.url))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines()[-1] == advice


@pytest.mark.parametrize(("words", "where"), [(("list",), " in namespace default"), (("list", "-A"), ""), (("audit",), "")])
def test_where_nothing_was_found_is_said(config: Config, fake: Fake, words: tuple[str, ...], where: str) -> None:
    fake.on("/api/v1/namespaces/default", {"metadata": {"name": "default"}})
    for path in (PODS, "/api/v1/namespaces/default/pods", "/api/v1/nodes", "/apis/node.k8s.io/v1/runtimeclasses"):
        fake.on(path, {"items": []})
    done = run(*words, "--kubeconfig", config(fake.url))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"No resources found{where}\n")


@pytest.mark.parametrize("line", ["audit", "list", "check pod x", "check pod x y", "cleanup"])
def test_a_namespace_that_does_not_exist_is_said(config: Config, fake: Fake, line: str) -> None:
    fake.on("/api/v1/namespaces/nope/pods", {"items": []})
    done = run(*line.split(), "-n", "nope", "--kubeconfig", config(fake.url))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == 'error: namespace "nope" not found\nsee: kubectl get namespaces\n'


@pytest.mark.parametrize("answer", [{}, status(403, "Forbidden", "namespaces is forbidden")], ids=["there", "not to be seen"])
def test_a_namespace_that_may_be_there_is_not_denied(config: Config, fake: Fake, answer: Any) -> None:
    fake.on("/api/v1/namespaces/shop", answer)
    fake.on("/api/v1/namespaces/shop/pods", {"items": []})
    where = ("-n", "shop", "--kubeconfig", config(fake.url))
    done = run("check", "pod", "x", *where)
    assert (done.returncode, done.stderr.splitlines()[1]) == (3, "hint: it was looked for in namespace shop: -n names another")
    done = run("cleanup", *where)
    assert (done.returncode, done.stderr) == (0, "no probe pods found\n")


HTML = "<!doctype html>\n<html><body>Please <b>log in</b></body></html>"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (200, "the response could not be decoded: JSON is malformed: invalid character (byte 0)"),
        (403, "forbidden: a web page, with status 403, is not an answer from a Kubernetes API server"),
        (401, "unauthorized: a web page, with status 401, is not an answer from a Kubernetes API server"),
    ],
)
def test_a_web_page(config: Config, fake: Fake, code: int, why: str) -> None:
    for path in (PODS, "/api/v1/namespaces", "/api/v1/namespaces/default", "/api/v1/namespaces/default/pods"):
        fake.on(path, Response(HTML, code, content_type="text/html"))
    said = one_sentence(config(fake.url))
    assert said == f"error: cannot list pods: {why}"


def test_a_proxy_that_is_not_there(config: Config) -> None:
    said = one_sentence(config("https://kube.internal", **{"proxy-url": f"http://u:{TOKEN}@127.0.0.1:1"}))
    assert (
        said == "error: cannot list pods: cannot reach https://kube.internal through the proxy http://127.0.0.1:1: Connection refused"
    )


@pytest.fixture
def pods(fake: Fake) -> Fake:
    fake.on(PODS, page(["web"]))
    fake.on("/api/v1/nodes", {"items": []})
    return fake


@pytest.mark.parametrize("flag", [["-v", "6"], ["-v=6"], ["-v6"], ["--v=8"], ["--v", "9"]])
def test_one_line_for_each_request(config: Config, pods: Fake, flag: list[str]) -> None:
    done = run("audit", "--kubeconfig", config(pods.url, {"token": TOKEN, "as": "bob"}), "-o", "json", *flag)
    lines = [line for line in done.stderr.splitlines() if line.startswith("GET ")]
    assert re.fullmatch(rf"GET {pods.url}{PODS}\?limit=500 200 in \d+ ms", lines[0])
    assert len(lines) == len(pods.requests)
    assert json.loads(done.stdout)["summary"]["pods"] == 1
    assert TOKEN not in done.stderr + done.stdout
    assert "bob" not in done.stderr


@pytest.mark.parametrize("flag", [[], ["-v", "5"], ["-v=0"]])
def test_below_six_it_is_silent(config: Config, pods: Fake, flag: list[str]) -> None:
    done = run("audit", "--kubeconfig", config(pods.url), "-o", "json", *flag)
    assert json.loads(done.stdout)["summary"]["pods"] == 1
    assert "GET " not in done.stderr


@pytest.mark.parametrize("flag", ["-v=x", "--v=", "-v=6.5"])
def test_a_level_is_a_number(flag: str) -> None:
    done = run("list", flag)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("-n",), "shop\n:4\n"),
        (("-v", "6", "--as-group=g", "--as=u", "--disable-compression", "-n"), "shop\n:4\n"),
        (("-v", "x", "-n"), ":4\n"),
    ],
    ids=str,
)
def test_names_are_completed_with_what_was_typed_before(
    config: Config, fake: Fake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: tuple[str, ...], told: str
) -> None:
    monkeypatch.setattr(live, "SECONDS", 30.0)
    monkeypatch.setattr(complete, "_hush", lambda: None)
    fake.on("/api/v1/namespaces", {"items": [{"metadata": {"name": "shop"}}]})
    complete.complete(["list", "--kubeconfig", config(fake.url), *typed, ""])
    assert capsys.readouterr().out == told
    assert all(request.headers.get("Impersonate-Group") == ("g" if "-v" in typed else None) for request in fake.requests)
