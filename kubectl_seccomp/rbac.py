"""The permissions that each feature needs, no more, as Kubernetes objects. Pure."""

from __future__ import annotations

from msgspec import Struct

NAME = "kubectl-seccomp"


class Rule(Struct, frozen=True):
    """One rule of a role: what may be done to which resource, and what for."""

    resource: str
    verbs: tuple[str, ...]
    why: str
    group: str = ""


# What `audit`, `list` and `check pod` read.
READ = (
    Rule("pods", ("get", "list"), "what is declared"),
    Rule("nodes", ("get", "list"), "container runtimes and operating systems"),
    Rule("namespaces", ("get", "list"), "whether a namespace exists, and which can be listed"),
    Rule("runtimeclasses", ("list",), "which handlers are gVisor or Kata", "node.k8s.io"),
    Rule("events", ("list",), "check pod: why a container cannot start"),
)
# More than reading: it opens most of the kubelet's API (without it the default of kubelets is found by probes, or Unknown).
NODE_DEFAULT = (Rule("nodes/proxy", ("get",), "the kubelets' seccompDefault, from configz and flagz"),)
# From Kubernetes 1.35 on, an exec by WebSocket needs create too.
EXEC = (Rule("pods/exec", ("create", "get"), "reads /proc/self/status in containers"),)
# In the namespace of the probes only.
PROBE = (
    Rule("pods", ("create", "delete", "get", "list"), "the probe pods, and cleanup"),
    Rule("pods/log", ("get",), "what a probe says"),
    Rule("events", ("list",), "why a probe does not start"),
)


class Role(Struct, frozen=True):
    """A ClusterRole (`namespace` None) or a Role."""

    name: str
    namespace: str | None
    rules: tuple[Rule, ...]
    api_version: str = "rbac.authorization.k8s.io/v1"

    @property
    def kind(self) -> str:
        """Its kind."""
        return "Role" if self.namespace else "ClusterRole"


def roles(*, node_default: bool, exec_: bool, verify: bool, namespace: str) -> list[Role]:
    """Return a ClusterRole for reading and exec, and for probes a Role in their namespace."""
    cluster = (*READ, *(NODE_DEFAULT if node_default else ()), *(EXEC if exec_ else ()))
    return [Role(NAME, None, cluster), *([Role(f"{NAME}-probe", namespace, PROBE)] if verify else [])]
