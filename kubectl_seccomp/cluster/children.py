"""Where the programs are that we start: exec plugins and kubectl."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping


def program(command: str, environment: Mapping[str, str]) -> str | None:
    """Return the path of a program, None when there is none.

    A bare name is looked for in our own PATH, never in the working directory (Go's os/exec, `ErrDot`). On Windows this is
    what finds `name.exe` and `name.cmd`, so that no shell is needed.
    """
    found = shutil.which(command, path=environment.get("PATH", ""))
    if os.path.dirname(command):
        return found or command
    return found if found is not None and os.path.isabs(found) else None
