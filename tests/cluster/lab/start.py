"""Starts a cluster: namespaces, certificates, control plane, nodes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import build, images
from .instance import CGROUPS, MARK, Instance, make_place
from .nodes import ADDRESS, DEFAULT_ROOT, NODES, STATIC_POD, Node, containerd_config, crio_config, kubelet_config, network
from .processes import own_processes

PROFILES = Path(__file__).parents[1] / "manifests" / "profiles"
# What daemons write to fixed places; inside the cluster's mount namespace these are directories of the instance.
PRIVATE = ("/run/containerd", "/run/runc", "/run/crio", "/var/log/containers", "/var/lib/cni", "/run/containers")


def up(instance: Instance, names: list[str], bare: bool = False) -> None:
    """Start the cluster with these nodes; `bare` means etcd and API server alone, for pods that run nowhere."""
    began = time.monotonic()
    build.ensure()
    for folder in ("log", "run", "pki"):
        (instance.home / folder).mkdir(parents=True, exist_ok=True)
    (instance.home / "binaries").symlink_to(instance.binaries)
    _namespaces(instance)
    _certificates(instance)
    _control_plane(instance, bare)
    if not bare:
        chosen = [node for node in NODES if node.name in names]
        with ThreadPoolExecutor(len(chosen)) as pool:
            list(pool.map(lambda node: _node(instance, node), chosen))
        _wait("nodes", 120, lambda: _ready(instance) == len(chosen))
        _wait("service account", 30, lambda: bool(instance.kubectl("get", "sa", "default", "-o", "name", check=False)))
    build.say(f"{instance.name} is up after {time.monotonic() - began:.0f} s")


def _ready(instance: Instance) -> int:
    path = "{.items[*].status.conditions[?(@.type=='Ready')].status}"
    return instance.kubectl("get", "nodes", "-o", f"jsonpath={path}", check=False).split().count("True")


def _wait(what: str, seconds: float, done: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise SystemExit(f"lab: {what} not ready after {seconds:.0f} s, see the logs")
        time.sleep(0.3)


def _run(*command: str | Path, **more: str) -> None:
    subprocess.run([str(word) for word in command], check=True, input=more.get("stdin"), text=True, capture_output=True)


def _namespaces(instance: Instance) -> None:
    """Make the network namespace with a bridge, and the mount and process namespaces that a sleeping keeper holds."""
    net = instance.netns
    _run("ip", "netns", "add", net)
    for words in (
        "link set lo up", "link add br0 type bridge", f"addr add {ADDRESS}/24 dev br0", "link set br0 up",
        f"route add default via {ADDRESS} dev br0",
    ):  # fmt: skip
        _run("ip", "-n", net, *words.split())
    lines = []
    for place in (*PRIVATE, DEFAULT_ROOT):
        mine = instance.home / ("node-b/kubelet" if place == DEFAULT_ROOT else "private" + place)
        mine.mkdir(parents=True, exist_ok=True)
        make_place(Path(place))
        lines.append(f"mount --bind {mine} {place}")
    # The first process of its own process namespace; the kernel takes away what is left to it.
    lines += ["mount -t proc proc /proc", "trap '' CHLD", "exec sleep infinity"]
    unshare = ["unshare", "--mount", "--propagation", "private", "sh", "-c", " && ".join(lines)]
    # None of the starter's descriptors: whoever reads its output would wait for the keeper's end too.
    quiet = [(os.POSIX_SPAWN_OPEN, number, "/dev/null", os.O_RDWR, 0) for number in (0, 1, 2)]
    with own_processes():
        keeper = os.posix_spawnp(unshare[0], unshare, {**instance.environment, MARK: instance.name}, setsid=True, file_actions=quiet)
    (instance.home / "keeper.pid").write_text(str(keeper))
    comm = Path(f"/proc/{keeper}/comm")
    _wait("mount namespace", 10, lambda: comm.read_text().strip() == "sleep")


def _certificates(instance: Instance) -> None:
    pki = instance.pki
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _run("openssl", "req", "-x509", *ec, "-keyout", pki / "ca.key", "-out", pki / "ca.crt", "-days", "3650", "-subj", "/CN=lab-ca")
    certificate(instance, "apiserver", "kube-apiserver", (), "IP:127.0.0.1,DNS:localhost,IP:10.96.0.1,DNS:kubernetes.default.svc")
    for name, user, groups in (
        ("kubelet-client", "kube-apiserver-kubelet-client", ("system:masters",)),
        ("admin", "admin", ("system:masters",)),
        ("kcm", "system:kube-controller-manager", ()),
        ("sched", "system:kube-scheduler", ()),
    ):
        certificate(instance, name, user, groups)
    for node in NODES:
        certificate(instance, node.name, f"system:node:{node.name}", ("system:nodes",), f"DNS:{node.name},IP:{ADDRESS}")
    for name in ("admin", "kcm", "sched", *(node.name for node in NODES)):
        kubeconfig(instance, name, pki / f"{name}.kubeconfig")
    _run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", pki / "sa.key")
    _run("openssl", "ec", "-in", pki / "sa.key", "-pubout", "-out", pki / "sa.pub")


def certificate(instance: Instance, name: str, user: str, groups: tuple[str, ...], names: str = "") -> None:
    """Write NAME.key and NAME.crt for a user with groups, signed by the cluster's authority."""
    base = instance.pki / name
    subject = "".join(f"/O={group}" for group in groups) + f"/CN={user}"
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _run("openssl", "req", *ec, "-keyout", f"{base}.key", "-out", f"{base}.csr", "-subj", subject)
    extension = "keyUsage=digitalSignature\nextendedKeyUsage=clientAuth,serverAuth\n" + (f"subjectAltName={names}\n" if names else "")
    Path(f"{base}.ext").write_text(extension)
    authority = ("-CA", instance.pki / "ca.crt", "-CAkey", instance.pki / "ca.key", "-CAcreateserial", "-days", "3650")
    _run("openssl", "x509", "-req", "-in", f"{base}.csr", *authority, "-out", f"{base}.crt", "-extfile", f"{base}.ext")


