"""The layout's arrows, checked on the source: who may import what, who may print, how long files may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from .sources import PACKAGE, ROOT, SOURCES, name_of, statements
from .test_architecture import FREE, PURE_ROOMS, rooms_of

# The rooms whose rows say so, and what is in the room of values but for the calendar.
PURE = [path for path in SOURCES if set(rooms_of(name_of(path))) & {*PURE_ROOMS, FREE} and name_of(path) != "times"]
IMPURE = {"os", "sys", "time", "datetime", "random", "socket", "subprocess", "pathlib", "shutil", "urllib3", "threading"}


def imports(path: Path) -> Iterator[str]:
    """Yield every imported module, relative ones from the package's root ("cluster.api")."""
    here = path.relative_to(PACKAGE).parts[:-1]
    for node in statements(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").removeprefix("kubectl_seccomp.")
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[: len(here) - node.level + 1])
            for alias in [node.module] if node.module else [name.name for name in node.names]:
                yield f"{base}.{alias}".strip(".")


def importers(*names: str, sources: list[Path] = SOURCES, but: tuple[str, ...] = ()) -> list[str]:
    """Return who imports one of the names, as sentences; `but` are the rooms that may."""
    return [
        f"{name_of(path)} imports {name}"
        for path in sources
        if path.relative_to(PACKAGE).parts[0] not in but
        for name in imports(path)
        if name.split(".")[0] in names
    ]


def test_files_stay_short() -> None:
    assert {name_of(path): lines for path in SOURCES if (lines := len(path.read_text().splitlines())) > 300} == {}


def test_functions_stay_short() -> None:
    functions = [(path, node) for path in SOURCES for node in statements(path) if isinstance(node, ast.FunctionDef)]
    assert len(functions) > len(SOURCES)
    assert [f"{node.name} in {name_of(path)}" for path, node in functions if (node.end_lineno or 0) - node.lineno >= 60] == []


def test_only_one_room_knows_the_client_and_none_the_command_line() -> None:
    assert importers("kubernetes", but=("cluster",)) == []
    assert importers("cli", but=("cli", "__main__.py")) == []


def test_pure_modules_have_no_clock_no_environment_and_no_edges() -> None:
    assert len(PURE_ROOMS) == 7
    assert importers(*IMPURE, sources=PURE) == []
    assert importers("cluster", "files", "evidence", "proof", "scope", sources=PURE) == []


def test_imports_are_seen_at_all() -> None:
    assert importers("kubernetes") != []
    assert importers("cli", but=("cli",)) != []
    assert importers("os", "subprocess") != []


def test_the_package_says_nothing_of_where_it_was_made() -> None:
    for path in [*SOURCES, *ROOT.glob("docs/**/*.md"), ROOT / "README.md"]:
        text = path.read_text()
        assert "../shared" not in text
        assert "facts/" not in text
