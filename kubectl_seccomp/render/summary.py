"""The closing summary, for stderr: the counts in one sentence, and what could not be read. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..model import OBSERVED_MODE, Gap, Tail
from .text import clip, safe, source

_NAMES = 3  # names that a group of gaps is shown with
_GROUPS = 20  # lines of gaps; more are only counted
_LONGEST = 400
_KINDS = ("node", "namespace", "pod")
_WRITTEN = ("document", "file", "manifests")  # what of these is told by the place: a path


def lines(tail: Tail, *, source: str = "cluster", judged: bool = False) -> Iterator[str]:
    """Yield safe lines without newlines: counts, what was left out, gaps.

    `source` is the report's scope ("cluster" or "files"); `judged` says "No findings" where there are none.
    """
    summary = tail.summary
    noun = "pod" if source == "cluster" else "object"
    if summary.pods:
        told = f"{count(summary.containers, 'container')} in {count(summary.pods, noun)}{_counts(summary.effective, ': ')}."
        muted = f" {count(summary.ignored, 'finding')} left out by --select or --ignore." if summary.ignored else ""
        yield told + _findings(summary.findings, judged) + muted
    if any(number for word, number in summary.observed.items() if word != "unchecked"):
        yield f"Observed{_counts(summary.observed, ': ')}."
    if summary.skipped:
        yield f"{count(summary.skipped, 'pod')} that succeeded left out (--include-finished shows them)."
    yield from gap_lines(tail.gaps)
    if any(gap.why.startswith("forbidden") for gap in tail.gaps):
        yield "hint: kubectl seccomp rbac prints the permissions that are needed."
    if source == "cluster" and summary.unchecked_files:
        files = count(summary.unchecked_files, "container")
        yield f"hint: nobody looked at the Localhost file of {files}: --verify (or check pod) reads it on the node."
    if source == "files" and summary.effective.get("Unknown"):
        yield "hint: manifests do not tell what the kubelet does where nothing is set: give --seccomp-default on or off."


def _findings(findings: Mapping[str, int], judged: bool) -> str:
    told = _counts(findings, " Findings: ")
    return f"{told}." if told else " No findings." if judged else ""


def _counts(counts: Mapping[str, int], before: str) -> str:
    told = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    return before + told if told else ""


def count(number: int, noun: str) -> str:
    """Return `1 pod`, `2 pods`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def gap_lines(gaps: tuple[Gap, ...]) -> Iterator[str]:
    """Yield one line per kind of gap: those with the same fact and the same reason are told together."""
    groups: dict[tuple[str, str, str], list[Gap]] = {}
    for gap in gaps:
        kind, name = _split(gap.where)
        # A server's reason can name the object; but for that name it is the same reason.
        reason = gap.why.replace(name, "…") if len(name) > 3 else gap.why
        if gap.what == OBSERVED_MODE:  # begins with the container's name
            reason = reason.partition(": ")[2] or reason
        groups.setdefault((gap.what, kind, reason), []).append(gap)
    for number, ((what, kind, reason), group) in enumerate(groups.items()):
        if number == _GROUPS:
            yield f"gap: {len(groups) - number} more kinds of gaps (-o json shows all)"
            return
        yield _gap_line(what, kind, group[0].why if len(group) == 1 else reason, group)


def _split(where: str) -> tuple[str, str]:
    """Return the kind and the name of an object, or no kind for anything else, such as a file's path."""
    kind, slash, name = where.partition("/")
    return (kind, name) if slash and kind in _KINDS else ("", where)


def _gap_line(what: str, kind: str, why: str, group: list[Gap]) -> str:
    affected = sum(gap.affects for gap in group)
    where = group[0].where
    if len(group) > 1:
        names = [_split(gap.where)[1] for gap in group[:_NAMES]]
        where = f"{count(len(group), kind or 'place')} ({', '.join(names)}{', …' if len(group) > _NAMES else ''})"
    about = source(where) if what in _WRITTEN else f"{what} of {where}" if where else what
    told = f"gap: {about}: {why}"
    affects = f"; affects {count(affected, 'container')}" if affected else ""
    return clip(safe(told), _LONGEST) + affects
