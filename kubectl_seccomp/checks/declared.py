"""Checks on what is written: the fields, the annotations, the kubelet's default behind them."""

from __future__ import annotations

from ..effective import CONFINED_TYPES, unfiltered
from ..model import Template
from ..pods import Container
from ..words import DecidedBy, EffectiveType, KubeletDefault, Severity, short
from .record import KUBELET, Case, Check

RAW_FILTER = "run.oci.seccomp_bpf_data"
ARTIFACT_KEYS = ("seccomp-profile.kubernetes.cri-o.io", "seccomp-profile.crio.io")
NOTIFIER_KEYS = ("io.kubernetes.cri-o.seccompNotifierAction", "seccomp-notifier-action.crio.io")
_BEGINNINGS = (*ARTIFACT_KEYS, *NOTIFIER_KEYS, RAW_FILTER)
_NEW = "RuntimeDefault"


def runtime_annotations(annotations: dict[str, str], container: str) -> tuple[tuple[str, str], ...]:
    """Return those pod annotations that a runtime could read as seccomp settings for this container."""
    if not any(key.startswith(_BEGINNINGS) for key in annotations):
        return ()
    mine = ("", "/POD", f"/{container}")
    wanted = {key + suffix for key in (*ARTIFACT_KEYS, *NOTIFIER_KEYS) for suffix in mine} | {RAW_FILTER}
    return tuple(sorted((key, value) for key, value in annotations.items() if key in wanted))


def overridden_everywhere(members: tuple[Container, ...]) -> bool:
    """Whether every container sets a confined profile of its own over the pod's Unconfined."""
    return bool(members) and all(
        member.declared.pod is not None
        and member.declared.pod.type == "Unconfined"
        and member.declared.container is not None
        and member.declared.container.type in CONFINED_TYPES
        for member in members
    )


def _explicit_unconfined(case: Case) -> Template | None:
    if case.declared_type != "Unconfined" or case.effective.type is not EffectiveType.UNCONFINED:
        return None
    reason = case.effective.explanation
    if case.effective.decided_by is DecidedBy.PRIVILEGED:
        reason = "Unconfined is set, and the container is privileged"
    return EXPLICIT_UNCONFINED.finding(reason, evidence=(case.written,), patch=_patch(case))


def _patch(case: Case) -> str | None:
    """Setting a profile changes nothing as long as the container is privileged."""
    return None if case.privileged else _NEW


def _node_default(case: Case) -> KubeletDefault:
    node = case.placement.node
    return node.default if node is not None else case.placement.assumed_default


def default_evidence(case: Case) -> tuple[str, ...]:
    """Return what is written, and what is known of the default behind it."""
    node, default = case.placement.node, _node_default(case).value
    if node is not None:
        source = f" ({node.default_source})" if node.default_source else ""
        return (case.written, f"node {node.name}: seccompDefault {default}{source}")
    if case.placement.manifest:
        return (case.written, f"--seccomp-default: {default}" if default != "unknown" else "--seccomp-default: not given")
    return (case.written, "spec.nodeName: not set")


def _unset_off(case: Case) -> Template | None:
    if case.declared.field is not None or case.effective.type is not EffectiveType.UNCONFINED:
        return None
    if _node_default(case) is not KubeletDefault.OFF:
        return None
    reason = case.effective.explanation
    if case.effective.decided_by is DecidedBy.PRIVILEGED:
        reason = f"nothing set, no seccompDefault on {case.placement.node_name}, and privileged"
    return UNSET_DEFAULT_OFF.finding(reason, evidence=default_evidence(case), patch=_patch(case))


def _kubelet_only(case: Case) -> Template | None:
    if case.effective.decided_by is not DecidedBy.KUBELET or not case.confined:
        return None
    if unfiltered(case.observed) or case.unconfined_elsewhere:
        return None
    return KUBELET_ONLY.finding(case.effective.explanation, evidence=default_evidence(case), patch=_NEW)


def _unset_unknown(case: Case) -> Template | None:
    if case.declared.field is not None or case.effective.type is not EffectiveType.UNKNOWN:
        return None
    if unfiltered(case.observed) or case.unconfined_elsewhere:
        return None
    return UNSET_UNKNOWN.finding(case.effective.explanation, evidence=default_evidence(case), patch=_NEW)


def _lost_to_privileged(case: Case) -> Template | None:
    if case.effective.decided_by is not DecidedBy.PRIVILEGED or case.declared_type == "Unconfined":
        return None
    if case.declared.field is None and _node_default(case) is KubeletDefault.OFF:
        return None
    return LOST_TO_PRIVILEGED.finding(case.effective.explanation, evidence=(case.written, "container securityContext.privileged: true"))


