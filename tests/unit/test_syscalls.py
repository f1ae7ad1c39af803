"""Names and numbers against what is known of libseccomp's releases, and against the machine's own library where there is one."""

from __future__ import annotations

import ctypes
import ctypes.util

import pytest

from kubectl_seccomp.profiles import syscalls
from kubectl_seccomp.profiles.syscalls import ARCHITECTURES, IPC, SOCKETCALL, X32_BIT, Version

X86_64, X86, X32 = "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"
ARM64, ARM, S390X, PPC64LE, RISCV64 = (f"SCMP_ARCH_{name}" for name in ("AARCH64", "ARM", "S390X", "PPC64LE", "RISCV64"))
LIBRARY = ctypes.util.find_library("seccomp")

# The lines of src/syscalls.csv that have a number, by tag.
COUNTS: dict[Version, tuple[int, ...]] = {
    (2, 5, 0): (350, 428, 339, 294, 398, 357, 392, 294),
    (2, 5, 1): (350, 428, 339, 294, 398, 357, 392, 294),
    (2, 5, 2): (359, 437, 348, 303, 406, 365, 400, 302),
    (2, 5, 3): (360, 438, 349, 304, 407, 366, 401, 303),
    (2, 5, 4): (362, 440, 351, 306, 409, 368, 403, 305),
    (2, 5, 5): (368, 446, 356, 312, 415, 375, 409, 312),
    (2, 5, 6): (379, 456, 368, 322, 425, 385, 419, 323),
    (2, 6, 0): (379, 456, 368, 322, 425, 385, 419, 323),
    (2, 6, 1): (385, 461, 374, 327, 430, 390, 424, 328),
}


@pytest.mark.parametrize("release", COUNTS, ids=lambda release: ".".join(map(str, release)))
def test_how_many_names_each_release_knows(release: Version) -> None:
    assert tuple(len(syscalls.names(known.name, release)) for known in ARCHITECTURES) == COUNTS[release]


