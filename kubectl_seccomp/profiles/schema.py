"""The fields of a profile with their types, as Go's structs have them: specs-go (runtime-spec 1.3), and Docker's form. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum

from msgspec import Struct

from ..runtimes import CONTAINERD, CRIO, DOCKER
from .positions import Path


class Kind(Enum):
    """The type of a field, as one tells it to a person."""

    TEXT = "a string"
    TEXTS = "a list of strings"
    OBJECT = "an object"
    OBJECTS = "a list of objects"
    UNSIGNED = "a whole number from 0 to 2^64 - 1"


_BOTH = (CRIO.scheme, DOCKER.scheme)
EVERY = (CONTAINERD.scheme, *_BOTH)


class Field(Struct, frozen=True):
    """One field: its spelling, its type, the decoders that read it (decoders.py), and the fields of what is in it."""

    name: str
    kind: Kind
    readers: tuple[str, ...] = EVERY
    fields: tuple[Field, ...] = ()


_ARGUMENT = (
    Field("op", Kind.TEXT),
    Field("index", Kind.UNSIGNED),
    Field("value", Kind.UNSIGNED),
    Field("valueTwo", Kind.UNSIGNED),
)
_FILTER = (
    Field("caps", Kind.TEXTS, _BOTH),
    Field("arches", Kind.TEXTS, _BOTH),
    Field("minKernel", Kind.TEXT, (DOCKER.scheme,)),
)
_RULE = (
    Field("name", Kind.TEXT, _BOTH),
    Field("comment", Kind.TEXT, _BOTH),
    Field("errno", Kind.TEXT, (CRIO.scheme,)),
    Field("includes", Kind.OBJECT, _BOTH, _FILTER),
    Field("excludes", Kind.OBJECT, _BOTH, _FILTER),
    Field("names", Kind.TEXTS),
    Field("action", Kind.TEXT),
    Field("errnoRet", Kind.UNSIGNED),
    Field("args", Kind.OBJECTS, fields=_ARGUMENT),
)
_ARCHMAP = (Field("architecture", Kind.TEXT, _BOTH), Field("subArchitectures", Kind.TEXTS, _BOTH))
PROFILE = (
    Field("defaultAction", Kind.TEXT),
    Field("listenerPath", Kind.TEXT),
    Field("listenerMetadata", Kind.TEXT),
    Field("flags", Kind.TEXTS),
    Field("architectures", Kind.TEXTS),
    Field("defaultErrnoRet", Kind.UNSIGNED),
    Field("defaultErrno", Kind.TEXT, (CRIO.scheme,)),
    Field("archMap", Kind.OBJECTS, _BOTH, _ARCHMAP),
    Field("syscalls", Kind.OBJECTS, fields=_RULE),
)
_FITS: dict[Kind, Callable[[object], bool]] = {
    Kind.TEXT: lambda value: isinstance(value, str),
    Kind.TEXTS: lambda value: isinstance(value, list) and all(item is None or isinstance(item, str) for item in value),
    Kind.OBJECT: lambda value: isinstance(value, dict),
    Kind.OBJECTS: lambda value: isinstance(value, list) and all(item is None or isinstance(item, dict) for item in value),
    Kind.UNSIGNED: lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64,
}


def misfits(document: Mapping[str, object], fields: tuple[Field, ...] = PROFILE, path: Path = ()) -> Iterator[tuple[Field, Path]]:
    """Yield every field whose value is of another type, with where it stands; null is of every type."""
    for field in fields:
        value = document.get(field.name.lower())
        here = (*path, field.name.lower())
        if value is not None and not _FITS[field.kind](value):
            yield field, here
        for inner, within in _inner(value, here) if field.fields else ():
            yield from misfits(inner, field.fields, within)


def strangers(
    document: Mapping[str, object], fields: tuple[Field, ...] = PROFILE, path: Path = ()
) -> Iterator[tuple[str, Path, tuple[Field, ...]]]:
    """Yield every key that is none of these fields, in lower case, with where it stands and what could be there."""
    known = {field.name.lower(): field for field in fields}
    for key, value in document.items():
        here = (*path, key)
        if (field := known.get(key)) is None:
            yield key, here, fields
        elif field.fields:
            for inner, within in _inner(value, here):
                yield from strangers(inner, field.fields, within)


def _inner(value: object, path: Path) -> Iterator[tuple[Mapping[str, object], Path]]:
    if isinstance(value, dict):
        yield value, path
    for index, item in enumerate(value) if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item, (*path, index)
