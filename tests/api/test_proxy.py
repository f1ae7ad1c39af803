"""The way through a proxy: for lists, single pods and exec alike, and with nothing secret in front of it."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from kubectl_seccomp.cluster.api import Api, ApiError
from kubectl_seccomp.cluster.connection import Connection, Options
from kubectl_seccomp.cluster.execs import run
from kubectl_seccomp.cluster.kubeconfig import connect
from kubectl_seccomp.cluster.pods import PodClient
from tests.api.conftest import Fake
from tests.api.podserver import PodServer
from tests.api.proxyserver import Proxy
from tests.api.websockets import Exec, Peer

PATH = "/version"
TOKEN = "s3cret-t0ken"
NOWHERE = Path("/nonexistent")
# The proxy knows the way: the name cannot be resolved here.
NAME = "kube.internal"
Open = Callable[[Options], Api]
Make = Callable[[str], Proxy]


def proxy_context(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture(params=["http", "https", "socks5"])
def make(request: pytest.FixtureRequest, authority: trustme.CA) -> Make:
    def make(target: str) -> Proxy:
        return Proxy(target, proxy_context(authority) if request.param == "https" else None, socks=request.param == "socks5")

    return make


def through(proxy: Proxy, ca_file: str, **more: Any) -> Options:
    return Options(server=f"https://{NAME}", certificate_authority=ca_file, proxy_url=proxy.url, token=TOKEN, **more)


def reach(options: Options) -> Connection:
    return connect(options, {}, NOWHERE)


def seen(proxy: Proxy) -> set[str]:
    return {each.removeprefix("CONNECT ") for each in proxy.asked}


def test_lists(make: Make, named_fake: Fake, ca_file: str) -> None:
    named_fake.on(PATH, {})
    with make(named_fake.url) as proxy:
        api = Api(reach(through(proxy, ca_file)))
        assert api.get(PATH) == b"{}"
        assert api.get(PATH) == b"{}"
        api.close()
    assert seen(proxy) == {f"{NAME}:443"}
    assert named_fake.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in "".join(proxy.heads)


def test_single_pods(make: Make, named_fake: Fake, ca_file: str) -> None:
    pods = PodServer()
    named_fake.on("/api/v1/namespaces/shop/pods", pods)
    with make(named_fake.url) as proxy:
        made = PodClient(reach(through(proxy, ca_file))).create("shop", {"metadata": {"name": "x", "labels": {}}})
    assert made == "uid-1"
    assert seen(proxy) == {f"{NAME}:443"}


def succeed(peer: Peer) -> None:
    peer.accept()
    peer.frame(1, b"out")
    peer.status()


@pytest.fixture
def shell(authority: trustme.CA) -> Iterator[Exec]:
    with Exec(proxy_context(authority, NAME), succeed) as server:
        yield server


def test_exec(make: Make, shell: Exec, ca_file: str) -> None:
    with make(shell.url) as proxy:
        result = run(reach(through(proxy, ca_file, as_user="bob")), "shop", "web", "app", ("true",), 5)
    assert (result.stdout, result.exit_code, result.error) == (b"out", 0, None)
    assert seen(proxy) == {f"{NAME}:443"}
    assert shell.peers[0].header("Authorization") == [f"Bearer {TOKEN}"]
    assert shell.peers[0].header("Impersonate-User") == ["bob"]
    assert TOKEN not in "".join(proxy.heads)


def test_the_proxys_own_password(make: Make, named_fake: Fake, shell: Exec, ca_file: str) -> None:
    named_fake.on(PATH, {})
    wanted = "Proxy-Authorization: Basic " + base64.b64encode(b"us@er:p:w").decode()
    with make(named_fake.url) as proxy:
        url = proxy.url.replace("//", "//us%40er:p%3Aw@")
        Api(reach(Options(server=f"https://{NAME}", certificate_authority=ca_file, proxy_url=url))).get(PATH)
    with make(shell.url) as second:
        url = second.url.replace("//", "//us%40er:p%3Aw@")
        run(reach(Options(server=f"https://{NAME}", certificate_authority=ca_file, proxy_url=url)), "n", "p", "c", ("true",), 5)
    for each in (proxy, second):
        assert each.asked
        assert all(wanted in head for head in each.heads)
        assert all(asked.startswith(("CONNECT", "us@er:p:w@")) for asked in each.asked)
    assert "Proxy-Authorization" not in named_fake.requests[0].headers


def test_plain_http_is_forwarded_without_a_token(plain_fake: Fake) -> None:
    plain_fake.on(PATH, {})
    with Proxy(plain_fake.url) as proxy:
        options = Options(server=f"http://{NAME}", proxy_url=proxy.url, token=TOKEN, as_user="bob")
        assert Api(reach(options)).get(PATH) == b"{}"
    assert proxy.asked == [f"GET http://{NAME}{PATH}"]
    assert "impersonate-user: bob" in proxy.heads[0].lower()
    assert TOKEN not in proxy.heads[0]


def test_the_environments_proxy(named_fake: Fake, ca_file: str) -> None:
    named_fake.on(PATH, {})
    options = Options(server=f"https://{NAME}:6443", certificate_authority=ca_file)
    with Proxy(named_fake.url) as proxy:
        Api(connect(options, {"HTTPS_PROXY": proxy.url}, NOWHERE)).get(PATH)
    assert proxy.asked == [f"CONNECT {NAME}:6443"]


def test_the_cluster_authority_checks_an_https_proxy_too(named_fake: Fake, shell: Exec, ca_file: str) -> None:
    named_fake.on(PATH, {})
    with Proxy(named_fake.url, proxy_context(trustme.CA())) as proxy:
        connection = reach(through(proxy, ca_file))
        with pytest.raises(ApiError, match=f"through the proxy {proxy.url}: .*certificate verify failed"):
            Api(connection, sleep=lambda _: None).get(PATH)
        assert "certificate verify failed" in (run(connection, "n", "p", "c", ("true",), 5).error or "").lower()
    assert proxy.asked == []
    assert shell.peers == []


@pytest.mark.parametrize("name", ["127.0.0.1", "other.internal"])
def test_tls_server_name_is_asked_of_an_https_proxy_too(
    named_fake: Fake, shell: Exec, authority: trustme.CA, ca_file: str, name: str
) -> None:
    """As Go's one TLS configuration does; also for the exec that comes after a list."""
    named_fake.on(PATH, {})
    with Proxy(named_fake.url, proxy_context(authority, name)) as proxy:
        connection = reach(through(proxy, ca_file, tls_server_name=NAME))
        with pytest.raises(ApiError, match="through the proxy"):
            Api(connection, sleep=lambda _: None).get(PATH)
        assert "mismatch" in (run(connection, "n", "p", "c", ("true",), 5).error or "")
    with Proxy(shell.url, proxy_context(authority, NAME)) as proxy:
        connection = reach(through(proxy, ca_file, tls_server_name=NAME))
        assert run(connection, "n", "p", "c", ("true",), 5).exit_code == 0
    with Proxy(named_fake.url, proxy_context(authority, NAME)) as proxy:
        assert Api(reach(through(proxy, ca_file, tls_server_name=NAME))).get(PATH) == b"{}"


