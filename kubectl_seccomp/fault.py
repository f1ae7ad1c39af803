"""The one error that is expected. On its own, because the command line needs it before anything else is imported."""

from __future__ import annotations


class Fault(Exception):
    """What stops a run: one sentence for the user, an advice, and the exit code (2 usage, 3 not possible)."""

    def __init__(self, message: str, hint: str | None = None, code: int = 3) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
