"""One running cluster: its names, its files, how to get into it, and how to leave nothing of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import build
from .nodes import DEFAULT_ROOT, NODES, Node
from .processes import born_in

STATE = Path(os.environ.get("KSECCOMP_STATE", "/var/tmp/kubectl-seccomp"))
# Lists the directories of the host that exist only for instances.
MADE = STATE / ".made"
MARK = "KSECCOMP_LAB"
CGROUPS = Path("/sys/fs/cgroup")
LOCK = build.CACHE / "places.lock"


def instances() -> list[str]:
    """Return the names of all instances that are there, running or not."""
    return [path.name for path in STATE.iterdir() if path != MADE] if STATE.exists() else []


def of_tests(pid: int) -> str:
    """Return the name of the instance that tests in this process start for themselves."""
    return f"test{pid}"


def orphans() -> list[str]:
    """Return the instances of tests whose process was killed, so that it could not end them; a second one beside it ends in b."""
    owned = [(name, re.fullmatch(r"test(\d+)b?", name)) for name in instances()]
    return [name for name, owner in owned if owner and not _alive(int(owner[1]))]


def make_place(path: Path) -> None:
    """Make a directory of the host that daemons write to, and note that it was made for us."""
    with _alone():
        if not path.exists():
            with MADE.open("a") as notes:
                notes.write(f"{path}\n")
            path.mkdir(parents=True)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Let no other instance start or end meanwhile, as far as the host's directories are concerned."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_made() -> None:
    """Remove the host's directories that were made as mount points: no instance needs them."""
    if MADE.exists():
        for line in reversed(MADE.read_text().splitlines()):
            if Path(line).is_dir() and not any(Path(line).iterdir()):
                Path(line).rmdir()
        MADE.unlink()
    # Not empty when another one starts just now: it makes what it needs after this.
    with contextlib.suppress(OSError):
        STATE.rmdir()


def can_run() -> str | None:
    """Return why this machine cannot run the cluster, None when it can."""
    if os.uname().sysname != "Linux":
        return "the test cluster needs Linux"
    if os.geteuid() != 0:
        return "the test cluster needs root"
    if build.folder().exists() or shutil.which("go"):
        return None
    return "the test cluster has to be built, and there is no go"


class Instance:
    """A cluster by name; nothing needs to run for the value to exist."""

    def __init__(self, name: str = "lab") -> None:
        self.name = name
        self.home = STATE / name
        self.pki = self.home / "pki"
        self.netns = f"ksc-{name}"
        self.cgroup = f"ksc-{name}"
        self.kubeconfig = self.pki / "admin.kubeconfig"
        running = self.home / "binaries"
        self.binaries = running.resolve() if running.exists() else build.folder()

    def enter(self, arguments: Iterable[str | Path]) -> list[str]:
        """Return the command that runs `arguments` inside the cluster's network."""
        return ["nsenter", f"--net=/run/netns/{self.netns}", "--", *map(str, arguments)]

    def _enter_all(self, arguments: Iterable[str | Path]) -> list[str]:
        """Return the command that runs `arguments` in the cluster's network and with its mounts, to be born among its processes."""
        network, *rest = self.enter(arguments)
        return [network, f"--mount=/proc/{self._keeper}/ns/mnt", *rest]

    @property
    def _keeper(self) -> int:
        return int((self.home / "keeper.pid").read_text())

    def run(self, *command: str | Path) -> None:
        """Run a command as the daemons run: in the cluster's network, with its mounts, among its processes."""
        with born_in(self._keeper):
            subprocess.run(self._enter_all(command), check=True, capture_output=True)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of commands inside: the admin's kubeconfig, and our binaries first."""
        path = f"{self.binaries}/bin:{os.environ.get('PATH', '/usr/bin:/bin')}"
        return {**os.environ, MARK: self.name, "KUBECONFIG": str(self.kubeconfig), "PATH": path}

    def kubectl(self, *arguments: str, check: bool = True, stdin: str | None = None) -> str:
        """Run kubectl as the cluster's admin and return its stdout."""
        command = self.enter([self.binaries / "bin" / "kubectl", *arguments])
        done = subprocess.run(command, env=self.environment, input=stdin, text=True, capture_output=True, check=False)
        if check and done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def seccomp_root(self, node: str) -> Path:
        """Return where this machine has the node's <root>/seccomp."""
        return self.home / node / "kubelet" / "seccomp"

    def kubelet_root(self, node: str) -> str:
        """Return the kubelet's root directory as the node itself sees it."""
        known = next(entry for entry in NODES if entry.name == node)
        return DEFAULT_ROOT if known.default_root else str(self.home / node / "kubelet")

    def start(self, title: str, *command: str | Path) -> int:
        """Start a daemon inside the cluster with a log of its own, and return its process id."""
        log = str(self.home / "log" / f"{title}.log")
        arguments = self._enter_all(command)
        # What the caller has open, such as a lock, is not the daemon's to keep.
        mine = [
            (os.POSIX_SPAWN_CLOSE, int(fd))
            for fd in os.listdir("/proc/self/fd")
            if int(fd) > 2 and os.path.exists(f"/proc/self/fd/{fd}")
        ]
        files = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            *mine,
        ]
        with born_in(self._keeper):
            pid = os.posix_spawnp(arguments[0], arguments, self.environment, setsid=True, file_actions=files)
        (self.home / "run" / f"{title}.pid").write_text(f"{pid}\n")
        return pid

    def stop(self, title: str) -> None:
        """End one daemon that was started with this title, and wait until it is gone."""
        pid = int((self.home / "run" / f"{title}.pid").read_text())
        for number in (signal.SIGTERM, signal.SIGKILL):
            _signal(pid, number)
            _wait_gone([pid], 5)

    def running(self, node: str) -> Node:
        """Return the node's description."""
        return next(entry for entry in NODES if entry.name == node)

    def processes(self) -> list[int]:
        """Return every living process that belongs to the cluster: by its mark or by its cgroup."""
        return [pid for pid in _pids() if pid != os.getpid() and self._owns(pid) and _alive(pid)]

    def _owns(self, pid: int) -> bool:
        if f"{MARK}={self.name}\0".encode() in _read(pid, "environ") + b"\0":
            return True
        return f"/{self.cgroup}/".encode() in _read(pid, "cgroup")

    def down(self) -> None:
        """End and remove everything; works on whatever is left of a start or of an earlier attempt."""
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL):
            pids = self.processes()
            for pid in pids:
                _signal(pid, number)
            _wait_gone(pids, 3)
        self._unmount()
        subprocess.run(["ip", "netns", "del", self.netns], check=False, stderr=subprocess.DEVNULL)
        for controller in CGROUPS.iterdir():
            _remove_cgroups(controller / self.cgroup)
        shutil.rmtree(self.home, ignore_errors=True)
        with _alone():
            if not instances():
                _remove_made()

    def _unmount(self) -> None:
        places = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for place in sorted(places, reverse=True):
            if place.startswith(f"{self.home}/"):
                subprocess.run(["umount", "-l", place], check=False)


def _pids() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _wait_gone(pids: list[int], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(_alive(pid) for pid in pids):
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    status = _read(pid, "stat")
    return bool(status) and status.rsplit(b") ", 1)[-1][:1] != b"Z"


def _remove_cgroups(top: Path) -> None:
    """Remove a cgroup from its leaves up; rmdir is all that cgroupfs takes."""
    if not top.is_dir():
        return
    for folder, _, _ in os.walk(top, topdown=False):
        for _ in range(20):
            try:
                os.rmdir(folder)
                break
            except OSError:
                time.sleep(0.1)
