"""The release notes: one version's section of CHANGELOG.md, and whether that version may be released."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from kubectl_seccomp import __version__

CHANGELOG = Path(__file__).parent.parent / "CHANGELOG.md"


def section(text: str, version: str) -> str | None:
    """Return what stands below the heading that is exactly this version; one with a remark behind it is not yet to be released."""
    found = re.search(rf"^## {re.escape(version)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1].strip() + "\n" if found else None


def main() -> int:
    """Run `scripts/release_notes`."""
    version = sys.argv[1].removeprefix("v")
    notes = section(CHANGELOG.read_text(encoding="utf-8"), version)
    if version != __version__ or notes is None:
        print(
            f"{version} cannot be released: the package is {__version__}, CHANGELOG.md needs a heading '## {version}'", file=sys.stderr
        )
        return 1
    sys.stdout.write(notes)
    return 0
