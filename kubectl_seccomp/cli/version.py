"""`version`: what this tool runs on, and what it talks to."""

from __future__ import annotations

from ..cluster.connection import Options
from .boundary import put
from .choices import Shape
from .versions import facts, render


def version(connection: Options, client: bool = False, output: Shape = Shape.TABLE) -> int:
    """Print the versions of the tool, its Python, its client library and, if it answers soon, the API server."""
    put(render(facts(connection, client=client), output), exact=output is not Shape.TABLE)
    return 0
