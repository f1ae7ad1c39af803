"""What lint says of a profile: a check's page, one problem, and what each runtime makes of it. Values only; pure.

The pages themselves are data in problems_text.py, problems_rules.py and problems_reach.py, so that `explain` and completion read
them without the engine; what finds the problems is in the lint_*.py of the same names.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ..runtimes import CONTAINERD, CRIO, DOCKER, RUNTIMES
from ..words import Severity
from .positions import Path, Position
from .syscalls import Version, dotted

DECODERS = tuple(runtime.scheme for runtime in RUNTIMES)
OCI_RUNTIMES = ("runc", "crun")
LANES = tuple(f"{decoder}+{runtime}" for decoder in DECODERS for runtime in OCI_RUNTIMES)
# What becomes of a container, worst first; any other word leaves it as it is.
NO_FILTER, REFUSED, HANGS, NO_START, NOT_KNOWN = "no filter", "refused", "hangs", "cannot start", "not known"
LOADS, IGNORED, HONOURED = "loads", "ignored", "honoured"
_OUTCOMES = (REFUSED, NO_FILTER, HANGS, NO_START, NOT_KNOWN)


class Effect(Struct, frozen=True):
    """What one runtime makes of something: a word or two, and the versions of the OCI runtime for which that is so."""

    word: str
    since: Version = ()
    before: Version = ()

    def at(self, version: Version) -> str:
        """Return what a version makes of it; one that is not known (()) may be any."""
        applies = not version or (version >= self.since and (not self.before or version < self.before))
        return self.word if applies else LOADS

    @property
    def shown(self) -> str:
        """How it is written: `refused before 1.2`."""
        since = f" since {dotted(self.since)}" if self.since else ""
        return f"{self.word}{since}{f' before {dotted(self.before)}' if self.before else ''}"


Effects = Mapping[str, Effect]


def everywhere(word: str) -> Effects:
    """Return the same for every runtime."""
    return dict.fromkeys(LANES, Effect(word))


def by_oci(runc: Effect | str, crun: Effect | str) -> Effects:
    """Return what the OCI runtimes make of something, whoever calls them."""
    return {lane: _effect(runc if lane.endswith("+runc") else crun) for lane in LANES}


def by_decoder(containerd: str, crio: str, docker: str) -> Effects:
    """Return what the readers of the file make of something, whatever they call; of any other reader it is not known."""
    words = {CONTAINERD.scheme: containerd, CRIO.scheme: crio, DOCKER.scheme: docker}
    return {lane: Effect(words.get(lane.partition("+")[0], NOT_KNOWN)) for lane in LANES}


def _effect(given: Effect | str) -> Effect:
    return Effect(given) if isinstance(given, str) else given


class Problem(Struct, frozen=True):
    """One problem. `path` leads to it in the profile; `position` is where that is in the text, None where nothing says."""

    id: str
    slug: str
    severity: Severity
    message: str
    path: Path = ()
    effects: Effects = {}
    suggestion: str | None = None
    position: Position | None = None


class Page(Struct, frozen=True, kw_only=True):
    """One check of lint: what it is called, what it can be worth (worst first), and the texts that explain it.

    `usual` is what it is worth where nothing else is said, None for the worst.
    """

    id: str
    slug: str
    title: str
    severities: tuple[Severity, ...]
    why: str
    fix: str
    sources: tuple[str, ...]
    usual: Severity | None = None

    def problem(
        self,
        message: str,
        path: Path = (),
        effects: Effects | None = None,
        suggestion: str | None = None,
        severity: Severity | None = None,
    ) -> Problem:
        """Return a problem of this check; without effects it is the same for every runtime, which load the profile."""
        made = everywhere(LOADS) if effects is None else effects
        return Problem(self.id, self.slug, severity or self.usual or self.severities[0], message, path, made, suggestion)


def outcome(problems: tuple[Problem, ...], lane: str, version: Version = ()) -> str:
    """Return what becomes of a container: "refused", "no filter", "hangs", "cannot start", "not known", else "loads"."""
    found = {problem.effects[lane].at(version) for problem in problems if lane in problem.effects}
    return next((word for word in _OUTCOMES if word in found), LOADS)
