"""The node probe's life: made, waited for, read, and removed in every ending.

The pod's name is chosen before it is asked for, so that it can be removed even when the answer to the POST was lost. The command
line's signal handler raises KeyboardInterrupt at most once per process: a removal that it interrupts is begun once more.
"""

from __future__ import annotations

import secrets
import threading
import time

from msgspec import Struct, structs

from ..model import Gap
from ..nodes import trouble
from ..nodes.answer import Listing, ProbeAnswer
from ..nodes.manifest import NOTHING_MORE, VOLUME_SECCOMP, VOLUME_SPO, ProbeRequest, Wanted, mounts_for, pod_name, probe_pod
from ..nodes.output import absent_files, leads_to_operator, parse
from ..objects import ApiPod
from ..times import epoch
from . import lists
from .api import Api, ApiError
from .connection import one_line
from .pods import PodClient
from .removal import POLL, Removal, Time

LARGEST_LOG = 16 * 1024 * 1024
# Events are asked for when a pod does not start at once, and then so often.
EVENTS_SECONDS = 1.0
# A pod outlives the patience of who asked by this much; then its deadline ends it, also after a SIGKILL.
SPARE_SECONDS = 30
# Clocks of a cluster differ by less, unless one of them is wrong.
CLOCK_SECONDS = 60


class Settings(Struct, frozen=True):
    """How probes are made: the namespace, the image, the seconds each may take; and what the user says of --root-dir."""

    namespace: str
    image: str
    timeout: float
    kubelet_root: str | None = None


class Asked(Struct, frozen=True):
    """What came of asking one node: an answer or not, with the gaps and the UIDs of the pods that were made."""

    answer: ProbeAnswer | None
    gaps: tuple[Gap, ...] = ()
    uids: tuple[str, ...] = ()


class _NoMount(Exception):
    """Volumes of the pod could not be mounted: the directories are not there."""

    def __init__(self, volumes: tuple[str, ...]) -> None:
        super().__init__(*volumes)
        self.volumes = volumes


class _Failed(Exception):
    """The probe cannot answer, for a reason that is said in one sentence."""


def ask(
    api: Api,
    client: PodClient,
    node: str,
    root: str,
    ids: tuple[str, ...],
    paths: tuple[str, ...],
    settings: Settings,
    *,
    clock: Time | None = None,
    stop: threading.Event | None = None,
    wanted: Wanted = NOTHING_MORE,
) -> Asked:
    """Ask one node about containers by id and about profile files by localhostProfile; always leaves nothing behind.

    `root` is the kubelet's root directory, `wanted` what else the node is asked. Setting `stop` from another thread ends the
    question early. Raises nothing but KeyboardInterrupt, after the pod has been removed.
    """
    asking = _Asking(api, client, clock or Time(), stop or threading.Event(), settings, wanted)
    said: list[str] = []
    answer = None
    try:
        answer = asking.answer(node, root, ids, paths)
    except _Failed as failed:
        said.append(one_line(str(failed)))
    gaps = tuple(Gap("node probe", f"node/{node}", why) for why in [*said, *asking.left])
    wrong = tuple(Gap("node clock", f"node/{node}", why) for why in asking.wrong_clock if answer is not None)
    return Asked(answer, (*gaps, *wrong), tuple(asking.uids))


