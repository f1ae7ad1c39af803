"""Status and event texts -> recognised failures. The texts are what real kubelets and runtimes said."""

from __future__ import annotations

import re

import msgspec
import pytest

from kubectl_seccomp.failures import SIGNATURES, Signature, Trouble, troubles
from kubectl_seccomp.objects import ContainerStatus

PATH = "/var/lib/kubelet/seccomp/profiles/a.json"
NO_FILE = f"open {PATH}: no such file or directory"
OCI = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
CRIO = 'container create failed: time="2026-11-23T10:00:00Z" level=error msg="runc create failed: '
FDS = "unable to start container process: error during container init: error closing exec fds: "

# text, the path in it: texts that only a seccomp profile causes, about its file.
FILES = [
    (f'failed to create containerd container: cannot load seccomp profile "{PATH}": {NO_FILE}', PATH),
    (f'failed to create containerd container: cannot load seccomp profile "{PATH}": read {PATH}: is a directory', PATH),
    (f'setup seccomp: unable to load local profile "{PATH}": {NO_FILE}', PATH),
    (
        'failed to generate security options for container "app": failed to generate seccomp security options for container: '
        f'cannot load seccomp profile "{PATH}": {NO_FILE}',
        PATH,
    ),
    (
        'failed to generate security options for container "app": failed to generate seccomp security options for container: '
        "unexpected end of JSON input",
        None,
    ),
    (f'failed to create containerd container: decoding seccomp profile failed "{PATH}": unexpected end of JSON input', PATH),
    (
        "setup seccomp: apply profile from bytes: load local profile: decoding seccomp profile failed: unexpected end of JSON input",
        None,
    ),
    (OCI + "string SCMP_ARCH_ARM65 is not a valid arch for seccomp", None),
    (OCI + "string SCMP_ARCH_ARM65 is not a valid arch for seccomp: unknown", None),
    (CRIO + 'string SCMP_ACT_DENY is not a valid action for seccomp"\n', None),
    (OCI + "string SCMP_CMP_IS is not a valid operator for seccomp", None),
    (OCI + "seccomp flags are not yet supported by runc: unknown", None),
    (OCI + "unable to start container process: SCMP_ACT_NOTIFY cannot be used as default action", None),
    (OCI + "listenerPath is not set", None),
    ("localhostProfile must be set if seccompProfile type is Localhost.", None),
    ("seccomp get action: Invalid argument", None),
    ("seccomp unknown architecture `SCMP_ARCH_NATIVE`", None),
    ("seccomp misses the default action", None),
    ("Required field 'defaultAction' not present", None),
    ("unknown seccomp option SECCOMP_FILTER_FLAG_X", None),
]
# The same of the kernel or the runtime: no file is needed for them.
SPECIFIC = [
    ("setup seccomp: try to pull OCI artifact seccomp profile: not found", None),
    (OCI + "seccomp: config provided but seccomp not supported", None),
    (OCI + "unable to init seccomp: error loading seccomp filter into kernel: invalid argument", None),
    (OCI + "error adding seccomp filter rule for syscall bdflush: requested action matches default", None),
    ("seccomp is not supported", None),
    ("seccomp is not enabled, cannot run with custom profile", None),
]
# Texts that other causes have too: they count beside a Localhost profile.
GENERIC = [
    'failed to start containerd task "0123": cannot start a stopped process: unknown',
    'failed to start containerd task "116e": OCI runtime start failed: cannot start a container that has stopped',
    "context deadline exceeded",
    "failed to create containerd task: failed to create shim task: context canceled: unknown",
    OCI + FDS + "get handle to /proc/thread-self/fd: fstatfs fsmount:fscontext:proc: operation not permitted",
    OCI + FDS + "get handle to /proc/thread-self/fd: fstatfs fsmount:fscontext:proc: function not implemented",
    "open /proc/3847/stat: no such file or directory",
    "read /proc/13743/stat: no such process",
    "container e4f32436647154dd985744fad1789b7b19f1ed96ad76c102c2c0cf81f42cf864 is not in created state: stopped",
    OCI + FDS + "ensure /proc/self/fd is on procfs: operation not permitted: unknown",
    CRIO + FDS + 'get handle to /proc/thread-self/fd: fstatfs fsmount:fscontext:proc: operation not permitted"\n',
    OCI + "container process is already dead",
]
# Texts that have nothing to do with seccomp.
OTHERS = [
    'Back-off pulling image "registry.example/app:1.4"',
    "back-off 5m0s restarting failed container=app pod=web_shop(6f1d2c3b)",
    OCI + 'exec: "/app": stat /app: no such file or directory: unknown',
    'configmap "settings" not found',
    'failed to generate security options for container "app": apparmor: no such profile',
    OCI + "error mounting /proc: operation not permitted",
    "",
]


