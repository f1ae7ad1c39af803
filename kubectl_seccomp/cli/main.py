"""The commands of `kubectl seccomp` and the way into the process."""

from __future__ import annotations

import errno
import functools
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from ..cluster.connection import Options
from ..model import Fault
from . import boundary
from .options import MACHINE, Format, takes

NAME = "kubectl seccomp"
_PLAIN: dict[str, Any] = {
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "add_completion": False,
    "no_args_is_help": True,
    "context_settings": {"help_option_names": ["-h", "--help"], "max_content_width": 100},
}

app = typer.Typer(
    name=NAME,
    help="Tell the declared, effective and observed seccomp profile of every container, with the reason.",
    **_PLAIN,
)
check = typer.Typer(help="Prove what one thing has.", **_PLAIN)
app.add_typer(check, name="check")


def command(group: typer.Typer, name: str) -> Callable[[Callable[..., int]], Callable[..., None]]:
    """Register a command whose function returns its exit code and may raise Fault."""

    def register(function: Callable[..., int]) -> Callable[..., None]:
        @functools.wraps(function)
        def guarded(**values: Any) -> None:
            boundary.run(lambda: function(**values))

        group.command(name, context_settings=_PLAIN["context_settings"])(guarded)
        return guarded

    return register


@command(app, "version")
@takes(connection=Options)
def version(
    connection: Options,
    client: Annotated[bool, typer.Option("--client", help="Do not ask the API server.")] = False,
    output: Annotated[Format, typer.Option("-o", "--output", help="json or yaml for programs.", show_default=False)] = Format.TABLE,
) -> int:
    """Print the versions of the tool, its Python, its client library and, if it answers soon, the API server."""
    from .versions import facts, render

    boundary.put(render(facts(connection, client=client), output), exact=output in MACHINE)
    return 0


@command(app, "explain")
def explain(
    check_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Id or slug, such as KS101.")] = None,
) -> int:
    """Explain one check, or list them all."""
    from ..checks import CHECKS, by_key
    from ..render.explain import catalogue, page

    if check_id is None:
        boundary.put(catalogue(CHECKS))
        return 0
    found = by_key(check_id)
    if found is None:
        raise Fault(f'no check is called "{check_id}"', "kubectl seccomp explain lists them", 2)
    boundary.put(page(found))
    return 0


def run_app() -> None:
    """Run the command line; ends the process with the exit code of the command."""
    from . import audit, pods  # noqa: F401 - they register their commands

    try:
        app(args=sys.argv[1:], prog_name=NAME)
    except OSError as error:
        # Help and usage are printed by typer itself; a command's own output goes through the boundary.
        if error.errno not in (errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EBADF):
            raise
        boundary.run(functools.partial(boundary.unwritable, error))
