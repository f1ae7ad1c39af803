"""Checks on what became of a container: sandbox, mirror pod, failures, and what the kernel says."""

from __future__ import annotations

from ..effective import unfiltered
from ..failures import Trouble
from ..model import Template
from ..words import Certainty, DecidedBy, EffectiveType, FileState, Observation, Severity, short
from .record import CONTAINERD, CRIO, RUNC, Case, Check


def _sandboxed(case: Case) -> Template | None:
    if case.effective.decided_by is not DecidedBy.SANDBOX:
        return None
    return IGNORED_BY_SANDBOX.finding(case.effective.explanation, evidence=(case.written,))


def _mirror(case: Case) -> Template | None:
    if not case.placement.mirror:
        return None
    return MIRROR_POD.finding(
        "mirror of a static pod: the manifest on the node counts",
        evidence=("annotation kubernetes.io/config.mirror",),
    )


def _cannot_start(case: Case) -> Template | None:
    texts = [trouble for trouble in case.troubles if trouble.kind == "cannot-start"]
    if not texts or _explained(case):
        return None
    return CANNOT_START.finding(
        _said(texts[0]),
        evidence=(*(f"{trouble.where}: {trouble.text}" for trouble in texts), case.written),
    )


def _explained(case: Case) -> bool:
    """Whether another finding (KS116, KS301, KS303) names the cause and carries these texts."""
    if case.declared_type != "Localhost":
        return False
    missing = case.file.state is FileState.MISSING and case.opens_file
    return not case.path or missing or (case.file.state is FileState.INVALID and case.loads_file)


def _said(trouble: Trouble) -> str:
    """Return the short reason: the file where the runtime names one, its words otherwise; the whole text is evidence."""
    told = f"the runtime cannot load {trouble.path}" if trouble.path else " ".join(trouble.text.split())
    return f"cannot start{'' if trouble.sure else ', perhaps because of its profile'}: {short(told, 200)}"


def _killed(case: Case) -> Template | None:
    texts = [trouble for trouble in case.troubles if trouble.kind == "killed"]
    unfiltered_for_sure = case.effective.type is EffectiveType.UNCONFINED and case.effective.certainty is Certainty.CERTAIN
    if not texts or unfiltered_for_sure:
        return None
    return KILLED.finding(
        "ended with exit code 159, as if killed by its filter",
        evidence=(*(trouble.text for trouble in texts), case.written),
    )


def _contradiction(case: Case) -> Template | None:
    if not case.confined or case.older or not unfiltered(case.observed):
        return None
    seen = "no filter" if case.observed.state is Observation.UNFILTERED else "strict mode, which excludes a filter"
    return CONTRADICTION.finding(
        f"{case.effective.type.value} should be in force, but the kernel reports {seen}",
        evidence=(case.written, case.seen),
    )


def _unexpected(case: Case) -> Template | None:
    expected_none = case.effective.type is EffectiveType.UNCONFINED
    if not expected_none or case.observed.state is not Observation.FILTERED:
        return None
    return UNEXPECTED_FILTER.finding(
        "the kernel reports a filter where none was expected",
        evidence=(case.effective.explanation, case.seen),
    )


def _no_filter(case: Case) -> Template | None:
    older = case.older and case.confined
    if not (older or case.effective.type is EffectiveType.UNKNOWN) or not unfiltered(case.observed):
        return None
    return NO_FILTER.finding(
        "the kernel reports no filter" + older * ": it started before its kubelet, when the default was another one",
        evidence=(case.written, case.seen),
        patch="RuntimeDefault",
    )


