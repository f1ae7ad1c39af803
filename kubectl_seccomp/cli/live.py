"""Names for completion that only the kubeconfig or the API server knows: at once, or none."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping

from ..cluster.api import ApiError
from ..cluster.connection import Options
from ..cluster.names import entries, objects
from ..fault import Fault
from .connect import open_api
from .option import Words

# With the start of the process, less than the second that a person waits for a completion.
SECONDS = 0.7
_PATHS = {
    Words.NAMESPACES: "/api/v1/namespaces",
    Words.NODES: "/api/v1/nodes",
    Words.PODS: "/api/v1/namespaces/{namespace}/pods",
}


def names(words: Words, given: Mapping[str, object]) -> list[str]:
    """Return the names of one sort. Ends the process without any when they take too long: a plugin may hang, or the network."""
    timer = threading.Timer(SECONDS, _give_up)
    timer.daemon = True
    timer.start()
    try:
        return _ask(words, Options(**given))  # type: ignore[arg-type]
    except (Fault, ApiError):
        return []
    finally:
        timer.cancel()


def _give_up() -> None:
    os.write(1, b":4\n")
    os._exit(0)


def _ask(words: Words, options: Options) -> list[str]:
    if words in (Words.CONTEXTS, Words.CLUSTERS, Words.USERS):
        return entries(options.kubeconfig, os.environ)[words.value]
    api = open_api(options)
    return objects(api, _PATHS[words].format(namespace=api.connection.namespace), SECONDS)
