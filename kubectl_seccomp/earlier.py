"""An earlier report of `audit --verify -o json` -> the hashes that profile files had then. Pure.

What a file held when a container started is known to nobody else: the runtime's own copy lies beside the container's environment,
and is not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from msgspec import Struct, structs

from .facts import ProfileFile
from .objects import UNDECODABLE

_HASH = re.compile(r"[0-9a-f]{64}")


class _File(Struct):
    sha256: str | None = None


class _Effective(Struct, rename="camel"):
    localhost_profile: str | None = None


class _Container(Struct, rename="camel"):
    effective: _Effective | None = None
    profile_file: _File | None = None


class _Pod(Struct):
    node: str | None = None
    containers: list[_Container] = []


class _Report(Struct):
    kind: str
    pods: list[_Pod] = []


def hashes(report: bytes) -> dict[tuple[str, str], str]:
    """Return the sha256 of each file by node and localhostProfile. ValueError for what is no report of ours."""
    try:
        found = msgspec.json.decode(report, type=_Report)
    except UNDECODABLE as error:
        raise ValueError(str(error)) from error
    if found.kind != "SeccompReport":
        raise ValueError(f"its kind is {found.kind[:60]!r}")
    known: dict[tuple[str, str], str] = {}
    for pod in found.pods:
        for member in pod.containers:
            path = member.effective.localhost_profile if member.effective is not None else None
            digest = member.profile_file.sha256 if member.profile_file is not None else None
            if pod.node and path and digest and _HASH.fullmatch(digest):
                known[pod.node, path] = digest
    return known


def compared(files: Mapping[tuple[str, str], ProfileFile], known: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], ProfileFile]:
    """Return the files, each with the hash that it had in the earlier report where that is another one."""
    return {
        key: structs.replace(file, earlier_sha256=known[key]) if known.get(key, file.sha256) != file.sha256 else file
        for key, file in files.items()
    }
