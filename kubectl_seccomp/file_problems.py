"""A profile's bytes from a node -> what lint says of it there. Pure."""

from __future__ import annotations

from functools import lru_cache

from .facts import FileProblem, NodeFacts
from .profiles.answers import Target
from .profiles.judged import KERNEL, Place, kernel_of
from .profiles.lint import Setting, lint
from .profiles.positions import Position
from .profiles.problem import Problem
from .profiles.syscalls import architecture
from .runtimes import CONTAINERD, UNKNOWN, parse

_FILES = 64  # whose problems are kept: many nodes have the same file


def file_problems(content: bytes, node: NodeFacts) -> tuple[FileProblem, ...]:
    """Return the problems of a file as this node's runtime reads it, for a container with the runtime's ordinary capabilities."""
    return _linted(content, node.runtime, node.arch, kernel_of(node.kernel) or KERNEL)


@lru_cache(maxsize=_FILES)
def _linted(content: bytes, version: str, arch: str, kernel: tuple[int, int]) -> tuple[FileProblem, ...]:
    runtime, _ = parse(version)
    reader = CONTAINERD if runtime is UNKNOWN else runtime
    target = Target(arch if architecture(arch) is not None else "amd64")
    place = Place(reader.scheme, frozenset(reader.capabilities), kernel, target)
    setting = Setting(place, runtime.scheme, on_node=True, default=version if runtime is not UNKNOWN else "")
    return tuple(map(_told, lint(content, setting).problems))


def _told(problem: Problem) -> FileProblem:
    at = problem.position or Position(1, 1)
    return FileProblem(problem.id, problem.slug, problem.severity, problem.message, at.line, at.column)
