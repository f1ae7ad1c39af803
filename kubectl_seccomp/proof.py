"""How one pod is proved: exec into each container, then its node for profile files and for what exec could not tell."""

from __future__ import annotations

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
from .nodes.answer import Answer
from .nodes.kubelet import with_process
from .pods import Container, Pod, container_id, containers, runs
from .words import Observation

AT_ONCE = 8


class Ways(Struct, frozen=True):
    """Which ways of proof are wanted, and how the node is asked."""

    settings: Settings
    use_exec: bool = True
    use_node: bool = True


class Proof(Struct, frozen=True):
    """What was found out of one pod: by container name, by localhostProfile; its node, with what a probe saw of the kubelet; and the
    bytes of the files that were read.
    """

    observed: dict[str, Observed]
    files: dict[str, ProfileFile]
    events: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    node: NodeFacts | None = None
    contents: dict[str, bytes] = {}


def prove(api: Api, client: PodClient, pod: Pod, node: NodeFacts | None, ways: Ways) -> Proof:
    """Return everything that can be found out of one pod; what cannot be is a gap."""
    gaps: list[Gap] = []
    told = _events(api, pod, gaps)
    if node is not None and node.os == "windows":
        return Proof({}, {}, told, tuple(gaps))
    members = list(containers(pod))
    running = [member for member in members if runs(member)]
    observed = (
        still_there(api, pod, _by_exec(api.connection, pod, running, ways.settings.timeout), gaps) if ways.use_exec and running else {}
    )
    unanswered = [member for member in running if not _answered(observed.get(member.name))]
    question = _question(node, members, unanswered, told) if ways.use_node and node is not None else None
    answer = ask_node(api, client, question, ways.settings) if question is not None else Answer[str]()
    if node is not None:
        node = with_process(node, answer.kubelet)
    if question is not None:
        seen = answer.observed | {member.name: NO_ID for member in unanswered if container_id(member) is None}
        observed |= {name: value for name, value in seen.items() if _answered(value) or name not in observed}
    if (ways.use_exec or ways.use_node) and pod.phase not in ("Succeeded", "Failed"):
        observed |= {member.name: why for member in members if member not in running and (why := _not_running(member)) is not None}
    unseen = (not_observed(pod, name, said) for name, said in observed.items() if not _answered(said))
    return Proof(observed, answer.files, told, (*gaps, *answer.gaps, *unseen), node, answer.contents)


def _question(node: NodeFacts, members: list[Container], unanswered: list[Container], told: tuple[str, ...]) -> Question[str] | None:
    """Return what the pod's node is to be asked: which files there are, and what exec could not tell; None for nothing."""
    paths = tuple(dict.fromkeys(path for member in members if (path := member.declared.file)))
    if not paths and not unanswered:
        return None
    reports = [trouble.path for member in members for trouble in troubles(member.status, (), localhost=True)]
    events = [trouble.path for trouble in troubles(None, told, localhost=True)]
    ids = {member.name: identity for member in unanswered if (identity := container_id(member))}
    return Question(node, ids, paths, tuple(filter(None, reports)), tuple(filter(None, events)))


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
