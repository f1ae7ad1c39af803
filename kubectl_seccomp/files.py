"""Manifests, directories, dumps and stdin -> the same pods as the API gives.

Which files are read follows kubectl (k8s.io/cli-runtime 0.37 pkg/resource/visitor.go and builder.go). What cannot be read is
a gap that names file, document and line; everything around it is still read.
"""

from __future__ import annotations

import glob
import io
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Raw, Struct

from .manifests import Reader, Source
from .model import Fault, Gap
from .pods import Pod
from .yamls import LARGEST_DOCUMENT, Broken, documents

SUFFIXES = (".json", ".yaml", ".yml")
LARGEST_FILE = 1024 * 1024 * 1024
MOST_GAPS = 100
_BOM = b"\xef\xbb\xbf"
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
_BYTE = re.compile(r"\(byte (\d+)\)")


class _List(Struct, frozen=True, rename="camel"):
    """A JSON object that may be a List; its items stay bytes until their turn."""

    api_version: str | None = None
    kind: str | None = None
    items: list[Raw] | None = None


class _NotJson(Exception):
    """Why a text is no JSON, and after how many bytes; `whole` is false when it just ends too early."""

    def __init__(self, why: str, byte: int, *, whole: bool) -> None:
        super().__init__(why)
        self.byte = byte
        self.whole = whole


def read(paths: Sequence[str], recursive: bool, stdin: BinaryIO | None) -> Iterator[Pod | Gap]:
    """Return the pods and pod templates of all paths ("-" is stdin), one by one, and a gap for whatever could not be read.

    Directories give their .json, .yaml and .yml files in lexical order, with those of their subdirectories when `recursive`.
    Raises Fault (3), before anything is read, for a path that does not exist. When nothing in the input can be audited, the
    last gap says so. Containers of YAML have the line they start on; those of JSON have none.
    """
    return _read([found for path in paths for found in _existing(path)], recursive, stdin)


def _existing(path: str) -> list[tuple[str, bool]]:
    """Return the path, or what it matches as a pattern when there is no such file; and whether it was named as it is."""
    if path == "-" or os.path.lexists(path):
        return [(path, True)]
    matches = sorted(glob.glob(path, include_hidden=True))
    if not matches:
        hint = "URLs are not read: download it first, or pipe it to -f -" if "://" in path else None
        raise Fault(f'the path "{_shown(path)}" does not exist', hint)
    return [(match, False) for match in matches]


