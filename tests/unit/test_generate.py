"""Profiles that are made of recordings: judged by the engine and by lint as any other file is."""

from __future__ import annotations

import json
import random

import pytest

from kubectl_seccomp.profiles import floor, output
from kubectl_seccomp.profiles.answers import Target, act
from kubectl_seccomp.profiles.decoders import Container
from kubectl_seccomp.profiles.generate import CLONES, TWINS, Generated, generate
from kubectl_seccomp.profiles.gojson import Refused, decode
from kubectl_seccomp.profiles.judged import Judged, Opening, Place, judge_at, opening
from kubectl_seccomp.profiles.lint import Setting, lint
from kubectl_seccomp.profiles.oci import ALLOW, ENOSYS, EPERM, Action, Condition, Resolved, Rule
from kubectl_seccomp.profiles.recorded import Recording, from_lines, from_profile
from kubectl_seccomp.profiles.risk import GROUPS
from kubectl_seccomp.profiles.syscalls import NEWEST, names
from kubectl_seccomp.profiles.written import read
from kubectl_seccomp.words import Severity
from tests.unit.profiling import runtime as runtime_default
from tests.unit.test_recorded import ABI, RECORDED

X86 = "SCMP_ARCH_X86"
NEWUSER = 0x10000000
PLACES = {
    "containerd, runc 1.1": Place(target=Target("amd64", "runc", (1, 1), (2, 5, 4))),
    "containerd, runc 1.5": Place(target=Target("amd64", "runc", (1, 5), (2, 6, 1))),
    "CRI-O, crun": Place("cri-o", target=Target("amd64", "crun", (1, 28))),
    "dockerd": Place("docker"),
}


def recorded(*calls: str) -> Recording:
    return Recording(frozenset(calls))


def log(name: str) -> Recording:
    return from_lines((RECORDED / name).read_bytes().splitlines(keepends=True), ABI)


def made(*recordings: Recording, arch: str = "amd64", runtime: str = "", version: tuple[int, ...] = ()) -> Generated:
    return generate(recordings, arch, floor.seen(runtime, version), runtime or "runc or crun")


def text(found: Generated) -> bytes:
    return output.oci(found.resolved).encode()


def judged(found: Generated, place: Place | None = None) -> Judged:
    """Judge what is written, not what it was made of."""
    return judge_at(decode(text(found)), place or Place())


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("name", ["busybox.strace", "ls.summary", "both.strace", "compat.strace", "namespace.strace"])
def test_what_was_recorded_passes_everywhere_and_all_else_does_not(name: str, place: Place) -> None:
    recording = log(name)
    found = made(recording)
    table = judged(found, place).native
    assert table is not None
    assert not table.conflicts
    passing = {call for call, answer in table.answers.items() if opening(answer) is not Opening.REFUSED}
    wanted = recording.calls.union(*(each.names for each in found.added)) & set(names(ABI, place.target.libseccomp or NEWEST))
    assert passing == wanted - set(found.narrowed) | ({"clone"} & recording.calls)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_lint_has_nothing_to_say_of_it_that_counts(place: Place) -> None:
    for name in ("busybox.strace", "ls.summary", "compat.summary", "attached.strace"):
        problems = lint(text(made(log(name))), Setting(place, place.decoder)).problems
        assert [each for each in problems if each.severity.rank <= Severity.MEDIUM.rank] == []


def test_any_recording_gives_a_profile_that_lets_it_through() -> None:
    known = sorted(names(ABI))
    for seed in range(20):
        chosen = random.Random(seed).sample(known, 60)
        found = made(recorded(*chosen))
        table = judged(found).native
        assert table is not None
        assert not table.conflicts
        assert {name for name in chosen if opening(table.answers[name]) is Opening.REFUSED} <= {"clone3"}


def test_what_is_not_named_fails_as_on_an_older_kernel_and_what_attackers_want_as_forbidden() -> None:
    found = made(recorded("read", "ptrace", "setxattr"))
    table = judged(found).native
    assert table is not None
    assert act(table, "getuid", (0,) * 6) == Action("ERRNO", ENOSYS)
    assert act(table, "bpf", (0,) * 6) == Action("ERRNO", EPERM)
    assert act(table, "clone3", (0,) * 6) == Action("ERRNO", ENOSYS)
    dangerous = {call.name for group in GROUPS for call in group.calls if call.name in names(ABI)}
    assert set(found.refused) == dangerous - {"ptrace", "setxattr", "clone", "clone3", "socket"}
    assert found.risky == {"exploit-primitives": ("setxattr",), "process-access": ("ptrace",)}


