"""How much a container's filter leaves open, in words and counts and never as a score. Pure.

What is not known is told and not counted: a file that nobody read, a RuntimeDefault that may be another one.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from ..facts import Forecast, GroupStrength, Strength
from ..pods import Rights
from ..runtimes import Runtime, parse
from . import defaults
from .answers import Table, Target
from .capabilities import ALL, bounding
from .gojson import NotJudged, Refused, decode
from .judged import Judged, Opening, Place, counts, default_at, judge_at, kernel_of, loaded, opening
from .reach import Exposed, exposed, user_namespace
from .risk import GROUPS
from .syscalls import architecture

_NOWHERE = "the node's runtime, architecture or kernel is not known"
_NO_DEFAULT = "the RuntimeDefault of the node's runtime is not known here"


class Subject(Struct, frozen=True):
    """Whose filter it is. `effective`: RuntimeDefault, Localhost or Unconfined, empty where that is not asked. `content`: the Localhost
    file's bytes, None where they are not known (`unread` says why). `runtime`, `arch`, `kernel`: as nodeInfo says.
    """

    effective: str = ""
    content: bytes | None = None
    unread: str = "its profile file was not read"
    rights: Rights = Rights()
    privileged: bool = False
    runtime: str = ""
    arch: str = ""
    kernel: str = ""


@lru_cache(maxsize=1024)
def strength(subject: Subject) -> Strength:
    """Return how much a container's filter leaves open; equal containers share one value."""
    placed = _placed(subject)
    if placed is None:
        return Strength(unknown=_NOWHERE)
    runtime, place = placed
    match = defaults.variant(subject.runtime)
    default = _default(match, place)
    found = _own(subject, place, default)
    if isinstance(found, str):
        return Strength(unknown=found)
    if found.native is None or found.decision.conflicts:
        return Strength(unknown="its rules contradict each other: no filter is loaded, and the container does not start")
    usable = frozenset() if subject.rights.unprivileged else place.capabilities
    return _measured(found, found.native, default, exposed(found, usable, own_users=subject.rights.own_users), _doubts(match, runtime))


@lru_cache(maxsize=1024)
def under_default(subject: Subject) -> Forecast:
    """Return what the node's RuntimeDefault would take from a container that has no filter; `effective` and `content` do not count."""
    placed, match = _placed(subject), defaults.variant(subject.runtime)
    if placed is None:
        return Forecast(unknown=_NOWHERE)
    runtime, place = placed
    default = _default(match, place)
    if default is None or default.native is None or match is None:
        return Forecast(unknown=_NO_DEFAULT)
    refuses = _named(default.native, Opening.REFUSED)
    groups = tuple(group.name for group in GROUPS if any(call.name in refuses for call in group.calls))
    return Forecast(match.variant, refuses, _named(default.native, Opening.CONDITIONAL), groups, _doubts(match, runtime))


def _placed(subject: Subject) -> tuple[Runtime, Place] | None:
    runtime, _ = parse(subject.runtime)
    kernel, known = kernel_of(subject.kernel), architecture(subject.arch)
    if known is None or known.go is None or not runtime.scheme or kernel is None:
        return None
    bounds = ALL if subject.privileged else bounding(runtime.capabilities, subject.rights.add, subject.rights.drop)
    return runtime, Place(runtime.scheme, bounds, kernel, Target(known.go))


def _doubts(match: defaults.Match | None, runtime: Runtime) -> tuple[str, ...]:
    found = [match.doubt] if match is not None and match.doubt else []
    found += [] if runtime.fixed_default else [f"{runtime.title} can be configured with another default profile and other capabilities"]
    return tuple(found)


def _measured(found: Judged, native: Table, default: Judged | None, groups: tuple[Exposed, ...], doubts: tuple[str, ...]) -> Strength:
    mine = counts(native)
    theirs = default.native if default is not None else None
    opened = (one for one in groups if one.passing)
    return Strength(
        mine.open,
        mine.conditional,
        mine.calls,
        counts(theirs).open if theirs is not None else None,
        len({*_named(native, Opening.OPEN)}.intersection(_named(theirs, Opening.REFUSED))) if theirs is not None else None,
        user_namespace(found),
        tuple(GroupStrength(one.group.name, len(one.passing), tuple(way.shown for way in one.reachable)) for one in opened),
        doubts,
    )


def _own(subject: Subject, place: Place, default: Judged | None) -> Judged | str:
    """Return what the container has, or why that is not known."""
    match subject.effective:
        case "Unconfined":
            return loaded(None, place)
        case "RuntimeDefault":
            return default if default is not None else _NO_DEFAULT
        case "Localhost":
            return _of_file(subject, place)
    return "its effective profile is not known"


def _of_file(subject: Subject, place: Place) -> Judged | str:
    if subject.content is None:
        return subject.unread
    try:
        return judge_at(decode(subject.content), place)
    except (Refused, NotJudged) as error:
        return f"its profile file {error}"


def _default(match: defaults.Match | None, place: Place) -> Judged | None:
    if match is None or match.nearest:
        return None
    return default_at(match.variant, place)


def _named(table: Table, wanted: Opening) -> tuple[str, ...]:
    return tuple(sorted(name for name, answer in table.answers.items() if opening(answer) is wanted))
