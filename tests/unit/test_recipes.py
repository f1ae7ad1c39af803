"""What CONTRIBUTING and the recipes name is there: files, tests, and the lines that the recipes' diffs stand beside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPES = (ROOT / "docs" / "recipes.md").read_text()
PAGES = {"docs/recipes.md": RECIPES, "CONTRIBUTING.md": (ROOT / "CONTRIBUTING.md").read_text()}
TESTS = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))


def kept_lines() -> Iterator[tuple[str, str]]:
    """Yield each line that a diff takes away or stands beside, with its file."""
    for block in re.findall(r"^```diff\n(.*?)^```$", RECIPES, re.MULTILINE | re.DOTALL):
        path = ""
        for line in block.splitlines():
            if line.startswith("+++ "):
                path = line.removeprefix("+++ ")
            elif line[:1] in (" ", "-"):
                yield path, line[1:]


def test_every_diff_fits_its_file() -> None:
    kept = list(kept_lines())
    assert len(kept) > 10, "the diffs in docs/recipes.md are not found any more"
    wrong = [f"{path} has no line {line!r}" for path, line in kept if line not in (ROOT / path).read_text().splitlines()]
    assert not wrong, f"make these diffs in docs/recipes.md anew: {wrong}"


@pytest.mark.parametrize("page", PAGES)
def test_what_is_named_is_there(page: str) -> None:
    plain = re.sub(r"^```.*?^```$", "", PAGES[page], flags=re.MULTILINE | re.DOTALL)
    paths = re.findall(r"`((?:kubectl_seccomp|tests|scripts|docs|krew|\.github)/[\w./*-]+)", plain)
    assert paths
    for path in paths:
        assert any(ROOT.glob(path)), f"{page} names {path}, which is not there"
    for link in re.findall(r"\]\(([\w./-]+\.md)\)", plain):
        assert ((ROOT / page).parent / link).exists(), f"{page} leads to {link}, which is not there"
    for test in re.findall(r"`(test_\w+)`", plain):
        assert f"def {test}(" in TESTS, f"{page} names {test}, which is no test"
