"""Points in time: as the API writes them, and as they are shown."""

from __future__ import annotations

import pytest

from kubectl_seccomp.times import epoch, stamp, unix_date


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-24T11:55:39Z", 1795521339),
        ("1970-01-01T00:00:00Z", 0),
        ("2024-02-29T23:59:60Z", 1709251200),
        ("2026-11-24T11:55:39.5Z", None),
        ("2026-11-24T11:55:39+01:00", None),
        ("２026-11-24T11:55:39Z", None),
        ("", None),
        (None, None),
    ],
    ids=["now", "epoch", "leap-second", "fraction", "zone", "wide-digit", "empty", "none"],
)
def test_what_the_api_writes(text: str | None, seconds: int | None) -> None:
    assert epoch(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01 00:00:00"),
        (1795521339, "2026-11-24 11:55:39"),
        (951782400, "2000-02-29 00:00:00"),
        (253402300799, "9999-12-31 23:59:59"),
        (253402300800, "@253402300800"),
        (10**19 - 1, "@9999999999999999999"),
    ],
    ids=["epoch", "now", "leap-day", "last", "beyond", "longest"],
)
def test_what_is_shown(seconds: int, text: str) -> None:
    assert stamp(seconds) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Tue Nov 24 11:55:39 UTC 2026", 1795521339),
        ("Sun Nov  1 11:55:39 UTC 2026", 1793534139),
        ("Tue Nov 24 11:55:39 CET 2026", None),
        ("Tue Nov 24 11:55:39 2026", None),
        ("Tue Nox 24 11:55:39 UTC 2026", None),
        ("", None),
    ],
    ids=["now", "one-digit", "zone", "no-zone", "month", "empty"],
)
def test_what_go_writes(text: str, seconds: int | None) -> None:
    assert unix_date(text) == seconds
