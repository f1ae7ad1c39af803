"""No text from a cluster or a file reaches a terminal, a spreadsheet or a page as anything but text."""

from __future__ import annotations

import csv as csvlib
import io
import json as jsonlib
import unicodedata
from collections.abc import Callable, Iterator

import pytest
import yaml as yamllib

from kubectl_seccomp.facts import NodeFacts
from kubectl_seccomp.model import Declared, Gap, Owner, Profile, Report
from kubectl_seccomp.render import check, csv, json, markdown, names, query, summary, table, yaml
from kubectl_seccomp.words import DecidedBy, EffectiveType

from . import reports
from .reports import HOSTILE

NODE = NodeFacts(HOSTILE, runtime=HOSTILE, default_source=HOSTILE)


def hostile(text: str = HOSTILE) -> Report:
    gap = Gap(text, text, text, 1)
    return reports.report(reports.hostile(text), gap, gap, source="cluster")


def told(report: Report) -> Iterator[str]:
    list(report.pods)
    return (line + "\n" for line in summary.lines(report.tail()))


EVERY: dict[str, Callable[[Report], Iterator[str]]] = {
    "table": table.audit_table,
    "table 80": lambda report: table.audit_table(report, width=80),
    "table 1": lambda report: table.audit_table(report, width=1),
    "wide": table.audit_wide,
    "list": lambda report: table.list_table(report, namespace=True, wide=True),
    "check": lambda report: check.render(report, {HOSTILE: NODE}, 80),
    **reports.FORMATS,
    "pods": lambda report: names.render(report, pods=True),
    "query": query.query("@"),
    "summary": told,
}
# What wraps texts, or writes them as YAML does; test_json_and_yaml_give_the_very_text_back reads that again.
MULTILINE = ("table 80", "table 1", "check", "yaml")


@pytest.mark.parametrize("name", EVERY)
def test_nothing_but_visible_characters_and_newlines(name: str) -> None:
    text = "".join(EVERY[name](hostile()))
    bad = {char for char in text if char != "\n" and (unicodedata.category(char)[0] == "C" or char in "\u2028\u2029\ufe0f")}
    assert not bad, f"{name} prints {sorted(bad)}: put what it prints through render/text.py safe"
    assert "機" in text


@pytest.mark.parametrize("name", [name for name in EVERY if name not in MULTILINE])
def test_a_newline_in_a_name_makes_no_line(name: str) -> None:
    lines, expected = ("".join(EVERY[name](hostile(text))).splitlines() for text in (HOSTILE, "機"))
    assert len(lines) == len(expected), f"{name} breaks a line within a text: put it through render/text.py safe"


def test_json_and_yaml_give_the_very_text_back() -> None:
    for document in (
        jsonlib.loads("".join(json.render(hostile()))),
        yamllib.safe_load("".join(yaml.render(hostile()))),
        jsonlib.loads("".join(query.query("@")(hostile()))),
    ):
        first = document["pods"][0]
        assert first["name"] == HOSTILE
        assert first["containers"][0]["declared"]["annotation"] == HOSTILE
        assert document["findings"][0]["evidence"] == [HOSTILE]
        assert document["gaps"][0]["why"] == HOSTILE


@pytest.mark.parametrize("surrogate", ["\ud800", "a\udc9bz\n"])
def test_a_lone_surrogate_breaks_no_format(surrogate: str) -> None:
    """YAML files and file names can hold them; UTF-8 cannot."""
    said = Declared(container=Profile("Localhost", surrogate))
    found = reports.template("KS110", reports.MEDIUM, surrogate)
    made = reports.decision(EffectiveType.LOCALHOST, DecidedBy.CONTAINER, surrogate, found, declared=said)
    pods = [reports.pod(surrogate, reports.container(surrogate, made), file=surrogate, owner=Owner("Job", surrogate))] * 2
    for render in EVERY.values():
        "".join(render(reports.report(pods, Gap("file", surrogate, surrogate)))).encode()
    document = jsonlib.loads("".join(json.render(reports.report(pods))))
    assert document["pods"][0]["name"] == surrogate


def test_a_spreadsheet_runs_no_cell() -> None:
    rows = list(csvlib.reader(io.StringIO("".join(csv.render(hostile())))))
    cells = [cell for row in rows[1:] for cell in row]
    assert any(cell.startswith("'=cmd()") for cell in cells)
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_markdown_has_no_markup_of_others() -> None:
    lines = "".join(markdown.render(hostile())).splitlines()
    for line in lines[2:]:
        assert "<" not in line
        assert len(line.replace("\\|", "").split("|")) == 8  # six cells
        assert "\\`\\*\\_\\[x\\](y)\\~" in line
