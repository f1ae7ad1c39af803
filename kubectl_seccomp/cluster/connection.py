"""One value that says how to reach an API server, and the options it is made from.

Whoever opens a connection (lists, exec, probe pods) takes all of it: address, headers, TLS and its name,
timeout.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from .. import __version__
from ..model import Fault

if TYPE_CHECKING:
    import ssl

    import urllib3

# One connection per worker that asks at the same time (evidence.CONCURRENCY).
POOL_SIZE = 16
CONNECT_SECONDS = 30.0
READ_SECONDS = 60.0

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

    def __repr__(self) -> str:
        """Name the context only: the token is a secret."""
        return f"Options(context={self.context!r})"


class Connection(Struct, frozen=True):
    """How to reach one API server as one user.

    `server` is its base URL without a slash at the end (it may have a path). `headers` hold credentials and
    impersonation, with a name repeated for each group. `ssl_context` is None for http. `server_hostname` is the
    name to ask for and to check instead of the server's own. `timeout` is what the user gave in seconds, None
    for the defaults.
    """

    server: str
    context: str | None = None
    namespace: str = "default"
    headers: tuple[tuple[str, str], ...] = ()
    ssl_context: ssl.SSLContext | None = None
    server_hostname: str | None = None
    timeout: float | None = None
    disable_compression: bool = False

    @property
    def user_agent(self) -> str:
        """What to send as User-Agent."""
        return f"kubectl-seccomp/{__version__}"

    def __repr__(self) -> str:
        """Leave the headers out: they are secrets."""
        return f"Connection(server={self.server!r}, context={self.context!r}, namespace={self.namespace!r})"


def pool(connection: Connection) -> urllib3.PoolManager:
    """Return a pool of connections with all headers of `connection` as defaults.

    It never retries and never follows a redirect by itself: a redirect would carry the credentials elsewhere.
    """
    import urllib3

    headers = urllib3.HTTPHeaderDict({"User-Agent": connection.user_agent})
    headers["Accept-Encoding"] = "identity" if connection.disable_compression else "gzip"
    for name, value in connection.headers:
        # http.client writes Latin-1 where Go writes UTF-8: hand it the UTF-8 bytes one by one.
        headers.add(name, value.encode().decode("latin-1"))
    tls: dict[str, Any] = {}
    if connection.ssl_context:
        if not connection.ssl_context.check_hostname:
            # The user asked for it, and kubectl does not nag either.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        tls = {"ssl_context": connection.ssl_context}
        if connection.server_hostname:
            tls["server_hostname"] = connection.server_hostname
    return urllib3.PoolManager(
        maxsize=POOL_SIZE,
        block=False,
        retries=False,
        timeout=urllib3.Timeout(connect=connection.timeout or CONNECT_SECONDS, read=connection.timeout or READ_SECONDS),
        headers=headers,
        **tls,
    )


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
