"""What is wrong with single rules: names that mean nothing, rules without effect, conditions that say something else. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from ..words import short
from . import problems_rules as pages
from .answers import Answer, Table
from .conditions import disjoint, groups
from .evasion import evadable
from .gojson import text
from .judged import Judged
from .lint_text import Profile, arguments, near, quoted, rules, texts
from .oci import Resolved, Rule
from .positions import Path
from .problem import IGNORED, REFUSED, Effect, Problem, by_oci, everywhere
from .syscalls import ARCHITECTURES, NEWEST, OLDEST, Version, by_number, dotted, known_since, names

_SHOWN = 8
_COMMON = (2, 5, 4)  # what it knows is hardly missing anywhere: of 2022
_NEAREST = 40  # names of one profile that a nearest one is looked for


def in_text(profile: Profile) -> Iterator[Problem]:
    """Yield what can be said of rules as they are written, whoever reads them."""
    yield from _names(profile)
    for path, entry in rules(profile):
        yield from _nameless(entry, path)
        for place, argument in arguments(entry, path):
            yield from _incomplete(argument, place)
        yield from _harsh(entry, path)


def _harsh(entry: Profile, path: Path) -> Iterator[Problem]:
    """Yield actions that are not what they look like. A rule without names does nothing, and _nameless tells so."""
    word, named = text(entry, "action"), [name for name in texts(entry, "names") or [text(entry, "name")] if name]
    if named and word in ("SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD"):
        said = f"{word} ends one thread, not the process: {listed(named)}"
        yield pages.KILL_THREAD.problem(said, (*path, "action"), suggestion="SCMP_ACT_KILL_PROCESS")
    if named and word == "SCMP_ACT_TRACE":
        yield pages.TRACE.problem(f"SCMP_ACT_TRACE without a tracer gives ENOSYS: {listed(named)}", (*path, "action"))


def listed(found: Iterable[str], most: int = _SHOWN) -> str:
    """Return names for a sentence, only the first where there are many."""
    clipped = [short(name) for name in dict.fromkeys(found)]
    more = f" and {len(clipped) - most} more" if len(clipped) > most else ""
    return ", ".join(clipped[:most]) + more


def _names(profile: Profile) -> Iterator[Problem]:
    looked = 0
    for path, name in _mentions(profile):
        if not name:
            yield pages.EMPTY_NAME.problem("the empty string is not a syscall", path, by_oci(REFUSED, IGNORED))
        elif known_since(name) is None:
            looked += 1
            meant = _meant(name, nearest=looked <= _NEAREST)
            hint = f": did you mean {meant}?" if meant else ""
            yield pages.UNKNOWN_NAME.problem(f"unknown syscall {quoted(name)}{hint}", path, everywhere(IGNORED), meant)


def _mentions(profile: Profile) -> Iterator[tuple[Path, str]]:
    for path, entry in rules(profile):
        found = entry.get("names")
        for index, name in enumerate(found if isinstance(found, list) else ()):
            if name is None or isinstance(name, str):
                yield (*path, "names", index), name or ""
        if name := text(entry, "name"):
            yield (*path, "name"), name


def _meant(name: str, *, nearest: bool) -> str | None:
    """Return the call that is meant: without blanks, capitals and prefixes, by its number on x86-64, or the nearest name."""
    plain = re.sub(r"^(__nr_|__x64_sys_|sys_)", "", name[:64].strip().lower())
    if known_since(plain) is not None:
        return plain
    if plain.isascii() and plain.isdigit():
        return by_number("SCMP_ARCH_X86_64").get(int(plain))
    return near(plain, _every_name(), 0.75) if nearest else None


@cache
def _every_name() -> tuple[str, ...]:
    return tuple(sorted({name for known in ARCHITECTURES for name in names(known.name)}))


def _nameless(entry: Profile, path: Path) -> Iterator[Problem]:
    if (entry.get("names") is None or entry.get("names") == []) and not text(entry, "name"):
        absent = entry.get("names") is None
        effects = {**everywhere(IGNORED)}
        if absent:
            effects |= dict.fromkeys(("containerd+crun", "docker+crun"), Effect(REFUSED))
        yield pages.NO_NAMES.problem("the rule names no syscall and does nothing", (*path, "names"), effects)


def _incomplete(argument: Profile, path: Path) -> Iterator[Problem]:
    missing = [key for key in ("index", "value") if argument.get(key) is None]
    if missing:
        yield pages.VALUE_MISSING.problem(f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing: taken as 0", path)
    mask, expected = argument.get("value") or 0, argument.get("valuetwo") or 0
    if argument.get("op") != "SCMP_CMP_MASKED_EQ" or not isinstance(mask, int) or not isinstance(expected, int):
        return
    if mask == 0:
        yield pages.MASK.problem("the mask (value) is 0: the condition always holds", path)
    elif lost := expected & ~mask:
        yield pages.MASK.problem(f"valueTwo has bits ({lost:#x}) that the mask (value) leaves out: they are not compared", path)


def in_answers(judged: Judged) -> Iterator[Problem]:
    """Yield what becomes of the rules of a profile that is loaded."""
    resolved = judged.resolved
    if resolved is None:
        return
    yield from _young(judged, resolved)
    yield from _conflicts(judged)
    yield from _in_vain(judged, resolved)
    yield from _tangled(judged, resolved)
    for rule in resolved.rules:
        indexes = [one.index for one in rule.conditions]
        if len(set(indexes)) < len(indexes):
            twice = next(index for index in indexes if indexes.count(index) > 1)
            said = f"argument {twice} is named twice: any condition of the rule is enough ({listed(rule.names)})"
            yield pages.OR_CONDITIONS.problem(said, (*_place(rule), "args"))
    yield from _evadable(judged)


def _place(rule: Rule) -> Path:
    return ("syscalls", rule.index)


def _young(judged: Judged, resolved: Resolved) -> Iterator[Problem]:
    """Yield the calls that older libraries do not know, those apart that are to be refused."""
    library = judged.place.target.libseccomp
    found: dict[bool, dict[str, tuple[Version, Rule]]] = {}
    for rule in resolved.rules:
        lost = not rule.action.passes and resolved.default.passes
        for name in rule.names:
            since = known_since(name)
            if since is not None and since > (OLDEST if lost else _COMMON) and (library is None or library < since):
                found.setdefault(lost, {}).setdefault(name, (since, rule))
    for lost, mentions in found.items():
        becomes = "what should be refused is not" if lost else "the default counts there"
        youngest = sorted(mentions.items(), key=lambda mention: mention[1][0], reverse=True)
        named = listed(f"{name} (before {dotted(since)})" for name, (since, _) in youngest)
        said = f"an older libseccomp does not know {named}: {becomes}"
        severity, effects = pages.YOUNG_NAME.severities[0 if lost else 1], everywhere("ignored by older libraries")
        yield pages.YOUNG_NAME.problem(said, _place(youngest[0][1][1]), effects, severity=severity)


def _conflicts(judged: Judged) -> Iterator[Problem]:
    found: dict[tuple[int, int], list[str]] = {}
    for conflict in judged.decision.conflicts:
        found.setdefault(conflict.rules, []).append(conflict.call)
    for (first, second), calls in found.items():
        said = f"the same conditions as rule {first}, but another action: {listed(calls)}"
        yield pages.CONFLICT.problem(said, ("syscalls", second), everywhere(REFUSED))


def _tables(judged: Judged, resolved: Resolved) -> list[Table]:
    """Return the tables of what is listed, the node's own first."""
    return [table for table in judged.decision.tables.values() if table is judged.native or table.abi in resolved.architectures]


