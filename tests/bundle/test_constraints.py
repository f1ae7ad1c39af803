"""What the bundle is made from: exactly what uv.lock says, each file with its hash."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.bundle.making import ROOT

EXPORT = "export --frozen --no-dev --group bundle --all-extras --no-emit-project --no-header"
COMMITTED = ROOT / "krew" / "constraints.txt"


def uv() -> str:
    """Return the uv that scripts/venv uses."""
    cache = Path(os.environ.get("KSECCOMP_CACHE", Path.home() / ".cache" / "kubectl-seccomp"))
    return shutil.which("uv") or str(cache / "uv" / "bin" / "uv")


def test_the_constraints_are_those_of_the_lock_file() -> None:
    exported = subprocess.run([uv(), *EXPORT.split(), "--quiet"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert COMMITTED.read_text() == exported, f"write it anew: uv {EXPORT} --output-file {COMMITTED.relative_to(ROOT)}"


def test_every_package_has_a_version_and_hashes() -> None:
    entries = re.split(r"\n(?=\w)", re.sub("#.*", "", COMMITTED.read_text()).strip())
    assert any(entry.startswith("pyinstaller==6.") for entry in entries)
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==\S+ ", entry), entry
        assert "--hash=sha256:" in entry
