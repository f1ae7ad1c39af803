"""How much a container's filter leaves open, in words and counts and never as a score. Pure."""

from __future__ import annotations

from .answers import Target
from .judged import Judged, Opening, Place, loaded, opening, resolved_default
from .oci import Resolved
from .syscalls import Version


def refused(profile: str | Resolved, capabilities: frozenset[str], arch: str, kernel: Version) -> tuple[str, ...] | None:
    """Return the calls of the node's own ABI that a profile refuses whatever their arguments are, by name.

    `profile` is a variant's name (defaults.variant) or a resolved file, `capabilities` the container's bounding set
    (capabilities.bounding), `arch` a GOARCH. None where the variant or the architecture is not known: nothing is guessed.
    """
    found = _judged(profile, capabilities, arch, kernel)
    return None if found is None else _named(found, Opening.REFUSED)


def restricted(profile: str | Resolved, capabilities: frozenset[str], arch: str, kernel: Version) -> tuple[str, ...] | None:
    """Return the calls that it lets through only with some arguments; else as `refused`."""
    found = _judged(profile, capabilities, arch, kernel)
    return None if found is None else _named(found, Opening.CONDITIONAL)


def _judged(profile: str | Resolved, capabilities: frozenset[str], arch: str, kernel: Version) -> Judged | None:
    resolved = resolved_default(profile, capabilities, arch, kernel) if isinstance(profile, str) else profile
    if resolved is None:
        return None
    return loaded(resolved, Place(capabilities=capabilities, kernel=(kernel[0], kernel[1]), target=Target(arch)))


def _named(found: Judged, wanted: Opening) -> tuple[str, ...] | None:
    if found.native is None:
        return None
    return tuple(sorted(name for name, answer in found.native.answers.items() if opening(answer) is wanted))
