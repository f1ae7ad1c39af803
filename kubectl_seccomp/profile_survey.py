"""`check profile`: every node is asked for the same files, and held against the pods that use them or could land there."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, structs

from .audit import Policy, audit
from .cluster.api import Api, ApiError
from .cluster.pods import PodClient
from .cluster.probe import Settings
from .evidence import nodes_evidence
from .facts import ProfileFile
from .fault import Fault
from .model import KUBELET_DEFAULT, Evidence, Finding, Gap, Head
from .pods import Pod
from .profile_matrix import ProfileMatrix, matrix, nowhere, uses
from .scope import Selection, select
from .verify import Limits, Verified, Work, verify
from .words import FileState, Severity

# Of what an audit finds, that which is about profile files.
CHECKS = ("KS3",)


class Surveyed(Struct, frozen=True):
    """A matrix per path, what is found with the pods that use them, worst first, and what could not be read.

    The head names the namespaces whose pods could be listed.
    """

    head: Head
    matrices: tuple[ProfileMatrix, ...]
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    worst: Severity | None


def survey(
    api: Api,
    client: PodClient,
    paths: list[str],
    settings: Settings,
    limits: Limits,
    head: Head,
    progress: Callable[[int, int], None],
) -> Surveyed:
    """Ask the nodes for the files at these paths, as verify does. Fault when there are no nodes to be listed."""
    try:
        evidence = nodes_evidence(api, required=True)
    except ApiError as error:
        raise Fault(f"cannot list nodes: {error.why}", error.rights(" --verify")) from error
    # What the kubelets do where nothing is set is not the question here.
    gaps = tuple(gap for gap in evidence.gaps if gap.what != KUBELET_DEFAULT)
    namespaces, pods, unread = _users(api, paths)
    head = structs.replace(head, scope=structs.replace(head.scope, namespaces=namespaces))
    asked = [node for node in evidence.nodes.values() if limits.only is None or node.name in limits.only]
    work = {node.name: Work(paths=dict.fromkeys(paths)) for node in asked if node.os != "windows"}
    found = verify(api, client, work, evidence.nodes, settings, limits, progress)
    tables = tuple(
        matrix(path, evidence.nodes, {node.name: _file(node.name, path, evidence, found) for node in asked}, pods, not unread)
        for path in paths
    )
    looked = structs.replace(evidence, files=found.files, gaps=(), own=frozenset(found.own))
    report = audit(pods, looked, Policy(select=CHECKS), head)
    for _ in report.pods:
        pass
    tail = report.tail()
    return Surveyed(head, tables, tuple(report.findings()), (*gaps, *unread, *found.gaps, *tail.gaps), tail.worst)


def _file(node: str, path: str, evidence: Evidence, found: Verified) -> ProfileFile:
    """Return what is known of a file on one node; a node that was asked and said nothing of it could not be read."""
    file = found.files.get((node, path))
    if file is not None:
        return file
    if node in found.left_out or evidence.nodes[node].os == "windows":
        return nowhere(evidence.nodes[node])
    return ProfileFile(FileState.UNREADABLE, explanation="its node gave no answer")


def _users(api: Api, paths: list[str]) -> tuple[list[str], list[Pod], tuple[Gap, ...]]:
    """Return the namespaces that were looked at, the pods that use one of the profiles, and gaps for what could not be listed."""
    wanted = frozenset(paths)
    try:
        found = select(api, Selection(None))
    except Fault as fault:
        return [], [], (Gap("pods", "cluster", fault.message),)
    pods: list[Pod] = []
    gaps: list[Gap] = []
    for pod in found.pods:
        if isinstance(pod, Gap):
            gaps.append(pod)
        elif uses(pod, wanted):
            pods.append(pod)
    return found.namespaces, pods, tuple(gaps)
