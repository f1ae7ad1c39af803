"""The node probe's life: made, waited for, read, and removed in every ending.

The pod's name is chosen before it is asked for, so that it can be removed even when the answer to the POST was lost. The command
line's signal handler raises KeyboardInterrupt at most once per process: a removal that it interrupts is begun once more.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

from msgspec import Struct, structs

from ..model import FileState, Gap, ProfileFile
from ..nodes.manifest import VOLUME_SECCOMP, ProbeRequest, mounts_for, pod_name, probe_pod
from ..nodes.output import File, ProbeAnswer, parse
from ..objects import ApiPod, PodStatus
from .api import Api, ApiError
from .lists import Event, events
from .pods import PodClient

POLL = 0.25
LARGEST_LOG = 24 * 1024 * 1024
GONE_SECONDS = 15.0
UNREACHABLE_SECONDS = 60.0
LATE_SECONDS = 5.0
_IMAGE_REASONS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable")


class Settings(Struct, frozen=True):
    """How probes are made: the namespace, the image, the seconds each may take."""

    namespace: str
    image: str
    timeout: float


class Asked(Struct, frozen=True):
    """What came of asking one node: an answer or not, with the gaps and the UIDs of the pods that were made."""

    answer: ProbeAnswer | None
    gaps: tuple[Gap, ...] = ()
    uids: tuple[str, ...] = ()


class _NoMount(Exception):
    """A volume of the pod could not be mounted: the directory is not there."""

    def __init__(self, volume: str) -> None:
        super().__init__(volume)
        self.volume = volume


class _Failed(Exception):
    """The probe cannot answer, for a reason that is said in one sentence."""


def ask(
    api: Api, client: PodClient, node: str, root: str, ids: tuple[str, ...], paths: tuple[str, ...], settings: Settings
) -> Asked:
    """Ask one node about containers by id and about profile files by localhostProfile; always leaves nothing behind."""
    gaps: list[Gap] = []
    uids: list[str] = []
    mounts = mounts_for(paths)
    deadline = time.monotonic() + settings.timeout
    while True:
        request = _request(node, root, ids, paths, mounts, settings)
        life = _Life(api, client, request)
        try:
            answer = life.answer(deadline)
        except _NoMount as missing:
            mounts = tuple(volume for volume in mounts if volume != missing.volume)
            if time.monotonic() < deadline:
                continue
            gaps.append(_gap(node, f"no answer within {settings.timeout:.0f} s"))
            return Asked(None, tuple(gaps), tuple(uids))
        except _Failed as failed:
            gaps.append(_gap(node, str(failed)))
            return Asked(None, tuple(gaps), tuple(uids))
        finally:
            gaps.extend(life.left)
            uids.extend(life.uids)
        if not answer.complete:
            gaps.append(_gap(node, "the probe's log is cut or garbled"))
            return Asked(None, tuple(gaps), tuple(uids))
        if VOLUME_SECCOMP not in mounts and paths:
            answer = structs.replace(answer, files=_absent(root, paths))
        return Asked(answer, tuple(gaps), tuple(uids))


def _request(
    node: str, root: str, ids: tuple[str, ...], paths: tuple[str, ...], mounts: tuple[str, ...], settings: Settings
) -> ProbeRequest:
    nonce = secrets.token_hex(8)
    seconds = int(settings.timeout) + 30
    asked = paths if VOLUME_SECCOMP in mounts else ()
    return ProbeRequest(
        node, settings.namespace, pod_name(node, nonce), settings.image, nonce, root, seconds,
        int(time.time()) + seconds, ids, asked, mounts,
    )  # fmt: skip


def _absent(root: str, paths: tuple[str, ...]) -> tuple[File, ...]:
    """The node has no seccomp directory: none of the files is there."""
    why = f"there is no directory {root}/seccomp on the node"
    return tuple(
        File(index, ProfileFile(FileState.MISSING, f"{root}/seccomp/{path}", explanation=why)) for index, path in enumerate(paths)
    )


def _gap(node: str, why: str) -> Gap:
    return Gap("node probe", f"node/{node}", why)


class _Life:
    """One probe pod from before its POST until it is gone."""

    def __init__(self, api: Api, client: PodClient, request: ProbeRequest) -> None:
        self._api = api
        self._client = client
        self._request = request
        self._certain = False
        self.uids: list[str] = []
        self.left: list[Gap] = []

    def answer(self, deadline: float) -> ProbeAnswer:
        """Return the pod's answer; the pod is gone afterwards, also after an exception."""
        try:
            self._create()
            self._wait(deadline)
            return parse(self._log(), self._request.nonce)
        finally:
            try:
                self._remove()
            except KeyboardInterrupt:
                self._remove()
                raise

    def _create(self) -> None:
        try:
            uid = self._client.create(self._request.namespace, probe_pod(self._request))
        except ApiError as error:
            self._certain = error.status != 0 and error.status < 500
            raise _Failed(self._refusal(error)) from error
        self._certain = True
        self.uids.append(uid)

    def _refusal(self, error: ApiError) -> str:
        """Return why the pod could not be made, with the option that helps."""
        namespace = self._request.namespace
        if error.status == 404:
            return f'namespace "{namespace}" not found: choose one with --probe-namespace'
        if "PodSecurity" in error.message:
            return f'namespace "{namespace}" does not admit it (hostPath): choose one with --probe-namespace: {error.why}'
        return f"the probe pod was refused: {error.why}"

    def _wait(self, deadline: float) -> None:
        """Wait until the pod has ended well."""
        looked = 0.0
        while True:
            pod = self._poll()
            phase = (pod.status.phase or "") if pod and pod.status else ""
            if phase == "Succeeded":
                return
            if phase == "Failed":
                raise _Failed(f"the probe failed: {_ending(pod)}")
            self._stuck(pod)
            now = time.monotonic()
            if now - looked > 1.0 and phase != "Running":
                looked = now
                self._mounts()
            if now > deadline:
                raise _Failed(f"no answer in time: {self._last_words(pod)}")
            time.sleep(POLL)

    def _poll(self) -> ApiPod | None:
        try:
            return self._client.get(self._request.namespace, self._request.name)
        except ApiError as error:
            if error.status == 404:
                raise _Failed("the probe pod was removed by somebody else") from error
            if error.status in (401, 403):
                raise _Failed(f"the probe pod cannot be watched: {error.why}") from error
            return None

    def _stuck(self, pod: ApiPod | None) -> None:
        for status in (pod.status.container_statuses if pod and pod.status else None) or ():
            waiting = status.state.waiting if status.state else None
            if waiting is not None and waiting.reason in _IMAGE_REASONS:
                raise _Failed(
                    f"image {self._request.image} cannot be pulled ({waiting.reason}): choose one with --image or KUBECTL_SECCOMP_IMAGE"
                )
            if waiting is not None and waiting.reason in (
                "CreateContainerError",
                "RunContainerError",
                "CreateContainerConfigError",
            ):
                raise _Failed(f"the probe cannot start: {waiting.reason}: {waiting.message}")

    def _mounts(self) -> None:
        for event in self._events():
            if event.reason == "FailedMount":
                for volume in self._request.mounts:
                    if f'volume "{volume}"' in (event.message or "") and "hostPath type check failed" in (event.message or ""):
                        raise _NoMount(volume)

    def _events(self) -> list[Event]:
        try:
            return events(self._api, self._request.namespace, self.uids[0]) if self.uids else []
        except ApiError:
            return []

    def _last_words(self, pod: ApiPod | None) -> str:
        """Return what is known of a pod that did not get anywhere."""
        spoken = [event for event in self._events() if event.message and event.reason not in ("Scheduled", "Pulled", "Created")]
        if spoken:
            return f"{spoken[-1].reason}: {spoken[-1].message}"
        phase = (pod.status.phase if pod and pod.status else None) or "no status"
        return f"the node did not start it ({phase})"

    def _log(self) -> bytes:
        try:
            return self._client.log(self._request.namespace, self._request.name, LARGEST_LOG)
        except ApiError as error:
            raise _Failed(f"the probe's log could not be read: {error.why}") from error

    def _remove(self) -> None:
        """Remove the pod and wait until it is gone; by force when its node does not let it go."""
        began = time.monotonic()
        forced = False
        for waited in _ticks(began, UNREACHABLE_SECONDS):
            try:
                if not forced and waited > GONE_SECONDS:
                    forced = True
                    self.left.append(_gap(self._request.node, "the node did not end the probe pod: it was removed by force"))
                if self._gone(forced, waited):
                    return
            except ApiError as error:
                if error.status in (401, 403):
                    break
        name = f"{self._request.namespace}/{self._request.name}"
        self.left.append(_gap(self._request.node, f"probe pod {name} may be left: kubectl seccomp cleanup removes it"))

    def _gone(self, forced: bool, waited: float) -> bool:
        """Ask for the removal and say whether the pod is gone; one whose POST got no answer may still appear."""
        namespace, name = self._request.namespace, self._request.name
        try:
            pod = self._client.get(namespace, name)
        except ApiError as error:
            if error.status == 404:
                return self._certain or waited > LATE_SECONDS
            raise
        self._certain = True
        if pod.metadata is not None and pod.metadata.uid and pod.metadata.uid not in self.uids:
            self.uids.append(pod.metadata.uid)
        if pod.metadata is not None and (pod.metadata.deletion_timestamp is None or forced):
            self._client.delete(namespace, name, force=forced)
        return False


def _ticks(began: float, seconds: float) -> Iterator[float]:
    """Yield the seconds since `began`, four times a second, for so long."""
    while (waited := time.monotonic() - began) < seconds:
        yield waited
        time.sleep(POLL)


def _ending(pod: ApiPod | None) -> str:
    status = (pod.status if pod else None) or PodStatus()
    for entry in status.container_statuses or ():
        ended = entry.state.terminated if entry.state else None
        if ended is not None:
            return f"{ended.reason}, exit code {ended.exit_code} {ended.message or ''}".strip()
    return f"{status.reason or 'Failed'} {status.message or ''}".strip()
