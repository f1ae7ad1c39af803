"""Where a run ends: expected errors become one sentence, signals one exception, every ending an exit code.

0 nothing found, 1 findings, 2 usage, 3 not possible or incomplete, 128 + n ended by signal n.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable
from typing import Never

from ..model import Fault
from ..render.text import safe
from .signals import ended_by


def run(command: Callable[[], int]) -> Never:
    """Run one command and end the process with its exit code."""
    _leave(_outcome(command))


def _outcome(command: Callable[[], int]) -> int:
    try:
        code = command()
        sys.stdout.flush()
    except Fault as fault:
        return _explain(fault)
    except BrokenPipeError:
        # The reader of our output has gone (| head): nobody is left to be told anything.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + getattr(signal, "SIGPIPE", 13)
    except KeyboardInterrupt:
        say("interrupted")
        return 128 + ended_by()
    return code


def _explain(fault: Fault) -> int:
    say(f"error: {fault.message}")
    if fault.hint:
        say(f"hint: {fault.hint}")
    return fault.code


def _leave(code: int) -> Never:
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    sys.exit(code)


def say(line: str) -> None:
    """Write one line for a person to stderr."""
    with contextlib.suppress(OSError):
        print(safe(line), file=sys.stderr)


def put(chunks: Iterable[str]) -> None:
    """Write the data of a command to stdout; what its encoding cannot show is escaped."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    for chunk in chunks:
        sys.stdout.write(chunk)
