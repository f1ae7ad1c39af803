"""Reports made by hand: every word of the vocabulary, and text that nobody should print as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from kubectl_seccomp.cli.choices import Format
from kubectl_seccomp.cli.formats import machine
from kubectl_seccomp.cli.given import Output
from kubectl_seccomp.facts import NodeFacts, Observed, ProfileFile
from kubectl_seccomp.model import (
    ContainerReport,
    Decision,
    Declared,
    Effective,
    Finding,
    Gap,
    Head,
    Owner,
    PodReport,
    Profile,
    PssLevel,
    PssVerdict,
    Report,
    Scope,
    Subject,
    Summary,
    Tail,
    Template,
    Tool,
)
from kubectl_seccomp.words import (
    Certainty,
    ContainerType,
    DecidedBy,
    EffectiveType,
    FileState,
    KubeletDefault,
    Observation,
    Severity,
    Verdict,
)

DENIED = 'pod or container "{}" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
RUNTIME_DEFAULT, UNCONFINED = Profile("RuntimeDefault"), Profile("Unconfined")
# Every kind of text that must not arrive as it is: ESC, C1, newline, tab, DEL, right-to-left, zero-width, separators, markup.
HOSTILE = "=cmd()|<script>&\x1b[31m\x9b2J\n\r\t\x00\x7f\u202e\u200b\u2028\ufeff\ufe0f`*_[x](y)~\\\"'; 機"
# Every `-o` that is not a table, by its word.
FORMATS: dict[str, Callable[[Report], Iterator[str]]] = {
    form.value: partial(machine, output=Output(output=form), failing=False)
    for form in Format
    if form not in (Format.TABLE, Format.WIDE)
}


def template(identifier: str, severity: Severity, reason: str, *, slug: str = "some-check", **more: object) -> Template:
    values = {
        "detail": f"What goes wrong, in a sentence or two, for {identifier}: long enough to be wrapped at eighty columns.",
        "evidence": ("securityContext.seccompProfile: not set on container or pod",),
        "remediation": "Set securityContext.seccompProfile type RuntimeDefault on the pod, and roll it out.",
        "patch": None,
        **more,
    }
    return Template(id=identifier, slug=slug, severity=severity, reason=reason, **values)  # type: ignore[arg-type]


def decision(
    kind: EffectiveType = EffectiveType.RUNTIME_DEFAULT,
    by: DecidedBy = DecidedBy.POD,
    explanation: str = "set on the pod",
    *templates: Template,
    certainty: Certainty = Certainty.CERTAIN,
    declared: Declared | None = None,
    file: ProfileFile | None = None,
    observed: Observed | None = None,
    verdict: Verdict | None = None,
    path: str | None = None,
) -> Decision:
    said = declared or Declared(pod=RUNTIME_DEFAULT)
    outcome = Effective(kind, by, certainty, explanation, path)
    return Decision(said, outcome, file or ProfileFile(), observed or Observed(), verdict, templates)


def container(name: str, made: Decision, kind: ContainerType = ContainerType.CONTAINER, **more: object) -> ContainerReport:
    values = {"line": None, "image": "nginx:1.29", "privileged": False, **more}
    return ContainerReport(name=name, type=kind, decision=made, **values)  # type: ignore[arg-type]


def pod(name: str, *containers: ContainerReport, **more: object) -> PodReport:
    denied = PssVerdict("v1.37", PssLevel(True), PssLevel(False, DENIED.format(containers[0].name if containers else "")))
    values = {
        "api_version": "v1",
        "kind": "Pod",
        "namespace": "default",
        "node": "node-a",
        "owner": None,
        "file": None,
        "document": None,
        "pss": denied,
        **more,
    }
    return PodReport(name=name, containers=containers, **values)  # type: ignore[arg-type]


def report(pods: Iterable[PodReport], *gaps: Gap, source: str = "cluster", namespaces: tuple[str, ...] = ("*",)) -> Report:
    """Return a report that insists on its protocol: pods once, then findings and tail."""
    seen: list[PodReport] = []
    done: list[bool] = []

    def walk() -> Iterator[PodReport]:
        for each in pods:
            seen.append(each)
            yield each
        done.append(True)

    def findings() -> Iterator[Finding]:
        assert done, "findings before the pods were walked"
        found = [
            t.about(Subject(p.kind, p.namespace, p.name, c.name))
            for p in seen
            for c in p.containers
            for t in c.decision.templates
        ]  # fmt: skip
        return iter(sorted(found, key=lambda each: each.severity.rank))

    def tail() -> Tail:
        assert done, "tail before the pods were walked"
        members = [member for each in seen for member in each.containers]
        kinds = Counter(member.decision.effective.type for member in members)
        states = Counter(member.decision.observed.state for member in members)
        levels = Counter(t.severity for member in members for t in member.decision.templates)
        summary = Summary(
            len(seen),
            len(members),
            0,
            {word.value: kinds[word] for word in EffectiveType},
            {word.value: states[word] for word in Observation},
            {word.value: levels[word] for word in Severity},
        )
        return Tail(summary, not gaps, gaps, next((word for word in Severity if levels[word]), None))

    scope = Scope(source, "lab" if source == "cluster" else None, list(namespaces), None)
    return Report(Head("2026-11-24T02:00:00Z", Tool("kubectl-seccomp", "0.1.0"), scope), walk(), findings, tail)


PROVEN = Observed(Observation.FILTERED, 2, 1, True, "exec")
BARE = Observed(Observation.UNFILTERED, 0, 0, False, "node")
CRITICAL, HIGH, MEDIUM, LOW, INFO = Severity
OVERRIDDEN = template("KS101", HIGH, "container overrides the pod's RuntimeDefault", slug="explicit-unconfined",
                      patch="RuntimeDefault")  # fmt: skip
LOST = template("KS105", MEDIUM, "RuntimeDefault is set, but privileged: containerd drops it", slug="lost-to-privileged")
EMPTY_SUM = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
ROOT = "/var/lib/kubelet/seccomp/profiles"
EMPTY = template("KS302", CRITICAL, "profiles/empty.json on node-a holds no rules: containerd loads no filter",
                 slug="file-without-effect")  # fmt: skip
MISSING = template("KS301", HIGH, f"{ROOT}/gone.json is not on node-b", slug="file-missing", patch="RuntimeDefault")
SANDBOX = template("KS108", INFO, "gVisor (handler runsc) ignores the profile by default", slug="ignored-by-sandbox")
NODE_ONLY = "nothing set: only {}'s seccompDefault protects it"


def kubelet_only(node: str) -> Decision:
    text = NODE_ONLY.format(node)
    found = template("KS103", LOW, text, slug="relies-on-kubelet-default", patch="RuntimeDefault")
    return decision(EffectiveType.RUNTIME_DEFAULT, DecidedBy.KUBELET, text, found, declared=Declared(), observed=PROVEN,
                    verdict=Verdict.PROVEN)  # fmt: skip


def localhost(path: str) -> Declared:
    return Declared(container=Profile("Localhost", path))


def unknown(node: str) -> Decision:
    text = f"nothing set, and the kubelet's default on {node} is unknown"
    found = template("KS104", MEDIUM, text, slug="unset-default-unknown", patch="RuntimeDefault")
    why = "forbidden: cannot create pods/exec"
    return decision(EffectiveType.UNKNOWN, DecidedBy.NOTHING, text, found, certainty=Certainty.UNKNOWN, declared=Declared(),
                    observed=Observed(Observation.FAILED, explanation=why), verdict=Verdict.UNPROVEN)  # fmt: skip


def everything() -> list[PodReport]:
    """Pods with every effective type, observation, verdict, severity, file state and container type."""
    web = decision(verdict=Verdict.UNPROVEN)
    same_on_b = decision(verdict=Verdict.UNPROVEN)
    overrides = Declared(UNCONFINED, RUNTIME_DEFAULT)
    free = decision(EffectiveType.UNCONFINED, DecidedBy.CONTAINER, OVERRIDDEN.reason, OVERRIDDEN, declared=overrides,
                    observed=BARE, verdict=Verdict.UNPROTECTED)  # fmt: skip
    lost = decision(EffectiveType.UNCONFINED, DecidedBy.PRIVILEGED, LOST.reason, LOST, observed=BARE, verdict=Verdict.LOST)
    empty_file = ProfileFile(FileState.PRESENT, f"{ROOT}/empty.json", EMPTY_SUM,
                             2, "0644", "0:0", 1764000000, effect="none")  # fmt: skip
    empty = decision(EffectiveType.UNCONFINED, DecidedBy.FILE, EMPTY.reason, EMPTY, declared=localhost("profiles/empty.json"),
                     file=empty_file, observed=BARE, verdict=Verdict.LOST, path="profiles/empty.json")  # fmt: skip
    gone = decision(EffectiveType.LOCALHOST, DecidedBy.CONTAINER, MISSING.reason, MISSING, certainty=Certainty.ASSUMED,
                    declared=localhost("profiles/gone.json"), verdict=Verdict.UNPROVEN, path="profiles/gone.json",
                    file=ProfileFile(FileState.MISSING, f"{ROOT}/gone.json", explanation="there is no such file"))  # fmt: skip
    unread = decision(EffectiveType.LOCALHOST, DecidedBy.CONTAINER, "set on the container, file unchecked",
                      certainty=Certainty.ASSUMED, declared=localhost("profiles/audit.json"), path="profiles/audit.json",
                      file=ProfileFile(FileState.UNCHECKED))  # fmt: skip
    sandboxed = decision(EffectiveType.NOT_APPLICABLE, DecidedBy.SANDBOX, SANDBOX.reason, SANDBOX, certainty=Certainty.ASSUMED)
    contradicted = decision(EffectiveType.RUNTIME_DEFAULT, DecidedBy.POD, "set on the pod",
                            template("KS117", CRITICAL, "RuntimeDefault should be in force, but the kernel reports no filter"),
                            observed=BARE, verdict=Verdict.CONTRADICTION)  # fmt: skip
    own_filters = decision(observed=Observed(Observation.FILTERED, 2, 3, True, "exec"), verdict=Verdict.PROVEN)
    strict = decision(observed=Observed(Observation.STRICT, 1, None, None, "node"), verdict=Verdict.PROVEN)
    return [
        pod("empty-a", container("c", empty)),
        pod("default-b", container("c", own_filters), container("free", free), container("priv", lost, privileged=True),
            node="node-b"),
        pod("local-b", container("c", gone), node="node-b"),
        pod("unset-a", container("c", kubelet_only("node-a"))),
        pod("web-1", container("migrate", web, ContainerType.INIT), container("proxy", unread, ContainerType.SIDECAR),
            container("app", web), namespace="shop", owner=Owner("Deployment", "web")),
        pod("web-2", container("migrate", same_on_b, ContainerType.INIT), container("proxy", unread, ContainerType.SIDECAR),
            container("app", same_on_b), container("debug", strict, ContainerType.EPHEMERAL),
            namespace="shop", node="node-b", owner=Owner("Deployment", "web")),
        *(pod(f"agent-{node}", container("agent", unknown(node)), namespace="monitoring", node=node,
              owner=Owner("DaemonSet", "agent")) for node in ("node-c", "node-d", "node-e")),
        pod("boxed", container("c", sandboxed), namespace="shop", node=None, owner=Owner("Job", "nightly")),
        pod("etcd-node-a", container("etcd", contradicted), namespace="kube-system", owner=Owner("Node", "node-a")),
    ]  # fmt: skip


GAPS = (
    Gap("kubelet default", "node/node-c", 'forbidden: User "u" cannot get resource "nodes/proxy" of node-c', 1),
    Gap("kubelet default", "node/node-d", 'forbidden: User "u" cannot get resource "nodes/proxy" of node-d', 1),
    Gap("kubelet default", "node/node-e", 'forbidden: User "u" cannot get resource "nodes/proxy" of node-e', 1),
    Gap("exec", "pod/default/local-b", "container is not running"),
)
NODES = {
    "node-a": NodeFacts("node-a", "linux", runtime="containerd://2.4.2", default=KubeletDefault.ON, default_source="configz"),
    "node-b": NodeFacts("node-b", "linux", runtime="containerd://2.4.2", default=KubeletDefault.OFF, default_source="flagz"),
    "node-c": NodeFacts("node-c", "linux", default=KubeletDefault.UNKNOWN, default_source="forbidden: get nodes/proxy"),
}


def manifests() -> list[PodReport]:
    """Objects from files: a Deployment with lines, and one of a JSON dump without namespace."""
    unset = unknown("the node")
    return [
        pod("web", container("app", unset, line=17), kind="Deployment", api_version="apps/v1", namespace="shop", node=None,
            file="deploy/web.yaml", document=2),
        pod("web", container("app", unset, line=None), kind="CronJob", api_version="batch/v1", namespace=None, node=None,
            file="dump.json", document=1),
    ]  # fmt: skip


def hostile(text: str = HOSTILE) -> list[PodReport]:
    """Return pods whose every text is hostile, or this one."""
    said = Declared(Profile(text, text), Profile(text, text), text)
    found = template(text, HIGH, text, slug=text, detail=text, evidence=(text,), remediation=text, patch=text)
    made = decision(EffectiveType.LOCALHOST, DecidedBy.CONTAINER, text, found, declared=said, path=text,
                    file=ProfileFile(FileState.INVALID, text, text, 1, text, text, explanation=text + "!"),
                    observed=Observed(Observation.FAILED, explanation=text, via=text))  # fmt: skip
    level = PssLevel(False, text)
    member = container(text, made, image=text)
    base = {"pss": PssVerdict(text, level, level), "api_version": text, "namespace": text, "node": text}
    return [
        pod(text, member, kind=text, owner=Owner(text, text), **base),
        pod(text, member, container(text, made, ContainerType.INIT), owner=Owner("Deployment", text), **base),
        pod(text, member, file=text, document=1, **base),
        pod(text, member, **base),
    ]
