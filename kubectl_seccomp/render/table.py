"""The tables of `audit` and `list`, in kubectl's shape. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from msgspec import Struct

from ..model import ContainerReport, Decision, Owner, PodReport, Report
from ..words import Severity
from . import cells
from .cells import NONE
from .records import once
from .summary import count
from .text import clip, columns, lay, measure, safe

AUDIT_HEADS = ("SEVERITY", "NAMESPACE", "WORKLOAD", "CONTAINER", "EFFECTIVE", "WHY")
PAGE = 500  # rows of `list` that are measured together
_LAST = len(Severity)


class Row(Struct):
    """Containers of one workload that were decided alike: how many pods, and the texts by which their nodes differ."""

    namespace: str
    workload: str
    container: str
    decision: Decision
    node: str | None
    pods: int = 0
    texts: set[str] | None = None


def every(_: Decision) -> bool:
    """Want all decisions."""
    return True


def with_findings(decision: Decision) -> bool:
    """Want those with findings."""
    return bool(decision.templates)


def audit_rows(report: Report, wanted: Callable[[Decision], object] = every) -> list[Row]:
    """Return one row per workload, container and decision that is wanted, worst first, else in the order of the pods.

    Decisions that differ only in a node's name are one row. Walks the pods of the report; what is kept are the rows.
    """
    rows: dict[tuple[object, ...], Row] = {}
    shapes: dict[tuple[object, ...], int] = {}
    shape = once(lambda decision: shapes.setdefault(_shape(decision), len(shapes)))
    for pod in report.pods:
        owner = cells.workload(pod)
        for member in pod.containers:
            decision = member.decision
            if not wanted(decision):
                continue
            place = (pod.namespace, owner.kind, owner.name, pod.file, pod.document)
            key = (*place, member.name, member.type, shape(decision))
            row = rows.get(key)
            if row is None:
                names = (safe(pod.namespace or NONE), cells.short(owner), cells.container(member))
                row = rows[key] = Row(*names, decision, pod.node)
            row.pods += 1
            if decision is not row.decision:
                _note(row, decision)
    return sorted(rows.values(), key=lambda row: _rank(row.decision))


def _note(row: Row, decision: Decision) -> None:
    """Remember that a replica's reason reads otherwise than the first one's."""
    texts = row.texts or {cells.why(row.decision)}
    texts.add(cells.why(decision))
    if len(texts) > 1:
        row.texts = texts


def _rank(decision: Decision) -> int:
    severity = decision.severity
    return _LAST if severity is None else severity.rank


def _shape(decision: Decision) -> tuple[object, ...]:
    """Return what a row shows of a decision, but for its texts."""
    effective, file = decision.effective, decision.file
    return (
        decision.declared,
        (effective.type, effective.decided_by, effective.certainty, effective.localhost_profile),
        (file.state, file.effect, file.forbids_nothing),
        decision.observed.state,
        decision.verdict,
        tuple((template.id, template.severity) for template in decision.templates),
        decision.forecast,
    )


def audit_cells(row: Row) -> tuple[str, ...]:
    """Return the cells of one row, under AUDIT_HEADS."""
    name = f"{row.workload} ({row.pods})" if row.pods > 1 else row.workload
    decision = row.decision
    return (
        _severity(decision),
        row.namespace,
        name,
        row.container,
        decision.effective.type.value,
        cells.why(decision) + _others(row),
    )


def _others(row: Row) -> str:
    if not row.texts:
        return ""
    noun = "node" if row.node and row.node in cells.why(row.decision) else "pod"
    return f" ({count(len(row.texts) - 1, f'other {noun}')} likewise)"


def _severity(decision: Decision) -> str:
    return decision.severity.value if decision.severity else NONE


def audit_table(
    report: Report, *, headers: bool = True, failing: bool = False, width: int | None = None, limit: int | None = None
) -> Iterator[str]:
    """Yield the table of `audit`; `width` is the columns of the terminal it goes to, None for anything else.

    Of more than `limit` rows the worst are shown, and a last line tells of the others.
    """
    rows = audit_rows(report, with_findings if failing else every)
    rest = _rest([row.decision for row in rows], limit)
    rows = rows[:limit]
    looked = any(row.decision.verdict is not None for row in rows)
    cells_ = [_with_observed(row) if looked else audit_cells(row) for row in rows]
    heads = (*AUDIT_HEADS[:-1], "OBSERVED", AUDIT_HEADS[-1]) if looked else AUDIT_HEADS
    if rows:
        yield from columns(cells_, heads if headers else None, width)
    yield from rest


def _rest(decisions: list[Decision], limit: int | None) -> Iterator[str]:
    if limit is None or len(decisions) <= limit:
        return
    left = decisions[limit:]
    found = sum(1 for decision in left if decision.templates)
    told = "all with findings" if found == len(left) else f"{found or 'none'} of them with findings"
    yield f"... and {len(left)} more, {told}: leave out --limit to see them.\n"


def _with_observed(row: Row) -> tuple[str, ...]:
    *before, why = audit_cells(row)
    return (*before, row.decision.observed.state.value, why)


def audit_wide(report: Report, *, headers: bool = True, failing: bool = False, limit: int | None = None) -> Iterator[str]:
    """Yield the wide table of `audit`: every pod a row of its own, with who decided, how certain that is, and where it runs."""
    files = report.head.scope.source == "files"
    found = [(pod, member) for pod in report.pods for member in pod.containers if member.decision.templates or not failing]
    found.sort(key=lambda each: _rank(each[1].decision))
    rows = [_wide_cells(pod, member, files) for pod, member in found[:limit]]
    where = ("FILE:LINE",) if files else ("NODE", "FILE")
    name = "WORKLOAD" if files else "POD"
    facts = ("DECLARED", "EFFECTIVE", "DECIDED-BY", "CERTAINTY", "OBSERVED", "OPEN-SYSCALLS", "PSS-SECCOMP")
    heads = ("SEVERITY", "NAMESPACE", name, "CONTAINER", *facts, *where, "CHECKS", "WHY")
    if rows:
        yield from columns(rows, heads if headers else None)
    yield from _rest([member.decision for _, member in found], limit)


def _wide_cells(pod: PodReport, member: ContainerReport, files: bool) -> tuple[str, ...]:
    decision = member.decision
    where = (cells.place(pod, member),) if files else (safe(pod.node or NONE), _file(decision))
    return (
        _severity(decision),
        safe(pod.namespace or NONE),
        _pod(pod),
        cells.container(member),
        cells.declared(decision, path=True),
        *_decided(decision),
        cells.observed(decision.observed),
        cells.strength(decision),
        cells.pss(pod),
        *where,
        cells.ids(decision) or NONE,
        cells.why(decision),
    )


def _pod(pod: PodReport) -> str:
    """Return a pod's name, or kind and name of a manifest's object."""
    return cells.short(Owner(pod.kind, pod.name)) if pod.file is not None else safe(pod.name)


def _decided(decision: Decision) -> tuple[str, str, str]:
    effective = decision.effective
    return effective.type.value, effective.decided_by.value, effective.certainty.value


def _file(decision: Decision) -> str:
    state = decision.file.state.value
    return NONE if state == "not-applicable" else state


def list_table(report: Report, *, headers: bool = True, namespace: bool = False, wide: bool = False) -> Iterator[str]:
    """Yield the table of `list`: every container in the order of the pods, measured and written page by page.

    The namespace is a column when asked for or when the report looked at more than one.
    """
    spaces = report.head.scope.namespaces
    namespace = namespace or spaces != spaces[:1] or "*" in spaces
    more = ("DECIDED-BY", "CERTAINTY", "OBSERVED", "NODE") if wide else ()
    heads = ("POD", "CONTAINER", "DECLARED", "EFFECTIVE", *more, "WHY")
    heads = ("NAMESPACE", *heads) if namespace else heads
    rows = _list_rows(report, namespace, wide)
    widths: list[int] = []
    while page := list(islice(rows, PAGE)):
        if headers and not widths:
            page.insert(0, heads)
        widths = measure(page, widths)
        yield "".join(lay(page, widths))


def _list_rows(report: Report, namespace: bool, wide: bool) -> Iterator[tuple[str, ...]]:
    for pod in report.pods:
        space = (clip(safe(pod.namespace or NONE)),) if namespace else ()
        name = clip(_pod(pod))
        for member in pod.containers:
            decision = member.decision
            said = clip(cells.declared(decision, path=wide))
            kind, by, certainty = _decided(decision)
            more = (by, certainty, cells.observed(decision.observed), clip(safe(pod.node or NONE))) if wide else ()
            yield (*space, name, clip(cells.container(member)), said, kind, *more, cells.why(decision))
