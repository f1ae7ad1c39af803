"""HTTP requests over one connection: pooled, through its proxy, with the credentials of the moment, and traced."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from .connection import Connection, Proof
from .proxies import Proxy

if TYPE_CHECKING:
    import ssl

    import urllib3

# So many connections are kept for the next request: one per worker that asks at the same time, also with a high --concurrency.
POOL_SIZE = 64
CONNECT_SECONDS = 30.0
READ_SECONDS = 60.0


class Transport:
    """Sends requests as one user; may be used by several threads.

    It stands in for urllib3's pool manager, so that the kubernetes client can use it too. Nothing is retried and no redirect
    is followed, because it would carry the credentials elsewhere; but what is answered 401 is asked once more if there are
    new credentials. Raises what urllib3 raises, and Fault when the credentials cannot be renewed.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._pool: urllib3.PoolManager | None = None

    def clear(self) -> None:
        """Close the connections that are kept open."""
        if self._pool is not None:
            self._pool.clear()

    def request(self, method: str, url: str, *, headers: Any = None, **more: Any) -> urllib3.BaseHTTPResponse:
        """Send one request; `headers` are added to those that say who asks. The body is not read before it is asked for."""
        source = self._connection.source
        proof = source.current()
        response = self._send(proof, method, url, headers, more)
        if response.status == 401 and source.refused(proof):
            response.close()
            response = self._send(source.current(), method, url, headers, more)
        return response

    def _send(self, proof: Proof, method: str, url: str, headers: Any, more: dict[str, Any]) -> urllib3.BaseHTTPResponse:
        from urllib3.exceptions import HTTPError

        all_headers = self._headers(proof)
        all_headers.extend(headers or {})
        more = {**more, "preload_content": False, "redirect": False}
        started = time.monotonic()
        told = "no answer"
        try:
            response = self._pool_for(proof).request(method, url, headers=all_headers, **more)
            told = str(response.status)
        except HTTPError as error:
            told = f"no answer ({type(error).__name__})"
            raise
        finally:
            traced(self._connection, method, url, told, started)
        return response

    def _headers(self, proof: Proof) -> urllib3.HTTPHeaderDict:
        import urllib3

        headers = urllib3.HTTPHeaderDict({"User-Agent": self._connection.user_agent})
        headers["Accept-Encoding"] = "identity" if self._connection.disable_compression else "gzip"
        for name, value in self._connection.identity(proof):
            # http.client writes Latin-1 where Go writes UTF-8: hand it the UTF-8 bytes one by one.
            headers.add(name, value.encode().decode("latin-1"))
        return headers

    def _pool_for(self, proof: Proof) -> urllib3.PoolManager:
        """Return the pool; a new one when the client certificate has changed, because a connection keeps the old one."""
        with self._lock:
            if self._pool is None or self._context is not proof.ssl_context:
                self._pool, self._context = _pool(self._connection, proof.ssl_context), proof.ssl_context
            return self._pool


def traced(connection: Connection, method: str, url: str, told: str, started: float) -> None:
    """Tell the connection's trace of one request: never a header or a body. `started` is a value of time.monotonic."""
    if connection.trace is not None:
        connection.trace(f"{method} {url} {told} in {(time.monotonic() - started) * 1000:.0f} ms")


def _pool(connection: Connection, context: ssl.SSLContext | None) -> urllib3.PoolManager:
    import urllib3

    timeout = urllib3.Timeout(connect=connection.timeout or CONNECT_SECONDS, read=connection.timeout or READ_SECONDS)
    more: dict[str, Any] = {"maxsize": POOL_SIZE, "block": False, "retries": False, "timeout": timeout}
    if context is not None:
        if not context.check_hostname:
            # The user asked for it, and kubectl does not nag either.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        more["ssl_context"] = context
        if connection.server_hostname:
            more["server_hostname"] = connection.server_hostname
    return _through_proxy(connection, connection.proxy, more) if connection.proxy else urllib3.PoolManager(**more)


def _through_proxy(connection: Connection, proxy: Proxy, more: dict[str, Any]) -> urllib3.PoolManager:
    import urllib3

    if proxy.scheme == "socks5":
        from urllib3.contrib.socks import SOCKSProxyManager

        # Go hands the proxy the name, too: "socks5h" is how urllib3 calls that.
        return SOCKSProxyManager(proxy.url.replace("socks5", "socks5h", 1), proxy.username, proxy.password, **more)
    return urllib3.ProxyManager(
        proxy.url,
        proxy_headers={"Proxy-Authorization": proxy.authorization} if proxy.authorization else None,
        # Its own: urllib3 turns off the context's check of the name when it makes that check itself.
        proxy_ssl_context=connection.proxy_context() if proxy.scheme == "https" and connection.proxy_context else None,
        proxy_assert_hostname=connection.server_hostname if proxy.scheme == "https" else None,
        **more,
    )
