"""What an ELF file asks of the system's C library."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

Version = tuple[int, ...]
_NEEDED = re.compile(r"Name: GLIBC_([0-9.]+)\b")


def needed(path: Path) -> Version:
    """Return the newest version of glibc that a file needs a symbol of; () if it is no ELF file or needs none."""
    with path.open("rb") as stream:
        if stream.read(4) != b"\x7fELF":
            return ()
    command = ["readelf", "--version-info", "--wide", str(path)]
    text = subprocess.run(command, check=True, capture_output=True, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout
    return max((parse(found) for found in _NEEDED.findall(text)), default=())


def floor(paths: Iterable[Path]) -> tuple[Version, Path | None]:
    """Return the newest version that any of the files needs, with that file."""
    return max(((needed(path), path) for path in sorted(paths)), default=((), None), key=lambda found: found[0])


def parse(text: str) -> Version:
    """Return "2.34" as (2, 34)."""
    return tuple(int(part) for part in text.split("."))


def show(version: Version) -> str:
    """Return (2, 34) as "2.34"."""
    return ".".join(map(str, version)) or "none"
