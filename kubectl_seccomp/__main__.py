"""The way into the process: signals are handled before anything else is imported, so that Ctrl-C never ends in a traceback."""

from __future__ import annotations

import gc
import sys

from .cli.signals import arm, ended_by


def main() -> None:
    """Run the command line; ends the process with one of the documented exit codes."""
    arm()
    # Hardly anything here is part of a cycle; to look for cycles after every 700 new objects is a tenth of a short run.
    gc.set_threshold(50_000)
    try:
        from .cli.main import run_app

        run_app(sys.argv[0], sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(128 + ended_by())


if __name__ == "__main__":
    main()
