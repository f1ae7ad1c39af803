"""Points in time: as the API writes them, and as they are shown. Pure: no clock is read."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import datetime, timedelta

# metav1.Time is always written in UTC, in whole seconds (apimachinery pkg/apis/meta/v1/time.go, 1.37).
_TIME = re.compile(r"(\d{4})-([01]\d)-([0-3]\d)T([0-2]\d):([0-5]\d):([0-6]\d)Z", re.ASCII)

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# An abbreviation of any other zone may mean several.
_UNIX_DATE = re.compile(rf"[A-Z][a-z]{{2}} ({'|'.join(_MONTHS)}) ([ 123]\d) ([0-2]\d):([0-5]\d):([0-6]\d) UTC (\d{{4}})", re.ASCII)


def epoch(text: str | None) -> int | None:
    """Return a metav1.Time in epoch seconds, None for what is none."""
    match = _TIME.fullmatch(text or "")
    return timegm(tuple(int(part) for part in match.groups())) if match else None


def unix_date(text: str) -> int | None:
    """Return `Tue Nov 24 12:00:00 UTC 2026` (Go's time.UnixDate) in epoch seconds, None for what is none or in another zone."""
    match = _UNIX_DATE.fullmatch(text)
    if not match:
        return None
    month, day, *clock, year = match.groups()
    return timegm((int(year), _MONTHS.index(month) + 1, int(day), *(int(part) for part in clock)))


def stamp(seconds: int) -> str:
    """Return epoch seconds as `2026-11-24 12:00:00`, UTC; a node can say any number, and one beyond the year 9999 stays one."""
    try:
        return str(datetime(1970, 1, 1) + timedelta(seconds=seconds))
    except OverflowError:
        return f"@{seconds}"
