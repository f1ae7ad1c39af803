"""The cluster's own network, and its own view of those of the machine's directories that daemons write to."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from .clean import MADE_NETNS, NETNS
from .instance import STATE, Instance
from .nodes import ADDRESS, DEFAULT_ROOT, NODES
from .waiting import wait_daemon

# Runtimes, their helpers and kubelets write to fixed places below these. Inside the cluster each is an overlay whose upper layer
# is in the state folder, so the machine's directories keep as they are, and two clusters do not meet in them.
SHADOWED = ("/etc", "/opt", "/run", "/usr/libexec", "/var/cache", "/var/lib", "/var/log")


def make(instance: Instance) -> None:
    """Make both namespaces; the second lives as long as the sleeping `keeper` in it."""
    _network(instance.netns)
    inside = [place for place in SHADOWED if str(STATE.resolve()).startswith(f"{place}/")]
    if inside:
        raise SystemExit(f"lab: KSECCOMP_STATE cannot be below {inside[0]}: the cluster has its own {inside[0]}")
    instance.start("keeper", *_keeper(instance), entered=False)
    wait_daemon(instance, "keeper", 20, lambda: _sleeps(instance))


def _network(name: str) -> None:
    """A bridge is the nodes' address: a kubelet refuses a loopback address, and the API server wants a default route."""
    if not NETNS.exists():
        MADE_NETNS.touch()
    lines = (
        "link set lo up",
        "link add br0 type bridge",
        f"addr add {ADDRESS}/24 dev br0",
        "link set br0 up",
        f"route add default via {ADDRESS} dev br0",
    )
    subprocess.run(["ip", "netns", "add", name], check=True)
    subprocess.run(["ip", "-n", name, "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


def _keeper(instance: Instance) -> list[str]:
    """Return the command that makes the mounts and then sleeps."""
    lines = ["set -e"]
    for place in SHADOWED:
        upper, work = (instance.home / "shadow" / place.replace("/", "_") / part for part in ("upper", "work"))
        upper.mkdir(parents=True)
        work.mkdir()
        if Path(place).is_dir():
            upper.chmod(Path(place).stat().st_mode & 0o7777)
            options = f"lowerdir={place},upperdir={upper},workdir={work}"
            lines.append(f"mount -t overlay overlay -o {shlex.quote(options)} {place}")
    for node in NODES:
        if node.default_root:
            root = instance.home / node.name / "kubelet"
            root.mkdir(parents=True)
            lines.append(f"mkdir -p {DEFAULT_ROOT}; mount --bind {shlex.quote(str(root))} {DEFAULT_ROOT}")
    script = "\n".join([*lines, "exec sleep infinity"])
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]


def _sleeps(instance: Instance) -> bool:
    keeper = instance.daemon("keeper")
    try:
        return keeper is not None and Path(f"/proc/{keeper}/comm").read_text().strip() == "sleep"
    except OSError:
        return False
