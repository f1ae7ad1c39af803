"""What is asked of the cluster besides its pods: nodes, RuntimeClasses, and each kubelet's default.

Everything here limits an audit and never stops it: what cannot be read becomes a gap, and the fact stays unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from msgspec import structs

from .cluster import kubelet, lists
from .cluster.api import Api, ApiError
from .facts import NodeFacts
from .model import KUBELET_DEFAULT, NODE, Evidence, Gap
from .nodes.kubelet import configured, flagged, root_dir, seccomp_default, started
from .runtimes import is_known
from .words import KubeletDefault

# Kubelets asked at the same time; each answers two small requests through the API server.
CONCURRENCY = 16
# So many different nodes must refuse before the others are spared the question.
REFUSALS = 3


def nodes_evidence(api: Api, *, required: bool = False) -> Evidence:
    """Return nodes with their kubelet's default, RuntimeClass handlers, and a gap for whatever could not be read.

    With `required`, nodes that cannot be listed are no gap: ApiError.
    """
    gaps: list[Gap] = []
    handlers: dict[str, str] = {}
    try:
        handlers = lists.runtime_handlers(api)
    except ApiError as error:
        gaps.append(Gap("RuntimeClasses", "cluster", f"{error.why}; handlers are taken from the class names"))
    try:
        plain = list(lists.nodes(api))
    except ApiError as error:
        if required:
            raise
        gaps.append(Gap("nodes", "cluster", error.why))
        return Evidence({}, f"cannot list nodes: {error.why}", handlers, gaps=tuple(gaps))
    nodes = {facts.name: facts for facts in with_defaults(api, plain)}
    gaps += [gap for facts in nodes.values() for gap in node_gaps(facts)]
    return Evidence(nodes, "", handlers, gaps=tuple(gaps))


def node_gaps(facts: NodeFacts) -> Iterator[Gap]:
    """Yield a gap where a node's kubelet's default stays unknown, and one where its container runtime does."""
    if facts.os == "windows":
        return
    if facts.default is KubeletDefault.UNKNOWN:
        yield Gap(KUBELET_DEFAULT, f"node/{facts.name}", facts.default_source)
    if not is_known(facts.runtime):
        why = f"not known here: {facts.runtime}" if facts.runtime else "the node does not say which"
        yield Gap("container runtime", f"node/{facts.name}", why)


def still_unknown(gaps: Iterable[Gap], nodes: Mapping[str, NodeFacts]) -> tuple[Gap, ...]:
    """Return the gaps without those about a kubelet's default that is known by now."""
    known = {f"node/{name}" for name, facts in nodes.items() if facts.default is not KubeletDefault.UNKNOWN}
    return tuple(gap for gap in gaps if gap.what != KUBELET_DEFAULT or gap.where not in known)


def with_defaults(api: Api, nodes: Iterable[NodeFacts]) -> Iterator[NodeFacts]:
    """Yield each node with its kubelet's default filled in, or why that stays unknown.

    The first nodes are asked one by one: if all of them refuse for lack of rights, the others are not asked.
    """
    rest = iter(nodes)
    refused = 0
    for facts in islice(rest, REFUSALS):
        answered = _ask(api, facts)
        refused += answered.default_source.startswith("forbidden")
        yield answered
    if refused == REFUSALS:
        why = f"not asked: forbidden on the first {REFUSALS} nodes (get nodes/proxy)"
        yield from (structs.replace(facts, default_source=why) for facts in rest)
        return
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        yield from pool.map(lambda facts: _ask(api, facts), rest)


def node_evidence(api: Api, name: str) -> tuple[NodeFacts, tuple[Gap, ...]]:
    """Return what is known of one node, with the kubelet's default and root directory, and gaps if not all of it."""
    try:
        facts = lists.node(api, name)
    except ApiError as error:
        facts = _ask(api, NodeFacts(name))
        unknown = [gap for gap in node_gaps(facts) if gap.what == KUBELET_DEFAULT]
        return facts, tuple(unknown) or (Gap(NODE, f"node/{name}", error.why),)
    facts = _ask(api, facts)
    return facts, tuple(node_gaps(facts))


def _ask(api: Api, facts: NodeFacts) -> NodeFacts:
    if facts.os == "windows":
        return facts
    if not facts.reachable:
        return structs.replace(facts, default_source="the node is not ready")
    refusals: list[ApiError] = []
    config = _page(kubelet.configz, api, facts.name, refusals)
    flags = _page(kubelet.flagz, api, facts.name, refusals) if not (refusals and refusals[0].status == 403) else None
    default, source = seccomp_default(config, flags)
    return structs.replace(
        facts,
        default=default,
        default_source=refusals[0].why if refusals and default is KubeletDefault.UNKNOWN else source,
        configured=configured(config),
        flagged=flagged(flags),
        kubelet_root=root_dir(flags),
        # Served by the same versions as flagz, or newer ones.
        kubelet_started=started(_page(kubelet.statusz, api, facts.name, [])) if flags is not None else None,
    )


def _page(read: Callable[[Api, str], bytes], api: Api, node: str, refusals: list[ApiError]) -> bytes | None:
    """Return a kubelet's page; None, and the reason among the refusals, when it cannot be had."""
    try:
        return read(api, node)
    except ApiError as error:
        refusals.append(error)
        return None
