"""Help pages in kubectl's order: what it does, examples, options by group, usage last, where the eye is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import options
from .command import PROGRAM, Command
from .commands import COMMANDS, FAMILIES
from .option import Group, Kind, Option

WIDEST = 80
LEAST = 60
# Where the text of an option, or of a command, begins.
COLUMN = 30
SUMMARY = "Show the declared, effective and observed seccomp profile of every container, with the reason."


def page(command: Command | None, family: str, columns: int) -> str:
    """Return the page of a command, of the start of a name, or of the whole program, for a terminal of so many columns."""
    width = max(min(columns, WIDEST), LEAST)
    if command is None:
        return "\n".join(_overview(family, width)) + "\n"
    return "\n".join(_page(command, width)) + "\n"


def _overview(family: str, width: int) -> Iterator[str]:
    start = f"{family} " if family else ""
    yield from wrap(FAMILIES[family] if family else SUMMARY, width)
    shown = [command for command in COMMANDS if command.name.startswith(start)]
    yield from _examples((example.text, example.line) for command in shown[: None if family else 3] for example in command.examples[:1])
    yield from ("", "Commands:")
    for command in shown:
        yield from _entry(f"  {command.name}", command.summary, width, 14)
    if not family:
        yield from ("", "Options:")
        yield from _lines((options.HELP, options.VERSION), width)
    yield from ("", "Usage:", f"  {PROGRAM} {start}COMMAND [options]", "")
    yield from wrap(f'Use "{PROGRAM} COMMAND --help" for more about a command.', width)


def _page(command: Command, width: int) -> Iterator[str]:
    yield from wrap(command.summary, width)
    if command.text:
        yield ""
        yield from wrap(command.text, width)
    yield from _examples(command.examples)
    argument = command.argument
    if argument:
        yield from ("", "Arguments:")
        yield from _entry(f"  {argument.name}", argument.help, width)
    for title, shown in groups(command).items():
        yield from ("", f"{title}:")
        yield from _lines(shown, width)
    yield from ("", "Usage:", f"  {usage(command)}")


def groups(command: Command) -> dict[str, list[Option]]:
    """Return the options by the titles they stand under."""
    found: dict[str, list[Option]] = {}
    for group in (*command.groups, Group("", "Help", (options.HELP,))):
        found.setdefault(group.title, []).extend(group.options)
    return found


def usage(command: Command) -> str:
    """Return the one line that says what a command takes."""
    words = [PROGRAM, command.name]
    if command.argument:
        name = command.argument.name + ("..." if command.argument.many else "")
        words.append(name if command.argument.required else f"[{name}]")
    return " ".join([*words, "[options]"])


def _examples(examples: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield from ("", "Examples:")
    for number, (text, line) in enumerate(examples):
        if number:
            yield ""
        yield from (f"  # {text}", f"  {line}")


def _lines(shown: Iterable[Option], width: int) -> Iterator[str]:
    for option in shown:
        yield from _entry(f"  {label(option)}", describe(option), width)


def label(option: Option) -> str:
    """Return an option's names with what follows them, long ones under each other."""
    names = ", ".join(option.names)
    indent = "" if len(option.names) > 1 else "    "
    return f"{indent}{names}{'' if option.kind is Kind.FLAG else f' {option.value}'}"


def describe(option: Option) -> str:
    """Return what an option does, with its values and its default."""
    text = option.help
    if option.choices:
        text = f"{text.rstrip('.')}: {', '.join(option.choices)}."
    if option.environment:
        text = f"{text} Environment: {option.environment}."
    return f"{text} (default {option.default})" if option.default else text


def _entry(left: str, text: str, width: int, column: int = COLUMN) -> Iterator[str]:
    """Yield a label with its text beside it, or below it where the label is too long."""
    first, *more = wrap(text, width - column)
    if len(left) > column - 2:
        yield left
        left = ""
    yield left.ljust(column) + first
    yield from (" " * column + line for line in more)


def wrap(text: str, width: int) -> list[str]:
    """Return the text as lines; the standard library's way needs modules that take longer than the page."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines
