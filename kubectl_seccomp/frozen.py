"""The way into the self-contained bundle: what its starter has changed is undone before anything else happens."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

_STARTER = "_PYI_"
_LIBRARIES = "LD_LIBRARY_PATH"


def main() -> None:
    """Run the command line inside the bundle."""
    restore(os.environ)
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
