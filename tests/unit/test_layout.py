"""The layout's arrows, checked on the source: who may import what, who may print, how long files may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kubectl_seccomp"
SOURCES = sorted(PACKAGE.rglob("*.py"))
PURE = [
    *(
        PACKAGE / name
        for name in (
            "model.py",
            "facts.py",
            "words.py",
            "pods.py",
            "effective.py",
            "pss.py",
            "audit.py",
            "alike.py",
            "failures.py",
            "runtimes.py",
            "node_report.py",
            "node_values.py",
            "eligibility.py",
            "landing.py",
            "placements.py",
            "profile_matrix.py",
        )
    ),
    *(PACKAGE / "checks").glob("*.py"),
    *(PACKAGE / "profiles").glob("*.py"),
    *(PACKAGE / "nodes").glob("*.py"),
    *(PACKAGE / "render").glob("*.py"),
]
IMPURE = {"os", "sys", "time", "datetime", "random", "socket", "subprocess", "pathlib", "shutil", "urllib3", "threading"}


def imports(path: Path) -> Iterator[str]:
    """Yield every imported module, relative ones from the package's root ("cluster.api")."""
    here = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").removeprefix("kubectl_seccomp.")
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[: len(here) - node.level + 1])
            for alias in [node.module] if node.module else [name.name for name in node.names]:
                yield f"{base}.{alias}".strip(".")


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_stay_short_and_keep_to_their_room(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300
    for name in imports(path):
        top = name.split(".")[0]
        assert top != "kubernetes" or room(path) == "cluster", f"{path} imports the kubernetes package"
        assert top != "cli" or room(path) in ("cli", "__main__.py"), f"{path} imports the command line"


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_pure_modules_have_no_clock_no_environment_and_no_edges(path: Path) -> None:
    for name in imports(path):
        assert name.split(".")[0] not in IMPURE, f"{path} imports {name}"
        assert name.split(".")[0] not in ("cluster", "files", "evidence", "proof", "scope"), f"{path} imports {name}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_functions_stay_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} in {path} is too long"


def test_the_package_says_nothing_of_where_it_was_made() -> None:
    for path in [*SOURCES, *ROOT.glob("docs/**/*.md"), ROOT / "README.md"]:
        text = path.read_text()
        assert "../shared" not in text
        assert "facts/" not in text
