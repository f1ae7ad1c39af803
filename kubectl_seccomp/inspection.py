"""`check node`: nodes are asked for all they can tell, and the cluster's pods for who uses what lies on them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct, structs

from .cluster import lists
from .cluster.api import Api, ApiError
from .cluster.pods import PodClient
from .cluster.probe import Settings
from .evidence import CONCURRENCY, node_gaps, still_unknown, with_defaults
from .facts import NodeFacts
from .fault import Fault
from .model import OBSERVED_MODE, Gap
from .node_proof import ROOT_HINT, Question, ask_node
from .node_report import node_report, users
from .node_values import NodeReport, User
from .nodes.answer import Answer, Key
from .nodes.kubelet import with_process
from .nodes.manifest import Wanted
from .pods import Pod, container_id, containers, runs
from .verify import Work, gathered, survey
from .words import FileState, Observation

# The UID by which the kubelet knows a static pod; its mirror has one of its own (kubernetes pkg/kubelet/config/common.go).
HASH_ANNOTATION = "kubernetes.io/config.hash"


class Census(Struct):
    """What the cluster's pods say: what each node is to be asked, who uses profile files (None: not known), pods by node."""

    work: dict[str, Work]
    users: tuple[User, ...] | None
    pods: dict[str, list[str]]


def chosen(api: Api, names: Iterable[str]) -> tuple[list[NodeFacts], list[Gap]]:
    """Return the nodes of these names, and a gap for each that cannot be had; Fault when none can."""
    wanted = list(dict.fromkeys(name.removeprefix("node/").removeprefix("nodes/") for name in names))
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        results = list(pool.map(lambda name: _node(api, name), wanted))
    found = [result for result in results if isinstance(result, NodeFacts)]
    absent = [(name, result) for name, result in zip(wanted, results, strict=True) if isinstance(result, ApiError)]
    if not found:
        first = absent[0][1]
        raise Fault(first.said, first.rights(" --verify") or "see: kubectl get nodes")
    return found, [Gap("node", f"node/{name}", error.said) for name, error in absent]


def _node(api: Api, name: str) -> NodeFacts | ApiError:
    try:
        return lists.node(api, name)
    except ApiError as error:
        return error


def everyone(api: Api) -> list[NodeFacts]:
    """Return all nodes. Fault when they cannot be listed."""
    try:
        return list(lists.nodes(api))
    except ApiError as error:
        raise Fault(f"cannot list nodes: {error.why}", "name the nodes" if error.status == 403 else None) from error


def census(api: Api, gaps: list[Gap]) -> Census:
    """Return what the pods of the whole cluster say; what cannot be read is added to `gaps`."""
    found: list[User] = []
    pods: dict[str, list[str]] = {}

    def noted(stream: Iterable[Pod | Gap]) -> Iterator[Pod]:
        for pod in stream:
            if isinstance(pod, Gap):
                gaps.append(pod)
                continue
            found.extend(users(pod))
            if pod.spec.node_name:
                uid = pod.annotations.get(HASH_ANNOTATION) or pod.metadata.uid or ""
                pods.setdefault(pod.spec.node_name, []).append(uid)
            yield pod

    try:
        # Of files, all that lie there are listed: none need be asked for where a pod could only land.
        work = survey(noted(lists.pods(api, None, None, None)), {})
    except ApiError as error:
        gaps.append(Gap("pods", "cluster", f"{error.why}: containers and the users of profiles are not shown"))
        return Census({}, None, {})
    return Census(work, tuple(found), pods)


def inspect(
    api: Api,
    client: PodClient,
    nodes: list[NodeFacts],
    settings: Settings,
    progress: Callable[[int, int], None],
) -> tuple[list[NodeReport], list[Gap]]:
    """Ask these nodes, CONCURRENCY at once, and return their reports in the same order, and what could not be read."""
    facts = {each.name: each for each in with_defaults(api, nodes)}
    gaps = [gap for each in facts.values() for gap in node_gaps(each)]
    said = census(api, gaps)
    gaps += [Gap("node probe", f"node/{each.name}", f"not asked: {each.unaskable}") for each in nodes if each.unaskable]
    stop = threading.Event()

    def one(name: str) -> Answer[Key]:
        return _ask(api, client, facts[name], said, settings, stop)

    client.prepare()
    able = [each.name for each in nodes if not each.unaskable]
    answers: dict[str, Answer[Key]] = {}
    for name, answer in gathered(one, able, CONCURRENCY, stop, progress):
        answers[name] = answer
        facts[name] = with_process(facts[name], answer.kubelet)
        gaps += [*answer.gaps, *_open(name, answer)]
    reports = [node_report(facts[each.name], answers.get(each.name, Answer()), said.users) for each in nodes]
    return reports, list(still_unknown(gaps, facts))


def _ask(api: Api, client: PodClient, node: NodeFacts, said: Census, settings: Settings, stop: threading.Event) -> Answer[Key]:
    mine = said.work.get(node.name, Work())
    ids = {key: value for key, value in mine.ids.items() if value}
    paths = tuple(dict.fromkeys(user.path for user in said.users or () if user.node == node.name))
    wanted = Wanted(kernel=True, listing=True, pods=tuple(said.pods.get(node.name, ())))
    answer = ask_node(api, client, Question(node, ids, paths, wanted=wanted), settings, stop)
    return _without_ended(api, node.name, ids, answer)


def _without_ended(api: Api, node: str, ids: dict[Key, str], answer: Answer[Key]) -> Answer[Key]:
    """Return the answer without the containers that had ended before they could be looked at; a gap for each that had not."""
    lost = [key for key, observed in answer.observed.items() if observed.state is Observation.FAILED]
    if not lost:
        return answer
    running: dict[Key, str] = {}
    try:
        for pod in lists.pods(api, None, None, f"spec.nodeName={node}"):
            if not isinstance(pod, Gap):
                running |= {(pod.metadata.uid or "", each.name): container_id(each) or "" for each in containers(pod) if runs(each)}
    except ApiError:
        running = dict(ids)
    gone = {key for key in lost if running.get(key) != ids[key]}
    left = {key: observed for key, observed in answer.observed.items() if key not in gone}
    failed = [observed for observed in left.values() if observed.state is Observation.FAILED]
    unseen = (Gap(OBSERVED_MODE, f"node/{node}", failed[0].explanation or "", len(failed)),) if failed else ()
    return structs.replace(answer, observed=left, gaps=(*answer.gaps, *unseen))


def _open(node: str, answer: Answer[Key]) -> Iterator[Gap]:
    """Yield what the node did not tell."""
    if answer.root is not None and not answer.root.known:
        yield Gap("kubelet root", f"node/{node}", f"{answer.root.path} is assumed: {ROOT_HINT}")
    if answer.listing is None:
        return
    if not answer.listing.whole:
        count = len(answer.listing.entries)
        yield Gap("profile files", f"node/{node}", f"there are more than the {count} that are shown")
    asked = {file.path for file in answer.files.values()}
    for entry in answer.listing.entries:
        if entry.facts.state is FileState.UNREADABLE and entry.facts.path not in asked:
            yield Gap("profile file", f"node/{node}", entry.facts.explanation or entry.name)
