"""How a probe pod goes away: asked for, waited for until the object is gone, by force when its node does not let it go."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct

from ..nodes.manifest import RUN_LABEL
from ..objects import ApiPod
from .api import ApiError
from .pods import PodClient

POLL = 0.25
# From the request until force, and again from force until it is given up.
GONE_SECONDS = 15.0
# How long an API server that does not answer is asked again: it may be restarting.
UNREACHABLE_SECONDS = 60.0
# A pod whose POST got no answer may still appear for so long.
LATE_SECONDS = 5.0

FORCED = "the node did not end the probe pod: it was removed by force"


class Time(Struct, frozen=True):
    """The clock of a removal (monotonic, in seconds) and how it waits."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Removal:
    """One pod that may exist, known by its name before it was asked for. Can be begun again after an interruption.

    `uid` is None while the POST has not been answered; `nonce` is the label's value by which an unknown pod is known to be ours.
    """

    def __init__(self, client: PodClient, namespace: str, name: str, nonce: str, clock: Time) -> None:
        self._client = client
        self._clock = clock
        self._namespace = namespace
        self._name = name
        self._nonce = nonce
        self._asked: float | None = None
        self._forced = False
        self.uid: str | None = None
        self.gone = False
        self.said: list[str] = []

    def ask(self) -> None:
        """Ask for the removal of the pod, whose `uid` is known, without waiting for it. Raises ApiError."""
        self._client.delete(self._namespace, self._name, uid=self.uid)
        self._asked = self._clock.now()

    def remove(self) -> None:
        """Remove the pod and wait until it is gone; what stays, and what took force, is added to `said`. Raises nothing."""
        began = self._clock.now()
        while not self.gone:
            why = "it is still there"
            try:
                self.gone = self._step(self._clock.now() - began)
                given_up = self._forced and self._since() > 2 * GONE_SECONDS
            except ApiError as error:
                why = error.why
                given_up = error.status in (401, 403, 405) or self._clock.now() - began > UNREACHABLE_SECONDS
            if given_up and not self.gone:
                self.gone = True  # as far as this run can help it
                self.said.append(self._left(why))
            if not self.gone:
                self._clock.sleep(POLL)

    def _left(self, why: str) -> str:
        command = f"kubectl delete pod {self._name} -n {self._namespace}"
        return f"the probe pod may still be there ({why}): remove it with `{command}`, or later with `kubectl seccomp cleanup`"

    def _since(self) -> float:
        return 0.0 if self._asked is None else self._clock.now() - self._asked

    def _step(self, waited: float) -> bool:
        """Do what is next and return whether the pod is gone."""
        if self.uid is None:
            found = self._look()
            if found is None:
                return waited >= LATE_SECONDS
            metadata = found.metadata
            if metadata is None or (metadata.labels or {}).get(RUN_LABEL) != self._nonce:
                return True
            self.uid = metadata.uid
        if self._asked is None:
            self.ask()
        elif self._since() > GONE_SECONDS and not self._forced:
            self._client.delete(self._namespace, self._name, uid=self.uid, force=True)
            self._forced = True
            self.said.append(FORCED)
        found = self._look()
        return found is None or found.metadata is None or found.metadata.uid != self.uid

    def _look(self) -> ApiPod | None:
        try:
            return self._client.get(self._namespace, self._name)
        except ApiError as error:
            if error.status != 404:
                raise
        return None
