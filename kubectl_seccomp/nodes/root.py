"""Which directory is the kubelet's root (--root-dir) on a node: who says so, and what the node itself shows. Pure.

It decides where a localhostProfile is looked for, so a guess is told apart from what is known: under a wrong root there
may be another file of the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from ..facts import NodeFacts
from .answer import Root
from .kubelet import DEFAULT_ROOT, root_from_label


def root(node: NodeFacts, given: str | None, paths: tuple[str, ...], reports: Iterable[str], events: Iterable[str]) -> Root:
    """Return the root directory of a node's kubelet.

    `given` is what the user says. `reports` and `events` are the files, absolute, that a runtime could not load: named in
    container statuses, which only a kubelet writes, and in events, which others can write too. `paths` are localhostProfiles.
    """
    sure = ((given, "--kubelet-root"), (node.kubelet_root, "flagz"), (next(_named(reports, paths), None), "a container's status"))
    for known, source in sure:
        if known:
            return Root(known.rstrip("/") or "/", True, source)
    if (told := next(_named(events, paths), None)) is not None:
        return Root(told, False, "an event")
    if labelled := root_from_label(node.directory_label):
        return Root(labelled[0], False, "the node's label")
    return Root(DEFAULT_ROOT, False, "the kubelet's default")


def _named(files: Iterable[str], paths: tuple[str, ...]) -> Iterator[str]:
    for file, path in product(files, paths):
        if file.startswith("/") and file.endswith(f"/seccomp/{path}"):
            yield file.removesuffix(f"/seccomp/{path}") or "/"
