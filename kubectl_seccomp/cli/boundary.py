"""Where a run ends: expected errors become one sentence, signals one exception, every ending an exit code.

0 nothing found, 1 findings, 2 usage, 3 not possible or incomplete, 128 + n ended by signal n.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Never

from ..fault import Fault
from .signals import ended_by

_UNWRITABLE = "cannot write to standard output"


def run(command: Callable[[], int]) -> Never:
    """Run one command and end the process with its exit code."""
    code = _outcome(command)
    with contextlib.suppress(OSError, Fault):
        flush()
    sys.exit(code)


def _outcome(command: Callable[[], int]) -> int:
    try:
        code = command()
        flush()
    except Fault as fault:
        return _explain(fault)
    except BrokenPipeError:
        # The reader of our output has gone (| head): nobody is left to be told anything.
        _discard()
        return 128 + getattr(signal, "SIGPIPE", 13)
    except KeyboardInterrupt:
        return 128 + ended_by()
    return code


def _explain(fault: Fault) -> int:
    say(f"error: {fault.message}")
    if fault.hint:
        say(fault.hint if fault.hint.startswith("see: ") else f"hint: {fault.hint}")
    return fault.code


def say(line: str) -> None:
    """Write one line for a person to stderr, folded to the terminal that it may be."""
    if sys.stderr is None:  # closed: print would take stdout instead
        return
    import shutil

    from ..render.text import fold, safe

    with contextlib.suppress(OSError):
        lines = fold(safe(line), shutil.get_terminal_size().columns) if sys.stderr.isatty() else [safe(line)]
        print("\n".join(lines), file=sys.stderr)


def progress(text: str) -> None:
    """Show how far the run is, over what was shown before; nothing where stderr is no terminal."""
    if sys.stderr is not None and sys.stderr.isatty():
        with contextlib.suppress(OSError):
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def put(chunks: Iterable[str], *, exact: bool = False) -> None:
    """Write the data of a command to stdout: `exact` as UTF-8, for programs; else what the terminal cannot show is escaped."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8" if exact else None, errors="backslashreplace")
    for chunk in chunks:
        with _writing():
            sys.stdout.write(chunk)


def flush() -> None:
    """Write out what is still held back of the data."""
    with _writing():
        sys.stdout.flush()


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    if sys.stdout is None:
        raise Fault(f"{_UNWRITABLE}: it is closed")
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        _discard()
        raise Fault(f"{_UNWRITABLE}: {error.strerror}") from error


def _discard() -> None:
    """Let everything that is still to be written to stdout go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
