"""`profile lint`: problems as a table and as the json form (kind ProfileReport), in short where others are told too. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from ..profiles.problem import DECODERS, HONOURED, LANES, LOADS, OCI_RUNTIMES, Problem
from ..runtimes import RUNTIMES
from ..words import Severity
from .json import pretty
from .summary import count
from .text import columns, safe
from .yaml import block

HEADS = ("FILE:LINE:COLUMN", "SEVERITY", "ID", "MESSAGE")
_TITLES = {runtime.decoder: runtime.title for runtime in RUNTIMES}


class LintedFile(Struct, frozen=True):
    """A file as it was named, its form (None: not readable), what is wrong with it, and the runtimes that this is about."""

    file: str
    format: str | None
    problems: tuple[Problem, ...]
    lanes: tuple[str, ...] = LANES


def table(files: Iterable[LintedFile], width: int | None) -> Iterator[str]:
    """Yield a line for each problem, the files in their order, without heads where there is none."""
    rows = [_row(file, problem) for file in files for problem in file.problems]
    if rows:
        yield from columns(rows, HEADS, width)


def _row(file: LintedFile, problem: Problem) -> tuple[str, ...]:
    at = f":{problem.position.line}:{problem.position.column}" if problem.position is not None else ""
    return safe(f"{file.file}{at}"), problem.severity.value, problem.id, safe(f"{problem.message}{note(problem, file.lanes)}")


def note(problem: Problem, lanes: Sequence[str]) -> str:
    """Return what the runtimes make of it in brackets, as short as it can be said; nothing where it makes no difference."""
    words = {lane: effect.shown for lane, effect in problem.effects.items()}
    if set(words.values()) <= {LOADS, HONOURED} and len(words) == len(lanes):
        return ""
    if len(set(words.values())) == 1 and len(words) == len(lanes):
        return f" ({next(iter(words.values()))})"
    for names, part in ((OCI_RUNTIMES, 2), (DECODERS, 0)):
        found = {name: {word for lane, word in words.items() if lane.partition("+")[part] == name} for name in names}
        if len(words) == len(lanes) and all(len(each) <= 1 for each in found.values()):
            return _told({name: each.pop() for name, each in found.items() if each})
    decoders = {lane.partition("+")[0] for lane in words}
    whole = all(lane in words for lane in lanes if lane.partition("+")[0] in decoders)
    if whole and set(words.values()) <= {LOADS, HONOURED}:
        return f" ({', '.join(_TITLES[name] for name in DECODERS if name in decoders)})"
    return _told(words)


def _told(words: dict[str, str]) -> str:
    """Return ` (runc: ignored; crun: refused)`, with those together that do the same."""
    groups: dict[str, list[str]] = {}
    for name, word in words.items():
        groups.setdefault(word, []).append(_TITLES.get(name, name))
    parts = (f"{', '.join(names)}: {word}" for word, names in groups.items())
    return f" ({'; '.join(parts)})"


def json(files: Iterable[LintedFile]) -> Iterator[str]:
    """Yield the report as indented json."""
    yield pretty(record(files))


def yaml(files: Iterable[LintedFile]) -> Iterator[str]:
    """Yield the report as block yaml."""
    yield block(record(files))


def record(files: Iterable[LintedFile]) -> dict[str, object]:
    """Return the json form."""
    profiles = [{"file": file.file, "format": file.format, "problems": [plain(each) for each in file.problems]} for file in files]
    return {"apiVersion": "kubectl-seccomp/v1", "kind": "ProfileReport", "profiles": profiles}


def plain(problem: Problem) -> dict[str, object]:
    """Return the json form of one problem."""
    return {
        "id": problem.id,
        "slug": problem.slug,
        "severity": problem.severity.value,
        "message": problem.message,
        "line": problem.position.line if problem.position is not None else None,
        "column": problem.position.column if problem.position is not None else None,
        "runtimes": {lane: effect.shown for lane, effect in problem.effects.items()},
        "suggestion": problem.suggestion,
    }


def counted(files: Sequence[LintedFile]) -> str:
    """Return `2 files, 3 problems: 1 high, 2 low`."""
    found = Counter(problem.severity for file in files for problem in file.problems)
    parts = ", ".join(f"{found[severity]} {severity.value}" for severity in Severity if found[severity])
    return f"{count(len(files), 'file')}, {count(found.total(), 'problem')}{f': {parts}' if parts else ''}"