def _in_vain(judged: Judged, resolved: Resolved) -> Iterator[Problem]:
    """Yield the rules that do not count for some of their calls, and pairs of rules that meet."""
    written = {rule.index: rule for rule in resolved.rules}
    vain: dict[tuple[int, str, bool], list[str]] = {}
    meeting: dict[tuple[int, int], list[str]] = {}
    for table in _tables(judged, resolved):
        known = names(table.abi, judged.place.target.libseccomp or NEWEST)
        for name, answer in table.answers.items():
            for pair in answer.overlapping:
                meeting.setdefault(pair, []).append(name)
            for one in answer.dropped if name in known else ():
                contradicted = _contradicted(written[one.index], name, answer, table.bits)
                vain.setdefault((one.index, one.why, contradicted), []).append(name)
    for (index, why, contradicted), calls in vain.items():
        page = pages.EQUALS_DEFAULT if written[index].action == resolved.default else pages.SHADOWED
        said = f"the rule does not count for {listed(calls)}: {why}"
        yield page.problem(said, ("syscalls", index), everywhere(IGNORED), severity=page.severities[0 if contradicted else 1])
    for (first, second), calls in meeting.items():
        said = f"one syscall can match rules {first} and {second}, which differ: {listed(calls)}"
        yield pages.OVERLAP.problem(said, ("syscalls", second), everywhere("one of the two counts"))


def _contradicted(rule: Rule, name: str, answer: Answer, bits: int) -> bool:
    """Whether a call that a rule without effect is about gets another action. One without conditions is for what is left."""
    if answer.action is not None:
        return answer.action != rule.action
    if name not in rule.names or rule.action != answer.otherwise:
        return False
    mine = [group for group in groups(rule.conditions, bits) if group]
    return any(not disjoint(group, case.conditions, bits) for group in mine for case in answer.cases)


def _tangled(judged: Judged, resolved: Resolved) -> Iterator[Problem]:
    calls = list(dict.fromkeys(name for table in _tables(judged, resolved) for name in table.tangled))
    if calls:
        place = next((_place(rule) for rule in resolved.rules if set(calls) & set(rule.names) and rule.conditions), ())
        yield pages.TANGLED.problem(f"what the filter does with {listed(calls)} may differ from what the rules say", place)


def _evadable(judged: Judged) -> Iterator[Problem]:
    table = judged.native
    if table is None:
        return
    for name, answer in table.answers.items():
        if found := evadable(table, name):
            which = " and ".join(map(str, found))
            said = f"{name} can be bypassed with bit 32 set in argument {which}: the filter compares 64 bits, the kernel takes 32"
            yield pages.UPPER_BITS.problem(said, ("syscalls", answer.cases[0].rule))
