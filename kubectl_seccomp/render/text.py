"""Text for a terminal: what must not reach it raw, and columns in kubectl's shape. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence

GAP = "   "
LEAST_HANGING = 20  # columns below which a last column always goes on lines of its own
LEAST_COLUMN = 14  # columns below which no column is squeezed: the length of RuntimeDefault
LONGEST_CELL = 253  # the longest name Kubernetes allows; only a hostile file holds longer ones

# Printable by their category, and yet nothing is seen of them (Unicode DerivedCoreProperties, Default_Ignorable).
_INVISIBLE = frozenset(
    chr(code)
    for span in ((0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x3164, 0x3164),
                 (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF))
    for code in range(span[0], span[1] + 1)
)  # fmt: skip
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def safe(text: str) -> str:
    """Return `text` with everything that a terminal would obey or hide written out (ESC becomes the four characters \\x1b).

    Escaped are control characters (C0, DEL, C1), line separators, bidirectional and zero-width characters, lone surrogates,
    and whatever else Python does not call printable. The result is one line, and safe() of it is itself.
    """
    return escape(text, visible)


def escape(text: str, how: Callable[[str], str]) -> str:
    """Return `text` with every character that is not plainly visible replaced by how(character)."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char.isprintable() and char not in _INVISIBLE else how(char) for char in text)


def visible(char: str) -> str:
    r"""Return a character's escape as Python and YAML write it: \n, \x1b, \u202e, \U000e0100."""
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def source(path: str) -> str:
    """Return what a file is called that was named so on the command line."""
    return "standard input" if path == "-" else path


