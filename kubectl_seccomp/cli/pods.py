"""`check pod` and `cleanup`: the commands that make or remove pods."""

from __future__ import annotations

import contextlib
import shutil
import time
from typing import TYPE_CHECKING

from msgspec import structs

from ..cluster.connection import Options
from ..facts import NodeFacts
from ..fault import Fault
from ..model import Evidence, Gap
from .boundary import put, say
from .choices import Format
from .connect import open_api
from .formats import machine
from .given import Files, Judging, Output, Probing, Proving, Selecting
from .looking import Manifests, asking, pod_client, settings
from .reports import finish, head, policy, put_manifests, query_of

if TYPE_CHECKING:
    from ..cluster.api import Api
    from ..pods import Pod


def check_pod(
    names: list[str],
    output: Output,
    judging: Judging,
    proving: Proving,
    probing: Probing,
    connection: Options,
) -> int:
    """Print what the containers of each pod have, as far as can be proved, and what to do."""
    from ..audit import audit as judge
    from ..render.check import render

    query = query_of(output)
    rehearsed: Manifests | None = [] if probing.dry_run else None
    rules = structs.replace(policy(judging, Selecting(include_finished=True), Files()), verdicts=True, strengths=True)
    api = open_api(connection)
    pods, absent = _read_all(api, names)
    evidence = _evidence(api, pods, absent, proving, probing, rehearsed)
    if rehearsed is not None:
        return put_manifests(rehearsed, output)
    top = head("cluster", api.connection.context, [api.connection.namespace], None)
    report = judge(pods, evidence, rules, top)
    if query:
        chunks = query(report)
    elif output.output in (Format.TABLE, Format.WIDE):
        chunks = render(report, evidence.nodes, shutil.get_terminal_size().columns)
    else:
        chunks = machine(report, output, failing=False, pods=True)
    put(chunks, exact=output.exact)
    return finish(report, output, judging.fail_on, quiet=output.output in (Format.TABLE, Format.WIDE))


def _read_all(api: Api, names: list[str]) -> tuple[list[Pod], list[Gap]]:
    """Return the pods, and a gap for each that cannot be had; Fault when none can."""
    pods, absent, faults = [], [], []
    for name in dict.fromkeys(names):
        try:
            pods.append(_read(api, name))
        except Fault as fault:
            if fault.code == 2 or len(names) == 1:
                raise
            faults.append(fault)
            absent.append(Gap("pod", f"pod/{api.connection.namespace}/{name}", fault.message))
    if not pods:
        raise faults[0]
    return pods, absent


def _read(api: Api, name: str) -> Pod:
    from ..cluster.api import ApiError
    from ..cluster.lists import pod
    from ..scope import seen

    plain = name.removeprefix("pod/").removeprefix("pods/")
    if "/" in plain:
        raise Fault(f'"{name}" is not a pod: check pod takes names of pods', "-n names the namespace; see: kubectl get pods", 2)
    try:
        return pod(api, api.connection.namespace, plain)
    except ApiError as error:
        if error.status == 404:
            with contextlib.suppress(ApiError):
                seen(api, api.connection.namespace)
        missing = f"it was looked for in namespace {api.connection.namespace}: -n names another"
        hint = missing if error.status == 404 else error.rights(" --verify --exec")
        raise Fault(error.said, hint) from error


def _evidence(api: Api, pods: list[Pod], gaps: list[Gap], proving: Proving, probing: Probing, shown: Manifests | None) -> Evidence:
    """Ask everything that these pods need and return the evidence, with these gaps and more."""
    from ..cluster.api import ApiError
    from ..cluster.lists import runtime_handlers
    from ..evidence import node_evidence, still_unknown
    from ..proof import Ways, prove

    nodes: dict[str, NodeFacts] = {}
    for name in dict.fromkeys(pod.spec.node_name for pod in pods if pod.spec.node_name):
        nodes[name], unread = node_evidence(api, name)
        gaps.extend(unread)
    handlers: dict[str, str] = {}
    if any(pod.spec.runtime_class_name for pod in pods):
        try:
            handlers = runtime_handlers(api)
        except ApiError as error:
            gaps.append(Gap("RuntimeClasses", "cluster", error.why))
    ways = Ways(settings(probing), not proving.no_exec and shown is None, not proving.no_node)
    client = pod_client(api, probing, shown)
    with asking() as told:
        proof = prove(api, client, pods, nodes, ways, told)
    return Evidence(
        proof.nodes, handlers=handlers, files=proof.files, contents=proof.contents, observed=proof.observed, events=proof.events,
        gaps=still_unknown([*gaps, *proof.gaps], proof.nodes),
    )  # fmt: skip


def cleanup(
    connection: Options,
    every: bool = False,
    probe_namespace: str = Probing().probe_namespace,
) -> int:
    """Remove left-over probe pods and print what became of each."""
    from ..cluster.api import ApiError
    from ..cluster.leftovers import cleanup as remove
    from ..cluster.pods import PodClient
    from ..scope import seen

    api = open_api(connection)
    client = PodClient(api.connection)
    try:
        done, gaps = remove(api, client, connection.namespace, every=every, now=time.time(), fallback=probe_namespace)
        if connection.namespace and not done:
            seen(api, connection.namespace)
    except ApiError as error:
        narrower = "-n names one namespace" if error.status == 403 and not connection.namespace else None
        raise Fault(f"cannot list pods: {error.why}", narrower or error.rights(" --verify")) from error
    put(f"pod/{item.name} in {item.namespace}: {item.why}\n" for item in done)
    if not done:
        say("no probe pods found")
    for gap in gaps:
        say(f"gap: {gap.what} of {gap.where}: {gap.why}")
    return 3 if gaps or any(not item.removed and "within" not in item.why for item in done) else 0
