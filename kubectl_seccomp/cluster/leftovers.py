"""Probe pods that a killed run has left: found by their label, removed when their time is over."""

from __future__ import annotations

from msgspec import Struct

from ..model import Gap
from ..nodes.manifest import APP, APP_LABEL, DEADLINE_ANNOTATION, NAME_PREFIX
from . import lists
from .api import Api, ApiError
from .pods import PodClient


class Leftover(Struct, frozen=True):
    """One probe pod: `removed` says what happened to it, `why` in words."""

    namespace: str
    name: str
    removed: bool
    why: str


def cleanup(api: Api, client: PodClient, namespace: str | None, *, every: bool, now: float) -> tuple[list[Leftover], list[Gap]]:
    """Remove probe pods past their deadline (`every`: all of them) in one namespace, or in all; `now` in epoch seconds.

    Only pods with our label, our name's beginning and our annotation are touched. ApiError when pods cannot be listed.
    """
    done: list[Leftover] = []
    gaps: list[Gap] = []
    for pod in lists.pods(api, namespace, f"{APP_LABEL}={APP}", None):
        if isinstance(pod, Gap):
            gaps.append(pod)
            continue
        metadata = pod.metadata
        deadline = (metadata.annotations or {}).get(DEADLINE_ANNOTATION, "") if metadata else ""
        if metadata is None or not (metadata.name or "").startswith(NAME_PREFIX) or not deadline.isdigit():
            continue
        done.append(_one(client, metadata.namespace or "", metadata.name or "", every or int(deadline) < now, metadata.uid))
    return done, gaps


def _one(client: PodClient, namespace: str, name: str, due: bool, uid: str | None) -> Leftover:
    if not due:
        return Leftover(namespace, name, False, "still within its time: --all removes it too")
    try:
        client.delete(namespace, name, force=True, uid=uid)
    except ApiError as error:
        return Leftover(namespace, name, False, error.why)
    return Leftover(namespace, name, True, "removed")
