"""What an option is: plain data, so that help and completion import nothing else."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """How often an option may be given, and whether a value follows it."""

    FLAG = "flag"
    TEXT = "text"
    NUMBER = "number"
    LIST = "list"  # each use adds one value
    COMMAS = "commas"  # each use adds values, with commas between them


class Words(StrEnum):
    """What completes a value."""

    NOTHING = ""
    FILES = "files"
    FOLDERS = "folders"
    CHECKS = "checks"
    CONTEXTS = "contexts"
    CLUSTERS = "clusters"
    USERS = "users"
    NAMESPACES = "namespaces"
    PODS = "pods"
    NODES = "nodes"


class Option(NamedTuple):
    """One option. `field` is the struct's field that it fills, `value` how help calls what follows it."""

    field: str
    names: tuple[str, ...]
    help: str
    kind: Kind = Kind.FLAG
    value: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""
    words: Words = Words.NOTHING
    least: int = 0
    environment: str = ""

    @property
    def long(self) -> str:
        """Return the long name."""
        return self.names[-1]


class Group(NamedTuple):
    """Options that stand together in help. `fills` names the command's parameter for their struct, "" for one parameter each."""

    fills: str
    title: str
    options: tuple[Option, ...]


def flag(field: str, *names: str, text: str) -> Option:
    """Return an option without a value."""
    return Option(field, names, text)


def text(field: str, *names: str, text: str, value: str, words: Words = Words.NOTHING, default: str = "") -> Option:
    """Return an option with a text as its value."""
    return Option(field, names, text, Kind.TEXT, value, words=words, default=default)


def listed(field: str, *names: str, text: str, value: str, words: Words = Words.NOTHING, kind: Kind = Kind.LIST) -> Option:
    """Return an option that may be given several times."""
    return Option(field, names, text, kind, value, words=words)


def number(field: str, *names: str, text: str, default: str, least: int = 0) -> Option:
    """Return an option with a whole number as its value."""
    return Option(field, names, text, Kind.NUMBER, "N", default=default, least=least)


def choice(field: str, *names: str, text: str, value: str, choices: type[StrEnum], default: str = "") -> Option:
    """Return an option that takes one of a few words."""
    return Option(field, names, text, Kind.TEXT, value, tuple(choices), default)
