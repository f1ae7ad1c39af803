"""The script that writes the data: what it does without a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kubectl_seccomp import data

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "refresh_data"


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *words], capture_output=True, text=True, check=False, env=os.environ | environment)


def test_without_pypi_it_says_so() -> None:
    before = data.read("syscalls.txt")
    done = run("syscalls", PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0", PIP_NO_CACHE_DIR="1")
    assert done.returncode == 2
    assert re.fullmatch(r"error: downloading system-calls failed \(is the network there\?\): .*\n", done.stderr)
    assert data.read("syscalls.txt") == before


@pytest.mark.skipif(shutil.which("go") is None, reason="Go is not on this machine")
def test_without_a_module_proxy_it_says_so(tmp_path: Path) -> None:
    before = data.read("defaults.json")
    done = run("--check", "defaults", GOPROXY="off", GOMODCACHE=str(tmp_path), GOFLAGS="-modcacherw")
    assert done.returncode == 2
    assert re.fullmatch(
        r"error: downloading github.com/containerd/\S+ failed \(is the network there\?\): .*GOPROXY=off.*\n", done.stderr
    )
    assert data.read("defaults.json") == before


def test_without_go_it_says_so(tmp_path: Path) -> None:
    done = run("defaults", PATH=str(tmp_path))
    assert done.returncode == 2
    assert re.fullmatch(r"error: downloading \S+ needs go, which is not on this machine\n", done.stderr)


def test_parts_have_names() -> None:
    done = run("profiles")
    assert done.returncode == 2
    assert "no such part: profiles" in done.stderr
