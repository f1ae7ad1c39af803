"""A container as it was judged -> what its filter leaves open. Pure; what is counted is in profiles/strength.py."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from .checks.record import Case
from .effective import unfiltered
from .facts import Strength
from .pods import Rights
from .profiles.strength import Subject, strength
from .words import Certainty, EffectiveType, Observation

_UNTOLD = {
    EffectiveType.UNKNOWN: "its effective profile is not known",
    EffectiveType.NOT_APPLICABLE: "no profile applies to it",
}


def strength_of(case: Case, rights: Rights, contents: Mapping[tuple[str, str], bytes]) -> Strength:
    """Return what a container's filter leaves open; `contents` are the bytes of the files that were read, by node and path.

    What the kernel says goes first: without a filter everything is open, and a filter that nobody declared is one of which nothing
    is known.
    """
    node, kind, bare = case.placement.node, case.effective.type, unfiltered(case.observed)
    if node is None:
        return Strength(unknown="it is not known on which node it runs")
    if kind in _UNTOLD and not (bare and kind is EffectiveType.UNKNOWN):
        return Strength(unknown=_UNTOLD[kind])
    if kind is EffectiveType.UNCONFINED and case.observed.state is Observation.FILTERED:
        return Strength(unknown="it has a filter that nobody declared")
    path = case.effective.localhost_profile or ""
    subject = Subject(
        EffectiveType.UNCONFINED.value if bare else kind.value,
        None if case.file.changed or bare else contents.get((node.name, path)),
        "its profile file has changed since it started" if case.file.changed else "its profile file was not read",
        rights,
        case.privileged,
        node.runtime,
        node.arch,
        node.kernel,
    )
    found = strength(subject)
    if case.effective.certainty is Certainty.ASSUMED and not bare and found.unknown is None:
        return structs.replace(found, doubts=(*found.doubts, "the effective profile is only assumed"))
    return found
