"""A markdown table, for reports that are pasted into issues and wikis."""

from __future__ import annotations

import html
from collections.abc import Iterator

from ..model import Report
from .rows import rows, workload
from .text import safe

HEADS = ("Severity", "Namespace", "Workload", "Container", "Effective", "Why")


def render(report: Report, *, failing: bool) -> Iterator[str]:
    """Yield the audit's rows as a table, those with findings first; equal rows once."""
    from tabulate import tabulate

    seen: dict[tuple[str, ...], int] = {}
    for row in rows(report, failing=failing):
        severity = row.severity.value if row.severity else "-"
        rank = row.severity.rank if row.severity else 9
        effective = row.container.decision.effective.type.value
        cells = (severity, row.pod.namespace or "-", workload(*row.workload), row.name, effective, row.why)
        seen.setdefault(tuple(cell(text) for text in cells), rank)
    ordered = sorted(seen, key=lambda cells: seen[cells])
    yield tabulate(ordered, HEADS, tablefmt="github", disable_numparse=True) + "\n"


def cell(text: str) -> str:
    """Return the text so that it is no markup: neither html nor the table's own."""
    escaped = html.escape(safe(text), quote=False)
    return "".join(f"\\{character}" if character in "\\|`*_[]" else character for character in escaped)
