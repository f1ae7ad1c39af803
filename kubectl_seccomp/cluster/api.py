"""Reading from the API server: raw bytes, retried where that is harmless, errors as one type with one sentence."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from ..fault import Fault
from ..objects import UNDECODABLE, ListMeta
from .connection import Connection, one_line
from .transport import CONNECT_SECONDS, READ_SECONDS, Transport

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

TRIES = 4
BUSY = frozenset({429, 500, 502, 503, 504})
LONGEST_WAIT = 30.0
LARGEST_ANSWER = 256 * 1024 * 1024
LARGEST_REFUSAL = 64 * 1024
# A server that sends a byte now and then never runs into the limit on one read.
LONGEST_ANSWER_SECONDS = 600.0
CHUNK = 1024 * 1024

# The reason of an ApiError about a name that no request was made for.
INVALID = "Invalid"
_WORDS = {401: "unauthorized", 403: "forbidden"}

Query = Sequence[tuple[str, str]]
Early = Callable[[bytes], bool]


class _Status(Struct, frozen=True):
    message: str = ""
    reason: str = ""
    metadata: ListMeta | None = None


# Made before there are threads: see lists.py.
_STATUS = msgspec.json.Decoder(_Status)


class ApiError(Exception):
    """A request that did not succeed. `status` is the HTTP status, 0 when there was no usable answer.

    `reason` is the Status object's ("Forbidden"), `message` its text, `continue_` the fresh token of an expired list.
    """

    def __init__(self, status: int, reason: str, message: str, continue_: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.continue_ = continue_

    @property
    def why(self) -> str:
        """One printable line for a gap; a refusal for lack of rights begins with "forbidden: "."""
        text = one_line(self.message)
        word = _WORDS.get(self.status)
        if word is None:
            return text
        # "pods is forbidden: User …": the object is named by whoever shows the line.
        rest = text.partition(f" is {word}: ")[2] or text
        return word if rest.lower() == word else f"{word}: {rest}"

    @property
    def said(self) -> str:
        """The server's own words, one printable line without any."""
        return self.message if self.status else self.why

    def rights(self, flags: str = "") -> str | None:
        """Return where the rights are told that a refusal was for the lack of; `flags` are those of rbac."""
        return f"kubectl seccomp rbac{flags} prints the permissions that are needed" if self.reason == "Forbidden" else None


class TryAgain(Exception):
    """A failure that may be gone at the next try, with the seconds that the server asked to wait."""

    def __init__(self, error: ApiError, wait: float | None) -> None:
        super().__init__(error.message)
        self.error = error
        self.wait = wait


