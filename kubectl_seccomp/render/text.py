"""Text that is safe to print, and columns as kubectl prints them."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

GAP = 3
NARROWEST = 24


def safe(text: str) -> str:
    """Return `text` with every character escaped that could drive a terminal or hide what it says.

    These are the control, format, surrogate, private and unassigned characters, and line and paragraph separators.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_safe(character) for character in text)


def _safe(character: str) -> str:
    if character == " " or unicodedata.category(character)[0] not in "CZ":
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def width(text: str) -> int:
    """Return the columns that safe text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, headers: bool = True, columns: int | None = None
) -> Iterator[str]:
    """Yield the lines of a table in kubectl's shape: three spaces between columns, nothing behind the last.

    With `columns`, the width of a terminal, the last cell is wrapped below itself, or below its row where there is no room.
    Without rows there is nothing, not even heads.
    """
    body = [[safe(cell) for cell in row] for row in rows]
    if not body:
        return
    lines = [list(heads), *body] if headers else body
    widths = [max(width(line[index]) for line in lines) + GAP for index in range(len(heads) - 1)]
    for line in lines:
        lead = "".join(cell + " " * (size - width(cell)) for cell, size in zip(line, widths, strict=False))
        yield from _wrapped(lead, line[-1], sum(widths), columns)


def _wrapped(lead: str, last: str, indent: int, columns: int | None) -> Iterator[str]:
    if columns is None or indent + width(last) <= columns:
        yield f"{lead}{last}".rstrip() + "\n"
        return
    if columns - indent < NARROWEST:
        yield lead.rstrip() + "\n"
        yield from (f"    {part}\n" for part in textwrap.wrap(last, max(columns - 4, NARROWEST)))
        return
    for number, part in enumerate(textwrap.wrap(last, columns - indent)):
        yield (lead if number == 0 else " " * indent) + part + "\n"
