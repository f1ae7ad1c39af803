"""The node probe's pod: the least that can read a node's /proc and its seccomp profiles. Pure.

The hostPath volumes have type Directory: with an empty type containerd and CRI-O would create a missing directory on the node
(containerd `internal/cri/opts/spec_linux_opts.go`), and an audit must not change what it looks at.
"""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re

from msgspec import Struct

from .script import SCRIPT

APP = "kubectl-seccomp"
NAME_PREFIX = "kubectl-seccomp-probe-"
NAME_LABEL = "app.kubernetes.io/name"
APP_LABEL = "app.kubernetes.io/managed-by"
RUN_LABEL = "kubectl-seccomp/run"
DEADLINE_ANNOTATION = "kubectl-seccomp/deadline"
SPO_DIRECTORY = "/var/lib/security-profiles-operator"
VOLUME_SECCOMP, VOLUME_SPO = "seccomp", "spo"
# PATH_MAX and NAME_MAX of Linux: no file can be opened by a longer name.
LONGEST_PATH, LONGEST_NAME = 4096, 255
_UID = re.compile(r"[0-9a-z-]{8,64}", re.ASCII)


class Wanted(Struct, frozen=True):
    """What a node is asked besides containers and single profiles: its kernel, all files below the seccomp directory, and the
    modes of what else is in the cgroups of `pods` (their UIDs), which are their sandboxes.
    """

    kernel: bool = False
    listing: bool = False
    pods: tuple[str, ...] = ()


NOTHING_MORE = Wanted()


class ProbeRequest(Struct, frozen=True):
    """What one node is asked, and as whom.

    `ids` are container ids without their scheme, `paths` localhostProfiles; `root` is the kubelet's root directory, and
    `mounts` those of VOLUME_SECCOMP and VOLUME_SPO that the pod gets, `absent` those that the node has no directory for.
    `seconds` is how long the pod may live, `deadline` the same as an absolute time in epoch seconds, for whoever finds the
    pod later. `nonce` (a label's value) marks the pod and its log as this run's.
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
    absent: tuple[str, ...] = ()
    wanted: Wanted = NOTHING_MORE


def pod_name(node: str, nonce: str) -> str:
    """Return a name that tells the node, is unique to the run, and fits into 63 characters."""
    slug = "".join(character if character.isascii() and character.isalnum() else "-" for character in node.lower())[:20].strip("-")
    digest = hashlib.sha256(node.encode()).hexdigest()[:6]
    return f"{NAME_PREFIX}{slug}-{digest}-{nonce[:8]}"


def mounts_for(paths: tuple[str, ...], *, listing: bool = False) -> tuple[str, ...]:
    """Return the volumes that these localhostProfiles need: none, the seccomp directory, or the operator's as well. A listing
    needs the seccomp directory; that it leads into the operator's is seen by looking.
    """
    if not paths and not listing:
        return ()
    uses_operator = any(posixpath.normpath(path).startswith("operator/") for path in paths)
    return (VOLUME_SECCOMP, VOLUME_SPO) if uses_operator else (VOLUME_SECCOMP,)


def probe_pod(request: ProbeRequest) -> dict[str, object]:
    """Return the pod's manifest."""
    places = {VOLUME_SECCOMP: (f"{_clean(request.root)}/seccomp", "/host/seccomp"), VOLUME_SPO: (SPO_DIRECTORY, "/host/spo")}
    volumes = [("proc", "/proc", "/hostproc"), *((name, *places[name]) for name in request.mounts)]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": request.name,
            "namespace": request.namespace,
            "labels": {NAME_LABEL: APP, APP_LABEL: APP, RUN_LABEL: request.nonce},
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
    return {
        "name": "probe",
        "image": request.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", SCRIPT, "probe", *questions(request)],
        "env": [{"name": name, "value": _literal(value)} for name, value in environment(request).items()],
        # Small, and all of them set: a namespace's quota may demand it.
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "1", "memory": "64Mi"}},
        "securityContext": {
            "runAsUser": 0,
            "runAsNonRoot": False,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": name, "mountPath": path, "readOnly": True} for name, _, path in volumes],
    }


def questions(request: ProbeRequest) -> list[str]:
    """Return the script's arguments."""
    wanted = request.wanted
    whole = [letter for letter, asked in (("k", wanted.kernel), ("l", wanted.listing)) if asked]
    # systemd's cgroups are named with underscores.
    pods = [f"u{form}" for uid in wanted.pods if _UID.fullmatch(uid) for form in dict.fromkeys((uid, uid.replace("-", "_")))]
    return [*whole, *(f"i{container}" for container in request.ids), *pods, *map(_question, request.paths)]


def environment(request: ProbeRequest) -> dict[str, str]:
    """Return the script's environment."""
    operator = VOLUME_SPO in request.mounts or VOLUME_SPO in request.absent
    return {"NONCE": request.nonce, "ROOT": _clean(request.root), "SPO": SPO_DIRECTORY if operator else ""}


def _question(path: str) -> str:
    """Return the argument that asks for one localhostProfile, cleaned as the kubelet does (Go's filepath.Join)."""
    clean = posixpath.normpath(path).lstrip("/")
    name = clean.encode("utf-8", "surrogatepass")
    if not path or b"\0" in name or len(name) > LONGEST_PATH or any(len(part) > LONGEST_NAME for part in name.split(b"/")):
        return "x"
    return "p" + base64.b64encode(name).decode()


def _clean(root: str) -> str:
    return posixpath.normpath(root).rstrip("/")


def _literal(value: str) -> str:
    """Keep the kubelet from expanding $(NAME) in a value (kubernetes `third_party/forked/golang/expansion`)."""
    return value.replace("$", "$$")
