"""Declared profile + node facts -> effective profile, who decided it, how certain that is, and why. Pure.

The order of the rules is the order of the layers. Kubelet: `pkg/kubelet/kuberuntime/helpers.go` getSeccompProfile (1.25 to
1.37): the container's whole struct, else the pod's, else RuntimeDefault where the node runs with seccompDefault, else an
explicit Unconfined. Runtimes: see runtimes.py.
"""

from __future__ import annotations

from msgspec import Struct

from .model import (
    Certainty,
    DecidedBy,
    Declared,
    Effective,
    EffectiveType,
    FileState,
    KubeletDefault,
    NodeFacts,
    Observation,
    Observed,
    Profile,
    ProfileFile,
    Verdict,
)
from .pods import Pod
from .runtimes import keeps_localhost_when_privileged, parse, sandbox

CERTAIN, ASSUMED, UNKNOWN = Certainty.CERTAIN, Certainty.ASSUMED, Certainty.UNKNOWN
CONFINED_TYPES = ("RuntimeDefault", "Localhost")


class Placement(Struct, frozen=True):
    """Where a pod runs, as far as it decides its profile; equal pods share one.

    `node` is None for manifests and for pods that are not scheduled. `os` is "linux", "windows" or "" (not known), with
    `os_assumed` where only a node selector says so. `handler` is the RuntimeClass's handler, None without a class.
    """

    node: NodeFacts | None
    os: str = ""
    handler: str | None = None
    mirror: bool = False
    assumed_default: KubeletDefault = KubeletDefault.UNKNOWN
    manifest: bool = False

    @property
    def node_name(self) -> str:
        """The node's name, or what stands for it in a sentence."""
        return self.node.name if self.node else "the node"


def placement_os(pod: Pod, node: NodeFacts | None) -> str:
    """Return the operating system a pod runs on: the node's, else spec.os.name, else the node selector's, else empty."""
    if node is not None and node.os:
        return node.os
    if pod.spec.os is not None and pod.spec.os.name:
        return pod.spec.os.name
    return (pod.spec.node_selector or {}).get("kubernetes.io/os", "")


def effective(declared: Declared, privileged: bool, placement: Placement, file: ProfileFile) -> Effective:
    """Return the effective profile of one container."""
    outcome = (
        _os(placement)
        or _sandbox(placement)
        or (_privileged(declared, placement) if privileged else None)
        or (_declared(declared, placement, file) if declared.field else _unset(placement))
    )
    if placement.mirror and outcome.certainty is CERTAIN:
        why = f"{outcome.explanation} (mirror pod: the static pod on the node may differ)"
        return Effective(outcome.type, outcome.decided_by, ASSUMED, why, outcome.localhost_profile)
    return outcome


def _os(placement: Placement) -> Effective | None:
    if placement.os != "windows":
        return None
    why = "Windows has no seccomp"
    return Effective(EffectiveType.NOT_APPLICABLE, DecidedBy.OS, CERTAIN, why)


def _sandbox(placement: Placement) -> Effective | None:
    name = sandbox(placement.handler)
    if name is None:
        return None
    why = f"{name} (handler {placement.handler}) ignores the profile by default"
    return Effective(EffectiveType.NOT_APPLICABLE, DecidedBy.SANDBOX, ASSUMED, why)


def _privileged(declared: Declared, placement: Placement) -> Effective:
    runtime, version = parse(placement.node.runtime if placement.node else "")
    field = declared.field
    if field and field.type == "Localhost" and keeps_localhost_when_privileged(runtime, version):
        why = f"privileged, but {runtime.title} {version[0]} keeps an explicit Localhost profile"
        by = DecidedBy.CONTAINER if declared.container else DecidedBy.POD
        return Effective(EffectiveType.LOCALHOST, by, ASSUMED, why, field.localhost_profile)
    what = f"{field.type} is set, but privileged" if field and field.type in CONFINED_TYPES else "privileged"
    certainty = CERTAIN if runtime.drops_privileged else ASSUMED
    why = (
        f"{what}: {runtime.title} drops it"
        if field and field.type in CONFINED_TYPES
        else (f"{what}: {runtime.title} loads no filter")
    )
    return Effective(EffectiveType.UNCONFINED, DecidedBy.PRIVILEGED, certainty, why)


def _declared(declared: Declared, placement: Placement, file: ProfileFile) -> Effective:
    field = declared.field or Profile()
    by = DecidedBy.CONTAINER if declared.container is not None else DecidedBy.POD
    match field.type:
        case "RuntimeDefault":
            return _runtime_default(declared, by, placement)
        case "Unconfined":
            return _unconfined(declared, by, placement)
        case "Localhost":
            return _localhost(field, by, file)
    why = f"type {field.type!r} is not one that this version knows: older kubelets run it without a filter"
    return Effective(EffectiveType.UNKNOWN, DecidedBy.NOTHING, UNKNOWN, why)


