"""What must be allowed for a container to start: the calls that runc, crun and a program's loader make under the filter. Pure.

Found by reduction, per runtime, with a default of EPERM: the smallest allow lists that start a static and a glibc program (runc 1.1.5
and 1.1.15, runc 1.3.6, crun 1.8.1 and 1.28, x86-64). Other smallest lists exist; where one of two calls is enough both are written.
Without no_new_privs a runtime loads the filter earlier, and makes more calls under it.
"""

from __future__ import annotations

from msgspec import Struct

from .answers import Table
from .judged import Opening, opening
from .syscalls import Version


class Floor(Struct, frozen=True):
    """What one OCI runtime needs, from a version on. `always`: with no_new_privs too; `more`: without it besides.

    `seen`: all that it was seen to call under the filter, for exec too, with and without no_new_privs (under a profile that logs).
    """

    runtime: str
    since: Version
    always: tuple[str, ...]
    more: tuple[str, ...]
    seen: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_RUNC_SEEN = """capget capset chdir close epoll_ctl execve faccessat2 fcntl fstat fstatfs futex getcwd getdents64 getpid getppid
    newfstatat openat prctl read setgid setgroups setuid write"""
_RUNC_MORE = "capget capset chdir fstat getcwd getppid newfstatat prctl read setgid setgroups setuid"
FLOORS = (
    Floor("runc", (), _words("close execve fstatfs getdents64 openat write"), _words(_RUNC_MORE), _words(_RUNC_SEEN)),
    Floor("runc", (1, 3), _words("close execve fcntl fstat fstatfs getdents64 openat openat2|readlinkat statx write"),
          _words(f"{_RUNC_MORE} futex"), _words(f"{_RUNC_SEEN} close_range openat2 statx tgkill")),
    Floor("crun", (), _words("execve"), _words("capset execve prctl rt_sigaction rt_sigprocmask setresgid setresuid write"),
          _words("""capset close close_range execve fchown fstat ioctl openat prctl read rt_sigaction rt_sigprocmask setgroups setresgid
              setresuid statx umask write""")),
)  # fmt: skip
# The loader and the C library of an ordinary program (glibc, dynamic).
PROGRAM = _words("arch_prctl close mmap mprotect newfstatat|fstatat64 openat pread64 read")
# With these besides, a recorded profile started, served and took execs on all of them.
MARGIN = _words("""capget capset chdir close close_range execve epoll_ctl faccessat2 fcntl fstat fstatfs futex getcwd getdents64 getpid
    getppid newfstatat openat openat2 prctl read rt_sigaction rt_sigprocmask rt_sigreturn setgid setgroups setresgid setresuid setuid
    statx tgkill write""")  # fmt: skip


def seen(runtime: str, version: Version) -> tuple[str, ...]:
    """Return what an OCI runtime was seen to call, in one version if that is known; without a name, all of them, with a margin."""
    there = [floor for floor in FLOORS if runtime in ("", floor.runtime) and (not version or floor.since <= version)]
    newest = there[-1:] if runtime and version else there
    found = {name for floor in newest for name in floor.seen}
    return tuple(sorted(found if runtime else found.union(MARGIN)))


class Missing(Struct, frozen=True):
    """What a profile lacks for one floor: `always` for any container, `more` for one without no_new_privs."""

    floor: Floor
    always: tuple[str, ...]
    more: tuple[str, ...]


def missing(table: Table) -> tuple[Missing, ...]:
    """Return what a profile lacks for each floor that it does not reach."""
    found = (Missing(floor, lacking(table, floor.always), lacking(table, floor.more)) for floor in FLOORS)
    return tuple(one for one in found if one.always or one.more)


def lacking(table: Table, needed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the calls of a list that never pass; one that the architecture does not have is not needed, of two one is enough."""
    return tuple(each.partition("|")[0] for each in needed if not _passes(table, each.split("|")))


def _passes(table: Table, names: list[str]) -> bool:
    there = [table.answers[name] for name in names if name in table.answers]
    return not there or any(opening(answer) is not Opening.REFUSED for answer in there)
