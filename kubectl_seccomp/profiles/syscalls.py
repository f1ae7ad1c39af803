"""Syscall names and numbers as libseccomp resolves them, per architecture, and the release that first knows each name.

Architectures have the names of the OCI runtime spec ("SCMP_ARCH_X86_64"). The numbers are in data/syscalls.txt, read when first
asked for.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from msgspec import Struct

from .. import data

Version = tuple[int, ...]
NEWEST: Version = (2, 6, 1)
"""The newest libseccomp whose names are known here."""
OLDEST: Version = (2, 5, 0)
"""Names known since then or earlier are not told apart."""
X32_BIT = 0x40000000


class Architecture(Struct, frozen=True):
    """One architecture.

    `go`: its GOARCH, which Kubernetes, Docker and CRI-O call it by (None for X32, which is none). `audit`: seccomp_data.arch,
    from linux/audit.h; X32 shares it with X86_64 and has X32_BIT in its numbers. `subs`: the 32-bit architectures whose programs
    the same kernel runs. `multiplexed`: socket and System V calls also, or only, come through socketcall and ipc (libseccomp
    `src/arch.c`, 2.5 and 2.6), so that a rule on `connect` counts for that sub-call of socketcall too.
    """

    name: str
    go: str | None
    audit: int
    subs: tuple[str, ...] = ()
    multiplexed: bool = False


ARCHITECTURES = (
    Architecture("SCMP_ARCH_X86_64", "amd64", 0xC000003E, subs=("SCMP_ARCH_X86", "SCMP_ARCH_X32")),
    Architecture("SCMP_ARCH_X86", "386", 0x40000003, multiplexed=True),
    Architecture("SCMP_ARCH_X32", None, 0xC000003E),
    Architecture("SCMP_ARCH_AARCH64", "arm64", 0xC00000B7, subs=("SCMP_ARCH_ARM",)),
    Architecture("SCMP_ARCH_ARM", "arm", 0x40000028),
    Architecture("SCMP_ARCH_S390X", "s390x", 0x80000016, multiplexed=True),
    Architecture("SCMP_ARCH_PPC64LE", "ppc64le", 0xC0000015, multiplexed=True),
    Architecture("SCMP_ARCH_RISCV64", "riscv64", 0xC00000F3),
)
_ARCHITECTURES = {name: known for known in ARCHITECTURES for name in (known.name, known.go) if name is not None}
# Sub-calls by the first argument of socketcall and ipc: linux/net.h, linux/ipc.h.
_SOCKET = """socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown setsockopt
    getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg"""
SOCKETCALL: Mapping[str, int] = MappingProxyType({name: number for number, name in enumerate(_SOCKET.split(), start=1)})
_IPC = {"semop": 1, "semget": 2, "semctl": 3, "semtimedop": 4, "msgsnd": 11, "msgrcv": 12, "msgget": 13, "msgctl": 14}
IPC: Mapping[str, int] = MappingProxyType(_IPC | {"shmat": 21, "shmdt": 22, "shmget": 23, "shmctl": 24})


def architecture(name: str) -> Architecture | None:
    """Return an architecture by its OCI name or its GOARCH, None for one that is not known here."""
    return _ARCHITECTURES.get(name)


@cache
def names(arch: str, libseccomp: Version = NEWEST) -> Mapping[str, int]:
    """Return the numbers, by name, of the calls of one architecture that this libseccomp release knows.

    An architecture that is not known here has none, nor has a call that only comes through another (`accept` on X86, in SOCKETCALL).
    """
    table = _read()[1].get(arch, {})
    return MappingProxyType({name: number for name, (number, since) in table.items() if since <= libseccomp})


@cache
def by_number(arch: str) -> Mapping[int, str]:
    """Return the names of one architecture's calls by number."""
    return MappingProxyType({number: name for name, number in names(arch).items()})


def known_since(name: str, arch: str = "") -> Version | None:
    """Return the libseccomp release that first knows a name (on this architecture), OLDEST for that or earlier.

    None if no release does; with an architecture, also if the call has no number there.
    """
    since, tables = _read()
    if arch:
        return tables.get(arch, {}).get(name, (0, None))[1]
    return since.get(name)


def similar(name: str) -> str | None:
    """Return the name that is most like this one, of those that any libseccomp knows."""
    return next(iter(difflib.get_close_matches(name[:64], sorted(_read()[0]), 1)), None)


def multiplexer(arch: str, name: str) -> tuple[str, int] | None:
    """Return the call that carries this one on a multiplexed architecture and its number there: ("socketcall", 3)."""
    known = architecture(arch)
    if known is None or not known.multiplexed:
        return None
    found = (("socketcall", SOCKETCALL.get(name)), ("ipc", IPC.get(name)))
    return next(((carrier, sub) for carrier, sub in found if sub is not None), None)


@cache
def _read() -> tuple[dict[str, Version], dict[str, dict[str, tuple[int, Version]]]]:
    """Return the release that first knows each name, and each architecture's numbers with theirs.

    The file is a line of column titles, then `name since number…`, where a number may be NUMBER@RELEASE or "-".
    """
    rows = [line.split() for line in data.read("syscalls.txt").decode("ascii").splitlines() if not line.startswith("#")]
    columns = [f"SCMP_ARCH_{title.upper()}" for title in rows[0][2:]]
    releases = {row[1]: release(row[1]) for row in rows[1:]}
    since = {row[0]: releases[row[1]] for row in rows[1:]}
    tables: dict[str, dict[str, tuple[int, Version]]] = {column: {} for column in columns}
    for row in rows[1:]:
        for column, cell in zip(columns, row[2:], strict=True):
            if cell != "-":
                plain, _, later = cell.partition("@")
                tables[column][row[0]] = (int(plain), release(later) if later else since[row[0]])
    return since, tables


def release(text: str) -> Version:
    """Return a version's numbers: (2, 6, 1) for "2.6.1"."""
    return tuple(int(part) for part in text.split("."))


def dotted(version: Version) -> str:
    """Return a version as it is written."""
    return ".".join(map(str, version))
