"""YAML as Kubernetes reads it (sigs.k8s.io/yaml 1.6, go.yaml.in/yaml 2.4): one document at a time, bounded in every direction.

The stream is cut into documents before it is parsed, so that a broken document does not take the rest with it. Values are
made from the parser's events: the composer of libyaml's binding recurses without a limit, and nesting alone can crash it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from .scalars import key_text, scalar

LARGEST_DOCUMENT = 64 * 1024 * 1024
DEEPEST = 100
# How many values aliases may unfold into: what go.yaml.in/yaml 2.4 decode.go grants the largest documents.
MOST_ALIASED = 400_000
LINE = "$line"
# The lists whose members get the line they start on: containers, and the objects of a List.
NUMBERED = frozenset({"containers", "initContainers", "ephemeralContainers", "items"})
# Used for its events; it makes no Python values.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# `---` and `...` at the beginning of a line end a document wherever they stand: no scalar can hold them there.
_MARKER = re.compile(rb"(?:\A|[\r\n])((?:\xef\xbb\xbf)?(?:---|\.\.\.))(?=[ \t\r\n]|\Z)")
# A line that is neither blank nor a comment nor a directive.
_CONTENT = re.compile(rb"(?<![^\r\n])(?![ \t]*(?:[\r\n#]|\Z)|%)")
# msgspec's names of types, as people call them.
_TYPES = {"object": "a mapping", "array": "a list", "str": "a string", "int": "a number", "float": "a number", "bool": "a boolean"}


class Document(Struct, frozen=True):
    """One decoded document: its number in the stream and the line its content starts on, both from 1."""

    number: int
    line: int
    value: object


class Broken(Struct, frozen=True):
    """One document that could not be decoded, with the line of the mistake."""

    number: int
    line: int
    why: str


class _Anchored(Struct, frozen=True):
    """What an alias stands for: the value, how many values are in it, how many levels it has below itself."""

    value: object
    size: int
    height: int


class _Frame(Struct):
    """A collection that is still open. `key` is the key that waits for its value, `size` the count when it began."""

    value: Any
    anchor: str | None
    size: int
    numbered: bool = False
    height: int = 0
    key: str | None = None
    merging: bool = False
    merged: set[str] | None = None


def documents(data: bytes) -> Iterator[Document | Broken]:
    """Yield every document of a UTF-8 stream; empty ones have the value None.

    Mappings that stand in a list of containers or of a List's items have the number of their first line (from 1, counted
    from the beginning of the stream) under "$line", a key that is dropped wherever the input has it.
    """
    number = lines = done = 0
    for begin, end in _cuts(data):
        lines += _breaks(data, done, begin)
        done = begin
        if end - begin > LARGEST_DOCUMENT:
            number += 1
            yield Broken(number, lines + 1, f"is larger than {LARGEST_DOCUMENT >> 20} MiB (as JSON it can be larger)")
            continue
        for found in _chunk(data[begin:end], number, lines):
            number = found.number
            yield found


def mistyped(error: msgspec.ValidationError) -> str:
    """Return `spec.containers must be a list, and is a string`, or msgspec's own words where it is not about a type."""
    found = re.fullmatch(r"Expected `(.+?)(?: \| null)?`, got `(.+?)`(?: - at `\$\.?(.+)`)?", str(error))
    if found is None:
        return str(error)
    wanted, got = (" or ".join(_TYPES.get(word, word) for word in names.split(" | ")) for names in found.groups()[:2])
    return f"{found[3] or 'it'} must be {wanted}, and is {got}"


