"""Decoded objects -> pods, and a gap for each object that should have been audited and cannot be. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from .model import Gap
from .pods import Pod, containers, from_mapping
from .yamls import LINE, mistyped

_DEEPEST_LIST = 4
# Where other resources keep containers, besides a list called "containers": Argo Workflows, Tekton Tasks.
_MEMBERS = ("initContainers", "container", "steps", "sidecars", "script")
# Groups whose kinds hold pods as patterns or as a schema, not as something that runs.
_PATTERNS = ("kyverno.io/", "policies.kyverno.io/", "apiextensions.k8s.io/")


class Source(Struct, frozen=True):
    """Where an object was found: the file as shown, the place for a gap, the document's number in the file (from 1).

    `numbered` says that "$line" in its mappings was put there by the reader; otherwise it is the input's and is dropped.
    """

    file: str
    where: str
    document: int
    numbered: bool = False


class Reader(Struct):
    """Takes decoded objects; `objects` counts those it has seen, without the Lists around them."""

    objects: int = 0

    def pods(self, value: object, source: Source, listed: tuple[str | None, str] | None = None, depth: int = 0) -> Iterator[Pod | Gap]:
        """Yield the pods of one decoded document; `listed` is apiVersion and kind of the List that it is an item of."""
        if not isinstance(value, dict):
            yield Gap("document", source.where, "is not an object")
            return
        kind = value.get("kind")
        if isinstance(kind, str) and kind.endswith("List") and isinstance(value.get("items", False), list | None):
            yield from self._items(value, kind, source, depth)
            return
        self.objects += 1
        if kind is None and listed is not None and listed[1] != "List":
            value = {"apiVersion": listed[0], **value, "kind": listed[1].removesuffix("List")}
        found = _pod(value, source)
        if found is not None:
            yield found

    def _items(self, value: dict[str, object], kind: str, source: Source, depth: int) -> Iterator[Pod | Gap]:
        if depth >= _DEEPEST_LIST:
            yield Gap("document", source.where, "its lists are nested too deeply")
            return
        version = value.get("apiVersion")
        items = value["items"]
        for number, item in enumerate(items if isinstance(items, list) else (), 1):
            inner = Source(source.file, _place(source, item, number), source.document, source.numbered)
            yield from self.pods(item, inner, (version if isinstance(version, str) else None, kind), depth + 1)


def _place(source: Source, item: object, number: int) -> str:
    """Name an item of a List: by its own line where it is known."""
    line = item.get(LINE) if source.numbered and isinstance(item, dict) else None
    if line is None:
        return f"{source.where} (item {number})"
    return f"{source.file}:{line} (document {source.document}, item {number})"


def _pod(value: dict[str, object], source: Source) -> Pod | Gap | None:
    """Return the object's pod or template, or what is wrong with it, or None when its kind holds no pods."""
    kind = value.get("kind")
    if not isinstance(kind, str) or not kind:
        return Gap("document", source.where, "has no kind")
    try:
        pod = _typed(value, source)
    except msgspec.ValidationError as error:
        return Gap("document", source.where, f"{_title(value)}: {mistyped(error)}")
    except RecursionError:
        return Gap("document", source.where, f"{_title(value)} is nested too deeply")
    if pod is not None and next(containers(pod), None) is not None:
        return pod
    if _holds_containers(value):
        return Gap("document", source.where, f"kind {kind[:60]} is not supported, and there are containers in it")
    return None if pod is None else Gap("document", source.where, f"{_title(value)} has no containers")


def _title(value: dict[str, object]) -> str:
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    kind = str(value.get("kind"))[:60]
    return f"{kind} {name[:60]}" if isinstance(name, str) and name else kind


def _typed(value: dict[str, object], source: Source) -> Pod | None:
    """Return the pod of an object. Raises msgspec.ValidationError where a field has a type that Kubernetes refuses too."""
    try:
        pod = from_mapping(value, source.file, source.document)
        if pod is None or source.numbered or all(container.line is None for container in containers(pod)):
            return pod
    except msgspec.ValidationError:
        # Perhaps only for a null, which Kubernetes takes for an empty value everywhere, or for a "$line" of the input.
        pass
    cleaned = _cleaned(value, () if source.numbered else (LINE,))
    return from_mapping(cleaned, source.file, source.document)


def _cleaned(value: dict[str, object], drop: tuple[str, ...]) -> dict[str, object]:
    return {key: _inside(item, drop) for key, item in value.items() if item is not None and key not in drop}


def _inside(value: object, drop: tuple[str, ...]) -> object:
    if isinstance(value, dict):
        return _cleaned(value, drop)
    return [_inside(item, drop) for item in value] if isinstance(value, list) else value


def _holds_containers(value: dict[str, object]) -> bool:
    """Whether containers stand anywhere in an object, as in a Rollout, a RayCluster, an Argo Workflow, a Tekton Task."""
    if str(value.get("apiVersion")).startswith(_PATTERNS):
        return False
    todo: list[object] = [{key: part for key, part in value.items() if key not in ("metadata", "status")}]
    seen: set[int] = set()
    while todo:
        part = todo.pop()
        if id(part) in seen:
            continue
        if isinstance(part, dict):
            seen.add(id(part))
            if _has_members(part):
                return True
            todo.extend(part.values())
        elif isinstance(part, list):
            seen.add(id(part))
            todo.extend(part)
    return False


def _has_members(part: dict[object, object]) -> bool:
    listed = part.get("containers")
    if isinstance(listed, list) and any(isinstance(item, dict) for item in listed):
        return True
    groups = [value if isinstance(value, list) else [value] for value in map(part.get, _MEMBERS)]
    return any(_is_container(item) for group in groups for item in group)


def _is_container(item: object) -> bool:
    return isinstance(item, dict) and any(isinstance(item.get(key), kind) for key, kind in (("image", str), ("securityContext", dict)))
