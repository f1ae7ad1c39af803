"""Checks on Localhost profiles: the written path, and the file on the node."""

from __future__ import annotations

import posixpath

from ..effective import NO_START, about
from ..model import Template
from ..words import DecidedBy, FileState, Observation, Severity, short
from .record import CONTAINERD, CRIO, RUNC, Case, Check


def _prefix(case: Case) -> Template | None:
    if case.declared_type != "Localhost" or not case.path.startswith("localhost/"):
        return None
    return LOCALHOST_PREFIX.finding(
        "localhostProfile begins with localhost/: the file is looked for in a folder of that name",
        evidence=(case.written,),
    )


def _empty(case: Case) -> Template | None:
    if case.declared_type != "Localhost" or case.path:
        return None
    return PROFILE_EMPTY.finding(
        "Localhost without a localhostProfile: the kubelet refuses to start the container",
        evidence=(case.written, *_said(case)),
        patch="RuntimeDefault",
    )


def _refused_path(case: Case) -> Template | None:
    field = case.declared.field
    why = _wrong_path(field.type, field.localhost_profile) if field is not None and field.localhost_profile else None
    return PROFILE_PATH.finding(why, evidence=(case.written, *_said(case))) if why else None


def _wrong_path(kind: str, path: str) -> str | None:
    named = f"localhostProfile {short(path)}"
    if kind in ("RuntimeDefault", "Unconfined"):
        return f"{named} with type {kind}: the API server refuses it"
    if kind == "Localhost" and (path.startswith("/") or ".." in path.split("/")):
        return f"{named} is absolute or contains ..: the API server refuses it"
    if kind == "Localhost" and posixpath.normpath(path) == ".":
        return f"{named} is the seccomp directory itself: the container cannot start"
    return None


def _said(case: Case) -> tuple[str, ...]:
    return tuple(f"{trouble.where}: {trouble.text}" for trouble in case.troubles)


def _file_evidence(case: Case) -> tuple[str, ...]:
    file = case.file
    facts = [case.written, f"{case.placement.node_name}: {short(file.path or case.path, 500)}: {file.state.value}"]
    if file.sha256:
        facts.append(f"sha256 {file.sha256}, {file.size} bytes, mode {file.mode}, owner {file.owner}")
    return (*facts, *_said(case))


def _missing(case: Case) -> Template | None:
    if case.file.state is not FileState.MISSING or not case.opens_file:
        return None
    path, node = short(case.file.path or case.path, 500), case.placement.node_name
    stuck = any(trouble.kind == "cannot-start" for trouble in case.troubles)
    return FILE_MISSING.finding(
        f"{path} is not on {node}: {'the container cannot start' if stuck else NO_START}",
        detail=f"There is no file {path} on node {node}. The container runtime opens it each time a container is created: one that "
        "is not running cannot start there, and one that runs does not survive its next restart.",
        evidence=_file_evidence(case),
        patch="RuntimeDefault",
    )


def _without_effect(case: Case) -> Template | None:
    if case.effective.decided_by is not DecidedBy.FILE:
        return None
    return FILE_WITHOUT_EFFECT.finding(case.effective.explanation, evidence=_file_evidence(case))


def _refused(case: Case) -> Template | None:
    if case.file.state is not FileState.INVALID or not case.loads_file:
        return None
    said = about(case.path, case.placement.node_name, case.file, "does not load")
    return FILE_REFUSED.finding(f"{said}: {NO_START}", evidence=_file_evidence(case))


def _forbids_nothing(case: Case) -> Template | None:
    file = case.file
    if file.state is not FileState.PRESENT or not file.forbids_nothing or not case.loads_file:
        return None
    said = about(case.path, case.placement.node_name, file, "lets every syscall pass")
    return FORBIDS_NOTHING.finding(said, evidence=_file_evidence(case), patch="RuntimeDefault")


def _changed(case: Case) -> Template | None:
    if not case.file.changed or not case.loads_file:
        return None
    path, node = short(case.file.path or case.path, 500), case.placement.node_name
    earlier = case.file.earlier_sha256
    told = (
        f"sha256 in the earlier report: {earlier}" if earlier else "its earlier hash is known from an earlier report only (--earlier)"
    )
    return FILE_CHANGED.finding(f"{path} on {node} has changed since the container started", evidence=(*_file_evidence(case), told))


def _problems(case: Case) -> Template | None:
    """Name the worst problem of a file that filters. What keeps it from filtering, or from forbidding anything, is told by others."""
    file = case.file
    if file.state is not FileState.PRESENT or file.effect != "filter" or file.forbids_nothing or not case.loads_file:
        return None
    bad = [problem for problem in file.problems or () if problem.severity.rank <= Severity.MEDIUM.rank]
    if not bad:
        return None
    worst = bad[0]
    # A container that runs has shown that it can.
    severity = worst.severity if case.observed.state is Observation.UNCHECKED else Severity.MEDIUM
    severity = max(severity, Severity.HIGH, key=lambda each: each.rank)
    many = f"{len(bad)} problems, the worst: " if len(bad) > 1 else ""
    evidence = tuple(f"line {each.line}: {each.id} {each.severity.value} {each.slug}" for each in bad[:_TOLD])
    return FILE_PROBLEMS.finding(
        f"{short(case.path)} on {case.placement.node_name}: {many}{worst.id} {short(worst.message, 120)}",
        evidence=(*_file_evidence(case), *evidence),
        severity=severity,
    )