NUMBERS: dict[str, tuple[str, str, int | None]] = {
    "read": (X86_64, "read", 0),
    "x32 has a bit of its own": (X32, "read", X32_BIT),
    "x32 execve is another call": (X32, "execve", X32_BIT + 520),
    "direct call on x86": (X86, "socket", 359),
    "only a sub-call on x86": (X86, "accept", None),
    "removed from the kernel": (X86_64, "uselib", 134),
    "not on arm64": (ARM64, "open", None),
    "arm64": (ARM64, "openat", 56),
    "arm's own": (ARM, "breakpoint", 0xF0001),
    "arm's own name": (ARM, "arm_sync_file_range", 341),
    "not libseccomp's name": (ARM, "sync_file_range2", None),
    "s390x": (S390X, "openat", 288),
    "ppc64le": (PPC64LE, "openat", 286),
    "riscv64": (RISCV64, "riscv_hwprobe", 258),
    "newest": (X86_64, "rseq_slice_yield", 471),
    "other architecture's": (X86_64, "socketcall", None),
    "no call": (X86_64, "READ", None),
    "no architecture": ("SCMP_ARCH_NONE", "read", None),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers(case: str) -> None:
    arch, name, expected = NUMBERS[case]
    assert syscalls.names(arch).get(name) == expected


SINCE: dict[str, tuple[str, str, Version | None]] = {
    "old": ("read", "", (2, 5, 0)),
    "5.9": ("close_range", "", (2, 5, 2)),
    "5.15": ("process_mrelease", "", (2, 5, 3)),
    "5.17": ("futex_waitv", X86_64, (2, 5, 4)),
    "6.7": ("cachestat", X86_64, (2, 5, 5)),
    "6.13": ("statmount", X86_64, (2, 5, 6)),
    "7.1": ("listns", RISCV64, (2, 6, 1)),
    "later on x32": ("map_shadow_stack", X32, (2, 5, 6)),
    "later on s390x": ("memfd_secret", S390X, (2, 5, 5)),
    "anywhere": ("memfd_secret", "", (2, 5, 2)),
    "without a number": ("sysmips", "", (2, 5, 0)),
    "without a number here": ("sysmips", X86_64, None),
    "another architecture's": ("memfd_secret", ARM, None),
    "no call": ("sys_read", "", None),
}


@pytest.mark.parametrize("case", SINCE)
def test_the_release_that_knows_a_name(case: str) -> None:
    name, arch, expected = SINCE[case]
    assert syscalls.known_since(name, arch) == expected


@pytest.mark.parametrize("arch", ARCHITECTURES, ids=lambda arch: arch.name)
def test_no_number_stands_for_two_names(arch: syscalls.Architecture) -> None:
    names, back = syscalls.names(arch.name), syscalls.by_number(arch.name)
    assert {number: name for name, number in names.items()} == back
    assert len(back) == len(names)
    assert all((number >= X32_BIT) == (arch.name == X32) for number in back)


def test_architectures_by_either_name() -> None:
    assert [known.name for known in ARCHITECTURES if syscalls.architecture(known.name) is not known] == []
    assert {known.go: syscalls.architecture(known.go) for known in ARCHITECTURES if known.go} == {
        a.go: a for a in ARCHITECTURES if a.go
    }
    assert syscalls.architecture("x86_64") is None
    amd64 = syscalls.architecture("amd64")
    assert amd64 is not None
    assert amd64.subs == (X86, X32)
    assert all(syscalls.architecture(sub) for known in ARCHITECTURES for sub in known.subs)


MULTIPLEXED: dict[str, tuple[str, str, tuple[str, int] | None]] = {
    "connect": (X86, "connect", ("socketcall", 3)),
    "no number of its own": (X86, "semop", ("ipc", 1)),
    "shmctl": (S390X, "shmctl", ("ipc", 24)),
    "another call": (X86, "read", None),
    "64 bits": (X86_64, "connect", None),
    "unknown architecture": ("SCMP_ARCH_NONE", "connect", None),
}


@pytest.mark.parametrize("case", MULTIPLEXED)
def test_calls_inside_of_calls(case: str) -> None:
    arch, name, expected = MULTIPLEXED[case]
    assert syscalls.multiplexer(arch, name) == expected


@pytest.mark.skipif(LIBRARY is None, reason="this machine has no libseccomp")
@pytest.mark.parametrize("arch", ARCHITECTURES, ids=lambda arch: arch.name)
def test_the_machines_libseccomp_agrees(arch: syscalls.Architecture) -> None:
    library = ctypes.CDLL(LIBRARY)
    library.seccomp_arch_resolve_name.restype = ctypes.c_uint32
    token = ctypes.c_uint32(library.seccomp_arch_resolve_name(arch.name.removeprefix("SCMP_ARCH_").lower().encode()))
    assert token.value == (arch.audit & ~0x80000000 if arch.name == X32 else arch.audit)
    own = {**{name: -100 - sub for name, sub in SOCKETCALL.items()}, **{name: -200 - sub for name, sub in IPC.items()}}
    for name, number in syscalls.names(arch.name, syscalls.OLDEST).items():
        answer = library.seccomp_syscall_resolve_name_arch(token, name.encode())
        expected = own[name] if syscalls.multiplexer(arch.name, name) else number
        assert answer == expected, name


def test_a_name_without_an_architecture_is_asked_of_all() -> None:
    assert (syscalls.known_since("read"), syscalls.known_since("read", "SCMP_ARCH_NONE")) == ((2, 5, 0), None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("clnoe3", "clone3"), ("writte", "write"), ("zzzzzzzzzz", None), ("", None), ("io_uring_setup" + "x" * 100, None)],
)
def test_a_name_is_like_one_that_there_is(name: str, expected: str | None) -> None:
    assert syscalls.similar(name) == expected


def test_a_version_is_read_and_written() -> None:
    assert (syscalls.release("2.6.1"), syscalls.dotted((2, 6, 1)), syscalls.dotted(())) == ((2, 6, 1), "2.6.1", "")
