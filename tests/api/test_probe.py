"""The probe's life against a fake server: every ending has its sentence, and no ending leaves the pod behind."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import structs
from pytest_httpserver import HTTPServer
from werkzeug import Response

from kubectl_seccomp.cluster.api import Api
from kubectl_seccomp.cluster.connection import Connection, Options
from kubectl_seccomp.cluster.pods import PodClient
from kubectl_seccomp.cluster.probe import Asked, Settings, ask
from kubectl_seccomp.cluster.removal import FORCED, Time
from kubectl_seccomp.nodes.answer import Listing
from kubectl_seccomp.nodes.manifest import NOTHING_MORE, Wanted
from kubectl_seccomp.words import FileState
from tests.api.conftest import status
from tests.api.podserver import PodServer, answer_of

SETTINGS = Settings("kube-system", "busybox:1", 60.0)
ID = "4f2a" * 16
NO_SECCOMP = (
    'MountVolume.SetUp failed for volume "{0}" : hostPath type check failed, /d is not a directory,'
    ' unable to determine its type: path "/d" does not exist'
)
DOWN = status(503, "ServiceUnavailable", "apiserver not ready")


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def options(servers: dict[str, HTTPServer]) -> Options:
    """Without TLS, which would take most of the time: pods are asked for by the hundred."""
    return Options(server=servers["plain"].url_for("").rstrip("/"))


@pytest.fixture
def kube(api: Api, servers: dict[str, HTTPServer]) -> PodServer:
    """Takes the place of the fake that `api` is connected to."""
    kube = PodServer()
    assert api.connection.server == servers["plain"].url_for("").rstrip("/")
    servers["plain"].clear()
    servers["plain"].expect_request(re.compile("/.*")).respond_with_handler(kube)
    return kube


def probe(
    api: Api,
    clock: Clock,
    *paths: str,
    stop: threading.Event | None = None,
    settings: Settings = SETTINGS,
    wanted: Wanted = NOTHING_MORE,
) -> Asked:
    time = Time(clock.now, clock.sleep)
    return ask(
        api, PodClient(api.connection, clock.sleep), "node-a", "/r", (ID,), paths, settings, clock=time, stop=stop, wanted=wanted
    )


def why(asked: Asked) -> str:
    """The only gap's reason, of a question without an answer."""
    assert asked.answer is None
    assert [(gap.what, gap.where) for gap in asked.gaps] == [("node probe", "node/node-a")]
    return asked.gaps[0].why


def event(reason: str, message: str) -> dict[str, Any]:
    return {"reason": reason, "message": message, "type": "Warning"}


def waiting(reason: str) -> dict[str, Any]:
    return {"phase": "Pending", "containerStatuses": [{"name": "probe", "state": {"waiting": {"reason": reason}}}]}


