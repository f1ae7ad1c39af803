"""Pods and evidence -> a report: head, stream of pods, tail. Pure; equal decisions are made once and shared.

A cluster has few distinct decisions, so what is kept while pages pass is the set of decisions, the counts, and one
small tuple per container with findings; the pods themselves are let go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct, structs

from . import pss
from .alike import Alike, names_its_node
from .checks import findings, wanted
from .checks.declared import overridden_everywhere, runtime_annotations
from .checks.record import Case
from .effective import Placement, effective, verdict
from .facts import Forecast, NodeFacts, Observed, ProfileFile, Strength
from .failures import troubles
from .landing import Landings
from .model import (
    KUBELET_DEFAULT,
    NODE,
    ContainerReport,
    Decision,
    Evidence,
    Finding,
    Gap,
    Head,
    PodReport,
    Report,
    Subject,
    Summary,
    Tail,
    Template,
)
from .placements import Placements
from .pods import Container, Pod, containers, owner, started_at
from .words import EffectiveType, FileState, KubeletDefault, Observation, Severity


class Policy(Struct, frozen=True):
    """How to judge: version of the Pod Security Standards, which checks count, what to leave out.

    `select` and `ignore` hold ids, slugs, or beginnings of either; `verdicts` is set where containers were observed, `judge` unset
    where no findings are wanted, `strengths` where what filters leave open is; `assumed_default` serves manifests only. `what_if` holds
    the nodes whose kubelets are taken to have seccompDefault for a forecast (empty: all of them), None for no forecast.
    """

    pss_version: str = "v1.37"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    include_finished: bool = False
    verdicts: bool = False
    judge: bool = True
    strengths: bool = False
    what_if: frozenset[str] | None = None
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
        self._placements = Placements(evidence, policy.manifests, policy.assumed_default)
        self._landings = Landings({} if policy.manifests else evidence.nodes, evidence.files)
        self._decisions: dict[tuple[object, ...], Decision] = {}
        self._alike = Alike()
        # One object for each name that many containers share.
        self._words: dict[str, str] = {}
        self._subjects: list[tuple[tuple[Template, ...], str, str | None, str, str]] = []
        self._gaps: list[Gap] = list(evidence.gaps)
        self._unknown: Counter[str] = Counter()
        self._effective: Counter[str] = Counter()
        self._observed: Counter[str] = Counter()
        self._severities: Counter[str] = Counter()
        self._pods = 0
        self._skipped = 0
        self._ignored = self._changed = 0
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
        number, placement = self._placements.of(pod)
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

    def _container(self, pod: Pod, member: Container, number: int, placement: Placement, overridden: bool) -> ContainerReport:
        decision = self._decision(pod, member, number, placement, overridden)
        self._effective[decision.effective.type] += 1
        self._observed[decision.observed.state] += 1
        if decision.effective.type is EffectiveType.UNKNOWN:
            self._unknown[pod.spec.node_name or ""] += 1
        self._ignored += decision.ignored
        self._changed += decision.forecast is not None
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
        file, landing = self._file(pod, member), self._landings.of(pod, declared.field)
        observed = self._evidence.observed.get((uid, member.name), _UNCHECKED)
        annotations = runtime_annotations(pod.annotations, member.name)
        localhost = declared.field is not None and declared.field.type == "Localhost"
        older = declared.field is None and _is_older(member, placement.node)
        seen = troubles(member.status, self._evidence.events.get(uid, ()), localhost)
        rights = member.rights if self._policy.strengths or self._policy.what_if is not None else None
        reach = landing.number if landing is not None else None
        key = (declared, member.privileged, file, observed, annotations, seen, overridden, older, member.type, rights, reach)
        alike = self._alike.number(number, placement) if landing is None and not self._policy.what_if else number
        decision = self._decisions.get((alike, key)) or self._decisions.get((number, key))
        if decision is None:
            case = Case(
                declared=declared,
                privileged=member.privileged,
                placement=placement,
                effective=effective(declared, member.privileged, placement, file, older=older),
                file=file,
                observed=observed,
                annotations=annotations,
                troubles=seen,
                overridden_everywhere=overridden,
                older=older,
                type=member.type,
                landing=landing,
            )
            decision = self._decided(case, member)
            self._decisions[number if names_its_node(decision, placement) else alike, key] = decision
        return decision

    def _decided(self, case: Case, member: Container) -> Decision:
        word = verdict(case.declared, case.effective, case.observed, older=case.older) if self._policy.verdicts else None
        found = findings(case) if self._policy.judge else ()
        kept = tuple(template for template in found if wanted(template, self._policy.select, self._policy.ignore))
        strong = self._strength(case, member) if self._policy.strengths else None
        ahead = self._forecast(case, member) if self._policy.what_if is not None else None
        return Decision(case.declared, case.effective, case.file, case.observed, word, kept, len(found) - len(kept), strong, ahead)

    def _strength(self, case: Case, member: Container) -> Strength:
        from .strengths import strength_of  # brings the profile engine with it, which a plain audit does not need

        return strength_of(case, member.rights, self._evidence.contents)

    def _forecast(self, case: Case, member: Container) -> Forecast | None:
        from .forecast import forecast  # as above

        return forecast(case, member.rights, self._policy.what_if or None)

    def _file(self, pod: Pod, member: Container) -> ProfileFile:
        path = member.declared.file
        if path is None:
            return _NO_FILE
        if not pod.spec.node_name and self._evidence.files:
            return _NO_FILE  # looked at on the nodes where it could be placed
        file = self._evidence.files.get((pod.spec.node_name or "", path), _UNCHECKED_FILE)
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
                        yield template.about(Subject(kind, namespace, name, container))

    def tail(self) -> Tail:
        gaps = tuple(self._counted(gap) for gap in (*self._gaps, *self._placements.gaps))
        summary = Summary(
            self._pods,
            sum(self._effective.values()),
            self._skipped,
            {word.value: self._effective[word] for word in _SUMMARY_ORDER},
            {word.value: self._observed[word] for word in Observation},
            {word.value: self._severities[word] for word in Severity},
            self._ignored,
            self._unchecked,
            self._changed,
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


def _is_older(member: Container, node: NodeFacts | None) -> bool:
    """Whether a container runs since before its kubelet started; by the node's own clock, where the same second decides nothing."""
    kubelet, started = node.kubelet_started if node is not None else None, started_at(member)
    return kubelet is not None and started is not None and started < kubelet


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
