"""The node probe's pod: the least that can read a node's /proc and its seccomp profiles. Pure.

The hostPath volumes have type Directory: with an empty type containerd and CRI-O would create a missing directory on the node
(containerd `internal/cri/opts/spec_linux_opts.go`), and an audit must not change what it looks at.
"""

from __future__ import annotations

import base64
import hashlib

from msgspec import Struct

from .script import SCRIPT

APP = "kubectl-seccomp"
NAME_PREFIX = "kubectl-seccomp-probe-"
APP_LABEL = "app.kubernetes.io/managed-by"
RUN_LABEL = "kubectl-seccomp/run"
DEADLINE_ANNOTATION = "kubectl-seccomp/deadline"
SPO_DIRECTORY = "/var/lib/security-profiles-operator"
VOLUME_SECCOMP, VOLUME_SPO = "seccomp", "spo"


class ProbeRequest(Struct, frozen=True):
    """What one node is asked, and as whom.

    `ids` are container ids without their scheme, `paths` localhostProfiles; `root` is the kubelet's root directory, and
    `mounts` those of VOLUME_SECCOMP and VOLUME_SPO that the pod gets. `seconds` is how long the pod may live, `deadline` the
    same as an absolute time in epoch seconds, for whoever finds the pod later. `nonce` marks the log as this run's.
    """

    node: str
    namespace: str
    name: str
    image: str
    nonce: str
    root: str
    seconds: int
    deadline: int
    ids: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()


def pod_name(node: str, nonce: str) -> str:
    """Return a name that tells the node, is unique to the run, and fits into 63 characters."""
    slug = "".join(character if character.isalnum() else "-" for character in node.lower())[:20].strip("-")
    digest = hashlib.sha256(node.encode()).hexdigest()[:6]
    return f"{NAME_PREFIX}{slug}-{digest}-{nonce[:8]}"


def mounts_for(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the volumes that these localhostProfiles need: none, the seccomp directory, or the operator's as well."""
    if not paths:
        return ()
    uses_operator = any(path.lstrip("./").startswith("operator/") for path in paths)
    return (VOLUME_SECCOMP, VOLUME_SPO) if uses_operator else (VOLUME_SECCOMP,)


def probe_pod(request: ProbeRequest) -> dict[str, object]:
    """Return the pod's manifest."""
    places = {VOLUME_SECCOMP: (f"{request.root}/seccomp", "/host/seccomp"), VOLUME_SPO: (SPO_DIRECTORY, "/host/spo")}
    volumes = [("proc", "/proc", "/hostproc"), *((name, *places[name]) for name in request.mounts)]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": request.name,
            "namespace": request.namespace,
            "labels": {"app.kubernetes.io/name": APP, APP_LABEL: APP, RUN_LABEL: request.nonce},
            "annotations": {DEADLINE_ANNOTATION: str(request.deadline)},
        },
        "spec": {
            "nodeName": request.node,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": request.seconds,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "tolerations": [{"operator": "Exists"}],
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [_container(request, volumes)],
            "volumes": [{"name": name, "hostPath": {"path": path, "type": "Directory"}} for name, path, _ in volumes],
        },
    }


def _container(request: ProbeRequest, volumes: list[tuple[str, str, str]]) -> dict[str, object]:
    coded = " ".join(base64.b64encode(path.encode("utf-8", "surrogatepass")).decode() for path in request.paths)
    environment = {
        "NONCE": request.nonce,
        "IDS": " ".join(request.ids),
        "PATHS": coded,
        "ROOT": request.root,
        "SPO": SPO_DIRECTORY,
    }
    return {
        "name": "probe",
        "image": request.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", SCRIPT],
        "env": [{"name": name, "value": _literal(value)} for name, value in environment.items()],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": {
            "runAsUser": 0,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": name, "mountPath": path, "readOnly": True} for name, _, path in volumes],
    }


def _literal(value: str) -> str:
    """Keep the kubelet from expanding $(NAME) in a value."""
    return value.replace("$(", "$$(")
