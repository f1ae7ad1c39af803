"""`audit --verify` and `--exec`: what is asked of nodes and containers before the pods are judged."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..fault import Fault
from ..model import Evidence, Gap
from .boundary import progress, say
from .given import Probing, Verifying

if TYPE_CHECKING:
    from ..cluster.api import Api
    from ..cluster.pods import PodClient
    from ..cluster.probe import Settings
    from ..pods import Pod
    from ..verify import Verified

    Pods = Iterator[Pod | Gap]
    # The evidence, and what the pods have to pass through before they are judged by it.
    Looked = tuple[Evidence, Callable[[Pods], Pods]]
    # What looks at a cluster before it is judged: `looked_at` with its options.
    Look = Callable[[Api, Pods, Evidence], Looked]

Manifests = list[dict[str, Any]]
DEFAULT_IMAGE = "docker.io/library/busybox:1.37"


def settings(probing: Probing) -> Settings:
    """Return how a probe is made, as the options say."""
    from ..cluster.probe import Settings

    return Settings(probing.probe_namespace, probing.image or DEFAULT_IMAGE, float(probing.timeout), probing.kubelet_root)


def pod_client(api: Api, probing: Probing, shown: Manifests | None) -> PodClient:
    """Return what creates probe pods; with `shown` it only puts them there. What killed runs have left is removed before."""
    from ..cluster.leftovers import sweep
    from ..cluster.pods import PodClient, Rehearsal
    from ..render.summary import count

    if shown is not None:
        return Rehearsal(api.connection, shown)
    client = PodClient(api.connection)
    if left := sweep(api, client, probing.probe_namespace, time.time()):
        say(f"note: removed {count(left, 'probe pod')} that a killed run had left in {probing.probe_namespace}")
    return client


def looked_at(
    api: Api, pods: Pods, evidence: Evidence, verifying: Verifying, probing: Probing, shown: Manifests | None = None
) -> Looked:
    """Return the evidence with what the nodes say, and what the pods have to pass through before they are judged by it.

    There containers are asked, where --exec says so, and what was asked for and not seen becomes a gap. `shown` as in `pod_client`.
    """
    from msgspec import structs

    from ..earlier import compared
    from ..evidence import still_unknown
    from ..execution import executed
    from ..verify import marked, unseen

    known = _earlier(verifying.earlier)
    observed = dict(evidence.observed)
    found = _ask_nodes(api, pods, evidence, verifying, probing, shown) if verifying.verify else None
    if found is not None:
        observed = found.observed
        gaps = (*still_unknown(evidence.gaps, found.nodes), *found.gaps)
        files = compared(found.files, known)
        evidence = structs.replace(
            evidence, nodes=found.nodes, files=files, contents=found.contents, gaps=gaps, own=frozenset(found.own)
        )

    def through(pods: Pods) -> Pods:
        pods = marked(pods, found) if found is not None else pods
        pods = executed(api, pods, observed, float(probing.timeout)) if verifying.exec_ else pods
        return unseen(pods, observed)

    return structs.replace(evidence, observed=observed), through


def _earlier(path: str | None) -> dict[tuple[str, str], str]:
    """Return the hashes in an earlier report. Fault (2) when it cannot be read, or is none."""
    from ..earlier import hashes

    if path is None:
        return {}
    try:
        with open(path, "rb") as file:
            return hashes(file.read())
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Fault(
            f"{path} is not a report to compare with: {why}", "--earlier takes the output of an earlier audit --verify -o json", 2
        ) from error


def _ask_nodes(api: Api, pods: Pods, evidence: Evidence, verifying: Verifying, probing: Probing, shown: Manifests | None) -> Verified:
    from ..verify import Limits, survey, verify

    limits = Limits(verifying.concurrency, verifying.max_nodes, chosen(api, verifying.nodes))
    work = survey(pods, evidence.nodes)
    with asking() as told:
        return verify(api, pod_client(api, probing, shown), work, evidence.nodes, settings(probing), limits, told)


def chosen(api: Api, selector: str | None) -> frozenset[str] | None:
    """Return the names of the nodes that fit --nodes, None without it. Fault when there are none."""
    from ..cluster.api import ApiError
    from ..cluster.lists import nodes

    if selector is None:
        return None
    try:
        chosen = frozenset(facts.name for facts in nodes(api, selector=selector))
    except ApiError as error:
        raise Fault(f"cannot list nodes for --nodes: {error.why}") from error
    if not chosen:
        raise Fault(f'no node matches --nodes "{selector}"', "see: kubectl get nodes --show-labels")
    return chosen


@contextlib.contextmanager
def asking() -> Iterator[Callable[[int, int], None]]:
    """Give what shows how many nodes have answered, and take that off the screen at the end."""
    try:
        yield lambda done, total: progress(f"asking nodes: {done} of {total}")
    finally:
        progress("")
