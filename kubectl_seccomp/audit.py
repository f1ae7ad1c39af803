"""Pods and evidence -> a report: head, stream of pods, tail. Pure; equal decisions are made once and shared.

A cluster has few distinct decisions, so what is kept while pages pass is the set of decisions, the counts, and one
small tuple per container with findings; the pods themselves are let go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, structs

from . import pss
from .alike import Alike, names_its_node
from .checks import findings, wanted
from .checks.declared import overridden_everywhere, runtime_annotations
from .checks.failures import troubles
from .checks.record import Case
from .effective import Placement, effective, os_is_assumed, placement_os, verdict
from .model import (
    KUBELET_DEFAULT,
    NODE,
    ContainerReport,
    Decision,
    EffectiveType,
    FileState,
    Finding,
    Gap,
    Head,
    KubeletDefault,
    NodeFacts,
    Observation,
    Observed,
    PodReport,
    ProfileFile,
    Report,
    Severity,
    Subject,
    Summary,
    Tail,
    Template,
)
from .pods import Container, Pod, containers, owner, started_at


class Evidence(Struct, frozen=True):
    """What was read besides the pods.

    `nodes` by name; `nodes_why` says why a node may be absent from it; `handlers` maps RuntimeClass to handler;
    `files` is keyed by (node, localhostProfile), `observed` and `events` by pod UID (`observed` also by container name). `own` are the
    UIDs of the pods that this run created, which are left out.
    """

    nodes: Mapping[str, NodeFacts] = {}
    nodes_why: str = ""
    handlers: Mapping[str, str] = {}
    files: Mapping[tuple[str, str], ProfileFile] = {}
    observed: Mapping[tuple[str, str], Observed] = {}
    events: Mapping[str, tuple[str, ...]] = {}
    gaps: tuple[Gap, ...] = ()
    own: frozenset[str] = frozenset()


class Policy(Struct, frozen=True):
    """How to judge: version of the Pod Security Standards, which checks count, what to leave out.

    `select` and `ignore` hold ids, slugs, or beginnings of either; `verdicts` is set where containers were observed, `judge` unset
    where no findings are wanted; `assumed_default` serves manifests only.
    """

    pss_version: str = "v1.37"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    include_finished: bool = False
    verdicts: bool = False
    judge: bool = True
    manifests: bool = False
    assumed_default: KubeletDefault = KubeletDefault.UNKNOWN


def audit(pods: Iterable[Pod | Gap], evidence: Evidence, policy: Policy, head: Head) -> Report:
    """Return the report over `pods`, which are read as the report's own stream is walked."""
    auditor = _Auditor(evidence, policy)
    return Report(head, auditor.walk(pods), auditor.findings, auditor.tail)


