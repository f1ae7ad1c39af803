"""Every format of the same report, compared with a file that a person has read. UPDATE_GOLDEN=1 rewrites the files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kubectl_seccomp.model import Report
from kubectl_seccomp.render import check, csv, markdown, query, summary, table
from kubectl_seccomp.words import Verdict

from . import reports

GOLDEN = Path(__file__).parents[1] / "golden" / "render"
Renderer = Callable[[Report], Iterator[str]]


def told(report: Report) -> Iterator[str]:
    list(report.pods)
    return (line + "\n" for line in summary.lines(report.tail(), judged=True))


CLUSTER: dict[str, Renderer] = {
    "audit.txt": table.audit_table,
    "audit-80.txt": lambda report: table.audit_table(report, width=80),
    "audit-130.txt": lambda report: table.audit_table(report, width=130),
    "audit-60.txt": lambda report: table.audit_table(report, width=60),
    "audit-failing.txt": lambda report: table.audit_table(report, headers=False, failing=True),
    "audit-wide.txt": table.audit_wide,
    "list.txt": table.list_table,
    "list-wide.txt": lambda report: table.list_table(report, wide=True),
    "check-80.txt": lambda report: check.render(report, reports.NODES, 80),
    **{f"audit.{word}": render for word, render in reports.FORMATS.items()},
    "query.json": query.query("pods[?node=='node-b'].{pod: name, containers: containers[].name}"),
    "summary.txt": told,
}
MANIFESTS: dict[str, Renderer] = {
    "manifests.txt": table.audit_table,
    "manifests-wide.txt": table.audit_wide,
    "manifests.csv": csv.render,
}
HOSTILE: dict[str, Renderer] = {"hostile.txt": table.audit_table, "hostile.csv": csv.render, "hostile.markdown": markdown.render}


def compare(name: str, text: str, folder: Path = GOLDEN) -> None:
    path = folder / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    update = f"UPDATE_GOLDEN=1 .venv/bin/pytest tests/unit writes {path.relative_to(GOLDEN.parents[2])}: read the difference"
    assert path.exists(), f"there is no {name} yet; {update}"
    assert text == path.read_bytes().decode(), f"{name} differs; {update}"


@pytest.mark.parametrize("name", CLUSTER)
def test_cluster_report(name: str) -> None:
    compare(name, "".join(CLUSTER[name](reports.report(reports.everything(), *reports.GAPS))))


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifest_report(name: str) -> None:
    compare(name, "".join(MANIFESTS[name](reports.report(reports.manifests(), source="files"))))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_report(name: str) -> None:
    compare(name, "".join(HOSTILE[name](reports.report(reports.hostile()))))


@pytest.mark.skipif(bool(os.environ.get("UPDATE_GOLDEN")), reason="the files are being written")
def test_no_golden_file_is_left_over() -> None:
    left = {path.name for path in GOLDEN.iterdir()} - {*CLUSTER, *MANIFESTS, *HOSTILE}
    assert not left, f"nothing is compared with {', '.join(sorted(left))}: remove it from tests/golden/render"


def test_the_report_shows_every_word() -> None:
    """What the golden files show is complete only as long as the report behind them is."""
    report = reports.report(reports.everything())
    decisions = [member.decision for pod in report.pods for member in pod.containers]
    summary_ = report.tail().summary
    for counts in (summary_.effective, summary_.observed, summary_.findings):
        assert all(counts.values())
    assert {decision.verdict for decision in decisions} >= set(Verdict)
