"""A list of any kind, page by page, so that memory is bounded by a few pages and no page is lost or read twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from ..model import Gap
from ..objects import UNDECODABLE, Page
from .ahead import Ahead
from .api import Api, ApiError, Early, Query
from .connection import one_line

# Pages without items happen when a selector matches little; so many in a row are a server gone wrong.
MOST_EMPTY_PAGES = 1000

T = TypeVar("T")


def pages(
    api: Api,
    path: str,
    query: Query,
    chunk_size: int,
    *,
    decode: Callable[[bytes], Page[T]],
    gap: Callable[[str], Gap],
) -> Iterator[T | Gap]:
    """Yield the items of a list, read in pages with `limit` unless `chunk_size` is 0.

    `decode` turns a body into a page and may raise ApiError. Raises ApiError when the first page cannot be had; what
    goes wrong later ends the stream with a Gap made by `gap` from the reason, so that what was read stands. An expired
    token is replaced by the one in the refusal, which goes on behind the last item that was sent
    (apiserver 1.36, storage/etcd3/errors.go `handleCompactedErrorForPaging`).
    """
    base = [*query, *([("limit", str(chunk_size))] if chunk_size else [])]

    def ask(token: str, early: Early) -> bytes:
        return api.get(path, [*base, ("continue", token)] if token else base, early=early)

    ahead = Ahead(ask)
    try:
        yield from _each(ahead, decode, gap)
    finally:
        ahead.stop()


def _each(ahead: Ahead, decode: Callable[[bytes], Page[T]], gap: Callable[[str], Gap]) -> Iterator[T | Gap]:
    token, used, read, empty = "", set[str](), 0, 0
    expired = False
    while True:
        try:
            page = decode(ahead.take(token))
        except ApiError as error:
            if not token:
                raise
            if error.status != 410 or not error.continue_ or expired:
                yield gap(_broken(error, read))
                return
            token, expired = error.continue_, True
        else:
            yield from page.items or ()
            read, empty, expired = read + 1, 0 if page.items else empty + 1, False
            token = (page.metadata.continue_ if page.metadata else "") or ""
            if not token:
                return
        if token in used or empty > MOST_EMPTY_PAGES:
            yield gap("the server keeps sending the same page: the rest was not read")
            return
        used.add(token)


def _broken(error: ApiError, read: int) -> str:
    after = f"after {read} page{'s' if read != 1 else ''}"
    if error.status == 410:
        return f"the list expired {after}, the rest was not read: {error.why}"
    return f"the list broke off {after}, the rest was not read: {error.why}"


def decoded(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return what a body says. ApiError when it is not what the decoder takes."""
    try:
        return decoder.decode(body)
    except UNDECODABLE as error:
        raise ApiError(0, "Undecodable", f"the response could not be decoded: {one_line(str(error), 200)}") from error
