"""The signals that end a run become one KeyboardInterrupt."""

from __future__ import annotations

import contextlib
import os
import signal
from types import FrameType

ENDING_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Ending:
    """Turns the first ending signal into a KeyboardInterrupt and swallows every further one.

    At most one exception is ever raised, so that a clean-up it interrupts can be started once more and then finishes.
    """

    def __init__(self) -> None:
        self.signum: int | None = None

    def __call__(self, signum: int, _frame: FrameType | None) -> None:
        """Say so and raise KeyboardInterrupt, for the first signal only."""
        if self.signum is None:
            self.signum = signum
            # At once: what follows may take seconds, until every probe pod is gone. Not by print, which may be what was interrupted.
            with contextlib.suppress(OSError):
                os.write(2, b"interrupted: ending, and removing what was created\n")
            raise KeyboardInterrupt


def arm() -> Ending:
    """Install the handler for every ending signal and return it."""
    ending = Ending()
    for signum in ENDING_SIGNALS:
        signal.signal(signum, ending)
    return ending


def ended_by() -> int:
    """Return the number of the signal that ended the run."""
    handler = signal.getsignal(signal.SIGINT)
    return (handler.signum if isinstance(handler, Ending) else None) or signal.SIGINT
