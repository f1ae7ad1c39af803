"""Commands inside of containers, over a WebSocket of our own: with every header, one deadline, and bounded output.

Protocol v4/v5.channel.k8s.io (kubernetes `staging/src/k8s.io/apimachinery/pkg/util/remotecommand`): the first byte of a frame is the
channel: 1 stdout, 2 stderr, 3 the Status that ends it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from ..model import Observation, Observed
from ..nodes.output import from_status
from .api import UNDECODABLE, from_response, segment
from .connection import Connection

if TYPE_CHECKING:
    import websocket

MOST_OUTPUT = 64 * 1024
STDOUT, STDERR, STATUS = 1, 2, 3


class ExecResult(Struct, frozen=True):
    """What a command gave. `error` is set when it did not run to its end; `forbidden` when it was not allowed to begin."""

    stdout: bytes = b""
    exit_code: int | None = None
    error: str | None = None
    forbidden: bool = False


class _Cause(Struct, frozen=True):
    reason: str = ""
    message: str = ""


class _Details(Struct, frozen=True):
    causes: list[_Cause] | None = None


class _Status(Struct, frozen=True):
    status: str = ""
    message: str = ""
    details: _Details | None = None


def run(connection: Connection, namespace: str, pod: str, container: str, command: tuple[str, ...], timeout: float) -> ExecResult:
    """Run a command in a container and return its stdout; nothing is raised for what the server or container does."""
    import websocket

    query = [("container", container), ("stdout", "true"), ("stderr", "true"), *(("command", word) for word in command)]
    path = f"/api/v1/namespaces/{segment(namespace)}/pods/{segment(pod)}/exec?{urlencode(query)}"
    deadline = time.monotonic() + timeout
    try:
        socket = _open(connection, path, timeout)
    except websocket.WebSocketBadStatusException as error:
        problem = from_response(error.status_code, error.resp_body or b"")
        return ExecResult(error=problem.why, forbidden=error.status_code in (401, 403))
    except (websocket.WebSocketException, OSError) as error:
        return ExecResult(error=f"exec failed: {error}")
    try:
        return _read(socket, deadline)
    except websocket.WebSocketTimeoutException:
        return ExecResult(error=f"exec did not end within {timeout:.0f} s")
    except (websocket.WebSocketException, OSError) as error:
        return ExecResult(error=f"exec broke off: {error}")
    finally:
        socket.shutdown()  # type: ignore[no-untyped-call]


def _open(connection: Connection, path: str, timeout: float) -> websocket.WebSocket:
    import websocket

    url = connection.server.replace("http", "ws", 1) + path
    tls: dict[str, object] = {}
    if connection.ssl_context is not None:
        tls["context"] = connection.ssl_context
        if connection.server_hostname:
            tls["server_hostname"] = connection.server_hostname
    headers = [f"{name}: {value}" for name, value in connection.headers]
    return websocket.create_connection(
        url,
        timeout=timeout,
        sslopt=tls,
        header=[*headers, f"User-Agent: {connection.user_agent}"],
        subprotocols=["v5.channel.k8s.io", "v4.channel.k8s.io"],
        redirect_limit=0,
        http_no_proxy=["*"],
    )


def _read(socket: websocket.WebSocket, deadline: float) -> ExecResult:
    import websocket

    stdout = bytearray()
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise websocket.WebSocketTimeoutException("deadline")
        socket.settimeout(left)
        opcode, data = socket.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return ExecResult(error="exec ended without a status")
        frame = data if isinstance(data, bytes) else data.encode()
        if frame[:1] == bytes([STDOUT]):
            stdout += frame[1:]
        elif frame[:1] == bytes([STATUS]):
            return _ended(bytes(stdout), frame[1:])
        if len(stdout) > MOST_OUTPUT:
            return ExecResult(error="the command printed more than 64 KiB")


def _ended(stdout: bytes, body: bytes) -> ExecResult:
    try:
        status = msgspec.json.decode(body, type=_Status)
    except UNDECODABLE:
        return ExecResult(error="exec ended with a status that could not be decoded")
    if status.status == "Success":
        return ExecResult(stdout, 0)
    causes = status.details.causes if status.details else None
    codes = [cause.message for cause in causes or () if cause.reason == "ExitCode"]
    if codes and codes[0].isdigit():
        return ExecResult(stdout, int(codes[0]), f"exit code {codes[0]}")
    return ExecResult(stdout, None, status.message or "exec failed")


# Which programs an image may have to read one file, the cheapest first; a shell's own loop needs no other program.
_LOOP = 'while IFS= read -r line; do echo "$line"; done < "$0"'
READERS: tuple[tuple[str, ...], ...] = (
    ("cat",),
    ("head", "-n", "80"),
    ("grep", ""),
    ("sed", ""),
    ("awk", "1"),
    ("sh", "-c", _LOOP),
    ("bash", "-c", _LOOP),
    ("busybox", "cat"),
)


def read_status(connection: Connection, namespace: str, pod: str, container: str, path: str, timeout: float) -> Observed:
    """Return what `path` (a /proc/…/status) says inside of a container, by whatever program the image has."""
    deadline = time.monotonic() + timeout
    errors: list[str] = []
    for reader in READERS:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        result = run(connection, namespace, pod, container, (*reader, path), left)
        if result.exit_code == 0 and result.stdout:
            return from_status(result.stdout, "exec")
        errors.append(result.error or "it printed nothing")
        if result.forbidden or not _no_such_program(result):
            break
    why = errors[-1] if errors else "no time was left"
    if len(errors) == len(READERS):
        why = "the image has no program that could read it (no shell)"
    return Observed(Observation.FAILED, via="exec", explanation=why)


def _no_such_program(result: ExecResult) -> bool:
    text = (result.error or "").lower()
    return result.exit_code in (126, 127) or "executable file not found" in text or "no such file or directory" in text