class _Asking:
    """One question to one node: at most one pod at a time, a new one for each directory that turns out to be missing."""

    def __init__(self, api: Api, client: PodClient, clock: Time, stop: threading.Event, settings: Settings, wanted: Wanted) -> None:
        self._api = api
        self._client = client
        self._clock = clock
        self._stop = stop
        self._settings = settings
        self._wanted = wanted
        self._until = clock.now() + settings.timeout
        self.uids: list[str] = []
        self.left: list[str] = []
        self.wrong_clock: tuple[str, ...] = ()

    def answer(self, node: str, root: str, ids: tuple[str, ...], paths: tuple[str, ...]) -> ProbeAnswer:
        # Takes longest of what needs no pod: an interrupt meanwhile has nothing to look for on the cluster.
        self._client.prepare()
        mounts = mounts_for(paths, listing=self._wanted.listing)
        absent: tuple[str, ...] = ()
        while True:
            try:
                found = self._one_pod(self._request(node, root, ids, paths, mounts, absent))
            except _NoMount as missing:
                absent = (*absent, *missing.volumes)
                mounts = tuple(volume for volume in mounts if volume not in absent)
                continue
            if not found.complete:
                raise _Failed(trouble.incomplete(found.lacks, self._settings.image))
            if found.listing is not None and leads_to_operator(found.listing) and VOLUME_SPO not in (*mounts, *absent):
                mounts = (*mounts, VOLUME_SPO)
                continue
            if VOLUME_SECCOMP not in absent:
                return found
            listing = Listing(there=False) if self._wanted.listing else None
            return structs.replace(found, files=absent_files(root, paths), listing=listing)

    def _request(
        self, node: str, root: str, ids: tuple[str, ...], paths: tuple[str, ...], mounts: tuple[str, ...], absent: tuple[str, ...]
    ) -> ProbeRequest:
        nonce = secrets.token_hex(8)
        seconds = int(self._settings.timeout) + SPARE_SECONDS
        asked, wanted = paths, self._wanted
        if VOLUME_SECCOMP in absent:
            asked, wanted = (), structs.replace(wanted, listing=False)
        return ProbeRequest(
            node, self._settings.namespace, pod_name(node, nonce), self._settings.image, nonce, root, seconds,
            int(time.time()) + seconds, ids, asked, mounts, absent, wanted,
        )  # fmt: skip

    def _one_pod(self, request: ProbeRequest) -> ProbeAnswer:
        """Return one pod's answer; the pod is gone afterwards, also after an exception.

        An interrupt can come at any instruction, also before the removal has properly begun: the outer handler begins it again.
        """
        removal = Removal(self._client, request.namespace, request.name, request.nonce, self._clock)
        try:
            try:
                return self._made(request, removal)
            finally:
                self._remove(removal)
        except KeyboardInterrupt:
            self._remove(removal)
            raise

    def _remove(self, removal: Removal) -> None:
        removal.remove()
        if removal.uid is not None and removal.uid not in self.uids:
            self.uids.append(removal.uid)
        self.left.extend(removal.said)
        removal.said.clear()

    def _made(self, request: ProbeRequest, removal: Removal) -> ProbeAnswer:
        begun = self._clock.now()
        try:
            removal.uid = self._client.create(request.namespace, probe_pod(request))
        except ApiError as error:
            # Anything else than a clear refusal may still have made the pod.
            removal.gone = 400 <= error.status < 500 and error.status != 408
            raise _Failed(trouble.refused(error.status, error.message, error.why, request)) from error
        pod = self._wait(request, removal.uid)
        found = parse(self._log(request), request.nonce)
        created = epoch(pod.metadata.creation_timestamp) if pod.metadata is not None else None
        if found.clock is not None and created is not None:
            self.wrong_clock = trouble.wrong_clock(found.clock.now, created, self._clock.now() - begun, CLOCK_SECONDS)
        return found

    def _wait(self, request: ProbeRequest, uid: str) -> ApiPod:
        """Wait until the pod has ended well, and return it."""
        asked = self._clock.now()
        while True:
            pod = self._look(request)
            phase = (pod.status.phase or "") if pod is not None and pod.status is not None else ""
            if pod is not None and phase == "Succeeded":
                return pod
            if pod is not None and (why := trouble.failed(pod, request) if phase == "Failed" else trouble.stuck(pod, request)):
                raise _Failed(why)
            now = self._clock.now()
            if phase != "Running" and now - asked >= EVENTS_SECONDS:
                asked = now
                if missing := trouble.missing_volumes(self._events(request, uid), request.mounts):
                    raise _NoMount(missing)
            self._patience(request, uid, pod)
            self._clock.sleep(POLL)

    def _patience(self, request: ProbeRequest, uid: str, pod: ApiPod | None) -> None:
        if self._stop.is_set():
            raise _Failed("interrupted")
        if self._clock.now() >= self._until:
            said = self._events(request, uid)
            raise _Failed(trouble.unanswered(pod, said, self._ready(request.node), request, self._settings.timeout))

    def _look(self, request: ProbeRequest) -> ApiPod | None:
        """Return the pod, None when the server does not answer for now."""
        try:
            return self._client.get(request.namespace, request.name)
        except ApiError as error:
            if error.status == 404:
                raise _Failed("the probe pod was removed by somebody else") from error
            if error.status in (401, 403):
                raise _Failed(f"the probe pod cannot be watched: {error.why}") from error
            return None

    def _events(self, request: ProbeRequest, uid: str) -> list[trouble.Said]:
        try:
            found = lists.events(self._api, request.namespace, uid)
        except ApiError as error:
            return [("events", f"could not be read, although they would tell more: {error.why}")]
        return [(event.reason, event.message) for event in found]

    def _ready(self, node: str) -> bool | None:
        try:
            return lists.node(self._api, node).reachable
        except ApiError as error:
            if error.status == 404:
                raise _Failed(f"there is no node {node}") from error
            return None

    def _log(self, request: ProbeRequest) -> bytes:
        while True:
            try:
                return self._client.log(request.namespace, request.name, LARGEST_LOG)
            except ApiError as error:
                # Served by the kubelet through the API server: a 5xx may be gone in a moment.
                if 0 < error.status < 500 or self._clock.now() >= self._until or self._stop.is_set():
                    raise _Failed(f"the probe's log could not be read: {error.why}") from error
            self._clock.sleep(POLL)
