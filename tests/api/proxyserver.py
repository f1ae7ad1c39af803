"""Proxies on loopback that tell what they were asked: CONNECT and forwarding over http or https, and SOCKS5."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from types import TracebackType
from urllib.parse import urlsplit


class Proxy:
    """Listens on 127.0.0.1 and takes every client to `target`, whatever it asks for; `asked` holds what that was.

    With `status` it refuses instead.
    """

    def __init__(self, target: str, context: ssl.SSLContext | None = None, *, socks: bool = False, status: str = "") -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 0)
        self._context = context
        self._status = status
        self._serve = self._socks if socks else self._http
        self.asked: list[str] = []
        self.heads: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "socks5" if socks else "https" if context else "http"
        self.port = self._listener.getsockname()[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._guarded, args=(plain,), daemon=True).start()

    def _guarded(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain:
            plain.settimeout(20)
            client = self._context.wrap_socket(plain, server_side=True) if self._context else plain
            with client:
                self._serve(client)

    def _http(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = client.recv(4096)
            if not chunk:
                return
            head += chunk
        text = head.decode("latin-1")
        self.heads.append(text)
        self.asked.append(text.partition(" HTTP/")[0])
        if self._status:
            client.sendall(f"HTTP/1.1 {self._status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            return
        with socket.create_connection(self._target, timeout=20) as server:
            if text.startswith("CONNECT "):
                client.sendall(b"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")
            else:
                server.sendall(head)
            _relay(client, server)

    def _socks(self, client: socket.socket) -> None:
        methods = client.recv(2)[1]
        offered = client.recv(methods)
        client.sendall(b"\x05\x02" if 2 in offered else b"\x05\x00")
        who = ""
        if 2 in offered:
            client.recv(1)
            name = client.recv(client.recv(1)[0])
            word = client.recv(client.recv(1)[0])
            client.sendall(b"\x01\x00")
            who = f"{name.decode()}:{word.decode()}@"
        kind = client.recv(4)[3]
        host = socket.inet_ntoa(client.recv(4)) if kind == 1 else client.recv(client.recv(1)[0]).decode()
        self.asked.append(f"{who}{host}:{int.from_bytes(client.recv(2), 'big')}")
        with socket.create_connection(self._target, timeout=20) as server:
            client.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
            _relay(client, server)


def _relay(client: socket.socket, server: socket.socket) -> None:
    """Pass bytes on until one side ends. In one thread: a TLS connection may not be read and written at the same time."""
    client.settimeout(20)
    other = {client: server, server: client}
    while True:
        pending = [client] if isinstance(client, ssl.SSLSocket) and client.pending() else []
        for source in pending or select.select(list(other), [], [], 20)[0]:
            data = source.recv(65536)
            if not data:
                return
            other[source].sendall(data)
