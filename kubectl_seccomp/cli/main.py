"""From the words of the command line to a help page, to completions, or to a command's function."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from . import boundary
from .command import Command
from .line import Line, Value, parse

# What cobra's programs call it; the installed kubectl_complete-seccomp uses it.
COMPLETE = "__complete"


def run_app(program: str, typed: list[str]) -> None:
    """Run the command line; ends the process with the exit code of the command."""
    if typed[:1] == [COMPLETE]:
        typed, program = typed[1:], "kubectl_complete-"
    if os.path.basename(program).startswith("kubectl_complete-"):
        from .complete import complete

        complete(typed)
    else:
        boundary.run(lambda: _run(parse(typed)))


def _run(line: Line) -> int:
    if line.help or line.command is None:
        from .help import page

        boundary.put([page(line.command, line.family, _columns())])
        return 0
    return _call(line.command, line.given, line.arguments)


def _call(command: Command, given: Mapping[str, Value], arguments: tuple[str, ...]) -> int:
    """Run the command's function with what was given, one struct per group of options that fills one, and return its exit code."""
    from .given import STRUCTS

    own: dict[str, Any] = {}
    fills: dict[str, dict[str, Any]] = {}
    for group in command.groups:
        fields = fills.setdefault(group.fills, {}) if group.fills else own
        for option in group.options:
            if option.field in given:
                fields[option.field] = given[option.field]
            elif option.environment and (value := os.environ.get(option.environment)):
                fields[option.field] = value
    if command.argument and arguments:
        own[command.argument.field] = list(arguments) if command.argument.many else arguments[0]
    return command.load()(**own, **{name: STRUCTS[name](**fields) for name, fields in fills.items()})


def _columns() -> int:
    """Return the width of the terminal; shutil, which knows it too, takes longer than the page."""
    given = os.environ.get("COLUMNS", "")
    if given.isascii() and given.isdigit():
        return int(given[:9])
    try:
        return os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1).columns
    except (OSError, ValueError):
        return 80
