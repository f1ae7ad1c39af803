"""Where in a profile's text something stands: line and column of keys and list elements, asked for by path. Pure.

A path is what gojson.py's mapping is indexed by: ("syscalls", 3, "names", 0), keys in lower case. A key's position is that of
the key itself, a list element's that of its first character; of equal keys the last counts, as everywhere in Go. Only what is
asked for is kept, so that a large file costs one pass over its text.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from msgspec import Struct

from .gojson import folded

Path = tuple[str | int, ...]
M = TypeVar("M")
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]]|[^\s{}\[\]:,"]+', re.DOTALL)
_COLON = re.compile(r"\s*:")


class Position(Struct, frozen=True, order=True):
    """Line and column, both from 1, the column in characters."""

    line: int
    column: int


def locate_json(text: str, paths: Iterable[Path]) -> dict[Path, Position]:
    """Return the position of each path that the text has; the text has been decoded as JSON before."""
    tracker = Tracker[int](paths)
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word in "{[":
            tracker.open(token.start(), mapping=word == "{")
        elif word in "}]":
            tracker.close()
        else:
            tracker.scalar(token.start(), json.loads(word) if tracker.wants_key() else "")
    lines = _lines(text)
    return {path: _at(lines, offset) for path, offset in tracker.found.items()}


def _lines(text: str) -> list[int]:
    """Return where each line begins."""
    return [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]


def _at(lines: list[int], offset: int) -> Position:
    line = bisect_right(lines, offset)
    return Position(line, offset - lines[line - 1] + 1)


def duplicates(text: str) -> Iterator[tuple[str, Position]]:
    """Yield every key that its object has before, with where it stands; the text has been decoded as JSON before."""
    lines = _lines(text)
    stack: list[set[str] | None] = []
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word in "{[":
            stack.append(set() if word == "{" else None)
        elif word in "}]":
            stack.pop()
        elif word[0] == '"' and stack and (seen := stack[-1]) is not None and _COLON.match(text, token.end()):
            key = folded(json.loads(word, strict=False))
            if key in seen:
                yield key, _at(lines, token.start())
            seen.add(key)


class _Open(Struct, Generic[M]):
    """A collection that is still open: what is wanted in it, how far it is, and what is wanted in the value that comes next."""

    wanted: dict[Any, Any]
    mapping: bool
    index: int = 0
    value: dict[Any, Any] | None = None


class Tracker(Generic[M]):
    """Follows a document value by value and notes where the wanted paths are; `M` is whatever says where something is."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.found: dict[Path, M] = {}
        root: dict[Any, Any] = {}
        for path in paths:
            node = root
            for step in path:
                node = node.setdefault(step, {})
            node[None] = path  # no step is None
        self.root = root
        self.stack: list[_Open[M]] = []

    def open(self, mark: M, *, mapping: bool) -> None:
        """Begin a collection."""
        self.stack.append(_Open(self._value(mark), mapping))

    def close(self) -> None:
        """End the innermost collection."""
        self.stack.pop()

    def wants_key(self) -> bool:
        """Whether a key comes next, in a mapping where something is wanted."""
        top = self.stack[-1] if self.stack else None
        return top is not None and top.mapping and top.value is None and bool(top.wanted)

    def scalar(self, mark: M, text: str) -> None:
        """Take a key, or a value that is no collection; `text` counts where a key is wanted."""
        top = self.stack[-1] if self.stack else None
        if top is not None and top.mapping and top.value is None:
            top.value = self._note(top.wanted.get(folded(text)), mark) if top.wanted else {}
        else:
            self._value(mark)

    def _value(self, mark: M) -> dict[Any, Any]:
        """Return what is wanted in the value that begins here."""
        if not self.stack:
            return self._note(self.root, mark)
        top = self.stack[-1]
        if top.mapping:
            wanted, top.value = top.value or {}, None
            return wanted
        top.index += 1
        return self._note(top.wanted.get(top.index - 1), mark)

    def _note(self, wanted: dict[Any, Any] | None, mark: M) -> dict[Any, Any]:
        if wanted and None in wanted:
            self.found[wanted[None]] = mark
        return wanted or {}
