"""The five nodes: what each is to show, and the configuration of its runtime and kubelet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

ADDRESS = "10.99.0.1"
DEFAULT_ROOT = "/var/lib/kubelet"


@dataclass(frozen=True)
class Node:
    """One node: `runtime` is containerd, containerd16 or crio; `seccomp_dir` False leaves <root>/seccomp away."""

    name: str
    port: int
    runtime: str
    config_default: bool = False
    flag_default: bool = False
    default_root: bool = False
    seccomp_dir: bool = True
    profiles: bool = True
    static_pod: bool = False
    request_timeout: str = "2m"


NODES = (
    Node("node-a", 10251, "containerd", config_default=True, static_pod=True),
    Node("node-b", 10252, "containerd", default_root=True, profiles=False),
    # A profile that hangs the runtime shows after this time.
    Node("node-c", 10253, "containerd16", request_timeout="20s"),
    Node("node-d", 10254, "crio"),
    Node("node-e", 10255, "containerd", flag_default=True, seccomp_dir=False),
)
STATIC_POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "static-web", "namespace": "kube-system"},
    "spec": {
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "web", "image": "busybox:1.37", "imagePullPolicy": "IfNotPresent", "command": ["sleep", "99999"]}],
    },
}


def kubelet_config(node: Node, home: Path, pki: Path, cgroup: str, socket: Path) -> str:
    """Return the KubeletConfiguration as JSON."""
    config: dict[str, object] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": ADDRESS,
        "port": node.port,
        "healthzPort": 0,
        "readOnlyPort": 0,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pki / f"{node.name}.crt"),
        "tlsPrivateKeyFile": str(pki / f"{node.name}.key"),
        "containerRuntimeEndpoint": f"unix://{socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroup,
        "failCgroupV1": False,
        "failSwapOn": False,
        "seccompDefault": node.config_default,
        "enforceNodeAllocatable": [],
        "clusterDNS": ["10.96.0.10"],
        "resolvConf": "",
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "50Mi"},
        "podLogsDir": str(home / "podlogs"),
        "syncFrequency": "10s",
        "runtimeRequestTimeout": node.request_timeout,
    }
    if node.static_pod:
        config["staticPodPath"] = str(home / "static")
    return json.dumps(config, indent=1)


def network(node: Node, home: Path) -> str:
    """Return the CNI configuration: pods hang on the node's own subnet inside the cluster's network namespace."""
    ranges = [[{"subnet": f"10.88.{node.port - 10250}.0/24"}]]
    plugin = {"type": "ptp", "ipam": {"type": "host-local", "dataDir": str(home / "ipam"), "ranges": ranges}}
    return json.dumps({"cniVersion": "1.0.0", "name": node.name, "plugins": [plugin]})


def containerd_config(node: Node, home: Path, binaries: Path) -> str:
    """Return the configuration of containerd 2 or 1.6. Without CAP_SYS_RESOURCE oom_score_adj must be restricted."""
    head = f"""
root = "{home}/containerd"
state = "{home}/run/containerd"
[grpc]
address = "{home}/run/containerd.sock"
[ttrpc]
address = "{home}/run/containerd.sock.ttrpc"
"""
    cni = f'bin_dir = "/usr/lib/cni"\nconf_dir = "{home}/cni"\n'
    if node.runtime == "containerd16":
        cri = 'plugins."io.containerd.grpc.v1.cri"'
        return f"""version = 2{head}
[{cri}]
sandbox_image = "docker.io/lab/pause:1"
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
[{cri}.containerd]
snapshotter = "overlayfs"
[{cri}.cni]
{cni}[{cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[{cri}.containerd.runtimes.runc.options]
BinaryName = "/usr/sbin/runc"
SystemdCgroup = false
"""
    runtime = "plugins.'io.containerd.cri.v1.runtime'"
    images = "plugins.'io.containerd.cri.v1.images'"
    return f"""version = 3
disabled_plugins = ["io.containerd.nri.v1.nri"]{head}
[{images}]
snapshotter = "overlayfs"
[{images}.pinned_images]
sandbox = "docker.io/lab/pause:1"
[{runtime}]
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
[{runtime}.cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = "{home}/cni"
[{runtime}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[{runtime}.containerd.runtimes.runc.options]
BinaryName = "{binaries}/runc"
SystemdCgroup = false
"""


def crio_config(home: Path, binaries: Path) -> str:
    """Return CRI-O's configuration; runc is wrapped because CRI-O asks for limits and capabilities a test machine may lack."""
    return f"""[crio]
root = "{home}/storage"
runroot = "{home}/run/storage"
storage_driver = "overlay"
log_dir = "{home}/log"
version_file = "{home}/run/version"
version_file_persist = "{home}/version"
clean_shutdown_file = "{home}/clean"
[crio.api]
listen = "{home}/run/crio.sock"
[crio.runtime]
default_runtime = "runc"
cgroup_manager = "cgroupfs"
conmon_cgroup = "pod"
pinns_path = "{binaries}/pinns"
namespaces_dir = "{home}/ns"
container_exits_dir = "{home}/run/exits"
container_attach_socket_dir = "{home}/run/attach"
hooks_dir = []
[crio.runtime.runtimes.runc]
runtime_path = "{binaries}/runc-wrap"
runtime_root = "{home}/run/runc"
monitor_path = "/usr/bin/conmon"
monitor_cgroup = "pod"
[crio.image]
pause_image = "docker.io/lab/pause:1"
pause_command = "/bin/pause"
signature_policy = "{home}/policy.json"
[crio.network]
network_dir = "{home}/cni"
plugin_dirs = ["/usr/lib/cni"]
"""
