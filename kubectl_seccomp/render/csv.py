"""Comma separated values, one container a line; no cell is one that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from ..model import Report
from .rows import declared, observed, place, rows
from .text import safe

HEADS = (
    "severity", "namespace", "kind", "name", "container", "type", "declared", "effective", "decidedBy", "certainty",
    "observed", "file", "place", "findings", "why",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "|", "%")


def render(report: Report, *, headers: bool, failing: bool) -> Iterator[str]:
    """Yield the heads and one line per container."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    if headers:
        writer.writerow(HEADS)
    for row in rows(report, failing=failing):
        decision = row.container.decision
        cells = (
            row.severity.value if row.severity else "",
            row.pod.namespace or "",
            row.pod.kind,
            row.pod.name,
            row.container.name,
            row.container.type.value,
            declared(decision.declared),
            decision.effective.type.value,
            decision.effective.decided_by.value,
            decision.effective.certainty.value,
            observed(decision.observed),
            decision.file.state.value,
            place(row),
            " ".join(template.id for template in decision.templates),
            row.why,
        )
        writer.writerow([cell(text) for text in cells])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def cell(text: str) -> str:
    """Return the text with control characters escaped, and quoted where a spreadsheet would take it for a formula."""
    shown = safe(text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) and shown != "-" else shown
