"""The bytes of a Localhost profile -> what loading it does on a node.

runc (`libcontainer/specconv/spec_linux.go` SetupSeccomp, 1.1 to 1.5) takes a struct without default action and without rules
for "seccomp disabled": no filter, no error. The loaders of CRI-O and dockerd do the same by themselves; decoders.py has them.

This answers one question: does a filter come of it, none, or a container that cannot start. It is no lint: which calls a
filter allows is not judged, and `includes`/`excludes` are taken as if they always held.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ..runtimes import by_scheme
from ..words import FileState
from .decoders import resolve
from .gojson import NotJudged, Refused, decode, text
from .oci import Resolved

# Without a rule of one of these, or such a default, not even the program's first call passes.
_CAN_PASS = ("ALLOW", "LOG", "NOTIFY")


class Judgement(Struct, frozen=True):
    """What a node's runtime makes of a file.

    `effect`: "filter" (loaded), "none" (the container runs without a filter), "refused" (it cannot start), None for a file that
    is beyond what is judged here (state unreadable). `why` is one sentence that calls the file "it". `forbids_nothing`: a
    filter that lets every syscall pass.
    """

    state: FileState
    effect: str | None
    why: str
    forbids_nothing: bool = False


def judge(raw: bytes, decoder: str) -> Judgement:
    """Return what a runtime with this decoder ("containerd", "cri-o", "docker", "" unknown) makes of the file's bytes."""
    try:
        document = decode(raw)
        resolved = resolve(document, decoder, None)
        if document is None or resolved is None:
            return Judgement(FileState.PRESENT, "none", f"{_empty(document)}: {by_scheme(decoder).title} loads no filter")
        return _filter(resolved, text(document, "defaultaction"))
    except Refused as refused:
        return Judgement(FileState.INVALID, "refused", f"it {refused}")
    except NotJudged as beyond:
        return Judgement(FileState.UNREADABLE, None, f"it {beyond}")


def _filter(resolved: Resolved, written: str) -> Judgement:
    default, actions = resolved.default, [rule.action for rule in resolved.rules]
    if not default.passes and not any(action.kind in _CAN_PASS for action in actions):
        raise Refused(f"has the default action {written} and no rule that allows anything: nothing can start with it")
    if not default.passes or not all(action.passes for action in actions):
        return Judgement(FileState.PRESENT, "filter", "it loads")
    ends = "is let through" if default.kind == "ALLOW" else "is only logged"
    void = len(resolved.dropped)
    lost = "" if not void else f" (rules that name no syscall known here: {void})"
    return Judgement(FileState.PRESENT, "filter", f"it loads, but every syscall {ends}{lost}", forbids_nothing=True)


def _empty(document: Mapping[str, object] | None) -> str:
    if document is None:
        return "it is null"
    if not document:
        return "it holds no rules"
    if {"kind", "spec"} & document.keys():
        name = "SeccompProfile" if document.get("kind") == "SeccompProfile" else "Kubernetes"
        return f"it is a wrapped {name} resource, not a profile"
    return "it holds no defaultAction and no syscalls"
