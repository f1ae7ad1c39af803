"""A fake API server over TLS, and ways to connect to it."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler

from kubectl_seccomp.cluster.api import Api
from kubectl_seccomp.cluster.connection import Connection, Options
from kubectl_seccomp.cluster.kubeconfig import connect

# An answer is several small writes: each would wait until the one before it is acknowledged, and clients take their time.
WSGIRequestHandler.disable_nagle_algorithm = True

Answer = Response | Callable[[Request], Response] | dict[str, Any]


class Fake:
    """A server that gives each path its answers in turn (the last one for ever), and keeps what it was asked."""

    def __init__(self, server: HTTPServer) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[Request] = []
        self.url = server.url_for("").rstrip("/")
        server.expect_request(re.compile("/.*")).respond_with_handler(self._answer)

    def on(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def queries(self, name: str) -> list[str | None]:
        return [request.args.get(name) for request in self.requests]

    def _answer(self, request: Request) -> Response:
        self.requests.append(request)
        waiting = self.answers.get(request.path)
        if not waiting:
            return status(404, "NotFound", f'"{request.path}" not found')
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, dict):
            return ok(answer)
        # A Response is used up by sending it: send a copy.
        return Response(answer.get_data(), answer.status, answer.headers) if isinstance(answer, Response) else answer(request)


def ok(body: dict[str, Any] | bytes, content_type: str = "application/json") -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(content, 200, content_type=content_type)


def status(code: int, reason: str, message: str, headers: dict[str, str] | None = None, fresh: str = "") -> Response:
    """A refusal as the API server words it; `fresh` is the continue token of an expired list."""
    body = {"kind": "Status", "reason": reason, "message": message, "metadata": {"continue": fresh}}
    return Response(json.dumps(body), code, headers=headers, content_type="application/json")


def page(names: list[str], token: str = "") -> dict[str, Any]:
    items = [{"metadata": {"name": name, "namespace": "default"}, "spec": {"containers": []}} for name in names]
    return {"kind": "PodList", "metadata": {"continue": token, "resourceVersion": "7"}, "items": items}


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.crt"
    authority.cert_pem.write_to_path(path)
    return str(path)


def _serve(authority: trustme.CA | None, name: str = "127.0.0.1", *, strict: bool = False) -> HTTPServer:
    if authority is None:
        return HTTPServer("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    if strict:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    return HTTPServer("127.0.0.1", ssl_context=context)


@pytest.fixture(scope="session")
def servers(authority: trustme.CA) -> Iterator[dict[str, HTTPServer]]:
    """Started once, and stopped together: stopping one takes half a second."""
    made = {
        "tls": _serve(authority),
        "strict": _serve(authority, strict=True),
        "named": _serve(authority, "kube.internal"),
        "plain": _serve(None),
    }
    with ThreadPoolExecutor(len(made)) as threads:
        list(threads.map(HTTPServer.start, made.values()))
        yield made
        list(threads.map(HTTPServer.stop, made.values()))


def _fresh(server: HTTPServer) -> Fake:
    server.clear()
    return Fake(server)


@pytest.fixture
def fake(servers: dict[str, HTTPServer]) -> Fake:
    return _fresh(servers["tls"])


@pytest.fixture
def strict_fake(servers: dict[str, HTTPServer]) -> Fake:
    """A server that lets nobody in without a certificate of the same authority."""
    return _fresh(servers["strict"])


@pytest.fixture
def named_fake(servers: dict[str, HTTPServer]) -> Fake:
    """A server whose certificate is for another name than its address."""
    return _fresh(servers["named"])


@pytest.fixture
def plain_fake(servers: dict[str, HTTPServer]) -> Fake:
    return _fresh(servers["plain"])


@pytest.fixture
def options(fake: Fake, ca_file: str) -> Options:
    return Options(server=fake.url, certificate_authority=ca_file)


@pytest.fixture
def open_api() -> Iterator[Callable[[Options], Api]]:
    """Connects by options alone, without the kubeconfig of whoever runs the tests."""
    opened: list[Api] = []

    def open_(options: Options) -> Api:
        opened.append(Api(connect(options, {}, Path("/nonexistent")), sleep=lambda _: None))
        return opened[-1]

    yield open_
    for api in opened:
        api.close()


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def connection(options: Options) -> Connection:
    return connect(options, {}, Path("/nonexistent"))


@pytest.fixture
def api(connection: Connection, slept: list[float]) -> Iterator[Api]:
    api = Api(connection, sleep=slept.append)
    yield api
    api.close()
