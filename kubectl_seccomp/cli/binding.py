"""From what was given on the command line to the command's function."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .commands import Command
from .given import STRUCTS
from .line import Value


def call(command: Command, given: Mapping[str, Value], arguments: tuple[str, ...]) -> int:
    """Run the command's function with what was given, one struct per group of options that fills one, and return its exit code."""
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
