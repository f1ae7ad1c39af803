"""Lists and single objects as small typed structs: raw pages in, so that memory is bounded by a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from ..facts import NodeFacts
from ..model import Gap
from ..objects import ApiPod, ListMeta, Metadata
from ..pods import Pod, from_api
from .api import INVALID, Api, ApiError, Query, segment
from .node_facts import Node, facts
from .pages import decoded, pages
from .podlist import PAGE as PAGE
from .podlist import pods as pods

MOST_EVENTS = 500
T = TypeVar("T")


class RuntimeClass(Struct, frozen=True):
    """A RuntimeClass: its name is the pod's runtimeClassName."""

    metadata: Metadata | None = None
    handler: str = ""


class Named(Struct, frozen=True):
    """Any object of which only the name counts."""

    metadata: Metadata | None = None


class Series(Struct, frozen=True, rename="camel"):
    """The series of an event that repeats."""

    count: int | None = None
    last_observed_time: str | None = None


class ApiEvent(Struct, frozen=True, rename="camel"):
    """An event as the API server sends it: old senders fill count and lastTimestamp, new ones series and eventTime."""

    reason: str | None = None
    message: str | None = None
    type: str | None = None
    count: int | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    series: Series | None = None


class Event(Struct, frozen=True):
    """An event: `reason` is a word such as FailedMount, `message` free text, `last_seen` RFC 3339 or empty."""

    reason: str
    message: str
    type: str = ""
    last_seen: str = ""
    count: int = 1


class Page(Struct, Generic[T], frozen=True):
    """One page of a list of anything."""

    items: list[T] | None = None
    metadata: ListMeta | None = None


# Made here and not where they are used, which is in several threads at once: msgspec 0.21 is not safe while it looks at a type
# for the first time, and ends the process.
_POD = msgspec.json.Decoder(ApiPod)
_NODE = msgspec.json.Decoder(Node)
_EVENTS = msgspec.json.Decoder(Page[ApiEvent])


def pod(api: Api, namespace: str, name: str) -> Pod:
    """Return one pod. ApiError when it cannot be had, status 404 when there is none."""
    return from_api(decoded(api.get(f"/api/v1/namespaces/{segment(namespace)}/pods/{segment(name)}"), _POD))


def nodes(api: Api, chunk_size: int = PAGE, selector: str | None = None) -> Iterator[NodeFacts]:
    """Yield all nodes that fit the label selector, with what their object says. ApiError when a page cannot be had."""
    return map(facts, _all(api, "/api/v1/nodes", Node, chunk_size, [("labelSelector", selector)] if selector else ()))


def node(api: Api, name: str) -> NodeFacts:
    """Return what the object of one node says. ApiError when it cannot be had."""
    return facts(decoded(api.get(f"/api/v1/nodes/{segment(name)}"), _NODE))


def runtime_handlers(api: Api) -> dict[str, str]:
    """Return the handler of each RuntimeClass by name. ApiError when they cannot be listed."""
    found = _all(api, "/apis/node.k8s.io/v1/runtimeclasses", RuntimeClass)
    return {item.metadata.name: item.handler for item in found if item.metadata and item.metadata.name}


def namespaces(api: Api) -> list[str]:
    """Return the names of all namespaces. ApiError when they cannot be listed."""
    found = _all(api, "/api/v1/namespaces", Named)
    return [item.metadata.name for item in found if item.metadata and item.metadata.name]


def namespace_exists(api: Api, name: str) -> bool | None:
    """Return whether a namespace exists, None when that may not be seen; what is no name does not exist.

    Raises ApiError when the server gives no answer: the next request would not get one either.
    """
    try:
        api.get(f"/api/v1/namespaces/{segment(name)}")
    except ApiError as error:
        if error.status == 404 or error.reason == INVALID:
            return False
        if error.status == 0:
            raise
    else:
        return True
    return None


def events(api: Api, namespace: str, uid: str) -> list[Event]:
    """Return the events about the object with this UID, oldest first, at most MOST_EVENTS of them.

    Raises ApiError when they cannot be listed.
    """
    # fields.EscapeValue of apimachinery: a UID is what somebody sent.
    escaped = uid.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")
    query = [("fieldSelector", f"involvedObject.uid={escaped}"), ("limit", str(MOST_EVENTS))]
    body = api.get(f"/api/v1/namespaces/{segment(namespace)}/events", query)
    page = decoded(body, _EVENTS)
    return sorted(map(_event, (page.items or ())[:MOST_EVENTS]), key=lambda event: event.last_seen)


def _event(item: ApiEvent) -> Event:
    series = item.series or Series()
    return Event(
        item.reason or "",
        item.message or "",
        item.type or "",
        series.last_observed_time or item.last_timestamp or item.event_time or "",
        series.count or item.count or 1,
    )


def _all(api: Api, path: str, kind: type[T], chunk_size: int = PAGE, query: Query = ()) -> Iterator[T]:
    """Yield all items of a list; a list that broke off raises ApiError, because what it lacks cannot be seen."""
    decoder = msgspec.json.Decoder(Page[kind])  # type: ignore[valid-type]
    found = pages(
        api,
        path,
        query,
        chunk_size,
        decode=lambda body: decoded(body, decoder),
        gap=lambda why: Gap("list", path, why),
    )
    for page in found:
        if isinstance(page, Gap):
            raise ApiError(0, "Incomplete", page.why)
        yield from page.items or ()
