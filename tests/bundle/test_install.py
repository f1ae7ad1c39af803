"""krew's installer: what becomes a command on PATH, and every archive that it or its user could not use."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zipfile
from pathlib import Path

import msgspec
import pytest

from krew.install import install
from krew.rules import Manifest, Metadata, Operation, Platform, Refused, Selector, Spec

Entry = tuple[str, bytes, int, bytes]  # name, type, mode, content
BIN: Entry = ("kubectl-seccomp", tarfile.REGTYPE, 0o755, b"#!/bin/sh\n")
LICENCE: Entry = ("LICENSE", tarfile.REGTYPE, 0o644, b"terms")
LIBRARY: Entry = ("_internal/a/b.so", tarfile.REGTYPE, 0o644, b"code")
LINUX = Selector({"os": "linux", "arch": "amd64"})


def packed(*entries: Entry, style: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=style) as tar:
        for name, kind, mode, content in entries:
            member = tarfile.TarInfo(name)
            member.type, member.mode = kind, mode
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                member.linkname = content.decode()
            else:
                member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def zipped(*entries: Entry, link: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, _, mode, content in entries:
            member = zipfile.ZipInfo(name)
            member.external_attr = (mode | (0o120000 if link else 0o100000)) << 16
            archive.writestr(member, content)
    return buffer.getvalue()


def put(archive: bytes, root: Path, **changes: object) -> Path:
    platform = Platform("https://example.org/a.tar.gz", hashlib.sha256(archive).hexdigest(), "kubectl-seccomp", LINUX)
    platform = msgspec.structs.replace(platform, **changes)
    return install(Manifest(metadata=Metadata("seccomp"), spec=Spec("v1.2.3", platforms=[platform])), platform, archive, root)


@pytest.mark.parametrize("archive", [packed(BIN, LICENCE, LIBRARY), zipped(BIN, LICENCE, LIBRARY)], ids=["tar", "zip"])
def test_one_link_leads_to_the_store(tmp_path: Path, archive: bytes) -> None:
    link = put(archive, tmp_path)
    store = tmp_path / "store" / "seccomp" / "v1.2.3"
    assert link == tmp_path / "bin" / "kubectl-seccomp"
    assert link.resolve() == store / "kubectl-seccomp"
    assert os.access(link, os.X_OK)
    assert (store / "_internal" / "a" / "b.so").read_bytes() == b"code"
    assert [path.name for path in (tmp_path / "bin").iterdir()] == ["kubectl-seccomp"]


def test_folders_and_global_headers_are_taken(tmp_path: Path) -> None:
    folder: Entry = ("_internal", tarfile.DIRTYPE, 0o755, b"")
    put(packed(folder, BIN, LICENCE, LIBRARY, style=tarfile.PAX_FORMAT), tmp_path)


def test_files_choose_and_place(tmp_path: Path) -> None:
    inner: Entry = ("seccomp-1.2.3/kubectl-seccomp", *BIN[1:])
    licence: Entry = ("seccomp-1.2.3/LICENSE", *LICENCE[1:])
    put(packed(inner, licence), tmp_path, files=[Operation("seccomp-*/*", ".")])
    put(packed(inner, licence), tmp_path / "second", files=[Operation("seccomp-1.2.3/LICENSE", "LICENSE.txt"), Operation("*/k*", ".")])


def test_on_windows_the_link_is_an_exe_and_dashes_are_underscores(tmp_path: Path) -> None:
    archive = packed(("tool.exe", *BIN[1:]), LICENCE)
    windows = Selector({"os": "windows", "arch": "amd64"})
    assert put(archive, tmp_path, bin="tool.exe", selector=windows).name == "kubectl-seccomp.exe"


def named(name: str) -> bytes:
    return packed(BIN, LICENCE, (name, tarfile.REGTYPE, 0o644, b""))


def of_type(kind: bytes, content: bytes = b"") -> bytes:
    return packed(BIN, LICENCE, ("x", kind, 0o644, content))


REFUSED: dict[str, tuple[bytes, str]] = {
    "symbolic link": (of_type(tarfile.SYMTYPE, b"LICENSE"), "file type 2"),
    "hard link": (of_type(tarfile.LNKTYPE, b"LICENSE"), "file type 1"),
    "fifo": (of_type(tarfile.FIFOTYPE), "file type 6"),
    "parent": (named("../x"), "suspicious"),
    "two dots in a name": (named("foo..bar"), "suspicious"),
    "absolute": (named("/etc/x"), "absolute"),
    "absolute on windows": (named("\\x"), "absolute"),
    "twice": (packed(BIN, LICENCE, BIN), "twice"),
    "no licence": (packed(BIN, LIBRARY), "LICENSE"),
    "a dependency's licence alone": (packed(BIN, ("_internal/x.dist-info/LICENSE", *LICENCE[1:])), "LICENSE"),
    "no bin": (packed(LICENCE), "cannot be found"),
    "bin without the executable bit": (packed((BIN[0], BIN[1], 0o644, BIN[3]), LICENCE), "executed"),
    "zip with a link": (zipped(BIN, LICENCE, link=True), "link"),
    "zip with a parent": (zipped(BIN, LICENCE, ("a/../../x", *LICENCE[1:])), "suspicious"),
    "plain tar": (gzip.decompress(packed(BIN, LICENCE)), "not a supported archive"),
    "text": (b"<html>Not found</html>", "not a supported archive"),
    "empty": (b"", "not a supported archive"),
    "cut off": (packed(BIN, LICENCE)[:60], "extraction error"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_archives_that_nobody_could_use(tmp_path: Path, case: str) -> None:
    archive, why = REFUSED[case]
    with pytest.raises(Refused, match=why):
        put(archive, tmp_path)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sha256": "0" * 64}, "checksum"),
        ({"bin": "../../outside"}, "does not lie"),
        ({"files": [Operation("nothing-*", ".")]}, "no files"),
        ({"files": [Operation("*", "../up")]}, "not below"),
        ({"files": [Operation("../../*", ".")]}, "not below|no files"),
    ],
)
def test_manifests_that_do_not_fit_their_archive(tmp_path: Path, changes: dict[str, object], why: str) -> None:
    with pytest.raises(Refused, match=why):
        put(packed(BIN, LICENCE), tmp_path, **changes)
