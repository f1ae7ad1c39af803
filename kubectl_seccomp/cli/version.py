"""`version`: what this tool runs on, and what it talks to."""

from __future__ import annotations

from ..cluster.connection import Options
from .boundary import put
from .options import MACHINE, Format
from .versions import facts, render


def version(connection: Options, client: bool = False, output: Format = Format.TABLE) -> int:
    """Print the versions of the tool, its Python, its client library and, if it answers soon, the API server."""
    put(render(facts(connection, client=client), output), exact=output in MACHINE)
    return 0
