"""Reading through kubectl: what it is asked, what its answers and its errors become. The real one: tests/cluster/test_viakubectl.py."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kubectl_seccomp.cluster.api import ApiError
from kubectl_seccomp.cluster.connection import Options
from kubectl_seccomp.cluster.execs import run
from kubectl_seccomp.cluster.pods import PodClient
from kubectl_seccomp.cluster.viakubectl import MOST_AT_ONCE, ViaKubectl, refusal
from kubectl_seccomp.fault import Fault

VIEW = {"contexts": [{"name": "lab", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}]}
SECRET = "s3cret-t0ken"
Make = Callable[..., ViaKubectl]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A kubectl that notes its arguments and then does what a test says."""

    def make(body: str, options: Options | None = None, view: str = json.dumps(VIEW), **more: object) -> ViaKubectl:
        program = tmp_path / "kubectl"
        noted = f'for word in "$@"; do printf \'%s\\n\' "$word"; done >> {tmp_path}/words; echo >> {tmp_path}/words'
        program.write_text(f"#!/bin/sh\n{noted}\nif [ \"$1\" = config ]; then echo '{view}'; exit; fi\n{body}\n")
        program.chmod(0o700)
        return ViaKubectl(options or Options(), {"PATH": f"{tmp_path}:/usr/bin:/bin"}, sleep=lambda _: None, **more)  # type: ignore[arg-type]

    return make


def calls(folder: Path) -> list[list[str]]:
    return [call.splitlines() for call in (folder / "words").read_text().split("\n\n") if call]


def failure(api: ViaKubectl, **more: object) -> ApiError:
    with pytest.raises(ApiError) as caught:
        api.get("/version", **more)  # type: ignore[arg-type]
    return caught.value


def test_a_get(make: Make, tmp_path: Path) -> None:
    api = make("echo '{}'")
    assert api.get("/api/v1/pods", [("limit", "5"), ("labelSelector", "a=b,c in (d)")]) == b"{}\n"
    assert calls(tmp_path) == [
        ["config", "view", "--minify", "-o", "json"],
        ["get", "--raw", "/api/v1/pods?limit=5&labelSelector=a%3Db%2Cc+in+%28d%29"],
    ]
    assert (api.connection.context, api.connection.namespace) == ("lab", "shop")


GIVEN = Options(
    kubeconfig="k", context="c", cluster="l", user="u", namespace="n", server="https://s", token="t", certificate_authority="a",
    client_certificate="b", client_key="d", insecure_skip_tls_verify=True, tls_server_name="e", as_user="-f", as_groups=["g", "h"],
    as_uid="i", as_user_extra=["j=k", "l=m"], request_timeout="1.5s", disable_compression=True, username="o", password="p",
    proxy_url="q", via_kubectl=True, verbosity=6,
)  # fmt: skip
PASSED = [
    "--kubeconfig=k", "--context=c", "--cluster=l", "--user=u", "--server=https://s", "--token=t", "--certificate-authority=a",
    "--client-certificate=b", "--client-key=d", "--insecure-skip-tls-verify", "--tls-server-name=e", "--as=-f", "--as-group=g",
    "--as-group=h", "--as-uid=i", "--as-user-extra=j=k", "--as-user-extra=l=m", "--request-timeout=1500ms",
    "--disable-compression", "--username=o", "--password=p", "--proxy-url=q",
]  # fmt: skip


def test_the_flags_are_passed_on(make: Make, tmp_path: Path) -> None:
    # A new option that is not given here is one that nobody has thought of passing on.
    assert [name for name in GIVEN.__struct_fields__ if not getattr(GIVEN, name)] == []
    api = make("echo '{}'", GIVEN)
    api.get("/version")
    view, get = calls(tmp_path)
    assert sorted(view[5:]) == ["--context=c", "--kubeconfig=k"]
    assert sorted(get[3:]) == sorted(PASSED)
    assert (api.connection.namespace, api.connection.timeout) == ("n", 1.5)


