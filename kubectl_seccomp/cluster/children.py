"""Programs that we start (exec plugins, kubectl): where they are, and the one place that makes their environment."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping


def environment(base: Mapping[str, str], added: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a program: our own, which is `base`, and what is `added` for it."""
    return {**base, **(added or {})}


def program(command: str, base: Mapping[str, str]) -> str | None:
    """Return the path of a program, None when there is none.

    A bare name is looked for in our own PATH, never in the working directory (Go's os/exec, `ErrDot`). On Windows this is
    what finds `name.exe` and `name.cmd`, so that no shell is needed.
    """
    found = shutil.which(command, path=base.get("PATH", ""))
    if os.path.dirname(command):
        return found or command
    return found if found is not None and os.path.isabs(found) else None
