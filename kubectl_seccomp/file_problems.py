"""A profile's bytes from a node -> what lint says of it there. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from .facts import FileProblem
from .model import NodeFacts
from .profiles.answers import Target
from .profiles.judged import KERNEL, Place
from .profiles.lint import Setting, lint
from .profiles.syscalls import architecture
from .runtimes import CONTAINERD, UNKNOWN, parse

_FILES = 64  # whose problems are kept: many nodes have the same file


def file_problems(content: bytes, node: NodeFacts) -> tuple[FileProblem, ...]:
    """Return the problems of a file as this node's runtime reads it, for a container with the runtime's ordinary capabilities."""
    found = re.match(r"(\d{1,4})\.(\d{1,4})", node.kernel, re.ASCII)
    kernel = (int(found[1]), int(found[2])) if found is not None else KERNEL
    return _linted(content, node.runtime, node.arch, kernel)


@lru_cache(maxsize=_FILES)
def _linted(content: bytes, version: str, arch: str, kernel: tuple[int, int]) -> tuple[FileProblem, ...]:
    runtime, _ = parse(version)
    reader = CONTAINERD if runtime is UNKNOWN else runtime
    target = Target(arch if architecture(arch) is not None else "amd64")
    place = Place(reader.scheme, frozenset(reader.capabilities), kernel, target)
    setting = Setting(place, runtime.scheme, on_node=True, default=version if runtime is not UNKNOWN else "")
    found = lint(content, setting).problems
    at = ((each, each.position) for each in found)
    return tuple(
        FileProblem(each.id, each.slug, each.severity, each.message, place_.line if place_ else 1, place_.column if place_ else 1)
        for each, place_ in at
    )
