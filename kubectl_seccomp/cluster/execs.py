"""Commands inside of containers, over a WebSocket of our own: with every header, one deadline, and bounded output.

Protocol v4/v5.channel.k8s.io (kubernetes `staging/src/k8s.io/apimachinery/pkg/util/remotecommand`): the first byte of a frame is the
channel: 1 stdout, 2 stderr, 3 the Status that ends it.
"""

from __future__ import annotations

import re
import time
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from ..facts import Observed
from ..fault import Fault
from ..nodes.output import from_status, is_status
from ..objects import UNDECODABLE
from ..words import Observation
from .api import ApiError, from_response, segment
from .connection import Connection, Proof, one_line
from .transport import traced
from .wire import Broken, Wire, open_wire

if TYPE_CHECKING:
    import websocket

MOST_OUTPUT = 64 * 1024
STDOUT, STDERR, STATUS = 1, 2, 3
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")


class ExecResult(Struct, frozen=True):
    """What a command gave. `error` is set when it did not run to its end or did not end well; `forbidden` when it was not
    allowed to begin. Output is only kept of a command that ended.
    """

    stdout: bytes = b""
    exit_code: int | None = None
    error: str | None = None
    forbidden: bool = False
    stderr: bytes = b""


class _Cause(Struct, frozen=True):
    reason: str = ""
    message: str = ""


class _Details(Struct, frozen=True):
    causes: list[_Cause] | None = None


class _Status(Struct, frozen=True):
    status: str = ""
    message: str = ""
    details: _Details | None = None


# Made before there are threads: see lists.py.
_STATUS = msgspec.json.Decoder(_Status)


def run(connection: Connection, namespace: str, pod: str, container: str, command: tuple[str, ...], timeout: float) -> ExecResult:
    """Run a command in a container, for at most `timeout` seconds; nothing is raised for what the server or container does.

    Needs the right to `get` pods/exec, and from Kubernetes 1.35 on also to `create` it; a refusal names the verb.
    """
    from http.cookies import CookieError

    import websocket

    if connection.kubectl:
        return ExecResult(error="not possible with --via-kubectl, which only reads")
    query = [("container", container), ("stdout", "true"), ("stderr", "true"), *(("command", word) for word in command)]
    try:
        path = f"/api/v1/namespaces/{segment(namespace)}/pods/{segment(pod)}/exec?{urlencode(query, errors='replace')}"
        return _asked(connection, path, time.monotonic() + timeout)
    except ApiError as error:
        return ExecResult(error=error.why, forbidden=error.status in (401, 403))
    except Fault as fault:
        # The credentials cannot be renewed.
        return ExecResult(error=fault.message, forbidden=True)
    except (websocket.WebSocketTimeoutException, TimeoutError):
        return ExecResult(error=f"the exec did not end within {timeout:g}s")
    except (websocket.WebSocketException, Broken, OSError, CookieError, ValueError) as error:
        return ExecResult(error=f"the exec broke off: {one_line(str(error), 200) or type(error).__name__}")


def _asked(connection: Connection, path: str, deadline: float) -> ExecResult:
    """Run one exec; what is answered 401 is asked once more if there are new credentials."""
    proof = connection.source.current()
    try:
        return _once(connection, proof, path, deadline)
    except ApiError as error:
        if error.status != 401 or not connection.source.refused(proof):
            raise
    return _once(connection, connection.source.current(), path, deadline)


def _once(connection: Connection, proof: Proof, path: str, deadline: float) -> ExecResult:
    import websocket

    started, told = time.monotonic(), "no answer"
    try:
        with closing(open_wire(connection, proof, deadline)) as wire:
            result = _read(_handshake(connection, proof, wire, path))
        told = "101"
    except websocket.WebSocketBadStatusException as error:
        told = str(error.status_code)
        raise from_response(error.status_code, error.resp_body or b"") from error
    finally:
        traced(connection, "GET", connection.server + path, told, started)
    return result


def _handshake(connection: Connection, proof: Proof, wire: Wire, path: str) -> websocket.WebSocket:
    """Return the open WebSocket. Redirects are not followed, because they would carry the credentials elsewhere."""
    import websocket

    scheme, _, place = connection.server.partition("://")
    headers = [f"{name}: {value}" for name, value in connection.identity(proof)]
    opened = websocket.WebSocket(skip_utf8_validation=True)
    opened.connect(  # type: ignore[no-untyped-call]
        f"{'wss' if scheme == 'https' else 'ws'}://{place}{path}",
        socket=wire,
        header=[*headers, f"User-Agent: {connection.user_agent}"],
        subprotocols=list(PROTOCOLS),
        suppress_origin=True,
        redirect_limit=0,
    )
    return opened


