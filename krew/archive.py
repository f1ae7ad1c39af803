"""A tar.gz that depends on its content alone: no times, no owners, no order of a disk, and no links."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path


def write(folder: Path, target: Path, mtime: int) -> None:
    """Pack every file below the folder, at the archive's root; links become what they point to (krew refuses them)."""
    paths = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.relative_to(folder).as_posix())
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for path in paths:
            content = path.read_bytes()
            tar.addfile(_member(path, folder, len(content), mtime), io.BytesIO(content))


def _member(path: Path, folder: Path, size: int, mtime: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path.relative_to(folder).as_posix())
    member.size, member.mtime = size, mtime
    member.mode = 0o755 if path.parent == folder and path.name.startswith("kubectl-") else 0o644
    return member
