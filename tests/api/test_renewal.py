"""Credentials that change during a run: exec plugins and token files, on expiry and on 401, for many threads at once."""

from __future__ import annotations

import gc
import json
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import trustme
from werkzeug import Request, Response

from kubectl_seccomp.cluster import credentials
from kubectl_seccomp.cluster.api import Api, ApiError
from kubectl_seccomp.cluster.connection import Connection, Options
from kubectl_seccomp.cluster.entries import Credentials
from kubectl_seccomp.cluster.execs import run
from kubectl_seccomp.cluster.kubeconfig import connect
from kubectl_seccomp.cluster.lists import pods
from kubectl_seccomp.cluster.pods import PodClient
from kubectl_seccomp.fault import Fault
from kubectl_seccomp.model import Gap
from tests.api.conftest import Fake, ok, page, status
from tests.api.websockets import Exec, Peer

PATH = "/version"
PODS = "/api/v1/pods"
V1 = "client.authentication.k8s.io/v1"
NOWHERE = Path("/nonexistent")
Reach = Callable[..., Connection]


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    """Collect what a test has left: connections that an error's traceback still holds are no matter of the next test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


class Plugin:
    """An exec plugin that counts its runs: the n-th gives the n-th of the statuses that a test has written, then fails."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "plugin"
        self.folder = folder
        self.path.write_text(
            f"""#!/bin/sh
cd {folder}
n=$(($(cat runs 2>/dev/null || echo 0) + 1))
echo $n > runs
sleep "$(cat pause 2>/dev/null || echo 0)"
cat "answer.$n" 2>/dev/null || {{ echo "please log in again" >&2; exit 3; }}
"""
        )
        self.path.chmod(0o700)

    @property
    def runs(self) -> int:
        return int((self.folder / "runs").read_text())

    def gives(self, *statuses: dict[str, str]) -> None:
        for number, each in enumerate(statuses, 1):
            answer = {"apiVersion": V1, "kind": "ExecCredential", "status": each}
            (self.folder / f"answer.{number}").write_text(json.dumps(answer))


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    return Plugin(tmp_path)


@pytest.fixture
def reach(plugin: Plugin, ca_file: str) -> Reach:
    def reach(server: str, user: dict[str, Any] | None = None) -> Connection:
        entry = user or {"exec": {"command": str(plugin.path), "apiVersion": V1, "interactiveMode": "Never"}}
        content = {
            "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": server, "certificate-authority": ca_file}}],
            "users": [{"name": "c", "user": entry}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
        }
        (plugin.folder / "config").write_text(json.dumps(content))
        return connect(Options(kubeconfig=str(plugin.folder / "config")), {"PATH": "/usr/bin:/bin"}, NOWHERE)

    return reach


def only(*tokens: str) -> Callable[[Request], Response]:
    """Answer those that come with one of these tokens."""

    def answer(request: Request) -> Response:
        known = request.headers.get("Authorization") in [f"Bearer {token}" for token in tokens]
        return ok({}) if known else status(401, "Unauthorized", "Unauthorized")

    return answer


def tokens(fake: Fake) -> list[str]:
    return [request.headers["Authorization"].removeprefix("Bearer ") for request in fake.requests]


def test_a_plugin_is_asked_again_when_the_server_refuses(fake: Fake, plugin: Plugin, reach: Reach) -> None:
    fake.on(PATH, only("two"))
    plugin.gives({"token": "one"}, {"token": "two"})
    api = Api(reach(fake.url))
    assert [api.get(PATH), api.get(PATH)] == [b"{}", b"{}"]
    assert tokens(fake) == ["one", "two", "two"]
    assert plugin.runs == 2


def test_only_one_more_try(fake: Fake, plugin: Plugin, reach: Reach) -> None:
    fake.on(PATH, only())
    plugin.gives({"token": "one"}, {"token": "two"}, {"token": "three"})
    with pytest.raises(ApiError) as caught:
        Api(reach(fake.url)).get(PATH)
    assert caught.value.why == "unauthorized"
    assert tokens(fake) == ["one", "two"]


def test_no_second_try_with_the_same_token(fake: Fake, plugin: Plugin, reach: Reach) -> None:
    fake.on(PATH, only())
    plugin.gives({"token": "one"}, {"token": "one"})
    with pytest.raises(ApiError, match="Unauthorized"):
        Api(reach(fake.url)).get(PATH)
    assert tokens(fake) == ["one"]


@pytest.mark.parametrize(("expires", "sent", "runs"), [("2020-01-01T00:00:00Z", "two", 2), ("2120-01-01T00:00:00+01:00", "one", 1)])
def test_what_has_expired_is_not_sent(fake: Fake, plugin: Plugin, reach: Reach, expires: str, sent: str, runs: int) -> None:
    fake.on(PATH, {})
    plugin.gives({"token": "one", "expirationTimestamp": expires}, {"token": "two"})
    api = Api(reach(fake.url))
    api.get(PATH)
    api.get(PATH)
    assert tokens(fake) == [sent, sent]
    assert plugin.runs == runs


@pytest.mark.parametrize("stamp", ["soon", "2026-01-01T00:00:00", ""])
def test_a_stamp_that_is_no_time_stops_the_run(fake: Fake, plugin: Plugin, reach: Reach, stamp: str) -> None:
    plugin.gives({"token": "s3cret", "expirationTimestamp": stamp})
    with pytest.raises(Fault, match="its output is not an ExecCredential"):
        reach(fake.url)


