"""How a filter that does what it says can still be bypassed: bits that the kernel drops, and io_uring. Pure.

The filter compares whole registers; where the kernel's parameter is an int, it drops the upper half afterwards. A call whose first
argument is 40 + 2^32 passes a rule "not 40" and opens AF_VSOCK (seen with the default profiles of containerd and Docker).
"""

from __future__ import annotations

from collections.abc import Iterator

from .answers import Answer, Table, act
from .conditions import boundaries

# Arguments that are 32 bits wide in the kernel (SYSCALL_DEFINE in Linux 6.18), of the calls that profiles put conditions on.
INTS: dict[str, tuple[int, ...]] = {
    "accept4": (0, 3),
    "bpf": (0, 2),
    "clock_settime": (0,),
    "close_range": (0, 1, 2),
    "epoll_ctl": (0, 1, 2),
    "eventfd2": (0, 1),
    "faccessat2": (0, 2, 3),
    "fchmodat": (0,),
    "fcntl": (0, 1),
    "flock": (0, 1),
    "futex": (1, 2, 5),
    "getsockopt": (0, 1, 2),
    "io_uring_register": (0, 1, 3),
    "io_uring_setup": (0,),
    "ioctl": (0, 1),
    "iopl": (0,),
    "keyctl": (0,),
    "kill": (0, 1),
    "madvise": (2,),
    "memfd_create": (1,),
    "msgctl": (0, 1),
    "open": (1,),
    "openat": (0, 2),
    "perf_event_open": (1, 2, 3),
    "personality": (0,),
    "pidfd_open": (0, 1),
    "prctl": (0,),
    "prlimit64": (0, 1),
    "process_madvise": (0, 3, 4),
    "quotactl": (0,),
    "reboot": (0, 1, 2),
    "sched_setscheduler": (0, 1),
    "seccomp": (0, 1),
    "semctl": (0, 1, 2),
    "setgid": (0,),
    "setns": (0, 1),
    "setpriority": (0, 1, 2),
    "setsockopt": (0, 1, 2, 4),
    "setuid": (0,),
    "shmctl": (0, 1),
    "shutdown": (0, 1),
    "socket": (0, 1, 2),
    "socketpair": (0, 1, 2),
    "syslog": (0, 2),
    "tgkill": (0, 1, 2),
    "umount2": (1,),
    "userfaultfd": (0,),
}
_ABOVE = 1 << 32
# Calls that io_uring makes on behalf of a process, past its filter (include/uapi/linux/io_uring.h, Linux 5.1 to 6.18).
AROUND_IO_URING = (
    *("accept", "accept4", "bind", "connect", "epoll_ctl", "epoll_wait", "fadvise64", "fallocate", "fgetxattr", "fsetxattr"),
    *("fsync", "ftruncate", "futex", "getxattr", "linkat", "listen", "madvise", "mkdirat", "open", "openat", "openat2", "pipe2"),
    *("read", "readv", "recv", "recvfrom", "recvmsg", "renameat", "renameat2", "send", "sendmsg", "sendto", "setxattr", "shutdown"),
    *("socket", "splice", "statx", "symlinkat", "sync_file_range", "tee", "unlinkat", "waitid", "write", "writev"),
)


def evadable(table: Table, name: str) -> tuple[int, ...]:
    """Return the arguments through whose upper half a conditional answer is got around; those of calls in INTS alone are known.

    So it is where some value is denied and the same value with bit 32 set is let through.
    """
    answer = table.answers[name]
    if answer.action is not None or table.bits == 32:
        return ()
    return tuple(index for index in INTS.get(name, ()) if _passes_above(table, name, answer, index))


def _passes_above(table: Table, name: str, answer: Answer, index: int) -> bool:
    for arguments in _samples(answer):
        if arguments[index] >= _ABOVE:
            continue
        low, above = list(arguments), list(arguments)
        above[index] |= _ABOVE
        denied, got = act(table, name, low), act(table, name, above)
        if denied is not None and got is not None and not denied.passes and got.passes:
            return True
    return False


def _samples(answer: Answer) -> Iterator[list[int]]:
    """Yield arguments at the edges of the cases: each case's own values, with every edge of every argument put in."""
    groups = [case.conditions for case in answer.cases]
    edges = list(boundaries(groups))
    for group in groups:
        base = [0] * 6
        for condition in group:
            base[condition.index] = condition.expected
        for index, value in edges:
            yield [*base[:index], value & (2**64 - 1), *base[index + 1 :]]


def around_io_uring(table: Table) -> tuple[str, ...]:
    """Return the calls that are denied to the process and that io_uring, which is not, carries out for it."""
    ring = [table.answers.get(name) for name in ("io_uring_setup", "io_uring_enter")]
    if not all(answer is not None and _may_pass(answer) for answer in ring):
        return ()
    return tuple(name for name in AROUND_IO_URING if name in table.answers and not _may_pass(table.answers[name]))


def _may_pass(answer: Answer) -> bool:
    """Whether there are arguments with which the call is carried out."""
    if answer.action is not None:
        return answer.action.passes
    return any(case.action.passes for case in answer.cases) or (answer.otherwise is not None and answer.otherwise.passes)
