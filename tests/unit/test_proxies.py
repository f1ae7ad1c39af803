"""Which proxy the way to a server takes. The same cases are put to the real kubectl in tests/cluster/test_kubeconfig_requests.py."""

from __future__ import annotations

import pytest

from kubectl_seccomp.cluster.proxies import Proxy, proxy_for
from kubectl_seccomp.fault import Fault

PROXY = "http://127.0.0.1:3128"
NAME, ADDRESS, SIX = "https://api.kube.test:6443", "https://10.9.8.7:6443", "https://[fd00::7]:6443"

# server, environment on top of HTTPS_PROXY -> whether the proxy is used
CASES: list[tuple[str, dict[str, str], bool]] = [
    (NAME, {}, True),
    (NAME, {"HTTPS_PROXY": "", "HTTP_PROXY": PROXY}, False),
    (NAME, {"HTTPS_PROXY": "", "https_proxy": PROXY}, True),
    (NAME, {"HTTPS_PROXY": "", "ALL_PROXY": PROXY}, False),
    ("http://api.kube.test:8080", {}, False),
    ("http://api.kube.test:8080", {"HTTP_PROXY": PROXY}, True),
    (NAME, {"NO_PROXY": "*"}, False),
    (NAME, {"NO_PROXY": "other.test, kube.test"}, False),
    (NAME, {"NO_PROXY": ".kube.test"}, False),
    (NAME, {"NO_PROXY": "*.kube.test"}, False),
    (NAME, {"NO_PROXY": "API.kube.TEST"}, False),
    (NAME, {"NO_PROXY": ".api.kube.test"}, True),
    (NAME, {"NO_PROXY": "ube.test"}, True),
    (NAME, {"NO_PROXY": "kube.test:6443"}, False),
    (NAME, {"NO_PROXY": "kube.test:443"}, True),
    ("https://api.kube.test", {"NO_PROXY": "kube.test:443"}, False),
    (NAME, {"NO_PROXY": "kube.test", "no_proxy": "other.test"}, False),
    (NAME, {"NO_PROXY": "other.test", "no_proxy": "kube.test"}, True),
    (NAME, {"https_proxy": "http://127.0.0.1:1"}, True),
    (NAME, {"no_proxy": "kube.test"}, False),
    (ADDRESS, {}, True),
    (ADDRESS, {"NO_PROXY": "10.9.8.7"}, False),
    (ADDRESS, {"NO_PROXY": "10.9.8.7:6443"}, False),
    (ADDRESS, {"NO_PROXY": "10.9.8.7:443"}, True),
    (ADDRESS, {"NO_PROXY": "10.9.0.0/16"}, False),
    (ADDRESS, {"NO_PROXY": "10.8.0.0/16"}, True),
    (ADDRESS, {"NO_PROXY": "10.9.0.0/16", "no_proxy": "other.test"}, False),
    (ADDRESS, {"NO_PROXY": "8.7"}, True),
    (ADDRESS, {"NO_PROXY": "fd00::/8"}, True),
    (SIX, {"NO_PROXY": "fd00::7"}, False),
    (SIX, {"NO_PROXY": "[fd00::7]:6443"}, False),
    (SIX, {"NO_PROXY": "[fd00::7]:1"}, True),
    (SIX, {"NO_PROXY": "fd00::/8"}, False),
    ("https://localhost:6443", {}, False),
    ("https://127.8.8.8:6443", {}, False),
    ("https://[::1]:6443", {}, False),
]


def test_the_environment() -> None:
    for server, environment, used in CASES:
        found = proxy_for(server, None, {"HTTPS_PROXY": PROXY, **environment})
        assert found == (Proxy("http", "127.0.0.1", 3128) if used else None), (server, environment)


def test_a_header_of_a_web_client_is_no_proxy() -> None:
    assert proxy_for("http://a.test", None, {"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}) is None


WRITTEN = [
    ("http://proxy", Proxy("http", "proxy", 80)),
    ("https://proxy", Proxy("https", "proxy", 443)),
    ("socks5://[::1]", Proxy("socks5", "::1", 1080)),
    ("http://us%40er:p%3Aw@proxy:8080/", Proxy("http", "proxy", 8080, "us@er", "p:w")),
]


@pytest.mark.parametrize(("url", "proxy"), WRITTEN)
def test_the_clusters_own_goes_before_the_environment_and_is_used_for_loopback(url: str, proxy: Proxy) -> None:
    assert proxy_for("https://localhost", url, {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}) == proxy


def test_an_address_of_the_environment_needs_no_scheme() -> None:
    assert proxy_for(NAME, None, {"HTTPS_PROXY": "proxy:8080"}) == Proxy("http", "proxy", 8080)


def test_socks_needs_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    for written, environment in (("socks5://u:secret@proxy", {}), (None, {"HTTPS_PROXY": "socks5h://u:secret@proxy"})):
        with pytest.raises(Fault, match="optional package PySocks is not installed") as caught:
            proxy_for(NAME, written, environment)
        assert "secret" not in f"{caught.value.message} {caught.value.hint}"
    assert proxy_for(NAME, "http://proxy", {}) is not None


@pytest.mark.parametrize("text", ["ftp://u:secret@h", "http://u:secret@h:x", "http://u:secret@", "http://u:secret@h\n"])
def test_no_address(text: str) -> None:
    with pytest.raises(Fault) as caught:
        proxy_for(NAME, text, {})
    assert "secret" not in caught.value.message