def test_the_kubectl_that_started_us_goes_first(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kubectl").write_text(f"#!/bin/sh\necho {name}\n")
        (tmp_path / name / "kubectl").chmod(0o700)
    path = {"PATH": f"{tmp_path}/one:/usr/bin:/bin"}
    assert ViaKubectl(Options(), path).get("/version") == b"one\n"
    assert ViaKubectl(Options(), {**path, "KUBECTL_PATH": str(tmp_path / "two" / "kubectl")}).get("/version") == b"two\n"


def test_no_kubectl(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="there is no kubectl on PATH"):
        ViaKubectl(Options(), {"PATH": str(tmp_path)})
    with pytest.raises(Fault, match="/nonexistent cannot be run: No such file or directory") as caught:
        ViaKubectl(Options(token=SECRET), {"KUBECTL_PATH": "/nonexistent"})
    assert SECRET not in repr(caught.value)


@pytest.mark.parametrize("view", ["", "null", "{}", "no json", '{"contexts": []}', '{"contexts": 1}'])
def test_no_context_is_no_error_yet(make: Make, view: str) -> None:
    api = make("echo '{}'", view=view)
    assert (api.connection.context, api.connection.namespace) == (None, "default")


SAID = [
    (
        'Error from server (Forbidden): pods is forbidden: User "u" cannot list resource "pods" in API group "" at the cluster scope',
        403,
        "Forbidden",
        'forbidden: User "u" cannot list resource "pods" in API group "" at the cluster scope',
    ),
    ('Error from server (NotFound): pods "x" not found', 404, "NotFound", 'pods "x" not found'),
    ("error: You must be logged in to the server (Unauthorized)", 401, "Unauthorized", "unauthorized"),
    ("Error from server (Expired): The continue parameter is too old", 410, "Expired", "The continue parameter is too old"),
    ("Error from server (ServiceUnavailable): the server\nis down", 503, "ServiceUnavailable", "the server is down"),
    ("Warning: old API\nError from server (BadRequest): no", 400, "BadRequest", "no"),
    ("Error from server: odd", 0, "", "odd"),
    ("Unable to connect to the server: dial tcp: nope", 0, "Unreachable", "kubectl: Unable to connect to the server: dial tcp: nope"),
    ('error: context "x" does not exist\n', 0, "Unreachable", 'kubectl: context "x" does not exist'),
    ("\x1b[31mbad\x1b[0m", 0, "Unreachable", "kubectl: \\x1b[31mbad\\x1b[0m"),
    ("", 0, "Unreachable", "kubectl failed without a message"),
]


@pytest.mark.parametrize(("said", "status", "reason", "why"), SAID)
def test_errors(said: str, status: int, reason: str, why: str) -> None:
    found = refusal(said)
    assert (found.status, found.reason, found.why) == (status, reason, why)


def test_a_refusal(make: Make) -> None:
    found = failure(make("echo 'Error from server (Forbidden): pods is forbidden: no' >&2; exit 1"))
    assert (found.status, found.why) == (403, "forbidden: no")


def test_a_busy_server_is_asked_again(make: Make, tmp_path: Path) -> None:
    again = f"test -e {tmp_path}/once && echo '{{}}' && exit; touch {tmp_path}/once"
    assert make(f"{again}; echo 'Error from server (ServiceUnavailable): x' >&2; exit 1").get("/version") == b"{}\n"


def test_one_that_hangs_is_ended(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    api = make("exec sleep 60")
    monkeypatch.setattr("kubectl_seccomp.cluster.viakubectl.SPARE_SECONDS", 0.2)
    started = time.monotonic()
    found = failure(api, timeout=0.1)
    assert found.reason == "Timeout"
    assert time.monotonic() - started < 20


def test_an_endless_answer_is_cut(make: Make) -> None:
    assert failure(make("exec yes"), limit=100_000).reason == "TooLarge"


def test_endless_words_are_cut(make: Make) -> None:
    assert len(failure(make("yes x | head -c 10000000 >&2; exit 1")).message) < 500


def test_not_too_many_at_once(make: Make, tmp_path: Path) -> None:
    body = f"touch {tmp_path}/on.$$; ls {tmp_path} | grep -c '^on' >> {tmp_path}/count; sleep 0.1; rm {tmp_path}/on.$$; echo '{{}}'"
    api = make(body)
    with ThreadPoolExecutor(12) as threads:
        assert set(threads.map(lambda _: api.get("/version"), range(12))) == {b"{}\n"}
    assert 1 < max(map(int, (tmp_path / "count").read_text().split())) <= MOST_AT_ONCE


def test_what_it_cannot_do_is_said(make: Make) -> None:
    connection = make("echo '{}'").connection
    assert run(connection, "n", "p", "c", ("true",), 5).error == "not possible with --via-kubectl, which only reads"
    with pytest.raises(ApiError, match="not possible with --via-kubectl, which only reads: POST") as caught:
        PodClient(connection).create("n", {})
    assert caught.value.status == 405


def test_the_trace_tells_no_flags(make: Make) -> None:
    told: list[str] = []
    make("echo '{}'", Options(token=SECRET), trace=told.append).get("/version")
    assert len(told) == 1
    assert told[0].startswith("GET /version kubectl's exit code 0 in ")
