"""Fills a control plane with pods and nodes: one of each kind through the API, all others as copies of what etcd then holds.

So each stored object is what the API server itself writes (protobuf, managedFields, defaults), at several thousand a second.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import islice

from . import shapes
from .api import Etcd, Server

BATCH = 64  # etcd takes at most 1.5 MiB and 128 operations at once
MERGE = "application/merge-patch+json"


def fill(server: Server, pods: int, nodes: int) -> None:
    """Make `nodes` nodes, then add pods until there are `pods`; pods that are there already stay."""
    etcd = Etcd()
    if server.count("/api/v1/nodes") < nodes:
        _nodes(server, etcd, nodes)
    for number in range(shapes.NAMESPACES):
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"team-{number:0{len(shapes.TEAM)}d}"}}
        server.ask("POST", "/api/v1/namespaces", body, fine=(409,))
    there = server.count("/api/v1/pods")
    if there < pods:
        _pods(server, etcd, range(there, pods), nodes)
    _wait(server, "/api/v1/nodes", nodes)
    _wait(server, "/api/v1/pods", pods)


def _wait(server: Server, path: str, count: int) -> None:
    """Wait until the server has heard of everything that was stored behind its back."""
    until = time.monotonic() + 120
    while server.count(path) != count:
        if time.monotonic() > until:
            raise SystemExit(f"{path}: {server.count(path)} instead of {count}")
        time.sleep(0.5)


def _copy(stored: bytes, uid: str, number: int, words: dict[str, str]) -> bytes:
    """Return a stored object as that of copy `number`: with its words and a UID of its own, all of the old lengths."""
    for old, new in words.items():
        stored = stored.replace(old.encode(), new.encode())
    return stored.replace(uid.encode(), f"{number:08x}{uid[8:]}".encode())


def _nodes(server: Server, etcd: Etcd, nodes: int) -> None:
    name = f"node-{shapes.NODE}"
    for index, port in enumerate(shapes.PORTS):
        body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}}
        uid = _uid(server.ask("POST", "/api/v1/nodes", body))
        server.ask("PATCH", f"/api/v1/nodes/{name}/status", {"status": shapes.node_status(port)}, MERGE)
        stored = etcd.read(f"/registry/minions/{name}")
        server.ask("DELETE", f"/api/v1/nodes/{name}")
        numbers = iter(range(index, nodes, len(shapes.PORTS)))
        while some := list(islice(numbers, BATCH)):
            words = {number: {shapes.NODE: f"{number:0{len(shapes.NODE)}d}"} for number in some}
            etcd.write((f"/registry/minions/node-{words[n][shapes.NODE]}", _copy(stored, uid, n, words[n])) for n in some)


def _pods(server: Server, etcd: Etcd, numbers: range, nodes: int) -> None:
    templates = dict(_templates(server, etcd))
    rest = iter(numbers)
    while some := list(islice(rest, BATCH)):
        pairs = []
        for number in some:
            stored, uid = templates[shapes.kind_of(number)]
            words = shapes.placeholders(number, nodes)
            key = f"/registry/pods/team-{words[shapes.TEAM]}/app-{words[shapes.APP]}-6f584d5476-{words[shapes.POD]}"
            pairs.append((key, _copy(stored, uid, number, words)))
        etcd.write(pairs)


def _templates(server: Server, etcd: Etcd) -> Iterator[tuple[int, tuple[bytes, str]]]:
    """Yield each kind of pod as it is stored, with its UID."""
    namespace = f"team-{shapes.TEAM}"
    server.ask("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, fine=(409,))
    path = f"/api/v1/namespaces/{namespace}/pods"
    for kind in range(shapes.KINDS):
        body = shapes.pod(kind)
        name = f"app-{shapes.APP}-6f584d5476-{shapes.POD}"
        uid = _uid(server.ask("POST", path, body))
        server.ask("PATCH", f"{path}/{name}/status", {"status": shapes.pod_status()}, MERGE)
        yield kind, (etcd.read(f"/registry/pods/{namespace}/{name}"), uid)
        server.ask("DELETE", f"{path}/{name}", {"gracePeriodSeconds": 0})


def _uid(answer: bytes) -> str:
    return str(json.loads(answer)["metadata"]["uid"])
