"""Builds what the cluster runs, once, into a folder named after a hash of everything that goes in."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
KUBERNETES = os.environ.get("KSECCOMP_LAB_KUBERNETES", "1.37.2")
CONTAINERD = os.environ.get("KSECCOMP_LAB_CONTAINERD", "2.4.2")
RUNC = os.environ.get("KSECCOMP_LAB_RUNC", "1.5.2")
CRIO = os.environ.get("KSECCOMP_LAB_CRIO", "1.36.3")
# Raised when this file builds something else from the same inputs.
RECIPE = 1
ETCD, COBRA, GO = "3.7.0", "1.10.2", "1.26.0"
CACHE = Path(os.environ.get("KSECCOMP_CACHE", Path.home() / ".cache" / "kubectl-seccomp")) / "lab"
PACKAGES = {
    "runc": "runc", "/usr/bin/containerd": "containerd", "/usr/lib/cni/ptp": "containernetworking-plugins",
    "busybox": "busybox-static", "ip": "iproute2", "conmon": "conmon", "skopeo": "skopeo", "jq": "jq", "gcc": "gcc",
    "pkg-config": "pkg-config", "/usr/include/seccomp.h": "libseccomp-dev", "openssl": "openssl", "nsenter": "util-linux",
    "zsh": "zsh", "/usr/share/bash-completion/bash_completion": "bash-completion",
}  # fmt: skip


def say(text: str) -> None:
    """Tell progress on stderr."""
    print(f"lab: {text}", file=sys.stderr, flush=True)


def key() -> str:
    """Return the hash of all inputs: versions, sources, and the number of the way they are built."""
    digest = hashlib.sha256(f"{RECIPE} {KUBERNETES} {CONTAINERD} {RUNC} {CRIO} {ETCD} {COBRA}".encode())
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
    install_packages()
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            work = CACHE / f"{done.name}.{os.getpid()}"
            _build(work)
            work.rename(done)
    return done


def install_packages() -> None:
    """Install those Debian packages of which something is missing."""
    missing = [package for probe, package in PACKAGES.items() if not (Path(probe).exists() if "/" in probe else shutil.which(probe))]
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise SystemExit(f"lab: please install: {' '.join(missing)}")
    say(f"installing {' '.join(missing)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet, stdout=sys.stderr)
    subprocess.run(["apt-get", "install", "-y", "-qq", *missing], check=True, env=quiet, stdout=sys.stderr)


def _build(work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    (work / "bin").mkdir(parents=True)
    began = time.monotonic()
    for title, step in (
        (f"Kubernetes {KUBERNETES} and etcd {ETCD} in one binary", _kubernetes),
        (f"containerd {CONTAINERD}", _containerd),
        (f"runc {RUNC}", _runc),
        (f"CRI-O {CRIO}", _crio),
        ("images", _images),
    ):
        say(f"building {title} ({time.monotonic() - began:.0f} s so far)")
        step(work)
    say(f"built in {time.monotonic() - began:.0f} s")


def _go(work: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(["go", *arguments], cwd=work, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"lab: go {' '.join(arguments[:2])} failed:\n{done.stderr[-4000:]}")
    return done.stdout


def _kubernetes(work: Path) -> None:
    source = work / "src"
    shutil.copytree(HERE / "go", source)
    minor = KUBERNETES.removeprefix("1.")
    module = json.loads(_go(source, "mod", "download", "-json", f"k8s.io/kubernetes@v{KUBERNETES}"))["Dir"]
    staged = sorted({line.split()[0] for line in Path(module, "go.mod").read_text().splitlines() if "=> ./staging/" in line})
    required = [f"k8s.io/kubernetes v{KUBERNETES}", f"go.etcd.io/etcd/server/v3 v{ETCD}", f"github.com/spf13/cobra v{COBRA}"]
    required += [f"k8s.io/{name} v0.{minor}" for name in ("apiserver", "component-base", "kubectl")]
    replaced = [f"{name} => {name} v0.{minor}" for name in staged]
    blocks = ("require (", *required, ")", "replace (", *replaced, ")")
    (source / "go.mod").write_text(f"module lab\n\ngo {GO}\n\n" + "\n".join(blocks) + "\n")
    _go(source, "mod", "tidy", GOFLAGS="-mod=mod")
    version = "k8s.io/component-base/version"
    facts = {
        "gitVersion": f"v{KUBERNETES}",
        "gitMajor": "1",
        "gitMinor": minor.split(".")[0],
        "gitTreeState": "clean",
        "gitCommit": "lab",
    }
    flags = " ".join(f"-X {version}.{name}={value}" for name, value in facts.items())
    _go(source, "build", "-trimpath", "-ldflags", f"-s -w {flags}", "-o", str(work / "kube"), ".", CGO_ENABLED="0")
    (work / "bin" / "kubectl").symlink_to("../kube")
    shutil.rmtree(source)


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
