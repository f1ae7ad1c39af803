"""One value that says how to reach an API server, and the options it is made from.

Whoever opens a connection (lists, exec, probe pods) takes all of it: address, proxy, headers, TLS and its name,
timeout. Credentials may change during a run, so they are asked for with every request.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from .. import __version__
from ..fault import Fault
from .proxies import Proxy

if TYPE_CHECKING:
    import ssl

_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_STEP = r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)"


class Options(Struct, frozen=True):
    """kubectl's connection flags as they were typed; None or empty where a flag was not given."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None
    server: str | None = None
    token: str | None = None
    certificate_authority: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    insecure_skip_tls_verify: bool | None = None
    tls_server_name: str | None = None
    as_user: str | None = None
    as_groups: list[str] = []
    as_uid: str | None = None
    as_user_extra: list[str] = []
    request_timeout: str | None = None
    disable_compression: bool | None = None
    username: str | None = None
    password: str | None = None
    proxy_url: str | None = None
    via_kubectl: bool = False
    verbosity: int = 0

    def __repr__(self) -> str:
        """Name the context only: the token is a secret."""
        return f"Options(context={self.context!r})"


class Proof(Struct, frozen=True):
    """What proves to the server who asks, and to us who answers. Compared by identity: one that was refused is replaced.

    `authorization` is the header's value, None for none. `ssl_context` holds the client certificate; it is None for http.
    """

    authorization: str | None = None
    ssl_context: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        """Show nothing: it is a secret."""
        return "Proof(...)"


class Source(Protocol):
    """Where the proof comes from; may be used by several threads. Both methods raise Fault when it cannot be renewed."""

    def current(self) -> Proof:
        """Return what the next request goes out with."""

    def refused(self, proof: Proof) -> bool:
        """Take note that the server answered 401 to this proof, and return whether there is now another one to try."""


class Fixed(Struct, frozen=True):
    """A proof that stays the same for the whole run."""

    proof: Proof = Proof()

    def current(self) -> Proof:
        """Return the one proof."""
        return self.proof

    def refused(self, proof: Proof) -> bool:
        """Return False: there is no other."""
        return proof is not self.proof


class Connection(Struct, frozen=True):
    """How to reach one API server as one user.

    `server` is its base URL without a slash at the end (it may have a path). `headers` hold the impersonation, with a
    name repeated for each group; `source` gives the credentials. `server_hostname` is the name to ask for and to check
    instead of the server's own. `proxy_context` makes a TLS context towards an https proxy. `timeout` is what the user gave
    in seconds, None for the defaults. `trace` is told of each request in one line without secrets. `kubectl` is set when
    all reading goes through that program: then nothing else can be done.
    """

    server: str
    context: str | None = None
    namespace: str = "default"
    headers: tuple[tuple[str, str], ...] = ()
    source: Source = Fixed()
    server_hostname: str | None = None
    proxy: Proxy | None = None
    proxy_context: Callable[[], ssl.SSLContext] | None = None
    timeout: float | None = None
    disable_compression: bool = False
    trace: Callable[[str], None] | None = None
    kubectl: str | None = None

    @property
    def user_agent(self) -> str:
        """What to send as User-Agent."""
        return f"kubectl-seccomp/{__version__}"

    def identity(self, proof: Proof) -> tuple[tuple[str, str], ...]:
        """Return all headers that say who asks, given the proof of this request."""
        return ((("Authorization", proof.authorization),) if proof.authorization else ()) + self.headers

    def __repr__(self) -> str:
        """Leave the headers out: they are secrets."""
        return f"Connection(server={self.server!r}, context={self.context!r}, namespace={self.namespace!r})"


def parse_timeout(text: str | None) -> float | None:
    """Return the seconds of kubectl's --request-timeout ("10", "5s", "1m30s"), None for unset and for 0.

    Raises Fault (2) for anything else.
    """
    text = (text or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text) or None
    if not text:
        return None
    if not re.fullmatch(rf"(?:{_STEP})+", text, re.ASCII) or len(text) > 40:
        raise Fault(
            "invalid timeout value: it must be a single integer in seconds,"
            " or an integer followed by a time unit (such as 1s, 2m or 3h)",
            code=2,
        )
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in re.findall(_STEP, text, re.ASCII)) or None


def one_line(text: str | bytes, limit: int = 400) -> str:
    """Return what a server, a file or a program said as one printable line of at most `limit` characters."""
    if isinstance(text, bytes):
        text = text[: 8 * limit].decode("utf-8", "replace")
    text = " ".join(text[: 8 * limit].split())
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
