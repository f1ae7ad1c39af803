"""`table` and `wide`: what a person reads first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ..model import Report
from .rows import Row, declared, observed, place, rows, workload
from .text import table

AUDIT = ("SEVERITY", "NAMESPACE", "WORKLOAD", "CONTAINER", "EFFECTIVE", "WHY")
WIDE = (
    "SEVERITY",
    "NAMESPACE",
    "POD",
    "CONTAINER",
    "DECLARED",
    "EFFECTIVE",
    "DECIDED-BY",
    "CERTAINTY",
    "OBSERVED",
    "NODE",
    "WHY",
)
LIST = ("NAMESPACE", "POD", "CONTAINER", "DECLARED", "EFFECTIVE", "WHY")
_PAGE = 500
_MILDEST = 9


def audit_table(report: Report, *, headers: bool, failing: bool, width: int | None) -> Iterator[str]:
    """Yield one row per owner, container and decision, worst first; memory grows with distinct rows only."""
    merged: dict[tuple[object, ...], tuple[Row, int]] = {}
    for row in rows(report, failing=failing):
        key = (row.pod.namespace, row.workload, row.name, id(row.container.decision))
        known = merged.get(key)
        merged[key] = (known[0] if known else row, known[1] + 1 if known else 1)
    ordered = sorted(merged.values(), key=lambda pair: _order(pair[0]))
    cells = ([*_lead(row, workload(*row.workload, count)), row.why] for row, count in ordered)
    yield from table(AUDIT, cells, headers=headers, columns=width)


def audit_wide(report: Report, *, headers: bool, failing: bool) -> Iterator[str]:
    """Yield one row per container of every pod, worst first, with everything that decided it."""
    ordered = sorted(rows(report, failing=failing), key=_order)
    cells = (
        [
            row.severity.value if row.severity else "-",
            row.pod.namespace or "-",
            workload(row.pod.kind, row.pod.name),
            row.name,
            *_facts(row),
            place(row),
            row.why,
        ]
        for row in ordered
    )
    yield from table(WIDE, cells, headers=headers)


def list_table(report: Report, *, headers: bool, namespace: bool, wide: bool) -> Iterator[str]:
    """Yield every container in the order of the API; widths are those of the first page, so that memory stays bounded."""
    stream = rows(report)
    first = 0 if namespace else 1
    heads = (*LIST[first:-1], "DECIDED-BY", "CERTAINTY", "OBSERVED", "NODE", "WHY") if wide else LIST[first:]
    while page := list(islice(stream, _PAGE)):
        yield from table(heads, ([*_listed(row, wide)[first:]] for row in page), headers=headers)
        headers = False


def _order(row: Row) -> tuple[int, str, tuple[str, str], str]:
    rank = row.severity.rank if row.severity else _MILDEST
    return rank, row.pod.namespace or "", row.workload, row.name


def _lead(row: Row, shown: str) -> list[str]:
    severity = row.severity.value if row.severity else "-"
    return [severity, row.pod.namespace or "-", shown, row.name, row.container.decision.effective.type.value]


def _facts(row: Row) -> list[str]:
    decision = row.container.decision
    outcome = decision.effective
    return [
        declared(decision.declared),
        outcome.type.value,
        outcome.decided_by.value,
        outcome.certainty.value,
        observed(decision.observed),
    ]


def _listed(row: Row, wide: bool) -> list[str]:
    facts = _facts(row)
    lead = [row.pod.namespace or "-", row.pod.name, row.name]
    return [*lead, *facts, place(row), row.why] if wide else [*lead, *facts[:2], row.why]
