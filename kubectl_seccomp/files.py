"""Manifests, directories, dumps and stdin -> the same pods as the API gives.

Which files are read follows kubectl (k8s.io/cli-runtime 0.37 pkg/resource/visitor.go and builder.go). What cannot be read is
a gap that names file, document and line; everything around it is still read.
"""

from __future__ import annotations

import glob
import io
import mmap
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from .dumps import NotJson, objects, values
from .fault import Fault
from .manifests import Reader, Source
from .model import Gap
from .pods import Pod
from .yamls import LARGEST_DOCUMENT, Broken, documents

SUFFIXES = (".json", ".yaml", ".yml")
LARGEST_FILE = 4 * 1024 * 1024 * 1024
# From this size on a file is mapped into memory instead of read, so that a dump is not held whole.
MAPPED_FILE = 64 * 1024 * 1024
# How much is read of what is no regular file.
LARGEST_STREAM = 1024 * 1024 * 1024
MOST_GAPS = 100
_BOM = b"\xef\xbb\xbf"
# What bytes.lstrip passes over, and what comes then.
_FIRST = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\n\r\v\f]*(.)", re.DOTALL)

Data = bytes | mmap.mmap


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


def _texts(path: str, given: bool, recursive: bool, stdin: BinaryIO | None) -> Iterator[tuple[str, Data | Gap]]:
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


def _bytes(path: str, *, given: bool) -> Data | Gap:
    """Return a file's bytes. A pipe or a device is read only when it was named: opening one could hang."""
    name = _shown(path)
    try:
        info = os.stat(path)
        if stat.S_ISDIR(info.st_mode):
            return Gap("file", name, "is a directory")
        if stat.S_ISREG(info.st_mode):
            if info.st_size > LARGEST_FILE:
                return Gap("file", name, _too_large(LARGEST_FILE))
            return Path(path).read_bytes() if info.st_size < MAPPED_FILE else _mapped(path)
        if not given:
            return Gap("file", name, "is not a regular file")
        with open(path, "rb") as stream:
            return _drained(name, stream)
    except OSError as error:
        return Gap("file", name, error.strerror or str(error))


def _mapped(path: str) -> mmap.mmap:
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _drained(name: str, stream: BinaryIO) -> bytes | Gap:
    """Return everything a stream gives, up to the limit."""
    whole = io.BytesIO()
    try:
        while part := stream.read(1 << 20):
            whole.write(part)
            if whole.tell() > LARGEST_STREAM:
                return Gap("file", name, _too_large(LARGEST_STREAM))
    except OSError as error:
        return Gap("file", name, error.strerror or str(error))
    return whole.getvalue()


def _too_large(limit: int) -> str:
    return f"is larger than {limit >> 20} MiB"


def _shown(path: str) -> str:
    """Return a path as text that every output can hold: file names are bytes, and need not be UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def _text(name: str, data: Data, reader: Reader) -> Iterator[Pod | Gap]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield Gap("file", name, "is UTF-16: manifests are UTF-8")
        return
    first = _FIRST.match(data)
    if first is None or first[1] not in (b"{", b"["):
        yield from _yaml(name, data[:], reader)
        return
    try:
        found = values(memoryview(data)[len(_BOM) * (data[: len(_BOM)] == _BOM) :])
    except NotJson as error:
        # Also a stream of YAML documents in flow style, or a template, may begin with a brace.
        if error.whole and (len(data) <= LARGEST_DOCUMENT or data.find(b"\n---") >= 0):
            yield from _yaml(name, data[:], reader)
        else:
            line = 1 + data[: error.byte].count(b"\n")
            yield Gap("document", f"{name}:{line} (document 1)", f"not valid JSON: {error}")
        return
    for number, value in enumerate(found, 1):
        yield from objects(Source(name, f"{name} (document {number})" if len(found) > 1 else name, number), value, reader)


def _yaml(name: str, data: bytes, reader: Reader) -> Iterator[Pod | Gap]:
    for found in documents(data):
        where = f"{name}:{found.line} (document {found.number})"
        if isinstance(found, Broken):
            yield Gap("document", where, found.why)
        elif found.value is not None:
            yield from reader.pods(found.value, Source(name, where, found.number, numbered=True), None)
