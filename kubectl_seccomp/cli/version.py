"""`version`."""

from __future__ import annotations

from .. import __version__
from .boundary import put


def version() -> int:
    """Print the version."""
    put([f"kubectl-seccomp {__version__}\n"])
    return 0
