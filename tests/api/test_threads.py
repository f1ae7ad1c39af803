"""What many threads decode at once does not end the process: msgspec 0.21 is not safe while it looks at a type for the first time."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import kubectl_seccomp

PACKAGE = Path(kubectl_seccomp.__file__).parent
# Where one thread alone decodes.
ALONE = {
    "configfiles.py:_read", "dumps.py:_first", "dumps.py:objects", "earlier.py:hashes", "lists.py:_all", "names.py:objects",
    "pods.py:from_mapping", "version.py:_server", "viakubectl.py:_context",
}  # fmt: skip
# What is imported is made once, and every try is a process of its own: what is looked at for the first time is so again in each.
RACE = """
import os, sys, threading
from kubectl_seccomp.cluster import api, lists
from kubectl_seccomp.cluster.pods import PodClient
from kubectl_seccomp.nodes import kubelet
from kubectl_seccomp.profiles import defaults
class Answers:
    def get(self, path, query=()):
        return b'{"items": [{"reason": "x", "series": {"count": 1}}], "metadata": {"name": "n"}, "status": {"nodeInfo": {}}}'
def ask():
    barrier.wait()
    WHAT
sys.setswitchinterval(1e-6)
barrier = threading.Barrier(12)
for _ in range(10):
    if not (child := os.fork()):
        threads = [threading.Thread(target=ask) for _ in range(12)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        os._exit(0)
    if ended := os.waitpid(child, 0)[1]:
        sys.exit(f"ended with {ended}")
"""


@pytest.mark.parametrize(
    "what",
    [
        'lists.events(Answers(), "n", "u")',
        'lists.node(Answers(), "n")',
        'lists.pod(Answers(), "n", "p")',
        "PodClient._decoded(None, Answers().get(''))",
        'api.from_response(403, b\'{"message": "no", "details": {}}\')',
        'kubelet.seccomp_default(b\'{"kubeletconfig": {"seccompDefault": true}}\', b\'{"flags": {}}\')',
        'defaults.default_profile("containerd 2.4.2", frozenset(), "amd64", (6, 1))',
        'kubelet.started(b\'{"startTime": "2026-11-24T11:55:39Z"}\')',
    ],
    ids=["events", "node", "pod", "probe", "refusal", "default", "profile", "started"],
)
def test_the_first_answers_of_many_threads(what: str) -> None:
    done = subprocess.run([sys.executable, "-c", RACE.replace("WHAT", what)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def made_in_functions(path: Path) -> set[str]:
    """Return the functions that make a decoder, or decode to a type, when they are called."""
    found = set()
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef):
            for call in ast.walk(function):
                if isinstance(call, ast.Call):
                    name = ast.unparse(call.func)
                    typed = any(keyword.arg == "type" for keyword in call.keywords)
                    if name in ("msgspec.json.Decoder", "msgspec.convert") or (name == "msgspec.json.decode" and typed):
                        found.add(f"{path.name}:{function.name}")
    return found


def test_decoders_are_made_before_there_are_threads() -> None:
    found = {name for path in PACKAGE.rglob("*.py") for name in made_in_functions(path)}
    assert found - ALONE == set(), "make the decoder when the module is imported"
