"""Container runtimes: one record each of what it does with a profile, and of the sandboxes behind RuntimeClass handlers.

Sources: containerd `internal/cri/server/container_create_linux.go` and `internal/cri/sputil/seccomp_linux.go` (1.6 to 2.4);
CRI-O `server/container_create.go`, `internal/config/seccomp/seccomp.go` (1.30 to 1.36); cri-dockerd 0.4.3
`core/security_context.go` with moby `daemon/seccomp_linux.go` (20.10 to 29).
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct


class Runtime(Struct, frozen=True):
    """What one container runtime does.

    `scheme`: how a node's version begins, and how --decoder calls its reader of Localhost files (profiles/decoders.py).
    `capabilities`: those of a container that says nothing. `drops_privileged`: a privileged container certainly has no filter; where
    it is False that is the default, but can be configured otherwise. `fixed_default`: RuntimeDefault is built in and cannot be
    replaced. `artifact_profiles`: an unconfined container can be given a profile by an annotation.
    `privileged_localhost_since`: first major version that keeps an explicit Localhost on a privileged container, None for
    never.
    """

    scheme: str
    title: str
    capabilities: tuple[str, ...]
    drops_privileged: bool
    fixed_default: bool
    artifact_profiles: bool = False
    privileged_localhost_since: int | None = None


_NAMES = "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE"
_FOURTEEN = tuple(f"CAP_{name}" for name in _NAMES.split())
# containerd `oci/spec.go`, `pkg/oci/spec.go` defaultUnixCaps (1.2 to 2.4); CRI-O `internal/config/capabilities` Default (1.20 to
# 1.36); moby `oci/caps/defaults.go`, `daemon/pkg/oci/caps/defaults.go` (20.10 to 29). CRI-O's and dockerd's can be configured.
_NINE = tuple(name for name in _FOURTEEN if name[4:] not in ("MKNOD", "NET_RAW", "SETFCAP", "SYS_CHROOT", "AUDIT_WRITE"))
CONTAINERD = Runtime("containerd", "containerd", _FOURTEEN, drops_privileged=True, fixed_default=True)
# privileged_seccomp_profile (1.33), seccomp_profile (all, per handler from 1.34), artifact annotations (1.30).
CRIO = Runtime("cri-o", "CRI-O", _NINE, drops_privileged=False, fixed_default=False, artifact_profiles=True)
# seccomp-profile in daemon.json; a privileged container keeps --security-opt seccomp=FILE from 27.0.
DOCKER = Runtime("docker", "dockerd", _FOURTEEN, drops_privileged=False, fixed_default=False, privileged_localhost_since=27)
UNKNOWN = Runtime("", "the runtime", (), drops_privileged=False, fixed_default=False)
RUNTIMES = (CONTAINERD, CRIO, DOCKER)


def by_scheme(scheme: str) -> Runtime:
    """Return the record with this scheme, UNKNOWN where there is none."""
    return next((known for known in RUNTIMES if known.scheme == scheme), UNKNOWN)


class Sandbox(Struct, frozen=True):
    """A runtime with a kernel of its own, known by the names of its handlers; `source` says why it loads no profile."""

    title: str
    handlers: re.Pattern[str]
    source: str


# Handlers have the names that the projects' installation guides and the clouds give them: runsc, runsc-kvm, gvisor; kata,
# kata-qemu, kata-clh, kata-fc, kata2, katacontainers.
SANDBOXES = (
    Sandbox("gVisor", re.compile(r"(?<![a-z])(runsc|gvisor)(?![a-z])"), "gVisor runsc/config/flags.go: --oci-seccomp is off"),
    Sandbox(
        "Kata",
        re.compile(r"(?<![a-z])kata(-?containers)?(?![a-z])"),
        "Kata Containers src/runtime/Makefile: disable_guest_seccomp is true",
    ),
)


@lru_cache(maxsize=1024)
def parse(version: str) -> tuple[Runtime, tuple[int, ...]]:
    """Return the record and the leading version numbers of nodeInfo.containerRuntimeVersion.

    "containerd://1.6.20~ds1" gives (CONTAINERD, (1, 6, 20)); what is not known gives (UNKNOWN, ()).
    """
    scheme, _, rest = version.partition("://")
    numbers = re.match(r"v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?", rest, re.ASCII)
    return by_scheme(scheme), tuple(int(part) for part in numbers.groups() if part) if numbers else ()


def is_known(version: str) -> bool:
    """Whether there is a record for this nodeInfo.containerRuntimeVersion."""
    return parse(version)[0] is not UNKNOWN


def keeps_localhost_when_privileged(runtime: Runtime, version: tuple[int, ...]) -> bool:
    """Whether this version applies an explicit Localhost profile to a privileged container all the same."""
    since = runtime.privileged_localhost_since
    return since is not None and bool(version) and version[0] >= since


def sandbox(handler: str | None) -> str | None:
    """Return the sandbox ("gVisor", "Kata") that a RuntimeClass handler's name stands for, None for ordinary ones."""
    name = (handler or "").lower()
    return next((known.title for known in SANDBOXES if known.handlers.search(name)), None)
