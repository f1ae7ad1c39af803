"""Declared profile + node facts -> effective profile, who decided it, how certain that is, and why. Pure.

The order of the rules is the order of the layers. Kubelet: `pkg/kubelet/kuberuntime/helpers.go` getSeccompProfile (1.25 to
1.36): the container's whole struct, else the pod's, else RuntimeDefault where the node runs with seccompDefault, else an
explicit Unconfined. Runtimes: see runtimes.py.
"""

from __future__ import annotations

from msgspec import Struct, structs

from .facts import NodeFacts, Observed, ProfileFile
from .model import Declared, Effective, Profile
from .pods import Pod
from .runtimes import Runtime, keeps_localhost_when_privileged, parse, sandbox
from .words import Certainty, DecidedBy, EffectiveType, FileState, KubeletDefault, Observation, Verdict, short

CERTAIN, ASSUMED, UNKNOWN = Certainty.CERTAIN, Certainty.ASSUMED, Certainty.UNKNOWN
CONFINED_TYPES = ("RuntimeDefault", "Localhost")
NO_START = "the container cannot start, or start again"


class Placement(Struct, frozen=True):
    """Where a pod runs, as far as it decides its profile; equal pods share one.

    `node` is None for manifests and for pods that are not scheduled. `os` is "linux", "windows" or "" (not known), with
    `os_assumed` where only a node selector says so. `handler` is the RuntimeClass's handler, or the class's name
    (`handler_is_class`) where that could not be read, None without a class. `assumed_default` is what to take for the kubelet's
    default where there is no node (--seccomp-default); `manifest` is set for objects that no cluster gave.
    """

    node: NodeFacts | None
    os: str = ""
    handler: str | None = None
    mirror: bool = False
    assumed_default: KubeletDefault = KubeletDefault.UNKNOWN
    manifest: bool = False
    os_assumed: bool = False
    handler_is_class: bool = False

    @property
    def node_name(self) -> str:
        """The node's name, or what stands for it in a sentence."""
        return self.node.name if self.node else "the node"

    @property
    def runtime(self) -> Runtime:
        """The record of the node's container runtime, `runtimes.UNKNOWN` where that is not known."""
        return parse(self.node.runtime if self.node else "")[0]


def placement_os(pod: Pod, node: NodeFacts | None) -> tuple[str, bool]:
    """Return the operating system a pod runs on, empty where nothing says, and whether it is only assumed.

    The node's goes first, then spec.os.name: facts that a kubelet enforces. What the node selector says is assumed.
    """
    if node is not None and node.os:
        return node.os, False
    if pod.spec.os is not None and pod.spec.os.name:
        return pod.spec.os.name, False
    return (pod.spec.node_selector or {}).get("kubernetes.io/os", ""), True


def effective(declared: Declared, privileged: bool, placement: Placement, file: ProfileFile, *, older: bool = False) -> Effective:
    """Return the effective profile of one container; `file` is what is known of its Localhost profile on its node.

    `older` says that the container runs since before its kubelet started, so that the kubelet's default may have been another then:
    it counts when a container is created (kubernetes enhancement 2413).
    """
    outcome = (
        _os(placement)
        or _sandbox(placement)
        or (_privileged(declared, placement, file) if privileged else None)
        or (_declared(declared, declared.field, placement, file) if declared.field is not None else _unset(placement, older))
    )
    if placement.mirror and outcome.certainty is CERTAIN:
        why = f"{outcome.explanation} (mirror pod: the static pod on the node may differ)"
        return structs.replace(outcome, certainty=ASSUMED, explanation=why)
    return outcome


def _os(placement: Placement) -> Effective | None:
    if placement.os != "windows":
        return None
    why = "Windows has no seccomp" + (" (by the node selector)" if placement.os_assumed else "")
    return Effective(EffectiveType.NOT_APPLICABLE, DecidedBy.OS, ASSUMED if placement.os_assumed else CERTAIN, why)


def _sandbox(placement: Placement) -> Effective | None:
    name = sandbox(placement.handler)
    if name is None:
        return None
    known_by = "class" if placement.handler_is_class else "handler"
    why = f"{name} ({known_by} {short(placement.handler or '')}) ignores the profile by default"
    return Effective(EffectiveType.NOT_APPLICABLE, DecidedBy.SANDBOX, ASSUMED, why)


def _privileged(declared: Declared, placement: Placement, file: ProfileFile) -> Effective:
    runtime, version = parse(placement.node.runtime if placement.node else "")
    field, promised = declared.field, declared.field is not None and declared.field.type in CONFINED_TYPES
    if field and field.type == "Localhost" and keeps_localhost_when_privileged(runtime, version):
        outcome = _localhost(field, declared.level, placement, file)
        if outcome.type is EffectiveType.UNCONFINED:
            return outcome
        why = f"privileged, but {runtime.title} {version[0]} keeps an explicit Localhost profile"
        return structs.replace(outcome, certainty=ASSUMED, explanation=why)
    why = f"privileged: {runtime.title} loads no filter"
    if field and promised:
        why = f"{field.type} is set, but privileged: {runtime.title} drops it"
    certainty = CERTAIN if runtime.drops_privileged else ASSUMED
    return Effective(EffectiveType.UNCONFINED, DecidedBy.PRIVILEGED, certainty, why)


