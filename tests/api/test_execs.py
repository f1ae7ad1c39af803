"""Exec over our own WebSocket: every header, the protocol's channels, and nothing that a server sends gets further than a result."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable

import pytest
import trustme
from msgspec import structs

from kubectl_seccomp.cluster.connection import Connection, Fixed, Proof
from kubectl_seccomp.cluster.execs import MOST_OUTPUT, READERS, ExecResult, read_status, run
from kubectl_seccomp.words import Observation
from tests.api.websockets import Exec, Peer, Talk

STATUS = b"Name:\tcat\nPid:\t7\nNoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\n"
HEADERS = (
    ("Impersonate-User", "jane"),
    ("Impersonate-Group", "a"),
    ("Impersonate-Group", "b"),
    ("Impersonate-Extra-scopes", "view"),
    ("Impersonate-Uid", "ü"),
)
# As containerd 2.4 with runc 1.5 and as CRI-O 1.36 say it.
ABSENT = 'Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "fa": OCI runtime exec failed: exec failed: unable to start container process: exec: "{0}": executable file not found in $PATH'  # noqa: E501
ABSENT_CRIO = 'time="2026-11-24T06:57:33Z" level=error msg="exec failed: unable to start container process: exec: \\"{0}\\": executable file not found in $PATH"\n'  # noqa: E501


@pytest.fixture
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    return context


@pytest.fixture
def serve(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> Callable[..., tuple[Exec, Connection]]:
    def start(*talk: Talk) -> tuple[Exec, Connection]:
        server = Exec(server_context, *talk)
        return server, Connection(server.url, headers=HEADERS, source=Fixed(Proof("Bearer tok", client_context)))

    return start


Serve = Callable[..., tuple[Exec, Connection]]


def execute(connection: Connection, *command: str, timeout: float = 5.0) -> ExecResult:
    return run(connection, "shop", "web-0", "app", command or ("true",), timeout)


def succeed(peer: Peer) -> None:
    peer.accept()
    peer.frame(1, b"")
    peer.frame(1, STATUS[:20])
    peer.frame(2, b"warning")
    peer.frame(1, STATUS[20:])
    peer.status()


def exits(code: int, stderr: bytes = b"") -> Talk:
    def talk(peer: Peer) -> None:
        peer.accept("v4.channel.k8s.io")
        peer.frame(2, stderr)
        cause = {"reason": "ExitCode", "message": str(code)}
        peer.status(status="Failure", reason="NonZeroExitCode", message="command terminated", details={"causes": [cause]})

    return talk


def fails(message: str) -> Talk:
    def talk(peer: Peer) -> None:
        peer.accept()
        peer.status(status="Failure", reason="InternalError", message=message, code=500)

    return talk


def absent(peer: Peer) -> None:
    fails(ABSENT.format(peer_command(peer)))(peer)


def peer_command(peer: Peer) -> str:
    return next(value for key, value in peer.query if key == "command")


def absent_crio(peer: Peer) -> None:
    exits(255, ABSENT_CRIO.format(peer_command(peer)).encode())(peer)


def silent(_peer: Peer) -> None:
    """Hangs up without a word."""


def test_output_and_status(serve: Serve) -> None:
    server, connection = serve(succeed)
    with server:
        assert execute(connection) == ExecResult(STATUS, 0, stderr=b"warning")


def test_the_request_carries_every_header_and_every_word(serve: Serve) -> None:
    server, connection = serve(succeed)
    words = ("sh", "-c", 'while read -r l; do echo "$l"; done', "", "a&b=c+ü")
    with server:
        execute(connection, *words)
    (peer,) = server.peers
    assert peer.target.startswith("/api/v1/namespaces/shop/pods/web-0/exec?")
    assert [value for key, value in peer.query if key == "command"] == list(words)
    assert {key: value for key, value in peer.query if key != "command"} == {"container": "app", "stdout": "true", "stderr": "true"}
    assert peer.header("Authorization") == ["Bearer tok"]
    assert peer.header("Impersonate-User") == ["jane"]
    assert peer.header("Impersonate-Group") == ["a", "b"]
    assert peer.header("Impersonate-Extra-scopes") == ["view"]
    assert peer.header("Impersonate-Uid") == ["ü"]
    assert peer.header("User-Agent")[0].startswith("kubectl-seccomp/")
    assert peer.header("Sec-WebSocket-Protocol") == ["v5.channel.k8s.io,v4.channel.k8s.io"]
    assert peer.header("Origin") == []


@pytest.mark.parametrize(("talk", "told"), [(succeed, "101"), (lambda peer: peer.refuse(403, "no"), "403"), (silent, "no answer")])
def test_the_trace_tells_of_it_and_no_secret(serve: Serve, talk: Talk, told: str) -> None:
    server, connection = serve(talk)
    lines: list[str] = []
    with server:
        execute(structs.replace(connection, trace=lines.append))
    path = "/api/v1/namespaces/shop/pods/web-0/exec?container=app&stdout=true&stderr=true&command=true"
    assert [line.partition(" in ")[0] for line in lines] == [f"GET {server.url}{path} {told}"]


def test_an_address_with_a_path(serve: Serve) -> None:
    server, connection = serve(succeed)
    with server:
        assert execute(structs.replace(connection, server=f"{server.url}/k8s/clusters/c-1")).exit_code == 0
    assert server.peers[0].target.startswith("/k8s/clusters/c-1/api/v1/namespaces/shop/")


def test_names_cannot_leave_their_place_in_the_path(serve: Serve) -> None:
    server, connection = serve(succeed)
    with server:
        run(connection, "a/../b", "x?y=z", "c&command=rm", ("true",), 5)
    (peer,) = server.peers
    assert peer.target.startswith("/api/v1/namespaces/a%2F..%2Fb/pods/x%3Fy%3Dz/exec?")
    assert run(connection, "shop", "..", "c", ("true",), 5).error == 'invalid resource name ".."'
    assert [value for key, value in peer.query if key == "command"] == ["true"]


def test_an_exit_code_is_no_success(serve: Serve) -> None:
    server, connection = serve(exits(3, b"cat: no\x1b[31m\n"))
    with server:
        result = execute(connection)
    assert (result.exit_code, result.stderr) == (3, b"cat: no\x1b[31m\n")
    assert result.error == "exit code 3: cat: no\\x1b[31m"


@pytest.mark.parametrize(
    ("code", "message", "expected", "forbidden"),
    [
        (
            403,
            'pods "web-0" is forbidden: User "u" cannot create resource "pods/exec" in API group "" in the namespace "shop"',
            "cannot create",
            True,
        ),
        (
            403,
            'pods "web-0" is forbidden: User "u" cannot get resource "pods/exec" in API group "" in the namespace "shop"',
            "cannot get",
            True,
        ),
        (401, "Unauthorized", "unauthorized", True),
        (404, 'pods "web-0" not found', 'pods "web-0" not found', False),
        (400, "container app is not valid for pod web-0", "container app is not valid", False),
        (500, "error dialing backend", "error dialing backend", False),
    ],
)
def test_refusals_keep_the_servers_words(serve: Serve, code: int, message: str, expected: str, forbidden: bool) -> None:
    server, connection = serve(lambda peer: peer.refuse(code, message))
    with server:
        result = execute(connection)
    assert result.forbidden is forbidden
    assert expected in (result.error or "")
    assert result.exit_code is None


def test_redirects_are_not_followed(serve: Serve) -> None:
    server, connection = serve(
        lambda peer: peer.socket.sendall(b"HTTP/1.1 302 Found\r\nLocation: wss://127.0.0.1:1/steal\r\nContent-Length: 0\r\n\r\n")
    )
    with server:
        result = execute(connection)
    assert "broke off" in (result.error or "")
    assert len(server.peers) == 1


def flood(peer: Peer) -> None:
    peer.accept()
    for _ in range(64):
        peer.frame(1, b"y" * 16384)
    peer.status()


def hang(peer: Peer) -> None:
    peer.accept()
    peer.frame(1, STATUS)
    peer.socket.recv(1)


def pinging(peer: Peer) -> None:
    """Never silent for long, never done."""
    peer.accept()
    while True:
        peer.frame(1, b"", opcode=9)
        threading.Event().wait(0.05)


def trickle(peer: Peer) -> None:
    peer.socket.sendall(b"HTTP/1.1 101 Switching Protocols\r\n")
    while True:
        peer.socket.sendall(b"X")
        threading.Event().wait(0.05)


def raw(data: bytes) -> Talk:
    def talk(peer: Peer) -> None:
        peer.accept()
        peer.socket.sendall(data)

    return talk


def endless_body(peer: Peer) -> None:
    peer.socket.sendall(b"HTTP/1.1 500 no\r\nContent-Length: 999999999999\r\n\r\n")
    while True:
        peer.socket.sendall(b"x" * 65536)


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (flood, f"more than {MOST_OUTPUT // 1024} KiB"),
        (hang, "did not end within 0.4s"),
        (pinging, "did not end within 0.4s"),
        (trickle, "did not end within 0.4s"),
        (endless_body, "broke off: the server sends more"),
        (lambda peer: peer.accept("v1.channel.k8s.io"), "broke off"),
        (lambda peer: peer.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), ""),
        (lambda peer: peer.socket.sendall(b"HTTP/1.1 101 \xff\r\n\r\n"), "broke off"),
        (lambda peer: peer.socket.sendall(b"HTTP/1.1 101 x\r\nSet-Cookie: \x01=;;\r\n\r\n"), "broke off"),
        (lambda peer: peer.socket.sendall(b"SSH-2.0\r\n\r\n"), "broke off"),
        (silent, "broke off"),
        (raw(b""), "broke off"),
        (raw(b"\x82\x7f" + b"\xff" * 8), "broke off"),
        (raw(b"\x8f\x00"), "broke off"),
        (raw(b"\x88\x02\x03\xe8"), "without the command's status"),
        (raw(b"\x82\x00\x88\x00"), "without the command's status"),
        (raw(b"\x82\x03\x03{]"), "status that could not be decoded"),
        (raw(b"\x82\x05\x03null"), "status that could not be decoded"),
        (raw(b"\x82\x03\x03{}"), "the exec failed"),
    ],
)
def test_no_answer_raises_or_hangs_and_a_part_is_no_answer(serve: Serve, talk: Talk, expected: str) -> None:
    server, connection = serve(talk)
    with server:
        result = execute(connection, timeout=0.4 if expected.startswith("did not end") else 5.0)
    assert result.stdout == b""
    assert result.exit_code is None
    assert expected in (result.error or "")
    assert result.error


def test_a_certificate_of_somebody_else_ends_it(serve: Serve) -> None:
    server, connection = serve(succeed)
    with server:
        result = execute(structs.replace(connection, source=Fixed(Proof(None, ssl.create_default_context()))))
    assert "certificate verify failed" in (result.error or "").lower()
    assert server.peers == []


def test_the_certificate_is_checked_for_the_name_that_was_given(serve: Serve) -> None:
    server, connection = serve(succeed)
    with server:
        result = execute(structs.replace(connection, server_hostname="elsewhere.internal"))
        assert "mismatch" in (result.error or "").lower()
        assert execute(connection).exit_code == 0


def test_nobody_there() -> None:
    result = execute(Connection("http://127.0.0.1:1"))
    assert "refused" in (result.error or "").lower()


def test_an_environment_proxy_is_not_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server, connection = serve(succeed)
    with server:
        assert execute(connection).exit_code == 0


def test_an_interrupt_stays_an_interrupt(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_self: object, _size: int) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("kubectl_seccomp.cluster.wire.Wire.recv", interrupted)
    server, connection = serve(succeed)
    with server, pytest.raises(KeyboardInterrupt):
        execute(connection)


def status_of(connection: Connection) -> tuple[Observation, str]:
    seen = read_status(connection, "shop", "web-0", "app", 20)
    assert seen.via == "exec"
    return seen.state, seen.explanation or ""


@pytest.mark.parametrize("missing", [absent, absent_crio, exits(127), exits(126)])
@pytest.mark.parametrize("attempts", [0, 1, 5, len(READERS) - 1])
def test_the_next_program_when_one_is_not_there(serve: Serve, missing: Talk, attempts: int) -> None:
    server, connection = serve(*[missing] * attempts, succeed)
    with server:
        assert status_of(connection) == (Observation.FILTERED, "")
    assert [peer_command(peer) for peer in server.peers] == [reader[0] for reader in READERS[: attempts + 1]]
    assert all([value for key, value in peer.query if key == "command"][-1] == "/proc/self/status" for peer in server.peers)


def test_no_program_at_all(serve: Serve) -> None:
    server, connection = serve(absent)
    with server:
        assert status_of(connection) == (Observation.FAILED, "the image has no program that could read it (no shell)")
    assert len(server.peers) == len(READERS)


@pytest.mark.parametrize(
    ("talk", "why"),
    [
        (
            lambda peer: peer.refuse(403, 'pods "web-0" is forbidden: User "u" cannot create resource "pods/exec"'),
            "cannot create resource",
        ),
        (lambda peer: peer.refuse(404, 'pods "web-0" not found', "NotFound"), "not found"),
        (exits(1, b"cat: /proc/self/status: Permission denied"), "exit code 1: cat: /proc/self/status: Permission denied"),
        (exits(1, b"cat: can't open '/proc/self/status': No such file or directory"), "No such file"),
        (fails("cannot exec in a stopped container"), "stopped container"),
        (fails('exec: "other": executable file not found in $PATH'), "executable file not found"),
    ],
)
def test_other_failures_are_final(serve: Serve, talk: Talk, why: str) -> None:
    server, connection = serve(talk, succeed)
    with server:
        state, said = status_of(connection)
    assert state is Observation.FAILED
    assert why in said
    assert len(server.peers) == 1


def chatter(peer: Peer) -> None:
    peer.accept()
    peer.frame(1, b"Welcome! Seccomp:\t2\n")
    peer.status()


def test_a_program_that_prints_something_else_proves_nothing(serve: Serve) -> None:
    server, connection = serve(chatter, succeed)
    with server:
        assert status_of(connection)[0] is Observation.FILTERED
    assert len(server.peers) == 2


def test_time_holds_for_all_attempts_together(serve: Serve) -> None:
    """Each of them alone is well within it."""

    def slowly_absent(peer: Peer) -> None:
        threading.Event().wait(0.1)
        absent(peer)

    server, connection = serve(slowly_absent)
    with server:
        seen = read_status(connection, "shop", "web-0", "app", 0.3)
    assert seen.state is Observation.FAILED
    assert len(server.peers) < len(READERS) / 2
