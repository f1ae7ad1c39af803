"""What the pretended cluster is made of: pods as large as real ones, nodes with their images, and what is true of each.

Everything that differs between two copies has a fixed width, so that a copy can be made by replacing bytes (fill.py).
"""

from __future__ import annotations

from tests.cluster.lab.nodes import ADDRESS

NAMESPACES = 200
PODS_PER_APP = 10
# Nodes of the first port run with seccompDefault, those of the second without.
PORTS = (10250, 10251)
PROFILE = "profiles/a.json"
DECLARED = (None, "RuntimeDefault", "RuntimeDefault", "Unconfined", "Localhost")
CONTAINERS = ("app", "proxy", "agent")
PRIVILEGED_EVERY = 20  # applications, of which the agents are privileged
KINDS = len(DECLARED) * PRIVILEGED_EVERY
# Placeholders, found nowhere else: of the application's number, the pod's, the node's, the namespace's.
APP, POD, NODE, TEAM = "zqjapp", "zqjpods", "zqjn", "qzk"
STARTED = "2026-11-01T08:00:00Z"

Json = dict[str, object]


def placeholders(number: int, nodes: int) -> dict[str, str]:
    """Return what each placeholder stands for in pod `number`."""
    app = number // PODS_PER_APP
    return {
        APP: f"{app:0{len(APP)}d}",
        POD: f"{number:0{len(POD)}d}",
        NODE: f"{number % nodes:0{len(NODE)}d}",
        TEAM: f"{app % NAMESPACES:0{len(TEAM)}d}",
    }


def kind_of(number: int) -> int:
    """Return which of the KINDS templates pod `number` is a copy of: all pods of an application are equal."""
    return number // PODS_PER_APP % KINDS


def container_id(number: int | str, index: int) -> str:
    """Return the id of a pod's container: 64 digits that tell both."""
    return f"{'1' * 55}{number:0>7}{index:02d}"


def filtered(container: str, node_default: bool) -> bool:
    """Return whether the kernel would say that a container, by its id, has a filter: what an audit must find out."""
    number, index = int(container[55:62]), int(container[62:])
    kind = kind_of(number)
    if CONTAINERS[index] == "agent" and _privileged(kind):
        return False
    if CONTAINERS[index] == "proxy":
        return True
    declared = DECLARED[kind % len(DECLARED)]
    return node_default if declared is None else declared != "Unconfined"


def _privileged(kind: int) -> bool:
    return kind // len(DECLARED) == 0


def pod(kind: int) -> Json:
    """Return the template of one kind of pod, as it is created."""
    profile = DECLARED[kind % len(DECLARED)]
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"app-{APP}-6f584d5476", "uid": f"u{APP}", "controller": True}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"app-{APP}-6f584d5476-{POD}",
            "namespace": f"team-{TEAM}",
            "labels": {"app": f"app-{APP}", "pod-template-hash": "6f584d5476", "kind": str(kind)},
            "annotations": {f"example.com/annotation-{number}": "x" * 120 for number in range(5)},
            "ownerReferences": [owner],
        },
        "spec": {
            "nodeName": f"node-{NODE}",
            "automountServiceAccountToken": False,
            "securityContext": {"seccompProfile": _profile(profile)} if profile else {},
            "volumes": [{"name": f"v{key}", "emptyDir": {}} for key in range(2)],
            "containers": [
                _container("app", None),
                _container("proxy", "RuntimeDefault"),
                _container("agent", None, privileged=_privileged(kind)),
            ],
        },
    }


def _profile(name: str) -> Json:
    return {"type": name, **({"localhostProfile": PROFILE} if name == "Localhost" else {})}


def _container(name: str, profile: str | None, privileged: bool = False) -> Json:
    security: Json = {"allowPrivilegeEscalation": privileged, "privileged": privileged}
    if profile:
        security["seccompProfile"] = _profile(profile)
    return {
        "name": name,
        "image": f"registry.example.com/team-{TEAM}/{name}:1.2.3",
        "env": [{"name": f"VARIABLE_{key}", "value": "some-value-" * 3} for key in range(5)],
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "volumeMounts": [{"name": f"v{key}", "mountPath": f"/data/{key}"} for key in range(2)],
        "securityContext": security,
    }


def pod_status() -> Json:
    """Return the status of a running pod."""
    ready = [
        {"type": name, "status": "True", "lastTransitionTime": STARTED}
        for name in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    ]
    statuses = [
        {
            "name": name,
            "containerID": f"containerd://{container_id(POD, index)}",
            "image": f"registry.example.com/team-{TEAM}/{name}:1.2.3",
            "imageID": f"registry.example.com/team/{name}@sha256:{'a' * 64}",
            "ready": True,
            "started": True,
            "restartCount": 0,
            "state": {"running": {"startedAt": STARTED}},
        }
        for index, name in enumerate(CONTAINERS)
    ]
    return {"phase": "Running", "podIP": "10.1.2.3", "startTime": STARTED, "conditions": ready, "containerStatuses": statuses}


def node_status(port: int) -> Json:
    """Return the status of a ready node whose kubelet listens on a port of this machine."""
    return {
        "addresses": [{"type": "InternalIP", "address": ADDRESS}, {"type": "Hostname", "address": f"node-{NODE}"}],
        "capacity": {"cpu": "64", "memory": "256Gi", "pods": "110"},
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": STARTED}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        "images": [{"names": [f"registry.example.com/{key:03d}@sha256:{'b' * 64}"], "sizeBytes": 1} for key in range(50)],
        "nodeInfo": {
            "machineID": "m", "systemUUID": "u", "bootID": "b", "osImage": "Debian GNU/Linux 13", "kernelVersion": "6.12.0",
            "containerRuntimeVersion": "containerd://2.4.2", "kubeletVersion": "v1.37.2", "kubeProxyVersion": "",
            "operatingSystem": "linux", "architecture": "amd64",
        },
    }  # fmt: skip
