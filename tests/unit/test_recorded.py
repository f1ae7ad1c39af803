"""What is read of a recording. The outputs of strace in tests/fixtures/recorded were written by strace 6.1 (Debian 12)."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_seccomp.profiles.decoders import Container
from kubectl_seccomp.profiles.gojson import Refused
from kubectl_seccomp.profiles.recorded import Recording, from_lines, from_profile, is_profile
from kubectl_seccomp.profiles.written import read

RECORDED = Path(__file__).parents[1] / "fixtures" / "recorded"
ABI = "SCMP_ARCH_X86_64"
WIDE = "^lets through whatever it does not name: nothing was recorded in it$"


def lines(text: str) -> Recording:
    return from_lines(text.encode().splitlines(keepends=True), ABI)


def recording(name: str) -> Recording:
    return from_lines((RECORDED / name).read_bytes().splitlines(keepends=True), ABI)


@pytest.mark.parametrize(
    ("name", "some", "count"),
    [
        ("busybox.strace", "execve wait4 rt_sigreturn clock_nanosleep exit_group", 29),
        ("stamped.strace", "execve openat wait4 pipe2 clone exit_group", 33),
        ("numbered.strace", "execve access exit_group", 17),
        ("ls.summary", "access write statx openat", 21),
        ("both.strace", "execve exit_group readlink", 13),
        ("compat.strace", "execve set_thread_area mmap2", 9),
        ("namespace.strace", "set_mempolicy_home_node wait4 clone", 15),
    ],
)
def test_every_call_that_strace_wrote_is_found(name: str, some: str, count: int) -> None:
    found = recording(name)
    assert set(some.split()) <= found.calls
    assert (len(found.calls), found.begun) == (count, True)


def test_what_a_program_printed_in_between_is_passed_over_and_counted() -> None:
    assert lines('execve("/bin/x", [], 0) = 0\nhello (world)\nHello\n').unread == 2
    assert {name: recording(name).unread for name in ("stamped.strace", "busybox.strace", "numbered.strace", "both.strace")} == {
        "stamped.strace": 0, "busybox.strace": 0, "numbered.strace": 0, "both.strace": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "compat"), [("compat.strace", True), ("compat.summary", True), ("compat-file.strace", False), ("busybox.strace", False)]
)
def test_strace_says_that_a_program_has_32_bits_unless_it_writes_into_a_file(name: str, compat: bool) -> None:
    assert recording(name).compat is compat


def test_a_number_that_strace_has_no_name_for_is_named() -> None:
    assert {"listmount", "syscall_0x9999"} <= lines("syscall_0x1ca(0) = -1 ENOSYS\nsyscall_0x9999(0) = 0\n").calls


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("clone(child_stack=NULL, flags=CLONE_NEWUSER|SIGCHLD) = 15047\n", True),
        ("clone3({flags=CLONE_NEWNS, exit_signal=SIGCHLD}, 88) = 7\n", True),
        ("clone(child_stack=NULL, flags=CLONE_VM|SIGCHLD) = 15047\n", False),
        ("socket(AF_ALG, SOCK_SEQPACKET, 0) = 3\n", True),
        ("[pid 7] socket(AF_VSOCK, SOCK_STREAM, 0) = 3\n", True),
        ("socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3\n", False),
        ('write(1, "CLONE_NEWUSER", 13) = 13\n', False),
    ],
)
def test_what_runtime_default_forbids_is_seen(line: str, made: bool) -> None:
    assert bool(lines(line).whole) is made


def test_a_log_that_does_not_begin_with_the_program_says_so() -> None:
    found = recording("attached.strace")
    assert (set(found.calls), found.begun) == ({"restart_syscall"}, False)


def test_the_rest_of_a_line_that_was_cut_belongs_to_it() -> None:
    found = from_lines([b"execve(", b"fork(1)\n", b"read(0) = 1\n"], ABI)
    assert set(found.calls) == {"execve", "read"}


@pytest.mark.parametrize(
    "text",
    [
        "read write\nclose\n",
        "read,write, close",
        "# seen on Monday\n\n- read\n- write # twice\n- close\n",
        '["read", "write",\n "close"]',
    ],
)
def test_a_list_of_names_may_have_any_form(text: str) -> None:
    found = lines(text)
    assert (set(found.calls), found.begun) == ({"read", "write", "close"}, True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("read\nwritte\n", "has 'writte' in line 2, and no syscall is called that (did you mean write?)"),
        ("read\n\n\nzzzzzzzzzz", "has 'zzzzzzzzzz' in line 4, and no syscall is called that"),
        ("Read", "has 'Read' in line 1, and no syscall is called that (did you mean read?)"),
        ("\x1b[31mread", "has '\\x1b' in line 1, and no syscall is called that"),
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("# nothing\n", "holds no syscall"),
        ("+++ exited with 0 +++\n", "holds no syscall"),
        ("x" * 500, f"has '{'x' * 64}' in line 1, and no syscall is called that"),
        ("".join(f"call_{number}(0) = 0\n" for number in range(3000)), "names more than 2000 calls: strace did not write that"),
    ],
    ids=["typo", "nonsense", "capital", "escape", "empty", "blank", "comment", "no-call", "long", "many"],
)
def test_what_is_no_recording_is_refused(text: str, why: str) -> None:
    with pytest.raises(Refused) as raised:
        lines(text)
    assert str(raised.value) == why


def test_bytes_that_are_no_text_are_no_name() -> None:
    with pytest.raises(Refused, match="has 're\ufffdad' in line 1"):
        from_lines([b"re\xffad\n"], ABI)


@pytest.mark.parametrize(
    ("start", "profile"),
    [
        ("{", True), ("\ufeff {", True), ("apiVersion: v1", True), ("defaultAction: SCMP_ACT_ERRNO", True), ("---\n", True),
        ("read", False), ('execve("/bin/x")', False), ("kind", False), ("--- SIGCHLD {", False), ("--- # one\n", True),
    ],
)  # fmt: skip
def test_a_profile_is_told_by_its_beginning(start: str, profile: bool) -> None:
    assert is_profile(start.encode()) is profile


def test_a_recorded_profile_gives_what_it_lets_through() -> None:
    found = from_profile(
        read(b"""{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_AARCH64"], "syscalls": [
            {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"}, {"names": ["close"], "action": "SCMP_ACT_LOG"},
            {"names": ["mount"], "action": "SCMP_ACT_KILL"},
            {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}]}"""),
        Container(),
    )
    assert (set(found.calls), found.architectures, found.ignored) == ({"read", "write", "close"}, ("SCMP_ARCH_AARCH64",), (2,))
    assert [rule.names for rule in found.rules] == [("socket",)]


def test_docker_s_form_is_read_for_the_container() -> None:
    raw = b"""{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"name": "read", "action": "SCMP_ACT_ALLOW"},
        {"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_BPF"]}}]}"""
    assert set(from_profile(read(raw), Container()).calls) == {"read"}
    assert set(from_profile(read(raw), Container(frozenset({"CAP_BPF"}))).calls) == {"read", "bpf"}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{}", "^gives no filter at all: nothing was recorded in it$"),
        (b'{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO"}]}', WIDE),
        (b'{"defaultAction": "SCMP_ACT_LOG"}', WIDE),
        (b'{"defaultAction": "no"}', "where an action should be"),
    ],
)
def test_a_profile_in_which_nothing_was_recorded_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        from_profile(read(raw), Container())
