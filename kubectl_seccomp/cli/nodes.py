"""`check node`: what nodes have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, assert_never

from ..cluster.connection import Options
from ..fault import Fault
from .boundary import flush, put, say
from .choices import Format
from .connect import open_api
from .given import Judging, Output, Probing
from .looking import Manifests, asking, pod_client, settings
from .reports import exit_code, head, put_manifests, query_of, refuse_unknown, width, worst

if TYPE_CHECKING:
    from ..cluster.api import Api
    from ..facts import NodeFacts
    from ..model import Gap
    from ..node_values import NodesReport


def check_node(
    output: Output,
    judging: Judging,
    probing: Probing,
    connection: Options,
    names: list[str] | None = None,
    every: bool = False,
) -> int:
    """Print what each node has, and what is wrong with it."""
    from ..render import node
    from ..render.summary import gap_lines

    query = query_of(output)
    _refuse(names or [], every, judging)
    api = open_api(connection)
    shown: Manifests | None = [] if probing.dry_run else None
    report = _report(api, names or [], judging, probing, shown)
    if shown is not None:
        return put_manifests(shown, output)
    put(query(node.record(report)) if query else _chunks(report, output), exact=output.exact)
    flush()
    if query or output.output not in (Format.TABLE, Format.WIDE):
        for line in gap_lines(report.gaps):
            say(line)
    return exit_code(worst(report.findings), report.gaps, judging.fail_on, allow_gaps=output.allow_gaps)


def _refuse(names: list[str], every: bool, judging: Judging) -> None:
    from ..checks.node import CHECKS

    if not names and not every:
        raise Fault("no node is named", "name one or more, or give --all for every node of the cluster", 2)
    if names and every:
        raise Fault("names of nodes cannot be combined with --all", "leave out one or the other", 2)
    for name in names:
        if "/" in name.removeprefix("node/").removeprefix("nodes/"):
            raise Fault(f'"{name}" is not a node: check node takes names of nodes', "see: kubectl get nodes", 2)
    refuse_unknown(judging, CHECKS, " on nodes")


def _report(api: Api, names: list[str], judging: Judging, probing: Probing, shown: Manifests | None) -> NodesReport:
    from ..checks import wanted
    from ..checks.node import findings
    from ..inspection import inspect
    from ..node_values import NodesReport

    nodes, absent = _chosen(api, names)
    top = head("cluster", api.connection.context, ["*"], None, kind="NodeReport")
    with asking() as told:
        reports, gaps = inspect(api, pod_client(api, probing, shown), nodes, settings(probing), told)
    found = [finding for node in reports for finding in findings(node)]
    kept = [finding for finding in found if wanted(finding, tuple(judging.select), tuple(judging.ignore))]
    kept.sort(key=lambda finding: finding.severity.rank)
    return NodesReport(top, tuple(reports), tuple(kept), (*absent, *gaps))


def _chosen(api: Api, names: list[str]) -> tuple[list[NodeFacts], list[Gap]]:
    """Return the nodes that are named, or all of them. A cordoned node is asked when it is named."""
    from msgspec import structs

    from ..cluster.node_facts import CORDONED
    from ..inspection import chosen, everyone

    if not names:
        nodes = everyone(api)
        if not nodes:
            say("No resources found")
        return nodes, []
    found, absent = chosen(api, names)
    return [structs.replace(each, unaskable="") if each.unaskable == CORDONED else each for each in found], absent


def _chunks(report: NodesReport, output: Output) -> Iterator[str]:
    from ..render import node

    match output.output:
        case Format.JSON:
            return node.json(report)
        case Format.YAML:
            return node.yaml(report)
        case Format.CSV:
            return node.csv(report, headers=not output.no_headers)
        case Format.NAME:
            return node.names(report)
        case Format.MARKDOWN:
            return node.markdown(report)
        case Format.TABLE | Format.WIDE:
            return node.table(report, wide=output.output is Format.WIDE, headers=not output.no_headers, width=width())
        case missing:
            assert_never(missing)
