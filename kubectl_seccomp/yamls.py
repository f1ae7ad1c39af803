"""YAML as Kubernetes reads it: its scalar rules, no duplicate keys, bounded aliases and nesting, one document at a time.

The stream is cut into documents before it is parsed, so that a broken document does not take the rest with it, and so that
lines count from the beginning of the file.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import Any

import yaml
from msgspec import Struct

LARGEST_DOCUMENT = 64 * 1024 * 1024
DEEPEST = 100
MOST_NODES = 2_000_000
CONTAINER_LISTS = frozenset({"containers", "initContainers", "ephemeralContainers"})
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Document(Struct, frozen=True):
    """One decoded document: its number in the stream and the line it starts on, both from 1."""

    number: int
    line: int
    value: object


class Broken(Struct, frozen=True):
    """One document that could not be decoded, with the line of the mistake."""

    number: int
    line: int
    why: str


class _Loader(_Base):  # type: ignore[misc]
    """PyYAML's safe loader with the scalars of Kubernetes' own (sigs.k8s.io/yaml, goyaml.v2): `yes` is true, a date is text."""

    def __init__(self, stream: str, offset: int) -> None:
        super().__init__(stream)
        self.offset = offset


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"y|Y|n|N|(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)", "yYnNtTfFoO"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("merge", "<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def _bool(_loader: Any, node: yaml.ScalarNode) -> bool:
    return node.value.lower() in ("y", "yes", "true", "on")


def _int(_loader: Any, node: yaml.ScalarNode) -> int:
    text = node.value
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def _mapping(loader: Any, node: yaml.MappingNode) -> Iterator[dict[Hashable, object]]:
    found: dict[Hashable, object] = {}
    yield found
    loader.flatten_mapping(node)
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise yaml.constructor.ConstructorError(None, None, "a key is not a scalar", key_node.start_mark)
        if key == "$line":
            continue
        if key in found:
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
        if key in CONTAINER_LISTS and isinstance(value_node, yaml.SequenceNode):
            _number(loader, found[key], value_node)


def _number(loader: Any, items: object, node: yaml.SequenceNode) -> None:
    """Write the line that each container starts on into its mapping."""
    for item, item_node in zip(items if isinstance(items, list) else (), node.value, strict=False):
        if isinstance(item, dict):
            item["$line"] = loader.offset + item_node.start_mark.line + 1


_Loader.add_constructor("tag:yaml.org,2002:bool", _bool)
_Loader.add_constructor("tag:yaml.org,2002:int", _int)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def documents(data: bytes) -> Iterator[Document | Broken]:
    """Yield every document of a stream; empty ones have the value None."""
    number = 0
    for line, text in _split(data):
        number += 1
        yield _decode(number, line, text)


def _split(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Cut a stream at lines that begin with `---`; yield (lines before the document, its bytes)."""
    start, begin = 0, 0
    position = line = 0
    for raw in data.splitlines(keepends=True):
        marker = raw[:3] == b"---" and raw[3:4] in (b"", b" ", b"\t", b"\r", b"\n")
        if marker and data[begin:position].strip():
            yield start, data[begin:position]
            start, begin = line, position
        position += len(raw)
        line += 1
    if data[begin:].strip():
        yield start, data[begin:]


def _decode(number: int, offset: int, data: bytes) -> Document | Broken:
    if len(data) > LARGEST_DOCUMENT:
        return Broken(number, offset + 1, "is larger than 64 MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Broken(number, offset + 1 + data[: error.start].count(b"\n"), "is not UTF-8")
    try:
        loader = _Loader(text, offset)
        try:
            node = loader.get_single_node()
            if node is None:
                return Document(number, offset + 1, None)
            _measure(node)
            return Document(number, offset + 1 + node.start_mark.line, loader.construct_document(node))
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        return Broken(number, offset + 1 + (mark.line if mark else 0), f"not valid YAML: {what}")
    except (RecursionError, ValueError, OverflowError, TypeError) as error:
        return Broken(number, offset + 1, f"not valid YAML: {error}")


def _measure(root: yaml.Node) -> None:
    """Raise YAMLError where aliases would unfold into too much, or values are nested too deeply."""
    sizes: dict[int, int] = {}
    _size(root, sizes, 0)


def _size(node: yaml.Node, sizes: dict[int, int], depth: int) -> int:
    known = sizes.get(id(node))
    if known is not None:
        if known < 0:
            raise yaml.constructor.ConstructorError(None, None, "an alias contains itself", node.start_mark)
        return known
    if depth > DEEPEST:
        raise yaml.constructor.ConstructorError(None, None, f"is nested more than {DEEPEST} deep", node.start_mark)
    sizes[id(node)] = -1
    total = 1
    if isinstance(node, yaml.MappingNode):
        total += sum(_size(key, sizes, depth + 1) + _size(value, sizes, depth + 1) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        total += sum(_size(item, sizes, depth + 1) for item in node.value)
    if total > MOST_NODES:
        raise yaml.constructor.ConstructorError(None, None, "its aliases unfold into too many values", node.start_mark)
    sizes[id(node)] = total
    return total
