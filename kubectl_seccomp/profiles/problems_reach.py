"""The checks on a profile as a whole: can a container start with it, and what does it leave open. Data; pure."""

from __future__ import annotations

from ..words import Severity
from .problem import Page

_CRITICAL, _HIGH, _MEDIUM, _LOW, _INFO = Severity
_SEEN = "seen with runc 1.1.5, 1.1.15, 1.3.6 and crun 1.8.1, 1.21, 1.28"
_STUB = "runc libcontainer/seccomp/patchbpf/enosys_linux.go (1.1 to 1.5)"

KILL_DEFAULT = Page(
    id="KS350", slug="default-kills-thread", title="The default kills one thread", severities=(_HIGH, _MEDIUM),
    why="With SCMP_ACT_KILL as the default, a syscall that is not listed ends one thread. runc has several: where the profile "
    "lacks a syscall that runc makes, runc hangs, and so does the pod, without an error. A program in the container hangs "
    "likewise.",
    fix="Use SCMP_ACT_ERRNO as the default, or SCMP_ACT_KILL_PROCESS, which fails cleanly.",
    sources=(_SEEN,),
)  # fmt: skip
NO_EXECVE = Page(
    id="KS351", slug="execve-missing", title="execve is not allowed", severities=(_HIGH,),
    why="The runtime starts the container's program with execve, under the filter.",
    fix="Allow execve.",
    sources=(_SEEN,),
)  # fmt: skip
NO_EXIT = Page(
    id="KS352", slug="exit-group-missing", title="exit_group is not allowed", severities=(_MEDIUM,),
    why="A program that cannot exit crashes when it ends, or spins at 100 % CPU.",
    fix="Allow exit_group and exit.",
    sources=("glibc sysdeps/unix/sysv/linux/_exit.c", _SEEN),
)  # fmt: skip
FLOOR = Page(
    id="KS353", slug="below-runtime-floor", title="Less than the runtime needs to start a container", severities=(_HIGH, _MEDIUM, _LOW),
    why="The runtime loads the filter before it is done: runc and crun make some syscalls of their own under it, more without "
    "no_new_privs (allowPrivilegeEscalation: false) and more in newer releases; the program's loader makes some too. Without "
    "them the container does not start, or ends at once.",
    fix="Allow the syscalls that are named; a recorded profile needs them in addition to what was recorded.",
    sources=(_SEEN + ", with the smallest allow lists that started a static and a glibc program",),
)  # fmt: skip
CLONE3 = Page(
    id="KS354", slug="clone3-undecided", title="Threads fail because clone3 is not answered with ENOSYS", severities=(_MEDIUM, _LOW),
    why="glibc tries clone3 first and falls back to clone only on ENOSYS. runc answers ENOSYS to numbers above the highest that "
    "the profile names; once it names a syscall above 434, clone3 (435) gets the default instead, and no thread can be created. "
    "crun has no such stub.",
    fix='Add {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}, or set defaultErrnoRet to 38.',
    sources=(_STUB, "glibc sysdeps/unix/sysv/linux/clone-internal.c (2.34)"),
)  # fmt: skip
ARCHITECTURES = Page(
    id="KS355", slug="other-architectures-killed", title="32-bit programs are killed", severities=(_LOW,),
    why="Programs of an architecture that is not listed are killed at their first syscall; the node's own architecture is always "
    "added.",
    fix='Where 32-bit programs are to run, list their architecture ("SCMP_ARCH_X86" beside "SCMP_ARCH_X86_64"); otherwise there '
    "is nothing to do.",
    sources=("libseccomp src/db.c: bad architecture action (2.5, 2.6)",),
)  # fmt: skip
FORGOTTEN = Page(
    id="KS356", slug="other-architectures-open", title="Refused syscalls have other names on a listed architecture",
    severities=(_MEDIUM,),
    why="A profile that lists what is refused must name a syscall by all its names: 32-bit x86 has umount beside umount2, and "
    "syscalls that x86-64 does not have.",
    fix="Name the others too, or take the architecture off the list.",
    sources=("Linux arch/x86/entry/syscalls/syscall_32.tbl (6.18)",),
)  # fmt: skip
IO_URING = Page(
    id="KS357", slug="io-uring-bypass", title="io_uring does what is refused", severities=(_MEDIUM,),
    why="io_uring carries out operations for a process, past its filter: with open refused and io_uring allowed, a file can "
    "still be read.",
    fix="Refuse io_uring_setup, io_uring_enter and io_uring_register, as current runtimes do by default.",
    sources=("Linux include/uapi/linux/io_uring.h (5.1 to 6.18); seen with kernel 6.18",),
)  # fmt: skip
MOUNTS = Page(
    id="KS358", slug="new-mount-calls-open", title="mount is refused, the newer mount syscalls are not", severities=(_MEDIUM,),
    why="fsopen, fsmount, move_mount, open_tree and mount_setattr do what mount does.",
    fix="Refuse them together with mount.",
    sources=("Linux fs/namespace.c, fs/fsopen.c (5.2 to 6.18)",),
)  # fmt: skip
WEAKER = Page(
    id="KS359", slug="weaker-than-default", title="Lets through what RuntimeDefault refuses", severities=(_MEDIUM, _LOW),
    why="Without a profile of its own the container would have the runtime's default, which refuses these syscalls to a "
    "container with ordinary capabilities. A profile that lists what is refused is seldom as strict: it forgets syscalls, and "
    "does not know future ones.",
    fix="Use RuntimeDefault, or start from it: `profile convert runtime/containerd@VERSION --to oci`.",
    sources=("containerd contrib/seccomp/seccomp_default.go (1.2 to 2.4)", "containers-common pkg/seccomp/seccomp.json"),
)  # fmt: skip
OPEN = Page(
    id="KS360", slug="forbids-nothing", title="Forbids nothing", severities=(_MEDIUM,),
    why="The filter loads, and the kernel reports one, but every syscall passes it.",
    fix="Use RuntimeDefault, or a default action that refuses.",
    sources=("proc_pid_status(5): Seccomp 2 says that a filter is loaded, not what it forbids",),
)  # fmt: skip
PAGES = (KILL_DEFAULT, NO_EXECVE, NO_EXIT, FLOOR, CLONE3, ARCHITECTURES, FORGOTTEN, IO_URING, MOUNTS, WEAKER, OPEN)
