"""Profiles for tests: files of tests/fixtures/profiles, defaults of runtimes, and small ones made of rules."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from kubectl_seccomp.profiles import defaults
from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.gojson import decode
from kubectl_seccomp.profiles.judged import Judged, Place, default_at, judge_at
from kubectl_seccomp.runtimes import RUNTIMES, parse

FOLDER = Path(__file__).parents[1] / "fixtures" / "profiles"
NATIVE = "SCMP_ARCH_X86_64"
ABIS = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]


def rule(names: str, action: str, *args: tuple[int, str, int], **more: Any) -> dict[str, Any]:
    written = [{"index": index, "op": f"SCMP_CMP_{op}", "value": value} for index, op, value in args]
    return {"names": names.split(), "action": f"SCMP_ACT_{action}", "args": written, **more}


def made(default: str, *rules: dict[str, Any], place: Place | None = None, **more: Any) -> Judged:
    document = {"defaultAction": f"SCMP_ACT_{default}", "syscalls": list(rules), **more}
    return judge_at(decode(json.dumps(document).encode()), place or Place())


def file(name: str, place: Place | None = None) -> Judged:
    return judge_at(decode((FOLDER / name).read_bytes()), place or Place())


@cache
def runtime(version: str, capabilities: frozenset[str] | None = None, arch: str = "amd64") -> Judged:
    """Return the default of a version ("containerd://2.2.4") for its default capabilities."""
    record, match = parse(version)[0], defaults.variant(version)
    assert match is not None
    assert record in RUNTIMES
    caps = frozenset(record.capabilities) if capabilities is None else capabilities
    judged = default_at(match.variant, Place(record.scheme, caps, target=Target(arch)))
    assert judged is not None
    return judged
