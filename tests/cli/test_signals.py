"""An ending signal ends the run once, in order, also where an exception would be lost or would end the interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Each sends the signal from within; the run would take 30 seconds otherwise, and say that it was not ended.
_BEGIN = """
import os, signal, sys, time, weakref
from kubectl_seccomp.__main__ import _end
from kubectl_seccomp.cli.signals import arm, ended_by
def send(*_):
    os.kill(os.getpid(), signal.SIGTERM)
class Thing:
    pass
class Last:
    def __del__(self):
        send()
arm()
def begin():
    WHAT
    time.sleep(30)
    print("not ended")
try:
    begin()
except KeyboardInterrupt:
    send()
    _end(128 + ended_by())
"""
# msgspec 0.21 imports datetime, and goes on without it.
_IMPORT = """class Finder:
        def find_spec(self, name, *given):
            if name == "datetime":
                send()
    sys.meta_path.insert(0, Finder())
    import kubectl_seccomp.cluster.api"""


@pytest.mark.parametrize(
    "what",
    [
        "send()",
        "thing = Thing(); watched = weakref.ref(thing, send); del thing",
        "Last()",
        "later = Last(); del later",
        _IMPORT,
    ],
    ids=["anywhere", "callback", "del", "del-by-name", "import"],
)
def test_a_signal_ends_the_run(what: str) -> None:
    done = subprocess.run([sys.executable, "-c", _BEGIN.replace("WHAT", what)], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 143
    assert done.stdout == ""
    assert done.stderr == "interrupted: ending, and removing what was created\n"
