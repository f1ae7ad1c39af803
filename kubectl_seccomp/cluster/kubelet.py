"""What a kubelet says of itself, through the API server's node proxy (needs `get nodes/proxy`)."""

from __future__ import annotations

from .api import Api, ApiError, segment

# A node that does not answer must not hold up the audit of all the others.
SECONDS = 5.0
TRIES = 2
LARGEST = 4 * 1024 * 1024

# Structured since 1.35 (v1alpha1) and 1.36 (v1beta1), text before that; plain application/json is refused with 406
# (kubelet pkg/kubelet/server, apiserver component-base/zpages/flagz).
_STRUCTURED = "application/json;v=v1beta1;g=config.k8s.io;as={0}, application/json;v=v1alpha1;g=config.k8s.io;as={0}"
_FLAGZ = f"{_STRUCTURED.format('Flagz')}, text/plain"
_STATUSZ = f"{_STRUCTURED.format('Statusz')}, text/plain"


def configz(api: Api, node: str) -> bytes:
    """Return the kubelet's running configuration as JSON. It holds the config file's values, never the flags.

    Raises ApiError when the kubelet cannot be asked.
    """
    return _ask(api, node, "configz", None)


def flagz(api: Api, node: str) -> bytes:
    """Return the kubelet's command line flags (1.33 and later), as a Flagz object in JSON or as text.

    Raises ApiError when the kubelet cannot be asked, or has no such page.
    """
    try:
        return _ask(api, node, "flagz", _FLAGZ)
    except ApiError as error:
        if error.status != 406:
            raise
    return _ask(api, node, "flagz", "*/*")


def statusz(api: Api, node: str) -> bytes:
    """Return when the kubelet started, as a Statusz object in JSON or as text.

    Raises ApiError when the kubelet cannot be asked, or has no such page.
    """
    return _ask(api, node, "statusz", _STATUSZ)


def _ask(api: Api, node: str, page: str, accept: str | None) -> bytes:
    path = f"/api/v1/nodes/{segment(node)}/proxy/{page}"
    return api.get(path, accept=accept, timeout=SECONDS, tries=TRIES, limit=LARGEST)
