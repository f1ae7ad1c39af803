"""Names of capabilities, and the bounding set that a container runtime gives a container. Pure.

containerd `internal/cri/opts/spec_opts.go` WithCapabilities (2.4.2, in 1.6 `pkg/cri/opts`), CRI-O
`internal/factory/container/container.go` SpecSetupCapabilities (1.36.3): what they have in common. A name with CAP_ in front is taken
as CRI-O takes it; containerd makes no capability of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

# include/uapi/linux/capability.h, Linux 5.9 to 6.18.
_NAMES = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
    NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT
    SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
    WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"""
ALL = frozenset(f"CAP_{name}" for name in _NAMES.split())


def full(name: str) -> str:
    """Return a capability as the kernel calls it: "net_admin" is CAP_NET_ADMIN."""
    upper = name.strip().upper()
    return upper if upper.startswith("CAP_") else f"CAP_{upper}"


def bounding(default: Collection[str], add: Iterable[str], drop: Iterable[str]) -> frozenset[str]:
    """Return the set of a container whose securityContext.capabilities says this.

    ALL goes first, in `add` before `drop`; then the single ones, where `drop` has the last word.
    """
    added, dropped = {full(name) for name in add}, {full(name) for name in drop}
    base = set(ALL) if "CAP_ALL" in added else set(default)
    base = set() if "CAP_ALL" in dropped else base
    return frozenset((base | (added - {"CAP_ALL"})) - dropped)
