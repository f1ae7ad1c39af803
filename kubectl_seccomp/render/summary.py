"""What is told on stderr after the data: the counts, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Gap, Tail

_MOST_PLACES = 3


def lines(tail: Tail) -> Iterator[str]:
    """Yield the closing lines; gaps that differ only in their place share one."""
    summary = tail.summary
    if summary.containers or summary.skipped:
        types = ", ".join(f"{count} {word}" for word, count in summary.effective.items() if count)
        skipped = f", {summary.skipped} finished pods left out" if summary.skipped else ""
        yield f"{_many(summary.containers, 'container')} in {_many(summary.pods, 'pod')}: {types or 'nothing'}{skipped}"
        found = ", ".join(f"{count} {word}" for word, count in summary.findings.items() if count)
        if found:
            yield f"findings: {found}"
    grouped: dict[tuple[str, str], list[Gap]] = {}
    for gap in tail.gaps:
        grouped.setdefault((gap.what, gap.why), []).append(gap)
    for (what, why), gaps in grouped.items():
        yield _gap(what, why, gaps)


def _gap(what: str, why: str, gaps: list[Gap]) -> str:
    places = ", ".join(gap.where for gap in gaps[:_MOST_PLACES])
    more = f" and {len(gaps) - _MOST_PLACES} more" if len(gaps) > _MOST_PLACES else ""
    affected = sum(gap.affects for gap in gaps)
    affects = f" (affects {_many(affected, 'container')})" if affected else ""
    return f"gap: {what} of {places}{more}: {why}{affects}"


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
