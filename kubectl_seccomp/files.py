"""Manifests, directories, dumps and stdin -> the same pods as the API gives.

A document that cannot be read is a gap that names file, document and line; everything around it is still read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Raw, Struct

from .model import Fault, Gap
from .pods import Pod, containers, from_mapping
from .yamls import Broken, documents

SUFFIXES = (".json", ".yaml", ".yml")
LARGEST_FILE = 1024 * 1024 * 1024
_DEEPEST_LIST = 4


class _Count(Struct):
    """How many objects were seen, and how many of them held pods or were gaps."""

    objects: int = 0
    used: int = 0


class _Kind(Struct, frozen=True, rename="camel"):
    api_version: object = None
    kind: object = None
    items: list[Raw] | None = None


def read(paths: Sequence[str], recursive: bool, stdin: BinaryIO | None) -> Iterator[Pod | Gap]:
    """Yield the pods and pod templates of all paths ("-" is stdin), and a gap for whatever could not be read.

    A path that does not exist raises Fault. When nothing in the input can be audited, the last gap says so.
    """
    count = _Count()
    for path in paths:
        for name, source in _sources(path, recursive, stdin):
            for found in [source] if isinstance(source, Gap) else _file(name, source, count):
                count.used += 1
                yield found
    if not count.used:
        where = ", ".join(paths)
        yield Gap("manifests", where, f"nothing in it can be audited: {count.objects} objects, none of them holds pods")


def _sources(path: str, recursive: bool, stdin: BinaryIO | None) -> Iterator[tuple[str, bytes | Gap]]:
    if path == "-":
        yield "-", (stdin.read(LARGEST_FILE) if stdin is not None else b"")
        return
    if not os.path.lexists(path):
        raise Fault(f'the path "{path}" does not exist')
    if not os.path.isdir(path):
        yield path, _bytes(path)
        return
    for name in _listing(path, recursive):
        yield name, _bytes(name)


def _listing(path: str, recursive: bool) -> Iterator[str]:
    """Yield the manifests of a directory in order; links to directories are not followed."""
    for folder, folders, names in os.walk(path):
        folders.sort()
        yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(SUFFIXES))
        if not recursive:
            return


def _bytes(path: str) -> bytes | Gap:
    """Return a regular file's bytes; opening a pipe or a device could hang."""
    try:
        info = os.stat(path)
        if not stat.S_ISREG(info.st_mode):
            return Gap("file", path, "not a regular file")
        if info.st_size > LARGEST_FILE:
            return Gap("file", path, "larger than 1 GiB")
        return Path(path).read_bytes()
    except OSError as error:
        return Gap("file", path, error.strerror or str(error))


def _file(name: str, data: bytes, count: _Count) -> Iterator[Pod | Gap]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield Gap("file", name, "is UTF-16: manifests are UTF-8")
        return
    if data.lstrip()[:1] == b"{":
        yield from _json(name, data, count)
    else:
        yield from _yaml(name, data, count)


def _json(name: str, data: bytes, count: _Count) -> Iterator[Pod | Gap]:
    """Read one JSON object; the items of a list stay bytes until their turn."""
    try:
        head = msgspec.json.decode(data, type=_Kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # What begins like JSON can still be a stream of YAML documents in flow style.
        if isinstance(error, msgspec.ValidationError) or b"\n---" not in data:
            yield Gap("document", f"{name} (document 1)", f"not valid JSON: {error}")
        else:
            yield from _yaml(name, data, count)
        return
    if head.items is None or not str(head.kind).endswith("List"):
        yield from _decoded(name, data, None, count, 1)
        return
    for number, item in enumerate(head.items, 1):
        yield from _decoded(f"{name} (item {number})", bytes(item), str(head.kind), count, 1, file=name)
    count.objects += not head.items


def _decoded(
    where: str, data: bytes, listed: str | None, count: _Count, document: int, file: str | None = None
) -> Iterator[Pod | Gap]:
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Gap("document", where, f"not valid JSON: {error}")
        return
    yield from _object(value, file or where, where, document, count, listed)


def _yaml(name: str, data: bytes, count: _Count) -> Iterator[Pod | Gap]:
    for found in documents(data):
        if isinstance(found, Broken):
            yield Gap("document", f"{name}:{found.line} (document {found.number})", found.why)
        elif found.value is not None:
            where = f"{name}:{found.line} (document {found.number})"
            yield from _object(found.value, name, where, found.number, count, None)


def _object(
    value: object, file: str, where: str, document: int, count: _Count, listed: str | None, depth: int = 0
) -> Iterator[Pod | Gap]:
    if not isinstance(value, dict):
        yield Gap("document", where, "is not an object")
        return
    kind = value.get("kind")
    items = value.get("items")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list):
        if depth >= _DEEPEST_LIST:
            yield Gap("document", where, "lists are nested too deeply")
            return
        for number, item in enumerate(items, 1):
            yield from _object(item, file, f"{where}, item {number}", document, count, kind, depth + 1)
        return
    count.objects += 1
    if kind is None and listed is not None and listed != "List":
        value = {**value, "kind": listed.removesuffix("List")}
    yield from _pods(value, file, where, document)


def _pods(value: dict[str, object], file: str, where: str, document: int) -> Iterator[Pod | Gap]:
    kind = value.get("kind")
    if not isinstance(kind, str) or not kind:
        yield Gap("document", where, "has no kind")
        return
    try:
        pod = from_mapping(value, file, document)
    except msgspec.ValidationError as error:
        yield Gap("document", where, f"{kind}: {error}")
        return
    if pod is None:
        if _template_inside(value):
            yield Gap("document", where, f"holds a pod template, but kind {kind} is not known: not audited")
    elif next(containers(pod), None) is None:
        yield Gap("document", where, f"{kind} {pod.name or '(no name)'} has no containers")
    else:
        yield pod


def _template_inside(value: dict[str, object]) -> bool:
    """Whether an object of an unknown kind holds a pod template where workloads have one."""
    spec = value.get("spec")
    template = spec.get("template") if isinstance(spec, dict) else None
    inner = template.get("spec") if isinstance(template, dict) else None
    return any(isinstance(part, dict) and isinstance(part.get("containers"), list) for part in (spec, inner))