def test_another_server_behind_the_proxy_is_not_trusted(make: Make, fake: Fake, ca_file: str) -> None:
    with make(fake.url) as proxy:
        connection = reach(through(proxy, ca_file))
        with pytest.raises(ApiError, match=f"tls: failed to verify the certificate of https://{NAME}"):
            Api(connection).get(PATH)
        assert "mismatch" in (run(connection, "n", "p", "c", ("true",), 5).error or "")
    assert fake.requests == []


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"])
def test_a_proxy_that_refuses(fake: Fake, ca_file: str, status: str) -> None:
    with Proxy(fake.url, status=status) as proxy:
        connection = reach(through(proxy, ca_file))
        with pytest.raises(ApiError) as caught:
            Api(connection).get(PATH)
        assert caught.value.why == f"cannot reach https://{NAME} through the proxy {proxy.url}: Tunnel connection failed: {status}"
        error = run(connection, "n", "p", "c", ("true",), 5).error
    assert error == f"the exec broke off: the proxy {proxy.url} refused: HTTP/1.1 {status}"


def test_no_proxy_there(ca_file: str) -> None:
    options = Options(server=f"https://{NAME}", certificate_authority=ca_file, proxy_url=f"http://u:{TOKEN}@127.0.0.1:1")
    with pytest.raises(ApiError) as caught:
        Api(reach(options), sleep=lambda _: None).get(PATH)
    assert caught.value.why == f"cannot reach https://{NAME} through the proxy http://127.0.0.1:1: Connection refused"
    assert "refused" in (run(reach(options), "n", "p", "c", ("true",), 5).error or "").lower()


def test_a_silent_proxy_holds_an_exec_no_longer_than_its_time(ca_file: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy_url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        options = Options(server=f"https://{NAME}", certificate_authority=ca_file, proxy_url=proxy_url)
        assert run(reach(options), "n", "p", "c", ("true",), 0.4).error == "the exec did not end within 0.4s"
