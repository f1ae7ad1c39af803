"""How one pod is proved: exec into each container, then its node for profile files and for what exec could not tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct, structs

from .cluster import lists
from .cluster.api import Api, ApiError
from .cluster.connection import Connection
from .cluster.execs import read_status
from .cluster.pods import PodClient
from .cluster.probe import Settings, ask
from .model import FileState, Gap, NodeFacts, Observation, Observed, ProfileFile
from .nodes import output
from .nodes.root import root, settled
from .pods import Container, Pod, containers
from .profiles.document import judge
from .runtimes import parse

AT_ONCE = 8
ROOT_HINT = "say --kubelet-root, or allow get nodes/proxy"


class Ways(Struct, frozen=True):
    """Which ways of proof are wanted, and how the node is asked."""

    settings: Settings
    use_exec: bool = True
    use_node: bool = True
    kubelet_root: str | None = None


class Proof(Struct, frozen=True):
    """What was found out of one pod: by container name, by localhostProfile; and the UIDs of the pods it took."""

    observed: dict[str, Observed]
    files: dict[str, ProfileFile]
    events: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    uids: tuple[str, ...] = ()


def prove(api: Api, client: PodClient, pod: Pod, node: NodeFacts | None, ways: Ways) -> Proof:
    """Return everything that can be found out of one pod; what cannot be is a gap."""
    gaps: list[Gap] = []
    told = _events(api, pod, gaps)
    if node is not None and node.os == "windows":
        return Proof({}, {}, told, tuple(gaps))
    members = list(containers(pod))
    running = [member for member in members if _runs(member)]
    observed = _by_exec(api.connection, pod, running) if ways.use_exec else {}
    paths = tuple(dict.fromkeys(path for member in members if (path := _path(member))))
    open_questions = [member for member in running if not _answered(observed.get(member.name))]
    files: dict[str, ProfileFile] = {}
    uids: tuple[str, ...] = ()
    if ways.use_node and node is not None and (paths or open_questions):
        ids = {member.name: _id(member) for member in open_questions}
        answer = _by_node(api, client, _Question(node, ids, paths, tuple(_waiting(members)), told), ways)
        files, uids = answer.files, answer.uids
        observed |= {name: value for name, value in answer.observed.items() if _answered(value) or name not in observed}
        gaps.extend(answer.gaps)
    gaps.extend(
        Gap("observed mode", f"pod/{pod.metadata.namespace}/{pod.name}", f"{member.name}: {said.explanation}", 1)
        for member in running
        if (said := observed.get(member.name)) is not None and said.state is Observation.FAILED
    )
    return Proof(observed, files, told, tuple(gaps), uids)


def _runs(member: Container) -> bool:
    state = member.status.state if member.status is not None else None
    return state is not None and state.running is not None


def _answered(observed: Observed | None) -> bool:
    return observed is not None and observed.state is not Observation.FAILED


def _path(member: Container) -> str | None:
    field = member.declared.field
    return field.localhost_profile if field is not None and field.type == "Localhost" else None


def _events(api: Api, pod: Pod, gaps: list[Gap]) -> tuple[str, ...]:
    namespace, uid = pod.metadata.namespace or "", pod.metadata.uid or ""
    try:
        found = lists.events(api, namespace, uid)
    except ApiError as error:
        gaps.append(Gap("events", f"pod/{namespace}/{pod.name}", error.why))
        return ()
    return tuple(dict.fromkeys(event.message for event in found if event.type == "Warning" and event.message))


def _by_exec(connection: Connection, pod: Pod, members: list[Container]) -> dict[str, Observed]:
    """Read /proc/self/status in every container: the process that exec starts has the container's own filter.

    /proc/1/status is not read: with a shared or the host's process namespace it is another container's, and else it would
    only add the application's own filters.
    """
    namespace, timeout = pod.metadata.namespace or "", connection.timeout or 20.0

    def one(member: Container) -> Observed:
        return read_status(connection, namespace, pod.name, member.name, "/proc/self/status", timeout)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return {member.name: value for member, value in zip(members, pool.map(one, members), strict=True)}


class _Question(Struct, frozen=True):
    """What a pod's node is asked: about which containers, by name and id, and about which profile files."""

    node: NodeFacts
    ids: dict[str, str | None]
    paths: tuple[str, ...]
    reports: tuple[str, ...]
    events: tuple[str, ...]