def _read(paths: list[tuple[str, bool]], recursive: bool, stdin: BinaryIO | None) -> Iterator[Pod | Gap]:
    reader = Reader()
    used = False
    for path, given in paths:
        for name, data in _texts(path, given, recursive, stdin):
            for found in _capped(name, iter([data]) if isinstance(data, Gap) else _text(name, data, reader)):
                used = True
                yield found
    if not used:
        names = ", ".join(_shown(path) for path, _ in paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
        yield Gap("manifests", names, f"nothing in it can be audited: {_holding(reader.objects)}")


def _holding(objects: int) -> str:
    if objects == 1:
        return "1 object, and it holds no pods"
    return f"{objects} objects, none of them holds pods" if objects else "no objects"


def _capped(name: str, found: Iterator[Pod | Gap]) -> Iterator[Pod | Gap]:
    """Pass on at most MOST_GAPS gaps of one file: a broken dump must not fill memory and screen."""
    gaps = 0
    for item in found:
        gaps += isinstance(item, Gap)
        if gaps <= MOST_GAPS or not isinstance(item, Gap):
            yield item
    if gaps > MOST_GAPS:
        yield Gap("document", name, f"{gaps - MOST_GAPS} more like these")


def _texts(path: str, given: bool, recursive: bool, stdin: BinaryIO | None) -> Iterator[tuple[str, bytes | Gap]]:
    """Yield what there is to read under one path: the name to show, and its bytes."""
    if path == "-":
        yield "-", _drained("-", stdin or io.BytesIO())
    elif os.path.isdir(path):
        files = 0
        for found in _walk(path, recursive):
            files += 1
            yield (found.where, found) if isinstance(found, Gap) else (_shown(found), _bytes(found, given=False))
        if not files:
            hint = "" if recursive else " (-R looks into its subdirectories)"
            why = f"there is no .json, .yaml or .yml file in it{hint}"
            yield _shown(path), Gap("manifests", _shown(path), why)
    else:
        yield _shown(path), _bytes(path, given=given)


def _walk(top: str, recursive: bool) -> Iterator[str | Gap]:
    """Yield the manifests of a directory in lexical order. Links to directories are not followed, so there are no loops."""
    todo = [(top, True)]
    while todo:
        path, directory = todo.pop()
        if not directory:
            yield path
            continue
        try:
            with os.scandir(path) as entries:
                inside = [(entry.path, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except OSError as error:
            yield Gap("directory", _shown(path), error.strerror or str(error))
            continue
        wanted = [item for item in inside if (recursive if item[1] else item[0].endswith(SUFFIXES))]
        todo += sorted(wanted, reverse=True)


def _bytes(path: str, *, given: bool) -> bytes | Gap:
    """Return a file's bytes. A pipe or a device is read only when it was named: opening one could hang."""
    name = _shown(path)
    try:
        info = os.stat(path)
        if stat.S_ISDIR(info.st_mode):
            return Gap("file", name, "is a directory")
        if stat.S_ISREG(info.st_mode):
            return Gap("file", name, _too_large()) if info.st_size > LARGEST_FILE else Path(path).read_bytes()
        if not given:
            return Gap("file", name, "is not a regular file")
        with open(path, "rb") as stream:
            return _drained(name, stream)
    except OSError as error:
        return Gap("file", name, error.strerror or str(error))


def _drained(name: str, stream: BinaryIO) -> bytes | Gap:
    """Return everything a stream gives, up to the limit."""
    whole = io.BytesIO()
    try:
        while part := stream.read(1 << 20):
            whole.write(part)
            if whole.tell() > LARGEST_FILE:
                return Gap("file", name, _too_large())
    except OSError as error:
        return Gap("file", name, error.strerror or str(error))
    return whole.getvalue()


def _too_large() -> str:
    return f"is larger than {LARGEST_FILE >> 20} MiB"


def _shown(path: str) -> str:
    """Return a path as text that every output can hold: file names are bytes, and need not be UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def _text(name: str, data: bytes, reader: Reader) -> Iterator[Pod | Gap]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield Gap("file", name, "is UTF-16: manifests are UTF-8")
        return
    if data.removeprefix(_BOM).lstrip()[:1] not in (b"{", b"["):
        yield from _yaml(name, data, reader)
        return
    try:
        values = _values(memoryview(data)[len(_BOM) * data.startswith(_BOM) :])
    except _NotJson as error:
        # Also a stream of YAML documents in flow style, or a template, may begin with a brace.
        if error.whole and (len(data) <= LARGEST_DOCUMENT or b"\n---" in data):
            yield from _yaml(name, data, reader)
        else:
            line = 1 + data.count(b"\n", 0, error.byte)
            yield Gap("document", f"{name}:{line} (document 1)", f"not valid JSON: {error}")
        return
    for number, value in enumerate(values, 1):
        yield from _json(Source(name, f"{name} (document {number})" if len(values) > 1 else name, number), value, reader)


def _values(view: memoryview) -> list[Raw]:
    """Return the JSON values that stand one after the other in a text, checked but not decoded."""
    values: list[Raw] = []
    begin = 0
    try:
        while begin < len(view):
            value, length = _first(view[begin:])
            values.append(value)
            begin += length
    except RecursionError as error:
        raise _NotJson("it is nested too deeply", begin, whole=False) from error
    except msgspec.DecodeError as error:
        # The message is the only place where msgspec says how far it came; it counts bytes from 1.
        at = _BYTE.search(str(error))
        raise _NotJson(str(error), begin + int(at[1]) - 1 if at else len(view), whole=at is not None) from error
    return values


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


def _json(source: Source, value: Raw, reader: Reader) -> Iterator[Pod | Gap]:
    """Read one JSON value; a List item by item, so that a dump never stands in memory as objects."""
    try:
        head = msgspec.json.decode(value, type=_List)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        head = _List()
    if head.items is None or head.kind is None or not head.kind.endswith("List"):
        yield from _decoded(source, value, reader, None)
        return
    for number, item in enumerate(head.items, 1):
        inner = Source(source.file, f"{source.where} (item {number})", source.document)
        yield from _decoded(inner, item, reader, (head.api_version, head.kind))


def _decoded(source: Source, raw: Raw, reader: Reader, listed: tuple[str | None, str] | None) -> Iterator[Pod | Gap]:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        yield Gap("document", source.where, f"not valid JSON: {error}")
    except RecursionError:
        yield Gap("document", source.where, "it is nested too deeply")
    else:
        yield from reader.pods(value, source, listed)


def _yaml(name: str, data: bytes, reader: Reader) -> Iterator[Pod | Gap]:
    for found in documents(data):
        where = f"{name}:{found.line} (document {found.number})"
        if isinstance(found, Broken):
            yield Gap("document", where, found.why)
        elif found.value is not None:
            yield from reader.pods(found.value, Source(name, where, found.number, numbered=True), None)
