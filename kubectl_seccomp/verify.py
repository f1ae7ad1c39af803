"""`audit --verify`: every node in scope is asked once, by one probe, about all containers on it, and about the profile files of all
pods that are there or could be placed there.

The pods are listed twice: first to learn what each node is to be asked, then to be judged as they arrive; so what is kept in
between is an id per running container, and not the pods. What started after its node was asked is not taken for seen.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from msgspec import Struct

from .cluster.api import Api
from .cluster.pods import PodClient
from .cluster.probe import Settings
from .eligibility import Eligibility, Reach
from .facts import NodeFacts, Observed, ProfileFile
from .model import Gap
from .node_proof import NO_ID, Question, ask_node, not_observed
from .nodes.answer import Answer, Key
from .nodes.kubelet import with_process
from .pods import Pod, container_id, containers, runs
from .words import Observation


class Limits(Struct, frozen=True):
    """How many nodes are asked at the same time, how many at most, and which (None: all)."""

    at_once: int = 16
    most: int | None = None
    only: frozenset[str] | None = None


class Work(Struct):
    """What one node is to be asked: ids by container (None where it has none yet), localhostProfiles."""

    ids: dict[Key, str | None] = {}
    paths: dict[str, None] = {}


class Verified(Struct):
    """What the nodes said, in the form that model.Evidence takes; the ids that were asked for; the nodes that were not asked; the
    UIDs of the probes; the bytes of the files, equal ones once.
    """

    observed: dict[Key, Observed]
    files: dict[tuple[str, str], ProfileFile]
    nodes: dict[str, NodeFacts]
    gaps: list[Gap]
    asked: dict[Key, str | None]
    left_out: frozenset[str] = frozenset()
    own: set[str] = set()
    contents: dict[tuple[str, str], bytes] = {}
    texts: dict[bytes, bytes] = {}


def survey(pods: Iterable[Pod | Gap], nodes: Mapping[str, NodeFacts]) -> dict[str, Work]:
    """Return what each node is to be asked: about its pods, and about the profile files of pods that could be placed there.

    Gaps are left to the second reading.
    """
    work: dict[str, Work] = {}
    eligibility = Eligibility(nodes.values())
    spread: set[tuple[int, str]] = set()
    for pod in pods:
        if isinstance(pod, Pod):
            paths = _about_pod(work, pod)
            if paths and pod.phase != "Succeeded":
                _about_landing(work, eligibility.reach(pod), paths, spread)
    return work


def _about_pod(work: dict[str, Work], pod: Pod) -> list[str]:
    """Note what the pod's own node is to be asked, and return the pod's localhostProfiles."""
    mine = work.setdefault(pod.spec.node_name, Work()) if pod.spec.node_name else Work()
    found = []
    for member in containers(pod):
        if runs(member):
            mine.ids[pod.metadata.uid or "", member.name] = container_id(member)
        if path := member.declared.file:
            mine.paths[path] = None
            found.append(path)
    return found


def _about_landing(work: dict[str, Work], reach: Reach, paths: list[str], spread: set[tuple[int, str]]) -> None:
    """Note that each node within reach is to be asked about these files, once for all pods that share reach and file."""
    for path in paths:
        if (reach.number, path) not in spread:
            spread.add((reach.number, path))
            for name in reach.nodes:
                work.setdefault(name, Work()).paths[path] = None


def verify(
    api: Api,
    client: PodClient,
    work: Mapping[str, Work],
    nodes: Mapping[str, NodeFacts],
    settings: Settings,
    limits: Limits,
    progress: Callable[[int, int], None],
) -> Verified:
    """Ask the nodes and return what they said; a node that cannot be asked, or does not answer, is a gap.

    `progress` is told how many of how many nodes are done. On KeyboardInterrupt every probe is removed before it is passed on.
    """
    found = Verified({}, {}, dict(nodes), [], {key: value for each in work.values() for key, value in each.ids.items()})
    known = {name: nodes.get(name) or NodeFacts(name) for name in sorted({*work, *nodes})}
    within = [name for name in known if limits.only is None or name in limits.only]
    due = [name for name in within if name in work and (work[name].ids or work[name].paths)]
    able = [name for name in due if not known[name].unaskable]
    chosen, over = able[: limits.most], able[limits.most :] if limits.most is not None else []
    whys = {name: known[name].unaskable for name in due if name not in able}
    whys |= dict.fromkeys(over, f"--max-nodes {limits.most} was reached")
    found.gaps += [Gap("node probe", f"node/{name}", f"not asked: {why}", len(work[name].ids)) for name, why in whys.items()]
    # Not those that would have been asked if there had been anything to ask about.
    found.left_out = frozenset(known) - {name for name in within if name not in over and not known[name].unaskable}
    stop = threading.Event()

    def one(name: str) -> Answer[Key]:
        ids = {key: value for key, value in work[name].ids.items() if value}
        return ask_node(api, client, Question(known[name], ids, tuple(work[name].paths)), settings, stop)

    client.prepare()
    for name, answer in gathered(one, chosen, limits.at_once, stop, progress):
        _take(found, name, work[name], answer)
    return found


def gathered(
    one: Callable[[str], Answer[Key]], names: list[str], at_once: int, stop: threading.Event, progress: Callable[[int, int], None]
) -> Iterator[tuple[str, Answer[Key]]]:
    """Yield each node's answer as it comes. An interrupt tells all threads to stop, and waits until they have cleaned up."""
    with ThreadPoolExecutor(at_once) as pool:
        running: dict[Future[Answer[Key]], str] = {}
        try:
            for name in names:
                running[pool.submit(one, name)] = name
            while running:
                done, _ = wait(running, timeout=1.0, return_when=FIRST_COMPLETED)
                yield from ((running.pop(future), future.result()) for future in done)
                progress(len(names) - len(running), len(names))
        except BaseException:
            stop.set()
            for future in running:
                future.cancel()
            raise


