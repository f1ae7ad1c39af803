"""The bundle under test: made once in a run of the tests, installed as krew does, and run beside the source checkout."""

from __future__ import annotations

import fcntl
import functools
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from krew.bundle import GLIBC, this_platform
from krew.install import install
from krew.rules import read

ROOT = Path(__file__).parents[2]
SOURCE = [sys.executable, "-m", "kubectl_seccomp"]
# Kept between runs: its packages are downloaded once.
VENV = ROOT / "build" / "bundle" / "venv"


def build(folder: Path) -> Path:
    """Make the bundle with a folder of its own to work in, and return where archive and manifest are."""
    places: list[str | Path] = ["--work", folder / "work", "--output", folder / "dist", "--venv", VENV]
    # It has to run here; what a release may need is for the release to say.
    places += ["--glibc", platform.libc_ver()[1] or GLIBC]
    done = subprocess.run([sys.executable, ROOT / "scripts" / "bundle", *places], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "dist"


def shared(temporary: Path) -> Path:
    """Return the folder of this run's bundle, below pytest's own, for all processes that pytest may run the tests in."""
    return (temporary.parent if "PYTEST_XDIST_WORKER" in os.environ else temporary) / "bundle"


@functools.cache
def made(folder: Path) -> Path:
    """Return the folder with the archive and the manifest of this run, made by the process that is first."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return folder / "dist" if (folder / "dist" / "seccomp.yaml").exists() else build(folder)


@functools.cache
def installed(folder: Path) -> Path:
    """Return the link that krew would make, below a KREW_ROOT of this process."""
    dist = made(folder)
    manifest = read(dist / "seccomp.yaml")
    ours = next(each for each in manifest.spec.platforms if this_platform() in {"_".join(pair) for pair in each.pairs()})
    archive = dist / ours.uri.rsplit("/", 1)[-1]
    return install(manifest, ours, archive.read_bytes(), folder / f"krew-{os.getpid()}")


def run(command: Sequence[str | Path], *words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the bundle or the source checkout, in this environment or in one of its own."""
    return subprocess.run([*command, *words], env=env, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT)
