"""What PROFILE on the command line stands for: bytes from somewhere, or a runtime's default, at the place where it counts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from ..cluster.connection import Options
from ..facts import NodeFacts
from ..fault import Fault
from ..profiles import defaults
from ..profiles.gojson import NotJudged, Refused, decode
from ..profiles.judged import Judged, Place, default_at, judge_at
from ..profiles.written import LARGEST, Form, Written, read
from ..render.text import source
from ..runtimes import RUNTIMES, parse
from ..words import FileState
from .given import Loading, Probing
from .profile_place import place

if TYPE_CHECKING:
    from ..cluster.api import Api

ASSUMED = "the kubelet's root directory is assumed: it may read another file"
_TAKES = "PROFILE is a file, -, node/NAME:PATH, runtime/containerd@2.2.4 or runtime/node/NAME"
_RELEASES = "write a release: runtime/containerd@2.2.4, runtime/cri-o@1.36.3, runtime/docker@29.7.2; or runtime/node/NAME"


class Operand(Struct, frozen=True):
    """A profile as it was named: what it is, what becomes of it at its place, and what has to be said of that.

    `written` is None for a runtime's default. `notes` go to stderr, `doubts` are part of the answer.
    """

    name: str
    form: str
    place: Place
    judged: Judged
    written: Written | None = None
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def lines(self) -> dict[int, int]:
        """Return the line that each rule of a file begins on, by its index."""
        if self.written is None or self.written.profile is None:
            return {}
        rules = self.written.profile.get("syscalls")
        if not isinstance(rules, list):
            return {}
        found = self.written.positions([("syscalls", index) for index in range(len(rules))])
        return {int(path[1]): position.line for path, position in found.items()}


def operand(name: str, loading: Loading, probing: Probing, connection: Options) -> Operand:
    """Return what a PROFILE is. Raises Fault: 2 for one that is named wrongly, 3 for what cannot be read or does not load."""
    if name.startswith("runtime/node/"):
        return _node_default(name, loading, connection)
    if name.startswith("runtime/"):
        return _default(name, loading)
    if name.startswith("node/"):
        return _node_file(name, loading, probing, connection)
    return _file(name, loading)


def _file(name: str, loading: Loading) -> Operand:
    shown = source(name)
    where, doubts = place(loading, None)
    try:
        written = read(content(name))
    except (Refused, NotJudged) as error:
        raise Fault(f"{shown} {error}", "it is read as a node reads a profile: JSON, or a SeccompProfile in YAML") from error
    return _judged(shown, written, where, doubts, _notes(shown, written, where))


def again(found: Operand, loading: Loading) -> Operand:
    """Return a file that was read, at another place."""
    assert found.written is not None
    where, doubts = place(loading, None)
    return _judged(found.name, found.written, where, doubts)


def _notes(shown: str, written: Written, where: Place) -> tuple[str, ...]:
    """Return what is true of the text and not of the profile in it."""
    if written.form in (Form.RESOURCE, Form.CONFIG):
        called = "SeccompProfile resource" if written.form is Form.RESOURCE else "config.json"
        return (f"note: {shown} is a {called}: as a file on a node it gives no filter; this is about the profile in it",)
    if written.form is Form.DOCKER and where.decoder == "containerd":
        return (
            f"note: {shown} is in Docker's form, and containerd knows none of its additions (--decoder docker or cri-o reads them)",
        )
    return ()


def _judged(name: str, written: Written, where: Place, doubts: tuple[str, ...], notes: tuple[str, ...] = ()) -> Operand:
    try:
        judged = judge_at(written.profile, where)
    except Refused as error:
        raise Fault(f"{name} {error}: no container starts with it on {where.decoder}") from error
    except NotJudged as error:
        raise Fault(f"{name} {error}") from error
    return Operand(name, written.form.value, where, judged, written, notes, doubts)


def content(name: str, takes: str = _TAKES) -> bytes:
    """Return the bytes of a file, or of stdin for -, at most one more than is judged. Raises Fault; `takes` is its hint."""
    with opened(name, takes) as file:
        return file.read(LARGEST + 1)


@contextmanager
def opened(name: str, takes: str) -> Iterator[BinaryIO]:
    """Give a file, or stdin for -, to read from. Raises Fault where that fails, `takes` is its hint."""
    try:
        if name == "-":
            if sys.stdin is None:
                raise Fault("standard input is closed", "name a file")
            yield sys.stdin.buffer
        else:
            with Path(name).open("rb") as file:
                yield file
    except OSError as error:
        raise Fault(f"{name} cannot be read: {error.strerror}", None if Path(name).exists() else takes) from error


def _default(name: str, loading: Loading) -> Operand:
    scheme, _, version = name.removeprefix("runtime/").partition("@")
    known = [runtime.scheme for runtime in RUNTIMES]
    if scheme not in known:
        raise Fault(f'"{name}" names no runtime that is known: they are {", ".join(known)}', _RELEASES, 2)
    if not version:
        raise Fault(f'"{name}" names no version', _RELEASES, 2)
    return _variant(name, f"{scheme}://{version}", loading, None)


def _variant(name: str, version: str, loading: Loading, node: NodeFacts | None) -> Operand:
    match = defaults.variant(version)
    if match is None:
        hint = _RELEASES if node is None else None
        raise Fault(f"no default profile is known for {version.replace('://', ' ')}", hint, 2 if node is None else 3)
    runtime, numbers = parse(version)
    where, doubts = place(loading, node, runtime)
    judged = default_at(match.variant, where)
    if judged is None:
        raise Fault(
            f"the default profile for {where.target.arch} is not known", "--arch takes amd64, arm64, arm, s390x, ppc64le, riscv64", 2
        )
    if node is None and len(numbers) < 3 and not match.nearest:
        whole = ".".join(map(str, (*numbers, 0, 0)[:3]))
        doubts = (f"it names no release: the profile of {runtime.title} {whole} is taken", *doubts)
    elif match.doubt:
        doubts = (match.doubt, *doubts)
    if node is not None and not runtime.fixed_default:
        doubts = (*doubts, f"{runtime.title} can be configured to use another default profile, which no API shows")
    form = f"RuntimeDefault as of {match.variant}"
    return Operand(name, form, where, judged, None, _doubted(name, doubts), doubts)


def _doubted(name: str, doubts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"note: {name}: {doubt}" for doubt in doubts)


def _node_default(name: str, loading: Loading, connection: Options) -> Operand:
    from .connect import open_api

    node = _node(name.removeprefix("runtime/node/"), open_api(connection))
    return _variant(name, node.runtime, loading, node)


def _node(name: str, api: Api) -> NodeFacts:
    from ..cluster.api import ApiError
    from ..cluster.lists import node

    try:
        return node(api, name)
    except ApiError as error:
        raise Fault(f"node {name} cannot be read: {error.why}", error.rights(" --verify") or "see: kubectl get nodes") from error


class NodeContent(Struct, frozen=True):
    """A Localhost profile's bytes as a node's probe sent them; `assumed`: the kubelet's root directory is, and so the file."""

    node: NodeFacts
    content: bytes
    assumed: bool


