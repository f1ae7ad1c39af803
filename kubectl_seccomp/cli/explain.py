"""`explain`: one check's page, or the list of them."""

from __future__ import annotations

from ..checks import EVERY, by_key
from ..fault import Fault
from ..render.explain import catalogue, page
from .boundary import put


def explain(check_id: str | None = None) -> int:
    """Print what a check looks at, why it matters and how to fix it."""
    if check_id is None:
        put(catalogue(EVERY))
        return 0
    found = by_key(check_id)
    if found is None:
        raise Fault(f'there is no check "{check_id}"', "kubectl seccomp explain lists them", 2)
    put(page(found))
    return 0
