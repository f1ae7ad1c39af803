"""Checks on Localhost profiles: the written path, and the file on the node."""

from __future__ import annotations

from ..model import FileState, Severity, Template
from .record import Case, Check


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
    return PROFILE_EMPTY.finding(case.effective.explanation, evidence=(case.written,), patch="RuntimeDefault")


def _where(case: Case) -> str:
    return f"{case.path} on {case.placement.node_name}"


def _file_evidence(case: Case) -> tuple[str, ...]:
    file = case.file
    facts = [case.written, f"{case.placement.node_name}: {file.path or case.path}: {file.state.value}"]
    if file.sha256:
        facts.append(f"sha256 {file.sha256}, {file.size} bytes, mode {file.mode}, owner {file.owner}")
    facts.extend(f"{trouble.where}: {trouble.text}" for trouble in case.troubles)
    return tuple(facts)


def _missing(case: Case) -> Template | None:
    if case.file.state is not FileState.MISSING:
        return None
    return FILE_MISSING.finding(
        f"{case.file.path or case.path} is not on {case.placement.node_name}",
        detail=f"There is no file {case.file.path or case.path} on node {case.placement.node_name}. A container that is not "
        "running cannot start there; one that runs will not survive its next restart.",
        evidence=_file_evidence(case),
        patch="RuntimeDefault",
    )


def _without_effect(case: Case) -> Template | None:
    if case.file.state is not FileState.PRESENT or case.file.effect != "none":
        return None
    return FILE_WITHOUT_EFFECT.finding(case.effective.explanation, evidence=_file_evidence(case))


def _refused(case: Case) -> Template | None:
    if case.file.state is not FileState.INVALID:
        return None
    reason = case.file.explanation or f"{_where(case)} does not load"
    return FILE_REFUSED.finding(reason, evidence=_file_evidence(case))


def _forbids_nothing(case: Case) -> Template | None:
    if case.file.state is not FileState.PRESENT or case.file.effect != "filter" or not case.file.forbids_nothing:
        return None
    return FORBIDS_NOTHING.finding(case.file.explanation or f"{_where(case)} lets every call pass", evidence=_file_evidence(case))


LOCALHOST_PREFIX = Check(
    id="KS110",
    slug="localhost-prefix",
    title="localhost/ in the field",
    severities=(Severity.MEDIUM,),
    run=_prefix,
    why="The prefix localhost/ belonged to the old annotation. In the field it is part of the path: the file is looked for in "
    "<kubelet root>/seccomp/localhost/.",
    fix="Write the path relative to <kubelet root>/seccomp, without localhost/.",
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
)
FILE_MISSING = Check(
    id="KS301",
    slug="file-missing",
    title="The profile file is not on the node",
    severities=(Severity.HIGH,),
    run=_missing,
    why="The container runtime opens the file each time a container is created; without it the container cannot be created.",
    fix="Put the profile at that path on every node the pod can run on (a DaemonSet, the node image, or the Security Profiles "
    "Operator), or set type RuntimeDefault. The container is tried again by itself.",
)
FILE_WITHOUT_EFFECT = Check(
    id="KS302",
    slug="file-without-effect",
    title="The profile file has no effect",
    severities=(Severity.CRITICAL,),
    run=_without_effect,
    why="A profile without defaultAction and without syscalls (an empty object, null, a wrapped Kubernetes resource) is valid JSON, "
    "passes every admission control, and makes containerd and CRI-O start the container without any filter.",
    fix="Replace the file by a real profile (a JSON object with defaultAction and syscalls at its top level) and restart the pod; "
    "until then use type RuntimeDefault.",
)
FILE_REFUSED = Check(
    id="KS303",
    slug="file-refused",
    title="The profile file does not load",
    severities=(Severity.HIGH,),
    run=_refused,
    why="The container runtime cannot load the file: a container with it does not start, or not again.",
    fix="Correct the file on the node; the container is tried again by itself.",
)
FORBIDS_NOTHING = Check(
    id="KS304",
    slug="file-forbids-nothing",
    title="The profile forbids nothing",
    severities=(Severity.MEDIUM,),
    run=_forbids_nothing,
    why="The filter loads, and the kernel reports one, but every system call passes it.",
    fix="Use type RuntimeDefault, or a profile whose default action refuses.",
)
CHECKS = (LOCALHOST_PREFIX, PROFILE_EMPTY, FILE_MISSING, FILE_WITHOUT_EFFECT, FILE_REFUSED, FORBIDS_NOTHING)
