"""The table of `audit --what-if seccompDefault`, and what is said below it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Forecast
from ..model import Report, Tail
from .cells import NONE
from .summary import count
from .table import Row, audit_rows
from .text import columns, safe

HEADS = ("NAMESPACE", "WORKLOAD", "CONTAINER", "NOW", "REFUSED", "LIMITED", "REFUSED SYSCALLS OF")
_NAMES = 3  # workloads that a doubt is told with


def changing(report: Report) -> list[Row]:
    """Return a row per workload and container that would change. Walks the pods of the report."""
    return audit_rows(report, lambda decision: decision.forecast)


def table(rows: list[Row], *, headers: bool, width: int | None) -> Iterator[str]:
    """Yield the table; `width` is the columns of the terminal, None for none."""
    if rows:
        yield from columns([_cells(row) for row in rows], HEADS if headers else None, width)


def _cells(row: Row) -> tuple[str, ...]:
    found = row.decision.forecast or Forecast()
    name = f"{row.workload} ({row.pods})" if row.pods > 1 else row.workload
    counts = (NONE if calls is None else str(len(calls)) for calls in (found.refuses, found.limits))
    return (row.namespace, name, row.container, row.decision.effective.type.value, *counts, ", ".join(found.groups) or NONE)


def summary(tail: Tail, rows: list[Row]) -> Iterator[str]:
    """Yield what is said below: how many containers would change, what that does not mean, and what is not certain."""
    changed = tail.summary.changed
    if not changed:
        yield "No container would change."
        return
    told = f"{count(changed, 'container')} would get RuntimeDefault when created again."
    yield f"{told} Whether they make any of the refused syscalls is not known."
    for doubt, names in _doubts(rows).items():
        more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
        yield f"not certain for {', '.join(names[:_NAMES])}{more}: {doubt}"


def _doubts(rows: list[Row]) -> dict[str, list[str]]:
    """Return each doubt once, with the workloads that it is about."""
    found: dict[str, list[str]] = {}
    for row in rows:
        ahead = row.decision.forecast or Forecast()
        for doubt in (*ahead.doubts, *([ahead.unknown] if ahead.unknown else [])):
            found.setdefault(safe(doubt), []).append(row.workload)
    return found
