"""A profile judged at the place where it would be loaded: the one question that `profile` commands and strength.py ask. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

import msgspec
from msgspec import Struct

from ..runtimes import CONTAINERD
from .answers import Answer, Decision, Table, Target
from .decoders import Container, resolve
from .defaults import default_profile
from .engine import decide
from .gojson import decode
from .oci import ALLOW, Resolved
from .syscalls import architecture

KERNEL = (6, 1)
"""The kernel that is taken where nobody says which."""


def kernel_of(release: str) -> tuple[int, int] | None:
    """Return the first two numbers of nodeInfo.kernelVersion ("6.1.0-18-amd64"), None where it does not begin with such."""
    found = re.match(r"(\d{1,4})\.(\d{1,4})", release, re.ASCII)
    return (int(found[1]), int(found[2])) if found else None


class Place(Struct, frozen=True):
    """Who reads the profile, for a container with which bounding set, and what loads it on which machine."""

    decoder: str = "containerd"
    capabilities: frozenset[str] = frozenset(CONTAINERD.capabilities)
    kernel: tuple[int, int] = KERNEL
    target: Target = Target()

    @property
    def container(self) -> Container:
        """What includes and excludes are held against."""
        return Container(self.capabilities, self.target.arch, self.kernel)


class Judged(Struct, frozen=True):
    """A profile at its place: `resolved` is None where no filter is loaded, and every call of `decision` is then open."""

    place: Place
    resolved: Resolved | None
    decision: Decision

    @property
    def native(self) -> Table | None:
        """The answers for the node's own calls; None on an architecture that is not known here."""
        return next(iter(self.decision.tables.values()), None)


class Opening(StrEnum):
    """Whether a call is carried out."""

    OPEN = "open"
    CONDITIONAL = "conditional"
    REFUSED = "refused"


class Counts(Struct, frozen=True):
    """How many calls of one ABI are open, open under conditions, and refused."""

    open: int
    conditional: int
    refused: int

    @property
    def calls(self) -> int:
        """All that there are."""
        return self.open + self.conditional + self.refused


def judge_at(profile: Mapping[str, object] | None, place: Place) -> Judged:
    """Return what becomes of a profile (as gojson.decode gives it). Raises Refused where no container comes of it."""
    return loaded(resolve(profile, place.decoder, place.container), place)


def loaded(resolved: Resolved | None, place: Place) -> Judged:
    """Return the answers of a resolved profile, or of no filter at all."""
    return Judged(place, resolved, decide(resolved if resolved is not None else _nothing(place.target.arch), place.target))


def _nothing(arch: str) -> Resolved:
    """Without a filter, every program of the machine does what it likes."""
    own = architecture(arch)
    return Resolved(ALLOW, (), (own.name, *own.subs) if own is not None else ())


def default_at(variant: str, place: Place) -> Judged | None:
    """Return the RuntimeDefault of a variant (defaults.variant) at a place; None for one that is not known."""
    found = default_profile(variant, place.capabilities, place.target.arch, place.kernel)
    if found is None:
        return None
    # It is resolved already: what is left is the OCI form, which containerd's decoder reads.
    return loaded(resolve(decode(msgspec.json.encode(found)), CONTAINERD.scheme, None), place)


def opening(answer: Answer) -> Opening:
    """Return whether a call with this answer is carried out; what a listener decides (NOTIFY) counts as conditional."""
    got = {answer.action} if answer.action is not None else {answer.otherwise, *(case.action for case in answer.cases)}
    passing = {action is not None and action.passes for action in got}
    if any(action is not None and action.kind == "NOTIFY" for action in got):
        return Opening.CONDITIONAL
    return Opening.CONDITIONAL if len(passing) > 1 else Opening.OPEN if True in passing else Opening.REFUSED


def counts(table: Table) -> Counts:
    """Return how many calls there are of each sort."""
    found = [opening(answer) for answer in table.answers.values()]
    return Counts(found.count(Opening.OPEN), found.count(Opening.CONDITIONAL), found.count(Opening.REFUSED))
