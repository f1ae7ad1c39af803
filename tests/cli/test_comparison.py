"""docs/comparison.md: our own words there are what the product says, and scripts/compare tells apart what another tool may say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.test_proof import TABLE

ROOT = Path(__file__).parents[2]
PRODUCT = Path(sys.executable).parent / "kubectl-seccomp"
TEXT = (ROOT / "docs" / "comparison.md").read_text()
CASES = sorted((ROOT / "docs" / "comparison").iterdir())
NAMES = [path.name for path in CASES]
SECTIONS = dict(part.partition("\n")[::2] for part in TEXT.split("\n## ")[1:])


def rows(section: str) -> list[list[str]]:
    """Return the cells of a section's table, without its head."""
    lines = [line for line in SECTIONS[section].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@cache
def audit(form: str) -> str:
    done = subprocess.run(
        [PRODUCT, "audit", "-f", "docs/comparison", "-o", form], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1, done.stderr
    return done.stdout


def pods() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(audit("json"))["pods"]
    return found


def compare(path: str, *files: Path) -> list[list[str]]:
    script = [sys.executable, str(ROOT / "scripts" / "compare"), *map(str, files)]
    done = subprocess.run(script, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True, timeout=120)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()]


def test_every_manifest_is_in_both_tables() -> None:
    assert [row[0].strip("`") for row in rows("The manifests")] == NAMES
    assert [row[0] for row in rows("What each says")] == NAMES


def test_our_words_are_those_of_the_product() -> None:
    assert audit("markdown") in SECTIONS["Our words"], "paste what kubectl seccomp audit -f docs/comparison -o markdown prints"


def test_our_column_is_what_the_product_says() -> None:
    found = {Path(pod["file"]).name: {check for member in pod["containers"] for check in member["findings"]} for pod in pods()}
    said = {name: f"reports {', '.join(sorted(checks))}" if checks else "passes" for name, checks in found.items()}
    assert {row[0]: row[1] for row in rows("What each says")} == said


def test_the_script_prints_our_column(tmp_path: Path) -> None:
    (tmp_path / "kubectl-seccomp").symlink_to(PRODUCT)
    some = [1, 7, len(CASES) - 1]
    head, _, *printed = compare(str(tmp_path), *(CASES[index] for index in some))
    assert head == ["manifest", "kubectl-seccomp"]
    assert printed == [rows("What each says")[index][:2] for index in some]


def test_pod_security_is_what_the_product_says() -> None:
    for level in ("baseline", "restricted"):
        named = re.search(rf"{level.title()} refuses ([\d, ]+)", " ".join(SECTIONS["Our words"].split()))
        assert named
        refused = [Path(pod["file"]).name[:2] for pod in pods() if not pod["pss"][level]["allowed"]]
        assert re.findall(r"\d+", named[1]) == refused


def test_what_was_seen_is_what_the_cluster_tests_want() -> None:
    seen = re.findall(r"(\w+) \(`([\w-]+)`, (\w+)\)", SECTIONS["The manifests"])
    assert len(seen) >= 8
    for observed, pod, container in seen:
        assert TABLE[pod, container][1] == observed


def scored(grade: int, *, skipped: bool = False) -> str:
    """A shell command that prints what kube-score prints of one check."""
    check = {"check": {"id": "container-seccomp-profile"}, "skipped": skipped, "grade": grade}
    return f"echo '{json.dumps([{'checks': [check]}])}'"


@pytest.mark.parametrize(
    ("case", "script", "said"),
    [
        ("02", scored(10), "passes"),
        ("03", scored(10), "**passes**"),
        ("02", f"{scored(5)}; exit 1", "reports container-seccomp-profile"),
        ("03", scored(0, skipped=True), "**nothing**"),
        ("03", "echo not json; exit 1", "refuses"),
        ("03", "exit 0", "**nothing**"),
    ],
)
def test_what_another_tool_says_is_told_apart(tmp_path: Path, case: str, script: str, said: str) -> None:
    for name in ("kube-score", "kubectl-seccomp"):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n" if name == "kube-score" else "#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    manifest = next(path for path in CASES if path.name.startswith(case))
    head, _, row = compare(str(tmp_path), manifest)
    assert dict(zip(head, row, strict=True))["kube-score"] == said
