"""Generated tables, each with origin and date in its head. `scripts/refresh_data` writes them; docs/data.md tells more."""

from __future__ import annotations

import pkgutil


def read(name: str) -> bytes:
    """Return the bytes of one of the files here."""
    found = pkgutil.get_data(__name__, name)
    assert found is not None
    return found
