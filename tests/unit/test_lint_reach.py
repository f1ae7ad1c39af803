"""Lint on a profile as a whole: whether a container starts under it and has threads, and what it leaves open."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.floor import MARGIN, PROGRAM
from kubectl_seccomp.profiles.judged import Judged, Place, judge_at
from kubectl_seccomp.profiles.lint_reach import problems
from tests.unit.lint_lab import told
from tests.unit.profiling import made, rule

BOTH = ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86")
NEEDED = {name for each in (*PROGRAM, *MARGIN, "clone", "exit_group") for name in each.split("|")}
ENOSYS = {"errnoRet": 38}
CLONE = rule("clone", "ALLOW")
ADVICE = '{"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}'
NEWER = "fsopen fsconfig fsmount move_mount open_tree mount_setattr"
Told = list[tuple[str, ...]]


def starting(without: str = "", default: str = "ERRNO", *more: dict[str, Any]) -> Judged:
    """An allow list with which everything starts, less some names."""
    allowed = rule(" ".join(sorted(NEEDED - set(without.split()))), "ALLOW")
    return made(default, allowed, rule("clone3", "ERRNO", **ENOSYS), *more, architectures=BOTH)


def found(judged: Judged, *ids: str, default: str = "") -> Told:
    return [told(problem) for problem in problems(judged, default) if not ids or problem.id in ids]


RUNTIME = "KS353 high defaultaction: the runtime cannot start a container: "
PRIVILEGED = "KS353 medium defaultaction: a container without no_new_privs does not start: "
GLIBC = "KS353 medium defaultaction: a program that is linked with glibc does not start: "
LESS = "KS353 low defaultaction: runtimes also make these syscalls, and may need them for exec or in other releases: "
ONE_THREAD = ("KS350 medium defaultaction: the default ends one thread of a process", "loads", "SCMP_ACT_ERRNO")
HANGS = (
    "KS350 high defaultaction: the default ends one thread of a process: runc hangs while it starts a container",
    "runc hangs, crun loads",
    "SCMP_ACT_ERRNO",
)
NO_PROGRAM = ("KS351 high defaultaction: execve is refused: the container's program cannot be started", "cannot start")


@pytest.mark.parametrize(
    ("default", "without", "expected"),
    [
        ("ERRNO", "", []),
        ("ERRNO", "execve", [NO_PROGRAM]),
        ("ERRNO", "exit_group", [
            ("KS352 medium defaultaction: exit_group is refused: programs crash or spin when they exit", "loads"),
        ]),
        ("ERRNO", "fstatfs", [(f"{RUNTIME}runc needs fstatfs", "runc cannot start, crun loads", "fstatfs")]),
        ("ERRNO", "statx", [(f"{RUNTIME}runc since 1.3 also needs statx", "runc cannot start since 1.3, crun loads", "statx")]),
        ("ERRNO", "execve fstatfs getdents64 statx", [
            NO_PROGRAM,
            (f"{RUNTIME}runc needs fstatfs, getdents64; runc since 1.3 also needs statx", "runc cannot start, crun loads",
             "fstatfs getdents64 statx"),
        ]),
        ("ERRNO", "capset setuid futex", [
            (f"{PRIVILEGED}runc needs capset, setuid; runc since 1.3 also needs futex; crun needs capset",
             "cannot start without no_new_privs", "capset setuid futex"),
        ]),
        ("ERRNO", "setresuid", [
            (f"{PRIVILEGED}crun needs setresuid", "runc loads, crun cannot start without no_new_privs", "setresuid"),
        ]),
        ("ERRNO", "mmap", [(f"{GLIBC}mmap is refused", "loads", "mmap")]),
        ("ERRNO", "mprotect mmap", [(f"{GLIBC}mmap, mprotect are refused", "loads", "mmap mprotect")]),
        # What was named before is not named again as what may be wanting.
        ("ERRNO", "openat tgkill getpid", [
            (f"{RUNTIME}runc needs openat", "runc cannot start, crun loads", "openat"),
            (f"{GLIBC}openat is refused", "loads", "openat"),
            (f"{LESS}getpid, tgkill", "loads", "getpid tgkill"),
        ]),
        ("KILL", "", [ONE_THREAD]),
        ("KILL_PROCESS", "fstatfs", [(f"{RUNTIME}runc needs fstatfs", "runc cannot start, crun loads", "fstatfs")]),
        ("KILL", "fstatfs", [(f"{RUNTIME}runc needs fstatfs", "runc hangs, crun loads", "fstatfs"), HANGS]),
        ("KILL_THREAD", "execve", [NO_PROGRAM, HANGS]),
        ("KILL", "setresuid", [
            (f"{PRIVILEGED}crun needs setresuid", "runc loads, crun cannot start without no_new_privs", "setresuid"), ONE_THREAD,
        ]),
    ],
)  # fmt: skip
def test_what_an_allow_list_lacks_and_what_comes_of_it(default: str, without: str, expected: Told) -> None:
    assert found(starting(without, default)) == expected


def test_a_deny_list_is_asked_for_what_a_start_needs_and_not_for_a_margin() -> None:
    denied = made("ALLOW", rule("bpf", "ERRNO"), rule("exit_group execve tgkill setuid mmap", "ERRNO"))
    assert found(denied, "KS351", "KS352", "KS353") == [
        ("KS351 high syscalls.1: execve is refused: the container's program cannot be started", "cannot start"),
        (f"{PRIVILEGED}runc needs setuid", "runc cannot start without no_new_privs, crun loads", "setuid"),
        (f"{GLIBC}mmap is refused", "loads", "mmap"),
        ("KS352 medium syscalls.1: exit_group is refused: programs crash or spin when they exit", "loads"),
    ]


def clone3(severity: str, place: str, said: str, effects: str) -> Told:
    return [(f"KS354 {severity} {place}: {said}", effects, ADVICE)]


REFUSED = "clone3 is refused, and not with ENOSYS"
UNDECIDED = "no rule decides clone3: threads fail with crun, and with"
LISTED = clone3("low", "defaultaction", f"{UNDECIDED} runc too once a rule names a syscall above 434", "runc loads, crun threads fail")
UNLISTED = clone3(
    "low", "defaultaction",
    f"{UNDECIDED} runc before 1.1.15 (SCMP_ARCH_X86_64 is not listed), and with any runc once a rule names a syscall above 434",
    "runc threads fail before 1.1.15, crun threads fail",
)  # fmt: skip
BY_DEFAULT = clone3("medium", "defaultaction", f"{REFUSED}: threads fail", "threads fail")
BY_RULE = clone3("medium", "syscalls.1", f"{REFUSED}: threads fail", "threads fail")
ABOVE = clone3(
    "medium", "defaultaction", f"{REFUSED}, and openat2 has a higher number, so runc does not answer ENOSYS: threads fail",
    "threads fail",
)  # fmt: skip
YOUNGER = rule("close_range openat2 read", "ALLOW")


@pytest.mark.parametrize(
    ("default", "rules", "target", "expected"),
    [
        ("ERRNO", [CLONE], Target(), LISTED),
        ("ERRNO", [CLONE], Target(runtime="runc"), LISTED),
        ("ERRNO", [CLONE], Target(runtime="crun"), LISTED),
        ("KILL_PROCESS", [CLONE, rule("fsopen", "ALLOW")], Target(), LISTED),
        ("ERRNO", [CLONE, YOUNGER], Target(), ABOVE),
        ("ERRNO", [CLONE, YOUNGER], Target(runtime="runc"), ABOVE),
        # A name that the library does not know moves no stub.
        ("ERRNO", [CLONE, rule("mseal", "ALLOW")], Target("amd64", "runc", (1, 3), (2, 5, 4)), LISTED),
        ("ERRNO", [CLONE, rule("clone3", "ERRNO")], Target(), BY_DEFAULT),
        ("ERRNO", [CLONE, rule("clone3", "KILL"), YOUNGER], Target(), BY_RULE),
        ("ERRNO", [CLONE, rule("clone3", "ERRNO", **ENOSYS), YOUNGER], Target(), []),
        ("ERRNO", [CLONE, rule("clone3", "ALLOW")], Target(), []),
        ("ALLOW", [rule("clone3", "ERRNO", (0, "EQ", 1))], Target(), []),
        ("ALLOW", [CLONE, rule("clone3", "ERRNO")], Target(), BY_RULE),
        ("ERRNO", [rule("read", "ALLOW")], Target(), []),
    ],
)  # fmt: skip
def test_threads_need_an_answer_for_clone3(default: str, rules: list[dict[str, Any]], target: Target, expected: Told) -> None:
    assert found(made(default, *rules, place=Place(target=target), architectures=BOTH), "KS354") == expected


@pytest.mark.parametrize(
    ("rules", "runtime", "expected"),
    [([], "runc", []), ([], "crun", []), ([YOUNGER], "", []), ([rule("clone3", "ERRNO", errnoRet=1)], "", BY_RULE)],
)
def test_a_default_of_enosys_answers_clone3_too_unless_a_rule_does(rules: list[dict[str, Any]], runtime: str, expected: Told) -> None:
    judged = made("ERRNO", CLONE, *rules, place=Place(target=Target(runtime=runtime)), defaultErrnoRet=38)
    assert found(judged, "KS354") == expected


def test_an_older_runc_answers_for_listed_architectures_only() -> None:
    assert found(made("ERRNO", CLONE), "KS354") == UNLISTED
    assert found(made("ERRNO", CLONE, place=Place(target=Target("amd64", "runc", (1, 1)))), "KS354") == UNLISTED


@pytest.mark.parametrize(
    ("arch", "listed", "expected"),
    [
        ("amd64", (), "SCMP_ARCH_X86 is not listed: 32-bit programs are killed"),
        ("amd64", ("SCMP_ARCH_X86",), ""),
        ("arm64", ("SCMP_ARCH_AARCH64",), "SCMP_ARCH_ARM is not listed: 32-bit programs are killed"),
        ("riscv64", (), ""),
    ],
)
def test_programs_of_an_architecture_that_is_not_listed_are_killed(arch: str, listed: tuple[str, ...], expected: str) -> None:
    judged = made("ALLOW", rule("bpf", "ERRNO"), place=Place(target=Target(arch)), architectures=listed)
    assert found(judged) == ([(f"KS355 low architectures: {expected}", "loads")] if expected else [])


@pytest.mark.parametrize(
    ("names", "more", "expected"),
    [
        ("umount2", "", "umount"),
        ("umount2", "umount", ""),
        ("clock_settime settimeofday", "", "clock_settime64 stime"),
        ("settimeofday", "", "stime clock_settime64"),
        ("clock_adjtime", "", "clock_adjtime64"),
        ("adjtimex", "", "clock_adjtime64"),
        ("modify_ldt", "vm86", "vm86old"),
        ("newfstatat", "", "fstatat64"),
        ("sendfile", "", "sendfile64"),
        ("mmap", "", "mmap2"),
        ("waitid", "", "waitpid"),
        ("setreuid", "", "setreuid32"),
        ("truncate", "", "truncate64"),
        ("semtimedop", "", "semtimedop_time64"),
        # The same name on both.
        ("bpf reboot", "", ""),
    ],
)
def test_what_is_refused_can_have_another_name_on_a_listed_architecture(names: str, more: str, expected: str) -> None:
    rules = [rule(names, "ERRNO"), rule(more, "ERRNO")]
    said = f"KS356 medium architectures: on SCMP_ARCH_X86 the same can be done by {expected.replace(' ', ', ')}, which no rule refuses"
    assert found(made("ALLOW", *rules, architectures=BOTH), "KS356") == ([(said, "loads", expected)] if expected else [])
    assert found(made("ALLOW", *rules), "KS356") == []
    assert found(made("ERRNO", rule(names, "KILL"), rule(expected, "ALLOW"), architectures=BOTH), "KS356") == []


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([rule("bpf", "ERRNO"), rule("mount", "ERRNO")], NEWER),
        ([rule("bpf", "ERRNO"), rule("mount fsopen move_mount", "ERRNO")], "fsconfig fsmount open_tree mount_setattr"),
        ([rule("bpf", "ERRNO"), rule(f"mount {NEWER}", "ERRNO")], ""),
        ([rule("umount2", "ERRNO")], ""),
        ([rule("mount", "ERRNO", (3, "EQ", 1))], ""),
    ],
)
def test_mount_is_refused_and_newer_calls_are_not(rules: list[dict[str, Any]], expected: str) -> None:
    said = f"KS358 medium syscalls.1: mount is refused, and these do the same: {expected.replace(' ', ', ')}"
    assert found(made("ALLOW", *rules), "KS358") == ([(said, "loads", expected)] if expected else [])


def test_io_uring_does_what_is_refused() -> None:
    said = "KS357 medium syscalls.2: io_uring is let through and carries out what is refused: accept, accept4, bind, connect, "
    said += "epoll_wait, fadvise64, fallocate, fgetxattr and 27 more"
    assert found(starting("", "ERRNO", rule("io_uring_setup io_uring_enter", "ALLOW"))) == [(said, "loads")]
    assert found(starting("", "ERRNO", rule("io_uring_setup", "ALLOW"))) == []


WEAK = "KS359 medium defaultaction: syscalls are open that"
KCMP = rule("kcmp", "ALLOW")


@pytest.mark.parametrize(
    ("without", "rules", "default", "expected"),
    [
        ("", [], "containerd://2.2.4", f"{WEAK} containerd's RuntimeDefault refuses: user-namespace: clone(CLONE_NEWUSER)"),
        ("", [], "cri-o://1.35.0", f"{WEAK} CRI-O's RuntimeDefault refuses: user-namespace: clone(CLONE_NEWUSER)"),
        ("clone", [], "containerd://2.2.4", ""),
        ("clone", [KCMP], "containerd://2.2.4",
         "KS359 low defaultaction: syscalls are open that containerd's RuntimeDefault refuses: process-access: kcmp"),
        ("clone", [KCMP, rule("bpf reboot acct swapon swapoff", "ALLOW")], "containerd://2.2.4",
         f"{WEAK} containerd's RuntimeDefault refuses: bpf-perf: bpf; process-access: kcmp; "
         "machine-state: reboot, swapon, swapoff, acct"),
        ("", [], "", ""),
        ("", [], "podman://5.0.0", ""),
    ],
)  # fmt: skip
def test_what_runtime_default_refuses_and_an_allow_list_does_not(
    without: str, rules: list[dict[str, Any]], default: str, expected: str
) -> None:
    assert found(starting(without, "ERRNO", *rules), default=default) == ([(expected, "loads")] if expected else [])


def test_of_what_a_deny_list_forgets_the_first_are_named_of_each_group() -> None:
    judged = made("LOG", rule("bpf kcmp unshare", "ERRNO"), architectures=BOTH)
    ((said, effects),) = found(judged, "KS359", default="docker://28.0.0")
    assert effects == "loads"
    assert said.startswith(
        "KS359 medium defaultaction: 382 of 385 syscalls are open, including some that dockerd's RuntimeDefault refuses: "
        "user-namespace: clone(CLONE_NEWUSER), clone3; mount: mount, umount2, pivot_root and 9 more; "
        "kernel-code: init_module, finit_module, delete_module and 2 more; bpf-perf: perf_event_open; io-uring: "
    )


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        (made("ALLOW"), [("KS360 medium defaultaction: every syscall passes", "loads")]),
        (made("LOG", rule("read", "ALLOW")), [("KS360 medium defaultaction: every syscall passes", "loads")]),
        (judge_at({}, Place()), []),
        (made("ERRNO", place=Place(target=Target("mips64"))), []),
    ],
    ids=["open", "logged", "no filter", "unknown architecture"],
)
def test_what_forbids_nothing_has_nothing_else_to_be_told_of(judged: Judged, expected: Told) -> None:
    assert found(judged, default="containerd://2.2.4") == expected
