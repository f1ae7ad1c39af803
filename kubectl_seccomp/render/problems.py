"""`profile lint`: problems as a table and as the json form (kind ProfileReport), in short where others are told too. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from ..model import PodReport
from ..profiles.problem import HONOURED, LANES, LOADS, Problem
from ..runtimes import RUNTIMES
from ..words import Severity
from .json import pretty
from .summary import count
from .text import GAP, columns, display_width, safe, source, wrapped
from .yaml import block

HEADS = ("FILE:LINE:COLUMN", "SEVERITY", "ID", "MESSAGE")
_FEW = 5  # problems of a file that `check pod` shows
_TAKEN = 3 * len(GAP) + len("critical") + len("KS310")
_LEAST = 40  # columns of a message below which it stands on lines of its own
_TITLES = {runtime.scheme: runtime.title for runtime in RUNTIMES}


class LintedFile(Struct, frozen=True):
    """A file as it was named, its form (None: not readable), what is wrong with it, and the runtimes that this is about."""

    file: str
    format: str | None
    problems: tuple[Problem, ...]
    lanes: tuple[str, ...] = LANES


def table(files: Iterable[LintedFile], width: int | None) -> Iterator[str]:
    """Yield a line for each problem, the files in their order, without heads where there is none."""
    rows = [_row(file, problem) for file in files for problem in file.problems]
    taken = max((display_width(row[0]) for row in rows), default=0) + _TAKEN
    if rows and (width is None or width - taken >= _LEAST):
        yield from columns(rows, HEADS, width)
    elif rows and width is not None:
        for place, severity, name, message in rows:
            yield f"{place}   {severity}   {name}\n"
            yield from wrapped("  ", message, 2, width)


def _row(file: LintedFile, problem: Problem) -> tuple[str, ...]:
    at = f":{problem.position.line}:{problem.position.column}" if problem.position is not None else ""
    return safe(f"{source(file.file)}{at}"), problem.severity.value, problem.id, safe(f"{problem.message}{note(problem, file.lanes)}")


def note(problem: Problem, lanes: Sequence[str]) -> str:
    """Return what the runtimes make of it in brackets, as short as it can be said; nothing where it makes no difference."""
    words = {lane: effect.shown for lane, effect in problem.effects.items()}
    whole, distinct = len(words) == len(lanes), set(words.values())
    if whole and len(distinct) == 1:
        return "" if distinct <= {LOADS, HONOURED} else f" ({distinct.pop()})"
    if whole and (by_oci := _by(words, 2)):
        return _told(by_oci)
    return _told(_by(words, 0) or words)


def _by(words: dict[str, str], part: int) -> dict[str, str] | None:
    """Return the words by one half of the lanes' names, the reader's (0) or the OCI runtime's (2), if that alone decides."""
    found: dict[str, set[str]] = {}
    for lane, word in words.items():
        found.setdefault(lane.partition("+")[part], set()).add(word)
    return {name: each.pop() for name, each in found.items()} if all(len(each) == 1 for each in found.values()) else None


def _told(words: dict[str, str]) -> str:
    """Return ` (runc: ignored; crun: refused)`, with those together that do the same; only their names where it just loads."""
    groups: dict[str, list[str]] = {}
    for name, word in words.items():
        groups.setdefault(word, []).append(_TITLES.get(name, name))
    parts = [f"{', '.join(names)}: {word}" for word, names in groups.items()]
    return f" ({', '.join(groups[LOADS])})" if set(groups) == {LOADS} else f" ({'; '.join(parts)})"


def file_problems(pod: PodReport, width: int) -> Iterator[str]:
    """Yield, for `check pod`, the worst problems of each profile file that its containers load, and how to see the others."""
    files = {member.decision.file: member.decision.effective.localhost_profile or "" for member in pod.containers}
    for file, name in files.items():
        if not file.problems:
            continue
        yield "\n"
        yield from wrapped("", f"PROBLEMS of {safe(file.path or name)}", 2, width)
        for each in file.problems[:_FEW]:
            yield from wrapped(f"{each.id} {each.severity.value:<8} ", safe(f"line {each.line}: {each.message}"), 2, width)
        if (rest := len(file.problems) - _FEW) > 0:
            yield from wrapped("", safe(f"{rest} more: kubectl seccomp profile lint node/{pod.node}:{name}"), 2, width)


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
