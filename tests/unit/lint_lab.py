"""The fixtures of lint: where each would be loaded is said by the end of its name. And a problem as a row of a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.gojson import decode
from kubectl_seccomp.profiles.judged import Place
from kubectl_seccomp.profiles.lint import Linted, Setting, lint
from kubectl_seccomp.profiles.problem import LANES, Effects, Problem

FIXTURES = Path(__file__).parents[1] / "fixtures" / "lint"
SETTINGS = {
    "-node": Setting(on_node=True),
    "-crun": Setting(Place(target=Target("amd64", "crun")), "containerd"),
    "-runc-1.1": Setting(Place(target=Target("amd64", "runc", (1, 1)))),
}


def setting(path: Path) -> Setting:
    return next((found for ending, found in SETTINGS.items() if path.name.removesuffix(path.suffix).endswith(ending)), Setting())


@cache
def examine(path: Path) -> Linted:
    return lint(path.read_bytes(), setting(path))


# Id, severity, path, message, effects, suggestion.
Row = tuple[str, str, str, str, str, str | None]


def rows(found: Iterable[Problem]) -> list[Row]:
    """Problems with all that they say, for a comparison with a table."""
    return [(one.id, one.severity.value, ".".join(map(str, one.path)), one.message, said(one.effects), one.suggestion) for one in found]


def said(effects: Effects) -> str:
    """What each runtime makes of it: one word for all, by who reads the file, by who loads it, or by both."""
    shown = {lane: effect.shown for lane, effect in effects.items()}
    if tuple(shown) == LANES:
        for part in (slice(0), slice(0, 1), slice(1, 2)):
            parts = {" ".join(lane.split("+")[part]): word for lane, word in shown.items()}
            if all(parts[" ".join(lane.split("+")[part])] == word for lane, word in shown.items()):
                return ", ".join(f"{name} {word}".strip() for name, word in parts.items())
    return ", ".join(f"{lane} {word}" for lane, word in shown.items())


def mapping(document: Mapping[str, object]) -> Mapping[str, object]:
    """A profile as its readers are given it, of its keys as people write them."""
    return decode(json.dumps(document).encode()) or {}


def told(problem: Problem) -> tuple[str, ...]:
    """A problem as what it says and where, what runtimes make of it, and what it suggests."""
    head = f"{problem.id} {problem.severity} {'.'.join(map(str, problem.path))}: {problem.message}"
    return (head, said(problem.effects), *filter(None, [problem.suggestion]))
