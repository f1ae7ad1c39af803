"""The fixtures of lint: where each would be loaded is said by the end of its name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.judged import Place
from kubectl_seccomp.profiles.lint import Linted, Setting, lint

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
