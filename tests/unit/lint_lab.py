"""The fixtures of lint: where each would be loaded is said by the end of its name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.judged import Place
from kubectl_seccomp.profiles.lint import Linted, Setting, lint
from kubectl_seccomp.profiles.problem import LANES, Problem

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


def told(problem: Problem) -> tuple[str, ...]:
    """A problem whole, short enough for a table: what it says and where, what it suggests, and what runtimes make of it."""
    words = [problem.effects[lane].shown for lane in LANES]
    effects = ", ".join(f"{lane} {word}" for lane, word in zip(LANES, words, strict=True))
    if len(set(words)) == 1:
        effects = words[0]
    elif words == words[:2] * (len(LANES) // 2):
        effects = f"runc {words[0]}, crun {words[1]}"
    head = f"{problem.id} {problem.severity} {'.'.join(map(str, problem.path))}: {problem.message}"
    return (head, effects) if problem.suggestion is None else (head, effects, problem.suggestion)
