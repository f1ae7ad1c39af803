"""A TCP or TLS connection to the API server with one deadline for everything that is done on it, and a limit on what it takes in.

websocket-client waits anew at each read and believes every length that the server states; on this socket it can do neither.
"""

from __future__ import annotations

import contextlib
import socket
import time
from types import TracebackType
from urllib.parse import urlsplit

from .connection import Connection

# Output, the protocol's frames around it, and the headers of the handshake.
MOST_BYTES = 512 * 1024


class Broken(Exception):
    """The server sent more than anybody asked for."""


class Wire:
    """The part of a socket that websocket-client uses; `deadline` is a value of time.monotonic."""

    def __init__(self, plain: socket.socket, deadline: float, most: int = MOST_BYTES) -> None:
        self._socket = plain
        self._deadline = deadline
        self._left = most

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def recv(self, size: int) -> bytes:
        """Return at most `size` bytes. TimeoutError at the deadline, Broken beyond the limit."""
        self._arm()
        data = self._socket.recv(size)
        self._left -= len(data)
        if self._left < 0:
            raise Broken("the server sends more than it was asked for")
        return data

    def send(self, data: bytes) -> int:
        """Send some of `data` and return how much."""
        self._arm()
        return self._socket.send(data)

    def gettimeout(self) -> float:
        """Return the seconds that are left."""
        return max(self._deadline - time.monotonic(), 0.001)

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
        self._socket.settimeout(left)


def open_wire(connection: Connection, deadline: float) -> Wire:
    """Connect to the server, with its TLS context and TLS name. Raises OSError (TimeoutError, ssl.SSLError) or ValueError."""
    parts = urlsplit(connection.server)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    plain = socket.create_connection((host, port), timeout=max(deadline - time.monotonic(), 0.001))
    try:
        if connection.ssl_context is not None:
            plain.settimeout(max(deadline - time.monotonic(), 0.001))
            plain = connection.ssl_context.wrap_socket(plain, server_hostname=connection.server_hostname or host)
    except BaseException:
        plain.close()
        raise
    return Wire(plain, deadline)