def _take(found: Verified, name: str, work: Work, answer: Answer[Key]) -> None:
    found.files |= {(name, path): file for path, file in answer.files.items()}
    for path, content in answer.contents.items():
        found.contents[name, path] = found.texts.setdefault(content, content)
    found.gaps.extend(answer.gaps)
    found.own.update(answer.uids)
    if name in found.nodes:
        found.nodes[name] = with_process(found.nodes[name], answer.kubelet)
    silent = Observed(Observation.FAILED, via="node", explanation="its node gave no answer")
    found.observed |= {key: answer.observed.get(key, silent if value else NO_ID) for key, value in work.ids.items()}


def marked(pods: Iterable[Pod | Gap], found: Verified) -> Iterator[Pod | Gap]:
    """Pass the pods on, and mark in `found.observed` (by which they are judged) what started after its node was asked."""
    for pod in pods:
        if isinstance(pod, Pod) and pod.spec.node_name not in found.left_out:
            _mark(pod, found)
        yield pod


def _mark(pod: Pod, found: Verified) -> None:
    for member in containers(pod):
        key = (pod.metadata.uid or "", member.name)
        if not runs(member):
            found.observed.pop(key, None)
        elif found.asked.get(key, "") != container_id(member):
            why = "it was restarted while its node was asked" if key in found.asked else "it started after its node was asked"
            found.observed[key] = Observed(Observation.FAILED, via="node", explanation=why)


def unseen(pods: Iterable[Pod | Gap], observed: Mapping[Key, Observed]) -> Iterator[Pod | Gap]:
    """Pass the pods on, and a gap for each container that was asked for and not seen."""
    for pod in pods:
        if isinstance(pod, Pod):
            for member in containers(pod):
                seen = observed.get((pod.metadata.uid or "", member.name))
                if seen is not None and seen.state is Observation.FAILED:
                    yield not_observed(pod, member.name, seen)
        yield pod
