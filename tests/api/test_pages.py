"""Paging: no pod lost, none twice, what was read stands, and no server can hold us for ever."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug import Request, Response

from kubectl_seccomp.cluster import lists
from kubectl_seccomp.cluster.ahead import MOST_AHEAD
from kubectl_seccomp.cluster.api import Api, ApiError
from kubectl_seccomp.model import Gap
from kubectl_seccomp.pods import Pod
from tests.api.conftest import Fake, ok, page, status

PODS = "/api/v1/pods"
EXPIRED = "The provided continue parameter is too old"


def expired(fresh: str) -> Response:
    return status(410, "Expired", EXPIRED, fresh=fresh)


def read(api: Api, chunk_size: int = 500) -> list[str | Gap]:
    return named(lists.pods(api, None, None, None, chunk_size))


def named(found: Iterator[Pod | Gap]) -> list[str | Gap]:
    return [item if isinstance(item, Gap) else item.name for item in found]


def settled(fake: Fake, count: int) -> None:
    """Wait until the server has been asked so often, and for a moment in which it might be asked more."""
    until = time.monotonic() + 5
    while len(fake.requests) < count and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.1)


def rest_not_read(why: str) -> Gap:
    return Gap("pods", "cluster", why)


def test_pages(fake: Fake, api: Api) -> None:
    fake.on(PODS, page(["a", "b"], "t1"), page(["c"], "t2"), page([], "t3"), page(["d"]))
    assert read(api, 2) == ["a", "b", "c", "d"]
    assert fake.queries("continue") == [None, "t1", "t2", "t3"]
    assert fake.queries("limit") == ["2"] * 4
    assert fake.queries("resourceVersion") == [None] * 4


def test_pages_are_asked_for_ahead_but_not_more_than_are_held(fake: Fake, api: Api) -> None:
    fake.on(PODS, *(page([str(number)], f"t{number}") for number in range(9)), page(["z"]))
    found: Any = lists.pods(api, None, None, None, 1)
    for taken in range(1, 4):
        next(found)
        settled(fake, taken + MOST_AHEAD)
        assert len(fake.requests) == taken + MOST_AHEAD
    found.close()


def test_all_at_once(fake: Fake, api: Api) -> None:
    fake.on(PODS, page(["a"]))
    assert read(api, 0) == ["a"]
    assert fake.requests[0].args.to_dict() == {}


def test_selectors_go_with_every_page(fake: Fake, api: Api) -> None:
    fake.on("/api/v1/namespaces/shop/pods", page(["a"], "t1"), page(["b"]))
    found = lists.pods(api, "shop", "app in (web, db)", "spec.nodeName=node-a", 500)
    assert named(found) == ["a", "b"]
    assert fake.queries("labelSelector") == ["app in (web, db)"] * 2
    assert fake.queries("fieldSelector") == ["spec.nodeName=node-a"] * 2


@pytest.mark.parametrize("body", [{}, {"items": None}, {"items": []}, {"items": None, "metadata": None}])
def test_no_pods(fake: Fake, api: Api, body: dict[str, Any]) -> None:
    fake.on(PODS, body)
    assert read(api) == []


def test_an_expired_list_goes_on_where_it_stopped(fake: Fake, api: Api) -> None:
    fake.on(PODS, page(["a"], "old"), expired("fresh"), page(["b"], "t2"), expired("fresh2"), page(["c"]))
    assert read(api) == ["a", "b", "c"]
    assert fake.queries("continue") == [None, "old", "fresh", "t2", "fresh2"]


EXPIRY = [
    ("no fresh token", [expired("")], f"the list expired after 1 page, the rest was not read: {EXPIRED}"),
    (
        "fresh one expired",
        [expired("f1"), expired("f2")],
        f"the list expired after 1 page, the rest was not read: {EXPIRED}",
    ),
    (
        "the same token again",
        [expired("old")],
        "the server keeps sending the same page: the rest was not read",
    ),
]


@pytest.mark.parametrize(("answers", "why"), [row[1:] for row in EXPIRY], ids=[row[0] for row in EXPIRY])
def test_what_cannot_go_on_is_a_gap_and_no_new_beginning(fake: Fake, api: Api, answers: list[Response], why: str) -> None:
    fake.on(PODS, page(["a"], "old"), *answers)
    assert read(api) == ["a", rest_not_read(why)]
    assert fake.queries("continue").count(None) == 1


BROKEN_LATER = [
    (status(403, "Forbidden", "pods is forbidden: no more"), "forbidden: no more"),
    (status(500, "InternalError", "etcd is gone"), "etcd is gone"),
    (ok(b"<html>"), "the response could not be decoded: JSON is malformed: invalid character (byte 0)"),
]


@pytest.mark.parametrize(("answer", "why"), BROKEN_LATER)
def test_what_was_read_stands(fake: Fake, api: Api, answer: Response, why: str) -> None:
    fake.on(PODS, page(["a"], "t1"), page(["b"], "t2"), answer)
    broken = rest_not_read(f"the list broke off after 2 pages, the rest was not read: {why}")
    assert read(api) == ["a", "b", broken]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (status(403, "Forbidden", "x"), 403),
        (status(410, "Expired", "x", fresh="t"), 410),
        (ok(b"<html>"), 0),
        (ok(b"[]"), 0),
        (ok(b'{"items": "x"}'), 0),
        (ok(b'{"items": [' + b"[" * 100_000), 0),
    ],
)
def test_a_first_page_that_cannot_be_had_is_an_error(fake: Fake, api: Api, answer: Response, code: int) -> None:
    fake.on(PODS, answer)
    with pytest.raises(ApiError) as caught:
        read(api)
    assert caught.value.status == code


def test_the_same_token_for_ever(fake: Fake, api: Api) -> None:
    fake.on(PODS, page(["a"], "t1"))
    assert read(api)[2:] == [rest_not_read("the server keeps sending the same page: the rest was not read")]
    assert len(fake.requests) == 2


def test_two_tokens_in_turn_for_ever(fake: Fake, api: Api) -> None:
    tokens = itertools.cycle(["t1", "t2"])
    fake.on(PODS, lambda _: ok(page([], next(tokens))))
    assert [type(item) for item in read(api)] == [Gap]
    assert len(fake.requests) == 3


def test_empty_pages_for_ever(fake: Fake, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubectl_seccomp.cluster.pages.MOST_EMPTY_PAGES", 5)
    tokens = itertools.count()
    fake.on(PODS, lambda _: ok(page([], str(next(tokens)))))
    assert [type(item) for item in read(api)] == [Gap]
    settled(fake, 6)
    assert len(fake.requests) <= 6 + MOST_AHEAD


def test_pages_over_requests_keep_their_order(fake: Fake, api: Api) -> None:
    def answer(request: Request) -> Response:
        start = int(request.args.get("continue", "0"))
        names = [f"p{number:04}" for number in range(start, min(start + 3, 10))]
        return ok(page(names, str(start + 3) if start + 3 < 10 else ""))

    fake.on(PODS, answer)
    assert read(api, 3) == [f"p{number:04}" for number in range(10)]
