"""From a command's record to typer, which turns words into values, and from there to the command's function."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Annotated, Any, get_type_hints

import typer

from ..fault import Fault
from .commands import PROGRAM, Argument, Command
from .given import STRUCTS
from .options import Option


def call(command: Command, words: Iterable[str]) -> int:
    """Run the command's function with what the words say and return its exit code."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(add_help_option=False)(_spread(command))
    try:
        bound: Callable[[], int] = app(args=list(words), prog_name=f"{PROGRAM} {command.name}", standalone_mode=False)
    except typer.BadParameter as error:
        raise Fault(error.message, f"see: {PROGRAM} {command.name} --help", 2) from error
    # Outside of typer, which has exit codes of its own for an interrupt and for a reader that has gone.
    return bound()


def _spread(command: Command) -> Callable[..., Callable[[], int]]:
    """Return a function with one parameter for each option; it binds them to the command's, as one struct per group."""
    function = command.load()
    parameters = [*_own(command, function), *_grouped(command)]
    fills = dict.fromkeys(group.fills for group in command.groups if group.fills)

    def spread(**values: Any) -> Callable[[], int]:
        structs = {}
        for name in fills:
            fields = {option.field for group in command.groups if group.fills == name for option in group.options}
            structs[name] = STRUCTS[name](**{field: values.pop(field) for field in fields})
        return functools.partial(function, **values, **structs)

    spread.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    spread.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return spread


def _own(command: Command, function: Callable[..., int]) -> list[inspect.Parameter]:
    """Return the argument and the options that the function takes as parameters of their own."""
    signature, hints = inspect.signature(function).parameters, get_type_hints(function)
    options = [option for group in command.groups if not group.fills for option in group.options]
    made = [(option.field, _option(option)) for option in options]
    if command.argument:
        made.insert(0, (command.argument.field, _argument(command.argument)))
    return [_parameter(field, hints[field], info, signature[field].default) for field, info in made]


def _grouped(command: Command) -> list[inspect.Parameter]:
    """Return the options that go into structs, with the types and the defaults of the structs' fields."""
    made = []
    for group in command.groups:
        if group.fills:
            struct = STRUCTS[group.fills]
            hints, defaults = get_type_hints(struct), struct()
            made += [
                _parameter(option.field, hints[option.field], _option(option), getattr(defaults, option.field))
                for option in group.options
            ]
    return made


def _parameter(name: str, kind: Any, info: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, info])


def _option(option: Option) -> Any:
    return typer.Option(*option.names, envvar=option.environment or None)


def _argument(argument: Argument) -> Any:
    return typer.Argument(metavar=argument.name)
