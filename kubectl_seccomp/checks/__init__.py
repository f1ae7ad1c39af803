"""The checks: an explicit tuple of records. Ids are stable and never reused; KS1xx workload, KS2xx node, KS3xx profile file."""

from __future__ import annotations

from ..model import Finding, Template
from ..profiles.problem import Problem
from . import declared, landing, lint, node, profile, workload
from .record import Case, Check

_ALL = (*declared.CHECKS, *workload.CHECKS, *profile.CHECKS, *landing.CHECKS)
CHECKS: tuple[Check, ...] = tuple(sorted(_ALL, key=lambda check: check.id))
# Those on nodes and on profiles' texts too, which no container is put through.
EVERY: tuple[Check, ...] = tuple(sorted((*CHECKS, *node.CHECKS, *lint.CHECKS), key=lambda check: check.id))


def findings(case: Case) -> tuple[Template, ...]:
    """Return what the checks find in one container, worst first, then by id."""
    found = [template for check in CHECKS if (template := check.run(case)) is not None]
    return tuple(sorted(found, key=lambda template: (template.severity.rank, template.id)))


def by_key(key: str) -> Check | None:
    """Return the check with this id or slug, without regard to case."""
    wanted = key.lower()
    return next((check for check in EVERY if wanted in (check.id.lower(), check.slug)), None)


def known(key: str) -> bool:
    """Whether some check's id or slug begins with this; nothing is no beginning."""
    return bool(key) and any(begins(check, key) for check in EVERY)


def wanted(template: Template | Finding | Problem, select: tuple[str, ...], ignore: tuple[str, ...]) -> bool:
    """Whether a finding counts: selected (everything is, where nothing is named) and not ignored, by beginnings of id or slug."""
    chosen = not select or any(begins(template, key) for key in select)
    return chosen and not any(begins(template, key) for key in ignore)


def blind(key: str, looked: frozenset[str]) -> bool:
    """Whether every check that begins with this needs something that was not looked at: then it can find nothing."""
    return all(check.needs and check.needs not in looked for check in EVERY if begins(check, key))


def begins(named: Check | Template | Finding | Problem, key: str) -> bool:
    """Whether its id or slug begins with this."""
    return named.id.lower().startswith(key.lower()) or named.slug.startswith(key.lower())
