"""`profile show` for a person: counts, risk groups, the sets, and the rules without effect. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..profiles.sets import AbiSets, DroppedRule, RiskGroup, Sets
from .profile import Subject, heading, short
from .text import clip, columns, safe, wrapped

_MOST = 20  # rules that are named one by one


def render(subject: Subject, found: Sets, width: int) -> Iterator[str]:
    """Yield the page, at most `width` columns wide."""
    width = max(width, 40)
    yield from heading(subject, width)
    yield "\n"
    yield from _counts(found, width)
    if found.groups:
        yield "\n"
        rows = [row for group in found.groups for row in _group(group)]
        yield from columns(rows, ("GROUP", "SYSCALLS"), width)
    for abi in found.architectures[:1]:
        yield "\n"
        yield from columns([_set(abi, number) for number in range(len(abi.sets))], ("ANSWER", "SYSCALLS"), width)
        if abi.conditional:
            yield "\n"
            rows_ = [(one.call, safe(one.answer)) for one in abi.conditional]
            yield from columns(rows_, ("CALL", "ANSWER BY ARGUMENTS"), width)
    notes = list(_notes(subject, found))
    if notes:
        yield "\n"
    for note in notes:
        yield from wrapped("- ", note, 2, width)


def _counts(found: Sets, width: int) -> Iterator[str]:
    rows = []
    for abi in found.architectures:
        counts = abi.counts
        text = f"{counts.open} of {counts.calls} syscalls open, {counts.conditional} with some arguments, {counts.refused} refused"
        text = text if abi.listed else "its programs are killed: the profile does not list it"
        rows.append((short(abi.architecture), text))
    yield from columns(rows, None, width)
    if not found.filter:
        yield from wrapped("", "It gives no filter at all: every syscall is open.", 0, width)
    if found.conflicts:
        yield from wrapped("", f"It does not load: rules contradict each other ({safe('; '.join(found.conflicts[:_MOST]))}).", 0, width)
    can = {True: "can", False: "cannot", None: "may be able to (that cannot be told)"}[found.user_namespace]
    yield from wrapped("", f"Under it a process {can} make a user namespace.", 0, width)


def _group(group: RiskGroup) -> Iterator[tuple[str, str]]:
    held = [name for name in group.open if name not in group.reachable]
    such = f" (such as {', '.join(group.examples[:3])})" if group.examples else ""
    lines = [f"open: {', '.join(group.reachable)}{such}"] if group.reachable else []
    lines += [f"open, but useless without more capabilities: {', '.join(held)}"] if held else []
    lines += [f"refused: {', '.join(group.refused)}"] if group.refused else []
    for number, line in enumerate(lines):
        yield ("" if number else group.name, line)


def _set(abi: AbiSets, number: int) -> tuple[str, str]:
    one = abi.sets[number]
    if one.by_default == len(one.calls):
        return one.answer, f"all other {len(one.calls)}, by default"
    if one.by_stub == len(one.calls):
        return one.answer, f"{len(one.calls)}: all with a number above {abi.stub}"
    return one.answer, f"{len(one.calls)}: {' '.join(one.calls)}"


def _notes(subject: Subject, found: Sets) -> Iterator[str]:
    yield from (f"doubt: {safe(doubt)}" for doubt in subject.doubts)
    if found.io_uring:
        yield f"io_uring is allowed and does what these refused syscalls do, past the filter: {', '.join(found.io_uring)}"
    for abi in found.architectures[:1]:
        for one in abi.conditional:
            if one.evadable:
                which = ", ".join(f"arg{index}" for index in one.evadable)
                yield f"{one.call} can be bypassed through the upper half of {which}: the filter sees 64 bits, the kernel takes 32"
            if one.approximate:
                yield f"{one.call}: approximate, libseccomp's filter may differ from these rules for some arguments"
        if abi.unsure:
            some = f"{', '.join(abi.unsure[:5])}{', …' if len(abi.unsure) > 5 else ''}"
            yield f"{len(abi.unsure)} answers depend on the OCI runtime or its libseccomp (--runtime, --libseccomp): {some}"
        if abi.stub is not None:
            yield f"runc answers ENOSYS to every number above {abi.stub}, the highest that the profile names"
    yield from (_lost(one) for one in found.dropped[:_MOST])
    if len(found.dropped) > _MOST:
        yield f"{len(found.dropped) - _MOST} more rules do not count: -o json has them"


def _lost(one: DroppedRule) -> str:
    place = f" (line {one.line})" if one.line is not None else ""
    calls = [clip(name, 60) for name in one.calls[:5]]
    some = f" for {', '.join(calls)}{', …' if len(one.calls) > 5 else ''}" if calls else ""
    return safe(f"rule {one.rule}{place} does not count{some}: {one.why}")
