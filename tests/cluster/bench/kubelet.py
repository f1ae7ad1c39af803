"""One process that stands for all kubelets: it lets probe pods succeed, and serves their logs, configz and flagz.

usage: python -m tests.cluster.bench.kubelet CERTIFICATE KEY SECONDS     (how long after its creation a probe has ended)

What it says of a container is what the pod's declaration and the node's default make true (shapes.filtered), so that an audit
that mixed up nodes or containers would find contradictions.
"""

from __future__ import annotations

import base64
import hashlib
import json
import queue
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.cluster.lab.nodes import ADDRESS, DEFAULT_ROOT

from .api import Server
from .fill import MERGE
from .shapes import PORTS, filtered

SELECTOR = "labelSelector=app.kubernetes.io%2Fmanaged-by%3Dkubectl-seccomp"
WORKERS = 4
FILE = json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"] * 900, "action": "SCMP_ACT_ALLOW"}]}).encode()


def answer(nonce: str, questions: list[str], node_default: bool) -> str:
    """Return what the probe's script would print on such a node for its arguments (nodes/script.py)."""
    lines = [f"start {nonce}"]
    for index, asked in enumerate(word for word in questions if word[0] in "px"):
        path = f"{DEFAULT_ROOT}/seccomp/".encode() + base64.b64decode(asked[1:])
        facts = f"{len(FILE)} 644 0:0 1700000000 1700000000 {hashlib.sha256(FILE).hexdigest()}"
        lines.append(f"file {index} present {_coded(path)} {facts} {_coded(FILE)}")
    for pid, asked in enumerate((word[1:] for word in questions if word[0] == "i"), 5000):
        mode = 2 if filtered(asked, node_default) else 0
        lines.append(f"process {asked} - {pid} 4000 {pid} {mode} {mode // 2} 0")
    now = int(time.time())
    lines += [f"clock {now} {now - 1000}", "kubelet 900 500 - - -"]
    body = "\n".join([*lines, f"lines {len(lines)}"]) + "\n"
    return f"{body}end {nonce} {hashlib.sha256(body.encode()).hexdigest()}\n"


def _coded(text: bytes) -> str:
    return "=" + base64.b64encode(text).decode()


class Probes:
    """The probe pods that are there: each ends after its time, and has a log from then on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: queue.Queue[tuple[float, Any]] = queue.Queue()
        self.pods: dict[str, Any] = {}
        self.alive = self.most = 0

    def start(self) -> None:
        """Begin to watch, and to let pods succeed, in threads of their own."""
        for target in (self._watch, *[self._work] * WORKERS):
            threading.Thread(target=target, daemon=True).start()

    def _watch(self) -> None:
        while True:
            for event in Server().stream(f"/api/v1/pods?watch=1&{SELECTOR}"):
                if event["type"] == "ERROR":
                    break
                path = f"{event['object']['metadata']['namespace']}/{event['object']['metadata']['name']}"
                if event["type"] == "ADDED":
                    self.pods[path] = event["object"]
                    self.most = max(self.most, len(self.pods))
                    self._due.put((time.monotonic() + self._seconds, event["object"]))
                elif event["type"] == "DELETED":
                    self.pods.pop(path, None)

    def _work(self) -> None:
        server = Server()
        while True:
            due, pod = self._due.get()
            time.sleep(max(0.0, due - time.monotonic()))
            ended = {"exitCode": 0, "reason": "Completed", "startedAt": "2026-11-01T08:00:00Z", "finishedAt": "2026-11-01T08:00:01Z"}
            status = {
                "phase": "Succeeded",
                "containerStatuses": [
                    {"name": "probe", "image": "i", "imageID": "i", "ready": False, "restartCount": 0, "state": {"terminated": ended}}
                ],
            }
            path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}/status"
            server.ask("PATCH", path, {"status": status}, MERGE, fine=(404,))

    def log(self, path: str, node_default: bool) -> bytes:
        """Return the log of the pod that is named in /containerLogs/NAMESPACE/POD/CONTAINER."""
        container = self.pods["/".join(path.split("/")[2:4])]["spec"]["containers"][0]
        nonce = next(entry["value"] for entry in container["env"] if entry["name"] == "NONCE")
        return answer(nonce, container["command"][4:], node_default).encode()


def _handler(probes: Probes, node_default: bool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet for head and body

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/most":
                body = str(probes.most).encode()
                probes.most = len(probes.pods)
            elif path == "/configz":
                body = json.dumps({"kubeletconfig": {"seccompDefault": node_default}}).encode()
            elif path == "/flagz":
                body = b"\nkubelet flagz\n\nroot-dir=/var/lib/kubelet\nseccomp-default=false\n"
            else:
                body = probes.log(path, node_default)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            return

    return Handler


class Listener(ThreadingHTTPServer):
    """Takes as many connections at once as an API server opens."""

    request_queue_size = 256


def main() -> None:
    """Serve until killed."""
    certificate, key, seconds = sys.argv[1:]
    probes = Probes(float(seconds))
    probes.start()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    servers = [Listener((ADDRESS, port), _handler(probes, port == PORTS[0])) for port in PORTS]
    for server in servers:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
