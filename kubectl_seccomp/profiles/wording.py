"""Answers, actions and conditions in the words that people read. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from .answers import Answer, Why
from .chains import Case
from .errnos import NAMES
from .oci import Action, Condition

_OPERATORS = {"EQ": "==", "NE": "!=", "LT": "<", "LE": "<=", "GE": ">=", "GT": ">"}
_WORDS = {"ALLOW": "allowed", "LOG": "logged", "KILL_THREAD": "kills the thread", "KILL_PROCESS": "kills the process"}
_WORDS |= {"TRAP": "SIGSYS", "TRACE": "traced", "NOTIFY": "listener"}
_SEEN = {
    "ALLOW": "it is carried out",
    "LOG": "it is carried out, and the kernel logs it",
    "KILL_THREAD": "SIGSYS ends the thread that made it, and not the others",
    "KILL_PROCESS": "SIGSYS ends the process",
    "TRAP": "SIGSYS, which ends the process unless it handles it",
    "NOTIFY": "what the listener answers; ENOSYS without one",
}


def errno(number: int) -> str:
    """Return an error's name, or its number where it has none here."""
    return NAMES.get(number, f"errno {number}")


def action(found: Action) -> str:
    """Return an action in a word or two: `allowed`, `EPERM`, `kills the thread`."""
    if found.kind == "ERRNO":
        return errno(found.errno) if found.errno else "success, not done"
    return _WORDS[found.kind]


def seen(found: Action) -> str:
    """Return what a program sees of an action."""
    if found.kind == "ERRNO":
        return f"it fails with {errno(found.errno)}" if found.errno else "it seems to succeed and is not carried out"
    if found.kind == "TRACE":
        return f"what the tracer does; ENOSYS without one (data {found.errno})"
    return _SEEN[found.kind]


def number(value: int) -> str:
    """Return a value as one reads it: small ones in tens, others as bits."""
    return str(value) if value < 1024 else f"{value:#x}"


def condition(found: Condition) -> str:
    """Return `arg0 == 8` or `arg0 & 0x7e020000 == 0`."""
    name = f"arg{found.index}"
    if found.op == "MASKED_EQ":
        return f"{name} & {number(found.value)} == {number(found.other)}"
    return f"{name} {_OPERATORS[found.op]} {number(found.value)}"


def conditions(found: Iterable[Condition]) -> str:
    """Return all of a group."""
    return " and ".join(condition(one) for one in found)


def alternatives(cases: Iterable[Case]) -> list[tuple[Action, str]]:
    """Return for each action its alternatives in one text, in the order of the cases."""
    found: dict[Action, list[str]] = {}
    for case in cases:
        found.setdefault(case.action, []).append(conditions(case.conditions) or "always")
    return [(chosen, " or ".join(dict.fromkeys(texts))) for chosen, texts in found.items()]


def answer(found: Answer) -> str:
    """Return an answer in one line: `EPERM`, or `allowed if arg0 == 8, else EPERM`."""
    if found.action is not None:
        return action(found.action)
    parts = [f"{action(chosen)} if {text}" for chosen, text in alternatives(found.cases)]
    return ", ".join([*parts, f"else {action(found.otherwise)}"] if found.otherwise else parts)


def reason(found: Answer, places: dict[int, str]) -> str:
    """Return why a call gets its answer; `places` says where rules stand, by index."""
    if found.why in (Why.RULE, Why.CONDITIONS):
        return ("rules " if len(found.rules) > 1 else "rule ") + ", ".join(f"{index}{places.get(index, '')}" for index in found.rules)
    if found.why is Why.STUB:
        return "its number is above all those that the profile names: runc answers before the filter"
    if found.why is Why.ARCHITECTURE:
        return "the profile does not list the architecture"
    return "the default: no rule that counts names it"
