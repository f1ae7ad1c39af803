"""The options that say where a profile would be loaded -> a Place, with what a node says where nothing was given."""

from __future__ import annotations

import difflib
import re

from ..facts import NodeFacts
from ..fault import Fault
from ..profiles.answers import Target
from ..profiles.capabilities import ALL, full
from ..profiles.judged import KERNEL, Place, kernel_of
from ..profiles.problem import OCI_RUNTIMES
from ..profiles.syscalls import ARCHITECTURES, architecture
from ..runtimes import CONTAINERD, RUNTIMES, UNKNOWN, Runtime
from .given import Loading


def place(loading: Loading, node: NodeFacts | None, runtime: Runtime | None = None) -> tuple[Place, tuple[str, ...]]:
    """Return the place, and doubts about it: what the options say, else the node, else the ordinary. Fault (2) for a wrong word."""
    reader = next((known for known in RUNTIMES if known.scheme == loading.decoder), runtime or CONTAINERD)
    doubts = ("the node's runtime is not known: read as containerd reads it",) if reader is UNKNOWN else ()
    reader = CONTAINERD if reader is UNKNOWN else reader
    oci, version = _oci_runtime(loading.runtime)
    target = Target(
        _arch(loading.arch or (node.arch if node is not None else "") or "amd64"),
        oci,
        version,
        _version(loading.libseccomp, "--libseccomp", "2.5.4") if loading.libseccomp else None,
    )
    return Place(reader.scheme, _capabilities(loading.capabilities, reader), _kernel(loading.kernel, node), target), doubts


def _arch(name: str) -> str:
    known = architecture(name)
    if known is None or known.go is None:
        names = [each.go for each in ARCHITECTURES if each.go is not None]
        raise Fault(f'architecture "{name}" is not known here', f"known are {', '.join(names)}", 2)
    return known.go


def _kernel(given: str | None, node: NodeFacts | None) -> tuple[int, int]:
    if given is None:
        return kernel_of(node.kernel if node is not None else "") or KERNEL
    numbers = _version(given, "--kernel", "6.1")
    return numbers[0], (*numbers, 0)[1]


def _version(text: str, option: str, example: str) -> tuple[int, ...]:
    found = re.match(r"v?(\d{1,4}(?:\.\d{1,4}){0,2})(?![\d.])", text, re.ASCII)
    if found is None:
        raise Fault(f'invalid argument "{text}" for "{option}" flag: must be a version', f"such as {example}", 2)
    return tuple(int(part) for part in found[1].split("."))


def _oci_runtime(text: str | None) -> tuple[str, tuple[int, ...]]:
    if text is None:
        return "", ()
    name, _, version = text.partition("@")
    if name not in OCI_RUNTIMES:
        raise Fault(f'invalid argument "{text}" for "--runtime" flag: must be runc or crun', "such as runc@1.2", 2)
    return name, _version(version, "--runtime", "runc@1.2") if version else ()


def _capabilities(words: list[str], runtime: Runtime) -> frozenset[str]:
    """Return the bounding set that the words name together."""
    found: set[str] = set()
    for word in words or ["default"]:
        plain = word.strip().lower()
        if plain == "default":
            found |= set(runtime.capabilities)
        elif plain == "all":
            found |= ALL
        elif plain != "none":
            found.add(_capability(word))
    return frozenset(found)


def _capability(word: str) -> str:
    name = full(word)
    if name in ALL:
        return name
    near = difflib.get_close_matches(name[:64], sorted(ALL), 1)
    hint = f"did you mean {near[0].removeprefix('CAP_')}?" if near else "it takes default, all, none, and names such as SYS_ADMIN"
    raise Fault(f'invalid argument "{word}" for "--capabilities" flag: there is no such capability', hint, 2)
