"""What `profile show`, `explain` and `diff` have in common: the head that says of what they speak, and json and yaml. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

from ..profiles.capabilities import ALL
from ..profiles.judged import Place
from ..runtimes import RUNTIMES
from .json import pretty
from .text import safe, wrapped
from .yaml import block

_READERS = {runtime.scheme: runtime for runtime in RUNTIMES}


class Subject(Struct, frozen=True, rename="camel"):
    """Of which profile, read by whom and loaded where, something is said. None is what was neither said nor known."""

    name: str
    form: str
    decoder: str
    capabilities: tuple[str, ...]
    arch: str
    kernel: str
    runtime: str | None
    libseccomp: str | None
    doubts: tuple[str, ...]


def subject(name: str, form: str, place: Place, doubts: tuple[str, ...]) -> Subject:
    """Return the head of an answer."""
    target = place.target
    runtime = "@".join(filter(None, (target.runtime, _dotted(target.version)))) or None
    library = _dotted(target.libseccomp) if target.libseccomp is not None else None
    capabilities = tuple(sorted(place.capabilities))
    return Subject(name, form, place.decoder, capabilities, target.arch, _dotted(place.kernel), runtime, library, doubts)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def heading(found: Subject, width: int) -> Iterator[str]:
    """Yield the lines that begin a table: what is spoken of, and what was taken for it."""
    form = f"a file in {found.form}'s form" if found.form == "Docker" else found.form
    yield from wrapped("", f"{safe(found.name)}: {safe(form)}", 0, width)
    known = [f"OCI runtime {safe(found.runtime)}"] if found.runtime else []
    known += [f"libseccomp {safe(found.libseccomp)}"] if found.libseccomp else []
    open_ = " and ".join(word for word, given in (("OCI runtime", found.runtime), ("libseccomp", found.libseccomp)) if not given)
    told = [
        f"as {_READERS[found.decoder].title} reads it",
        f"with {_capabilities(found)}",
        found.arch,
        f"kernel {found.kernel}",
        *known,
    ]
    yield from wrapped("", ", ".join(told) + (f"; {open_} not given" if open_ else ""), 0, width)


def _capabilities(found: Subject) -> str:
    held = set(found.capabilities)
    default = set(_READERS[found.decoder].capabilities)
    if not held:
        return "no capabilities"
    if held == default:
        return "the default capabilities"
    if held == ALL:
        return "all capabilities"
    if default < held:
        return f"the default capabilities and {_plain(held - default)}"
    return f"the capabilities {_plain(held)}"


def _plain(names: set[str]) -> str:
    return ", ".join(sorted(name.removeprefix("CAP_") for name in names))


def short(architecture: str) -> str:
    """Return an architecture's name without its prefix: `x86_64`."""
    return architecture.removeprefix("SCMP_ARCH_").lower()


def machine(kind: str, subjects: Mapping[str, object], made: object, *, yaml: bool) -> Iterator[str]:
    """Yield an answer as json or yaml, behind its heads."""
    document: dict[str, object] = {"apiVersion": "kubectl-seccomp/v1", "kind": kind}
    document |= msgspec.to_builtins(subjects)
    document |= msgspec.to_builtins(made)
    yield block(document) if yaml else pretty(document)
