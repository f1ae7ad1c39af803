"""A command line into the command and what was given to it, checked, with errors in kubectl's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Never

from ..fault import Fault
from . import options
from .command import PROGRAM, Command
from .commands import COMMANDS, FAMILIES, everything, find
from .option import Kind, Option
from .scan import Token, What, scan

TRUE = ("1", "t", "T", "TRUE", "true", "True")
FALSE = ("0", "f", "F", "FALSE", "false", "False")

Value = bool | int | str | list[str]


class Line(NamedTuple):
    """What was typed: the command, or the start of a name where only help can be meant; and what was given to it.

    `given` has the values by the options' fields: True, a number, a text, a choice or a list. What is not there was not given.
    """

    command: Command | None
    family: str = ""
    help: bool = False
    given: Mapping[str, Value] = {}
    arguments: tuple[str, ...] = ()


def parse(typed: list[str]) -> Line:
    """Return what the words mean. Fault (2) with a hint where kubectl would refuse them too."""
    names = [token.text for token in scan(typed, everything()) if token.what is What.WORD]
    asked = names[:1] == ["help"]
    names = names[1:] if asked else names
    command, used = find(names)
    # Once more: what a command takes under a name that others have too may differ.
    tokens = list(scan(typed, everything() | (command.options if command else {})))
    page = f"{PROGRAM} {command.name}" if command else PROGRAM
    _refuse_unknown(tokens, command, page)
    given = [token for token in tokens if token.what is What.FLAG]
    asked = asked or any(token.option is options.HELP for token in given)
    if command is None:
        return _no_command(names, given, asked=asked)
    if asked:
        return Line(command, help=True)
    arguments = names[used:]
    _check_arguments(command, arguments, page)
    return Line(command, given=values(given, page), arguments=tuple(arguments))


def _no_command(names: list[str], given: list[Token], *, asked: bool) -> Line:
    """Return the page that is meant when no command is named."""
    family = names[0] if names[:1] and names[0] in FAMILIES else ""
    rest = names[1:] if family else names
    if rest:
        _unknown_command(rest[0], family)
    version = not family and not asked and any(token.option is options.VERSION and token.value in TRUE for token in given)
    if version:
        return Line(find(["version"])[0])
    if given and not asked:
        raise Fault("a command is missing", f"see: {PROGRAM}{family and ' '}{family} --help", 2)
    return Line(None, family, help=True)


def _unknown_command(name: str, family: str) -> Never:
    parent = f"{PROGRAM} {family}" if family else PROGRAM
    start = f"{family} " if family else ""
    known = [command.name.removeprefix(start).split()[0] for command in COMMANDS if command.name.startswith(start)]
    raise Fault(f'unknown command "{name}" for "{parent}"{_near(name, known)}', f"see: {parent} --help", 2)


def _refuse_unknown(tokens: Iterable[Token], command: Command | None, page: str) -> None:
    """Stop at the first flag that does not exist, that has no value, or that another command takes."""
    own = {**command.options, "-h": options.HELP, "--help": options.HELP} if command else everything()
    for token in tokens:
        if token.what is What.MISSING:
            raise Fault(f"flag needs an argument: {_as_typed(token.text)}", f"see: {page} --help", 2)
        if token.what is What.UNKNOWN:
            long = token.text.startswith("--")
            near = _near(token.text, [name for name in own if name.startswith("--")]) if long else ""
            raise Fault(f"unknown {'' if long else 'shorthand '}flag: {token.text}{near}", f"see: {page} --help", 2)
        if token.what is What.FLAG and token.text not in own:
            others = ", ".join(each.name for each in COMMANDS if token.text in each.options)
            taken = f" (it belongs to {others})" if others else ""
            raise Fault(f"unknown flag: {token.text}{taken}", f"see: {page} --help", 2)


def _as_typed(name: str) -> str:
    return name if name.startswith("--") else f"{name[1]!r} in {name}"


def _near(word: str, known: list[str]) -> str:
    import difflib

    found = difflib.get_close_matches(word, known, 1)
    return f" (did you mean {found[0]}?)" if found else ""


def _check_arguments(command: Command, arguments: list[str], page: str) -> None:
    argument, hint = command.argument, f"see: {page} --help"
    most = 0 if argument is None else len(arguments) if argument.many else 1
    if len(arguments) > most:
        takes = f"one {argument.name}" if argument else "no arguments"
        near = f" (did you mean {argument.option} {arguments[most]}?)" if argument and argument.option else ""
        raise Fault(f'"{page}" takes {takes}: unexpected argument "{arguments[most]}"{near}', hint, 2)
    if argument is None:
        return
    if argument.required and not arguments:
        raise Fault(f'"{page}" needs {argument.name}: {argument.help[0].lower()}{argument.help[1:].rstrip(".")}', hint, 2)
    known = [choice for choice, _ in argument.choices]
    for word in arguments:
        if known and word not in known:
            raise Fault(f'"{page}" does not know "{word}": it takes {", ".join(known)}{_near(word, known)}', hint, 2)


def values(given: Iterable[Token], page: str) -> dict[str, Value]:
    """Return what the options say, by field: of one that is given twice the last counts, lists grow. Fault (2) for a wrong value."""
    found: dict[str, Value] = {}
    for token in given:
        option = token.option
        if option is None or option is options.VERSION:
            continue
        value, before = _value(option, token.value, page), found.pop(option.field, None)
        if isinstance(value, list) and isinstance(before, list):
            value = before + value
        if value is not None:
            found[option.field] = value
    return found


def _value(option: Option, text: str, page: str) -> Value | None:
    """Return what one use of an option gives: None for a flag that is switched off, or an empty value."""
    if option.kind is Kind.FLAG:
        if text not in TRUE + FALSE:
            _invalid(option, text, "must be true or false", page)
        return text in TRUE or None
    if option.kind is Kind.LIST:
        return [text]
    if option.kind is Kind.COMMAS:
        return _split(text) if "," in text else [text]
    if option.kind is Kind.NUMBER:
        if not (text.isascii() and text.isdigit() and option.least <= int(text[:9]) and len(text) < 10):
            _invalid(option, text, f"must be a number, at least {option.least}", page)
        return int(text)
    if option.choices and text:
        return _chosen(option, text, page)
    return text or None


def _chosen(option: Option, text: str, page: str) -> str:
    """Return the member of the option's choices: each is an enum's."""
    if text not in option.choices:
        near = _near(text, list(option.choices))
        _invalid(option, text, f"must be one of {', '.join(option.choices)}{near}", page)
    return option.choices[option.choices.index(text)]


def _split(text: str) -> list[str]:
    """Return the values of a list with commas, of which one may be quoted."""
    import csv

    return next(csv.reader(text.splitlines()[:1]))


def _invalid(option: Option, text: str, must: str, page: str) -> Never:
    raise Fault(f'invalid argument "{text}" for "{", ".join(option.names)}" flag: {must}', f"see: {page} --help", 2)