def kubeconfig(instance: Instance, name: str, path: Path) -> Path:
    """Write a kubeconfig for the certificate NAME and return its path."""
    pki = instance.pki
    cluster = {"server": "https://127.0.0.1:6443", "certificate-authority": str(pki / "ca.crt")}
    user = {"client-certificate": str(pki / f"{name}.crt"), "client-key": str(pki / f"{name}.key")}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": name}}],
        "current-context": "lab",
    }
    path.write_text(json.dumps(config, indent=1))
    return path


def _control_plane(instance: Instance, bare: bool) -> None:
    kube, local = instance.binaries / "kube", "http://127.0.0.1"
    instance.start(
        "etcd", kube, "etcd", "--data-dir", instance.home / "etcd", "--unsafe-no-fsync", "--log-level", "warn",
        "--listen-client-urls", f"{local}:2379", "--advertise-client-urls", f"{local}:2379",
        "--listen-peer-urls", f"{local}:2380", "--quota-backend-bytes", str(8 << 30),
    )  # fmt: skip
    start_apiserver(instance, bare)
    if bare:
        return
    pki = instance.pki
    instance.start(
        "kcm", kube, "kube-controller-manager", "--kubeconfig", pki / "kcm.kubeconfig", "--leader-elect=false",
        "--service-account-private-key-file", pki / "sa.key", "--root-ca-file", pki / "ca.crt",
        "--use-service-account-credentials", "--cluster-signing-cert-file=", "--bind-address", "127.0.0.1",
    )  # fmt: skip
    instance.start(
        "sched",
        kube,
        "kube-scheduler",
        "--kubeconfig",
        pki / "sched.kubeconfig",
        "--leader-elect=false",
        "--bind-address",
        "127.0.0.1",
    )


