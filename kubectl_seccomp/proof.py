"""How pods are proved: exec into each container, then their nodes for profile files and for what exec could not tell."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from .cluster import lists
from .cluster.api import Api, ApiError
from .cluster.connection import Connection
from .cluster.execs import read_status
from .cluster.pods import PodClient
from .cluster.probe import Settings
from .facts import NodeFacts, Observed, ProfileFile
from .failures import troubles
from .model import Gap
from .node_proof import NO_ID, Question, ask_node, not_observed
from .nodes.answer import Answer, Key
from .nodes.kubelet import with_process
from .pods import Container, Pod, container_id, containers, runs
from .verify import gathered
from .words import Observation

# Containers of one pod, pods, and nodes.
AT_ONCE = 8
PODS_AT_ONCE = 4


class Ways(Struct, frozen=True):
    """Which ways of proof are wanted, and how the node is asked."""

    settings: Settings
    use_exec: bool = True
    use_node: bool = True


class Proof(Struct):
    """What was found out of some pods: of containers by UID and name, of files (and their bytes) by node and localhostProfile, of
    events by UID; and their nodes, with what a probe saw of the kubelets.
    """

    nodes: dict[str, NodeFacts]
    observed: dict[Key, Observed] = {}
    files: dict[tuple[str, str], ProfileFile] = {}
    contents: dict[tuple[str, str], bytes] = {}
    events: dict[str, tuple[str, ...]] = {}
    gaps: list[Gap] = []


class _Told(Struct, frozen=True):
    """What one pod's events and exec have told: the latter by container name."""

    pod: Pod
    events: tuple[str, ...]
    observed: dict[str, Observed]
    gaps: list[Gap]

    def unanswered(self) -> list[Container]:
        """Return the running containers that exec has not told of."""
        return [member for member in containers(self.pod) if runs(member) and not _answered(self.observed.get(member.name))]


def prove(
    api: Api, client: PodClient, pods: list[Pod], nodes: Mapping[str, NodeFacts], ways: Ways, progress: Callable[[int, int], None]
) -> Proof:
    """Return everything that can be found out of these pods; what cannot be is a gap. Each node is asked once about all of them.

    `progress` is told how many of how many nodes are done. On KeyboardInterrupt every probe is removed before it is passed on.
    """
    found = Proof(dict(nodes))
    with ThreadPoolExecutor(PODS_AT_ONCE) as pool:
        told = list(pool.map(lambda pod: _ask_pod(api, pod, nodes.get(pod.spec.node_name or ""), ways), pods))
    for each in told:
        found.events[each.pod.metadata.uid or ""] = each.events
        found.observed |= {_key(each.pod, name): value for name, value in each.observed.items()}
        found.gaps += each.gaps
    if ways.use_node:
        _ask_nodes(api, client, told, ways, found, progress)
    for pod in pods:
        _complete(pod, ways, found)
    return found


def _ask_pod(api: Api, pod: Pod, node: NodeFacts | None, ways: Ways) -> _Told:
    gaps: list[Gap] = []
    events = _events(api, pod, gaps)
    running = [member for member in containers(pod) if runs(member)]
    if not ways.use_exec or not running or _windows(node):
        return _Told(pod, events, {}, gaps)
    return _Told(pod, events, still_there(api, pod, _by_exec(api.connection, pod, running, ways.settings.timeout), gaps), gaps)


def _ask_nodes(api: Api, client: PodClient, told: list[_Told], ways: Ways, found: Proof, progress: Callable[[int, int], None]) -> None:
    """Put what the nodes say of these pods into `found`."""
    questions = {}
    for name, node in found.nodes.items():
        mine = [each for each in told if each.pod.spec.node_name == name]
        if not _windows(node) and (question := _question(node, mine)) is not None:
            questions[name] = question
            for key in (_key(each.pod, member.name) for each in mine for member in each.unanswered() if not container_id(member)):
                found.observed.setdefault(key, NO_ID)
    stop = threading.Event()

    def one(name: str) -> Answer[Key]:
        return ask_node(api, client, questions[name], ways.settings, stop)

    if questions:
        client.prepare()
    for name, answer in gathered(one, list(questions), AT_ONCE, stop, progress):
        found.files |= {(name, path): file for path, file in answer.files.items()}
        found.contents |= {(name, path): content for path, content in answer.contents.items()}
        found.observed |= {key: value for key, value in answer.observed.items() if _answered(value) or key not in found.observed}
        found.nodes[name] = with_process(found.nodes[name], answer.kubelet)
        found.gaps += answer.gaps


