"""The script that writes the data: what it does without a network, and what it writes can be read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from kubectl_seccomp import data
from kubectl_seccomp.profiles.defaults import Table, evaluate

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


def test_the_files_say_where_they_come_from() -> None:
    head = "\n".join(line for line in data.read("syscalls.txt").decode().splitlines() if line.startswith("#"))
    about = "\n".join(msgspec.json.decode(data.read("defaults.json"), type=Table).about)
    for text in (head, about):
        assert "Written by scripts/refresh_data" in text
        assert "Origin" in text
        assert len(re.findall(r"20\d\d-\d\d-\d\d", text)) == 1


def test_a_rule_that_is_like_another_one_is_read_whole() -> None:
    text = """{"about": [], "rules": [{"names": "a b c"}, {"like": 0, "add": "d", "drop": "a"}, {"like": 1, "drop": "b c"}],
        "variants": [{"name": "x", "runtime": "docker", "ranges": [["1.0.0", "1.0.1"]], "source": "", "defaultAction": "SCMP_ACT_ERRNO",
        "architectures": {}, "rules": [2, 1, 0]}]}"""
    table = msgspec.json.decode(text, type=Table)
    assert [rule.names for rule in evaluate(table, table.variants[0], (), "amd64", (6, 1)).syscalls] == [
        ("d",),
        ("b", "c", "d"),
        ("a", "b", "c"),
    ]
