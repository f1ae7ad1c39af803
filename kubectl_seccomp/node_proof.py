"""One node asked by a probe: about profile files, judged as its runtime would, and about containers' processes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Generic

from msgspec import Struct, structs

from .cluster.api import Api
from .cluster.pods import PodClient
from .cluster.probe import Asked, Settings, ask
from .facts import NodeFacts, Observed, ProfileFile
from .file_problems import file_problems
from .model import OBSERVED_MODE, Gap
from .nodes.answer import Answer, K, Listing, ProbeAnswer, Root
from .nodes.manifest import NOTHING_MORE, Wanted
from .nodes.output import main_process, observed, own_kubelet, sandboxes
from .nodes.root import root
from .pods import Pod
from .profiles.document import judge
from .runtimes import parse
from .words import FileState, Observation

# The largest content that the probe sends of a file, in bytes.
LARGEST = 1_048_576
FULL = "could not be read: together with the other files it is more than the probe's log holds"
ROOT_HINT = "give --kubelet-root, or allow get nodes/proxy"
# What is said of a container about which its node could not be asked.
NO_ID = Observed(Observation.FAILED, via="node", explanation="it has no container id yet to look for on the node")


class Question(Struct, Generic[K], frozen=True):
    """What a node is asked: `ids` of containers by whatever names them to the asker, `paths` as localhostProfiles.

    `reports` and `events` as in nodes/root.py; `wanted` is asked besides.
    """

    node: NodeFacts
    ids: Mapping[K, str]
    paths: tuple[str, ...]
    reports: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    wanted: Wanted = NOTHING_MORE


def not_observed(pod: Pod, name: str, seen: Observed) -> Gap:
    """Return the gap for a container, by its name, whose process could not be looked at."""
    return Gap(OBSERVED_MODE, f"pod/{pod.metadata.namespace}/{pod.name}", f"{name}: {seen.explanation}", 1)


def ask_node(api: Api, client: PodClient, question: Question[K], settings: Settings, stop: threading.Event | None = None) -> Answer[K]:
    """Ask a node by a probe; once more when its kubelet turns out to have another root directory than was assumed.

    Setting `stop` from another thread ends it early. Raises nothing but KeyboardInterrupt; the probe's pod is gone then, too.
    """
    node, paths = question.node, question.paths
    place = root(node, settings.kubelet_root, paths, question.reports, question.events)
    asked, place = _asked(api, client, question, settings, stop, place)
    if asked.answer is None:
        return Answer(gaps=asked.gaps, uids=asked.uids)
    processes = asked.answer.processes
    seen = {name: observed(main_process(processes, value)) for name, value in question.ids.items()}
    files = judged_files(asked.answer, node, paths)
    listing = _judged_listing(asked.answer.listing, node) if asked.answer.listing is not None else None
    if not place.known:
        why = f"looked for under {place.path}, but the kubelet's root directory is not known: {ROOT_HINT}"
        files = {path: _doubted(file, why) for path, file in files.items()}
    gaps = tuple(
        Gap("profile file", f"node/{node.name}", f"{path}: {file.explanation}", 1) for path, file in files.items() if _open(file)
    )
    kubelet = own_kubelet(asked.answer.kubelets, node.name)
    contents = {paths[file.index]: file.content for file in asked.answer.files if file.index < len(paths) and file.content is not None}
    return Answer(
        files, seen, (*asked.gaps, *gaps), asked.uids, kubelet,
        place, asked.answer.kernel, listing, sandboxes(processes), said=True, contents=contents,
    )  # fmt: skip


def _asked(
    api: Api, client: PodClient, question: Question[K], settings: Settings, stop: threading.Event | None, place: Root
) -> tuple[Asked, Root]:
    """Return the answer and where it was looked for."""
    node, ids, paths, wanted = question.node.name, tuple(question.ids.values()), question.paths, question.wanted
    asked = ask(api, client, node, place.path, ids, paths, settings, stop=stop, wanted=wanted)
    if asked.answer is None or place.known:
        return asked, place
    own = own_kubelet(asked.answer.kubelets, node)
    if own is None:
        return asked, place
    known = Root(own.root, True, "the kubelet's command line")
    if own.root == place.path or not (paths or wanted.listing):
        return asked, known
    again = ask(api, client, node, own.root, ids, paths, settings, stop=stop, wanted=wanted)
    return Asked(again.answer, (*asked.gaps, *again.gaps), (*asked.uids, *again.uids)), known


def judged_files(answer: ProbeAnswer, node: NodeFacts, paths: tuple[str, ...]) -> dict[str, ProfileFile]:
    """Return each file that was asked for, by localhostProfile, with what the node's runtime makes of it."""
    silent = ProfileFile(FileState.UNREADABLE, explanation="the probe says nothing about it")
    found = {paths[file.index]: _judged(file.facts, file.content, node) for file in answer.files if file.index < len(paths)}
    return dict.fromkeys(paths, silent) | found


def _judged_listing(listing: Listing, node: NodeFacts) -> Listing:
    """Return the listing with what the node's runtime makes of each file in it."""
    entries = (
        structs.replace(entry, facts=_judged(entry.facts, entry.content, node), content=None) if entry.kind == "file" else entry
        for entry in listing.entries
    )
    return structs.replace(listing, entries=tuple(entries))


def _open(file: ProfileFile) -> bool:
    """Whether the question what the file does is not answered for certain."""
    return file.state is FileState.UNREADABLE or file.assumed


def _judged(file: ProfileFile, content: bytes | None, node: NodeFacts) -> ProfileFile:
    """Return a file's facts with what the node's runtime makes of its content."""
    if file.state is not FileState.PRESENT:
        return file
    if content is None:
        big = file.size is not None and file.size > LARGEST
        why = f"{file.path} {'is larger than the probe reads (1 MiB)' if big else FULL}"
        return structs.replace(file, state=FileState.UNREADABLE, explanation=why)
    found = judge(content, parse(node.runtime)[0].scheme)
    return structs.replace(
        file,
        state=found.state,
        effect=found.effect,
        forbids_nothing=found.forbids_nothing,
        explanation=f"{file.path}: {found.why}",
        problems=file_problems(content, node),
    )


def _doubted(file: ProfileFile, why: str) -> ProfileFile:
    """Under a directory that is only assumed, an absent file may lie elsewhere, and a present one may be another."""
    if file.state is FileState.MISSING:
        return structs.replace(file, state=FileState.UNREADABLE, assumed=True, explanation=why)
    return structs.replace(file, assumed=True, explanation=f"{file.explanation} (the kubelet's root directory is assumed)")
