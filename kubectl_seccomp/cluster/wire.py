"""A TCP or TLS connection to the API server with one deadline for everything that is done on it, and a limit on what it takes in.

websocket-client waits anew at each read and believes every length that the server states; on this socket it can do neither.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .connection import Connection, Proof, one_line
from .proxies import Proxy

if TYPE_CHECKING:
    import ssl

# Output, the protocol's frames around it, and the headers of the handshake.
MOST_BYTES = 512 * 1024
# The answer of a proxy.
MOST_HEAD = 16 * 1024

# A socket, or TLS over one: what both can do is recv, send and settimeout.
Stream = Any


class Broken(Exception):
    """The server sent more than anybody asked for."""


class Wire:
    """The part of a socket that websocket-client uses; `deadline` is a value of time.monotonic.

    `stream` is what is spoken over: the socket itself, or TLS on it.
    """

    def __init__(self, plain: socket.socket, stream: Stream, deadline: float, most: int = MOST_BYTES) -> None:
        self._socket = plain
        self._stream = stream
        self._deadline = deadline
        self._left = most

    def recv(self, size: int) -> bytes:
        """Return at most `size` bytes. TimeoutError at the deadline, Broken beyond the limit."""
        self._arm()
        data: bytes = self._stream.recv(size)
        self._left -= len(data)
        if self._left < 0:
            raise Broken("the server sends more than it was asked for")
        return data

    def send(self, data: bytes) -> int:
        """Send some of `data` and return how much."""
        self._arm()
        sent: int = self._stream.send(data)
        return sent

    def gettimeout(self) -> float:
        """Return the seconds that are left."""
        return _left(self._deadline)

    def settimeout(self, _seconds: float | None) -> None:
        """Nobody but the deadline decides how long to wait."""

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._socket.fileno()

    def shutdown(self, how: int) -> None:
        """End the connection in one or both directions."""
        self._socket.shutdown(how)

    def close(self) -> None:
        """Close the connection, without waiting for the server."""
        with contextlib.suppress(OSError):
            self._socket.close()

    def _arm(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._stream.settimeout(left)


def open_wire(connection: Connection, proof: Proof, deadline: float) -> Wire:
    """Connect to the server, through its proxy, with the proof's TLS context.

    Raises OSError (TimeoutError, ssl.SSLError) or ValueError.
    """
    parts = urlsplit(connection.server)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    plain, inner = _dial(connection, host, port, deadline)
    try:
        if proof.ssl_context is not None:
            inner.settimeout(_left(deadline))
            inner = _wrap(inner, proof.ssl_context, connection.server_hostname or host)
            plain = inner if isinstance(inner, socket.socket) else plain
    except BaseException:
        plain.close()
        raise
    return Wire(plain, inner, deadline)


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.001)


def _wrap(inner: Stream, context: ssl.SSLContext, name: str) -> Stream:
    """Return the TLS connection over a stream, which may be TLS itself: Python's own cannot do that."""
    import ssl

    if not isinstance(inner, ssl.SSLSocket):
        return context.wrap_socket(inner, server_hostname=name)
    from urllib3.util.ssltransport import SSLTransport

    return SSLTransport(inner, context, name)


def _dial(connection: Connection, host: str, port: int, deadline: float) -> tuple[socket.socket, Stream]:
    """Return the TCP socket, and the stream on which the server is to be spoken to."""
    proxy = connection.proxy
    if proxy is None:
        plain = socket.create_connection((host, port), timeout=_left(deadline))
        return plain, plain
    if proxy.scheme == "socks5":
        plain = _through_socks(proxy, host, port, deadline)
        return plain, plain
    plain = socket.create_connection((proxy.host, proxy.port), timeout=_left(deadline))
    try:
        inner: Stream = plain
        if proxy.scheme == "https" and connection.proxy_context is not None:
            inner = plain = connection.proxy_context().wrap_socket(plain, server_hostname=connection.server_hostname or proxy.host)
        _tunnel(Wire(plain, inner, deadline, MOST_HEAD), proxy, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except BaseException:
        plain.close()
        raise
    return plain, inner


def _through_socks(proxy: Proxy, host: str, port: int, deadline: float) -> socket.socket:
    import socks

    opened: socket.socket = socks.create_connection(
        (host, port),
        timeout=_left(deadline),  # type: ignore[arg-type]
        proxy_type=socks.SOCKS5,
        proxy_addr=proxy.host,
        proxy_port=proxy.port,
        proxy_username=proxy.username,
        proxy_password=proxy.password,
    )
    return opened


def _tunnel(wire: Wire, proxy: Proxy, place: str) -> None:
    """Ask an http or https proxy for a tunnel. OSError, with its status line, when it does not give one."""
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    data = ("\r\n".join(lines) + "\r\n\r\n").encode()
    while data:
        data = data[wire.send(data) :]
    head = b""
    while b"\r\n\r\n" not in head:
        # The server does not speak before it is spoken to, so nothing of it can be lost here.
        chunk = wire.recv(4096)
        if not chunk:
            raise OSError(f"the proxy {proxy.url} hung up")
        head += chunk
    status = head.partition(b"\r\n")[0]
    if status.split(b" ")[1:2] != [b"200"]:
        raise OSError(f"the proxy {proxy.url} refused: {one_line(status, 100)}")
