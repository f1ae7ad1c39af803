"""A profile in YAML: only a SeccompProfile resource is ever written so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from ..yamls import LINE, Broken, documents
from .gojson import Refused, folded
from .positions import Path, Position, Tracker

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def in_yaml(raw: bytes, refused: Refused) -> Mapping[str, object]:
    """Return the one document of a YAML text, if it is a SeccompProfile; else what is wrong with it as JSON."""
    found = [document for document in documents(raw) if isinstance(document, Broken) or document.value is not None]
    if len(found) != 1 or isinstance(found[0], Broken):
        raise refused
    value = _lowered(found[0].value)
    if not isinstance(value, dict) or value.get("kind") != "SeccompProfile":
        raise refused
    return value


def _lowered(value: object) -> object:
    """Fold keys as gojson.decode does. The recursion is as deep as yamls.py lets a document be."""
    if isinstance(value, dict):
        return {folded(key): _lowered(item) for key, item in value.items() if key != LINE}
    return [_lowered(item) for item in value] if isinstance(value, list) else value


def locate_yaml(text: str, paths: Iterable[Path]) -> dict[Path, Position]:
    """Return the position of each path in the first document; what stands in an alias has none."""
    tracker = Tracker[Position](paths)
    for event, mark in _events(text):
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            tracker.open(mark, mapping=isinstance(event, yaml.MappingStartEvent))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            tracker.close()
        elif isinstance(event, yaml.ScalarEvent):
            tracker.scalar(mark, event.value)
        elif isinstance(event, yaml.AliasEvent):
            tracker.scalar(mark, "")
    return tracker.found


def _events(text: str) -> Iterator[tuple[Any, Position]]:
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.DocumentEndEvent):
            return
        mark: Any = event.start_mark
        yield event, Position(mark.line + 1, mark.column + 1)
