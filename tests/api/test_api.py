"""Reading from the API server: what is sent, what is retried, what an error says."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest
from werkzeug import Request, Response

from kubectl_seccomp import __version__
from kubectl_seccomp.cluster.api import Api, ApiError, from_response, segment
from kubectl_seccomp.cluster.connection import Connection, Options
from kubectl_seccomp.cluster.transport import Transport
from tests.api.conftest import Fake, ok, status

PATH = "/api/v1/x"


def failure(api: Api, path: str = PATH, **more: float) -> ApiError:
    with pytest.raises(ApiError) as caught:
        api.get(path, **more)  # type: ignore[arg-type]
    return caught.value


def test_a_get_says_who_asks_and_what_it_wants(fake: Fake, api: Api) -> None:
    fake.on(PATH, {"a": 1})
    assert api.get(PATH, [("labelSelector", "a in (b, c)"), ("limit", "5")]) == b'{"a": 1}'
    request = fake.requests[0]
    assert request.args.to_dict() == {"labelSelector": "a in (b, c)", "limit": "5"}
    assert request.headers["User-Agent"] == f"kubectl-seccomp/{__version__}"
    assert request.headers["Accept"] == "application/json"
    assert "Authorization" not in request.headers


def test_accept_can_be_another(fake: Fake, api: Api) -> None:
    fake.on(PATH, ok(b"x", "text/plain"))
    assert api.get(PATH, accept="text/plain") == b"x"
    assert fake.requests[0].headers["Accept"] == "text/plain"


@pytest.mark.parametrize(("disabled", "asked"), [(False, "gzip"), (True, "identity")])
def test_compression(fake: Fake, options: Options, open_api: Callable[[Options], Api], disabled: bool, asked: str) -> None:
    body = b"seccomp " * 50_000

    def answer(request: Request) -> Response:
        if "gzip" not in request.headers["Accept-Encoding"]:
            return ok(body)
        return Response(gzip.compress(body), 200, headers={"Content-Encoding": "gzip"})

    fake.on(PATH, answer)
    api = open_api(msgspec.structs.replace(options, disable_compression=disabled))
    assert api.get(PATH) == body
    assert fake.requests[0].headers["Accept-Encoding"] == asked


def test_a_bomb_is_not_unpacked(fake: Fake, api: Api) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    fake.on(PATH, Response(bomb, 200, headers={"Content-Encoding": "gzip"}))
    assert "larger than 1024 KiB" in failure(api, limit=1024 * 1024).why


def test_broken_compression_is_an_error(fake: Fake, api: Api) -> None:
    fake.on(PATH, Response(b"no gzip at all", 200, headers={"Content-Encoding": "gzip"}))
    assert failure(api).status == 0


RETRIED = [
    ("429 with its wait", [status(429, "TooManyRequests", "x", {"Retry-After": "7"})], [7.0]),
    ("a wait without end", [status(429, "TooManyRequests", "x", {"Retry-After": "86400"})], [30.0]),
    ("a wait that is a date", [status(503, "x", "x", {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"})], [0.25]),
    ("a wait that is no number", [status(429, "x", "x", {"Retry-After": "-1"})], [0.25]),
    ("500 then 503", [status(500, "x", "x"), status(503, "x", "x")], [0.25, 0.5]),
    ("three of them", [Response("bad", 502), Response("", 504), status(500, "x", "x")], [0.25, 0.5, 1.0]),
]


@pytest.mark.parametrize(("answers", "waits"), [row[1:] for row in RETRIED], ids=[row[0] for row in RETRIED])
def test_retried(fake: Fake, api: Api, slept: list[float], answers: list[Response], waits: list[float]) -> None:
    fake.on(PATH, *answers, {"fine": True})
    assert api.get(PATH) == b'{"fine": true}'
    assert slept == waits


def test_retries_end(fake: Fake, api: Api, slept: list[float]) -> None:
    fake.on(PATH, status(500, "InternalError", "etcd is gone"))
    error = failure(api)
    assert (error.status, error.reason, error.why) == (500, "InternalError", "etcd is gone")
    assert len(fake.requests) == 4
    assert len(slept) == 3


@pytest.mark.parametrize("code", [301, 307, 400, 401, 403, 404, 406, 410, 422, 501])
def test_not_retried(fake: Fake, api: Api, slept: list[float], code: int) -> None:
    fake.on(PATH, status(code, "Reason", "words", {"Location": "/elsewhere"}))
    assert failure(api).status == code
    assert len(fake.requests) == 1
    assert slept == []


def test_a_pool_follows_no_redirect_by_itself(fake: Fake, connection: Connection) -> None:
    fake.on(PATH, Response("", 302, headers={"Location": "/elsewhere"}))
    http = Transport(connection)
    assert http.request("GET", fake.url + PATH).status == 302
    assert [request.path for request in fake.requests] == [PATH]
    http.clear()


WHY = [
    (
        403,
        b'{"message": "pods is forbidden: User \\"u\\" cannot list resource \\"pods\\""}',
        'forbidden: User "u" cannot list resource "pods"',
    ),
    (403, b"Forbidden", "forbidden"),
    (403, b"Forbidden (user=u, verb=get)", "forbidden: Forbidden (user=u, verb=get)"),
    (401, b'{"message": "Unauthorized", "reason": "Unauthorized"}', "unauthorized"),
    (404, b'{"message": "pods \\"x\\" not found"}', 'pods "x" not found'),
    (502, b"<html>\n <b>bad</b>\r\n</html>", "a web page, with status 502, is not an answer from a Kubernetes API server"),
    (500, b'{"reason": "InternalError"}', "InternalError"),
    (500, b"", "the server answered 500"),
    (500, b"[1]", "[1]"),
    (500, b'{"message": 5}', '{"message": 5}'),
    (500, b'"\\u001b[2J"', '"\\u001b[2J"'),
    (500, b'{"message": "\\u001b[2J\\u0007 x"}', "\\x1b[2J\\x07 x"),
    (500, b"\x1b[31mred\xff", "\\x1b[31mred\N{REPLACEMENT CHARACTER}"),
]


@pytest.mark.parametrize(("code", "body", "why"), WHY)
def test_why(code: int, body: bytes, why: str) -> None:
    assert from_response(code, body).why == why


def test_endless_words_are_cut() -> None:
    assert len(from_response(500, b"x" * 1_000_000).why) <= 400
    assert len(from_response(500, b'{"message": "' + b"x" * 1_000_000 + b'"}').why) <= 400
    assert from_response(500, b'{"message":' + b"[" * 100_000).status == 500


def test_a_large_refusal_is_not_read_to_its_end(fake: Fake, api: Api) -> None:
    fake.on(PATH, Response(b"x" * 10_000_000, 403))
    assert failure(api).why == "forbidden: the server answered 403"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_names_that_lead_elsewhere(name: str) -> None:
    with pytest.raises(ApiError, match="invalid resource name"):
        segment(name)


@pytest.mark.parametrize(("name", "quoted"), [("a.b-c", "a.b-c"), ("a/../b?c#d", "a%2F..%2Fb%3Fc%23d"), ("a\ud800", "a%3F")])
def test_names_are_quoted(name: str, quoted: str) -> None:
    assert segment(name) == quoted


@contextmanager
def raw_server(serve: Callable[[socket.socket], None], times: int) -> Iterator[str]:
    """A TCP server that hands `times` connections to `serve` one after the other."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def accept() -> None:
            for _ in range(times):
                with listening.accept()[0] as connected:
                    connected.settimeout(10)
                    connected.recv(65536)
                    serve(connected)

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"])
def test_a_connection_that_breaks_is_tried_again(said: bytes, open_api: Callable[[Options], Api]) -> None:
    answers = [said, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"]
    with raw_server(lambda connected: connected.sendall(answers.pop(0)), 2) as url:
        assert open_api(Options(server=url)).get(PATH) == b"{}"


def test_a_server_that_only_breaks(open_api: Callable[[Options], Api]) -> None:
    with raw_server(lambda _: None, 4) as url:
        error = failure(open_api(Options(server=url)))
    assert error.status == 0
    assert error.why.startswith(f"the connection to {url} broke: ")


def test_a_server_that_is_not_http(open_api: Callable[[Options], Api]) -> None:
    with raw_server(lambda connected: connected.sendall(b"SSH-2.0-x\r\n"), 4) as url:
        assert failure(open_api(Options(server=url))).status == 0


def test_a_silent_server_is_asked_once(open_api: Callable[[Options], Api]) -> None:
    done = threading.Event()

    def wait(_: socket.socket) -> None:
        done.wait(10)

    with raw_server(wait, 1) as url:
        error = failure(open_api(Options(server=url, request_timeout="100ms")))
        done.set()
    assert (error.status, error.why) == (0, "timeout after 0.1s")


def test_a_dripping_server_runs_into_the_limit_on_the_whole(fake: Fake, connection: Connection) -> None:
    ticks = iter(range(0, 100_000, 3))
    fake.on(PATH, ok(b"x" * 5_000_000))
    api = Api(connection, clock=lambda: float(next(ticks)))
    assert "took too long" in failure(api, timeout=5).why
    api.close()


def test_nobody_listens(open_api: Callable[[Options], Api]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = failure(open_api(Options(server=f"http://127.0.0.1:{port}")))
    assert (error.status, error.why) == (0, f"cannot reach http://127.0.0.1:{port}: Connection refused")


def test_a_base_path_is_kept(fake: Fake, options: Options, open_api: Callable[[Options], Api]) -> None:
    fake.on("/k8s/clusters/c-1/api/v1/x", {})
    api = open_api(msgspec.structs.replace(options, server=f"{fake.url}/k8s/clusters/c-1/"))
    assert api.get(PATH) == b"{}"
