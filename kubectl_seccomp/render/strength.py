"""What filters leave open, as a part of `check pod`. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Strength
from ..model import ContainerReport, PodReport
from . import cells
from .text import columns, safe, wrapped

_HEADS = ("CONTAINER", "OPEN SYSCALLS", "BEYOND DEFAULT", "USER NAMESPACE", "WITHIN REACH")
_WORDS = {True: "can make", False: "cannot", None: "unknown"}


def strengths(pod: PodReport, width: int) -> Iterator[str]:
    """Yield the section: counts by container, risk groups within its reach, and why there are none for others."""
    told = [(member, member.decision.strength) for member in pod.containers if member.decision.strength is not None]
    known = [(member, found) for member, found in told if found.unknown is None]
    if not told:
        return
    yield "\nSTRENGTH\n"
    if known:
        yield from columns([_row(member, found) for member, found in known], _HEADS, width)
    for text, names in _notes(told).items():
        yield from wrapped("", f"{', '.join(names)}: {text}", 2, width)


def _row(member: ContainerReport, found: Strength) -> tuple[str, ...]:
    reach = ", ".join(f"{group.name} ({len(group.reachable)})" for group in found.groups if group.reachable)
    beyond = cells.NONE if found.beyond_default is None else str(found.beyond_default)
    opened = f"{found.open} of {found.calls}"
    return cells.container(member), opened, beyond, _WORDS[found.user_namespace], reach or cells.NONE


def _notes(told: list[tuple[ContainerReport, Strength]]) -> dict[str, list[str]]:
    """Return what limits the figures, each once with the containers it is about."""
    found: dict[str, list[str]] = {}
    for member, one in told:
        texts = [f"not known: {one.unknown}"] if one.unknown is not None else [f"not certain: {doubt}" for doubt in one.doubts]
        for text in texts:
            found.setdefault(safe(text), []).append(cells.container(member))
    return found