def _dead_annotation(case: Case) -> Template | None:
    annotation, outcome = case.declared.annotation, case.effective.type
    if annotation is None or case.declared.field is not None or outcome is EffectiveType.NOT_APPLICABLE:
        return None
    severity = Severity.LOW if case.confined else Severity.MEDIUM
    if outcome is EffectiveType.UNCONFINED or (not case.confined and unfiltered(case.observed)):
        severity = Severity.HIGH
    return DEAD_ANNOTATION.finding(
        f'only the annotation says "{short(annotation)}": without effect since Kubernetes 1.27',
        severity=severity,
        evidence=(f"annotation: {short(annotation, 300)}", case.written),
        patch=_patch(case) if annotation in ("runtime/default", "docker/default") else None,
    )


def _pod_overridden(case: Case) -> Template | None:
    if not case.overridden_everywhere or not case.confined:
        return None
    return POD_OVERRIDDEN.finding(
        "confined, but the pod says Unconfined: fails Baseline",
        evidence=("pod securityContext.seccompProfile: type Unconfined", case.written),
    )


def _unknown_type(case: Case) -> Template | None:
    if case.declared_type in (None, "RuntimeDefault", "Localhost", "Unconfined"):
        return None
    return UNKNOWN_TYPE.finding(
        case.effective.explanation if case.effective.decided_by is DecidedBy.NOTHING else "type is not one that Kubernetes knows",
        evidence=(case.written,),
        patch=_NEW,
    )


def _raw_filter(case: Case) -> Template | None:
    if all(key != RAW_FILTER for key, _ in case.annotations):
        return None
    return RAW_FILTER_ANNOTATION.finding(
        f"{RAW_FILTER} can replace the whole profile with a raw filter", evidence=(f"annotation {RAW_FILTER}",)
    )


def _crio_annotation(case: Case) -> Template | None:
    keys = [key for key, _ in case.annotations if key != RAW_FILTER]
    if not keys:
        return None
    return CRIO_ANNOTATION.finding(
        f"{keys[0]} changes the profile where CRI-O is configured to allow it",
        evidence=tuple(f"annotation {key}: {short(value, 300)}" for key, value in case.annotations if key != RAW_FILTER),
    )


