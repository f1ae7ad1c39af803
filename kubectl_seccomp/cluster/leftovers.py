"""Probe pods that a killed run has left: found by their label, removed when their time is over."""

from __future__ import annotations

import contextlib
import re

from msgspec import Struct

from ..model import Gap
from ..nodes.manifest import APP, APP_LABEL, DEADLINE_ANNOTATION, NAME_LABEL, NAME_PREFIX, RUN_LABEL
from ..pods import Pod
from . import lists
from .api import Api, ApiError
from .pods import PodClient
from .removal import FORCED, Removal, Time

SELECTOR = f"{APP_LABEL}={APP},{NAME_LABEL}={APP}"

# A run removes what is so much past its deadline: clocks of clients differ, and a colleague's probe has to be left alone.
SPARE_SECONDS = 300


class Leftover(Struct, frozen=True):
    """One probe pod: `removed` says what happened to it, `why` in words."""

    namespace: str
    name: str
    removed: bool
    why: str


def cleanup(
    api: Api,
    client: PodClient,
    namespace: str | None,
    *,
    every: bool,
    now: float,
    fallback: str | None = None,
    clock: Time | None = None,
) -> tuple[list[Leftover], list[Gap]]:
    """Remove probe pods past their deadline (`every`: all of them) in one namespace, or in all; `now` in epoch seconds.

    Where pods cannot be listed in all namespaces, namespace `fallback` is looked at instead, and a gap says so. Only pods with
    our labels, our name's beginning and our annotation are touched. ApiError when pods cannot be listed.
    """
    ours: list[tuple[Pod, int]] = []
    gaps: list[Gap] = []
    try:
        found = list(lists.pods(api, namespace, SELECTOR, None))
    except ApiError as error:
        if error.status != 403 or namespace is not None or fallback is None:
            raise
        gaps.append(Gap("probe pods", "cluster", f"{error.why}; only namespace {fallback} was looked at"))
        found = list(lists.pods(api, fallback, SELECTOR, None))
    for pod in found:
        if isinstance(pod, Gap):
            gaps.append(pod)
        elif (deadline := _deadline(pod)) is not None:
            ours.append((pod, deadline))
    # All are asked to go before one is waited for: nodes that do not let theirs go are waited for at the same time.
    begun = [_begun(client, pod, clock or Time()) if every or deadline < now else None for pod, deadline in ours]
    return [_one(pod, deadline - now, removal) for (pod, deadline), removal in zip(ours, begun, strict=True)], gaps


def sweep(api: Api, client: PodClient, namespace: str, now: float) -> int:
    """Ask for the removal of probe pods long past their deadline in one namespace, and return of how many; `now` as in `cleanup`.

    Waits for none of them and raises nothing: it is done beside what was asked for.
    """
    asked = 0
    with contextlib.suppress(ApiError):
        for pod in lists.pods(api, namespace, SELECTOR, None):
            if isinstance(pod, Gap) or pod.metadata.deletion_timestamp:
                continue
            deadline = _deadline(pod)
            if deadline is not None and deadline + SPARE_SECONDS < now:
                client.delete(namespace, pod.metadata.name or "", uid=pod.metadata.uid)
                asked += 1
    return asked


def _deadline(pod: Pod) -> int | None:
    """Return when the pod's time is over, None for a pod that is not one of ours."""
    metadata = pod.metadata
    if not metadata.uid or not (metadata.name or "").startswith(NAME_PREFIX):
        return None
    if not (metadata.labels or {}).get(RUN_LABEL):
        return None
    text = (metadata.annotations or {}).get(DEADLINE_ANNOTATION, "")
    return int(text) if re.fullmatch(r"\d{1,12}", text, re.ASCII) else None


def _begun(client: PodClient, pod: Pod, clock: Time) -> Removal:
    metadata = pod.metadata
    removal = Removal(client, metadata.namespace or "", metadata.name or "", (metadata.labels or {}).get(RUN_LABEL, ""), clock)
    removal.uid = metadata.uid
    # Whatever is wrong with it comes again, and is told, when it is waited for.
    with contextlib.suppress(ApiError):
        removal.ask()
    return removal


def _one(pod: Pod, left: float, removal: Removal | None) -> Leftover:
    namespace, name = pod.metadata.namespace or "", pod.metadata.name or ""
    if removal is None:
        return Leftover(namespace, name, False, f"its deadline is in {left:.0f} s: --all removes it too")
    removal.remove()
    trouble = [why for why in removal.said if why != FORCED]
    return Leftover(namespace, name, not trouble, trouble[0] if trouble else "removed" + " by force" * bool(removal.said))
