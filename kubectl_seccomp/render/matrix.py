"""`check profile`: a row per node as a table, and the whole as one mapping for programs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..eligibility import Fit
from ..landing import Outcome
from ..model import Finding, Gap, Head
from ..profile_matrix import NodeRow, ProfileMatrix, User
from ..times import stamp
from ..words import FileState
from . import cells
from .cells import NONE
from .json import read_back
from .records import Record, opening
from .summary import count
from .text import columns, safe

HASH = 12  # characters of a sha256, as docker and kubectl shorten them
_SILENT = (FileState.UNCHECKED, FileState.UNREADABLE, FileState.NOT_APPLICABLE)
_NAMES = 2
_NODES = 3
_HEADS = ("NODE", "STATE", "HASH", "LOADS")
_WIDE_HEADS = ("OWNER", "MODE", "SIZE", "MODIFIED", "LANDS", "PATH")


def table(matrices: Iterable[ProfileMatrix], *, wide: bool = False, headers: bool = True, width: int | None = None) -> Iterator[str]:
    """Yield a row per node, with the path in front where there are several; `width` as in render.table."""
    every = tuple(matrices)
    several = len(every) > 1
    heads = (*_HEADS, *(_WIDE_HEADS if wide else ()), "WORKLOADS")
    rows = [((safe(each.path),) if several else ()) + _cells(row, each, wide=wide) for each in every for row in each.nodes]
    if rows:
        yield from columns(rows, (("PROFILE", *heads) if several else heads) if headers else None, width)


def _cells(row: NodeRow, each: ProfileMatrix, *, wide: bool) -> tuple[str, ...]:
    file = row.file
    facts = (safe(row.name), _state(file.state), file.sha256[:HASH] if file.sha256 else NONE, _loads(row.outcome))
    more: tuple[str, ...] = ()
    if wide:
        size = NONE if file.size is None else str(file.size)
        modified = NONE if file.mtime is None else stamp(file.mtime)
        texts = (file.owner or NONE, file.mode or NONE, size, modified, _lands(row, each), file.path or NONE)
        more = tuple(map(safe, texts))
    return (*facts, *more, _workloads(row, wide=wide))


def _state(state: FileState) -> str:
    return NONE if state is FileState.NOT_APPLICABLE else state.value


def _loads(found: Outcome) -> str:
    return NONE if found in (Outcome.MISSING, Outcome.UNKNOWN) else found.value


def _lands(row: NodeRow, each: ProfileMatrix) -> str:
    """Return whether some user's next pod could be placed on the node: now, later, never, or unknown."""
    fits = {user.fit(row.name) for user in each.users}
    if Fit.NOW in fits or Fit.LATER in fits:
        return (Fit.NOW if Fit.NOW in fits else Fit.LATER).value
    return Fit.NEVER.value if each.users_known else "unknown"


def _workloads(row: NodeRow, *, wide: bool) -> str:
    most = None if wide else _NAMES
    there = _listed([_user(user, user.pods[row.name]) for user in row.users], most)
    could = _listed([_user(user, 0) for user in row.landing], most)
    told = "; ".join(filter(None, (there, could and f"could land: {could}")))
    why = row.file.explanation if row.file.state in _SILENT else None
    return " ".join(filter(None, (told, why and safe(f"({why})")))) or NONE


def _user(user: User, pods: int) -> str:
    name = f"{safe(user.namespace)}/{cells.short(user.owner)}"
    return f"{name} ({pods})" if pods > 1 else name


def _listed(names: list[str], most: int | None) -> str:
    """Return some of the names, each once, and how many more there are."""
    unique = list(dict.fromkeys(names))
    shown = unique if most is None or len(unique) <= most + 1 else unique[:most]
    return ", ".join(shown) + (f" and {len(unique) - len(shown)} more" if len(unique) > len(shown) else "")


def summary(each: ProfileMatrix) -> str:
    """Return one line about a path: the same everywhere, or where not."""
    told = []
    if len(each.versions) == 1:
        ((version, names),) = each.versions.items()
        told.append(f"the same on {count(len(names), 'node')} (sha256 {version[:HASH]})")
    elif each.versions:
        sorts = (f"{version[:HASH]} on {_some(names)}" for version, names in each.versions.items())
        told.append(f"differs: {len(each.versions)} versions, {', '.join(list(sorts)[:_NODES])}")
    if each.nodes and all(row.outcome is Outcome.MISSING for row in each.nodes):
        told.append("no node has it")
    for word, phrase in _PHRASES.items() if not told or each.versions else ():
        names = tuple(row.name for row in each.nodes if row.outcome is word and row.file.state is not FileState.NOT_APPLICABLE)
        told += [f"{phrase} {_some(names)}"] if names else []
    told += [] if each.users or not each.users_known else ["nobody uses it"]
    return safe(f"{each.path}: {'; '.join(told) or 'no node was asked'}.")


_PHRASES = {
    Outcome.MISSING: "missing on",
    Outcome.REFUSED: "does not load on",
    Outcome.NO_FILTER: "gives no filter on",
    Outcome.FORBIDS_NOTHING: "forbids nothing on",
    Outcome.UNKNOWN: "not known for",
}


def _some(names: tuple[str, ...]) -> str:
    return _listed(list(names), _NODES)


def finding_lines(findings: Iterable[Finding], most: int) -> Iterator[str]:
    """Yield a safe line per finding and reason, with the pods that have it, worst first."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for finding in findings:
        name = f"{finding.subject.namespace or NONE}/{finding.subject.name}"
        found.setdefault((finding.severity.value, finding.id, finding.reason), []).append(name)
    for number, ((severity, check, reason), names) in enumerate(found.items()):
        if number == most:
            yield f"{count(len(found) - most, 'more finding')} (-o json shows all)"
            return
        yield safe(f"{severity}: {check} {_listed(names, _NODES)}: {reason}")


def record(head: Head, matrices: Iterable[ProfileMatrix], findings: Iterable[Finding], gaps: tuple[Gap, ...]) -> Record:
    """Return the json form of the whole."""
    parts = {"profiles": [_profile(each) for each in matrices], "findings": list(findings), "gaps": gaps}
    return {**opening(head), **read_back(parts), "complete": not gaps}


def _profile(each: ProfileMatrix) -> Record:
    return {
        "path": each.path,
        "versions": list(each.versions),
        "nodes": [
            {
                "name": row.name,
                "eligible": row.eligible,
                "lands": _lands(row, each),
                "loads": row.outcome.value,
                "profileFile": row.file,
            }
            for row in each.nodes
        ],
        "users": [_user_record(user) for user in each.users],
    }


def _user_record(user: User) -> Record:
    return {
        "namespace": user.namespace,
        "kind": user.owner.kind,
        "name": user.owner.name,
        "container": user.container,
        "pods": sum(user.pods.values()),
        "nodes": sorted(name for name in user.pods if name),
        "couldLand": {"now": sorted(user.now), "later": sorted(user.later)},
    }
