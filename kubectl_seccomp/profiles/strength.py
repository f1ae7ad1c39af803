"""How much a container's filter leaves open, in words and counts and never as a score. Pure.

What is not known is told and not counted: a file that nobody read, a RuntimeDefault that may be another one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from ..runtimes import parse
from . import defaults
from .answers import Target
from .capabilities import ALL, bounding
from .gojson import NotJudged, Refused, decode
from .judged import Judged, Opening, Place, counts, judge_at, loaded, opening, resolved_default
from .oci import Resolved
from .reach import exposed, user_namespace
from .syscalls import Version, architecture


class Subject(Struct, frozen=True):
    """Whose filter it is. `effective`: RuntimeDefault, Localhost or Unconfined. `content`: the Localhost file's bytes, None where
    nobody read them. `add`, `drop`: securityContext.capabilities. `runtime`, `arch`, `kernel`: as nodeInfo says.
    `unprivileged`: its processes run as another user than root and cannot gain anything (no_new_privs), so have no capabilities.
    """

    effective: str
    content: bytes | None = None
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    privileged: bool = False
    unprivileged: bool = False
    runtime: str = ""
    arch: str = ""
    kernel: str = ""


class GroupStrength(Struct, frozen=True, rename="camel"):
    """A risk group of which something gets through the filter: which calls, and which the container can do something with."""

    name: str
    open: tuple[str, ...]
    reachable: tuple[str, ...]


class Strength(Struct, frozen=True, rename="camel"):
    """What a container's filter leaves open of its node's own calls (`calls`).

    `runtime_default_open` is how many would be open under the node's RuntimeDefault, `beyond_default` which of those that are open
    here it refuses; None where it is not known. `user_namespace`: whether the filter lets it make one, None where that cannot be
    told. `doubts` say what is taken for granted. `unknown` says why there are no figures; all others are None or empty then.
    """

    open: int | None = None
    conditional: int | None = None
    calls: int | None = None
    runtime_default_open: int | None = None
    beyond_default: tuple[str, ...] | None = None
    user_namespace: bool | None = None
    groups: tuple[GroupStrength, ...] = ()
    doubts: tuple[str, ...] = ()
    unknown: str | None = None


@lru_cache(maxsize=1024)
def strength(subject: Subject) -> Strength:
    """Return how much a container's filter leaves open; equal containers share one value."""
    runtime, _ = parse(subject.runtime)
    kernel, known = _kernel(subject.kernel), architecture(subject.arch)
    if known is None or known.go is None or not runtime.scheme or kernel is None:
        return Strength(unknown="the node's runtime, architecture or kernel is not known")
    bounds = ALL if subject.privileged else bounding(defaults.DEFAULT_CAPABILITIES[runtime], subject.add, subject.drop)
    place = Place(runtime.decoder, bounds, kernel, Target(known.go))
    match = defaults.variant(subject.runtime)
    default = _default(match, place)
    found = _own(subject, place, default)
    if isinstance(found, str):
        return Strength(unknown=found)
    doubts = [match.doubt] if match is not None and match.doubt else []
    doubts += [] if runtime.fixed_default else [f"{runtime.title} can be told to use another default profile and other capabilities"]
    return _measured(found, default, frozenset() if subject.unprivileged else bounds, tuple(doubts))


def _measured(found: Judged, default: Judged | None, usable: frozenset[str], doubts: tuple[str, ...]) -> Strength:
    if found.native is None or found.decision.conflicts:
        return Strength(unknown="its rules contradict each other, and no filter is loaded")
    mine = counts(found.native)
    theirs = default.native if default is not None else None
    return Strength(
        mine.open,
        mine.conditional,
        mine.calls,
        counts(theirs).open if theirs is not None else None,
        _beyond(found, default),
        user_namespace(found),
        tuple(
            GroupStrength(one.group.name, tuple(way.shown for way in one.passing), tuple(way.shown for way in one.reachable))
            for one in exposed(found, usable)
        ),
        doubts,
    )


def _own(subject: Subject, place: Place, default: Judged | None) -> Judged | str:
    """Return what the container has, or why that is not known."""
    match subject.effective:
        case "Unconfined":
            return loaded(None, place)
        case "RuntimeDefault":
            return default if default is not None else "the RuntimeDefault of the node's runtime is not known here"
        case "Localhost":
            return _of_file(subject.content, place)
    return "its effective profile is not known"


def _of_file(content: bytes | None, place: Place) -> Judged | str:
    if content is None:
        return "its profile file was not read"
    try:
        return judge_at(decode(content), place)
    except (Refused, NotJudged) as error:
        return f"its profile file {error}"


def _default(match: defaults.Match | None, place: Place) -> Judged | None:
    if match is None:
        return None
    resolved = resolved_default(match.variant, place.capabilities, place.target.arch, place.kernel)
    return None if resolved is None else loaded(resolved, place)


def _beyond(found: Judged, default: Judged | None) -> tuple[str, ...] | None:
    if default is None:
        return None
    mine, theirs = (_named(each, wanted) for each, wanted in ((found, Opening.OPEN), (default, Opening.REFUSED)))
    return tuple(sorted(set(mine or ()) & set(theirs or ())))


def _kernel(text: str) -> tuple[int, int] | None:
    """Return the first two numbers of nodeInfo.kernelVersion ("6.1.0-18-amd64")."""
    found = re.match(r"(\d{1,4})\.(\d{1,4})", text, re.ASCII)
    return (int(found[1]), int(found[2])) if found else None


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