def _declared(declared: Declared, field: Profile, placement: Placement, file: ProfileFile) -> Effective:
    match field.type:
        case "RuntimeDefault":
            return _runtime_default(declared, placement)
        case "Unconfined":
            return _unconfined(declared, placement)
        case "Localhost":
            return _localhost(field, declared.level, placement, file)
    what = f"type {short(field.type)!r} is not one that Kubernetes knows" if field.type else "seccompProfile has no type"
    why = f"{what}: a kubelet that does not refuse it runs the container without a filter"
    return Effective(EffectiveType.UNKNOWN, DecidedBy.NOTHING, UNKNOWN, why)


def _runtime_default(declared: Declared, placement: Placement) -> Effective:
    by, runtime = declared.level, placement.runtime
    where = f"set on the {by.value}"
    if declared.container is not None and declared.pod is not None and declared.pod.type != "RuntimeDefault":
        where = f"set on the container, over the pod's {short(declared.pod.type)}"
    if not runtime.fixed_default and runtime.scheme:
        where = f"{where} ({runtime.title}'s default can be replaced on the node)"
    certainty = CERTAIN if runtime.fixed_default else ASSUMED
    return Effective(EffectiveType.RUNTIME_DEFAULT, by, certainty, where)


def _unconfined(declared: Declared, placement: Placement) -> Effective:
    by = declared.level
    why = f"Unconfined is set on the {by.value}"
    if declared.container is not None and declared.pod is not None and declared.pod.type in CONFINED_TYPES:
        why = f"container overrides the pod's {declared.pod.type}"
    certainty = ASSUMED if placement.runtime.artifact_profiles else CERTAIN
    return Effective(EffectiveType.UNCONFINED, by, certainty, why)


def _localhost(field: Profile, by: DecidedBy, placement: Placement, file: ProfileFile) -> Effective:
    path = field.localhost_profile
    if not path:
        why = "Localhost without a localhostProfile: the kubelet refuses to start the container"
        return Effective(EffectiveType.LOCALHOST, by, ASSUMED, why, path)
    present, node = file.state is FileState.PRESENT, placement.node_name
    certainty = ASSUMED if file.assumed or file.changed or not placement.runtime.scheme else CERTAIN
    if present and file.effect == "none":
        return Effective(EffectiveType.UNCONFINED, DecidedBy.FILE, certainty, about(path, node, file, "has no effect"), path)
    if present and file.effect == "filter":
        since = ", but it has changed since the container started" if file.changed else ""
        return Effective(EffectiveType.LOCALHOST, by, certainty, about(path, node, file, "loads") + since, path)
    if file.state in (FileState.UNCHECKED, FileState.NOT_APPLICABLE):
        unread = "file unchecked" if placement.node is not None or placement.manifest else "not scheduled yet"
        return Effective(EffectiveType.LOCALHOST, by, ASSUMED, f"set on the {by.value}, {unread}", path)
    if file.state is FileState.MISSING:
        why = f"{short(path, 200)} is not on {node}: {NO_START}"
    elif file.state is FileState.INVALID or file.effect == "refused":
        why = f"{about(path, node, file, 'does not load')}: {NO_START}"
    else:
        why = about(path, node, file, "could not be judged")
    return Effective(EffectiveType.LOCALHOST, by, ASSUMED, why, path)


def about(path: str, node: str, file: ProfileFile, otherwise: str) -> str:
    """Return a sentence about a profile file: its explanation, which calls it "it" behind its path, or `otherwise`."""
    where = f"{short(path, 200)} on {node}"
    told = (file.explanation or "").removeprefix(f"{file.path}: ")
    if not told:
        return f"{where} {otherwise}"
    return f"{where} {told.removeprefix('it ')}" if told.startswith("it ") else f"{where}: {told}"


def _unset(placement: Placement, older: bool) -> Effective:
    node = placement.node
    if node is None:
        return _unset_anywhere(placement)
    since = " (now: the container is older than this run of the kubelet)" if older else ""
    if node.default is KubeletDefault.ON:
        why = f"nothing set: only {node.name}'s seccompDefault protects it{since}"
        certainty = CERTAIN if placement.runtime.fixed_default and not older else ASSUMED
        return Effective(EffectiveType.RUNTIME_DEFAULT, DecidedBy.KUBELET, certainty, why)
    if node.default is KubeletDefault.OFF:
        why = f"nothing set, and {node.name}'s kubelet has no seccompDefault{since}"
        return Effective(EffectiveType.UNCONFINED, DecidedBy.KUBELET, ASSUMED if older else CERTAIN, why)
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


def unfiltered(observed: Observed) -> bool:
    """Return whether the kernel shows that the runtime gave no filter.

    Strict mode shows it too: a task that has a filter cannot go there (Linux kernel/seccomp.c seccomp_may_assign_mode, 3.17 to 6.18).
    """
    return observed.state in (Observation.UNFILTERED, Observation.STRICT)


def verdict(declared: Declared, outcome: Effective, observed: Observed, *, older: bool = False) -> Verdict:
    """Return the one word for effective and observed together; `older` as in `effective`."""
    filtered, bare = observed.state is Observation.FILTERED, unfiltered(observed)
    promised = declared.field is not None and declared.field.type in CONFINED_TYPES
    if outcome.type in (EffectiveType.RUNTIME_DEFAULT, EffectiveType.LOCALHOST):
        if bare:
            return Verdict.UNPROTECTED if older else Verdict.CONTRADICTION
        return Verdict.PROVEN if filtered else Verdict.UNPROVEN
    if outcome.type is EffectiveType.UNCONFINED and not filtered:
        return Verdict.LOST if promised else Verdict.UNPROTECTED
    if outcome.type is EffectiveType.UNKNOWN and bare:
        return Verdict.LOST if promised else Verdict.UNPROTECTED
    return Verdict.UNPROVEN
