"""From the words of the command line to a help page, to completions, or to a command."""

from __future__ import annotations

import os
import sys

from . import boundary
from .line import Line, parse

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
    from .binding import call

    return call(line.command, line.given, line.arguments)


def _columns() -> int:
    """Return the width of the terminal; shutil, which knows it too, takes longer than the page."""
    given = os.environ.get("COLUMNS", "")
    if given.isascii() and given.isdigit():
        return int(given[:9])
    try:
        return os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1).columns
    except (OSError, ValueError):
        return 80
