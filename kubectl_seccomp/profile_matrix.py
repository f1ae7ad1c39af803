"""One profile file over all nodes: what each node has at that path, who uses it there, and who could land there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from .eligibility import Eligibility, Fit, is_bound
from .facts import NodeFacts, ProfileFile
from .landing import Outcome, outcome
from .model import Owner
from .pods import Pod, containers, owner
from .words import FileState


class User(Struct, frozen=True):
    """A workload's container that has this profile: on how many pods, by node, and where its pods could be placed."""

    namespace: str
    owner: Owner
    container: str
    pods: Mapping[str, int]
    now: frozenset[str]
    later: frozenset[str]

    def fit(self, node: str) -> Fit:
        """Return whether its next pod could be placed on a node."""
        return Fit.NOW if node in self.now else Fit.LATER if node in self.later else Fit.NEVER


class NodeRow(Struct, frozen=True):
    """What one node has at the path. `eligible` says whether some user is there or could be, None where not all users are known."""

    name: str
    file: ProfileFile
    outcome: Outcome
    users: tuple[User, ...]
    landing: tuple[User, ...]
    eligible: bool | None


class ProfileMatrix(Struct, frozen=True):
    """One path over all nodes. `versions` has the nodes of each sha256; `users_known` is unset where not all pods could be listed."""

    path: str
    nodes: tuple[NodeRow, ...]
    users: tuple[User, ...]
    versions: dict[str, tuple[str, ...]]
    users_known: bool


def wrong_path(path: str) -> str | None:
    """Return why no localhostProfile is called so, None for one that the API server takes.

    kubernetes pkg/apis/core/validation/validation.go validateLocalDescendingPath (1.25 to 1.37).
    """
    if not path:
        return "it is empty"
    if path.startswith("/"):
        return "it must be relative to the seccomp directory of the kubelet"
    if ".." in path.split("/"):
        return "it must not contain '..'"
    if "\0" in path or any("\ud800" <= char <= "\udfff" for char in path):
        return "it is not text"
    return None


def uses(pod: Pod, paths: frozenset[str]) -> bool:
    """Return whether one of the pod's containers has one of these profiles, and it or another one like it will run."""
    ended = pod.phase == "Succeeded" or (pod.phase == "Failed" and is_bound(pod))
    return not ended and any(member.declared.file in paths for member in containers(pod))


def matrix(
    path: str,
    nodes: Mapping[str, NodeFacts],
    files: Mapping[str, ProfileFile],
    pods: Iterable[Pod],
    users_known: bool = True,
) -> ProfileMatrix:
    """Return what `files`, by node, and the pods say of a path, with a row for each of its nodes, in their order.

    `nodes` are all nodes of the cluster, for where pods could be placed.
    """
    users = tuple(_users(path, nodes, pods))
    rows = tuple(_row(name, file, users, users_known) for name, file in files.items())
    versions: dict[str, list[str]] = {}
    for row in rows:
        if row.file.sha256:
            versions.setdefault(row.file.sha256, []).append(row.name)
    return ProfileMatrix(path, rows, users, {key: tuple(names) for key, names in versions.items()}, users_known)


def _row(name: str, file: ProfileFile, users: tuple[User, ...], known: bool) -> NodeRow:
    there = tuple(user for user in users if name in user.pods)
    could = tuple(user for user in users if name not in user.pods and user.fit(name) is not Fit.NEVER)
    eligible = True if there or could else False if known else None
    return NodeRow(name, file, outcome(file), there, could, eligible)


def _users(path: str, nodes: Mapping[str, NodeFacts], pods: Iterable[Pod]) -> Iterator[User]:
    """Yield the containers with this profile, one for all pods of a workload."""
    eligibility = Eligibility(nodes.values())
    found: dict[tuple[str, Owner, str], tuple[dict[str, int], set[str], set[str]]] = {}
    for pod in pods:
        for member in containers(pod):
            if member.declared.file != path:
                continue
            key = (pod.metadata.namespace or "", _owner(pod), member.name)
            counts, now, later = found.setdefault(key, ({}, set(), set()))
            place, reach = pod.spec.node_name or "", eligibility.reach(pod)
            counts[place] = counts.get(place, 0) + 1
            now.update(reach.now)
            later.update(reach.later)
    for (namespace, workload, name), (counts, now, later) in found.items():
        yield User(namespace, workload, name, counts, frozenset(now), frozenset(later))


def _owner(pod: Pod) -> Owner:
    """Return what a row is about: the owner, or the pod itself, as the mirror of a static pod is."""
    found = owner(pod)
    return Owner(pod.kind, pod.name) if found is None or found.kind == "Node" else found


def nowhere_at_all(found: ProfileMatrix) -> bool:
    """Whether no node has the path and no pod uses it, for certain: then there is nothing that could be well with it."""
    states = {row.file.state for row in found.nodes} - {FileState.NOT_APPLICABLE}
    return states == {FileState.MISSING} and found.users_known and not found.users


def nowhere(node: NodeFacts) -> ProfileFile:
    """Return what stands for the file of a node that is not asked."""
    if node.os == "windows":
        return ProfileFile(FileState.NOT_APPLICABLE, explanation="a Windows node has no seccomp")
    return ProfileFile(FileState.UNCHECKED, explanation=f"not asked: {node.unaskable}" if node.unaskable else "not asked")