def status(**fields: object) -> ContainerStatus:
    return msgspec.convert({"name": "app", **fields}, ContainerStatus)


def waiting(message: str | None, reason: str = "CreateContainerError") -> ContainerStatus:
    return status(state={"waiting": {"reason": reason, "message": message}})


def ended(message: str | None = None, code: int = 128, reason: str = "StartError") -> dict[str, object]:
    return {"terminated": {"exitCode": code, "reason": reason, "message": message}}


def row(text: str) -> Signature | None:
    """Return the row that a text is recognised by."""
    return next((each for each in SIGNATURES if each.pattern.search(text)), None)


def first(text: str) -> Signature:
    """Return the same for a text that has one."""
    found = row(text)
    assert found is not None, f"no row of SIGNATURES in failures.py recognises {text!r}"
    return found


@pytest.mark.parametrize(("text", "path"), [*FILES, *SPECIFIC])
def test_a_specific_text_counts_in_a_status_whatever_the_profile(text: str, path: str | None) -> None:
    assert first(text).specific, "this text belongs to GENERIC, or its row in SIGNATURES says specific=False by mistake"
    for localhost in (True, False):
        assert troubles(waiting(text), (), localhost) == (Trouble("cannot-start", "status", text, path),), localhost
        assert troubles(status(state=ended(text)), (), localhost) == (Trouble("cannot-start", "status", text, path),), localhost


@pytest.mark.parametrize("text", GENERIC)
def test_a_generic_text_counts_beside_a_localhost_profile_only(text: str) -> None:
    assert not first(text).specific, "this text belongs to SPECIFIC, or its row in SIGNATURES lacks specific=False"
    assert troubles(waiting(text), (), True) == (Trouble("cannot-start", "status", text, sure=False),)
    assert troubles(waiting(text), (), False) == ()
    assert troubles(None, (text,), True) == (Trouble("cannot-start", "event", text, sure=False),)
    assert troubles(None, (text,), False) == ()


# As a kubelet 1.37.2 over CRI-O 1.36.3 tells it in back-off.
UNSEEN = {"exitCode": 139, "reason": "Error", "startedAt": "1754-08-30T22:43:41Z", "finishedAt": "2026-11-24T15:23:09Z"}


@pytest.mark.parametrize(
    ("changed", "localhost", "texts"),
    [
        ({}, True, ["exit code 139 before its program had started"]),
        ({}, False, []),
        ({"exitCode": 0}, True, []),
        ({"startedAt": "2026-11-24T15:23:08Z"}, True, []),
        ({"startedAt": None}, True, []),
        ({"message": "is not in created state: stopped"}, True, ["is not in created state: stopped"]),
    ],
    ids=["back-off", "no-file", "ended-well", "started", "unknown", "told"],
)
def test_a_container_that_ended_before_it_had_started(changed: dict[str, object], localhost: bool, texts: list[str]) -> None:
    back_off = {"waiting": {"reason": "CrashLoopBackOff", "message": OTHERS[1]}}
    found = troubles(status(state=back_off, lastState={"terminated": UNSEEN | changed}), (), localhost)
    assert [trouble.text for trouble in found] == texts
    assert all(trouble == Trouble("cannot-start", "status", trouble.text, sure=False) for trouble in found)


@pytest.mark.parametrize("text", OTHERS)
def test_other_failures_are_none_of_seccomp(text: str) -> None:
    assert troubles(waiting(text), (text,), True) == ()


@pytest.mark.parametrize("signature", SIGNATURES, ids=lambda signature: signature.pattern.pattern)
def test_every_signature_is_proved_by_a_text_and_says_where_it_is_from(signature: Signature) -> None:
    proved = any(row(text) is signature for text in [text for text, _ in [*FILES, *SPECIFIC]] + GENERIC)
    which = "FILES" if signature.file else "SPECIFIC" if signature.specific else "GENERIC"
    assert proved, f"no text is recognised by this row: add to {which} what was said, or see which row before it takes the text"
    assert re.search(r"\d|from source|built", signature.origin), f"say who says it, in which versions: {signature.origin!r}"


