"""The workflows: pinned, with the least rights, without secrets, and calling only what is there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from krew.notes import section
from tests.bundle.making import ROOT

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
# Rights that a job may have beyond reading, and where.
WRITES = {
    ("release.yml", "attest"): {"id-token": "write", "attestations": "write", "contents": "read"},
    ("release.yml", "publish"): {"contents": "write"},
    ("release.yml", "pypi"): {"id-token": "write"},
    ("release.yml", "index"): {"contents": "write"},
}
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in load(path)["jobs"].values():
        yield from job.get("steps", ())


def test_the_workflows_are_there() -> None:
    assert [path.name for path in FILES] == ["bundle.yml", "ci.yml", "release.yml"]


@every_file
def test_every_action_is_pinned_by_its_commit_with_the_version_beside_it(path: Path) -> None:
    lines = re.findall(r"^\s*(?:- )?uses: (.*)$", path.read_text(), re.MULTILINE)
    assert lines
    for line in lines:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\./\.github/workflows/\w+\.yml", line), line
        assert not line.startswith("./") or (ROOT / line).is_file()


def test_one_action_has_one_version() -> None:
    used = {line for path in FILES for line in re.findall(r"uses: (\w.*)$", path.read_text(), re.MULTILINE)}
    assert len(used) == len({line.partition("@")[0] for line in used})


@every_file
def test_rights_are_the_least(path: Path) -> None:
    document = load(path)
    assert document["permissions"] == {"contents": "read"}
    for name, job in document["jobs"].items():
        assert job.get("permissions", {"contents": "read"}) == WRITES.get((path.name, name), {"contents": "read"})
    assert "secrets." not in path.read_text()


@every_file
def test_what_runs_is_there_and_takes_nothing_from_outside_into_a_shell(path: Path) -> None:
    for step in steps(path):
        for script in re.findall(r"\bscripts/\w+", step.get("run", "")):
            assert os.access(ROOT / script, os.X_OK), script
        assert "${{" not in step.get("run", ""), step


@every_file
def test_only_who_pushes_keeps_the_token(path: Path) -> None:
    for name, job in load(path)["jobs"].items():
        for step in job.get("steps", ()):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert (name == "index") == (step["with"].get("persist-credentials") is not False)


def test_every_platform_of_the_manifest_is_made() -> None:
    jobs = load(FOLDER / "bundle.yml")["jobs"]
    made = {f"linux_{entry['arch']}" for entry in jobs["linux"]["strategy"]["matrix"]["include"]}
    made |= {entry["platform"].replace("-", "_") for entry in jobs["others"]["strategy"]["matrix"]["include"]}
    named = set(re.findall(r"SHA256_(\w+_\w+)$", (ROOT / "krew" / "seccomp.yaml").read_text(), re.MULTILINE))
    assert made == named


def test_a_release_waits_for_every_test() -> None:
    jobs = load(FOLDER / "release.yml")["jobs"]
    assert jobs["ci"]["uses"] == "./.github/workflows/ci.yml"
    assert "ci" in jobs["assemble"]["needs"]
    assert [jobs[name]["needs"] for name in ("attest", "publish", "pypi", "index")] == ["assemble", "attest", "publish", "publish"]


@pytest.mark.parametrize(
    ("version", "notes"), [("1.1.0", "- new\n"), ("1.0.0", "- first\n"), ("1.2.0", None), ("1.1", None), ("2.0.0", None)]
)
def test_release_notes_are_the_final_section_of_that_version(version: str, notes: str | None) -> None:
    text = "# Changelog\n\nText.\n\n## 1.2.0 (not released yet)\n\n- later\n\n## 1.1.0\n\n- new\n\n## 1.0.0\n\n- first\n"
    assert section(text, version) == notes
