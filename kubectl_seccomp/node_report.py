"""What one node said, with who uses its profile files -> the report of `check node`. Pure."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from .facts import NodeFacts, Observed, ProfileFile
from .node_values import Answers, DefaultReport, FileReport, KernelReport, KubeletReport, NodeReport, RuntimeReport, User, UserReport
from .nodes.answer import Answer, Entry, Kernel, Key, Kubelet, Listing, Root
from .pods import Pod, containers
from .profiles.defaults import variant
from .profiles.strength import Subject, strength
from .runtimes import parse as parse_runtime
from .words import EffectiveType, FileState, Observation

OPERATOR = "operator/"
_AVAILABLE, _LOGGED = "kernel/seccomp/actions_avail", "kernel/seccomp/actions_logged"


def users(pod: Pod) -> Iterator[User]:
    """Yield every container of a pod that has a Localhost profile; none of a pod that has ended."""
    if pod.phase in ("Succeeded", "Failed"):
        return
    for member in containers(pod):
        if path := member.declared.file:
            yield User(pod.metadata.namespace or "", pod.name, member.name, pod.spec.node_name or None, path, member.privileged)


def node_report(facts: NodeFacts, answer: Answer[Key], found: tuple[User, ...] | None) -> NodeReport:
    """Return the report of one node. `found` are all users of profiles in the cluster, None when they are not known."""
    runtime, _, version = facts.runtime.partition("://")
    return NodeReport(
        facts.name,
        facts.os,
        facts.arch,
        facts.reachable,
        answer.said,
        _kernel(facts, answer.kernel),
        _kubelet(facts, answer.kubelet, answer.root),
        RuntimeReport(runtime, version, _default(facts)),
        _counts(answer.observed.values()) if answer.said else None,
        _counts(answer.sandboxes.values()) if answer.said else None,
        answer.listing.there if answer.listing is not None else None,
        _files(facts.name, answer.listing, answer.files, found) if answer.listing is not None else None,
        answer.listing is not None and answer.listing.whole,
    )


def _default(facts: NodeFacts) -> DefaultReport:
    match = variant(facts.runtime)
    found = strength(Subject(EffectiveType.RUNTIME_DEFAULT.value, runtime=facts.runtime, arch=facts.arch, kernel=facts.kernel))
    if match is None or found.unknown is not None:
        doubt = match.doubt if match is not None else None
        return DefaultReport(unknown=doubt or found.unknown)
    return DefaultReport(match.variant, found.open, found.conditional, found.calls, found.doubts)


def _kernel(facts: NodeFacts, kernel: Kernel | None) -> KernelReport:
    if kernel is None:
        return KernelReport(facts.kernel)
    named = {"kernel/osrelease", "kernel/version", _AVAILABLE, _LOGGED}
    settings = {key.replace("/", "."): value for key, value in kernel.facts.items() if key not in named}
    release = kernel.facts.get("kernel/osrelease", facts.kernel)
    return KernelReport(
        release, kernel.facts.get("kernel/version"), kernel.words(_AVAILABLE), kernel.words(_LOGGED), kernel.audit, settings
    )


def _kubelet(facts: NodeFacts, kubelet: Kubelet | None, root: Root | None) -> KubeletReport:
    flag = None if kubelet is None else kubelet.seccomp_default is True
    place = root or Root("", False)
    return KubeletReport(
        facts.kubelet_version,
        facts.default,
        facts.default_source,
        Answers(facts.configured, facts.flagged, flag),
        kubelet.started if kubelet is not None else None,
        place.path or None,
        place.known,
        place.source,
    )


def _counts(seen: Iterable[Observed]) -> dict[str, int]:
    counts = Counter(observed.state for observed in seen)
    return {state.value: counts[state] for state in Observation if counts[state]}


def _files(node: str, listing: Listing, asked: Mapping[str, ProfileFile], found: tuple[User, ...] | None) -> tuple[FileReport, ...]:
    """Return the entries of the listing in their order, and behind them what pods on the node ask for and is not among them."""
    real = {path: file.path for path, file in asked.items()}
    there = {entry.facts.path for entry in listing.entries}
    absent = {
        file.path: Entry(_name(path), "absent" if file.state is FileState.MISSING else "other", file)
        for path, file in asked.items()
        if file.path not in there
    }
    return tuple(_file(entry, node, real, found) for entry in [*listing.entries, *absent.values()])


def _file(entry: Entry, node: str, real: Mapping[str, str | None], found: tuple[User, ...] | None) -> FileReport:
    facts = entry.facts
    mine, others = None, None
    if found is not None:
        using = [user for user in found if _uses(user, entry, node, real)]
        mine = tuple(_reported(user) for user in using if user.node == node)
        others = tuple(_reported(user) for user in using if user.node != node)
    return FileReport(
        entry.name, facts.path, entry.kind, facts.state, facts.effect, facts.forbids_nothing, facts.sha256, facts.size,
        facts.mode, facts.owner, facts.mtime, facts.ctime, _writable_by(facts.mode), _of_operator(entry.name), mine, others,
        facts.explanation, facts.problems,
    )  # fmt: skip


def _uses(user: User, entry: Entry, node: str, real: Mapping[str, str | None]) -> bool:
    """Whether a container's profile is this entry: by its name, or on this node by where its links lead."""
    if entry.kind in ("folder", "way"):
        return False
    return _name(user.path) == entry.name or (user.node == node and real.get(user.path, "") == entry.facts.path)


def _name(path: str) -> str:
    return posixpath.normpath(path).lstrip("/")


def _reported(user: User) -> UserReport:
    return UserReport(user.namespace, user.pod, user.container, user.node, user.privileged)


def _writable_by(mode: str | None) -> str | None:
    bits = int(mode, 8) if mode and set(mode) <= set("01234567") else 0
    return "others" if bits & 0o002 else "group" if bits & 0o020 else None


def _of_operator(name: str) -> bool:
    """The Security Profiles Operator keeps its profiles below operator/ (its internal/pkg/nonrootenabler, 0.8 to 0.9)."""
    return name.startswith(OPERATOR) or name == OPERATOR.rstrip("/")


def runtime_title(node: NodeReport) -> str:
    """Return the runtime as people call it, with its version."""
    known = parse_runtime(f"{node.runtime.name}://{node.runtime.version}")[0].title
    return f"{known} {node.runtime.version}".strip()
