"""Points in time as the API writes them. Pure."""

from __future__ import annotations

import re
from calendar import timegm

# metav1.Time is always written in UTC, in whole seconds (apimachinery pkg/apis/meta/v1/time.go, 1.37).
_TIME = re.compile(r"(\d{4})-([01]\d)-([0-3]\d)T([0-2]\d):([0-5]\d):([0-6]\d)Z", re.ASCII)


def epoch(text: str | None) -> int | None:
    """Return a metav1.Time in epoch seconds, None for what is none."""
    match = _TIME.fullmatch(text or "")
    return timegm(tuple(int(part) for part in match.groups())) if match else None
