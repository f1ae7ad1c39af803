"""The real kubectl, and a TLS server that keeps what it was sent: raw header lines and the client's certificate."""

from __future__ import annotations

import os
import ssl
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

import pytest

from tests.cluster.lab import build
from tests.cluster.lab.instance import can_run


def find_kubectl() -> str:
    """Return the kubectl that the lab is built with; skips where the lab cannot be built, except in CI."""
    reason = can_run()
    if reason and os.environ.get("CI") != "true":
        pytest.skip(reason)
    assert reason is None, f"CI must run the cluster tests: {reason}"
    return str(build.ensure() / "bin" / "kubectl")


def kubectl(
    program: str, *arguments: str, environment: dict[str, str] | None = None, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run kubectl with nothing of our own environment."""
    plain = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "KUBECTL_KUBERC": "false", **(environment or {})}
    return subprocess.run(
        [program, *arguments],
        env=plain,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@dataclass
class Seen:
    """One request: the address it came to, its path, its headers as they were sent, the client certificate's serial number."""

    host: str
    path: str
    headers: list[tuple[str, str]]
    certificate: str | None

    @property
    def identity(self) -> list[tuple[str, str]]:
        """The headers that say who asks; names in lower case, as HTTP and the API server compare them."""
        named = [(name.lower(), value) for name, value in self.headers]
        return sorted((name, value) for name, value in named if name == "authorization" or name.startswith("impersonate-"))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet: many a handshake is meant to fail."""


@dataclass
class Recorder:
    """Servers of one kind on several loopback addresses; `port` is the same for all of them."""

    hosts: list[str]
    context: ssl.SSLContext | None = None
    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    servers: list[ThreadingHTTPServer] = field(default_factory=list)

    def __enter__(self) -> Recorder:
        for host in self.hosts:
            server = _Server((host, self.port), self._handler(host))
            self.port = server.server_port
            self.servers.append(server)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def url(self, number: int = 0) -> str:
        return f"{'https' if self.context else 'http'}://{self.hosts[number]}:{self.port}"

    def take(self) -> list[Seen]:
        """Return what has been asked since the last time."""
        taken, self.seen = self.seen, []
        return taken

    def _handler(self, host: str) -> type[BaseHTTPRequestHandler]:
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 20

            def setup(self) -> None:
                if recorder.context is not None:
                    self.request = recorder.context.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
                    try:
                        self.request.do_handshake()
                    except OSError:
                        self.request.close()
                        raise
                super().setup()

            def finish(self) -> None:
                super().finish()
                self.request.close()

            def do_GET(self) -> None:
                certificate = self.request.getpeercert() if isinstance(self.request, ssl.SSLSocket) else None
                headers = [(name, value.encode("latin-1").decode()) for name, value in self.headers.items()]
                serial = str(certificate["serialNumber"]) if certificate else None
                recorder.seen.append(Seen(host, self.path, headers, serial))
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(b'{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]}')

            def log_message(self, format: str, *args: object) -> None:
                """Keep quiet."""

        return Handler