def start_apiserver(instance: Instance, bare: bool = False) -> None:
    """Start the API server and wait until it is ready."""
    pki = instance.pki
    extra = ("--disable-admission-plugins", "ServiceAccount") if bare else ()
    instance.start(
        "apiserver", instance.binaries / "kube", "kube-apiserver", "--etcd-servers", "http://127.0.0.1:2379",
        "--secure-port", "6443", "--bind-address", "0.0.0.0", "--advertise-address", ADDRESS,
        "--service-cluster-ip-range", "10.96.0.0/16", "--authorization-mode", "Node,RBAC", "--allow-privileged=true",
        "--client-ca-file", pki / "ca.crt", "--tls-cert-file", pki / "apiserver.crt", "--tls-private-key-file", pki / "apiserver.key",
        "--kubelet-client-certificate", pki / "kubelet-client.crt", "--kubelet-client-key", pki / "kubelet-client.key",
        "--kubelet-certificate-authority", pki / "ca.crt", "--kubelet-preferred-address-types", "InternalIP,Hostname",
        "--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file", pki / "sa.pub",
        "--service-account-signing-key-file", pki / "sa.key", "--endpoint-reconciler-type", "none", *extra,
    )  # fmt: skip
    _wait("API server", 60, lambda: instance.kubectl("get", "--raw", "/readyz", check=False) == "ok")


def _node(instance: Instance, node: Node) -> None:
    home = instance.home / node.name
    for folder in ("kubelet", "run", "cni", "static", "ns", "containerd", "log"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    if node.seccomp_dir:
        (home / "kubelet" / "seccomp" / "profiles").mkdir(parents=True)
    if node.profiles and node.seccomp_dir:
        shutil.copytree(PROFILES, home / "kubelet" / "seccomp" / "profiles", dirs_exist_ok=True)
    if node.static_pod:
        (home / "static" / "web.json").write_text(json.dumps(STATIC_POD))
    (home / "cni" / "10-lab.conflist").write_text(network(node, home))
    _cgroups(instance, node)
    socket = _crio(instance, node, home) if node.runtime == "crio" else _containerd(instance, node, home)
    cgroup = f"/{instance.cgroup}/{node.name}"
    (home / "kubelet.json").write_text(kubelet_config(node, home, instance.pki, cgroup, socket))
    start_kubelet(instance, node)


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


def _cgroups(instance: Instance, node: Node) -> None:
    """Make the node's cgroup in every hierarchy of version 1; in a pure version 2 the kubelet makes it."""
    for controller in CGROUPS.iterdir():
        if not controller.is_dir() or not (controller / "cgroup.procs").exists():
            continue
        (controller / instance.cgroup / node.name).mkdir(parents=True, exist_ok=True)
        for name in ("cpuset.cpus", "cpuset.mems"):
            if (controller / name).exists():
                for level in (instance.cgroup, f"{instance.cgroup}/{node.name}"):
                    (controller / level / name).write_text((controller / name).read_text())


def _containerd(instance: Instance, node: Node, home: Path) -> Path:
    old = node.runtime == "containerd16"
    (home / "containerd.toml").write_text(containerd_config(node, home, instance.binaries / "bin"))
    folder = Path("/usr/bin") if old else instance.binaries / "bin"
    path = f"PATH={'/usr/sbin:/usr/bin:/sbin:/bin' if old else instance.environment['PATH']}"
    instance.start(f"containerd-{node.name}", "env", path, folder / "containerd", "-c", home / "containerd.toml")
    socket = home / "run" / "containerd.sock"
    _wait(f"containerd of {node.name}", 30, socket.exists)
    for name in images.NAMES:
        command: list[str | Path] = [
            folder / "ctr",
            "-a",
            socket,
            "-n",
            "k8s.io",
            "images",
            "import",
            instance.binaries / f"{name}.tar",
        ]
        instance.run(*command)
    return socket


def _crio(instance: Instance, node: Node, home: Path) -> Path:
    policy = home / "policy.json"
    policy.write_text('{"default":[{"type":"insecureAcceptAnything"}]}')
    (home / "crio.conf").write_text(crio_config(home, instance.binaries / "bin"))
    storage = f"[overlay@{home}/storage+{home}/run/storage]"
    for name, full in images.NAMES.items():
        archive = f"oci-archive:{instance.binaries}/{name}.tar"
        instance.run("skopeo", "--policy", policy, "copy", "-q", archive, f"containers-storage:{storage}{full}")
    instance.start(f"crio-{node.name}", instance.binaries / "bin" / "crio", "--config", home / "crio.conf", "--config-dir", "")
    socket = home / "run" / "crio.sock"
    _wait(f"CRI-O of {node.name}", 30, socket.exists)
    return socket