def node_content(name: str, probing: Probing, connection: Options) -> NodeContent:
    """Return the file that node/NAME:PATH is. Raises Fault: 2 for a wrong name, 3 for what cannot be read."""
    from ..evidence import node_evidence
    from ..node_proof import Question, ask_node
    from .connect import open_api
    from .looking import pod_client, settings

    called, _, path = name.removeprefix("node/").partition(":")
    if not called or not path:
        raise Fault(f'"{name}" is not a node with a path', "write node/NAME:PATH, with PATH as in localhostProfile", 2)
    api = open_api(connection)
    _node(called, api)
    node, _ = node_evidence(api, called)
    if node.unaskable:
        raise Fault(f"node {called} cannot be asked: {node.unaskable}")
    answer = ask_node(api, pod_client(api, probing, None), Question[str](node, {}, (path,)), settings(probing))
    content, file = answer.contents.get(path), answer.files.get(path)
    if content is None:
        why = file.explanation or file.state.value if file is not None else "; ".join(gap.why for gap in answer.gaps)
        state = " is missing" if file is not None and file.state is FileState.MISSING else " cannot be read"
        raise Fault(f"{path} on {called}{state}: {why}")
    return NodeContent(node, content, file is not None and file.assumed)


def _node_file(name: str, loading: Loading, probing: Probing, connection: Options) -> Operand:
    found = node_content(name, probing, connection)
    runtime, _ = parse(found.node.runtime)
    where, doubts = place(loading, found.node, runtime)
    if found.assumed:
        doubts = (*doubts, ASSUMED)
    try:
        profile = decode(found.content)
    except (Refused, NotJudged) as error:
        raise Fault(f"{name} {error}") from error
    # As the node reads it: what is wrapped in it does not count there.
    written = Written(Form.OCI, profile, found.content.decode("utf-8", "replace"))
    return _judged(name, written, where, doubts, _doubted(name, doubts))
