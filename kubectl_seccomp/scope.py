"""Which pods are looked at: the whole cluster, or as much of it as this user may list, each step with a gap."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from msgspec import Struct

from .cluster import lists
from .cluster.api import Api, ApiError
from .fault import Fault
from .model import Gap
from .pods import Pod


class Selection(Struct, frozen=True):
    """What the user asked to see. `namespace` None means all of them."""

    namespace: str | None
    selector: str | None = None
    field_selector: str | None = None
    chunk_size: int = 500


class Found(Struct, frozen=True):
    """The namespaces that are really walked (["*"] for all), and their pods as a stream."""

    namespaces: list[str]
    pods: Iterator[Pod | Gap]


def select(api: Api, wanted: Selection) -> Found:
    """Return the pods of `wanted`; the first page is asked at once, so that the scope is known before the stream.

    Raises Fault when nothing can be listed at all, or when the namespace does not exist.
    """
    if wanted.namespace is not None:
        return _one_namespace(api, wanted, wanted.namespace)
    try:
        return Found(["*"], _open(api, wanted, None))
    except ApiError as error:
        if error.status != 403:
            raise _refusal("cannot list pods", wanted, error) from error
        return _listable(api, wanted, error)


def seen(api: Api, namespace: str) -> bool:
    """Return whether a namespace can be seen. Raises Fault when it does not exist, ApiError when the server gives no answer."""
    exists = lists.namespace_exists(api, namespace)
    if exists is False:
        raise Fault(f'namespace "{namespace}" not found', "see: kubectl get namespaces")
    return exists is True


def _one_namespace(api: Api, wanted: Selection, namespace: str) -> Found:
    try:
        exists = seen(api, namespace)
        pods = _open(api, wanted, namespace)
    except ApiError as error:
        raise _refusal(f'cannot list pods in namespace "{namespace}"', wanted, error) from error
    first = next(pods, None)
    if first is None and not exists:
        # An API server answers a list in a namespace that does not exist with an empty one.
        unsure = Gap("namespace", f"namespace/{namespace}", "it has no pods, and whether it exists cannot be seen")
        return Found([namespace], iter((unsure,)))
    return Found([namespace], pods if first is None else chain((first,), pods))


def _refusal(what: str, wanted: Selection, error: ApiError) -> Fault:
    """Return the Fault for a list that was refused: the server alone knows whether a selector is one, and answers 400."""
    if error.status == 400 and (wanted.selector or wanted.field_selector):
        hint = "-l takes app=web, app!=web, 'app in (a,b)', 'app notin (a,b)', app, '!app'; --field-selector spec.nodeName=node-a"
        return Fault(f"{what}: {error.why}", hint, 2)
    return Fault(f"{what}: {error.why}", error.rights())


def _listable(api: Api, wanted: Selection, denied: ApiError) -> Found:
    """Return the pods of every namespace that can be listed, or those of the context's namespace."""
    whole = Gap("pods", "cluster", denied.why)
    try:
        names = lists.namespaces(api)
    except ApiError as error:
        namespace = api.connection.namespace
        try:
            found = _one_namespace(api, wanted, namespace)
        except Fault as fault:
            hint = "nor in all namespaces: -n names another one, and kubectl seccomp rbac prints the permissions that are needed"
            raise Fault(fault.message, hint, fault.code) from fault
        only = Gap("namespaces", "cluster", f"{error.why}; only namespace {namespace} is audited")
        return Found(found.namespaces, chain((whole, only), found.pods))
    return Found(names, chain((whole,), _each(api, wanted, names)))


def _each(api: Api, wanted: Selection, names: list[str]) -> Iterator[Pod | Gap]:
    """Walk the namespaces one after the other, so that only one page is ever in memory."""
    for name in names:
        try:
            yield from _open(api, wanted, name)
        except ApiError as error:
            yield Gap("pods", f"namespace/{name}", error.why)


def _open(api: Api, wanted: Selection, namespace: str | None) -> Iterator[Pod | Gap]:
    """Ask for the first page now (ApiError if that fails) and return the stream that begins with it."""
    stream = lists.pods(api, namespace, wanted.selector, wanted.field_selector, wanted.chunk_size)
    first = next(stream, None)
    return stream if first is None else chain((first,), stream)
