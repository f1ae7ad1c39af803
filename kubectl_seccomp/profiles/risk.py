"""Syscalls that attackers want, in groups, with what each needs besides being let through by the filter. Data. Pure.

What a call needs is what the kernel asks in the call's own code (Linux 6.18: `capable` and its like want the capability in the
first user namespace, `ns_capable` is satisfied by one that the caller has made). The CVEs are examples, not a list.
"""

from __future__ import annotations

from msgspec import Struct

NEWUSER = 0x10000000  # include/uapi/linux/sched.h CLONE_NEWUSER
SOCKET_FAMILIES = {"AF_NETLINK": 16, "AF_PACKET": 17, "AF_ALG": 38, "AF_VSOCK": 40}  # include/linux/socket.h


class Call(Struct, frozen=True):
    """One call of a group.

    `needs`: one of these capabilities, nothing where anybody may make it; `namespaced`: having it in a user namespace of one's own
    is enough. `value`: the first argument that makes it dangerous, as a whole or (`flag`) as one bit of it; None for any. `upper`:
    the kernel drops that argument's upper half.
    """

    name: str
    needs: tuple[str, ...] = ()
    namespaced: bool = False
    value: int | None = None
    flag: bool = False
    upper: bool = False
    label: str = ""

    @property
    def shown(self) -> str:
        """How it is written: `unshare`, `socket(AF_ALG)`."""
        return self.label or self.name


class Group(Struct, frozen=True):
    """Calls that are dangerous for one reason. `examples` are bugs, each with the call that it was about ("" for the group)."""

    name: str
    why: str
    calls: tuple[Call, ...]
    examples: tuple[tuple[str, str], ...] = ()


def _all(names: str, *needs: str, namespaced: bool = False) -> tuple[Call, ...]:
    wanted = tuple(f"CAP_{name}" for name in needs)
    return tuple(Call(name, wanted, namespaced) for name in names.split())


def _cves(numbers: str, call: str = "") -> tuple[tuple[str, str], ...]:
    return tuple((f"CVE-{number}", call) for number in numbers.split())


def _family(name: str, *needs: str) -> Call:
    wanted = tuple(f"CAP_{need}" for need in needs)
    return Call("socket", wanted, bool(needs), SOCKET_FAMILIES[name], upper=True, label=f"socket({name})")


USER_NAMESPACE = Group(
    "user-namespace",
    "makes a user namespace, in which it has every capability: opens the code behind capability checks",
    (
        Call("unshare", value=NEWUSER, flag=True, label="unshare(CLONE_NEWUSER)"),
        Call("clone", value=NEWUSER, flag=True, upper=True, label="clone(CLONE_NEWUSER)"),
        # Its flags lie in memory, where no filter can look.
        Call("clone3"),
    ),
    _cves("2022-0185 2022-0492 2021-22555 2022-32250 2023-32233 2023-0386 2024-1086"),
)
GROUPS = (
    USER_NAMESPACE,
    Group(
        "mount",
        "changes what is mounted where: a way out with CAP_SYS_ADMIN, and parsers with bugs; the old and the new syscalls do the same",
        (
            *_all("mount umount2 pivot_root fsopen fsconfig fsmount fspick move_mount", "SYS_ADMIN", namespaced=True),
            *_all("open_tree open_tree_attr mount_setattr setns", "SYS_ADMIN", namespaced=True),
            *_all("chroot", "SYS_CHROOT", namespaced=True),
        ),
        _cves("2022-0185", "fsconfig"),
    ),
    Group(
        "kernel-code",
        "loads code into the kernel, or another kernel: full control of the node",
        (*_all("init_module finit_module delete_module", "SYS_MODULE"), *_all("kexec_load kexec_file_load", "SYS_BOOT")),
    ),
    Group(
        "bpf-perf",
        "the eBPF verifier and perf: bugs, and reading of kernel memory",
        (
            *_all("bpf"),
            *_all("perf_event_open"),
        ),
        (*_cves("2020-8835 2021-3490 2022-23222", "bpf"), *_cves("2013-2094 2023-6931", "perf_event_open")),
    ),
    Group(
        "io-uring",
        "a lot of code with many past bugs; what it does for a process does not pass the filter",
        _all("io_uring_setup io_uring_enter io_uring_register"),
        _cves("2022-29582 2023-2598 2024-0582"),
    ),
    Group(
        "exploit-primitives",
        "helps to win races in the kernel and to shape its heap",
        (
            *_all("userfaultfd"),
            *_all("keyctl add_key request_key msgget msgsnd msgrcv msgctl setxattr vmsplice splice"),
        ),
        (*_cves("2016-0728", "keyctl"), *_cves("2022-0847", "splice")),
    ),
    Group(
        "process-access",
        "reads or controls other processes of the container",
        (
            *_all("ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp"),
            *_all("process_madvise", "SYS_NICE"),
        ),
        _cves("2019-13272", "ptrace"),
    ),
    Group(
        "file-handles",
        "opens files by number, past what is mounted: files of the host",
        (*_all("open_by_handle_at", "DAC_READ_SEARCH"), *_all("name_to_handle_at")),
    ),
    Group(
        "machine-state",
        "changes the whole node: its clock, its swap, its ports; whether it runs",
        (
            *_all("reboot", "SYS_BOOT"),
            *_all("swapon swapoff quotactl", "SYS_ADMIN"),
            *_all("acct", "SYS_PACCT"),
            *_all("settimeofday clock_settime adjtimex clock_adjtime", "SYS_TIME"),
            *_all("iopl ioperm", "SYS_RAWIO"),
        ),
    ),
    Group(
        "information",
        "reveals the kernel's addresses and the host's layout",
        (
            *_all("syslog"),
            *_all("lookup_dcookie", "SYS_ADMIN"),
            *_all("statmount listmount"),
        ),
    ),
    Group(
        "legacy",
        "old code that hardly anybody needs, and weaker address randomisation",
        _all("modify_ldt personality uselib ustat sysfs vm86 vm86old nfsservctl"),
    ),
    Group(
        "sockets",
        "protocol families with a large surface",
        (_family("AF_PACKET", "NET_RAW"), _family("AF_VSOCK"), _family("AF_ALG"), _family("AF_NETLINK")),
        (
            *_cves("2020-14386", "socket(AF_PACKET)"),
            *_cves("2021-26708", "socket(AF_VSOCK)"),
            *_cves("2026-31431", "socket(AF_ALG)"),
        ),
    ),
)
