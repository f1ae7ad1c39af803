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
from .nodes.kubelet import DEFAULT_ROOT, root_from_label
from .pods import Container, Pod, containers
from .profiles.document import judge
from .runtimes import parse

AT_ONCE = 8


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
        files, seen, uids = _by_node(api, client, node, open_questions, paths, told, members, ways, gaps)
        observed |= {name: value for name, value in seen.items() if _answered(value) or name not in observed}
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


def _by_node(
    api: Api,
    client: PodClient,
    node: NodeFacts,
    unanswered: list[Container],
    paths: tuple[str, ...],
    told: tuple[str, ...],
    members: list[Container],
    ways: Ways,
    gaps: list[Gap],
) -> tuple[dict[str, ProfileFile], dict[str, Observed], tuple[str, ...]]:
    root, known = kubelet_root(node, ways.kubelet_root, paths, (*told, *_waiting(members)))
    ids = {member.name: _id(member) for member in unanswered}
    asked = ask(api, client, node.name, root, tuple(value for value in ids.values() if value), paths, ways.settings)
    gaps.extend(asked.gaps)
    if asked.answer is None:
        return {}, {}, asked.uids
    seen = {name: output.observed(output.main_process(asked.answer.processes, value)) for name, value in ids.items() if value}
    roots = {kubelet.root for kubelet in asked.answer.kubelets}
    decoder = parse(node.runtime)[0].decoder
    files = {paths[file.index]: judged(file, decoder) for file in asked.answer.files if file.index < len(paths)}
    if not known and roots != {root}:
        files = {path: _doubted(file, root, gaps, node) for path, file in files.items()}
    return files, seen, asked.uids


def kubelet_root(node: NodeFacts, given: str | None, paths: tuple[str, ...], texts: Iterable[str]) -> tuple[str, bool]:
    """Return the kubelet's root directory and whether that is known: said by the user, by the kubelet, or by the runtime's error.

    Otherwise the node's label or the default is tried, and what the probe sees of kubelets decides whether to believe it.
    """
    if given:
        return given.rstrip("/") or "/", True
    if node.kubelet_root:
        return node.kubelet_root.rstrip("/") or "/", True
    for text in texts:
        for path in paths:
            match = re.search(r'(/[^"\s]*)/seccomp/' + re.escape(path), text)
            if match:
                return match[1], True
    return next(iter(root_from_label(node.directory_label)), DEFAULT_ROOT), False


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


def _doubted(file: ProfileFile, root: str, gaps: list[Gap], node: NodeFacts) -> ProfileFile:
    """A file that is absent under a root that is only assumed may lie elsewhere."""
    if file.state is not FileState.MISSING:
        return file
    why = f"not under {root}, but the kubelet's root directory is not known: say --kubelet-root, or allow get nodes/proxy"
    gaps.append(Gap("profile file", f"node/{node.name}", why, 1))
    return structs.replace(file, state=FileState.UNREADABLE, explanation=why)


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