class _Auditor:
    """The state of one walk: interned decisions, counts, gaps, and who has findings."""

    def __init__(self, evidence: Evidence, policy: Policy) -> None:
        self._evidence = evidence
        self._policy = policy
        self._placements: dict[tuple[object, ...], tuple[int, Placement]] = {}
        self._decisions: dict[tuple[object, ...], Decision] = {}
        self._alike = Alike()
        # One object for each name that many containers share.
        self._words: dict[str, str] = {}
        self._subjects: list[tuple[tuple[Template, ...], str, str | None, str, str]] = []
        self._gaps: list[Gap] = list(evidence.gaps)
        self._absent: set[str] = set()
        self._unknown: Counter[str] = Counter()
        self._effective: Counter[str] = Counter()
        self._observed: Counter[str] = Counter()
        self._severities: Counter[str] = Counter()
        self._pods = 0
        self._skipped = 0
        self._ignored = 0
        self._unchecked = 0

    def walk(self, pods: Iterable[Pod | Gap]) -> Iterator[PodReport]:
        for pod in pods:
            if isinstance(pod, Gap):
                self._gaps.append(pod)
            elif pod.metadata.uid in self._evidence.own:
                continue
            elif pod.phase == "Succeeded" and not self._policy.include_finished:
                self._skipped += 1
            else:
                yield self._pod(pod)

    def _pod(self, pod: Pod) -> PodReport:
        self._pods += 1
        number, placement = self._placement(pod)
        members = tuple(containers(pod))
        overridden = overridden_everywhere(members)
        return PodReport(
            pod.api_version,
            pod.kind,
            pod.metadata.namespace,
            pod.name,
            pod.spec.node_name,
            owner(pod),
            pod.file,
            pod.document,
            pss.verdict(pod, self._policy.pss_version, members),
            tuple(self._container(pod, member, number, placement, overridden) for member in members),
        )

    def _placement(self, pod: Pod) -> tuple[int, Placement]:
        """Return the interned placement with its number: a short key for the decisions made in it."""
        spec = pod.spec
        selector_os = (spec.node_selector or {}).get("kubernetes.io/os")
        key = (
            spec.node_name,
            spec.os.name if spec.os else None,
            selector_os,
            spec.runtime_class_name,
            pod.is_mirror,
        )
        known = self._placements.get(key)
        if known is None:
            node = self._node(spec.node_name)
            name = spec.runtime_class_name
            handler = self._evidence.handlers.get(name) if name else None
            placement = Placement(
                node,
                placement_os(pod, node),
                handler or name,
                pod.is_mirror,
                self._policy.assumed_default,
                self._policy.manifests,
                os_is_assumed(pod, node),
                handler is None and name is not None,
            )
            known = self._placements[key] = (len(self._placements), placement)
        return known

    def _node(self, name: str | None) -> NodeFacts | None:
        if not name or self._policy.manifests:
            return None
        facts = self._evidence.nodes.get(name)
        if facts is None and not self._evidence.nodes_why and name not in self._absent:
            self._absent.add(name)
            self._gaps.append(Gap(NODE, f"node/{name}", "pods run on it, and it was not among the nodes"))
        return facts or NodeFacts(name, default_source=self._evidence.nodes_why or "the node was not listed")

    def _container(self, pod: Pod, member: Container, number: int, placement: Placement, overridden: bool) -> ContainerReport:
        decision = self._decision(pod, member, number, placement, overridden)
        self._effective[decision.effective.type] += 1
        self._observed[decision.observed.state] += 1
        if decision.effective.type is EffectiveType.UNKNOWN:
            self._unknown[pod.spec.node_name or ""] += 1
        self._ignored += decision.ignored
        self._unchecked += decision.file.state is FileState.UNCHECKED
        if decision.templates:
            names = (pod.kind, pod.metadata.namespace or "", member.name)
            kind, namespace, container = (self._words.setdefault(name, name) for name in names)
            subject = (decision.templates, kind, namespace or pod.metadata.namespace, pod.name, container)
            self._subjects.append(subject)
            self._severities.update(template.severity for template in decision.templates)
        return ContainerReport(member.name, member.type, member.line, member.image, member.privileged, decision)

    def _decision(self, pod: Pod, member: Container, number: int, placement: Placement, overridden: bool) -> Decision:
        declared, uid = member.declared, pod.metadata.uid or ""
        file = self._file(pod, member)
        observed = self._evidence.observed.get((uid, member.name), _UNCHECKED)
        annotations = runtime_annotations(pod.annotations, member.name)
        localhost = declared.field is not None and declared.field.type == "Localhost"
        seen = troubles(member.status, self._evidence.events.get(uid, ()), localhost)
        key = (
            declared,
            member.privileged,
            file,
            observed,
            annotations,
            seen,
            overridden,
            member.type,
        )
        alike = self._alike.number(number, placement)
        decision = self._decisions.get((alike, key)) or self._decisions.get((number, key))
        if decision is None:
            outcome = effective(declared, member.privileged, placement, file)
            case = Case(
                declared=declared,
                privileged=member.privileged,
                placement=placement,
                effective=outcome,
                file=file,
                observed=observed,
                annotations=annotations,
                troubles=seen,
                overridden_everywhere=overridden,
                type=member.type,
            )
            word = verdict(declared, outcome, observed) if self._policy.verdicts else None
            found = findings(case) if self._policy.judge else ()
            kept = tuple(template for template in found if wanted(template, self._policy.select, self._policy.ignore))
            decision = Decision(declared, outcome, file, observed, word, kept, len(found) - len(kept))
            self._decisions[number if names_its_node(decision, placement) else alike, key] = decision
        return decision

    def _file(self, pod: Pod, member: Container) -> ProfileFile:
        field = member.declared.field
        if field is None or field.type != "Localhost" or not field.localhost_profile:
            return _NO_FILE
        file = self._evidence.files.get((pod.spec.node_name or "", field.localhost_profile), _UNCHECKED_FILE)
        started = started_at(member)
        # Both are the node's own clock, in whole seconds: the same second decides nothing.
        newer = file.ctime is not None and started is not None and file.ctime > started
        return structs.replace(file, changed=True) if newer else file

    def findings(self) -> Iterator[Finding]:
        """Yield every finding, worst first, and within a severity in the order of the pods."""
        for severity in Severity:
            if not self._severities[severity]:
                continue
            for templates, kind, namespace, name, container in self._subjects:
                for template in templates:
                    if template.severity is severity:
                        yield Finding(
                            template.id,
                            template.slug,
                            severity,
                            Subject(kind, namespace, name, container),
                            template.reason,
                            template.detail,
                            template.evidence,
                            template.remediation,
                        )

    def tail(self) -> Tail:
        gaps = tuple(self._counted(gap) for gap in self._gaps)
        summary = Summary(
            self._pods,
            sum(self._effective.values()),
            self._skipped,
            {word.value: self._effective[word] for word in _SUMMARY_ORDER},
            {word.value: self._observed[word] for word in Observation},
            {word.value: self._severities[word] for word in Severity},
            self._ignored,
            self._unchecked,
        )
        worst = next((severity for severity in Severity if self._severities[severity]), None)
        return Tail(summary, not gaps, gaps, worst)

    def _counted(self, gap: Gap) -> Gap:
        """Fill in how many containers stay Unknown because of a gap in what the kubelets say."""
        if gap.what in (KUBELET_DEFAULT, NODE):
            return structs.replace(gap, affects=self._unknown[gap.where.removeprefix("node/")])
        if gap.what == "nodes":
            return structs.replace(gap, affects=self._unknown.total() - self._unknown[""])
        return gap


_UNCHECKED = Observed()
_NO_FILE = ProfileFile()
_UNCHECKED_FILE = ProfileFile(FileState.UNCHECKED)
_SUMMARY_ORDER = (
    EffectiveType.RUNTIME_DEFAULT,
    EffectiveType.LOCALHOST,
    EffectiveType.UNCONFINED,
    EffectiveType.UNKNOWN,
    EffectiveType.NOT_APPLICABLE,
)
