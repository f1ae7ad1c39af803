"""`version`: what this tool runs on, and what it talks to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from .. import __version__
from ..cluster.connection import Options
from ..fault import Fault
from ..render.text import safe
from .boundary import put, say
from .choices import Shape
from .connect import open_api

# Whoever asks for versions may have no cluster at hand: kubectl's own patience would be half a minute.
SECONDS = 2.0


class _Info(msgspec.Struct, frozen=True, rename="camel"):
    git_version: str = ""


def version(connection: Options, client: bool = False, output: Shape = Shape.TABLE) -> int:
    """Print the versions of the tool, its Python, its client library and, if it answers soon, the API server."""
    put(render(facts(connection, client=client), output), exact=output is not Shape.TABLE)
    return 0


def facts(options: Options, *, client: bool) -> dict[str, Any]:
    """Return the versions; `client` does not ask the server, whose version is None when it is not known."""
    import platform
    from importlib import metadata

    return {
        "apiVersion": "kubectl-seccomp/v1",
        "kind": "Version",
        "tool": {"name": "kubectl-seccomp", "version": __version__},
        "python": platform.python_version(),
        "client": {"name": "kubernetes", "version": metadata.version("kubernetes")},
        "server": None if client else _server(options),
    }


def _server(options: Options) -> str | None:
    """Return the API server's version; None, and say why, when there is no server that answers soon."""
    from ..cluster.api import ApiError
    from ..objects import UNDECODABLE

    try:
        api = open_api(options)
        body = api.get("/version", timeout=api.connection.timeout or SECONDS, tries=1)
        if answered := msgspec.json.decode(body, type=_Info).git_version:
            return answered
        why = "its answer names none"
    except Fault as fault:
        if fault.code == 2:  # what was typed is wrong
            raise
        why = fault.message
    except ApiError as error:
        why = error.why
    except UNDECODABLE:
        why = "its answer is none of a Kubernetes API server"
    say(f"note: the API server's version is not known: {why}")
    return None


def render(found: dict[str, Any], form: Shape) -> Iterator[str]:
    """Yield the versions as text, json or yaml."""
    if form is Shape.JSON:
        from ..render.json import encode

        yield f"{encode(found)}\n"
    elif form is Shape.YAML:
        from ..render.yaml import block

        yield block(found)
    else:
        yield f"kubectl-seccomp {found['tool']['version']}\n"
        yield f"Python {found['python']}\n"
        yield f"kubernetes client {found['client']['version']}\n"
        if found["server"]:
            yield f"server {safe(found['server'])}\n"
