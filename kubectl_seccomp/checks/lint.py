"""The checks of `profile lint` as the others are: for `explain`, --select and the pages. Their texts are in profiles/problems_*.py."""

from __future__ import annotations

from ..profiles import problems_reach, problems_rules, problems_text
from .record import Check

PAGES = (*problems_text.PAGES, *problems_rules.PAGES, *problems_reach.PAGES)
CHECKS = tuple(
    Check(
        id=page.id,
        needs="profile",
        slug=page.slug,
        title=page.title,
        severities=page.severities,
        why=page.why,
        fix=page.fix,
        sources=page.sources,
    )
    for page in PAGES
)