def _cuts(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each document begins and ends; comments and directives before a `---` belong to what follows it."""
    begin = 0
    for marker in _MARKER.finditer(data):
        cut = marker.end() if marker[1].endswith(b"...") else marker.start(1)
        if _CONTENT.search(data, begin, cut):
            yield begin, cut
            begin = cut
    yield begin, len(data)


def _breaks(data: bytes, begin: int, end: int) -> int:
    """Count line breaks as the parser does: LF, CR, or both together."""
    return data.count(b"\n", begin, end) + data.count(b"\r", begin, end) - data.count(b"\r\n", begin, end)


def _chunk(text: bytes, number: int, offset: int) -> Iterator[Document | Broken]:
    """Decode what stands between two markers; it is one document unless something odd separates several."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        yield Broken(number + 1, offset + 1 + _breaks(text, 0, error.start), "is not UTF-8")
        return
    builder = _Builder(offset)
    try:
        loader = _Loader(text)
        while loader.check_event():
            event = loader.get_event()
            if isinstance(event, yaml.DocumentEndEvent):
                number += 1
                yield Document(number, builder.line, builder.root)
                builder = _Builder(offset)
            else:
                builder.take(event)
    except yaml.YAMLError as error:
        yield Broken(number + 1, _line(error, text, offset), f"not valid YAML: {_why(error)}")


def _line(error: yaml.YAMLError, text: bytes, offset: int) -> int:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return int(offset + mark.line + 1)
    return offset + 1 + _breaks(text, 0, int(getattr(error, "position", 0)))


def _why(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed")


def _wrong(event: Any, why: str) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, why, event.start_mark)


def _short(text: str) -> str:
    """Keep a message in one line whatever the input named: an anchor or a key can be as long as its document."""
    return text if len(text) <= 60 else f"{text[:57]}..."


class _Builder:
    """Makes one document's value out of events, with an explicit stack. Raises YAMLError for what Kubernetes refuses."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.line = 0
        self.root: object = None
        self.stack: list[_Frame] = []
        self.anchors: dict[str, _Anchored | None] = {}
        self.size = 0
        self.aliased = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event between the start and the end of a document."""
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            self.line = self.line or self._line(event)
            self.size += 1
            handler(self, event)

    def _line(self, event: Any) -> int:
        return int(self.offset + event.start_mark.line + 1)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and top.key is None and not top.merging and type(top.value) is dict and _is_merge(event):
            top.merging = True
            return
        try:
            value = scalar(event.tag, event.implicit[0], event.value)
        except ValueError as error:
            raise _wrong(event, str(error)) from None
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(value, 1, 0)
        self._add(value, event, 0)

    def _alias(self, event: yaml.AliasEvent) -> None:
        name = event.anchor or ""
        if name not in self.anchors:
            raise _wrong(event, f"there is no anchor {_short(name)}")
        found = self.anchors[name]
        if found is None:
            raise _wrong(event, f"anchor {_short(name)} contains itself")
        self.size += found.size
        self.aliased += found.size
        if self.aliased > MOST_ALIASED:
            raise _wrong(event, "its aliases unfold into too many values")
        if len(self.stack) + found.height > DEEPEST:
            raise _wrong(event, f"it is nested more than {DEEPEST} deep")
        self._add(self._renumbered(found.value, event), event, found.height)

    def _renumbered(self, value: object, event: yaml.Event) -> object:
        """Return a container, or a list of them, with the line of the alias; the shared value stays as it is."""
        top = self.stack[-1] if self.stack else None
        line = self._line(event)
        if top is not None and top.numbered and type(value) is dict:
            return {**value, LINE: line}
        if top is not None and top.key in NUMBERED and type(value) is list:
            return [{**item, LINE: line} if type(item) is dict else item for item in value]
        return value

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        top = self.stack[-1] if self.stack else None
        if len(self.stack) >= DEEPEST:
            raise _wrong(event, f"it is nested more than {DEEPEST} deep")
        if top is not None and type(top.value) is dict and top.key is None and not top.merging:
            raise _wrong(event, "a key is not a scalar")
        if event.anchor:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.SequenceStartEvent):
            numbered = top is not None and top.key in NUMBERED
            self.stack.append(_Frame([], event.anchor, self.size, numbered))
        else:
            mark = {LINE: self._line(event)} if top is not None and top.numbered else {}
            self.stack.append(_Frame(mark, event.anchor, self.size))

    def _close(self, event: yaml.CollectionEndEvent) -> None:
        frame = self.stack.pop()
        if frame.anchor:
            self.anchors[frame.anchor] = _Anchored(frame.value, self.size - frame.size + 1, frame.height)
        self._add(frame.value, event, frame.height)

    def _add(self, value: object, event: yaml.Event, height: int) -> None:
        """Put a finished value where the innermost open collection wants it: as a member, a key, a key's value, a merge."""
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        top.height = max(top.height, height + 1)
        if type(top.value) is list:
            top.value.append(value)
        elif top.merging:
            self._merge(top, value, event)
        elif top.key is None:
            top.key = self._key(top, value, event)
        else:
            if top.key != LINE:
                top.value[top.key] = value
            top.key = None

    def _key(self, top: _Frame, value: object, event: yaml.Event) -> str:
        text = key_text(value)
        if text is None:
            raise _wrong(event, "a key is empty or not a scalar")
        if text in top.value and text != LINE:
            if top.merged is None or text not in top.merged:
                raise _wrong(event, f'key "{_short(text)}" is there twice')
            top.merged.discard(text)
        return text

    def _merge(self, top: _Frame, value: object, event: yaml.Event) -> None:
        """Merge as go.yaml.in/yaml 2.4 does: in the order of the document, so that what follows a merge wins over it."""
        parts = value if isinstance(value, list) else [value]
        top.merged = set() if top.merged is None else top.merged
        for part in reversed(parts):
            if not isinstance(part, dict):
                raise _wrong(event, "a merge needs a mapping or a list of mappings")
            wanted = {key: item for key, item in part.items() if key != LINE}
            top.merged.update(wanted)
            top.value.update(wanted)
        top.merging = False


def _is_merge(event: yaml.ScalarEvent) -> bool:
    return event.value == "<<" and (event.implicit[0] or event.tag == "tag:yaml.org,2002:merge")


_HANDLERS: dict[type[yaml.Event], Any] = {
    yaml.ScalarEvent: _Builder._scalar,
    yaml.AliasEvent: _Builder._alias,
    yaml.SequenceStartEvent: _Builder._open,
    yaml.MappingStartEvent: _Builder._open,
    yaml.SequenceEndEvent: _Builder._close,
    yaml.MappingEndEvent: _Builder._close,
}
