"""Starts the cluster's daemons: etcd and the Kubernetes components, the runtimes, the kubelets."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from . import cgroups, images
from .instance import Instance
from .nodes import ADDRESS, STATIC_POD, Node, containerd_config, crio_config, kubelet_config, network
from .waiting import wait_daemon

PROFILES = Path(__file__).parents[1] / "manifests" / "profiles"
LOCAL = "http://127.0.0.1"
# Debian's containerd finds its shim, its runc and iptables by these.
SYSTEM_PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"


def start_etcd(instance: Instance) -> None:
    """Start etcd; what it keeps is thrown away, so it need not wait for the disk."""
    instance.start(
        "etcd", instance.binaries / "kube", "etcd", "--data-dir", instance.home / "etcd", "--unsafe-no-fsync", "--log-level", "warn",
        "--listen-client-urls", f"{LOCAL}:2379", "--advertise-client-urls", f"{LOCAL}:2379",
        "--listen-peer-urls", f"{LOCAL}:2380", "--quota-backend-bytes", str(8 << 30),
    )  # fmt: skip


def start_apiserver(instance: Instance, bare: bool = False) -> None:
    """Start the API server and wait until it is ready."""
    pki = instance.pki
    # Without a controller manager nobody makes the service accounts that pods need.
    extra = ("--disable-admission-plugins", "ServiceAccount") if bare else ()
    instance.start(
        "apiserver", instance.binaries / "kube", "kube-apiserver", "--etcd-servers", f"{LOCAL}:2379",
        "--secure-port", "6443", "--bind-address", "0.0.0.0", "--advertise-address", ADDRESS,
        "--service-cluster-ip-range", "10.96.0.0/16", "--authorization-mode", "Node,RBAC", "--allow-privileged=true",
        "--client-ca-file", pki / "ca.crt", "--tls-cert-file", pki / "apiserver.crt", "--tls-private-key-file", pki / "apiserver.key",
        "--kubelet-client-certificate", pki / "kubelet-client.crt", "--kubelet-client-key", pki / "kubelet-client.key",
        "--kubelet-certificate-authority", pki / "ca.crt", "--kubelet-preferred-address-types", "InternalIP,Hostname",
        "--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file", pki / "sa.pub",
        "--service-account-signing-key-file", pki / "sa.key", "--endpoint-reconciler-type", "none", *extra,
    )  # fmt: skip
    wait_daemon(instance, "apiserver", 90, lambda: instance.kubectl("get", "--raw", "/readyz", check=False) == "ok")


def start_controllers(instance: Instance) -> None:
    """Start the controller manager and the scheduler."""
    pki, kube = instance.pki, instance.binaries / "kube"
    alone = ("--leader-elect=false", "--bind-address", "127.0.0.1")
    instance.start(
        "kcm", kube, "kube-controller-manager", "--kubeconfig", pki / "kcm.kubeconfig", *alone,
        "--service-account-private-key-file", pki / "sa.key", "--root-ca-file", pki / "ca.crt",
        "--use-service-account-credentials", "--cluster-signing-cert-file=",
    )  # fmt: skip
    instance.start("sched", kube, "kube-scheduler", "--kubeconfig", pki / "sched.kubeconfig", *alone)


def start_runtime(instance: Instance, node: Node) -> None:
    """Make the node's files and cgroups, and start its runtime with the images in it."""
    home = instance.home / node.name
    for folder in ("kubelet", "run", "cni", "static", "ns", "containerd", "log"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    if node.seccomp_dir:
        (home / "kubelet" / "seccomp" / "profiles").mkdir(parents=True)
        if node.profiles:
            shutil.copytree(PROFILES, home / "kubelet" / "seccomp" / "profiles", dirs_exist_ok=True)
    if node.static_pod:
        (home / "static" / "web.json").write_text(json.dumps(STATIC_POD))
    (home / "cni" / "10-lab.conflist").write_text(network(node, home))
    cgroups.make(f"{instance.cgroup}/{node.name}")
    socket = _crio(instance, node, home) if node.runtime == "crio" else _containerd(instance, node, home)
    cgroup = f"/{instance.cgroup}/{node.name}"
    (home / "kubelet.json").write_text(kubelet_config(node, home, instance.pki, cgroup, socket))


def start_kubelet(instance: Instance, node: Node) -> None:
    """Start a node's kubelet."""
    home = instance.home / node.name
    root = () if node.default_root else ("--root-dir", home / "kubelet")
    flag = ("--seccomp-default",) if node.flag_default else ()
    instance.start(
        f"kubelet-{node.name}", instance.binaries / "kube", "kubelet", "--config", home / "kubelet.json", "--kubeconfig",
        instance.pki / f"{node.name}.kubeconfig", "--hostname-override", node.name, "--node-ip", ADDRESS,
        "--cert-dir", home / "pki", *root, *flag,
    )  # fmt: skip


def _containerd(instance: Instance, node: Node, home: Path) -> Path:
    old = node.runtime == "containerd16"
    (home / "containerd.toml").write_text(containerd_config(node, home, instance.binaries / "bin"))
    folder = Path("/usr/bin") if old else instance.binaries / "bin"
    path = SYSTEM_PATH if old else f"PATH={instance.environment['PATH']}"
    instance.start(f"containerd-{node.name}", "env", path, folder / "containerd", "-c", home / "containerd.toml")
    socket = home / "run" / "containerd.sock"
    wait_daemon(instance, f"containerd-{node.name}", 60, socket.exists)
    for name in images.NAMES:
        archive = instance.binaries / f"{name}.tar"
        _inside(instance, folder / "ctr", "-a", socket, "-n", "k8s.io", "images", "import", archive)
    return socket


def _crio(instance: Instance, node: Node, home: Path) -> Path:
    policy = home / "policy.json"
    policy.write_text('{"default":[{"type":"insecureAcceptAnything"}]}')
    (home / "crio.conf").write_text(crio_config(home, instance.binaries / "bin"))
    storage = f"[overlay@{home}/storage+{home}/run/storage]"
    for name, full in images.NAMES.items():
        archive, target = f"oci-archive:{instance.binaries}/{name}.tar", f"containers-storage:{storage}{full}"
        _inside(instance, "skopeo", "--policy", policy, "copy", "-q", archive, target)
    instance.start(f"crio-{node.name}", instance.binaries / "bin" / "crio", "--config", home / "crio.conf", "--config-dir", "")
    socket = home / "run" / "crio.sock"
    wait_daemon(instance, f"crio-{node.name}", 60, socket.exists)
    return socket


def _inside(instance: Instance, *command: str | Path) -> None:
    words, temporary = instance.enter(command, mounts=True), str(instance.home / "tmp")
    environment = {**instance.environment, "TMPDIR": temporary}
    done = subprocess.run(words, env=environment, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"lab: {Path(command[0]).name} failed: {done.stderr.strip()}")
