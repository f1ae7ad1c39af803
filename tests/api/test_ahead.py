"""Pages asked for ahead: the early token is only a guess, and whatever goes wrong, no pod is lost or read twice."""

from __future__ import annotations

import contextlib
import gzip
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from kubectl_seccomp.cluster import lists
from kubectl_seccomp.cluster.ahead import MOST_AHEAD, MOST_IN_FLIGHT, next_token
from kubectl_seccomp.cluster.api import Api
from kubectl_seccomp.cluster.connection import Connection
from kubectl_seccomp.model import Gap
from tests.api.conftest import page

PODS, SIZE = 97, 10


@pytest.mark.parametrize(
    ("beginning", "token"),
    [
        (
            b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"eyJ2"},"items":[',
            "eyJ2",
        ),
        (b'{"kind": "PodList", "metadata": {"continue": "abc', None),
        (b'{"kind": "PodList", "metadata": {"continue": "abc"', "abc"),
        (b'{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"continue":"no"}}]}', None),
        (b'{"items":[{"metadata":{"continue":"no"}}],"metadata":{"continue":"late"}}', None),
        (b'{"metadata":{"continue":""},"items":[]}', None),
        (b"", None),
    ],
)
def test_the_token_in_the_first_bytes(beginning: bytes, token: str | None) -> None:
    assert next_token(beginning) == token


class Listing:
    """A server of PODS pods over plain HTTP that can be told to spoil answers, and counts what is in flight.

    `spoil` is asked for every request with its number and start; it returns None, a status with a fresh token, or a number of bytes
    after which the connection is cut.
    """

    def __init__(self, spoil: Callable[[int, int], Any] = lambda _number, _start: None) -> None:
        self.spoil = spoil
        self.lock = threading.Lock()
        self.asked: list[int] = []
        self.flying = self.most = 0
        listing = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes

            def do_GET(self) -> None:
                with listing.lock:
                    listing.flying += 1
                    listing.most = max(listing.most, listing.flying)
                try:
                    with contextlib.suppress(BrokenPipeError):  # who asked has been interrupted
                        listing.answer(self)
                finally:
                    with listing.lock:
                        listing.flying -= 1

            def log_message(self, *_words: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        token = parse_qs(urlsplit(request.path).query).get("continue", ["0"])[0]
        start = int(token.rpartition("-")[2])
        with self.lock:
            number = len(self.asked)
            self.asked.append(start)
        told = self.spoil(number, start)
        more = f"t-{start + SIZE}" if start + SIZE < PODS else ""
        body = json.dumps(page([f"p{n:03}" for n in range(start, min(start + SIZE, PODS))], more)).encode()
        code = 200
        if isinstance(told, tuple):
            code, fresh = told
            body = json.dumps({"kind": "Status", "reason": "Expired", "message": "too old", "metadata": {"continue": fresh}}).encode()
        request.send_response(code)
        packed = gzip.compress(body)
        request.send_header("Content-Length", str(len(packed)))
        request.send_header("Content-Encoding", "gzip")
        if code == 429:
            request.send_header("Retry-After", "3")
        request.end_headers()
        if isinstance(told, int):
            request.wfile.write(packed[:told])
            request.wfile.flush()
            request.connection.shutdown(socket.SHUT_RDWR)
            request.close_connection = True
            return
        request.wfile.write(packed)


@pytest.fixture
def listing() -> Iterator[Listing]:
    made = Listing()
    yield made
    made.server.shutdown()
    made.server.server_close()


def read(listing: Listing, waits: list[float] | None = None) -> list[str | Gap]:
    slept: list[float] = [] if waits is None else waits
    api = Api(Connection(f"http://127.0.0.1:{listing.server.server_address[1]}", None, "default"), sleep=slept.append)
    found = [item if isinstance(item, Gap) else item.name for item in lists.pods(api, None, None, None, SIZE)]
    api.close()
    return found


ALL = [f"p{number:03}" for number in range(PODS)]


def test_every_pod_once_and_never_more_than_two_requests(listing: Listing) -> None:
    assert read(listing) == ALL
    assert listing.asked == list(range(0, PODS, SIZE))
    assert 1 <= listing.most <= MOST_IN_FLIGHT <= 2
    assert MOST_AHEAD <= 2


@pytest.mark.parametrize("cut", [0, 1, 40, 90])
@pytest.mark.parametrize("every", [2, 3])
def test_connections_that_break_in_the_middle_of_a_page(listing: Listing, cut: int, every: int) -> None:
    listing.spoil = lambda number, _start: cut if number % every == 1 else None
    assert read(listing) == ALL


def test_a_page_that_ends_elsewhere_at_the_second_attempt(listing: Listing) -> None:
    """The first page's connection breaks after its token was told; the second attempt's token is another one."""
    real = listing.answer
    seen: list[int] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        if "continue" not in request.path and not seen:
            seen.append(1)
            body = json.dumps(page([f"q{n:03}" for n in range(SIZE)], "t-55")).encode()
            request.send_response(200)
            request.send_header("Content-Length", str(len(body) + 9))
            request.end_headers()
            request.wfile.write(body)
            request.close_connection = True
            return
        real(request)

    listing.answer = answer  # type: ignore[method-assign]
    assert read(listing) == ALL
    assert listing.asked.count(55) <= 1


@pytest.mark.parametrize("which", [1, 4, 9])
def test_an_expired_token_is_replaced_in_the_middle_of_the_pipeline(listing: Listing, which: int) -> None:
    spoiled: list[int] = []

    def spoil(_number: int, start: int) -> tuple[int, str] | None:
        if start == which * SIZE and not spoiled:
            spoiled.append(start)
            return (410, f"fresh-{start}")
        return None

    listing.spoil = spoil
    assert read(listing) == ALL


def test_who_is_told_to_slow_down_waits(listing: Listing) -> None:
    listing.spoil = lambda number, _start: (429, "") if number in (0, 3, 4) else None
    waits: list[float] = []
    assert read(listing, waits) == ALL
    assert waits == [3.0] * 3


def test_a_page_that_never_comes_ends_the_list_with_a_gap_and_all_before_it(listing: Listing) -> None:
    listing.spoil = lambda _number, start: 60 if start == 50 else None
    *before, gap = read(listing)
    assert before == ALL[:50]
    assert isinstance(gap, Gap)
    assert "the list broke off after 5 pages" in gap.why


@pytest.mark.parametrize("hangs_at", [0, 20, 50])
def test_an_interrupt_ends_a_run_whose_server_hangs_in_the_middle_of_a_list(listing: Listing, hangs_at: int) -> None:
    over = threading.Event()
    reached = threading.Event()

    def spoil(_number: int, start: int) -> None:
        if start == hangs_at:
            reached.set()
            over.wait(60)

    listing.spoil = spoil
    command = [sys.executable, "-m", "kubectl_seccomp", "list", "-A", "--chunk-size", str(SIZE)]
    server = f"http://127.0.0.1:{listing.server.server_address[1]}"
    child = subprocess.Popen([*command, "--server", server], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert reached.wait(30)
        child.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, stderr = child.communicate(timeout=30)
        assert time.monotonic() - began < 10  # far less than the server hangs, and than any limit of a request
        assert (child.returncode, "Traceback" in stderr) == (130, False)
    finally:
        over.set()
        child.kill()
