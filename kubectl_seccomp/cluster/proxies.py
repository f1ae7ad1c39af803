"""Which proxy the way to a server takes: the cluster's proxy-url, else what the environment says.

The rules are those of Go's golang.org/x/net/http/httpproxy, of client-go's clientcmd (helpers.go `parseProxyURL`) and of
apimachinery's util/net (`NewProxierWithNoProxyCIDR`).
"""

from __future__ import annotations

import base64
import importlib.util
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from ..fault import Fault

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
Address = IPv4Address | IPv6Address


class Proxy(Struct, frozen=True):
    """A proxy; `scheme` is http, https or socks5."""

    scheme: str
    host: str
    port: int
    username: str | None = None
    password: str | None = None

    @property
    def url(self) -> str:
        """Its address, without the user and the password."""
        return f"{self.scheme}://[{self.host}]:{self.port}" if ":" in self.host else f"{self.scheme}://{self.host}:{self.port}"

    @property
    def authorization(self) -> str | None:
        """The value of the Proxy-Authorization header, None when the address names no user."""
        if self.username is None:
            return None
        return "Basic " + base64.b64encode(f"{self.username}:{self.password or ''}".encode()).decode()

    def __repr__(self) -> str:
        """Leave the user out: the password is a secret."""
        return f"Proxy({self.url!r})"


def proxy_for(server: str, written: str | None, environment: Mapping[str, str]) -> Proxy | None:
    """Return the proxy on the way to `server`: the one that is `written` for the cluster, else the environment's, else None.

    Raises Fault for an address that is none, and for a SOCKS proxy without the optional package PySocks.
    """
    found = _parsed(written, "the cluster's proxy-url") if written else _from_environment(server, environment)
    if found is not None and found.scheme == "socks5" and importlib.util.find_spec("socks") is None:
        raise Fault(
            f"the cluster is reached through the SOCKS proxy {found.url}, and the optional package PySocks is not installed",
            "pip install PySocks, or use an http proxy, or --via-kubectl",
        )
    return found


def _parsed(text: str, what: str) -> Proxy:
    """Return a proxy's address. The Fault does not quote it: it may hold a password."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Fault(f"{what} is not an address") from None
    if parts.scheme not in _PORTS:
        raise Fault(f"{what} has an unsupported scheme, it must be http, https or socks5")
    if not host or not text.isprintable() or " " in text:
        raise Fault(f"{what} is not an address")
    name, password = (unquote(part) if part is not None else None for part in (parts.username, parts.password))
    return Proxy(parts.scheme.removesuffix("h"), host, port or _PORTS[parts.scheme], name, password)


def _from_environment(server: str, environment: Mapping[str, str]) -> Proxy | None:
    parts = urlsplit(server)
    variable = f"{parts.scheme}_proxy".upper()
    text = environment.get(variable) or environment.get(variable.lower()) or ""
    # In a CGI program HTTP_PROXY is a header that some client has sent (https://go.dev/s/cgihttpproxy).
    if not text or (parts.scheme == "http" and environment.get("REQUEST_METHOD")):
        return None
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    if not _proxied(host, port, environment):
        return None
    return _parsed(text if "://" in text else f"http://{text}", f"the address in {variable}")


def _proxied(host: str, port: int, environment: Mapping[str, str]) -> bool:
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return False
    # Of two spellings Go 1.26 takes the upper one, as client-go does.
    listed = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    entries = filter(None, (entry.strip().lower() for entry in listed.split(",")))
    return not any(_matches(entry, host.lower(), port, address) for entry in entries)


def _matches(entry: str, host: str, port: int, address: Address | None) -> bool:
    """Whether one entry of NO_PROXY stands for this host: `*`, a network, or an address or a domain with or without a port."""
    if entry == "*" or (address is not None and _within(address, entry)):
        return True
    name, wanted = _split(entry)
    if not name or (wanted and wanted != str(port)):
        return False
    if address is not None or _address(name) is not None:
        return address is not None and _address(name) == address
    # "foo.com" stands for itself and what is below, ".foo.com" and "*.foo.com" only for what is below.
    name = name[1:] if name.startswith("*.") else name
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _split(entry: str) -> tuple[str, str]:
    """Return the host and the port of an entry; an IPv6 address has a port only when it stands in brackets."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    name, colon, port = entry.rpartition(":")
    return (name, port) if colon and ":" not in name else (entry, "")


def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _within(address: Address, entry: str) -> bool:
    try:
        return "/" in entry and address in ip_network(entry, strict=False)
    except ValueError:
        return False
