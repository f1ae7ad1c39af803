"""Completion in cobra's protocol: `value<TAB>description` lines, then `:` and what the shell is to do on its own.

kubectl runs it with the words behind the plugin's name; the last one, perhaps empty, is to be completed. Nothing is ever said on
stderr, which is the user's prompt.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..fault import Fault
from . import options
from .command import Command
from .commands import COMMANDS, FAMILIES, everything, find
from .line import values
from .option import Kind, Option, Words
from .options import CONNECTION
from .scan import Token, What, scan

# cobra's ShellCompDirective: complete file names, do not, complete directories.
FILES, NO_FILES, FOLDERS = 0, 4, 16

Candidate = tuple[str, str]


class Answer(NamedTuple):
    """What may stand there, and what the shell is to do."""

    candidates: Iterable[Candidate] = ()
    directive: int = NO_FILES


def complete(words: list[str]) -> None:
    """Print the completions of the last word."""
    *before, last = words or [""]
    candidates, directive = answer(before, last)
    lines = [f"{value}\t{text}\n" if text else f"{value}\n" for value, text in candidates if value.startswith(_typed(last))]
    if sys.stdout is not None:
        sys.stdout.write("".join([*lines, f":{directive}\n"]))
        sys.stdout.flush()


def _typed(last: str) -> str:
    """Return the part of the word that a candidate has to begin with: the shells themselves keep the flag before the sign."""
    return last.partition("=")[2] if last.startswith("-") and "=" in last else last


def answer(before: list[str], last: str) -> Answer:
    """Return what may stand in place of `last` behind the other words."""
    names = [token.text for token in scan(before, everything()) if token.what is What.WORD]
    command, used = find(names)
    known = everything() | (command.options if command else {})
    tokens = list(scan(before, known))
    if tokens and tokens[-1].what is What.MISSING:
        return _value(tokens[-1].option, tokens)
    if "--" not in before and last.startswith("-"):
        if "=" in last:
            return _value(known.get(last.partition("=")[0]), tokens)
        return Answer(_flags(command, tokens))
    if command is None:
        return Answer(_commands(names))
    return _argument(command, names[used:], tokens)


def _commands(names: list[str]) -> Iterator[Candidate]:
    start = "".join(f"{name} " for name in names)
    seen = set()
    for command in COMMANDS:
        word = command.name.removeprefix(start).split()[0]
        if command.name.startswith(start) and word not in seen:
            seen.add(word)
            yield word, command.summary if command.name == start + word else FAMILIES[word]


def _flags(command: Command | None, tokens: list[Token]) -> Iterator[Candidate]:
    """Yield the flags that can still be given."""
    given = {token.option.field for token in tokens if token.option and token.option.kind not in (Kind.LIST, Kind.COMMAS)}
    root = (*CONNECTION.options, *options.NAMESPACE.options, options.VERSION)
    own = [option for group in command.groups for option in group.options] if command else root
    for option in (*own, options.HELP):
        if option.field not in given:
            yield from ((name, option.help) for name in option.names)


def _argument(command: Command, already: list[str], tokens: list[Token]) -> Answer:
    argument = command.argument
    if argument is None or (already and not argument.many):
        return Answer()
    if argument.choices:
        return Answer(argument.choices)
    return Answer([each for each in _words(argument.words, tokens) if each[0] not in already])


def _value(option: Option | None, tokens: list[Token]) -> Answer:
    if option is None:
        return Answer()
    if option.kind is Kind.FLAG:
        return Answer([("true", ""), ("false", "")])
    if option.words in (Words.FILES, Words.FOLDERS):
        return Answer((), FILES if option.words is Words.FILES else FOLDERS)
    return Answer([(choice, "") for choice in option.choices] or _words(option.words, tokens))


def _words(words: Words, tokens: list[Token]) -> list[Candidate]:
    if words is Words.NOTHING:
        return []
    if words is Words.CHECKS:
        from .titles import TITLES

        return [each for check, slug, title in TITLES for each in ((check, title), (slug, title))]
    connection = (*CONNECTION.options, *options.NAMESPACE.options)
    try:
        given = values([token for token in tokens if token.what is What.FLAG and token.option in connection], "")
    except Fault:  # what was typed already will be refused
        return []
    _hush()
    from .live import names

    return [(name, "") for name in names(words, given)]


def _hush() -> None:
    """Give what follows, credential plugins too, no terminal to ask on and none to complain on."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 2):
        os.dup2(nothing, stream)
