"""`audit` and `list`: every container in the cluster, or in manifests."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ..cluster.connection import Options
from ..fault import Fault
from ..model import Evidence, Report
from .boundary import put, say
from .choices import FailOn, Format, WhatIf
from .formats import machine
from .given import Files, Judging, Output, Probing, Selecting, Verifying
from .looking import Manifests, chosen, looked_at
from .reports import finish, head, policy, put_manifests, query_of, width

if TYPE_CHECKING:
    from ..audit import Policy
    from .looking import Look, Pods

_LIMITED = (Format.TABLE, Format.WIDE, Format.JSON, Format.YAML)
# Formats that have room for what a filter leaves open.
_WHOLE = (Format.WIDE, Format.JSON, Format.YAML)


def audit(
    files: Files,
    selecting: Selecting,
    verifying: Verifying,
    probing: Probing,
    output: Output,
    judging: Judging,
    connection: Options,
    failing: bool = False,
    limit: int | None = None,
    what_if: WhatIf | None = None,
) -> int:
    """Print what every container was given, what it gets, and why; or what would change."""
    query = query_of(output)
    if limit and (what_if is not None or output.output not in _LIMITED):
        other = "--what-if" if what_if is not None else f"-o {output.output.value}"
        raise Fault(f"--limit cannot be combined with {other}", "it limits the rows of a table, or the findings in json and yaml", 2)
    if what_if is not None:
        return _forecast(files, selecting, verifying, output, connection)
    _refuse_blind(judging, verifying)
    _refuse_unasked(verifying, probing)
    shown: Manifests | None = [] if probing.dry_run else None
    looking = verifying.verify or verifying.exec_
    look = functools.partial(looked_at, verifying=verifying, probing=probing, shown=shown) if looking else None
    rules = policy(judging, selecting, files)
    rules = replace(rules, verdicts=looking, strengths=query is not None or output.output in _WHOLE)
    report = make_report(files, selecting, connection, rules, cluster_wide=True, look=look)
    if shown is not None:
        return put_manifests(shown, output)
    listed = report if limit is None else replace(report, findings=lambda: islice(report.findings(), limit))
    chunks = query(listed) if query else _audit_chunks(listed, output, failing, limit)
    put(chunks, exact=output.exact)
    code = finish(report, output, judging.fail_on)
    found = sum(report.tail().summary.findings.values())
    if limit and found > limit and output.exact:
        say(f"hint: the worst {limit} of {found} findings are listed: leave out --limit to see all of them.")
    return code


def _forecast(files: Files, selecting: Selecting, verifying: Verifying, output: Output, connection: Options) -> int:
    """Print which containers would change if their kubelets had seccompDefault."""
    from ..render.forecast import changing, summary, table

    if files.filename or verifying.verify or verifying.exec_:
        raise Fault(
            "--what-if looks at a cluster as it is: it cannot be combined with -f, --verify or --exec", "leave out one or the other", 2
        )
    if output.output not in (Format.TABLE, Format.JSON, Format.YAML):
        raise Fault(f"--what-if does not support -o {output.output.value}", "it supports table, json and yaml", 2)
    query = query_of(output)
    rules = replace(policy(Judging(), selecting, files), judge=False)
    report = make_report(files, selecting, connection, rules, cluster_wide=True, pool=verifying.nodes or "")
    if query or output.output is not Format.TABLE:
        rows = []
        put(query(report) if query else _audit_chunks(report, output), exact=True)
    else:
        rows = changing(report)
        put(table(rows, headers=not output.no_headers, width=width()))
    code = finish(report, output, FailOn.NEVER, judged=False)
    for line in summary(report.tail(), rows):
        say(line)
    return code


def list_(files: Files, selecting: Selecting, output: Output, connection: Options) -> int:
    """Print one row per container."""
    query = query_of(output)
    rules = replace(policy(Judging(), selecting, files), judge=False)
    report = make_report(files, selecting, connection, rules, cluster_wide=False)
    chunks = query(report) if query else _list_chunks(report, output, all_namespaces=selecting.all_namespaces)
    put(chunks, exact=output.exact)
    return finish(report, output, FailOn.NEVER, judged=False)


def make_report(
    files: Files,
    selecting: Selecting,
    connection: Options,
    rules: Policy,
    *,
    cluster_wide: bool,
    look: Look | None = None,
    pool: str | None = None,
) -> Report:
    """Return the report over manifests or over the cluster, still to be walked.

    `pool`: with a forecast for the nodes of this label selector, "" for all.
    """
    if not files.filename:
        if files.recursive or files.seccomp_default:
            raise Fault("-R and --seccomp-default only work with -f", "give the manifests with -f", 2)
        return _over_cluster(selecting, connection, rules, cluster_wide=cluster_wide, look=look, pool=pool)
    if look is not None:
        raise Fault("--verify and --exec look at a cluster: they cannot be combined with -f", "leave out one or the other", 2)
    if selecting.all_namespaces or selecting.selector or selecting.field_selector or connection.namespace:
        raise Fault(
            "-A, -n, -l and --field-selector select in a cluster: they cannot be combined with -f", "leave out one or the other", 2
        )
    from ..audit import audit as judge
    from ..files import read

    found = read(files.filename, files.recursive, sys.stdin.buffer if sys.stdin is not None else None)
    return judge(found, Evidence(), rules, head("files", None, ["*"], None))


def _over_cluster(
    selecting: Selecting, connection: Options, rules: Policy, *, cluster_wide: bool, look: Look | None, pool: str | None
) -> Report:
    from ..audit import audit as judge
    from ..evidence import nodes_evidence
    from ..scope import Selection, select
    from .connect import open_api

    if selecting.all_namespaces and connection.namespace:
        say("warning: -n is ignored, because -A looks at all namespaces")
    api = open_api(connection)
    everywhere = selecting.all_namespaces or (cluster_wide and not connection.namespace)
    namespace = None if everywhere else api.connection.namespace
    wanted = Selection(namespace, selecting.selector, selecting.field_selector, selecting.chunk_size)
    found = select(api, wanted)
    evidence = nodes_evidence(api)
    if pool is not None:
        rules = replace(rules, what_if=chosen(api, pool or None) or frozenset())
    pods = found.pods
    if look is not None:
        evidence, through = look(api, pods, evidence)
        # Listed again: what is judged has to be what runs after the nodes were asked.
        pods = through(select(api, wanted).pods)
    top = head("cluster", api.connection.context, found.namespaces, selecting.selector)
    return judge(_told(pods, namespace), evidence, rules, top)


def _refuse_blind(judging: Judging, verifying: Verifying) -> None:
    """Stop where a check was asked for that this run cannot make: it would find nothing, which reads like a pass."""
    from ..checks import blind, known

    looked = frozenset(("file", "process") if verifying.verify else ("process",) if verifying.exec_ else ())
    for key in judging.select:
        if known(key) and blind(key, frozenset(("file", "process"))):
            raise Fault(f"--select {key} is a check on nodes, and finds nothing here", "see: kubectl seccomp check node --help", 2)
        if known(key) and blind(key, looked):
            raise Fault(f"--select {key} finds nothing without a look at the nodes", "add --verify", 2)


def _refuse_unasked(verifying: Verifying, probing: Probing) -> None:
    """Stop where it was said how to ask the nodes, and they are not asked."""
    if not verifying.verify and replace(verifying, exec_=False) != Verifying():
        raise Fault("--nodes, --max-nodes, --concurrency and --earlier only work with --verify", "add --verify", 2)
    if probing.dry_run and (not verifying.verify or verifying.exec_):
        raise Fault("--dry-run prints the probe pods of --verify, and only works with it", "add --verify, and leave out --exec", 2)


def _told(pods: Pods, namespace: str | None) -> Pods:
    """Pass the pods on, and say so, as kubectl does, when there were none: in this namespace, or in all."""
    none = True
    for pod in pods:
        none = False
        yield pod
    if none:
        say(f"No resources found in namespace {namespace}" if namespace else "No resources found")


def _audit_chunks(report: Report, output: Output, failing: bool = False, limit: int | None = None) -> Iterator[str]:
    if output.output in (Format.TABLE, Format.WIDE):
        from ..render.table import audit_table, audit_wide

        if output.output is Format.WIDE:
            return audit_wide(report, headers=not output.no_headers, failing=failing, limit=limit)
        return audit_table(report, headers=not output.no_headers, failing=failing, width=width(), limit=limit)
    return machine(report, output, failing=failing)


def _list_chunks(report: Report, output: Output, *, all_namespaces: bool) -> Iterator[str]:
    if output.output in (Format.TABLE, Format.WIDE):
        from ..render.table import list_table

        wide = output.output is Format.WIDE
        return list_table(report, headers=not output.no_headers, namespace=all_namespaces, wide=wide)
    return machine(report, output, failing=False, pods=True, judged=False)
