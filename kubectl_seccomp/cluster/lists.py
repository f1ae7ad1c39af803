"""Lists and single objects as small typed structs: raw pages in, so that memory is bounded by a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from ..model import Gap, NodeFacts
from ..pods import ApiPod, ListMeta, Metadata, PodPage, RawPage
from .api import Api, ApiError

DIRECTORY_LABEL = "kubelet.kubernetes.io/directory-location"
MOST_EVENTS = 500
T = TypeVar("T")


class Condition(Struct, frozen=True):
    """status.conditions[]."""

    type: str = ""
    status: str = ""


class NodeInfo(Struct, frozen=True, rename="camel"):
    """status.nodeInfo."""

    operating_system: str = ""
    architecture: str = ""
    kernel_version: str = ""
    kubelet_version: str = ""
    container_runtime_version: str = ""


class NodeStatus(Struct, frozen=True, rename="camel"):
    """status of a node."""

    conditions: list[Condition] | None = None
    node_info: NodeInfo | None = None


class Node(Struct, frozen=True):
    """A node, as far as a rule reads it."""

    metadata: Metadata | None = None
    status: NodeStatus | None = None


class NodePage(Struct, frozen=True):
    """One page of a NodeList."""

    items: list[Node] | None = None
    metadata: ListMeta | None = None


class RuntimeClass(Struct, frozen=True):
    """A RuntimeClass: its name is the pod's runtimeClassName."""

    metadata: Metadata | None = None
    handler: str = ""


class RuntimeClassPage(Struct, frozen=True):
    """One page of a RuntimeClassList."""

    items: list[RuntimeClass] | None = None
    metadata: ListMeta | None = None


class Named(Struct, frozen=True):
    """Any object of which only the name counts."""

    metadata: Metadata | None = None


class NamedPage(Struct, frozen=True):
    """One page of such a list."""

    items: list[Named] | None = None
    metadata: ListMeta | None = None


class Event(Struct, frozen=True, rename="camel"):
    """An event; `reason` is a word such as FailedMount, `message` free text."""

    reason: str | None = None
    message: str | None = None
    type: str | None = None


class EventPage(Struct, frozen=True):
    """One page of an EventList."""

    items: list[Event] | None = None
    metadata: ListMeta | None = None


class _Expired(Struct, frozen=True):
    metadata: ListMeta | None = None


_PODS = msgspec.json.Decoder(PodPage)
_POD = msgspec.json.Decoder(ApiPod)
_RAW = msgspec.json.Decoder(RawPage)


def pods(
    api: Api, namespace: str | None, selector: str | None, field_selector: str | None, chunk_size: int = 500
) -> Iterator[ApiPod | Gap]:
    """Yield all pods of a namespace (None: of all), page by page.

    A first page that cannot be had raises ApiError; what fails later ends the stream with a gap, so that what was read
    stands. A pod that does not fit the structs is a gap of its own.
    """
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods" if namespace is not None else "/api/v1/pods"
    where = f"namespace/{namespace}" if namespace is not None else "cluster"
    query = [("labelSelector", selector), ("fieldSelector", field_selector)]
    for page in _pages(api, path, [(key, value) for key, value in query if value], chunk_size, where):
        yield from [page] if isinstance(page, Gap) else _items(page, where)


def _pages(api: Api, path: str, query: list[tuple[str, str]], chunk_size: int, where: str) -> Iterator[bytes | Gap]:
    """Yield raw pages; an expired continue token is replaced by the fresh one that comes with the refusal.

    The fresh token goes on behind the last item that was sent, so nothing is lost and nothing comes twice
    (apiserver `pkg/storage/continue.go`, since 1.11).
    """
    limit = [("limit", str(chunk_size))] if chunk_size else []
    token, used = "", set[str]()
    while True:
        try:
            body = api.get(path, [*query, *limit, *([("continue", token)] if token else [])])
        except ApiError as error:
            if not token:
                raise
            fresh = _fresh_token(error)
            if not fresh or fresh in used:
                yield Gap("pods", where, f"the list broke off after {len(used)} pages: {error.why}")
                return
            token = fresh
        else:
            yield body
            token = _token(body)
            if not token:
                return
        if token in used:
            yield Gap("pods", where, "the server sends the same page again and again")
            return
        used.add(token)


def _fresh_token(error: ApiError) -> str:
    if error.status != 410:
        return ""
    try:
        status = msgspec.json.decode(error.body, type=_Expired)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return status.metadata.continue_ if status.metadata else ""