class Api:
    """One API server as one user; may be used by several threads.

    `sleep` and `clock` (both in seconds) stand for the functions of `time` in tests.
    """

    def __init__(
        self,
        connection: Connection,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.connection = connection
        self._transport = Transport(connection)
        self._sleep = sleep
        self._clock = clock

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._transport.clear()

    def get(
        self,
        path: str,
        query: Query = (),
        *,
        accept: str | None = None,
        timeout: float | None = None,
        tries: int = TRIES,
        limit: int = LARGEST_ANSWER,
        early: Early | None = None,
    ) -> bytes:
        """Return the body of a GET, at most `limit` bytes.

        `path` begins with a slash and is already quoted (see `segment`); `timeout` is in seconds, for the connect, for
        each read, and for the whole, instead of the connection's own. `early` is told the beginning of the answer while the
        rest arrives, again with each further part until it returns True; at another attempt, from the start.
        Raises ApiError, after up to `tries` attempts where another one may help: 429, 5xx, a connection that broke; not after a
        timeout.
        """
        return retried(lambda: self._once(path, query, accept or "application/json", timeout, limit, early), tries, 0.25, self._sleep)

    def _once(self, path: str, query: Query, accept: str, timeout: float | None, limit: int, early: Early | None) -> bytes:
        import urllib3

        seconds = timeout or self.connection.timeout
        url = f"{self.connection.server}{path}" + (f"?{urlencode(query)}" if query else "")
        started = self._clock()
        try:
            response = self._transport.request(
                "GET",
                url,
                headers={"Accept": accept},
                timeout=urllib3.Timeout(connect=seconds or CONNECT_SECONDS, read=seconds or READ_SECONDS),
            )
            with response:
                ok = response.status == 200
                deadline = started + (seconds or LONGEST_ANSWER_SECONDS)
                body = self._body(response, limit if ok else LARGEST_REFUSAL, deadline, early if ok else None)
        except urllib3.exceptions.HTTPError as error:
            raise self._no_answer(error, seconds) from error
        except Fault as fault:
            # The credentials cannot be renewed: what has been read stands.
            raise ApiError(401, "Unauthorized", fault.message) from fault
        if not ok:
            raise _refusal(response.status, body or b"", response.headers.get("Retry-After"))
        if body is None:
            raise ApiError(0, "TooLarge", f"the response is larger than {limit // 1024} KiB or took too long")
        return body

    def _body(self, response: BaseHTTPResponse, limit: int, deadline: float, early: Early | None) -> bytes | None:
        """Return the whole body, None when it is larger than `limit` or not complete by the deadline."""
        body = io.BytesIO()
        while chunk := response.read1(CHUNK, decode_content=True):
            body.write(chunk)
            if early is not None and early(body.getvalue()):
                early = None
            if body.tell() > limit or self._clock() > deadline:
                response.close()
                return None
        return body.getvalue()

    def _no_answer(self, error: Exception, seconds: float | None) -> Exception:
        """Return what to raise when there was no answer: a broken connection may be better next time."""
        from urllib3 import exceptions

        server = one_line(self.connection.server, 200)
        if isinstance(error, exceptions.ProxyError):
            proxy = self.connection.proxy.url if self.connection.proxy else ""
            return ApiError(0, "Unreachable", f"cannot reach {server} through the proxy {proxy}: {_cause(error.original_error)}")
        if isinstance(error, exceptions.SSLError):
            return ApiError(0, "TLS", _tls(server, error))
        if isinstance(error, exceptions.NameResolutionError):
            return ApiError(0, "Unreachable", f"cannot reach {server}: its name cannot be resolved")
        if isinstance(error, exceptions.NewConnectionError):
            return TryAgain(ApiError(0, "Unreachable", f"cannot reach {server}: {_cause(error)}"), None)
        if isinstance(error, exceptions.TimeoutError):
            usual = CONNECT_SECONDS if isinstance(error, exceptions.ConnectTimeoutError) else READ_SECONDS
            return ApiError(0, "Timeout", f"timeout after {seconds or usual:g}s")
        broken = ApiError(0, "Broken", f"the connection to {server} broke: {_cause(error)}")
        return TryAgain(broken, None) if isinstance(error, exceptions.ProtocolError) else broken


def retried(once: Callable[[], bytes], tries: int, pause: float, sleep: Callable[[float], None]) -> bytes:
    """Return what `once` does, called again up to `tries` times in all when it says TryAgain; then its error is raised.

    In between it waits as long as the server says, else `pause` seconds, twice as long each time.
    """
    for attempt in range(tries - 1):
        try:
            return once()
        except TryAgain as again:
            sleep(pause * 2**attempt if again.wait is None else again.wait)
    try:
        return once()
    except TryAgain as again:
        raise again.error from None


def segment(name: str) -> str:
    """Return a name as one segment of a path. ApiError when it is none: it would lead to another object."""
    if name in ("", ".", ".."):
        raise ApiError(0, INVALID, f'invalid resource name "{name}"')
    return quote(name, safe="", errors="replace")


def from_response(status: int, body: bytes) -> ApiError:
    """Return the error that an unsuccessful answer stands for: the Status object's words, else the text itself."""
    try:
        said = _STATUS.decode(body)
    except UNDECODABLE:
        page = body.lstrip()[:1] == b"<"
        said = _Status(
            f"a web page, with status {status}, is not an answer from a Kubernetes API server" if page else one_line(body, 200)
        )
    message = said.message or said.reason or f"the server answered {status}"
    return ApiError(status, said.reason, message, said.metadata.continue_ if said.metadata else "")


def retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header, at most LONGEST_WAIT, None when it gives none."""
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 9:
        return None
    return min(float(value), LONGEST_WAIT)


def _tls(server: str, error: Exception) -> str:
    import ssl

    cause = error.args[0] if error.args else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"tls: failed to verify the certificate of {server}: {one_line(cause.verify_message, 200)}"
    # OpenSSL's own word ("TLSV13_ALERT_CERTIFICATE_REQUIRED") is what can be searched for.
    return f"tls: no secure connection to {server}: {getattr(cause, 'reason', None) or one_line(str(cause), 200)}"


def _cause(error: BaseException) -> str:
    """Return the innermost reason: "Connection refused" rather than the layers around it."""
    while error.__cause__ is not None:
        error = error.__cause__
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return one_line(words, 200) or type(error).__name__


def _refusal(status: int, body: bytes, wait: str | None) -> Exception:
    """Return what to raise; made here, because an error that its own frame names keeps the connection until the next collection."""
    problem = from_response(status, body)
    return TryAgain(problem, retry_after(wait)) if status in BUSY else problem