class _Answer(Struct, frozen=True):
    files: dict[str, ProfileFile] = {}
    observed: dict[str, Observed] = {}
    gaps: tuple[Gap, ...] = ()
    uids: tuple[str, ...] = ()


def _by_node(api: Api, client: PodClient, question: _Question, ways: Ways) -> _Answer:
    """Ask the node by a probe; once more when its kubelet turns out to have another root directory than was assumed."""
    node, paths = question.node, question.paths
    ids = tuple(value for value in question.ids.values() if value)
    assumed = root(node, ways.kubelet_root, paths, question.reports, question.events)
    asked = ask(api, client, node.name, assumed.path, ids, paths, ways.settings)
    gaps, uids, known = list(asked.gaps), asked.uids, assumed.known
    if asked.answer is not None and paths and not known:
        real = settled(asked.answer.kubelets, node.name)
        known = real is not None
        if real is not None and real != assumed.path:
            asked = ask(api, client, node.name, real, ids, paths, ways.settings)
            gaps, uids = [*gaps, *asked.gaps], (*uids, *asked.uids)
    if asked.answer is None:
        return _Answer(gaps=tuple(gaps), uids=uids)
    processes = asked.answer.processes
    seen = {name: output.observed(output.main_process(processes, value)) for name, value in question.ids.items() if value}
    decoder = parse(node.runtime)[0].decoder
    files = {paths[file.index]: judged(file, decoder) for file in asked.answer.files if file.index < len(paths)}
    if not known:
        why = f"looked for under {assumed.path}, but the kubelet's root directory is not known: {ROOT_HINT}"
        gaps.extend(Gap("profile file", f"node/{node.name}", f"{path}: {why}", 1) for path in files)
        files = {path: _doubted(file, why) for path, file in files.items()}
    return _Answer(files, seen, tuple(gaps), uids)


def judged(file: output.File, decoder: str) -> ProfileFile:
    """Return the file's facts with what a runtime makes of its content."""
    if file.facts.state is not FileState.PRESENT:
        return file.facts
    if file.content is None:
        why = f"{file.facts.path} is larger than the probe reads (1 MiB)"
        return structs.replace(file.facts, state=FileState.UNREADABLE, explanation=why)
    found = judge(file.content, decoder)
    return structs.replace(
        file.facts,
        state=found.state,
        effect=found.effect,
        forbids_nothing=found.forbids_nothing,
        explanation=f"{file.facts.path}: {found.why}",
    )


def _doubted(file: ProfileFile, why: str) -> ProfileFile:
    """Under a directory that is only assumed, an absent file may lie elsewhere, and a present one may be another."""
    if file.state is FileState.MISSING:
        return structs.replace(file, state=FileState.UNREADABLE, assumed=True, explanation=why)
    return structs.replace(file, assumed=True, explanation=f"{file.explanation} (the kubelet's root directory is assumed)")


def _waiting(members: list[Container]) -> Iterable[str]:
    for member in members:
        state = member.status.state if member.status is not None else None
        if state is not None and state.waiting is not None and state.waiting.message:
            yield state.waiting.message


def _id(member: Container) -> str | None:
    """Return the container's id without its scheme; only hexadecimal ones are looked for on the node."""
    text = (member.status.container_id or "") if member.status is not None else ""
    plain = text.rpartition("://")[2]
    return plain if re.fullmatch(r"[0-9a-f]{12,128}", plain) else None