def test_an_answer_and_nothing_left(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.log = lambda pod: answer_of(pod, f"process {ID} - 9 1 5 2 1 0")
    asked = probe(api, clock, "web.json")
    assert asked.gaps == ()
    assert asked.uids == ("uid-1",)
    assert asked.answer is not None
    assert [process.pid for process in asked.answer.processes] == [9]
    assert kube.pods == {}
    (deleted,) = [body for method, _, body in kube.seen if method == "DELETE"]
    assert (deleted["gracePeriodSeconds"], deleted["preconditions"]) == (1, {"uid": "uid-1"})


def test_every_request_carries_the_connections_headers(api: Api, kube: PodServer, clock: Clock, servers: dict[str, HTTPServer]) -> None:
    headers = (("Authorization", "Bearer tok"), ("Impersonate-User", "jane"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b"))
    connection: Connection = structs.replace(api.connection, headers=headers)
    other = Api(connection)
    probe(other, clock)
    other.close()
    assert set(kube.methods("POST", "GET", "DELETE")) == {"POST", "GET", "DELETE"}
    for request, _ in servers["plain"].log:
        assert request.headers["Authorization"] == "Bearer tok"
        assert request.headers["Impersonate-User"] == "jane"
        # WSGI joins equal header lines with a bare comma; one line with both would have a space in it.
        assert request.headers["Impersonate-Group"] == "a,b"
        assert request.headers["User-Agent"].startswith("kubectl-seccomp/")


def test_a_node_without_the_directory_is_asked_again_without_it(api: Api, kube: PodServer, clock: Clock) -> None:
    pending: list[dict[str, Any]] = [{"phase": "Pending"}] * 12
    kube.statuses = [*pending, {"phase": "Succeeded"}]
    kube.events = [event("FailedMount", NO_SECCOMP.format("seccomp"))]
    asked = probe(api, clock, "web.json", "b.json")
    assert asked.answer is not None
    assert [file.facts.state for file in asked.answer.files] == [FileState.MISSING] * 2
    assert [file.facts.path for file in asked.answer.files] == ["/r/seccomp/web.json", "/r/seccomp/b.json"]
    assert [[volume["name"] for volume in pod["spec"]["volumes"]] for pod in kube.made] == [["proc", "seccomp"], ["proc"]]
    assert len({pod["metadata"]["name"] for pod in kube.made}) == 2
    assert asked.uids == ("uid-1", "uid-2")
    assert kube.pods == {}


def test_without_the_operators_directory_its_files_are_still_looked_for(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.statuses = [*[{"phase": "Pending"}] * 12, {"phase": "Succeeded"}]
    kube.events = [event("FailedMount", NO_SECCOMP.format("spo"))]
    kube.log = lambda pod: answer_of(pod, "file 0 missing =L3g=")
    asked = probe(api, clock, "operator/ns/web.json")
    assert asked.answer is not None
    assert [file.facts.path for file in asked.answer.files] == ["/x"]
    first, second = kube.made
    assert [volume["name"] for volume in second["spec"]["volumes"]] == ["proc", "seccomp"]
    environment = {entry["name"]: entry["value"] for entry in second["spec"]["containers"][0]["env"]}
    assert environment["SPO"] == "/var/lib/security-profiles-operator"
    assert first["metadata"]["name"] not in kube.pods


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (status(403, "Forbidden", 'pods is forbidden: User "u" cannot create resource "pods"'), "cannot create resource"),
        (status(404, "NotFound", 'namespaces "kube-system" not found'), "--probe-namespace"),
        (status(403, "Forbidden", 'pods "p" is forbidden: violates PodSecurity "baseline:latest"'), "--probe-namespace"),
        (status(422, "Invalid", "spec.containers[0].image: Invalid value"), "Invalid value"),
    ],
)
def test_a_clear_refusal_is_final_and_there_is_nothing_to_remove(
    api: Api, kube: PodServer, clock: Clock, refusal: Response, expected: str
) -> None:
    kube.refusals["POST"] = iter([refusal])
    asked = probe(api, clock)
    assert expected in why(asked)
    assert asked.uids == ()
    assert kube.methods("DELETE", "GET") == []
    assert clock.seconds == 0


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_who_is_told_to_slow_down_waits_as_long_as_was_said(api: Api, kube: PodServer, clock: Clock, method: str) -> None:
    kube.refusals[method] = iter([status(429, "TooManyRequests", "slow down", {"Retry-After": "7"})] * 2)
    asked = probe(api, clock)
    assert asked.answer is not None
    assert asked.gaps == ()
    assert 14.0 <= clock.seconds < 15.0
    assert (kube.pods, len(kube.made)) == ({}, 1)


def test_who_is_told_to_slow_down_again_and_again_gives_up(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.refusals["POST"] = iter([status(429, "TooManyRequests", "slow down")] * 9)
    assert "slow down" in why(probe(api, clock))
    assert kube.methods("POST", "DELETE") == ["POST"] * 4
    assert clock.seconds == 7.0


@pytest.mark.parametrize("appears", [0, 1, 9])
def test_a_post_whose_answer_was_lost_leaves_no_pod(api: Api, kube: PodServer, clock: Clock, appears: int) -> None:
    kube.lost, kube.appears = True, appears
    asked = probe(api, clock)
    assert "could not be created" in why(asked)
    assert kube.pods == {}
    assert asked.uids == ("uid-1",)


def test_a_lost_post_without_a_pod_ends_after_a_while(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.refusals["POST"] = iter([DOWN])
    assert "could not be created" in why(probe(api, clock))
    assert 5.0 <= clock.seconds < 7.0
    assert kube.methods("DELETE") == []


def test_a_pod_of_the_same_name_that_is_not_ours_stays(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.lost = True

    def take_over(_method: str) -> None:
        for pod in kube.made:
            pod["metadata"]["labels"] = {"kubectl-seccomp/run": "other"}

    kube.hook = take_over
    probe(api, clock)
    assert len(kube.pods) == 1
    assert kube.methods("DELETE") == []


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (waiting("ErrImagePull"), "--image"),
        (waiting("CreateContainerError"), "cannot start"),
        ({"phase": "Failed", "reason": "Evicted", "message": "low on memory"}, "Evicted: low on memory"),
        ({"phase": "Failed", "reason": "DeadlineExceeded"}, "did not end within its deadline of 90s"),
    ],
)
def test_a_pod_that_will_never_answer(api: Api, kube: PodServer, clock: Clock, last: dict[str, Any], expected: str) -> None:
    kube.statuses = [{"phase": "Pending"}, last]
    assert expected in why(probe(api, clock))
    assert kube.pods == {}
    assert clock.seconds < 5


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}, "no answer within 6s: node node-a is not ready"),
        ({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, "no answer within 6s: Failed: cni is broken"),
        (status(404, "NotFound", 'nodes "node-a" not found'), "there is no node node-a"),
        (status(403, "Forbidden", "no"), "no answer within 6s: Failed: cni is broken"),
    ],
)
def test_a_node_that_never_answers(api: Api, kube: PodServer, clock: Clock, node: Any, expected: str) -> None:
    kube.statuses = [{"phase": "Pending"}]
    kube.events = [event("Failed", "cni is broken")]
    kube.node = node
    kube.lingers = None
    asked = probe(api, clock, settings=structs.replace(SETTINGS, timeout=6.0))
    assert [gap.why for gap in asked.gaps] == [expected, FORCED]
    assert asked.answer is None
    assert kube.pods == {}
    assert [body["gracePeriodSeconds"] for method, _, body in kube.seen if method == "DELETE"] == [1, 0]
    assert clock.seconds < 6 + 20


