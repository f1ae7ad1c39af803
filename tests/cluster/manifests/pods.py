"""The pods of the cluster tests, by name: what each container kind, runtime and mistake looks like when it really runs."""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]
SLEEP = ["sleep", "99999"]
DEFAULT = {"type": "RuntimeDefault"}
NONE = {"type": "Unconfined"}


def localhost(path: str) -> Spec:
    return {"type": "Localhost", "localhostProfile": path}


def container(name: str = "c", profile: Spec | None = None, **more: Any) -> Spec:
    security: Spec = dict(more.pop("security", {}))
    if profile is not None:
        security["seccompProfile"] = profile
    made: Spec = {"name": name, "image": "busybox:1.37", "imagePullPolicy": "IfNotPresent", "command": SLEEP, **more}
    return {**made, "securityContext": security} if security else made


def pod(name: str, node: str, *containers: Spec, profile: Spec | None = None, annotations: Spec | None = None, **spec: Any) -> Spec:
    body: Spec = {"nodeName": node, "terminationGracePeriodSeconds": 0, "containers": list(containers) or [container()], **spec}
    if profile is not None:
        body["securityContext"] = {"seccompProfile": profile}
    metadata: Spec = {"name": name, "namespace": "default"}
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": body}


PRIVILEGED: Spec = {"security": {"privileged": True}}
LOG, EMPTY, WRAPPED = "profiles/log.json", "profiles/empty.json", "profiles/wrapped.json"
PODS: tuple[Spec, ...] = (
    pod("unset-a", "node-a"),
    pod("unset-b", "node-b"),
    pod("default-b", "node-b", container(), container("free", NONE), container("priv", **PRIVILEGED), profile=DEFAULT),
    pod("local-a", "node-a", profile=localhost("profiles/custom-profile.json")),
    pod("empty-a", "node-a", profile=localhost(EMPTY)),
    pod("local-b", "node-b", profile=localhost("profiles/custom-profile.json")),
    pod("distroless", "node-b", {"name": "c", "image": "lab/distroless:1", "imagePullPolicy": "IfNotPresent"}, profile=DEFAULT),
    pod("unset-e", "node-e"),
    pod("local-e", "node-e", profile=localhost(LOG)),
    *(pod(f"default-{node[-1]}", node, profile=DEFAULT) for node in ("node-a", "node-c", "node-d", "node-e")),
    *(pod(f"unset-{node[-1]}", node) for node in ("node-c", "node-d")),
    *(pod(f"privileged-{node[-1]}", node, container(**PRIVILEGED), profile=DEFAULT) for node in ("node-a", "node-c", "node-d")),
    *(pod(f"log-{node[-1]}", node, profile=localhost(LOG)) for node in ("node-a", "node-c", "node-d")),
    *(pod(f"empty-{node[-1]}", node, profile=localhost(EMPTY)) for node in ("node-c", "node-d")),
    *(pod(f"wrapped-{node[-1]}", node, profile=localhost(WRAPPED)) for node in ("node-a", "node-c", "node-d")),
    *(pod(f"broken-{node[-1]}", node, profile=localhost("profiles/broken.json")) for node in ("node-a", "node-c", "node-d")),
    *(pod(f"badaction-{node[-1]}", node, profile=localhost("profiles/badaction.json")) for node in ("node-a", "node-c", "node-d")),
    pod("prefix-a", "node-a", profile=localhost("localhost/profiles/log.json")),
    pod(
        "killed-a", "node-a", container(command=["chmod", "700", "/tmp"], profile=localhost("profiles/kill-chmod.json")),
        restartPolicy="Never",
    ),
    pod("annotated-b", "node-b", annotations={"seccomp.security.alpha.kubernetes.io/pod": "runtime/default"}),
    pod("overridden-b", "node-b", container(profile=DEFAULT), profile=NONE),
    pod("hostpid-b", "node-b", container(profile=DEFAULT), hostPID=True),
    pod("shared-b", "node-b", container(profile=DEFAULT), container("free", NONE), shareProcessNamespace=True),
    pod("two-b", "node-b", container(profile=DEFAULT), container("priv", DEFAULT, **PRIVILEGED)),
    pod(
        "lists-b", "node-b", container(profile=DEFAULT),
        initContainers=[container("first", DEFAULT, command=["true"]), container("side", NONE, restartPolicy="Always")],
    ),
    pod("ephemeral-b", "node-b", profile=DEFAULT),
)  # fmt: skip
# Containers that are added to running pods, through a subresource of their own.
EPHEMERAL: dict[str, list[Spec]] = {"ephemeral-b": [container("plain"), container("free", NONE)]}
DEPLOYMENT: Spec = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "terminationGracePeriodSeconds": 0,
                "containers": [container("app")],
                "topologySpreadConstraints": [
                    {
                        "maxSkew": 1,
                        "topologyKey": "kubernetes.io/hostname",
                        "whenUnsatisfiable": "DoNotSchedule",
                        "labelSelector": {"matchLabels": {"app": "web"}},
                    }
                ],
                "affinity": {
                    "nodeAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": {
                            "nodeSelectorTerms": [
                                {
                                    "matchExpressions": [
                                        {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node-a", "node-b"]}
                                    ]
                                }
                            ]
                        }
                    }
                },
            },
        },
    },
}
OBJECTS: Spec = {"apiVersion": "v1", "kind": "List", "items": [*PODS, DEPLOYMENT]}