def test_one_run_for_many_threads(fake: Fake, plugin: Plugin, reach: Reach) -> None:
    fake.on(PATH, only("two"))
    plugin.gives({"token": "one"}, {"token": "two"})
    api = Api(reach(fake.url))
    (plugin.folder / "pause").write_text("0.3")
    together = threading.Barrier(8)

    def ask(_number: int) -> bytes:
        together.wait(10)
        return api.get(PATH)

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(8))) == {b"{}"}
    assert plugin.runs == 2


def test_a_plugin_that_fails_later_costs_the_rest_and_not_what_was_read(fake: Fake, plugin: Plugin, reach: Reach) -> None:
    answers = iter([ok(page(["a"], "more")), status(401, "Unauthorized", "Unauthorized")])
    fake.on(PODS, lambda _request: next(answers))
    plugin.gives({"token": "one"})
    first, gap = pods(Api(reach(fake.url)), None, None, None)
    assert not isinstance(first, Gap)
    assert isinstance(gap, Gap)
    assert gap.why.endswith(f"unauthorized: exec plugin {plugin.path} failed with exit code 3: please log in again")


def test_a_new_certificate_is_used_at_once(strict_fake: Fake, plugin: Plugin, reach: Reach, authority: trustme.CA) -> None:
    """A connection that is kept open would go on with the old one."""

    def pair(issuer: trustme.CA) -> dict[str, str]:
        issued = issuer.issue_cert("client")
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        return {"clientCertificateData": chain.decode(), "clientKeyData": issued.private_key_pem.bytes().decode()}

    strict_fake.on(PATH, {})
    plugin.gives({**pair(trustme.CA()), "expirationTimestamp": "2020-01-01T00:00:00Z"}, pair(authority))
    connection = reach(strict_fake.url)
    before = connection.source.current().ssl_context
    assert Api(connection).get(PATH) == b"{}"
    assert connection.source.current().ssl_context is before
    assert plugin.runs == 2


def test_single_pods_and_exec_ask_again_too(fake: Fake, plugin: Plugin, reach: Reach, authority: trustme.CA) -> None:
    fake.on("/api/v1/namespaces/n/pods/p", only("two"))
    plugin.gives({"token": "one"}, {"token": "two"}, {"token": "three"})
    PodClient(reach(fake.url)).get("n", "p")
    assert tokens(fake) == ["one", "two"]

    def succeed(peer: Peer) -> None:
        peer.accept()
        peer.status()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    plugin.gives({}, {}, {"token": "three"}, {"token": "four"})
    with Exec(context, lambda peer: peer.refuse(401, "Unauthorized"), succeed) as server:
        assert run(reach(server.url), "n", "p", "c", ("true",), 5).exit_code == 0
        assert [peer.header("Authorization") for peer in server.peers] == [["Bearer three"], ["Bearer four"]]
        refused = Exec(context, lambda peer: peer.refuse(401, "Unauthorized"))
        (plugin.folder / "runs").write_text("3")
        with refused:
            result = run(reach(refused.url), "n", "p", "c", ("true",), 5)
    assert (result.forbidden, result.exit_code) == (True, None)
    assert result.error == f"exec plugin {plugin.path} failed with exit code 3: please log in again"


def test_a_token_file_is_read_again_when_the_server_refuses(fake: Fake, plugin: Plugin, reach: Reach) -> None:
    fake.on(PATH, only("new"))
    (plugin.folder / "token").write_text("old\n")
    api = Api(reach(fake.url, {"tokenFile": "token"}))
    (plugin.folder / "token").write_text("new\n")
    assert api.get(PATH) == b"{}"
    assert tokens(fake) == ["old", "new"]


@pytest.mark.parametrize("content", [None, "", "to\nken"])
def test_a_token_file_that_has_gone_leaves_the_old_token(fake: Fake, plugin: Plugin, reach: Reach, content: str | None) -> None:
    fake.on(PATH, only())
    file = plugin.folder / "token"
    file.write_text("old\n")
    api = Api(reach(fake.url, {"tokenFile": "token"}))
    file.unlink() if content is None else file.write_text(content)
    with pytest.raises(ApiError) as caught:
        api.get(PATH)
    assert caught.value.why == "unauthorized"
    assert tokens(fake) == ["old"]


def test_a_token_file_is_read_again_after_a_minute_at_most() -> None:
    now = [1000.0]
    read: list[float] = []

    def again() -> Credentials:
        read.append(now[0])
        return Credentials(f"Bearer {len(read)}", None, now[0] + credentials.TOKEN_FILE_SECONDS)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    source = credentials.Renewing(again, lambda _: context, keeps_old=True, now=lambda: now[0])
    seen = []
    for now[0] in (1000.0, 1049.0, 1051.0, 1060.0, 1111.0):
        seen.append(source.current().authorization)
    assert seen == ["Bearer 1", "Bearer 1", "Bearer 2", "Bearer 2", "Bearer 3"]
    assert credentials.TOKEN_FILE_SECONDS <= 60


def test_a_fixed_token_is_not_tried_twice(fake: Fake, reach: Reach) -> None:
    fake.on(PATH, only())
    with pytest.raises(ApiError, match="Unauthorized"):
        Api(reach(fake.url, {"token": "t"})).get(PATH)
    assert tokens(fake) == ["t"]
