"""Checks on where a pod could be placed next: what its containers would find there that they do not find where they are."""

from __future__ import annotations

from ..landing import Landing, Outcome
from ..model import Template
from ..words import KubeletDefault, Severity, short
from .declared import default_evidence
from .record import KUBELET, SCHEDULER, Case, Check

# As a sentence goes on behind the profile's path, worst last: what stops a container is seen, what takes its filter is not.
_TOLD = {
    Outcome.NO_FILTER: "has no effect on",
    Outcome.FORBIDS_NOTHING: "forbids nothing on",
    Outcome.MISSING: "is missing on",
    Outcome.REFUSED: "does not load on",
}


def _names(nodes: tuple[str, ...], most: int = 3) -> str:
    """Return `node-a, node-b and 7 more nodes`."""
    more = len(nodes) - most
    if more > 1:
        return f"{', '.join(nodes[:most])} and {more} more nodes"
    return " and ".join(filter(None, (", ".join(nodes[:-1]), nodes[-1])))


def _depends_on_node(case: Case) -> Template | None:
    off, landing = case.unconfined_elsewhere, case.landing
    if not off or landing is None:
        return None
    if case.placement.node is None:
        on = landing.defaults[KubeletDefault.ON]
        reason = f"nothing set, and not scheduled yet: unconfined on {_names(off)}, RuntimeDefault on {_names(on)}"
    else:
        reason = f"{case.effective.explanation}; unconfined on {_names(off)}, where it could land"
    told = (f"seccompDefault {word.value}: {_names(nodes, 10)}" for word, nodes in landing.defaults.items())
    return DEPENDS_ON_NODE.finding(reason, evidence=(*default_evidence(case), *told), patch="RuntimeDefault")


def _elsewhere(case: Case, landing: Landing) -> dict[Outcome, tuple[str, ...]]:
    """Return the nodes on which the file does not do what it should, without the container's own, about which other checks speak."""
    mine = case.placement.node.name if case.placement.node is not None else None
    counted = _TOLD if case.loads_file else (Outcome.MISSING,) if case.opens_file else ()
    others = {word: tuple(name for name in landing.outcomes.get(word, ()) if name != mine) for word in counted}
    return {word: names for word, names in others.items() if names}


def _not_everywhere(case: Case) -> Template | None:
    landing = case.landing
    wrong = _elsewhere(case, landing) if landing is not None else {}
    if landing is None or not wrong:
        return None
    stopped = len(wrong.get(Outcome.MISSING, ())) + len(wrong.get(Outcome.REFUSED, ()))
    stuck = case.placement.node is None and stopped == len(landing.nodes)
    told = ", ".join(f"{_TOLD[word]} {_names(names)}" for word, names in wrong.items())
    return NOT_EVERYWHERE.finding(
        f"{short(case.path, 200)} {told}, {'the only nodes where' if stuck else 'where'} it could land",
        severity=Severity.HIGH if stuck else Severity.MEDIUM,
        evidence=(case.written, *_facts(landing)),
    )


def _facts(landing: Landing) -> tuple[str, ...]:
    told = (f"{word.value}: {_names(names, 10)}" for word, names in landing.outcomes.items() if word is not Outcome.FILTER)
    return (*told, *(f"sha256 {version}: {_names(names, 10)}" for version, names in landing.versions.items()))


def _differs(case: Case) -> Template | None:
    landing = case.landing
    if landing is None or len(landing.versions) < 2 or not case.loads_file:
        return None
    told = ", ".join(f"{version[:12]} on {_names(names)}" for version, names in list(landing.versions.items())[:3])
    return DIFFERS.finding(
        f"{short(case.path, 200)} has {len(landing.versions)} versions on the nodes where it could land: {told}",
        evidence=(case.written, *_facts(landing)),
    )


DEPENDS_ON_NODE = Check(
    id="KS121",
    slug="default-depends-on-node",
    title="Confined or not, depending on the node",
    severities=(Severity.MEDIUM,),
    run=_depends_on_node,
    why="Nothing is set, and the nodes that this pod could be placed on disagree: some kubelets run with seccompDefault, some "
    "without. A container that has a filter now can lose it the next time its pod is placed, and nothing reports it.",
    fix="Set securityContext.seccompProfile type RuntimeDefault on the pod: nothing changes where it has a filter now. Or turn on "
    "seccompDefault on the other nodes.",
    sources=(KUBELET, SCHEDULER),
)
NOT_EVERYWHERE = Check(
    id="KS306",
    needs="file",
    slug="file-not-everywhere",
    title="The profile file is not right on every node where the pod could land",
    severities=(Severity.HIGH, Severity.MEDIUM),
    run=_not_everywhere,
    why="The file is looked for on whatever node the pod is placed. On some nodes that the scheduler could choose it is missing, "
    "does not load, or gives no effective filter: there the container cannot start, or runs without protection. Where the pod "
    "runs now may be fine.",
    fix="Put the same profile at that path on every node that the pod can be placed on (a DaemonSet, the node image, or the Security "
    "Profiles Operator), or keep the pod to nodes that have it, by a node selector.",
    sources=(
        "kubernetes pkg/kubelet/kuberuntime/helpers.go: a path on the node, not looked at by the scheduler (1.25 to 1.36)",
        SCHEDULER,
    ),
)
DIFFERS = Check(
    id="KS307",
    needs="file",
    slug="file-differs",
    title="The profile file differs between nodes",
    severities=(Severity.LOW,),
    run=_differs,
    why="The nodes that the pod could be placed on have different files at that path: what the container may do depends on where "
    "it lands. While a new version is being rolled out this is expected, afterwards it is not.",
    fix="Find the node that was left out, and give all of them the same file; kubectl seccomp check profile shows which has which.",
    sources=("kubernetes pkg/kubelet/kuberuntime/helpers.go: a path on the node (1.25 to 1.36)",),
)
CHECKS = (DEPENDS_ON_NODE, NOT_EVERYWHERE, DIFFERS)