def _runtime_default(declared: Declared, by: DecidedBy, placement: Placement) -> Effective:
    runtime, _ = parse(placement.node.runtime if placement.node else "")
    where = f"set on the {by.value}"
    if declared.container is not None and declared.pod is not None and declared.pod.type != "RuntimeDefault":
        where = f"set on the container, over the pod's {declared.pod.type}"
    if runtime.fixed_default:
        return Effective(EffectiveType.RUNTIME_DEFAULT, by, CERTAIN, where)
    if runtime.scheme:
        where = f"{where} ({runtime.title} can be configured to use another default)"
    return Effective(EffectiveType.RUNTIME_DEFAULT, by, ASSUMED, where)


def _unconfined(declared: Declared, by: DecidedBy, placement: Placement) -> Effective:
    runtime, _ = parse(placement.node.runtime if placement.node else "")
    why = f"Unconfined is set on the {by.value}"
    if declared.container is not None and declared.pod is not None and declared.pod.type in CONFINED_TYPES:
        why = f"container overrides the pod's {declared.pod.type}"
    certainty = ASSUMED if runtime.artifact_profiles else CERTAIN
    return Effective(EffectiveType.UNCONFINED, by, certainty, why)


def _localhost(field: Profile, by: DecidedBy, file: ProfileFile) -> Effective:
    path = field.localhost_profile
    if not path:
        why = "Localhost without a localhostProfile: the kubelet refuses to start the container"
        return Effective(EffectiveType.LOCALHOST, by, ASSUMED, why, path)
    if file.state is FileState.PRESENT and file.effect == "none":
        why = file.explanation or f"{path} holds no rules: the runtime loads no filter"
        return Effective(EffectiveType.UNCONFINED, DecidedBy.FILE, CERTAIN, why, path)
    if file.state is FileState.PRESENT and file.effect == "filter":
        return Effective(EffectiveType.LOCALHOST, by, CERTAIN, f"{path} is on the node and loads", path)
    if file.state in (FileState.UNCHECKED, FileState.NOT_APPLICABLE):
        return Effective(EffectiveType.LOCALHOST, by, ASSUMED, f"set on the {by.value}, file unchecked", path)
    why = file.explanation or f"{path} is {file.state.value} on the node"
    return Effective(EffectiveType.LOCALHOST, by, ASSUMED, why, path)


def _unset(placement: Placement) -> Effective:
    node = placement.node
    if node is None:
        return _unset_anywhere(placement)
    if node.default is KubeletDefault.ON:
        runtime, _ = parse(node.runtime)
        why = f"nothing set: only {node.name}'s seccompDefault protects it"
        certainty = CERTAIN if runtime.fixed_default else ASSUMED
        return Effective(EffectiveType.RUNTIME_DEFAULT, DecidedBy.KUBELET, certainty, why)
    if node.default is KubeletDefault.OFF:
        why = f"nothing set, and {node.name}'s kubelet has no seccompDefault"
        return Effective(EffectiveType.UNCONFINED, DecidedBy.KUBELET, CERTAIN, why)
    why = f"nothing set, and the kubelet's default on {node.name} is unknown"
    return Effective(EffectiveType.UNKNOWN, DecidedBy.NOTHING, UNKNOWN, why)


def _unset_anywhere(placement: Placement) -> Effective:
    """Without a node only an assumption can decide."""
    if placement.assumed_default is KubeletDefault.ON:
        why = "nothing set: protected if the kubelet runs with seccompDefault, as assumed"
        return Effective(EffectiveType.RUNTIME_DEFAULT, DecidedBy.KUBELET, ASSUMED, why)
    if placement.assumed_default is KubeletDefault.OFF:
        why = "nothing set, and no seccompDefault assumed"
        return Effective(EffectiveType.UNCONFINED, DecidedBy.KUBELET, ASSUMED, why)
    why = "nothing set: the kubelet's default decides" if placement.manifest else "nothing set, and not scheduled yet"
    return Effective(EffectiveType.UNKNOWN, DecidedBy.NOTHING, UNKNOWN, why)


def verdict(declared: Declared, outcome: Effective, observed: Observed) -> Verdict:
    """Return the one word for effective and observed together."""
    filtered = observed.state in (Observation.FILTERED, Observation.STRICT)
    unfiltered = observed.state is Observation.UNFILTERED
    promised = declared.field is not None and declared.field.type in CONFINED_TYPES
    if outcome.type in (EffectiveType.RUNTIME_DEFAULT, EffectiveType.LOCALHOST):
        return Verdict.PROVEN if filtered else Verdict.CONTRADICTION if unfiltered else Verdict.UNPROVEN
    if outcome.type is EffectiveType.UNCONFINED and not filtered:
        return Verdict.LOST if promised else Verdict.UNPROTECTED
    if outcome.type is EffectiveType.UNKNOWN and unfiltered:
        return Verdict.LOST if promised else Verdict.UNPROTECTED
    return Verdict.UNPROVEN
