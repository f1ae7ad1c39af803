"""The signals that end a run become one KeyboardInterrupt, at a moment that can bear one."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

ENDING_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

# An exception from outside in the middle of an import can get lost there, or end the process later: msgspec 0.21 goes on without
# the datetime module, to a SIGSEGV when the first decoder is made.
_IMPORT = "<frozen importlib._bootstrap>"


class Ending:
    """Turns the first ending signal into a KeyboardInterrupt and swallows every further one.

    At most one exception is ever raised, so that a clean-up it interrupts can be started once more and then finishes.
    """

    def __init__(self) -> None:
        self.signum: int | None = None

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        """Say so and raise KeyboardInterrupt, for the first signal only."""
        if self.signum is None:
            self.signum = signum
            # At once: what follows may take seconds, until every probe pod is gone. Not by print, which may be what was interrupted.
            with contextlib.suppress(OSError):
                os.write(2, b"interrupted: ending, and removing what was created\n")
            if not _importing(frame):
                raise KeyboardInterrupt
            _raise_later(frame)


def arm() -> Ending:
    """Install the handler for every ending signal and return it."""
    ending = Ending()
    for signum in ENDING_SIGNALS:
        signal.signal(signum, ending)
    sys.unraisablehook = _unraisable
    return ending


def ended_by() -> int:
    """Return the number of the signal that ended the run."""
    handler = signal.getsignal(signal.SIGINT)
    return (handler.signum if isinstance(handler, Ending) else None) or signal.SIGINT


def _importing(frame: FrameType | None) -> bool:
    return any(each.f_code.co_filename == _IMPORT for each in _stack(frame))


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _raise_later(frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt in this thread at the first line, call or return that is not part of an import."""
    for each in _stack(frame):
        each.f_trace = _attempt
    sys.settrace(_attempt)


def _attempt(frame: FrameType, event: str, _value: object) -> Any:
    if _importing(frame):
        return None if event == "call" else _attempt
    sys.settrace(None)
    raise KeyboardInterrupt


def _unraisable(what: sys.UnraisableHookArgs) -> None:
    """Raise a KeyboardInterrupt again that came where Python drops exceptions: in a __del__, or in a weak reference's callback."""
    if isinstance(what.exc_value, KeyboardInterrupt):
        _raise_later(sys._getframe().f_back)
    else:
        sys.__unraisablehook__(what)
