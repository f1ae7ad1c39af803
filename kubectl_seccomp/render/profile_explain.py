"""`profile explain` for a person: the answer on each architecture, then what a program sees and all the reasons. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from ..profiles.explain import CallExplanation, Explanation, Way
from .profile import Subject, heading, short
from .text import columns, safe, wrapped

_MOST = 20


def render(subject: Subject, found: Explanation, width: int) -> Iterator[str]:
    """Yield the page, at most `width` columns wide."""
    width = max(width, 40)
    yield from heading(subject, width)
    for call in found.calls:
        yield "\n"
        yield from _call(call, width)


def _call(call: CallExplanation, width: int) -> Iterator[str]:
    name = safe(call.call)
    if not call.known:
        near = f"; did you mean {call.suggestion}?" if call.suggestion else ""
        yield from wrapped("", f"{name}: unknown syscall{near}", 0, width)
        return
    if not call.ways:
        yield from wrapped("", f"{name}: no architecture of this node has this syscall", 0, width)
        return
    alike = _alike(call.ways)
    rows = [(name if not number else "", places, _answer(way, width), safe(way.reason)) for number, (places, way) in enumerate(alike)]
    yield from columns(rows, ("CALL", "ARCHITECTURE", "ANSWER", "WHY"), width)
    for places, way in alike:
        for line in _details(way):
            yield from wrapped("- ", safe(f"{places}: {line}" if len(alike) > 1 else line), 2, width)


def _alike(ways: tuple[Way, ...]) -> list[tuple[str, Way]]:
    """Return ways that differ only in their architecture once, with all of these."""
    found: dict[Way, list[str]] = {}
    for way in ways:
        found.setdefault(structs.replace(way, architecture="", number=None), []).append(short(way.architecture))
    return [(", ".join(places) + (f" by {way.through}" if way.through else ""), way) for way, places in found.items()]


def _answer(way: Way, width: int) -> str:
    return safe(way.answer) if len(way.answer) <= width // 3 else "by arguments"


def _details(way: Way) -> Iterator[str]:
    if len(way.outcomes) == 1:
        yield way.outcomes[0].seen
    else:
        for outcome in way.outcomes:
            yield f"{f'if {outcome.conditions}' if outcome.conditions else 'else'}: {outcome.seen}"
    yield from way.notes
    yield from way.dropped[:_MOST]
    if len(way.dropped) > _MOST:
        yield f"{len(way.dropped) - _MOST} more rules that name it do not count: -o json has them"
