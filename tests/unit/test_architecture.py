"""The picture in docs/architecture.md is what the imports are: rooms, arrows, and no circle."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from .sources import PACKAGE, ROOT, SOURCES, inside, name_of, statements

PAGE = "docs/architecture.md"
TEXT = (ROOT / PAGE).read_text()
FREE = "values"  # every room may use it: arrows to it are not drawn


MODULES = {name_of(path): path for path in SOURCES}
ROWS = re.findall(r"^\| (\w+) \| (`[^|]+`) \|", TEXT, re.MULTILINE)
ROOMS = {room: re.findall(r"`([^`]+)`", cell) for room, cell in ROWS}
PURE_ROOMS = re.findall(r"^\| (\w+) \| `[^|]+` \| pure: ", TEXT, re.MULTILINE)
DRAWN = set(re.findall(r"^ +(\w+) (-->|-\.->) (\w+)$", TEXT.partition("```mermaid")[2].partition("```")[0], re.MULTILINE))


def is_in(module: str, entry: str) -> bool:
    return module.startswith(entry.removesuffix("*")) if entry.endswith("/*") else module == entry


def rooms_of(module: str) -> list[str]:
    return [room for room, entries in ROOMS.items() if any(is_in(module, entry) for entry in entries)]


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield the modules of the package that a module imports, and whether only for types."""
    typing = {
        id(inner)
        for block in statements(path)
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for inner in inside(block.body)
    }
    here = path.relative_to(PACKAGE).parts[:-1]
    for node in statements(path):
        if isinstance(node, ast.Import):
            targets = [alias.name.split(".")[1:] for alias in node.names if alias.name.split(".")[0] == PACKAGE.name]
        elif isinstance(node, ast.ImportFrom):
            base = [*here[: len(here) - node.level + 1]] if node.level else []
            names = (node.module or "").split(".") if node.module else []
            if not node.level and names[:1] != [PACKAGE.name]:
                continue
            base += names if node.level else names[1:]
            targets = [[*base, alias.name] for alias in node.names]
        else:
            continue
        for target in targets:
            yield module_of(target), id(node) in typing


def module_of(target: list[str]) -> str:
    """Return the module behind a name: a module, a package, or what holds the name."""
    for parts in (target, target[:-1]):
        for name in ("/".join(parts), "/".join([*parts, "__init__"])):
            if name in MODULES:
                return name
    raise AssertionError(f"{'.'.join(target)} is no module of the package")


EDGES = {(name, target, types) for name, path in MODULES.items() for target, types in imports(path)}


def test_every_module_has_one_room() -> None:
    found = {module: rooms_of(module) for module in MODULES}
    none = [f"{module}.py" for module, rooms in found.items() if not rooms]
    assert not none, f"{none} have no room: name them in the table of rooms in {PAGE}"
    several = [f"{module}.py is in {' and '.join(rooms)}" for module, rooms in found.items() if len(rooms) > 1]
    assert not several, f"{several}: leave each in one of them in {PAGE}"


def test_every_room_holds_what_its_row_says() -> None:
    assert ROOMS
    for room, entries in ROOMS.items():
        for entry in entries:
            assert any(is_in(module, entry) for module in MODULES), f"{entry} is no module: take it out of the row of {room} in {PAGE}"


def real(*, types: bool) -> dict[tuple[str, str], str]:
    """Return the arrows between rooms, with an import that makes each."""
    found: dict[tuple[str, str], str] = {}
    for name, target, typed in sorted(EDGES):
        for pair in ((one, other) for one in rooms_of(name) for other in rooms_of(target)):
            if typed is types and pair[0] != pair[1] and pair[1] != FREE:
                found.setdefault(pair, f"{name}.py imports {target}.py")
    return found


def test_the_arrows_are_the_imports() -> None:
    plain, types = real(types=False), real(types=True)
    dotted = {pair: why for pair, why in types.items() if pair not in plain}
    for arrow, found in (("-->", plain), ("-.->", dotted)):
        drawn = {(one, other) for one, drawing, other in DRAWN if drawing == arrow}
        missing = [f"{one} {arrow} {other} ({why})" for (one, other), why in found.items() if (one, other) not in drawn]
        assert not missing, f"not in the picture of {PAGE}: {missing}; turn the import round, or draw the arrow if it is meant"
        unused = [f"{one} {arrow} {other}" for one, other in sorted(drawn - found.keys())]
        assert not unused, f"no import is behind {unused}: take it out of the picture of {PAGE}"


def test_what_every_room_may_use_uses_none() -> None:
    assert not [f"{name}.py imports {target}.py" for name, target, _ in EDGES if rooms_of(name) == [FREE] != rooms_of(target)]


@pytest.mark.parametrize("by_room", [False, True], ids=["modules", "rooms"])
def test_nothing_is_imported_in_a_circle(by_room: bool) -> None:
    graph: dict[str, set[str]] = {}
    for name, target, types in EDGES:
        one, other = (rooms_of(name)[0], rooms_of(target)[0]) if by_room else (name, target)
        if not types and one != other:
            graph.setdefault(one, set()).add(other)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"imported in a circle: {' -> '.join(reversed(error.args[1]))}")
