"""All pods as a stream, page by page, so that a broken pod costs only itself.

`resourceVersion` is never sent: a server since 1.34 answers pages from its watch cache all the same, as consistent as from etcd
(KEP-4988, ListFromCacheSnapshot), and it ignores `limit` together with `resourceVersion=0`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from ..model import Gap
from ..objects import ApiPod, ListMeta, PodPage, RawPage
from ..pods import Pod, from_api
from .api import UNDECODABLE, Api, segment
from .connection import one_line
from .pages import decoded, pages, said

PAGE = 500


class _Mixed(Struct, frozen=True):
    """A page in which the items that do not fit have become gaps."""

    items: list[ApiPod | Gap]
    metadata: ListMeta | None = None


class _AnyName(Struct, frozen=True):
    metadata: Any = None


_PODS = msgspec.json.Decoder(PodPage)
_POD = msgspec.json.Decoder(ApiPod)
_RAW = msgspec.json.Decoder(RawPage)
_ANY_NAME = msgspec.json.Decoder(_AnyName)


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
    found = pages(api, path, given, chunk_size, decode=_pod_page, gap=lambda why: Gap("pods", where, why))
    for page in found:
        if isinstance(page, Gap):
            yield page
        else:
            yield from (item if isinstance(item, Gap) else from_api(item) for item in page.items or ())


def _pod_page(body: bytes) -> PodPage | _Mixed:
    """Decode a page as a whole, or item by item when it does not fit, so that a broken pod costs only itself."""
    try:
        return _PODS.decode(body)
    except UNDECODABLE:
        raw = decoded(body, _RAW)
    return _Mixed([_pod_or_gap(item, number) for number, item in enumerate(raw.items or (), 1)], raw.metadata)


def _pod_or_gap(item: msgspec.Raw, number: int) -> ApiPod | Gap:
    try:
        return _POD.decode(item)
    except UNDECODABLE as error:
        return Gap("pod", _name_of(item) or f"item {number} of a page", f"could not be decoded: {said(error)}")


def _name_of(item: msgspec.Raw) -> str:
    try:
        metadata = _ANY_NAME.decode(item).metadata
    except UNDECODABLE:
        return ""
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        return ""
    return one_line(f"pod/{metadata.get('namespace') or ''}/{metadata['name']}", 300)
