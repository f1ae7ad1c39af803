"""`profile diff` for a person: changes that are alike in one row, then who is a part of whom. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from ..profiles.compare import Change, Difference
from .profile import Subject, heading, short
from .text import columns, safe, wrapped

_WORST = ("looser", "both", "stricter", "changed")


def render(before: Subject, after: Subject, found: Difference, width: int) -> Iterator[str]:
    """Yield the page, at most `width` columns wide."""
    width = max(width, 40)
    yield from heading(before, width)
    yield from heading(after, width)
    yield "\n"
    plain = [one for one in found.changes if not _by_arguments(one)]
    if plain:
        yield from columns(list(_rows(plain)), ("SECOND IS", "FIRST", "SECOND", "ARCHITECTURE", "SYSCALLS"), width)
        yield "\n"
    for lead, text in _conditional(found):
        yield from wrapped(lead, text, len(lead), width)
    if len(plain) < len(found.changes):
        yield "\n"
    if found.approximate:
        yield from wrapped("", f"Approximate, not decided for all arguments: {', '.join(found.approximate)}.", 0, width)
    yield from wrapped("", _verdict(found), 0, width)


def _by_arguments(one: Change) -> bool:
    return " if " in one.before or " if " in one.after


def _rows(changes: list[Change]) -> Iterator[tuple[str, ...]]:
    """Put calls together that change alike, on the same architectures."""
    places: dict[tuple[str, ...], list[str]] = {}
    for one in changes:
        places.setdefault((one.direction.value, one.before, one.after, one.call), []).append(short(one.architecture))
    rows: dict[tuple[str, ...], list[str]] = {}
    for (*head, call), architectures in places.items():
        rows.setdefault((*head, ", ".join(architectures)), []).append(call)
    for key in sorted(rows, key=lambda key: (_WORST.index(key[0]), -len(rows[key]))):
        yield (*key, " ".join(rows[key]))


def _conditional(found: Difference) -> Iterator[tuple[str, str]]:
    places: dict[Change, list[str]] = {}
    for one in found.changes:
        if _by_arguments(one):
            places.setdefault(structs.replace(one, architecture=""), []).append(short(one.architecture))
    for change, architectures in places.items():
        where = f", such as where {', or '.join(change.arguments)}" if change.arguments else ""
        yield "", safe(f"{change.call} ({', '.join(architectures)}): {change.direction.value}{where}")
        yield "  first:  ", safe(change.before)
        yield "  second: ", safe(change.after)


def _verdict(found: Difference) -> str:
    if found.same:
        return "They mean the same."
    if found.a_subset_of_b and found.b_subset_of_a:
        return "Both let the same syscalls through; what a program sees of the others differs."
    if found.b_subset_of_a:
        return "The second is stricter: all that it lets through, the first lets through too."
    if found.a_subset_of_b:
        return "The second is looser: it lets everything through that the first does, and more."
    if found.a_subset_of_b is None or found.b_subset_of_a is None:
        return "Whether one lets through all that the other does cannot be told for certain."
    return "Neither lets through all that the other does."
