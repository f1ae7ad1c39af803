"""`explain`: the checks as a list, and one check's page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .text import columns

if TYPE_CHECKING:
    from ..checks.record import Check


def catalogue(checks: Iterable[Check]) -> Iterator[str]:
    """Yield one line per check."""
    rows = [(check.id, check.slug, "/".join(check.severities), check.title) for check in checks]
    yield from columns(rows, ("ID", "SLUG", "SEVERITY", "TITLE"))


def page(check: Check) -> Iterator[str]:
    """Yield what a check finds, why that matters and what to do."""
    yield f"{check.id} {check.slug}: {check.title}\nSeverity: {', '.join(check.severities)}\n\n"
    yield textwrap.fill(check.why, 80) + "\n\n"
    yield "Fix:\n" + textwrap.indent(textwrap.fill(check.fix, 78), "  ") + "\n"