def test_the_rules_are_what_is_free_what_is_so_in_part_and_what_is_refused() -> None:
    found = made(recorded("clone", "socket"), runtime="crun")
    free, clone, *sockets, refused = found.resolved.rules
    names_ = sorted({name for each in found.added for name in each.names} - {"clone", "clone3", "socket"})
    assert free == Rule(0, tuple(names_), ALLOW)
    assert clone == Rule(0, ("clone",), ALLOW, (Condition(0, "MASKED_EQ", 0x7E020000),))
    assert {(each.index, each.names, each.action) for each in sockets} == {(0, ("socket",), ALLOW)}
    assert refused == Rule(0, found.refused, Action("ERRNO", EPERM))
    assert found.resolved == Resolved(Action("ERRNO", ENOSYS), (free, clone, *sockets, refused), (ABI,))


def test_what_was_added_is_told_with_the_reason() -> None:
    found = made(recorded("execve", "read", "write", "close", "openat", "epoll_wait", "faccessat"), runtime="crun")
    assert {each.why: " ".join(each.names) for each in found.added} == {
        "no process ends, or comes back from a signal, without them": "exit exit_group restart_syscall rt_sigreturn",
        "crun makes them to start a container, or a command in one": (
            "capset close_range fchown fstat ioctl prctl rt_sigaction rt_sigprocmask setgroups setresgid setresuid statx umask"
        ),
        "a program's loader makes them": "arch_prctl mmap mprotect newfstatat pread64",
        "other C libraries and kernels have them for what was recorded": "epoll_pwait faccessat2 openat2",
    }


@pytest.mark.parametrize("twins", TWINS[1:], ids=lambda twins: twins[0])
def test_one_of_a_family_of_calls_brings_the_others(twins: tuple[str, ...]) -> None:
    for name in twins:
        table = judged(made(recorded(name))).native
        assert table is not None
        assert {twin for twin in twins if opening(table.answers[twin]) is Opening.OPEN} == set(twins)


def test_a_family_of_which_none_was_recorded_stays_away() -> None:
    table = judged(made(recorded("getuid"))).native
    assert table is not None
    assert {opening(table.answers[name]) for name in ("nanosleep", "clock_nanosleep", "epoll_wait", "epoll_pwait")} == {Opening.REFUSED}


@pytest.mark.parametrize("calls", [("clone",), ("clone3",), CLONES])
def test_a_process_may_be_made_but_no_namespace(calls: tuple[str, ...]) -> None:
    found = made(recorded("read", *calls))
    table = judged(found).native
    assert table is not None
    assert found.narrowed == CLONES
    assert act(table, "clone", (17, 0, 0, 0, 0, 0)) == Action("ALLOW")
    assert act(table, "clone", (NEWUSER | 17, 0, 0, 0, 0, 0)) == Action("ERRNO", ENOSYS)
    assert act(table, "clone3", (0,) * 6) == Action("ERRNO", ENOSYS)
    assert found.risky == {}


@pytest.mark.parametrize("recording", [recorded("clone", "unshare"), recorded("clone3", "setns"), log("namespace.strace")])
def test_a_program_that_makes_namespaces_may(recording: Recording) -> None:
    found = made(recording)
    table = judged(found).native
    assert table is not None
    assert not found.narrowed
    assert act(table, "clone", (NEWUSER | 17, 0, 0, 0, 0, 0)) == Action("ALLOW")
    assert act(table, "clone3", (0,) * 6) == Action("ALLOW")


def test_a_socket_may_be_of_what_runtime_default_allows() -> None:
    default = runtime_default("containerd://2.4.2").native
    table = judged(made(recorded("socket"))).native
    assert table is not None
    assert default is not None
    for family in (*range(50), (1 << 32) + 38, (1 << 32) + 40):
        arguments = (family, 1, 0, 0, 0, 0)
        wanted = act(default, "socket", arguments) == Action("ALLOW")
        assert act(table, "socket", arguments) == (Action("ALLOW") if wanted else Action("ERRNO", ENOSYS)), family


