"""The way from the command line's options to the API server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..cluster.connection import Options

if TYPE_CHECKING:
    from ..cluster.api import Api


def open_api(options: Options) -> Api:
    """Return the API server that the options and the kubeconfig name. Fault when there is none."""
    from ..cluster.api import Api
    from ..cluster.kubeconfig import connect

    return Api(connect(options))