def display_width(text: str) -> int:
    """Return how many columns of a terminal safe text takes: East Asian wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def clip(text: str, room: int = LONGEST_CELL) -> str:
    """Return `text`, cut to at most `room` characters with an ellipsis."""
    return text if len(text) <= room else text[: room - 1] + "…"


def fold(text: str, room: int) -> list[str]:
    """Return `text` as lines of at most `room` columns, broken at blanks, or inside of words that are longer than a line."""
    room = max(room, 2)
    lines, line, used = [], "", 0
    for word in _words(text, room):
        width = display_width(word)
        if line and used + width - (len(word) - len(word.rstrip())) > room:
            lines.append(line.rstrip())
            line, used = "", 0
        line += word
        used += width
    return [*lines, line.rstrip()]


def _words(text: str, room: int) -> Iterator[str]:
    """Yield pieces that add up to `text`, none wider than `room` without its trailing blanks."""
    for word in re.findall(r"\S+\s*", text):
        if display_width(word.rstrip()) <= room:
            yield word
        else:
            for piece in re.findall(r"[^-/._]*[-/._]\s*|[^-/._]+", word):
                yield from _cut(piece, room)


def _cut(piece: str, room: int) -> Iterator[str]:
    part, used = "", 0
    for char in piece:
        width = _char_width(char)
        if used + width > room and not char.isspace():
            yield part
            part, used = "", 0
        part += char
        used += width
    yield part


def wrapped(lead: str, text: str, hang: int, width: int) -> Iterator[str]:
    """Yield text behind its lead, whose further lines stand `hang` columns in."""
    first, *rest = _split(text, width - display_width(lead), width - hang)
    yield f"{lead}{first}".rstrip(" ") + "\n"
    yield from (f"{' ' * hang}{line}\n" for line in rest)


def _split(text: str, first: int, further: int) -> list[str]:
    """Return the lines of a text whose first line has another width than the further ones."""
    text = text.strip(" ")
    line = fold(text, first)[0]
    rest = text[len(line) :].lstrip(" ")
    return [line, *fold(rest, further)] if rest else [line]


def columns(rows: Sequence[Sequence[str]], headers: Sequence[str] | None, width: int | None = None) -> Iterator[str]:
    """Yield the lines of a table in kubectl's shape: left-aligned, three blanks between, no borders, no trailing blanks.

    The cells are safe text. The last column is never padded. With `width` (columns of a terminal) it wraps under itself, or
    goes below its row where that takes fewer lines.
    """
    rows = [[*map(clip, row[:-1]), row[-1]] for row in rows]
    every = [headers, *rows] if headers else rows
    if not every:
        return
    widths = measure(every)
    if width is None:
        yield from lay(every, widths)
    elif _hangs([row[-1] for row in rows], widths, width):
        room = [*widths[:-1], width - _taken(widths)]
        for row in every:
            yield from _folded(row, room)
    else:
        yield from _below(every, widths[:-1], width)


def measure(rows: Iterable[Sequence[str]], least: Sequence[int] = ()) -> list[int]:
    """Return the display width of every column, at least `least`; the last one counts too."""
    widths = list(least)
    for column, cells in enumerate(zip(*rows, strict=True)):
        widest = max(map(display_width, cells))
        if column < len(widths):
            widths[column] = max(widths[column], widest)
        else:
            widths.append(widest)
    return widths


def lay(rows: Iterable[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    """Yield one line per row, each cell but the last padded to its column."""
    pattern = GAP.join([*(f"%-{width}s" for width in widths[:-1]), "%s"])
    for row in rows:
        line = pattern % tuple(row)
        if not line.isascii():
            line = GAP.join([*(_pad(cell, width) for cell, width in zip(row[:-1], widths, strict=False)), row[-1]])
        yield line.rstrip(" ") + "\n"


def _pad(cell: str, width: int) -> str:
    return cell + " " * (width - display_width(cell))


def _taken(widths: Sequence[int]) -> int:
    """Return the columns before the last column."""
    return sum(widths[:-1]) + len(GAP) * (len(widths) - 1)


def _hangs(texts: Sequence[str], widths: Sequence[int], width: int) -> bool:
    """Whether the last column is easier to read under itself: there is room, and it takes no more lines than below its row."""
    room, below = width - _taken(widths), width - widths[0] - len(GAP)
    if room < LEAST_HANGING:
        return False
    return sum(len(fold(text, room)) for text in texts) <= sum(1 + len(fold(text, below)) for text in texts)


def _below(rows: Iterable[Sequence[str]], widths: Sequence[int], width: int) -> Iterator[str]:
    """Yield rows whose last cell stands on lines of its own, under the second column."""
    widths = _squeezed(widths, width)
    indent = " " * (widths[0] + len(GAP) if widths else 0)
    for row in rows:
        yield from _flowed(row[:-1], widths, width)
        yield from (f"{indent}{line}\n" for line in fold(row[-1], width - len(indent)) if line)


def _squeezed(widths: Sequence[int], width: int) -> list[int]:
    """Return narrower widths, taken from the widest columns, so that a row fits as far as that can be."""
    narrow = list(widths)
    excess = sum(narrow) + len(GAP) * (len(narrow) - 1) - width
    while excess > 0 and max(narrow) > LEAST_COLUMN:
        narrow[narrow.index(max(narrow))] -= 1
        excess -= 1
    return narrow


def _flowed(row: Sequence[str], widths: Sequence[int], width: int) -> Iterator[str]:
    """Yield the cells of one row, whole so that names can be copied: a long one pushes the next ones, at worst to a new line."""
    line, target = "", 0
    for cell, column in zip(row, widths, strict=True):
        taken, needed = display_width(line), display_width(cell)
        start = max(target, taken + len(GAP)) if line else 0
        if line.strip() and start + needed > width:
            yield line.rstrip(" ") + "\n"
            line, taken, start = "", 0, target if target + needed <= width else widths[0] + len(GAP)
        line += " " * (start - taken) + cell
        target += column + len(GAP)
    yield line.rstrip(" ") + "\n"


def _folded(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """Yield the lines of one row whose cells wrap inside of their columns."""
    cells = [fold(cell, room) if display_width(cell) > room else [cell] for cell, room in zip(row, widths, strict=True)]
    for number in range(max(map(len, cells))):
        parts = (_pad(cell[number] if number < len(cell) else "", room) for cell, room in zip(cells, widths, strict=True))
        yield GAP.join(parts).rstrip(" ") + "\n"
