"""What a kubelet says of itself, through the API server's node proxy (needs `get nodes/proxy`)."""

from __future__ import annotations

from urllib.parse import quote

from .api import Api

# Structured since 1.35 (v1alpha1) and 1.36 (v1beta1), text before that; the kubelet refuses plain application/json.
_FLAGZ = "application/json;v=v1beta1;g=config.k8s.io;as=Flagz, application/json;v=v1alpha1;g=config.k8s.io;as=Flagz, text/plain"


def configz(api: Api, node: str) -> bytes:
    """Return the kubelet's running configuration. It holds the config file's values, never the flags."""
    return api.get(f"/api/v1/nodes/{quote(node, safe='')}/proxy/configz", tries=2)


def flagz(api: Api, node: str) -> bytes:
    """Return the kubelet's command line flags (1.33 and later), as JSON or as text."""
    return api.get(f"/api/v1/nodes/{quote(node, safe='')}/proxy/flagz", accept=_FLAGZ, tries=2)
