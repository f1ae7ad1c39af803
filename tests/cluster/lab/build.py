"""Builds what the cluster runs, once, into a folder named after a hash of everything that goes in."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

HERE = Path(__file__).parent
KUBERNETES = os.environ.get("KSECCOMP_LAB_KUBERNETES", "1.37.2")
CONTAINERD = os.environ.get("KSECCOMP_LAB_CONTAINERD", "2.4.2")
RUNC = os.environ.get("KSECCOMP_LAB_RUNC", "1.5.2")
CRIO = os.environ.get("KSECCOMP_LAB_CRIO", "1.36.3")
# Raised when this file builds something else from the same inputs.
RECIPE = 2
# A go.mod without a language version is read as an old one, with every module that any other ever asked for.
GO = "1.26.0"
# What the main package itself requires besides Kubernetes: in the versions that Kubernetes asks for.
BESIDES = ("go.etcd.io/etcd/server/v3", "github.com/spf13/cobra")
CACHE = Path(os.environ.get("KSECCOMP_CACHE", Path.home() / ".cache" / "kubectl-seccomp")) / "lab"
PACKAGES = {
    "runc": "runc", "/usr/bin/containerd": "containerd", "/usr/lib/cni/ptp": "containernetworking-plugins",
    "busybox": "busybox-static", "ip": "iproute2", "conmon": "conmon", "skopeo": "skopeo", "jq": "jq", "gcc": "gcc",
    "pkg-config": "pkg-config", "/usr/include/seccomp.h": "libseccomp-dev", "openssl": "openssl", "nsenter": "util-linux",
}  # fmt: skip


def say(text: str) -> None:
    """Tell progress on stderr."""
    print(f"lab: {text}", file=sys.stderr, flush=True)


@functools.cache
def key() -> str:
    """Return the hash of all inputs: versions, the compiler, sources, and the number of the way they are built."""
    versions = f"{RECIPE} {KUBERNETES} {CONTAINERD} {RUNC} {CRIO} {_compiler()}"
    digest = hashlib.sha256(versions.encode())
    for path in sorted([*HERE.glob("go/*"), HERE / "images.py", HERE / "pinns", HERE / "runc-wrap"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def folder() -> Path:
    """Return where the binaries are, or will be."""
    return CACHE / key()


def ensure() -> Path:
    """Build unless it is built, and return the folder. A second builder waits for the first."""
    done = folder()
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        _wait_for(lock)
        install_packages()
        if not done.exists():
            # With the lock held nobody builds, so what looks like a build was interrupted.
            for half in CACHE.glob("*.building"):
                shutil.rmtree(half, ignore_errors=True)
            work = CACHE / f"{done.name}.building"
            _build(work)
            work.rename(done)
    return done


def missing_packages() -> list[str]:
    """Return the Debian packages of which something is missing."""
    return [package for probe, package in PACKAGES.items() if not (Path(probe).exists() if "/" in probe else shutil.which(probe))]


def install_packages() -> None:
    """Install those Debian packages of which something is missing."""
    missing = missing_packages()
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise SystemExit(f"lab: please install: {' '.join(missing)}")
    say(f"installing {' '.join(missing)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet, stdout=sys.stderr)
    subprocess.run(["apt-get", "install", "-y", "-qq", *missing], check=True, env=quiet, stdout=sys.stderr)


def _wait_for(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another build runs: waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _compiler() -> str:
    return subprocess.run(["go", "env", "GOVERSION"], check=True, cwd="/", stdout=subprocess.PIPE, text=True).stdout.strip()


def _build(work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    (work / "bin").mkdir(parents=True)
    began = time.monotonic()
    for title, step in (
        (f"Kubernetes {KUBERNETES} and etcd in one binary", _kubernetes),
        (f"containerd {CONTAINERD}", _containerd),
        (f"runc {RUNC}", _runc),
        (f"CRI-O {CRIO}", _crio),
        ("images", _images),
    ):
        say(f"building {title} ({time.monotonic() - began:.0f} s so far)")
        step(work)
    say(f"built in {time.monotonic() - began:.0f} s")


def _go(work: Path, *arguments: str, **environment: str) -> str:
    """Run go in `work` and return its stdout; say every minute that it still runs."""
    child = subprocess.Popen(
        ["go", *arguments], cwd=work, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    for minutes in itertools.count(1):
        try:
            out, errors = child.communicate(timeout=60)
            break
        except subprocess.TimeoutExpired:
            say(f"go {arguments[0]} still runs after {minutes} min")
    if child.returncode:
        raise SystemExit(f"lab: go {' '.join(arguments[:2])} failed:\n{errors[-4000:]}")
    return out


def _kubernetes(work: Path) -> None:
    source = work / "src"
    shutil.copytree(HERE / "go", source)
    module = json.loads(_go(source, "mod", "download", "-json", f"k8s.io/kubernetes@v{KUBERNETES}"))["Dir"]
    (source / "go.mod").write_text(_module(Path(module, "go.mod").read_text()))
    _go(source, "mod", "tidy", GOFLAGS="-mod=mod")
    version = "k8s.io/component-base/version"
    facts = {
        "gitVersion": f"v{KUBERNETES}",
        "gitMajor": "1",
        "gitMinor": KUBERNETES.split(".")[1],
        "gitTreeState": "clean",
        "gitCommit": "lab",
    }
    flags = " ".join(f"-X {version}.{name}={value}" for name, value in facts.items())
    _go(source, "build", "-trimpath", "-ldflags", f"-s -w {flags}", "-o", str(work / "kube"), ".", CGO_ENABLED="0")
    (work / "bin" / "kubectl").symlink_to("../kube")
    shutil.rmtree(source)


def _module(theirs: str) -> str:
    """Return our go.mod from that of Kubernetes: its own staging modules are published as v0.MINOR.PATCH."""
    minor = KUBERNETES.removeprefix("1.")
    lines = [line.split() for line in theirs.splitlines()]
    go = next(words[1] for words in lines if words[:1] == ["go"])
    staged = sorted({words[0] for words in lines if len(words) > 2 and words[2].startswith("./staging/")})
    required = [f"k8s.io/kubernetes v{KUBERNETES}"]
    required += [f"{words[0]} {words[1]}" for words in lines if words and words[0] in BESIDES]
    required += [f"k8s.io/{name} v0.{minor}" for name in ("apiserver", "component-base", "kubectl")]
    replaced = [f"{name} => {name} v0.{minor}" for name in staged]
    return "\n".join([f"module lab\n\ngo {go}\n", "require (", *required, ")", "replace (", *replaced, ")", ""])


def _containerd(work: Path) -> None:
    commands = [
        f"github.com/containerd/containerd/v2/cmd/{name}@v{CONTAINERD}" for name in ("containerd", "containerd-shim-runc-v2", "ctr")
    ]
    _go(work, "install", "-trimpath", "-tags", "no_btrfs no_zfs no_devmapper no_aufs", *commands, GOBIN=str(work / "bin"))


def _runc(work: Path) -> None:
    _go(work, "install", "-trimpath", "-tags", "seccomp", f"github.com/opencontainers/runc@v{RUNC}", GOBIN=str(work / "bin"))


def _crio(work: Path) -> None:
    source = work / "crio"
    source.mkdir()
    (source / "go.mod").write_text(f"module lab\n\ngo {GO}\n\nrequire github.com/cri-o/cri-o v{CRIO}\n")
    command = "github.com/cri-o/cri-o/cmd/crio"
    (source / "tools.go").write_text(f'//go:build tools\n\npackage tools\n\nimport _ "{command}"\n')
    tags = "containers_image_openpgp exclude_graphdriver_btrfs btrfs_noversion seccomp"
    _go(source, "build", "-trimpath", "-tags", tags, "-o", str(work / "bin" / "crio"), command, GOFLAGS="-mod=mod")
    shutil.rmtree(source)


def _images(work: Path) -> None:
    from . import images

    for name in ("pinns", "runc-wrap"):
        shutil.copy(HERE / name, work / "bin" / name)
        (work / "bin" / name).chmod(0o755)
    subprocess.run(["gcc", "-static", "-Os", "-o", work / "pause", HERE / "go" / "pause.c"], check=True)
    images.make(work)
