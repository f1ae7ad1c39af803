"""A client of pods that creates none: what it is given is kept, to be shown."""

from __future__ import annotations

from typing import Any

from .api import ApiError
from .connection import Connection
from .pods import PodClient


class Rehearsal(PodClient):
    """Puts the manifest of each pod that would be created into `manifests`."""

    def __init__(self, connection: Connection, manifests: list[dict[str, Any]]) -> None:
        super().__init__(connection)
        self._manifests = manifests

    def prepare(self) -> None:
        """Import nothing: there is nothing to be created."""

    def create(self, namespace: str, manifest: dict[str, Any]) -> str:
        """Keep the manifest, and refuse as the API server would."""
        self._manifests.append({**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}})
        raise ApiError(422, "DryRun", "not created: --dry-run")
