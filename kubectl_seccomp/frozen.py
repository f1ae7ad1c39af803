"""The way into the self-contained bundle: what its starter has changed is undone before anything else happens."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping

_STARTER = "_PYI_"
_LIBRARIES = "LD_LIBRARY_PATH"


def main() -> None:
    """Run the command line inside the bundle."""
    restore(os.environ)
    _import_msgspec()
    from .__main__ import main as run

    run()


def restore(environment: MutableMapping[str, str]) -> None:
    """Take out of the environment what the bundle's starter has put in.

    Credential plugins are our children: with our library path they would load our OpenSSL and zlib instead of their own.
    """
    original = environment.pop(f"{_LIBRARIES}_ORIG", None)
    environment.pop(_LIBRARIES, None)
    if original is not None:
        environment[_LIBRARIES] = original
    for name in [name for name in environment if name.startswith(_STARTER)]:
        del environment[name]


def _import_msgspec() -> None:
    """Import msgspec without typing_extensions, a third of the time of a start: it falls back to what typing has itself."""
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401 - for its side effect: later imports find it loaded
    finally:
        del sys.modules["typing_extensions"]