IGNORED_BY_SANDBOX = Check(
    id="KS108",
    slug="ignored-by-sandbox",
    title="A sandbox runtime ignores the profile",
    severities=(Severity.INFO,),
    run=_sandboxed,
    why="gVisor and Kata run the container on a kernel of its own and do not load the pod's seccomp profile there by default. What "
    "protects the node is the sandbox itself.",
    fix="Nothing, as long as the sandbox is meant to be the protection. To have both, turn on --oci-seccomp (gVisor) or turn off "
    "disable_guest_seccomp (Kata) in the node's configuration.",
    sources=(
        "gVisor runsc/config/flags.go --oci-seccomp",
        "Kata Containers src/runtime/Makefile disable_guest_seccomp",
    ),
)
MIRROR_POD = Check(
    id="KS109",
    slug="mirror-pod",
    title="A mirror of a static pod",
    severities=(Severity.INFO,),
    run=_mirror,
    why="The API shows a copy of a static pod. Admission webhooks can have changed the copy, but never the real pod, so what the "
    "copy says is only assumed.",
    fix="Look at the manifest in the kubelet's static pod directory on the node.",
    sources=("kubernetes pkg/kubelet/pod/pod_manager.go IsMirrorPodOf (1.36)",),
)
CANNOT_START = Check(
    id="KS111",
    slug="cannot-start",
    title="The container cannot start because of its profile",
    severities=(Severity.HIGH,),
    run=_cannot_start,
    why="The container runtime refuses the profile, or the profile refuses what the runtime has to do to start the container.",
    fix="Put a valid profile at that path on every node the pod can run on, or set seccompProfile type RuntimeDefault. The "
    "kubelet retries the container by itself.",
    sources=(CONTAINERD, CRIO, RUNC),
)
KILLED = Check(
    id="KS112",
    slug="killed-by-filter",
    title="The container ended as if killed by its filter",
    severities=(Severity.MEDIUM,),
    run=_killed,
    why="Its main process ended with exit code 159: 128 + 31 (SIGSYS), the signal with which a seccomp filter kills. That is a "
    "sign, not proof: a program can also exit with 159 of its own accord.",
    fix="Find the syscall in the node's kernel log (audit type 1326) and allow it in the profile, or let the profile return an "
    "error (SCMP_ACT_ERRNO) instead of killing.",
    sources=("seccomp(2): SECCOMP_RET_KILL_PROCESS ends a process as if by SIGSYS",),
)
CONTRADICTION = Check(
    id="KS117",
    needs="process",
    slug="contradiction",
    title="A filter should be there, and the kernel reports none",
    severities=(Severity.CRITICAL,),
    run=_contradiction,
    why="By its fields, its node and its runtime the container has a filter; its process has none. Something replaced or dropped "
    "the profile: a runtime's configuration, an NRI plugin, or a kernel without seccomp.",
    fix="Restart the pod and check again. If the finding stays, look at the configuration of the container runtime on this node.",
    sources=("proc_pid_status(5): Seccomp",),
)
UNEXPECTED_FILTER = Check(
    id="KS118",
    needs="process",
    slug="unexpected-filter",
    title="A filter where none was expected",
    severities=(Severity.INFO,),
    run=_unexpected,
    why="The process has a filter although nothing gives it one: the application loaded one itself, the node runs inside a "
    "filtered container, or a default changed after the container started. At its next restart it may have none.",
    fix="Do not rely on it: set securityContext.seccompProfile type RuntimeDefault.",
    sources=("proc_pid_status(5): Seccomp",),
)
NO_FILTER = Check(
    id="KS119",
    needs="process",
    slug="no-filter-observed",
    title="The kernel reports no filter",
    severities=(Severity.HIGH,),
    run=_no_filter,
    why="Which profile should be in force could not be worked out, or the kubelet's default was turned on after the container "
    "had started; its process was looked at, and it has no filter.",
    fix="Set securityContext.seccompProfile type RuntimeDefault on the pod. A default that was turned on later takes effect when the "
    "container is created again.",
    sources=("proc_pid_status(5): Seccomp",),
)
CHECKS = (
    IGNORED_BY_SANDBOX,
    MIRROR_POD,
    CANNOT_START,
    KILLED,
    CONTRADICTION,
    UNEXPECTED_FILTER,
    NO_FILTER,
)
