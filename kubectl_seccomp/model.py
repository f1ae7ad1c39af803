"""The words of the product as frozen values: what every other module passes around and what json output shows.

Nothing here decides anything; the only behaviour is what follows from a value's own fields.
The camel-cased names of the report structs are the JSON contract: fields may be added, never renamed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from .facts import Forecast, NodeFacts, Observed, ProfileFile, Strength
from .words import Certainty, ContainerType, DecidedBy, EffectiveType, Severity, Verdict

# What gaps of a kubelet's default and of a node are about; those count the containers that stay Unknown.
KUBELET_DEFAULT, NODE, OBSERVED_MODE = "kubelet default", "node", "observed mode"


class Gap(Struct, frozen=True):
    """Something that was asked for and could not be read: never a pass, and not itself a finding.

    `what` names the fact ("kubelet default"), `where` the object ("node/node-b", "file.yaml:3"), `why` the reason
    in one line, `affects` the number of containers whose row depends on it.
    """

    what: str
    where: str
    why: str
    affects: int = 0


class Evidence(Struct, frozen=True):
    """What was read besides the pods.

    `nodes` by name; `nodes_why` says why a node may be absent from it; `handlers` maps RuntimeClass to handler;
    `files` and `contents` (their bytes, where they were read) are keyed by (node, localhostProfile), `observed` and `events` by pod
    UID (`observed` also by container name). `own` are the UIDs of the pods that this run created, which are left out.
    """

    nodes: Mapping[str, NodeFacts] = {}
    nodes_why: str = ""
    handlers: Mapping[str, str] = {}
    files: Mapping[tuple[str, str], ProfileFile] = {}
    contents: Mapping[tuple[str, str], bytes] = {}
    observed: Mapping[tuple[str, str], Observed] = {}
    events: Mapping[str, tuple[str, ...]] = {}
    gaps: tuple[Gap, ...] = ()
    own: frozenset[str] = frozenset()


class Profile(Struct, frozen=True, rename="camel"):
    """A written `seccompProfile`: its type as it stands there, and its file for Localhost."""

    type: str = ""
    localhost_profile: str | None = None

    @property
    def file(self) -> str | None:
        """The file that it names, None for what is not Localhost and for a Localhost that names none."""
        return (self.localhost_profile or None) if self.type == "Localhost" else None


class Declared(Struct, frozen=True):
    """What the API object says: container field, pod field, legacy annotation value for this container."""

    container: Profile | None = None
    pod: Profile | None = None
    annotation: str | None = None

    @property
    def field(self) -> Profile | None:
        """The struct that counts: the container's whole struct before the pod's; annotations never count."""
        return self.container if self.container is not None else self.pod

    @property
    def level(self) -> DecidedBy:
        """Where the field that counts stands."""
        return DecidedBy.CONTAINER if self.container is not None else DecidedBy.POD

    @property
    def file(self) -> str | None:
        """The profile file that the field that counts names, None without one."""
        return self.field.file if self.field is not None else None


class Effective(Struct, frozen=True, rename="camel"):
    """The effective profile, who decided it, how certain that is, and one plain sentence why."""

    type: EffectiveType
    decided_by: DecidedBy
    certainty: Certainty
    explanation: str
    localhost_profile: str | None = None


class Owner(Struct, frozen=True):
    """The workload that controls a pod."""

    kind: str
    name: str


class PssLevel(Struct, frozen=True):
    """One Pod Security level's answer for the seccomp control, in the words of Kubernetes' own admission."""

    allowed: bool
    detail: str | None = None


class PssVerdict(Struct, frozen=True):
    """Pod Security Standards about the written fields (seccomp control only), at one version of the standard."""

    version: str
    baseline: PssLevel
    restricted: PssLevel


class Template(Struct, frozen=True):
    """A finding without its subject: shared by all containers with the same decision.

    `patch` is the profile type that a pasteable patch should set (None: no patch), `level` where it belongs.
    """

    id: str
    slug: str
    severity: Severity
    reason: str
    detail: str
    evidence: tuple[str, ...]
    remediation: str
    patch: str | None = None

    def about(self, subject: Subject) -> Finding:
        """Return the finding about one subject."""
        return Finding(self.id, self.slug, self.severity, subject, self.reason, self.detail, self.evidence, self.remediation)


class Subject(Struct, frozen=True):
    """What a finding is about."""

    kind: str
    namespace: str | None
    name: str
    container: str | None = None


class Finding(Struct, frozen=True):
    """One finding of the report."""

    id: str
    slug: str
    severity: Severity
    subject: Subject
    reason: str
    detail: str
    evidence: tuple[str, ...]
    remediation: str


class Decision(Struct, frozen=True):
    """Everything that equal containers share: declaration, effective profile, proof, verdict, findings (worst first).

    `ignored` counts the findings that --select or --ignore leaves out; `strength` is None where it was not asked for, `forecast`
    too, and where nothing would change.
    """

    declared: Declared
    effective: Effective
    file: ProfileFile
    observed: Observed
    verdict: Verdict | None
    templates: tuple[Template, ...]
    ignored: int = 0
    strength: Strength | None = None
    forecast: Forecast | None = None

    @property
    def severity(self) -> Severity | None:
        """The worst severity of its findings."""
        return self.templates[0].severity if self.templates else None


class ContainerReport(Struct, frozen=True, rename="camel"):
    """One container of the report; `decision` is shared and flattened into the JSON object by the renderer."""

    name: str
    type: ContainerType
    line: int | None
    image: str
    privileged: bool
    decision: Decision


class PodReport(Struct, frozen=True, rename="camel"):
    """One pod, or one manifest object, of the report's stream."""

    api_version: str
    kind: str
    namespace: str | None
    name: str
    node: str | None
    owner: Owner | None
    file: str | None
    document: int | None
    pss: PssVerdict
    containers: tuple[ContainerReport, ...]


class Scope(Struct, frozen=True):
    """What was looked at: `source` is "cluster" or "files"; `namespaces` ["*"] means all."""

    source: str
    context: str | None
    namespaces: list[str]
    selector: str | None


class Tool(Struct, frozen=True):
    """Who made the report."""

    name: str
    version: str


class Head(Struct, frozen=True, rename="camel"):
    """The part of a report that is known before the first pod."""

    generated_at: str
    tool: Tool
    scope: Scope
    kind: str = "SeccompReport"
    api_version: str = "kubectl-seccomp/v1"


class Summary(Struct, frozen=True, rename="camel"):
    """Counts over the whole report; every word of the vocabulary is a key, also with 0. `ignored` findings were not wanted;
    `unchecked_files` counts the containers whose Localhost file nobody looked at, `changed` those with a forecast.
    """

    pods: int
    containers: int
    skipped: int
    effective: dict[str, int]
    observed: dict[str, int]
    findings: dict[str, int]
    ignored: int = 0
    unchecked_files: int = 0
    changed: int = 0


class Tail(Struct, frozen=True):
    """The part of a report that is known after the last pod. `worst` is the worst severity among the findings."""

    summary: Summary
    complete: bool
    gaps: tuple[Gap, ...]
    worst: Severity | None


class Report(Struct, frozen=True):
    """A report as a stream: `pods` can be walked once, `findings` and `tail` are asked after it has been."""

    head: Head
    pods: Iterator[PodReport]
    findings: Callable[[], Iterator[Finding]]
    tail: Callable[[], Tail]
