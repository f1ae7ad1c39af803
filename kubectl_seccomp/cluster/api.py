"""Reading from the API server: raw bytes, retried where that is harmless, errors as one type with one sentence."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from ..model import Fault
from .connection import Connection, pool

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

TRIES = 4
BUSY = frozenset({429, 500, 502, 503, 504})
LONGEST_WAIT = 30.0
LARGEST_ANSWER = 512 * 1024 * 1024
Query = Sequence[tuple[str, str]]


class _Status(msgspec.Struct, frozen=True):
    message: str = ""
    reason: str = ""


class ApiError(Exception):
    """A request that did not succeed. `status` is 0 when there was no answer at all."""

    def __init__(self, status: int, reason: str, message: str, body: bytes = b"") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.body = body

    @property
    def why(self) -> str:
        """One line for a gap: what was refused, or what went wrong."""
        text = " ".join(self.message.split())[:300]
        return f"forbidden: {text}" if self.status == 403 else text


class Api:
    """One API server as one user. `sleep` stands for time.sleep in tests."""

    def __init__(self, connection: Connection, sleep: Callable[[float], None] = time.sleep) -> None:
        self.connection = connection
        self._pool = pool(connection)
        self._sleep = sleep

    def get(self, path: str, query: Query = (), accept: str = "application/json", tries: int = TRIES) -> bytes:
        """Return the body of a GET. ApiError when it fails, after `tries` attempts where trying again may help."""
        for attempt in range(1, tries + 1):
            try:
                return self._once(path, query, accept)
            except _Busy as busy:
                if attempt == tries:
                    raise busy.error from None
                self._sleep(busy.wait if busy.wait is not None else 0.25 * 2**attempt)
        raise AssertionError("tries is at least 1")

    def _once(self, path: str, query: Query, accept: str) -> bytes:
        import urllib3

        url = f"{self.connection.server}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = self._pool.headers.copy()
        headers["Accept"] = accept
        try:
            response = self._pool.request("GET", url, headers=headers, preload_content=False, redirect=False)
            body = _bounded(response)
        except urllib3.exceptions.HTTPError as error:
            raise self._transport(error) from error
        if response.status == 200:
            return body
        problem = from_response(response.status, body)
        if response.status in BUSY:
            raise _Busy(problem, _retry_after(response.headers.get("Retry-After")))
        raise problem

    def _transport(self, error: Exception) -> Exception:
        """Return what to raise when there was no answer: certificates never get better, the rest may."""
        import ssl

        import urllib3

        reason = getattr(error, "reason", None) or error
        if isinstance(reason, ssl.SSLError) or isinstance(error, urllib3.exceptions.SSLError):
            return Fault(f"cannot trust {self.connection.server}: {reason}", "check certificate-authority in the kubeconfig")
        if isinstance(error, urllib3.exceptions.TimeoutError):
            return _Busy(ApiError(0, "Timeout", f"no answer from {self.connection.server} in time"), None)
        return _Busy(ApiError(0, "Unreachable", f"cannot reach {self.connection.server}: {reason}"), None)


class _Busy(Exception):
    """A failure that may be gone at the next try, with the wait that the server asked for."""

    def __init__(self, error: ApiError, wait: float | None) -> None:
        super().__init__(error.message)
        self.error = error
        self.wait = wait


def _bounded(response: BaseHTTPResponse) -> bytes:
    """Read the whole body, at most LARGEST_ANSWER bytes of it."""
    try:
        body: bytes = response.read(LARGEST_ANSWER + 1, decode_content=True)
        if len(body) > LARGEST_ANSWER:
            raise ApiError(0, "TooLarge", "the server's answer is larger than 512 MiB: use a smaller --chunk-size")
        return body
    finally:
        response.release_conn()


def _retry_after(value: str | None) -> float | None:
    if value is None or not value.isascii() or not value.isdigit():
        return None
    return min(float(value), LONGEST_WAIT)


def from_response(status: int, body: bytes) -> ApiError:
    """Return the error that an unsuccessful answer stands for: the Status object's words, else the text itself."""
    try:
        said = msgspec.json.decode(body, type=_Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = _Status(body[:300].decode("utf-8", "replace").strip())
    return ApiError(status, said.reason, said.message or f"the server answered {status}", body)