@pytest.mark.parametrize(
    ("text", "others"),
    [*((text, []) for text, _ in FILES), *((text, ["event"]) for text, _ in SPECIFIC)],
)
def test_a_text_about_a_file_in_an_event_is_of_a_container_that_has_one(text: str, others: list[str]) -> None:
    belongs = "this text belongs to the other one of FILES and SPECIFIC, or its row in SIGNATURES says file=True by mistake or lacks it"
    assert [trouble.where for trouble in troubles(None, (f"Error: {text}",), False)] == others, belongs
    assert [trouble.where for trouble in troubles(None, (f"Error: {text}",), True)] == ["event"]


TEXT = FILES[0][0]
RUNNING = {"running": {"startedAt": "2026-11-24T01:00:00Z"}}


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (None, ["event"]),
        (status(), ["event"]),
        (waiting(TEXT), ["status", "event"]),
        (waiting(None, "ContainerCreating"), ["event"]),
        (waiting(None, "PodInitializing"), []),
        (status(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState=ended(TEXT)), ["status", "event"]),
        (status(state=ended(TEXT), lastState=ended(TEXT)), ["status", "event"]),
        (status(state=ended(None, 0, "Completed")), []),
        (status(state=ended(TEXT, 0, "Completed")), []),
        (status(state=RUNNING), []),
        (status(state=RUNNING, lastState=ended(TEXT)), []),
    ],
    ids=["no status", "empty", "waiting", "creating", "initializing", "back-off", "ended", "done", "done well", "runs", "runs again"],
)
def test_what_counts_in_which_state(shown: ContainerStatus | None, expected: list[str]) -> None:
    assert [trouble.where for trouble in troubles(shown, (f"Error: {TEXT}",), True)] == expected


@pytest.mark.parametrize(
    ("shown", "killed"),
    [
        (status(state=ended(None, 159, "Error")), True),
        (status(state=RUNNING, lastState=ended(None, 159, "Error")), True),
        (status(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState=ended(None, 159, "Error")), True),
        (status(state=ended("Used forbidden syscalls: mount (1x)", 137, "seccomp killed")), True),
        (status(state=ended(None, 137, "OOMKilled")), False),
        (status(state=ended(None, 31, "Error")), False),
        (status(state=RUNNING), False),
        (None, False),
    ],
)
def test_killed_by_a_filter(shown: ContainerStatus | None, killed: bool) -> None:
    for localhost in (True, False):
        assert [trouble.kind for trouble in troubles(shown, (), localhost)] == (["killed"] if killed else []), localhost


def test_the_same_failure_twice_is_told_once() -> None:
    assert len(troubles(status(state=ended(None, 159), lastState=ended(None, 159)), (), True)) == 1
    assert len(troubles(None, (f"Error: {TEXT}",) * 5, True)) == 1


def test_a_hostile_text_is_read_in_one_pass() -> None:
    for text in ('cannot load seccomp profile "' * 50_000, "error closing exec fds: " * 50_000, "failed to generate " * 50_000):
        assert all(len(trouble.text) <= 2001 for trouble in troubles(waiting(text), (text,), True))


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (ended(None, 159, "Error"), "exit code 159 (128 + SIGSYS)"),
        (ended("mount (1x)", 137, "seccomp killed"), "seccomp killed: mount (1x)"),
        (ended(None, 137, "seccomp killed"), "seccomp killed: "),
    ],
    ids=["signal", "notifier", "notifier without words"],
)
def test_who_was_killed_is_told_by_its_status(shown: dict[str, object], text: str) -> None:
    assert troubles(status(state=shown), (), False) == (Trouble("killed", "status", text),)


def test_a_generic_text_of_the_last_try_counts_beside_a_localhost_profile() -> None:
    again = status(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState=ended(GENERIC[0]))
    assert [trouble.text for trouble in troubles(again, (), True)] == [GENERIC[0]]
    assert troubles(again, (), False) == ()


@pytest.mark.parametrize(("more", "cut"), [(0, False), (1, True)])
def test_a_long_text_is_shown_in_part(more: int, cut: bool) -> None:
    text = TEXT + "x" * (2_000 - len(TEXT) + more)
    (found,) = troubles(waiting(text), (), True)
    assert found.text == (text[:2_000] + "…" if cut else text)
