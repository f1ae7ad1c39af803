"""`-o markdown`: the table of `audit` for an issue or a wiki. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import Report
from .table import AUDIT_HEADS, audit_cells, audit_rows, every, with_findings

_MARKS = re.compile(r"[\\`*_\[\]|~]")


def render(report: Report, *, failing: bool = False, judged: bool = True) -> Iterator[str]:
    """Yield a GitHub table with the rows of the `audit` table, without severities where nothing was judged."""
    from tabulate import tabulate

    first = 0 if judged else 1
    rows = [[cell(text) for text in audit_cells(row)[first:]] for row in audit_rows(report, with_findings if failing else every)]
    heads = [head.capitalize() for head in AUDIT_HEADS[first:]]
    yield tabulate(rows, heads, tablefmt="github", disable_numparse=True) + "\n"


def cell(text: str) -> str:
    """Return safe text as markdown that shows just that text: no markup, no HTML, no further column."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(r"\\\g<0>", text)
