"""Where a run ends: expected errors become one sentence, signals one exception, every ending an exit code.

0 nothing found, 1 findings, 2 usage, 3 not possible or incomplete, 128 + n ended by signal n.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Never

from .. import __version__
from ..model import Fault
from ..render.text import safe

ENDING_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class _Ending:
    """Turns the first ending signal into a KeyboardInterrupt and swallows every further one.

    At most one exception is ever raised, so that a clean-up it interrupts can be started once more and then finishes.
    """

    def __init__(self) -> None:
        self.signum: int | None = None

    def __call__(self, signum: int, _frame: FrameType | None) -> None:
        if self.signum is None:
            self.signum = signum
            raise KeyboardInterrupt


def run(command: Callable[[], int]) -> Never:
    """Run one command and end the process with its exit code."""
    ending = _Ending()
    for signum in ENDING_SIGNALS:
        signal.signal(signum, ending)
    try:
        code = _outcome(command)
    except KeyboardInterrupt:
        say("interrupted")
        code = 128 + (ending.signum or signal.SIGINT)
    _leave(code)


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


def unexpected(error: BaseException) -> str:
    """Return the line that asks for a report of an error that is ours."""
    return f"this is a bug in kubectl-seccomp {__version__}: {type(error).__name__}: {error}"
