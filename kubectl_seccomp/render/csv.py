"""`-o csv`: one line per container, in the order of the pods. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice

from ..model import ContainerReport, PodReport, Report
from . import cells
from .text import safe

HEADS = (
    "severity", "namespace", "kind", "name", "ownerKind", "ownerName", "node", "file", "document", "line", "container", "type",
    "image", "privileged", "declared", "localhostProfile", "declaredBy", "effective", "decidedBy", "certainty", "profileFile",
    "observed", "verdict", "baseline", "restricted", "findings", "why",
)  # fmt: skip
_BATCH = 200
# What makes a spreadsheet take a cell for a formula, with the full-width forms that some of them read alike.
_FORMULA = ("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠")


def render(report: Report, *, headers: bool = True, failing: bool = False) -> Iterator[str]:
    """Yield lines of RFC 4180 CSV (ended by \\n), the first one the names of the columns."""
    if headers:
        yield written([HEADS])
    rows = _rows(report, failing)
    while batch := list(islice(rows, _BATCH)):
        yield written(batch)


def written(rows: Iterable[Iterable[str]]) -> str:
    """Return rows of cells as lines."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def cell(value: object) -> str:
    """Return a value as a cell that no spreadsheet runs: escaped, and with an apostrophe before what looks like a formula."""
    if isinstance(value, str) and value[:1].isalnum() and value.isascii() and value.isprintable():
        return value  # most cells; what follows would return the same
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = safe(str(value))
    # A tab or carriage return before a formula was escaped and begins with a backslash now; only blanks can hide one.
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) or str(value)[:1] in ("\t", "\r") else text


def _rows(report: Report, failing: bool) -> Iterator[tuple[str, ...]]:
    for pod in report.pods:
        for member in pod.containers:
            if member.decision.templates or not failing:
                severity = member.decision.severity
                yield tuple(map(cell, (severity and severity.value, *_pod(pod), *_container(member), *_judged(pod, member))))


def _pod(pod: PodReport) -> tuple[object, ...]:
    owner = (pod.owner.kind, pod.owner.name) if pod.owner else (None, None)
    return (pod.namespace, pod.kind, pod.name, *owner, pod.node, pod.file, pod.document)


def _container(member: ContainerReport) -> tuple[object, ...]:
    declared = member.decision.declared
    field = declared.field
    written = (field.type, field.localhost_profile, declared.level.value) if field else ("Unset", None, None)
    return (member.line, member.name, member.type.value, member.image, member.privileged, *written)


def _judged(pod: PodReport, member: ContainerReport) -> tuple[object, ...]:
    decision = member.decision
    effective = decision.effective
    return (
        effective.type.value,
        effective.decided_by.value,
        effective.certainty.value,
        decision.file.state.value,
        decision.observed.state.value,
        decision.verdict.value if decision.verdict else None,
        "allowed" if pod.pss.baseline.allowed else "denied",
        "allowed" if pod.pss.restricted.allowed else "denied",
        cells.ids(decision),
        cells.why(decision),
    )
