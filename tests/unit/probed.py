"""A node as the probe sees it: a tree of files, and the script run over it by real shells."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec import structs

from kubectl_seccomp.nodes.answer import ProbeAnswer
from kubectl_seccomp.nodes.manifest import NOTHING_MORE, VOLUME_SECCOMP, VOLUME_SPO, ProbeRequest, Wanted, environment, questions
from kubectl_seccomp.nodes.output import parse
from kubectl_seccomp.nodes.script import SCRIPT

NONCE = "0123456789abcdef"
ROOT = "/var/lib/kubelet"
REQUEST = ProbeRequest("node-a", "kube-system", "probe", "busybox", NONCE, ROOT, 90, 0, mounts=(VOLUME_SECCOMP, VOLUME_SPO))
SHELLS = [
    pytest.param(shell, marks=pytest.mark.skipif(shutil.which(shell[0]) is None, reason=f"there is no {shell[0]}"), id=shell[0])
    for shell in (["dash"], ["busybox", "sh"])
]
# A uid 0 that has no capabilities, as in the pod: then file modes count for it too.
POWERLESS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 and shutil.which("setpriv") else []


class Node:
    """The probe's mounts below one directory."""

    def __init__(self, top: Path, shell: list[str]) -> None:
        self.top = top
        self.shell = shell
        self.script = SCRIPT
        self.seccomp = top / "host/seccomp"
        self.spo = top / "host/spo"
        self.seccomp.mkdir(parents=True)
        self.spo.mkdir()
        (top / "hostproc").mkdir()

    def limit(self, name: str, value: int) -> None:
        """Give one of the script's limits another value."""
        changed = re.sub(rf"^{name}=\d+", f"{name}={value}", self.script, count=1, flags=re.MULTILINE)
        assert changed != self.script
        self.script = changed

    def write(self, name: str, content: bytes | str = "{}") -> Path:
        path = self.seccomp / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def process(
        self,
        pid: int,
        cgroup: str,
        *,
        comm: str = "app",
        command: tuple[str, ...] = ("/app",),
        parent: int = 1,
        started: int = 1000,
        status: str = "Seccomp:\t2\nSeccomp_filters:\t1\n",
    ) -> Path:
        folder = self.top / "hostproc" / str(pid)
        folder.mkdir()
        (folder / "comm").write_text(f"{comm}\n")
        (folder / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in command))
        (folder / "cgroup").write_text(cgroup)
        numbers = " ".join(["0"] * 17)
        (folder / "stat").write_text(f"{pid} ({comm}) S {parent} {numbers} {started} 4096 1 18446744073709551615\n")
        (folder / "status").write_text(f"Name:\t{comm}\nUmask:\t0022\nPid:\t{pid}\nNSpid:\t{pid}\t7\nNoNewPrivs:\t1\n{status}")
        return folder

    def log(self, request: ProbeRequest = REQUEST) -> bytes:
        """What the script prints; anything on stderr is an error of the test."""
        done = subprocess.run(
            [*POWERLESS, *self.shell, "-c", self.script, "probe", *questions(request)],
            env={"PATH": os.environ["PATH"], "P": str(self.top), **environment(request)},
            capture_output=True,
            timeout=60,
            check=True,
        )
        assert done.stderr == b""
        return done.stdout

    def ask(
        self,
        *paths: str,
        ids: tuple[str, ...] = (),
        mounts: tuple[str, ...] = REQUEST.mounts,
        root: str = ROOT,
        wanted: Wanted = NOTHING_MORE,
    ) -> ProbeAnswer:
        request = structs.replace(REQUEST, paths=paths, ids=ids, mounts=mounts, root=root, wanted=wanted)
        answer = parse(self.log(request), NONCE)
        assert answer.complete
        return answer
