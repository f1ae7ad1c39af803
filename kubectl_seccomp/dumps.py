"""JSON texts -> pods: values one after the other, and Lists item by item, so that a dump never stands in memory as objects."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from msgspec import Raw, Struct

from .manifests import Reader, Source
from .model import Gap
from .objects import UNDECODABLE, ApiPod, Metadata, PodStatus
from .pods import Pod, containers

_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
_BYTE = re.compile(r"\(byte (\d+)\)")


class _List(Struct, frozen=True, rename="camel"):
    """A JSON object that may be a List; its items stay bytes until their turn."""

    api_version: str | None = None
    kind: str | None = None
    items: list[Raw] | None = None


class _Item(ApiPod, frozen=True, rename="camel", gc=False):
    """A Pod of a dump, or something else that looks like one."""

    api_version: str | None = None
    kind: str | None = None


_ITEM = msgspec.json.Decoder(_Item)


class NotJson(Exception):
    """Why a text is no JSON, and after how many bytes; `whole` is false when it just ends too early."""

    def __init__(self, why: str, byte: int, *, whole: bool) -> None:
        super().__init__(why)
        self.byte = byte
        self.whole = whole


def values(view: memoryview) -> list[Raw]:
    """Return the JSON values that stand one after the other in a text, checked but not decoded."""
    found: list[Raw] = []
    begin = 0
    try:
        while begin < len(view):
            value, length = _first(view[begin:])
            found.append(value)
            begin += length
    except RecursionError as error:
        raise NotJson("it is nested too deeply", begin, whole=False) from error
    except msgspec.DecodeError as error:
        # The message is the only place where msgspec says how far it came; it counts bytes from 1.
        at = _BYTE.search(str(error))
        raise NotJson(str(error), begin + int(at[1]) - 1 if at else len(view), whole=at is not None) from error
    return found


def _first(view: memoryview) -> tuple[Raw, int]:
    """Return the first JSON value of a text and its length. Raises msgspec.DecodeError."""
    try:
        return msgspec.json.decode(view, type=Raw), len(view)
    except msgspec.DecodeError as error:
        trailing = _TRAILING.search(str(error))
        length = int(trailing[1]) - 1 if trailing else 0
        if view[length] not in b"{[" or not length:
            raise
    return msgspec.json.decode(view[:length], type=Raw), length


def objects(source: Source, value: Raw, reader: Reader) -> Iterator[Pod | Gap]:
    """Read one JSON value; a List item by item, so that a dump never stands in memory as objects."""
    try:
        head = msgspec.json.decode(value, type=_List)
    except UNDECODABLE:
        head = _List()
    if head.items is None or head.kind is None or not head.kind.endswith("List"):
        yield from _decoded(source, value, reader, None)
        return
    for number, item in enumerate(head.items, 1):
        pod = _plain_pod(source, item, (head.api_version, head.kind))
        if pod is not None:
            reader.objects += 1
            yield pod
        else:
            inner = Source(source.file, f"{source.where} (item {number})", source.document)
            yield from _decoded(inner, item, reader, (head.api_version, head.kind))


def _plain_pod(source: Source, raw: Raw, listed: tuple[str | None, str]) -> Pod | None:
    """Return an item that is a pod in order, decoded straight into its record; None for all that need a closer look."""
    try:
        item = _ITEM.decode(raw)
    except UNDECODABLE:
        return None
    version, kind = item.api_version, item.kind
    if kind is None and listed[1] == "PodList":
        version, kind = version if version is not None else listed[0], "Pod"
    if (version, kind) != ("v1", "Pod") or item.spec is None:
        return None
    pod = Pod("v1", "Pod", item.metadata or Metadata(), item.spec, item.status or PodStatus(), None, source.file, source.document)
    members = list(containers(pod))
    # A line in JSON is the input's own "$line".
    return pod if members and all(member.line is None for member in members) else None


def _decoded(source: Source, raw: Raw, reader: Reader, listed: tuple[str | None, str] | None) -> Iterator[Pod | Gap]:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        yield Gap("document", source.where, f"not valid JSON: {error}")
    except RecursionError:
        yield Gap("document", source.where, "it is nested too deeply")
    else:
        yield from reader.pods(value, source, listed)
