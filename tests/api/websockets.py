"""A small WebSocket server over TLS: it says what a test tells it to and keeps the requests it got."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
Talk = Callable[["Peer"], None]


class Peer:
    """One connection after its request was read: `head` holds the request line and headers, with their case."""

    def __init__(self, plain: socket.socket, head: list[str]) -> None:
        self.socket = plain
        self.target = head[0].split(" ")[1]
        self.headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in head[1:] if line)]

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    def accept(self, protocol: str = "v5.channel.k8s.io") -> None:
        digest = hashlib.sha1((self.header("Sec-WebSocket-Key")[0] + GUID).encode()).digest()
        self.socket.sendall(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n".encode()
        )

    def frame(self, channel: int, data: bytes, opcode: int = 2) -> None:
        payload = bytes([channel]) + data
        size = bytes([len(payload)]) if len(payload) < 126 else b"\x7f" + struct.pack("!Q", len(payload))
        self.socket.sendall(bytes([0x80 | opcode]) + size + payload)

    def status(self, **fields: object) -> None:
        self.frame(3, json.dumps({"status": "Success", **fields}).encode())

    def refuse(self, code: int, message: str, reason: str = "Forbidden") -> None:
        body = json.dumps({"kind": "Status", "reason": reason, "message": message}).encode()
        self.socket.sendall(f"HTTP/1.1 {code} {reason}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


class Exec:
    """The server; `talk` is called for each connection in turn (the last one for ever)."""

    def __init__(self, context: ssl.SSLContext | None, *talk: Talk) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self._talk = list(talk)
        self.peers: list[Peer] = []
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Exec:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            plain.settimeout(5)
            try:
                self._one(plain)
            except OSError:
                plain.close()

    def _one(self, plain: socket.socket) -> None:
        if self._context is not None:
            plain = self._context.wrap_socket(plain, server_side=True)
        with plain:
            text = b""
            while b"\r\n\r\n" not in text:
                if not (piece := plain.recv(65536)):
                    return
                text += piece
            peer = Peer(plain, text.decode().split("\r\n"))
            self.peers.append(peer)
            (self._talk.pop(0) if len(self._talk) > 1 else self._talk[0])(peer)
