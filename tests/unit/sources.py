"""The package's sources, each parsed once for all tests that read them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kubectl_seccomp"
SOURCES = sorted(PACKAGE.rglob("*.py"))


@cache
def statements(path: Path) -> tuple[ast.stmt, ...]:
    """Return every statement, however deep: imports and definitions are nothing else."""
    return tuple(inside(ast.parse(path.read_text()).body))


def inside(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements with all that are in their blocks."""
    for statement in body:
        yield statement
        for block in ("body", "orelse", "finalbody"):
            yield from inside(getattr(statement, block, ()))
        for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            yield from inside(part.body)


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix()
