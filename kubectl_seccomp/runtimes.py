"""Container runtimes: one record each of what it does with a profile.

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

    `drops_privileged`: a privileged container certainly has no filter; where it is False that is the default, but can be
    configured otherwise. `fixed_default`: RuntimeDefault is built in and cannot be replaced. `decoder` says how a Localhost
    file is read. `privileged_localhost_since`: first major version that keeps an explicit Localhost on a privileged
    container, None for never.
    """

    scheme: str
    title: str
    decoder: str
    drops_privileged: bool
    fixed_default: bool
    artifact_profiles: bool = False
    privileged_localhost_since: int | None = None


CONTAINERD = Runtime("containerd", "containerd", "containerd", drops_privileged=True, fixed_default=True)
CRIO = Runtime("cri-o", "CRI-O", "cri-o", drops_privileged=False, fixed_default=False, artifact_profiles=True)
DOCKER = Runtime(
    "docker",
    "dockerd",
    "docker",
    drops_privileged=False,
    fixed_default=False,
    privileged_localhost_since=27,
)
UNKNOWN = Runtime("", "the runtime", "", drops_privileged=False, fixed_default=False)
RUNTIMES = (CONTAINERD, CRIO, DOCKER)

# RuntimeClass handlers whose guest kernel does not load the profile by default, as their projects name them in their
# installation guides: gVisor (runsc, --oci-seccomp is off) and Kata Containers (disable_guest_seccomp is true).
_SANDBOXES = (
    (re.compile(r"(^|[-_.])(runsc|gvisor)([-_.]|$)"), "gVisor"),
    (re.compile(r"(^|[-_.])kata"), "Kata"),
)


@lru_cache(maxsize=1024)
def parse(version: str) -> tuple[Runtime, tuple[int, ...]]:
    """Return the record and the leading version numbers of nodeInfo.containerRuntimeVersion.

    "containerd://1.6.20~ds1" gives (CONTAINERD, (1, 6, 20)); what is not known gives (UNKNOWN, ()).
    """
    scheme, _, rest = version.partition("://")
    runtime = next((known for known in RUNTIMES if known.scheme == scheme), UNKNOWN)
    numbers = re.match(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?", rest)
    return runtime, tuple(int(part) for part in numbers.groups() if part) if numbers else ()


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
    return next((title for pattern, title in _SANDBOXES if pattern.search(name)), None)
