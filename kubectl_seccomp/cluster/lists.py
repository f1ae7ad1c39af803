"""Lists and single objects as small typed structs: raw pages in, so that memory is bounded by a page.

`resourceVersion` is never sent: a server since 1.34 answers pages from its watch cache all the same, as consistent as from etcd
(KEP-4988, ListFromCacheSnapshot), and it ignores `limit` together with `resourceVersion=0`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ..facts import NodeFacts
from ..model import Gap
from ..objects import UNDECODABLE, ApiPod, Metadata, Page
from ..pods import Pod, from_api
from .api import INVALID, Api, ApiError, Query, segment
from .connection import one_line
from .node_facts import Node, facts
from .pages import decoded, pages

PAGE = 500
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

    last_observed_time: str | None = None


class ApiEvent(Struct, frozen=True, rename="camel"):
    """An event as the API server sends it: old senders fill lastTimestamp, new ones series and eventTime."""

    reason: str | None = None
    message: str | None = None
    type: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    series: Series | None = None


class Event(Struct, frozen=True):
    """An event: `reason` is a word such as FailedMount, `message` free text, `last_seen` RFC 3339 or empty."""

    reason: str
    message: str
    type: str = ""
    last_seen: str = ""


class _AnyName(Struct, frozen=True):
    metadata: Any = None


# Made here and not where they are used, which is in several threads at once: msgspec 0.21 is not safe while it looks at a type
# for the first time, and ends the process.
_PODS = msgspec.json.Decoder(Page[ApiPod])
_RAW = msgspec.json.Decoder(Page[msgspec.Raw])
_POD = msgspec.json.Decoder(ApiPod)
_ANY_NAME = msgspec.json.Decoder(_AnyName)
_NODE = msgspec.json.Decoder(Node)
_EVENTS = msgspec.json.Decoder(Page[ApiEvent])


def pods(
    api: Api, namespace: str | None, selector: str | None, field_selector: str | None, chunk_size: int = PAGE
) -> Iterator[Pod | Gap]:
    """Yield all pods of a namespace (None: of all), page by page; `chunk_size` 0 asks for all at once.

    A first page that cannot be had raises ApiError; what fails later ends the stream with a Gap, so that what was
    read stands. A pod that does not fit the structs is a Gap of its own.
    """
    path = "/api/v1/pods" if namespace is None else f"/api/v1/namespaces/{segment(namespace)}/pods"
    where = "cluster" if namespace is None else f"namespace/{namespace}"
    query = [("labelSelector", selector), ("fieldSelector", field_selector)]
    given = [(key, value) for key, value in query if value]
    for item in pages(api, path, given, chunk_size, decode=_pod_page, gap=lambda why: Gap("pods", where, why)):
        yield item if isinstance(item, Gap) else from_api(item)


def _pod_page(body: bytes) -> Page[ApiPod | Gap]:
    """Decode a page as a whole, or item by item when it does not fit, so that a broken pod costs only itself."""
    try:
        return _PODS.decode(body)
    except UNDECODABLE:
        raw = decoded(body, _RAW)
    return Page([_pod_or_gap(item, number) for number, item in enumerate(raw.items or (), 1)], raw.metadata)


def _pod_or_gap(item: msgspec.Raw, number: int) -> ApiPod | Gap:
    try:
        return _POD.decode(item)
    except UNDECODABLE as error:
        return Gap("pod", _name_of(item) or f"item {number} of a page", f"could not be decoded: {one_line(str(error), 200)}")


def _name_of(item: msgspec.Raw) -> str:
    try:
        metadata = _ANY_NAME.decode(item).metadata
    except UNDECODABLE:
        return ""
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        return ""
    return one_line(f"pod/{metadata.get('namespace') or ''}/{metadata['name']}", 300)


def pod(api: Api, namespace: str, name: str) -> Pod:
    """Return one pod. ApiError when it cannot be had, status 404 when there is none."""
    return from_api(decoded(api.get(f"/api/v1/namespaces/{segment(namespace)}/pods/{segment(name)}"), _POD))


def nodes(api: Api, selector: str | None = None) -> Iterator[NodeFacts]:
    """Yield all nodes that fit the label selector, with what their object says. ApiError when a page cannot be had."""
    return map(facts, _all(api, "/api/v1/nodes", Node, [("labelSelector", selector)] if selector else ()))


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
        return None
    return True


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
    )


def _all(api: Api, path: str, kind: type[T], query: Query = ()) -> Iterator[T]:
    """Yield all items of a list; a list that broke off raises ApiError, because what it lacks cannot be seen."""
    decoder: msgspec.json.Decoder[Page[T]] = msgspec.json.Decoder(Page[kind])  # type: ignore[valid-type]
    found = pages(api, path, query, PAGE, decode=lambda body: decoded(body, decoder), gap=lambda why: Gap("list", path, why))
    for item in found:
        if isinstance(item, Gap):
            raise ApiError(0, "Incomplete", item.why)
        yield item
