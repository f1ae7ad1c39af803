"""One cluster by name: where its files are, how to get into it, how to hurt and mend it, and what of it exists."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import build, pki, processes
from .nodes import DEFAULT_ROOT, NODES, Node

STATE = Path(os.environ.get("KSECCOMP_STATE", "/var/tmp/kubectl-seccomp"))
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,23}")
# Every process that is started for a cluster carries this variable with the cluster's name.
MARK = "KSECCOMP_LAB"


def can_run() -> str | None:
    """Return why this machine cannot run the cluster, None when it can."""
    if os.uname().sysname != "Linux":
        return "the test cluster needs Linux"
    if os.geteuid() != 0:
        return "the test cluster needs root"
    if not shutil.which("go"):
        return "the test cluster is built by go, and there is none"
    missing = build.missing_packages()
    if missing and not shutil.which("apt-get"):
        return f"the test cluster needs {' '.join(missing)}, and there is no apt-get to install them"
    return None


class Instance:
    """A cluster by name; nothing needs to run for the value to exist."""

    def __init__(self, name: str = "lab") -> None:
        # The name becomes a folder that is removed with all that is in it, so it must not lead anywhere else.
        if not NAME.fullmatch(name):
            raise ValueError(f"a cluster's name is up to 24 of a-z, 0-9 and -, not {name!r}")
        self.name = name
        self.home = STATE / name
        self.pki = self.home / "pki"
        self.users = self.home / "users"
        self.netns = self.cgroup = f"ksc-{name}"
        self.kubeconfig = self.pki / "admin.kubeconfig"

    @property
    def binaries(self) -> Path:
        """The folder of binaries: those it was started with, also when the sources have changed since."""
        running = self.home / "binaries"
        return running.resolve() if running.exists() else build.folder()

    def enter(self, arguments: Iterable[str | Path], mounts: bool = False) -> list[str]:
        """Return the command that runs `arguments` inside the cluster's network (and mount) namespace."""
        prefix = ["nsenter", f"--net=/run/netns/{self.netns}"]
        if mounts:
            prefix.append(f"--mount=/proc/{self.daemon('keeper')}/ns/mnt")
        return [*prefix, "--", *map(str, arguments)]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of commands inside: the admin's kubeconfig, our binaries first, no proxy (none can be reached)."""
        inherited = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        path = f"{self.binaries}/bin:{os.environ.get('PATH', '/usr/bin:/bin')}"
        return {**inherited, MARK: self.name, "KUBECONFIG": str(self.kubeconfig), "PATH": path}

    def kubectl(self, *arguments: str, check: bool = True, stdin: str | None = None) -> str:
        """Run kubectl as the cluster's admin and return its stdout."""
        command = self.enter([self.binaries / "bin" / "kubectl", *arguments])
        done = subprocess.run(command, env=self.environment, input=stdin, text=True, capture_output=True, check=False)
        if check and done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def user(self, name: str, groups: tuple[str, ...] = ()) -> Path:
        """Return the kubeconfig of a user who has no rights yet and exists by a certificate alone."""
        if not name or "/" in name or name.startswith("."):
            raise ValueError(f"{name!r} cannot be a file's name")
        base = self.users / name
        made, wanted = Path(f"{base}.groups"), json.dumps(sorted(groups))
        if not made.exists() or made.read_text() != wanted:
            self.users.mkdir(exist_ok=True)
            pki.user(self.pki, self.users, name, name, groups)
            made.write_text(wanted)
        return Path(f"{base}.kubeconfig")

    def seccomp_root(self, node: str) -> Path:
        """Return where this machine has the node's <root>/seccomp."""
        return self.home / node / "kubelet" / "seccomp"

    def kubelet_root(self, node: str) -> str:
        """Return the kubelet's root directory as the node itself sees it."""
        return DEFAULT_ROOT if self.node(node).default_root else str(self.home / node / "kubelet")

    @staticmethod
    def node(name: str) -> Node:
        """Return the node's description."""
        return next(entry for entry in NODES if entry.name == name)

    @property
    def facts(self) -> dict[str, Any]:
        """What a finished start wrote down (nodes, bare); empty before."""
        path = self.home / "up.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    @property
    def is_up(self) -> bool:
        """Whether a start was finished and its API server lives."""
        return bool(self.facts) and self.daemon("apiserver") is not None

    def restart_apiserver(self) -> None:
        """End the API server, start it again and wait until it is ready."""
        from . import daemons

        self.stop("apiserver")
        daemons.start_apiserver(self, bool(self.facts.get("bare")))

    def stop_kubelet(self, node: str) -> None:
        """End a node's kubelet; its containers go on, the node turns NotReady after some 40 s."""
        self.stop(f"kubelet-{self.node(node).name}")

    def start_kubelet(self, node: str) -> None:
        """Start a node's kubelet again; returns at once, the node is Ready a few seconds later."""
        from . import daemons

        if self.daemon(f"kubelet-{node}") is None:
            daemons.start_kubelet(self, self.node(node))

    def start(self, title: str, *command: str | Path, entered: bool = True) -> int:
        """Start a daemon, in the cluster's namespaces unless told otherwise, with a session and a log of its own."""
        words = self.enter(command, mounts=True) if entered else list(map(str, command))
        log = str(self.home / "log" / f"{title}.log")
        # Not a Popen: that wants to be waited for, and a daemon outlives us.
        pid = os.posix_spawnp(
            words[0], words, {**self.environment, "TMPDIR": str(self.home / "tmp")}, setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
        )  # fmt: skip
        # To stop this one daemon, for people too; to end the cluster nobody relies on it.
        (self.home / "run" / f"{title}.pid").write_text(f"{pid}\n")
        return pid

    def stop(self, title: str) -> None:
        """End one daemon and wait until it is gone; one that does not run is fine."""
        for number, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 10.0)):
            pid = self.daemon(title)
            if pid is None:
                return
            processes.end(pid, number, self.owns)
            processes.gone([pid], seconds)

    def daemon(self, title: str) -> int | None:
        """Return the process of the daemon with this title, None when it does not run."""
        try:
            pid = int((self.home / "run" / f"{title}.pid").read_text())
        except (OSError, ValueError):
            return None
        return pid if processes.alive(pid) and self.owns(pid) else None

    def processes(self) -> list[int]:
        """Return every process that belongs to the cluster, save this one and its ancestors."""
        spared = processes.lineage()
        return [pid for pid in processes.numbers() if pid not in spared and self.owns(pid) and processes.alive(pid)]

    def owns(self, pid: int) -> bool:
        """Whether a process belongs to the cluster: by its mark, by its cgroup, by its network namespace."""
        return processes.marked(pid, MARK, self.name) or processes.in_cgroup(pid, self.cgroup) or processes.in_network(pid, self.netns)

    def down(self) -> None:
        """End and remove everything; works on whatever is left of a start or of an earlier attempt."""
        from . import clean

        with self.locked():
            clean.clean(self)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one start or end of this cluster run at a time; leaves no file behind."""
        path = STATE / f".{self.name}.lock"
        while True:
            STATE.mkdir(parents=True, exist_ok=True)
            with path.open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                # Whoever had it before us has removed the file: then this lock is no longer the lock.
                if not path.exists() or path.stat().st_ino != os.fstat(lock.fileno()).st_ino:
                    continue
                try:
                    yield
                finally:
                    path.unlink()
                    if not any(STATE.iterdir()):
                        STATE.rmdir()
                return
