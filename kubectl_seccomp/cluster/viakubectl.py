"""The last resort: everything is read through `kubectl get --raw`, which logs in in every way that kubectl can.

Only GETs: no exec, no probe pods. Each request is a process of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import IO
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from ..fault import Fault
from .api import BUSY, LARGEST_REFUSAL, LONGEST_ANSWER_SECONDS, Api, ApiError, Early, Query, TryAgain
from .children import program
from .configfiles import Context, NamedContext
from .connection import Connection, Options, one_line, parse_timeout
from .transport import traced

# A kubectl takes about 50 MB.
MOST_AT_ONCE = 4
# What kubectl itself, and the plugins that it runs, may take on top of the request's own limit.
SPARE_SECONDS = 10.0

_FLAGS = {
    "kubeconfig": "--kubeconfig",
    "context": "--context",
    "cluster": "--cluster",
    "user": "--user",
    "server": "--server",
    "token": "--token",
    "username": "--username",
    "password": "--password",
    "certificate_authority": "--certificate-authority",
    "client_certificate": "--client-certificate",
    "client_key": "--client-key",
    "tls_server_name": "--tls-server-name",
    "proxy_url": "--proxy-url",
    "as_user": "--as",
    "as_groups": "--as-group",
    "as_uid": "--as-uid",
    "as_user_extra": "--as-user-extra",
}
_SWITCHES = {"insecure_skip_tls_verify": "--insecure-skip-tls-verify", "disable_compression": "--disable-compression"}

# kubectl pkg/cmd/util/helpers.go `StandardErrorMessage`; the numbers are those of apimachinery's StatusReason.
_REFUSED = re.compile(r"^Error from server(?: \((\w+)\))?: (.*)", re.MULTILINE | re.DOTALL)
_LOGGED_OUT = re.compile(r"^error: You must be logged in to the server \((.*)\)", re.MULTILINE)
_STATUS = {
    "BadRequest": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "NotAcceptable": 406,
    "Conflict": 409,
    "Gone": 410,
    "Expired": 410,
    "Invalid": 422,
    "TooManyRequests": 429,
    "InternalError": 500,
    "ServerTimeout": 500,
    "ServiceUnavailable": 503,
    "Timeout": 504,
}


class _View(Struct, frozen=True):
    contexts: list[NamedContext] | None = None


class ViaKubectl(Api):
    """An API server as kubectl reaches it; may be used by several threads."""

    def __init__(
        self,
        options: Options,
        environment: Mapping[str, str] | None = None,
        trace: Callable[[str], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Find kubectl and ask it for the context and its namespace. Raises Fault when there is no kubectl."""
        self._environment = os.environ if environment is None else environment
        self._flags = list(_flags(options))
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._kubectl = _found(self._environment)
        named = self._context(options)
        super().__init__(
            Connection(
                "the cluster that kubectl uses",
                named.name or None,
                options.namespace or (named.context or Context()).namespace or "default",
                timeout=parse_timeout(options.request_timeout),
                trace=trace,
                kubectl=self._kubectl,
            ),
            sleep,
        )

    def _context(self, options: Options) -> NamedContext:
        """Return the context in use. When kubectl has none to tell, the first request says why."""
        flags = [f for f in self._flags if f.startswith(("--kubeconfig=", "--context="))]
        done = _run([self._kubectl, "config", "view", "--minify", "-o", "json", *flags], self._environment, SPARE_SECONDS)
        try:
            contexts = msgspec.json.decode(done.output, type=_View).contexts if not done.code else None
        except msgspec.DecodeError:
            contexts = None
        return contexts[0] if contexts else NamedContext(options.context or "")

    def _once(self, path: str, query: Query, accept: str, timeout: float | None, limit: int, early: Early | None) -> bytes:
        """Return the body of one GET. kubectl decides for itself what it accepts, and tells nothing before it has it all."""
        del accept, early
        place = path + (f"?{urlencode(query)}" if query else "")
        seconds = timeout or self.connection.timeout
        limits = [f"--request-timeout={seconds * 1000:.0f}ms"] if seconds else []
        command = [self._kubectl, "get", "--raw", place, *self._flags, *limits]
        with self._places:
            started = time.monotonic()
            patience = seconds + SPARE_SECONDS if seconds else LONGEST_ANSWER_SECONDS
            done = _run(command, self._environment, patience, limit)
            traced(self.connection, "GET", place, f"kubectl's exit code {done.code}", started)
        if done.late:
            raise ApiError(0, "Timeout", f"kubectl gave no answer within {patience:g}s")
        if len(done.output) > limit:
            raise ApiError(0, "TooLarge", f"the response is larger than {limit // 1024} KiB")
        if done.code:
            problem = refusal(done.said)
            raise TryAgain(problem, None) if problem.status in BUSY else problem
        return done.output


def refusal(said: str) -> ApiError:
    """Return the error that kubectl's words on stderr stand for; its status is 0 when they are not a server's refusal."""
    if found := _LOGGED_OUT.search(said):
        return ApiError(401, "Unauthorized", one_line(found[1]))
    if found := _REFUSED.search(said):
        reason = found[1] or ""
        return ApiError(_STATUS.get(reason, 0), reason, one_line(found[2]))
    words = one_line(said.removeprefix("error: "))
    return ApiError(0, "Unreachable", f"kubectl: {words}" if words else "kubectl failed without a message")


def _found(environment: Mapping[str, str]) -> str:
    """Return the kubectl that has started us (it says so from 1.37 on), else the one in PATH."""
    found = environment.get("KUBECTL_PATH") or program("kubectl", environment)
    if found is None:
        raise Fault("--via-kubectl: there is no kubectl on PATH", "install kubectl, or set KUBECTL_PATH")
    return found


def _flags(options: Options) -> Iterator[str]:
    """Yield kubectl's own flags for the connection, as they were given to us."""
    for field, flag in _FLAGS.items():
        given = getattr(options, field)
        yield from (f"{flag}={value}" for value in (given if isinstance(given, list) else [given]) if value)
    yield from (flag for field, flag in _SWITCHES.items() if getattr(options, field))


class _Done(Struct, frozen=True):
    code: int
    output: bytes
    said: str
    late: bool


def _run(command: list[str], environment: Mapping[str, str], seconds: float, limit: int = LARGEST_REFUSAL) -> _Done:
    """Run kubectl for at most `seconds`; of its output, one byte more than `limit` is taken at most."""
    try:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except (OSError, ValueError) as error:
        # Not the exception's own words: they hold the command line, and so a token.
        raise Fault(f"--via-kubectl: {command[0]} cannot be run: {getattr(error, 'strerror', None) or 'not a path'}") from None
    late = threading.Event()
    timer = threading.Timer(seconds, _end, (process, late))
    said = bytearray()
    listener = threading.Thread(target=_listen, args=(process.stderr, said), daemon=True)
    try:
        timer.start()
        listener.start()
        output = _taken(process.stdout, limit + 1)
        if len(output) > limit:
            process.kill()
        code = process.wait()
        listener.join()
    finally:
        timer.cancel()
        process.kill()
        process.wait()
    return _Done(code, output, said.decode("utf-8", "replace"), late.is_set())


def _end(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def _taken(stream: IO[bytes] | None, most: int) -> bytes:
    assert stream is not None
    with stream:
        return stream.read(most)


def _listen(stream: IO[bytes] | None, said: bytearray) -> None:
    assert stream is not None
    with stream:
        while chunk := stream.read(4096):
            said.extend(chunk[: LARGEST_REFUSAL - len(said)])
