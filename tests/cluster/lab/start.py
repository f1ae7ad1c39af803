"""Starts a cluster: namespaces and certificates, then control plane and runtimes side by side, then kubelets."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

from . import build, clean, daemons, namespaces, pki
from .daemons import start_apiserver as start_apiserver
from .instance import Instance
from .nodes import ADDRESS, NODES, Node
from .waiting import must_have_inotify, must_live, wait

# Measured: what runtime and kubelet of a node open, and the control plane.
INOTIFY_PER_NODE, INOTIFY_BESIDES = 9, 4


def up(instance: Instance, names: list[str], bare: bool = False) -> None:
    """Start the cluster with these nodes unless it is up; `bare` is etcd and API server alone, for pods that run nowhere."""
    unknown = sorted(set(names) - {node.name for node in NODES})
    if unknown or not names:
        raise ValueError(f"no such node: {', '.join(unknown)}" if unknown else "no node is named")
    chosen = [] if bare else [node for node in NODES if node.name in names]
    with instance.locked():
        if instance.is_up:
            build.say(f"{instance.name} is up already")
            return
        built = build.ensure()
        if clean.traces(instance):
            build.say(f"removing what an earlier start of {instance.name} left")
            clean.clean(instance)
        must_have_inotify(INOTIFY_BESIDES + INOTIFY_PER_NODE * len(chosen))
        for folder in ("log", "pki", "run", "tmp"):
            (instance.home / folder).mkdir(parents=True)
        (instance.home / "binaries").symlink_to(built)
        _start(instance, chosen)


def _start(instance: Instance, chosen: list[Node]) -> None:
    began = time.monotonic()

    def tell(what: str) -> None:
        build.say(f"{instance.name}: {what} ({time.monotonic() - began:.1f} s)")

    with ThreadPoolExecutor(8) as pool:
        certificates = pool.submit(pki.make, instance.pki, [node.name for node in NODES], ADDRESS)
        namespaces.make(instance)
        # Runtimes need neither certificates nor the API server.
        runtimes = [pool.submit(daemons.start_runtime, instance, node) for node in chosen]
        certificates.result()
        tell("namespaces and certificates made")
        daemons.start_etcd(instance)
        daemons.start_apiserver(instance, bare=not chosen)
        tell("API server ready")
        if chosen:
            daemons.start_controllers(instance)
        for node, runtime in zip(chosen, runtimes, strict=True):
            runtime.result()
            daemons.start_kubelet(instance, node)
    if chosen:
        tell("runtimes and kubelets started")
        wait("nodes", 120, lambda: _ready(instance, chosen))
        wait("service account", 30, lambda: bool(instance.kubectl("get", "sa", "default", "-o", "name", check=False)))
    facts = {"bare": not chosen, "nodes": [node.name for node in chosen]}
    (instance.home / "up.json").write_text(json.dumps(facts))
    tell("up")


def _ready(instance: Instance, chosen: list[Node]) -> bool:
    for node in chosen:
        must_live(instance, f"kubelet-{node.name}")
    path = "{.items[*].status.conditions[?(@.type=='Ready')].status}"
    return instance.kubectl("get", "nodes", "-o", f"jsonpath={path}", check=False).split().count("True") == len(chosen)