EXPLICIT_UNCONFINED = Check(
    id="KS101",
    slug="explicit-unconfined",
    title="Unconfined is set",
    severities=(Severity.HIGH,),
    run=_explicit_unconfined,
    why="seccompProfile type Unconfined switches the filter off: the container can make every system call of the kernel. It also "
    "overrides the kubelet's seccompDefault, and on a container it overrides the pod's profile. Capabilities, AppArmor and "
    "SELinux are not affected.",
    fix="Set seccompProfile type RuntimeDefault on the container, or remove the container's field so that the pod's applies.",
    sources=(KUBELET,),
)
UNSET_DEFAULT_OFF = Check(
    id="KS102",
    slug="unset-default-off",
    title="Nothing set, and the kubelet's default is off",
    severities=(Severity.HIGH,),
    run=_unset_off,
    why="Neither container nor pod sets a seccompProfile, and this node's kubelet runs without seccompDefault: the kubelet asks "
    "the runtime for Unconfined.",
    fix="Set securityContext.seccompProfile type RuntimeDefault on the pod. Turning on seccompDefault for the kubelet protects "
    "everything on that node that sets nothing.",
    sources=(KUBELET, "kubernetes pkg/kubelet/apis/config/v1beta1/defaults.go: seccompDefault is false (1.27 to 1.36)"),
)
KUBELET_ONLY = Check(
    id="KS103",
    slug="relies-on-kubelet-default",
    title="Protected by the kubelet's default only",
    severities=(Severity.LOW,),
    run=_kubelet_only,
    why="Nothing is set; the filter comes from the seccompDefault of this node's kubelet. The container is protected now, but on "
    "a node without that default the same pod runs unconfined, and Pod Security Restricted refuses it.",
    fix="Set securityContext.seccompProfile type RuntimeDefault on the pod: nothing changes where it runs now.",
    sources=(
        "kubernetes enhancement 2413, seccompDefault",
        "pod-security-admission policy/check_seccompProfile_restricted.go",
    ),
)
UNSET_UNKNOWN = Check(
    id="KS104",
    slug="unset-default-unknown",
    title="Nothing set, and the kubelet's default is unknown",
    severities=(Severity.MEDIUM,),
    run=_unset_unknown,
    why="Nothing is set, so the kubelet decides, and what it does could not be found out. seccompDefault is off unless somebody "
    "has turned it on. This does not mean that the container has no filter.",
    fix="Set securityContext.seccompProfile type RuntimeDefault on the pod. To know what runs now, allow `get nodes/proxy`, or "
    "use `kubectl seccomp check pod`; for manifests, give --seccomp-default on or off.",
    sources=("kubernetes cmd/kubelet/app/server.go: configuration or flag (1.25 to 1.36)",),
)
LOST_TO_PRIVILEGED = Check(
    id="KS105",
    slug="lost-to-privileged",
    title="The filter is lost to privileged",
    severities=(Severity.MEDIUM,),
    run=_lost_to_privileged,
    why="The container is privileged: the runtime loads no filter for it, whatever profile is set or the kubelet adds.",
    fix="Remove privileged and add only the capabilities that the container needs; the profile then takes effect.",
    sources=(
        "containerd internal/cri/server/container_create_linux.go (1.6 to 2.4)",
        "CRI-O server/container_create.go setupSeccomp, privileged_seccomp_profile (1.33)",
        "moby daemon/seccomp_linux.go (27.0)",
    ),
)
DEAD_ANNOTATION = Check(
    id="KS106",
    slug="dead-annotation",
    title="Only an annotation, which has no effect",
    severities=(Severity.HIGH, Severity.MEDIUM, Severity.LOW),
    run=_dead_annotation,
    why="The annotations seccomp.security.alpha.kubernetes.io/pod and container.seccomp.security.alpha.kubernetes.io/NAME have "
    "had no effect since Kubernetes 1.27. Whoever wrote one may believe that it works; what decides is the kubelet's default.",
    fix="Replace the annotation with securityContext.seccompProfile: runtime/default and docker/default mean RuntimeDefault, "
    "localhost/FILE means type Localhost with localhostProfile FILE.",
    sources=(
        "kubernetes pull request 114947 (1.27)",
        "kubernetes pkg/api/pod/warnings.go (1.36)",
    ),
)
POD_OVERRIDDEN = Check(
    id="KS107",
    slug="pod-unconfined-overridden",
    title="The pod says Unconfined, every container overrides it",
    severities=(Severity.LOW,),
    run=_pod_overridden,
    why="No container runs unconfined now: each has a profile of its own. But the pod's Unconfined is a trap for the next "
    "container, and Pod Security Baseline refuses the pod for it.",
    fix="Set the pod's securityContext.seccompProfile type RuntimeDefault, or remove it.",
    sources=("pod-security-admission policy/check_seccompProfile_baseline.go",),
)
RAW_FILTER_ANNOTATION = Check(
    id="KS113",
    slug="raw-filter-annotation",
    title="A raw filter set by annotation",
    severities=(Severity.CRITICAL,),
    run=_raw_filter,
    why="crun replaces the whole seccomp profile with the program in the annotation run.oci.seccomp_bpf_data, if the runtime "
    "passes it on (CRI-O before 1.27.6, 1.28.6, 1.29.4 and 1.30.0 did). What the fields say then has no effect. Where the "
    "runtime does not pass it on, the annotation does nothing.",
    fix="Remove the annotation. Nothing in Kubernetes needs it.",
    sources=(
        "crun crun.1.md run.oci.seccomp_bpf_data",
        "CRI-O pull request 8089",
    ),
)
CRIO_ANNOTATION = Check(
    id="KS114",
    slug="crio-annotation",
    title="A seccomp annotation of CRI-O",
    severities=(Severity.INFO,),
    run=_crio_annotation,
    why="CRI-O can take a profile from an OCI artifact, or watch for refused syscalls, when an annotation asks for it and the "
    "runtime handler allows it; by default it does not.",
    fix="Check allowed_annotations of the node's CRI-O. Prefer a Localhost profile, which the API shows.",
    sources=("CRI-O internal/config/seccomp/seccompociartifact (1.30), notifier.go (1.26)",),
)
UNKNOWN_TYPE = Check(
    id="KS115",
    slug="unknown-type",
    title="An unknown profile type",
    severities=(Severity.MEDIUM,),
    run=_unknown_type,
    why="The written type is not one that Kubernetes knows. API servers refuse it; a kubelet that is older than the API server "
    "would run the container without any filter.",
    fix="Write RuntimeDefault, Localhost or Unconfined, spelled exactly like this.",
    sources=("kubernetes pkg/kubelet/kuberuntime/helpers.go fieldSeccompProfile (1.25 to 1.36)",),
)
CHECKS = (
    EXPLICIT_UNCONFINED,
    UNSET_DEFAULT_OFF,
    KUBELET_ONLY,
    UNSET_UNKNOWN,
    LOST_TO_PRIVILEGED,
    DEAD_ANNOTATION,
    POD_OVERRIDDEN,
    RAW_FILTER_ANNOTATION,
    CRIO_ANNOTATION,
    UNKNOWN_TYPE,
)
