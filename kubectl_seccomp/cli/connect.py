"""The way from the command line's options to the API server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..cluster.connection import Options
from .boundary import say

if TYPE_CHECKING:
    from ..cluster.api import Api


# From this verbosity on, kubectl tells of each request.
TELLING = 6


def open_api(options: Options) -> Api:
    """Return the API server that the options and the kubeconfig name. Fault when there is none."""
    from ..cluster.api import Api
    from ..cluster.kubeconfig import connect

    trace = say if options.verbosity >= TELLING else None
    if options.via_kubectl:
        from ..cluster.viakubectl import ViaKubectl

        return ViaKubectl(options, trace=trace)
    return Api(connect(options, trace=trace))
