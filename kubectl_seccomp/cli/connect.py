"""The way from the command line's options to the API server."""

from __future__ import annotations

from ..cluster.api import Api
from ..cluster.connection import Options
from ..cluster.kubeconfig import connect


def open_api(options: Options) -> Api:
    """Return the API server that the options and the kubeconfig name. Fault when there is none."""
    return Api(connect(options))
