"""What a container would find on the nodes that its pod could be placed on: the kubelets' defaults, its profile's file. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from .eligibility import Eligibility, Reach, is_bound
from .facts import NodeFacts, ProfileFile
from .model import Profile
from .pods import Pod
from .words import FileState, KubeletDefault

Names = tuple[str, ...]
Key = TypeVar("Key")


class Outcome(StrEnum):
    """What becomes of a container with a profile file, on one node."""

    FILTER = "filter"
    FORBIDS_NOTHING = "forbids nothing"
    NO_FILTER = "no filter"
    REFUSED = "refused"
    MISSING = "missing"
    UNKNOWN = "unknown"


def outcome(file: ProfileFile) -> Outcome:
    """Return what a container would get of a file."""
    if file.state is FileState.MISSING:
        return Outcome.MISSING
    if file.state is FileState.INVALID or file.effect == "refused":
        return Outcome.REFUSED
    if file.state is not FileState.PRESENT or file.effect is None:
        return Outcome.UNKNOWN
    if file.effect == "none":
        return Outcome.NO_FILTER
    return Outcome.FORBIDS_NOTHING if file.forbids_nothing else Outcome.FILTER


class Landing(Struct, frozen=True):
    """The nodes that equal containers could be placed on, by what they would find there; its number stands for it in keys.

    `nodes` are all of them; `defaults` has those of each kubelet's default, `outcomes` those of each outcome of the profile's file,
    `versions` those of each sha256 of a file that filters. Empty is what was not asked.
    """

    number: int
    nodes: Names
    defaults: dict[KubeletDefault, Names] = {}
    outcomes: dict[Outcome, Names] = {}
    versions: dict[str, Names] = {}


class Landings:
    """Makes landings, one for all containers that share a shape and a profile; none where there is nothing to tell.

    `files` is keyed by (node, localhostProfile). Defaults are told only where the nodes disagree, files only where they were asked.
    """

    def __init__(self, nodes: Mapping[str, NodeFacts], files: Mapping[tuple[str, str], ProfileFile]) -> None:
        self._nodes = nodes
        self._files = files
        self._eligibility = Eligibility(nodes.values())
        said = {node.default for node in nodes.values()}
        self._disagree = {KubeletDefault.ON, KubeletDefault.OFF} <= said
        self._known: dict[tuple[int, str | None], Landing] = {}

    def of(self, pod: Pod, field: Profile | None) -> Landing | None:
        """Return where a container with this profile could land; None where it stays, and where that makes no difference."""
        path = field.file if field is not None else None
        asked = bool(self._files and path) if field is not None else self._disagree
        if not asked or is_bound(pod):
            return None
        reach = self._eligibility.reach(pod)
        if reach.nodes in ((), (pod.spec.node_name,)):
            return None
        key = (reach.number, path)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._landing(reach, path)
        return known

    def _landing(self, reach: Reach, path: str | None) -> Landing:
        number = len(self._known)
        if path is None:
            return Landing(number, reach.nodes, _grouped((self._nodes[name].default, name) for name in reach.nodes))
        found = [(self._files.get((name, path), ProfileFile()), name) for name in reach.nodes]
        outcomes = [(outcome(file), name) for file, name in found]
        versions = ((file.sha256 or "", name) for file, name in found if outcome(file) is Outcome.FILTER)
        return Landing(number, reach.nodes, outcomes=_grouped(outcomes), versions=_grouped(versions))


def _grouped(pairs: Iterable[tuple[Key, str]]) -> dict[Key, Names]:
    groups: dict[Key, list[str]] = {}
    for key, name in pairs:
        groups.setdefault(key, []).append(name)
    return {key: tuple(names) for key, names in groups.items()}
