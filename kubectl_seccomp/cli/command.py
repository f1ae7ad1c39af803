"""What a command is: plain data, so that help and completion import nothing of what a command does."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple, cast

from .option import Group, Option, Words

PROGRAM = "kubectl seccomp"


class Example(NamedTuple):
    """A line that works as it stands, and what it is for."""

    text: str
    line: str


class Argument(NamedTuple):
    """What may follow the command's name. `field` is the function's parameter; `choices` are (value, description); `option` is
    the one that may have been forgotten before a word too many.
    """

    field: str
    name: str
    help: str
    many: bool = False
    required: bool = False
    words: Words = Words.NOTHING
    choices: tuple[tuple[str, str], ...] = ()
    option: str = ""


class Command(NamedTuple):
    """One command. `function` is "module.name" in this package; it takes the argument and one struct per group that fills one, and
    returns the exit code.
    """

    name: str
    summary: str
    function: str
    text: str = ""
    examples: tuple[Example, ...] = ()
    argument: Argument | None = None
    groups: tuple[Group, ...] = ()

    @property
    def options(self) -> dict[str, Option]:
        """Return its options by each of their names."""
        return {name: option for group in self.groups for option in group.options for name in option.names}

    def load(self) -> Callable[..., int]:
        """Import and return its function."""
        module, _, name = self.function.rpartition(".")
        return cast("Callable[..., int]", getattr(import_module(f"{__package__}.{module}"), name))
