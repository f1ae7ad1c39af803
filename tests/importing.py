"""What a run of the product imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# The process ends without Python's own ending, so nothing registered for that would run.
_TOLD = """
import os, sys
def told(code, end=os._exit):
    print("imported", *sys.modules, file=sys.stderr, flush=True)
    end(code)
os._exit, sys.argv = told, {words!r}
from kubectl_seccomp.__main__ import main
main()
"""


def imported(words: list[str], directory: Path, **environment: str) -> tuple[set[str], str]:
    """Run the product in a directory; return the modules that were imported when it ended, and what it said on stderr."""
    code = _TOLD.format(words=["kubectl-seccomp", *words])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=directory, env=environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    said, _, modules = done.stderr.rpartition("imported ")
    return set(modules.split()), said
