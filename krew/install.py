"""krew's way from an archive to a command on PATH: checksum, unpack, move, one link.

After krew 0.5.0: internal/download/downloader.go, internal/installation/install.go and move.go. Stricter than krew where it
would go on and the user could not: a zip with links, a name twice, an entry point that cannot be executed, no licence at the root.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from .rules import Manifest, Operation, Platform, Refused

_LICENCES = {"license", "license.txt", "license.md", "licenses", "licenses.txt", "licenses.md", "copying", "copying.txt"}
# (name, permission bits, content), None as content for a folder
Member = tuple[str, int, bytes | None]


def install(manifest: Manifest, platform: Platform, archive: bytes, root: Path) -> Path:
    """Install one platform's archive below a KREW_ROOT and return the link that kubectl finds. Refused where krew stops."""
    found = hashlib.sha256(archive).hexdigest()
    if found != platform.sha256:
        raise Refused(f"checksum does not match, want: {platform.sha256}, got {found}")
    name, staging = manifest.metadata.name, root / "staging"
    _unpack(archive, staging)
    target = root / "store" / name / manifest.spec.version
    target.mkdir(parents=True)
    for operation in platform.files or (Operation("*", "."),):
        _move(operation, staging, target)
    shutil.rmtree(staging)
    _look(target, platform)
    windows = platform.pairs()[0][0] == "windows"
    return _link(root / "bin", target / platform.bin, name, windows=windows)


def _unpack(archive: bytes, target: Path) -> None:
    seen: set[str] = set()
    for name, mode, content in _members(archive):
        if ".." in name:
            raise Refused(f"refusing to unpack archive with suspicious entry {name!r}")
        if name.startswith(("/", "\\")):
            raise Refused(f"refusing to unpack archive with absolute entry {name!r}")
        if name in seen:
            raise Refused(f"{name!r} is twice in the archive: the second would be written over the first, not instead of it")
        seen.add(name)
        _write(target / name, mode, content)


def _write(path: Path, mode: int, content: bytes | None) -> None:
    if content is None:
        path.mkdir(mode, parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def _members(archive: bytes) -> Iterator[Member]:
    """Yield what is in the archive, whose format shows in its first bytes: names and media types do not count."""
    if archive.startswith(b"\x1f\x8b\x08"):
        yield from _tar(archive)
    elif archive.startswith(b"PK\x03\x04"):
        yield from _zip(archive)
    else:
        raise Refused("neither gzip nor zip: not a supported archive format")


def _tar(archive: bytes) -> Iterator[Member]:
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            for member in tar:
                regular = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE)
                if not regular and not member.isdir():
                    raise Refused(f"unable to handle file type {member.type.decode()} for {member.name!r} in tar")
                stream = tar.extractfile(member) if regular else None
                yield member.name, member.mode & 0o777, stream.read() if stream else None
    except (tarfile.TarError, EOFError, OSError) as error:
        raise Refused(f"tar extraction error: {error}") from error


def _zip(archive: bytes) -> Iterator[Member]:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            for member in packed.infolist():
                mode = member.external_attr >> 16
                if stat.S_ISLNK(mode):
                    raise Refused(f"{member.filename!r} in zip is a link, which would become a plain file")
                yield member.filename, mode & 0o777, None if member.is_dir() else packed.read(member)
    except zipfile.BadZipFile as error:
        raise Refused(f"zip extraction error: {error}") from error


def _move(operation: Operation, source: Path, target: Path) -> None:
    """Move what one entry of `files` names: a single path, else everything that its pattern matches."""
    single = source / operation.source
    paths = [single] if single.exists() else sorted(source.glob(operation.source))
    if not paths:
        raise Refused(f"no files in the plugin archive matched the glob pattern={operation.source}")
    for path in paths:
        place = operation.target if path == single and operation.target != "." else f"{operation.target}/{path.name}"
        new = target / place
        for inside, of in ((path, source), (new, target)):
            if not Path(os.path.normpath(inside)).is_relative_to(of):
                raise Refused(f"can't move, {inside} is not below {of}")
        new.parent.mkdir(parents=True, exist_ok=True)
        path.rename(new)


def _look(target: Path, platform: Platform) -> None:
    """Refuse an installation without licence, or whose entry point is not there or cannot run."""
    if not any(path.is_file() and path.name.lower() in _LICENCES for path in target.iterdir()):
        raise Refused("no LICENSE at the root of what is installed")
    program = Path(os.path.normpath(target / platform.bin))
    if not program.is_relative_to(target):
        raise Refused(f"bin {platform.bin!r} does not lie in the installation")
    if not program.is_file():
        raise Refused(f"can't create symbolic link, {platform.bin!r} cannot be found in extracted archive")
    if not program.suffix == ".exe" and not program.stat().st_mode & 0o111:
        raise Refused(f"{platform.bin!r} cannot be executed")


def _link(folder: Path, program: Path, name: str, *, windows: bool) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / f"kubectl-{name.replace('-', '_')}{'.exe' if windows else ''}"
    link.symlink_to(program.absolute())
    return link