_TOLD = 5
LOCALHOST_PREFIX = Check(
    id="KS110",
    slug="localhost-prefix",
    title="localhost/ in the field",
    severities=(Severity.MEDIUM,),
    run=_prefix,
    why="The prefix localhost/ belonged to the old annotation. In the field it is part of the path: the file is looked for in "
    "<kubelet root>/seccomp/localhost/.",
    fix="Write the path relative to <kubelet root>/seccomp, without localhost/.",
    sources=("kubernetes pkg/apis/core/validation/validation.go: a relative path, nothing else (1.36)",),
)
PROFILE_EMPTY = Check(
    id="KS116",
    slug="localhost-profile-empty",
    title="Localhost without a file",
    severities=(Severity.HIGH,),
    run=_empty,
    why="The API server accepts an empty localhostProfile; the kubelet then refuses to start the container "
    "(CreateContainerConfigError).",
    fix="Name a file relative to <kubelet root>/seccomp, or use type RuntimeDefault.",
    sources=("kubernetes pkg/kubelet/kuberuntime/helpers.go (1.25 to 1.36)",),
)
PROFILE_PATH = Check(
    id="KS120",
    slug="localhost-profile-refused",
    title="A localhostProfile that Kubernetes refuses",
    severities=(Severity.HIGH,),
    run=_refused_path,
    why="A localhostProfile is a path relative to <kubelet root>/seccomp, without `..`, and only with type Localhost. The API server "
    "refuses anything else, so the pod is never made; a path that is the directory itself is accepted, and no container starts "
    "with it.",
    fix="Write the path of a file relative to <kubelet root>/seccomp, or use type RuntimeDefault without a localhostProfile.",
    sources=(
        "kubernetes pkg/apis/core/validation/validation.go validateSeccompProfileField, validateLocalDescendingPath (1.25 to 1.37)",
    ),
)
FILE_MISSING = Check(
    id="KS301",
    needs="file",
    slug="file-missing",
    title="The profile file is not on the node",
    severities=(Severity.HIGH,),
    run=_missing,
    why="The container runtime opens the file each time a container is created; without it the container cannot be created. One "
    "that is running is not affected until its next restart.",
    fix="Put the profile at that path on every node the pod can run on (a DaemonSet, the node image, or the Security Profiles "
    "Operator), or set type RuntimeDefault. The kubelet retries the container by itself.",
    sources=(CONTAINERD, CRIO),
)
FILE_WITHOUT_EFFECT = Check(
    id="KS302",
    needs="file",
    slug="file-without-effect",
    title="The profile file has no effect",
    severities=(Severity.CRITICAL,),
    run=_without_effect,
    why="A profile without defaultAction and without syscalls (an empty object, null, a wrapped Kubernetes resource) is valid JSON, "
    "passes every admission control, and makes containerd and CRI-O start the container without any filter.",
    fix="Replace the file with a real profile (a JSON object with defaultAction and syscalls at its top level) and restart the "
    "pod; until then use type RuntimeDefault.",
    sources=(
        "runc libcontainer/specconv/spec_linux.go SetupSeccomp (1.1 to 1.5)",
        "containers-common pkg/seccomp/seccomp_linux.go setupSeccomp",
    ),
)
FILE_REFUSED = Check(
    id="KS303",
    needs="file",
    slug="file-refused",
    title="The profile file does not load",
    severities=(Severity.HIGH,),
    run=_refused,
    why="The container runtime cannot load the file: a container with it cannot start, or start again. One that is running is "
    "not affected until then.",
    fix="Correct the file on the node; the kubelet retries the container by itself.",
    sources=(CONTAINERD, RUNC),
)
FORBIDS_NOTHING = Check(
    id="KS304",
    needs="file",
    slug="file-forbids-nothing",
    title="The profile forbids nothing",
    severities=(Severity.MEDIUM,),
    run=_forbids_nothing,
    why="The filter loads, and the kernel reports one, but every syscall passes it.",
    fix="Use type RuntimeDefault, or a profile whose default action refuses.",
    sources=("proc_pid_status(5): Seccomp 2 says that a filter is loaded, not what it forbids",),
)
FILE_CHANGED = Check(
    id="KS305",
    needs="file",
    slug="file-changed",
    title="The profile file has changed since the container started",
    severities=(Severity.MEDIUM,),
    run=_changed,
    why="The container runtime reads the file once, when it creates the container. A running container keeps the filter it got "
    "then; what the file says now applies from its next restart on. So the file that was read may not be what runs. The rollout "
    "of a new version looks the same as any other change.",
    fix="Restart the pod so that it runs with what the file says now, after making sure that it can start with it.",
    sources=(CONTAINERD, "inode(7): ctime, which unlike mtime cannot be set"),
)
FILE_PROBLEMS = Check(
    id="KS308",
    needs="file",
    slug="file-has-problems",
    title="The profile file does something other than it says, or less than it should",
    severities=(Severity.HIGH, Severity.MEDIUM),
    run=_problems,
    why="The file loads, and lint finds something in it as this node's runtime reads it: syscalls that are open, rules that have "
    "no effect, syscalls that the runtime itself needs to start a container.",
    fix="Run kubectl seccomp profile lint node/NAME:PATH for every problem with its place, correct the file on the node, and restart "
    "the pod.",
    sources=("the checks KS310 to KS360",),
)
CHECKS = (
    LOCALHOST_PREFIX,
    PROFILE_EMPTY,
    PROFILE_PATH,
    FILE_MISSING,
    FILE_WITHOUT_EFFECT,
    FILE_REFUSED,
    FORBIDS_NOTHING,
    FILE_CHANGED,
    FILE_PROBLEMS,
)