def test_an_api_server_that_restarts_in_the_middle(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.refusals["GET"] = itertools.chain([None, *[DOWN] * 40], itertools.repeat(None))
    kube.refusals["DELETE"] = iter([DOWN] * 40)
    asked = probe(api, clock)
    assert asked.answer is not None
    assert asked.gaps == ()
    assert kube.pods == {}


def test_an_api_server_that_does_not_come_back(api: Api, kube: PodServer, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubectl_seccomp.cluster.removal.UNREACHABLE_SECONDS", 6.0)
    kube.refusals["DELETE"] = itertools.repeat(DOWN)
    asked = probe(api, clock)
    (gap,) = asked.gaps
    name = kube.made[0]["metadata"]["name"]
    assert f"`kubectl delete pod {name} -n kube-system`" in gap.why
    assert "kubectl seccomp cleanup" in gap.why
    assert "apiserver not ready" in gap.why
    assert 6 <= clock.seconds < 8
    assert asked.uids == ("uid-1",)


def test_who_may_create_but_not_delete_is_told(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.refusals["DELETE"] = itertools.repeat(
        status(403, "Forbidden", 'pods "p" is forbidden: User "u" cannot delete resource "pods"')
    )
    (gap,) = probe(api, clock).gaps
    assert "cannot delete resource" in gap.why
    assert "kubectl delete pod" in gap.why
    assert clock.seconds < 5


def test_a_pod_that_cannot_be_watched(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.refusals["GET"] = iter([status(403, "Forbidden", 'pods "p" is forbidden: User "u" cannot get resource "pods"')])
    assert "cannot be watched: forbidden" in why(probe(api, clock))
    assert kube.pods == {}


def test_a_pod_that_somebody_else_removes(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.hook = lambda method: kube.pods.clear() if method == "GET" else None
    assert "removed by somebody else" in why(probe(api, clock))


def test_no_right_to_events_is_told_when_nothing_else_is_known(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.statuses = [{"phase": "Pending"}]
    settings = structs.replace(SETTINGS, timeout=3.0)

    def events_only() -> Iterator[Response | None]:
        while True:
            path = kube.seen[-1][1]
            yield status(403, "Forbidden", 'events is forbidden: User "u" cannot list resource "events"') if "/events" in path else None

    kube.refusals["GET"] = events_only()
    kube.node = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    assert 'cannot list resource "events"' in why(probe(api, clock, settings=settings))
    assert kube.pods == {}


@pytest.mark.parametrize("log", [b"", b"start x\nend x 1\n", b"\xff\xfe" * 1000])
def test_a_log_that_is_no_answer(api: Api, kube: PodServer, clock: Clock, log: bytes) -> None:
    kube.log = lambda _pod: log
    assert "cut or garbled" in why(probe(api, clock))
    assert kube.pods == {}


def test_a_log_with_a_hole_in_it(api: Api, kube: PodServer, clock: Clock) -> None:
    """The kubelet gives only what is left after a rotation: a log that begins in the middle, or has lost a part."""
    line = f"process {ID} - 9 1 5 2 1 0"
    kube.log = lambda pod: answer_of(pod, *[line] * 50).replace(f"{line}\n".encode() * 20, b"", 1)
    assert "cut or garbled" in why(probe(api, clock))
    kube.log = lambda pod: answer_of(pod, *[line] * 50)[200:]
    assert "cut or garbled" in why(probe(api, clock))
    assert kube.pods == {}


def test_an_image_that_lacks_programs(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.log = lambda pod: f"start {pod['metadata']['labels']['kubectl-seccomp/run']}\nlacks tee\n".encode()
    assert "it lacks tee: name another with --image" in why(probe(api, clock))


LINK = "entry =b3BlcmF0b3I= outside =L3Zhci9saWIvc2VjdXJpdHktcHJvZmlsZXMtb3BlcmF0b3I="


def test_a_listing_is_made_again_with_the_operators_directory_only_where_it_leads_there(
    api: Api, kube: PodServer, clock: Clock
) -> None:
    kube.log = lambda pod: answer_of(pod, *([LINK] if len(kube.made) == 1 else []), "listed whole")
    asked = probe(api, clock, wanted=Wanted(listing=True))
    assert asked.answer is not None
    assert asked.answer.listing is not None
    assert [[volume["name"] for volume in pod["spec"]["volumes"]] for pod in kube.made] == [
        ["proc", "seccomp"],
        ["proc", "seccomp", "spo"],
    ]
    assert "l" in kube.made[0]["spec"]["containers"][0]["command"]
    kube.made.clear()
    kube.log = lambda pod: answer_of(pod, "listed whole")
    assert probe(api, clock, wanted=Wanted(listing=True)).answer is not None
    assert len(kube.made) == 1


def test_a_link_into_a_directory_of_the_operator_that_is_not_there(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.statuses = [{"phase": "Succeeded"}, *[{"phase": "Pending"}] * 12, {"phase": "Succeeded"}]
    kube.events = [event("FailedMount", NO_SECCOMP.format("spo"))]
    kube.log = lambda pod: answer_of(pod, LINK, "listed whole")
    asked = probe(api, clock, wanted=Wanted(listing=True))
    assert asked.answer is not None
    assert len(kube.made) == 3
    assert asked.gaps == ()


def test_a_node_without_the_directory_has_nothing_to_list(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.statuses = [*[{"phase": "Pending"}] * 12, {"phase": "Succeeded"}]
    kube.events = [event("FailedMount", NO_SECCOMP.format("seccomp"))]
    asked = probe(api, clock, "web.json", wanted=Wanted(listing=True, kernel=True))
    assert asked.answer is not None
    assert asked.answer.listing == Listing(there=False)
    command = kube.made[1]["spec"]["containers"][0]["command"]
    assert "k" in command
    assert "l" not in command


@pytest.mark.parametrize(
    ("now", "told"),
    [(1_795_478_400, ""), (1_795_478_460, ""), (1_795_482_000, "s ahead of the API server's"), (1_795_474_800, "3600 s behind")],
)
def test_a_nodes_clock_is_compared_with_the_api_servers(api: Api, kube: PodServer, clock: Clock, now: int, told: str) -> None:
    """Neither is compared with our own: this machine's clock may be the wrong one."""
    kube.created = "2026-11-24T00:00:00Z"
    kube.log = lambda pod: answer_of(pod, f"clock {now} 1795000000", f"process {ID} - 9 1 5 2 1 0")
    asked = probe(api, clock)
    assert asked.answer is not None
    assert [(gap.what, gap.where) for gap in asked.gaps] == ([("node clock", "node/node-a")] if told else [])
    assert told in "".join(gap.why for gap in asked.gaps)


def test_a_log_that_is_refused(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.refusals["GET"] = iter([None, None, status(403, "Forbidden", 'User "u" cannot get resource "pods/log"')])
    assert 'cannot get resource "pods/log"' in why(probe(api, clock))
    assert kube.pods == {}


def test_a_log_that_comes_at_the_second_try(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.refusals["GET"] = iter([None, None, status(500, "InternalError", "error dialing backend")])
    assert probe(api, clock).answer is not None


def test_another_thread_can_end_it(api: Api, kube: PodServer, clock: Clock) -> None:
    kube.statuses = [{"phase": "Pending"}]
    stop = threading.Event()
    stop.set()
    assert why(probe(api, clock, stop=stop)) == "interrupted"
    assert kube.pods == {}


class Interrupting(PodClient):
    """A client in which Ctrl-C is pressed once, before or after the request of its nth call."""

    def __init__(self, connection: Connection, number: int, after: bool) -> None:
        super().__init__(connection)
        self.number = number
        self.after = after

    def _call(self, *args: Any, **kwargs: Any) -> bytes:
        self.number -= 1
        if self.number == 0 and not self.after:
            raise KeyboardInterrupt
        try:
            return super()._call(*args, **kwargs)
        finally:
            if self.number == 0:
                raise KeyboardInterrupt


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(1, 8))
def test_an_interrupt_at_any_request(api: Api, kube: PodServer, clock: Clock, number: int, after: bool) -> None:
    client = Interrupting(api.connection, number, after)
    try:
        ask(api, client, "node-a", "/r", (ID,), (), SETTINGS, clock=Time(clock.now, clock.sleep))
        interrupted = False
    except KeyboardInterrupt:
        interrupted = True
    assert interrupted is (client.number <= 0)
    assert kube.pods == {}


@pytest.mark.parametrize("number", range(1, 7))
def test_an_interrupt_at_any_wait(api: Api, kube: PodServer, clock: Clock, number: int) -> None:
    kube.statuses = [*[{"phase": "Pending"}] * 3, {"phase": "Succeeded"}]
    kube.lingers = 3
    left = itertools.count(1)

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if next(left) == number:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(api, PodClient(api.connection), "node-a", "/r", (ID,), (), SETTINGS, clock=Time(clock.now, sleep))
    assert kube.pods == {}


def test_an_interrupt_before_the_removal_has_begun(api: Api, kube: PodServer, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    from kubectl_seccomp.cluster.removal import Removal

    real, calls = Removal.remove, itertools.count()

    def remove(self: Removal) -> None:
        if next(calls) == 0:
            raise KeyboardInterrupt
        real(self)

    monkeypatch.setattr(Removal, "remove", remove)
    with pytest.raises(KeyboardInterrupt):
        probe(api, clock)
    assert kube.pods == {}