class _Meta(Struct, frozen=True):
    metadata: ListMeta | None = None


def _token(body: bytes) -> str:
    try:
        page = msgspec.json.decode(body, type=_Meta)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return page.metadata.continue_ if page.metadata else ""


def _items(body: bytes, where: str) -> Iterator[ApiPod | Gap]:
    try:
        yield from _PODS.decode(body).items or ()
    except (msgspec.DecodeError, UnicodeDecodeError):
        yield from _one_by_one(body, where)


def _one_by_one(body: bytes, where: str) -> Iterator[ApiPod | Gap]:
    """Decode a page that does not fit as a whole item by item, so that one broken pod costs only itself."""
    try:
        raw = _RAW.decode(body).items or ()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        yield Gap("pods", where, f"a page could not be decoded: {error}")
        return
    for number, item in enumerate(raw, 1):
        try:
            yield _POD.decode(item)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield Gap("pod", _name_of(item) or f"{where}, item {number}", f"could not be decoded: {error}", 1)


def _name_of(item: msgspec.Raw) -> str:
    try:
        metadata = msgspec.json.decode(item, type=Named).metadata
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return f"pod/{metadata.namespace}/{metadata.name}" if metadata else ""


def pod(api: Api, namespace: str, name: str) -> ApiPod:
    """Return one pod. ApiError, 404 when there is none."""
    return _decoded(api, f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(name, safe='')}", ApiPod)


def nodes(api: Api, chunk_size: int = 500) -> Iterator[NodeFacts]:
    """Yield all nodes. ApiError when a page cannot be had."""
    for page in _typed_pages(api, "/api/v1/nodes", chunk_size, NodePage):
        yield from (_facts(item) for item in page.items or ())


def node(api: Api, name: str) -> NodeFacts:
    """Return one node. ApiError when it cannot be had."""
    return _facts(_decoded(api, f"/api/v1/nodes/{quote(name, safe='')}", Node))


def runtime_handlers(api: Api) -> dict[str, str]:
    """Return the handler of each RuntimeClass. ApiError when they cannot be listed."""
    found: dict[str, str] = {}
    for page in _typed_pages(api, "/apis/node.k8s.io/v1/runtimeclasses", 500, RuntimeClassPage):
        for item in page.items or ():
            if item.metadata is not None and item.metadata.name:
                found[item.metadata.name] = item.handler
    return found


def namespaces(api: Api) -> list[str]:
    """Return the names of all namespaces. ApiError when they cannot be listed."""
    pages = _typed_pages(api, "/api/v1/namespaces", 500, NamedPage)
    return [item.metadata.name for page in pages for item in page.items or () if item.metadata and item.metadata.name]


def namespace_exists(api: Api, name: str) -> bool | None:
    """Return whether a namespace exists, None when this user may not know."""
    try:
        api.get(f"/api/v1/namespaces/{quote(name, safe='')}")
    except ApiError as error:
        return False if error.status == 404 else None
    return True


def events(api: Api, namespace: str, uid: str) -> list[Event]:
    """Return the events about the object with this UID, at most MOST_EVENTS. ApiError when they cannot be listed."""
    query = [("fieldSelector", f"involvedObject.uid={uid}"), ("limit", str(MOST_EVENTS))]
    return _decoded(api, f"/api/v1/namespaces/{quote(namespace, safe='')}/events", EventPage, query).items or []


def _typed_pages(api: Api, path: str, chunk_size: int, kind: type[T]) -> Iterator[T]:
    for body in _pages(api, path, [], chunk_size, "cluster"):
        if isinstance(body, Gap):
            raise ApiError(0, "Incomplete", body.why)
        yield _decode(body, path, kind)


def _decoded(api: Api, path: str, kind: type[T], query: list[tuple[str, str]] | None = None) -> T:
    return _decode(api.get(path, query or []), path, kind)


def _decode(body: bytes, path: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(0, "Undecodable", f"the answer to {path} could not be decoded: {error}") from error


def _facts(item: Node) -> NodeFacts:
    metadata, status = item.metadata or Metadata(), item.status or NodeStatus()
    info = status.node_info or NodeInfo()
    ready = any(entry.type == "Ready" and entry.status == "True" for entry in status.conditions or ())
    return NodeFacts(
        metadata.name or "",
        info.operating_system,
        info.architecture,
        info.kernel_version,
        info.kubelet_version,
        info.container_runtime_version,
        directory_label=(metadata.labels or {}).get(DIRECTORY_LABEL),
        reachable=ready,
    )
