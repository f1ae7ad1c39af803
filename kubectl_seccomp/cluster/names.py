"""Names alone, for completion: of a kubeconfig's entries, and of objects without the objects."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from ..objects import UNDECODABLE, Page
from .api import Api
from .configfiles import load

_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
_MOST = "500"


class _Metadata(Struct, frozen=True):
    name: str = ""


class _Item(Struct, frozen=True):
    metadata: _Metadata


def entries(explicit: str | None, environment: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names of the contexts, clusters and users of the kubeconfig files. Fault when they cannot be read."""
    config = load(explicit, environment)
    return {"contexts": sorted(config.contexts), "clusters": sorted(config.clusters), "users": sorted(config.users)}


def objects(api: Api, path: str, seconds: float) -> list[str]:
    """Return the names in the list at `path`, its first page only, asked for once. ApiError when there is no answer in time."""
    body = api.get(path, [("limit", _MOST)], accept=_METADATA_ONLY, timeout=seconds, tries=1)
    try:
        found = [item.metadata.name for item in msgspec.json.decode(body, type=Page[_Item]).items or ()]
    except UNDECODABLE:
        return []
    return [name for name in found if name.isprintable()]