@pytest.mark.parametrize(("family", "narrowed"), [("AF_ALG", ()), ("AF_VSOCK", ()), ("AF_INET", ("socket",)), ("AF_ALGX", ("socket",))])
def test_a_socket_that_was_seen_is_let_through(family: str, narrowed: tuple[str, ...]) -> None:
    found = made(from_lines([f"socket({family}, SOCK_SEQPACKET, 0) = 3\n".encode()], ABI))
    assert found.narrowed == narrowed
    assert ("sockets" in found.risky) is not bool(narrowed)


def test_a_program_that_makes_no_process_may_not() -> None:
    table = judged(made(recorded("read"))).native
    assert table is not None
    assert opening(table.answers["clone"]) is Opening.REFUSED


def test_clone_s_flags_come_second_on_s390x() -> None:
    rule = next(rule for rule in made(recorded("clone"), arch="s390x").resolved.rules if rule.conditions)
    assert rule.conditions == (Condition(1, "MASKED_EQ", 0x7E020000),)


@pytest.mark.parametrize(
    ("recordings", "arch", "wanted"),
    [
        ((log("busybox.strace"),), "amd64", (ABI,)),
        ((log("compat.strace"),), "amd64", (ABI, X86)),
        ((log("compat-file.strace"),), "amd64", (ABI, X86)),
        ((log("compat.summary"), log("busybox.strace")), "amd64", (ABI, X86)),
        ((recorded("read"),), "arm64", ("SCMP_ARCH_AARCH64",)),
        ((recorded("read", "mmap2"),), "arm64", ("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM")),
        ((recorded("read"), Recording(frozenset({"read"}), architectures=("SCMP_ARCH_AARCH64",))), "amd64", (ABI, "SCMP_ARCH_AARCH64")),
    ],
    ids=["native", "said", "names", "two", "arm64", "arm", "listed"],
)
def test_the_architectures_are_those_that_were_seen(recordings: tuple[Recording, ...], arch: str, wanted: tuple[str, ...]) -> None:
    assert made(*recordings, arch=arch).resolved.architectures == wanted


def test_byte_orders_do_not_go_together() -> None:
    with pytest.raises(Refused, match="different byte orders"):
        made(recorded("read"), Recording(frozenset({"read"}), architectures=("SCMP_ARCH_S390X",)))


def test_what_the_architecture_does_not_have_is_left_out_and_told() -> None:
    found = made(recorded("read", "spu_run", "not_a_call"))
    assert found.lacking == ("not_a_call", "spu_run")
    assert (found.recorded, "spu_run" in text(found).decode()) == (3, False)
    assert made(recorded("read", "epoll_wait"), arch="arm64").lacking == ("epoll_wait",)


def test_conditions_of_recorded_profiles_stay_unless_the_call_is_let_through_anyhow() -> None:
    condition = {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}
    rules = [{"names": ["socket", "personality", "read"], "action": "SCMP_ACT_ALLOW", "args": [condition]}]
    profile = json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules}).encode()
    first = from_profile(read(profile), Container())
    found = made(first, first, recorded("personality"))
    assert [rule.names for rule in found.resolved.rules if rule.conditions] == [("socket",)]
    table = judged(found).native
    assert table is not None
    assert [act(table, "socket", (family, 0, 0, 0, 0, 0)) for family in (1, 2)] == [Action("ALLOW"), Action("ERRNO", ENOSYS)]


def test_a_profile_made_again_of_itself_stays_the_same_but_for_the_family_of_what_was_added() -> None:
    again = made(from_profile(read(text(made(log("busybox.strace")))), Container()))
    assert [each.names for each in again.added] == [("faccessat",)]
    assert text(made(from_profile(read(text(again)), Container()))) == text(again)


@pytest.mark.parametrize(
    ("runtime", "version", "with_", "without"),
    [
        ("runc", (1, 1), "getppid", "openat2"),
        ("runc", (1, 3), "openat2", "setresuid"),
        ("runc", (), "openat2", "setresuid"),
        ("crun", (1, 8), "setresuid", "getppid"),
        ("", (), "openat2", "mount"),
    ],
)
def test_the_floor_is_that_of_the_runtime(runtime: str, version: tuple[int, ...], with_: str, without: str) -> None:
    calls = {name for each in made(recorded("getuid"), runtime=runtime, version=version).added for name in each.names}
    assert (with_ in calls, without in calls) == (True, False)
