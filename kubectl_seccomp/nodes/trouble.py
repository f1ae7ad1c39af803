"""Why a probe pod gives no answer, from its status, its events and refusals -> one sentence with the option that helps. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..objects import ApiPod, PodStatus, Waiting
from .manifest import ProbeRequest

_IMAGE = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable"}
)
_START = frozenset({"CreateContainerError", "CreateContainerConfigError", "RunContainerError", "StartError", "CrashLoopBackOff"})
# What every pod goes through: no reason for anything.
_ORDINARY = frozenset({"Scheduled", "Pulling", "Pulled", "Created", "Started", "Killing"})

# reason and message of one event
Said = tuple[str, str]


def refused(status: int, message: str, why: str, request: ProbeRequest) -> str:
    """Return why the POST failed: its HTTP status (0: no answer), the server's message, and the same made short."""
    namespace = request.namespace
    if status == 404 and "namespace" in message:
        return f'namespace "{namespace}" not found: name another one with --probe-namespace'
    if "violates PodSecurity" in message:
        return f'namespace "{namespace}" does not admit hostPath volumes: name a privileged one with --probe-namespace: {why}'
    if "because it is being terminated" in message:
        return f'namespace "{namespace}" is being removed: name another one with --probe-namespace'
    if "exceeded quota" in message or "failed quota" in message:
        return f'the quota of namespace "{namespace}" leaves no room: name another one with --probe-namespace: {why}'
    if status == 0 or status >= 500:
        return f"the probe pod could not be created: {why}"
    return f"the probe pod was refused: {why}"


def stuck(pod: ApiPod, request: ProbeRequest) -> str | None:
    """Return why a pod that has not ended never will, None while there is hope."""
    for waiting in _waiting(pod):
        detail = f"{waiting.reason}: {waiting.message}" if waiting.message else str(waiting.reason)
        if waiting.reason in _IMAGE:
            return f"image {request.image} cannot be pulled: name one with --image or KUBECTL_SECCOMP_IMAGE ({detail})"
        if waiting.reason in _START:
            return f"the probe cannot start: {detail}"
    return None


def failed(pod: ApiPod, request: ProbeRequest) -> str:
    """Return why a pod whose phase is Failed has failed."""
    status = pod.status or PodStatus()
    if status.reason == "DeadlineExceeded":
        return f"the probe did not end within its deadline of {request.seconds}s"
    if status.reason:
        return f"the node ended the probe: {status.reason}{': ' if status.message else ''}{status.message or ''}"
    for entry in status.container_statuses or ():
        ended = entry.state.terminated if entry.state else None
        if ended is None:
            continue
        if ended.reason in ("StartError", "ContainerCannotRun"):
            return f"image {request.image} cannot run the probe, which needs sh: name another with --image ({ended.message})"
        return f"the probe failed: {ended.reason or 'Error'}, exit code {ended.exit_code}"
    return "the probe failed without saying why"


def missing_volumes(said: Iterable[Said], mounts: Iterable[str]) -> tuple[str, ...]:
    """Return those of the pod's volumes whose directory the node does not have (kubernetes `pkg/volume/hostpath`)."""
    texts = [message for reason, message in said if reason == "FailedMount" and "hostPath type check failed" in message]
    return tuple(volume for volume in mounts if any(f'volume "{volume}" :' in text for text in texts))


def unanswered(pod: ApiPod | None, said: Sequence[Said], ready: bool | None, request: ProbeRequest, seconds: float) -> str:
    """Return why there was no answer in time; `ready` says whether the node is (None: not known, or no such node)."""
    head = f"no answer within {seconds:g}s"
    if ready is False:
        return f"{head}: node {request.node} is not ready"
    spoken = [(reason, message) for reason, message in said if reason not in _ORDINARY and message]
    if spoken:
        return f"{head}: {spoken[-1][0]}: {spoken[-1][1]}"
    phase = (pod.status.phase or "") if pod is not None and pod.status is not None else ""
    if phase == "Running":
        return f"{head}: the probe is still running: give it longer with --timeout"
    return f"{head}: the node did not start the probe pod"


def _waiting(pod: ApiPod) -> Iterable[Waiting]:
    for entry in (pod.status.container_statuses if pod.status else None) or ():
        if entry.state is not None and entry.state.waiting is not None:
            yield entry.state.waiting


def incomplete(lacks: Sequence[str], image: str) -> str:
    """Return why a log is no answer; `lacks` are the programs that the probe did not find."""
    if lacks:
        return f"image {image} cannot run the probe, it lacks {', '.join(lacks)}: name another with --image"
    return "the probe's log is cut or garbled"


def wrong_clock(now: int, created: int, elapsed: float, allowed: int) -> tuple[str, ...]:
    """Return what is wrong with a node's clock, nothing when it fits.

    `now` is what the node said, `created` when the API server made the pod, by its own clock, and `elapsed` the seconds from
    before that until the node had answered.
    """
    ahead = now - (created + int(elapsed) + 1)
    behind = created - now
    if max(ahead, behind) <= allowed:
        return ()
    way = f"{ahead} s ahead of" if ahead > 0 else f"{behind} s behind"
    return (f"it is {way} the API server's: what happened before and after it was changed cannot be compared",)
