"""Pods made, watched, read and removed: the only use of the kubernetes package, imported when a probe is really needed.

The client's transport is our own pool, so that its requests carry the same headers and the same TLS as all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from ..pods import ApiPod
from .api import UNDECODABLE, ApiError, from_response, segment
from .connection import Connection, pool

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

SECONDS = 20.0


class PodClient:
    """Single pods of one cluster. Every method raises ApiError; its status is 0 when there was no answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._made: ApiClient | None = None

    @property
    def _client(self) -> ApiClient:
        if self._made is None:
            from kubernetes.client import ApiClient, Configuration

            configuration = Configuration(host=self._connection.server)
            client = ApiClient(configuration)
            client.rest_client.pool_manager = pool(self._connection)
            self._made = client
        return self._made

    def create(self, namespace: str, manifest: dict[str, object]) -> str:
        """Create a pod and return its UID."""
        made = self._decoded(self._call("POST", _path(namespace), body=manifest))
        return (made.metadata.uid or "") if made.metadata else ""

    def get(self, namespace: str, name: str) -> ApiPod:
        """Return one pod."""
        return self._decoded(self._call("GET", _path(namespace, name)))

    def delete(self, namespace: str, name: str, *, force: bool = False, uid: str | None = None) -> None:
        """Ask for a pod's removal; `force` removes the object without waiting for the node. No pod is no error."""
        body: dict[str, object] = {"gracePeriodSeconds": 0 if force else 1}
        if uid:
            body["preconditions"] = {"uid": uid}
        try:
            self._call("DELETE", _path(namespace, name), body=body)
        except ApiError as error:
            if error.status not in (404, 409):
                raise

    def log(self, namespace: str, name: str, limit: int) -> bytes:
        """Return the first `limit` bytes of a pod's log."""
        return self._call("GET", f"{_path(namespace, name)}/log?{urlencode({'limitBytes': limit})}", accept="*/*")

    def _call(self, method: str, path: str, body: dict[str, object] | None = None, accept: str = "application/json") -> bytes:
        from kubernetes.client.exceptions import ApiException
        from urllib3 import HTTPHeaderDict
        from urllib3.exceptions import HTTPError

        client = self._client
        headers = HTTPHeaderDict(client.rest_client.pool_manager.headers)
        headers["Accept"] = accept
        headers["Content-Type"] = "application/json"
        try:
            response = client.call_api(
                method, self._connection.server + path, headers, body, _request_timeout=self._connection.timeout or SECONDS
            )
        except (HTTPError, ApiException) as error:
            raise ApiError(0, "Unreachable", f"no answer from {self._connection.server}: {error}") from error
        data: bytes = response.read()
        if not 200 <= response.status < 300:
            raise from_response(response.status, data)
        return data

    def _decoded(self, body: bytes) -> ApiPod:
        try:
            return msgspec.json.decode(body, type=ApiPod)
        except UNDECODABLE as error:
            raise ApiError(0, "Undecodable", f"the server's answer could not be decoded: {error}") from error


def _path(namespace: str, name: str | None = None) -> str:
    base = f"/api/v1/namespaces/{segment(namespace)}/pods"
    return f"{base}/{segment(name)}" if name is not None else base
