"""The way into the process: signals are handled before anything else is imported, so that Ctrl-C never ends in a traceback."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import Never

from .cli.signals import arm, ended_by


def main() -> None:
    """Run the command line; ends the process with one of the documented exit codes."""
    arm()
    # Hardly anything here is part of a cycle; to look for cycles after every 700 new objects is a tenth of a short run.
    gc.set_threshold(50_000)
    try:
        from .cli.main import run_app

        run_app(sys.argv[0], sys.argv[1:])
        _end(0)
    except KeyboardInterrupt:
        _end(128 + ended_by())
    except SystemExit as end:
        _end(end.code if isinstance(end.code, int) else int(end.code is not None))


def _end(code: int) -> Never:
    """End the process at once: to take its modules down one by one first is a sixth of a short run. stdout is flushed already."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
