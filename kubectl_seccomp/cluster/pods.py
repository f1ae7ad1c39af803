"""Pods made, watched, read and removed: the only use of the kubernetes package, imported when a probe is really needed.

The client's transport is our own, so that its requests carry the same headers and the same TLS as all others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from ..fault import Fault
from ..objects import UNDECODABLE, ApiPod
from .api import LARGEST_REFUSAL, TRIES, ApiError, TryAgain, from_response, retried, retry_after, segment
from .connection import Connection, one_line
from .transport import Transport

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

SECONDS = 15.0
# An admission webhook may take 30 s before a pod is there (admissionregistration/v1, timeoutSeconds).
CREATE_SECONDS = 35.0
LARGEST_POD = 4 * 1024 * 1024
# Made before there are threads: see lists.py.
_POD = msgspec.json.Decoder(ApiPod)


class PodClient:
    """Single pods of one cluster. Every method raises ApiError; its status is 0 when there was no answer.

    What was refused as too much at once (429) was not begun, so it is asked again, as Retry-After says. `sleep` is time.sleep.
    """

    def __init__(self, connection: Connection, sleep: Callable[[float], None] = time.sleep) -> None:
        self._connection = connection
        self._sleep = sleep
        self._made: ApiClient | None = None

    def prepare(self) -> None:
        """Import and make the client, once: before several threads would, and before there is a pod to remove."""
        self._client()

    def _client(self) -> ApiClient:
        if self._made is None:
            from kubernetes.client import ApiClient, Configuration

            client = ApiClient(Configuration(host=self._connection.server))
            client.rest_client.pool_manager = Transport(self._connection)  # type: ignore[assignment]
            self._made = client
        return self._made

    def create(self, namespace: str, manifest: dict[str, object]) -> str:
        """Create a pod and return its UID."""
        made = self._decoded(self._call("POST", _path(namespace), manifest, seconds=CREATE_SECONDS))
        if made.metadata is None or not made.metadata.uid:
            raise ApiError(0, "Undecodable", "the server's response does not name a pod")
        return made.metadata.uid

    def get(self, namespace: str, name: str) -> ApiPod:
        """Return one pod."""
        return self._decoded(self._call("GET", _path(namespace, name)))

    def delete(self, namespace: str, name: str, *, force: bool = False, uid: str | None = None) -> None:
        """Ask for a pod's removal; `force` removes the object without waiting for the node.

        With `uid`, a pod of the same name that is not this one stays. No such pod is no error.
        """
        body: dict[str, object] = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0 if force else 1}
        if uid:
            body["preconditions"] = {"uid": uid}
        try:
            self._call("DELETE", _path(namespace, name), body)
        except ApiError as error:
            if error.status not in (404, 409):
                raise

    def log(self, namespace: str, name: str, limit: int) -> bytes:
        """Return the first `limit` bytes of a pod's log."""
        path = f"{_path(namespace, name)}/log?{urlencode({'limitBytes': limit})}"
        return self._call("GET", path, accept="*/*", seconds=CREATE_SECONDS, limit=limit)

    def _call(
        self,
        method: str,
        path: str,
        body: dict[str, object] | None = None,
        *,
        accept: str = "application/json",
        seconds: float = SECONDS,
        limit: int = LARGEST_POD,
    ) -> bytes:
        if self._connection.kubectl:
            raise ApiError(405, "MethodNotAllowed", f"not possible with --via-kubectl, which only reads: {method} of a probe pod")
        return retried(lambda: self._once(method, path, body, accept, seconds, limit), TRIES, 1.0, self._sleep)

    def _once(self, method: str, path: str, body: dict[str, object] | None, accept: str, seconds: float, limit: int) -> bytes:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        client = self._client()
        headers = {"Accept": accept, "Content-Type": "application/json"}
        timeout = self._connection.timeout or seconds
        try:
            answer = client.call_api(method, self._connection.server + path, headers, body, _request_timeout=(timeout, timeout))
            ok = 200 <= answer.status < 300
            with answer.response as response:
                data: bytes = response.read(limit if ok else LARGEST_REFUSAL, decode_content=True)
        except (HTTPError, ApiException) as error:
            cause = one_line(str(error), 200)
            raise ApiError(0, "Unreachable", f"no answer from {self._connection.server}: {cause}") from error
        except Fault as fault:
            raise ApiError(401, "Unauthorized", fault.message) from fault
        if answer.status == 429:
            raise TryAgain(from_response(429, data), retry_after(answer.response.headers.get("Retry-After")))
        if not ok:
            raise from_response(answer.status, data)
        return data

    def _decoded(self, body: bytes) -> ApiPod:
        try:
            return _POD.decode(body)
        except UNDECODABLE as error:
            raise ApiError(0, "Undecodable", f"the server's response could not be decoded: {one_line(str(error), 200)}") from error


class Rehearsal(PodClient):
    """Creates no pods: puts the manifest of each that would be created into `manifests`, to be shown."""

    def __init__(self, connection: Connection, manifests: list[dict[str, Any]]) -> None:
        super().__init__(connection)
        self._manifests = manifests

    def prepare(self) -> None:
        """Import nothing: there is nothing to be created."""

    def create(self, namespace: str, manifest: dict[str, Any]) -> str:
        """Keep the manifest, and refuse as the API server would."""
        self._manifests.append({**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}})
        raise ApiError(422, "DryRun", "not created: --dry-run")


def _path(namespace: str, name: str | None = None) -> str:
    base = f"/api/v1/namespaces/{segment(namespace)}/pods"
    return f"{base}/{segment(name)}" if name is not None else base
