"""Words of a command line into flags and other words, by the rules of kubectl's flag library (spf13/pflag, flag.go)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from .option import Kind, Option


class What(StrEnum):
    """What a token is."""

    FLAG = "flag"
    WORD = "word"
    UNKNOWN = "unknown"  # begins with a dash, and no option is called so
    MISSING = "missing"  # the last word is an option that needs a value


class Token(NamedTuple):
    """A flag with its value, or another word. `text` is the flag's name, or the word."""

    what: What
    text: str
    option: Option | None = None
    value: str = ""


def scan(words: list[str], known: Mapping[str, Option]) -> Iterator[Token]:
    """Yield the tokens in their order. Flags may stand behind other words; behind `--` all are words."""
    rest = iter(words)
    for word in rest:
        if word == "--":
            yield from (Token(What.WORD, last) for last in rest)
        elif word.startswith("--"):
            yield _long(word, rest, known)
        elif word.startswith("-") and word != "-":
            yield from _short(word, rest, known)
        else:
            yield Token(What.WORD, word)


def _long(word: str, rest: Iterator[str], known: Mapping[str, Option]) -> Token:
    name, separator, value = word.partition("=")
    option = known.get(name)
    if option is None:
        return Token(What.UNKNOWN, name)
    if separator:
        return Token(What.FLAG, name, option, value)
    return _with_next(name, option, rest)


def _short(word: str, rest: Iterator[str], known: Mapping[str, Option]) -> Iterator[Token]:
    """Yield the flags of a word such as -AR, -nshop or -o=json."""
    letters = word[1:]
    while letters:
        name, letters = f"-{letters[0]}", letters[1:]
        option = known.get(name)
        if option is None:
            yield Token(What.UNKNOWN, f"{name[1]!r} in {word}")
            return
        if letters.startswith("="):
            yield Token(What.FLAG, name, option, letters[1:])
            return
        if letters and option.kind is not Kind.FLAG:
            yield Token(What.FLAG, name, option, letters)
            return
        yield _with_next(name, option, rest)


def _with_next(name: str, option: Option, rest: Iterator[str]) -> Token:
    if option.kind is Kind.FLAG:
        return Token(What.FLAG, name, option, "true")
    value = next(rest, None)
    return Token(What.MISSING, name, option) if value is None else Token(What.FLAG, name, option, value)