def _read(socket: websocket.WebSocket) -> ExecResult:
    import websocket

    output = {STDOUT: bytearray(), STDERR: bytearray()}
    while True:
        opcode, frame = socket.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return ExecResult(error="the exec ended without the command's status")
        channel, data = frame[:1], frame[1:]
        if channel == bytes([STATUS]):
            return _ended(bytes(output[STDOUT]), bytes(output[STDERR]), data)
        if channel and channel[0] in output:
            output[channel[0]] += data
        if sum(map(len, output.values())) > MOST_OUTPUT:
            return ExecResult(error=f"the command printed more than {MOST_OUTPUT // 1024} KiB")


def _ended(stdout: bytes, stderr: bytes, body: bytes) -> ExecResult:
    try:
        status = _STATUS.decode(body)
    except UNDECODABLE:
        return ExecResult(error="the exec ended with a status that could not be decoded")
    if status.status == "Success":
        return ExecResult(stdout, 0, stderr=stderr)
    causes = status.details.causes if status.details else None
    codes = [cause.message for cause in causes or () if cause.reason == "ExitCode"]
    if codes and re.fullmatch(r"\d{1,9}", codes[0], re.ASCII):
        said = one_line(stderr, 200)
        error = f"exit code {codes[0]}{': ' if said else ''}{said}"
        return ExecResult(stdout, int(codes[0]), error, stderr=stderr)
    return ExecResult(stdout, None, one_line(status.message) or "the exec failed", stderr=stderr)


# Which programs an image may have to read one file, the likeliest first; a shell's own loop needs no other program.
_LOOP = 'while IFS= read -r line; do echo "$line"; done < "$0"'
READERS: tuple[tuple[str, ...], ...] = (
    ("cat",),
    ("head", "-n", "80"),
    ("grep", "-E", ""),
    ("sed", ""),
    ("awk", "1"),
    ("sh", "-c", _LOOP),
    ("bash", "-c", _LOOP),
    ("busybox", "cat"),
    ("/bin/busybox", "cat"),
)


def read_status(connection: Connection, namespace: str, pod: str, container: str, timeout: float) -> Observed:
    """Return what /proc/self/status says inside of a container, by whatever program the image has.

    `timeout` in seconds holds for all attempts together. What could not be read is `failed`, with the reason.
    """
    deadline = time.monotonic() + timeout
    why = "no time was left"
    for reader in READERS:
        left = deadline - time.monotonic()
        if left <= 0:
            return _failed(f"{why} (no time was left for another try)")
        result = run(connection, namespace, pod, container, (*reader, "/proc/self/status"), left)
        if result.exit_code == 0 and is_status(result.stdout):
            return from_status(result.stdout, "exec")
        if result.exit_code == 0:
            why = f"{reader[0]} printed something other than a process's status"
            continue
        why = result.error or "the exec failed"
        if not _no_such_program(result, reader[0]):
            return _failed(why)
    return _failed("the image has no program that could read it (no shell)")


def _failed(why: str) -> Observed:
    return Observed(Observation.FAILED, via="exec", explanation=why)


# runc says (Go's exec.Error) `exec: "cat": executable file not found in $PATH`, or for a name with a slash
# `exec: "/bin/x": stat /bin/x: no such file or directory`; crun (src/libcrun/container.c) "executable file `cat` not found".
# containerd sends that as the exec's error, CRI-O 1.36 as exit code 255 with the text, its quotes escaped, on stderr.
_NOT_FOUND = r'exec: \\?"{0}\\?": (?:executable file not found|stat [^:]*: no such file)|executable file [`\']?{0}[`\']? not found'


def _no_such_program(result: ExecResult, program: str) -> bool:
    """Whether another program may succeed, because this one is not there or cannot be run."""
    if result.exit_code in (126, 127):
        return True
    text = f"{result.error or ''} {result.stderr.decode('utf-8', 'replace')}"
    return not result.forbidden and re.search(_NOT_FOUND.format(re.escape(program)), text, re.IGNORECASE) is not None