def _question(node: NodeFacts, told: list[_Told]) -> Question[Key] | None:
    """Return what a node is to be asked: which files there are, and what exec could not tell; None for nothing."""
    members = [member for each in told for member in containers(each.pod)]
    paths = tuple(dict.fromkeys(path for member in members if (path := member.declared.file)))
    unanswered = [(each.pod, member) for each in told for member in each.unanswered()]
    if not paths and not unanswered:
        return None
    reports = [trouble.path for member in members for trouble in troubles(member.status, (), localhost=True)]
    events = [trouble.path for each in told for trouble in troubles(None, each.events, localhost=True)]
    ids = {_key(pod, member.name): identity for pod, member in unanswered if (identity := container_id(member))}
    return Question(node, ids, paths, tuple(filter(None, reports)), tuple(filter(None, events)))


def _complete(pod: Pod, ways: Ways, found: Proof) -> None:
    """Add why a pod's containers cannot be looked at, and a gap for each that should have been."""
    if _windows(found.nodes.get(pod.spec.node_name or "")):
        return
    for member in containers(pod):
        key = _key(pod, member.name)
        if not runs(member) and (ways.use_exec or ways.use_node) and pod.phase not in ("Succeeded", "Failed"):
            why = _not_running(member)
            found.observed |= {key: why} if why is not None else {}
        if (said := found.observed.get(key)) is not None and not _answered(said):
            found.gaps.append(not_observed(pod, member.name, said))


def _key(pod: Pod, container: str) -> Key:
    return pod.metadata.uid or "", container


def _windows(node: NodeFacts | None) -> bool:
    return node is not None and node.os == "windows"


def _answered(observed: Observed | None) -> bool:
    return observed is not None and observed.state is not Observation.FAILED


def _events(api: Api, pod: Pod, gaps: list[Gap]) -> tuple[str, ...]:
    namespace, uid = pod.metadata.namespace or "", pod.metadata.uid or ""
    try:
        found = lists.events(api, namespace, uid)
    except ApiError as error:
        gaps.append(Gap("events", f"pod/{namespace}/{pod.name}", error.why))
        return ()
    return tuple(dict.fromkeys(event.message for event in found if event.type == "Warning" and event.message))


def _by_exec(connection: Connection, pod: Pod, members: list[Container], timeout: float) -> dict[str, Observed]:
    """Read /proc/self/status in every container: the process that exec starts has the container's own filter.

    /proc/1/status is not read: with a shared or the host's process namespace it is another container's, and else it would
    only add the application's own filters.
    """
    namespace = pod.metadata.namespace or ""

    def one(member: Container) -> Observed:
        return read_status(connection, namespace, pod.name, member.name, timeout)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return {member.name: value for member, value in zip(members, pool.map(one, members), strict=True)}


def still_there(api: Api, pod: Pod, observed: dict[str, Observed], gaps: list[Gap]) -> dict[str, Observed]:
    """Return what exec observed, without what it said of containers that were replaced meanwhile.

    Exec goes by names, so the container's id and the pod's UID are compared afterwards; what cannot be is added to `gaps`.
    """
    try:
        now = lists.pod(api, pod.metadata.namespace or "", pod.name)
        ids = {member.name: container_id(member) for member in containers(now)} if now.metadata.uid == pod.metadata.uid else {}
    except ApiError as error:
        if error.status != 404:
            gaps.append(Gap("pod", f"pod/{pod.metadata.namespace}/{pod.name}", f"could not be read again after exec: {error.why}"))
            return observed
        ids = {}
    before = {member.name: container_id(member) for member in containers(pod)}
    return {name: value if ids.get(name) == before[name] else _REPLACED for name, value in observed.items()}


_REPLACED = Observed(Observation.FAILED, via="exec", explanation="it was replaced while it was looked at")


def _not_running(member: Container) -> Observed | None:
    """Return why a container that should run cannot be looked at, None for one that has ended."""
    state = member.status.state if member.status is not None else None
    if state is not None and state.terminated is not None:
        return None
    reason = state.waiting.reason if state is not None and state.waiting is not None else None
    return Observed(Observation.FAILED, explanation="it is not running" + (f" ({reason})" if reason else ""))
