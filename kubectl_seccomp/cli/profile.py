"""`profile show`, `explain`, `diff` and `convert`: what a profile means where it is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

from ..cluster.connection import Options
from ..fault import Fault
from .boundary import put, say
from .choices import FileShape, Shape, To
from .given import Loading, Probing
from .reports import width

if TYPE_CHECKING:
    from ..profiles.oci import Resolved
    from ..render.profile import Subject
    from .profile_operands import Operand


def show(profile: str, loading: Loading, probing: Probing, connection: Options, output: Shape = Shape.TABLE) -> int:
    """Print what a profile allows and refuses."""
    from ..profiles.sets import placed, sets
    from ..render.profile_sets import render

    found = _read(profile, loading, probing, connection)
    made = sets(found.judged)
    made = placed(made, found.lines()) if made.dropped else made
    _put(output, "ProfileSets", {"profile": _subject(found)}, made, render(_subject(found), made, width() or 80))
    return 0


def explain(
    profile: str,
    loading: Loading,
    probing: Probing,
    connection: Options,
    syscall: list[str] = [],  # noqa: B006
    output: Shape = Shape.TABLE,
) -> int:
    """Print what single calls get under a profile, and why. 2 for a name that no libseccomp knows."""
    from ..profiles.explain import Explanation
    from ..profiles.explain import explain as explained
    from ..render.profile_explain import render

    if not syscall:
        raise Fault("no syscall is named", "name one or more with --syscall NAME[,NAME]", 2)
    found = _read(profile, loading, probing, connection)
    lines = found.lines()
    made = Explanation(tuple(explained(found.judged, name, lines) for name in dict.fromkeys(syscall)))
    _put(output, "ProfileExplanation", {"profile": _subject(found)}, made, render(_subject(found), made, width() or 80))
    unknown = [call for call in made.calls if not call.known]
    for call in unknown:
        near = f" (did you mean {call.suggestion}?)" if call.suggestion else ""
        say(f'error: unknown syscall "{call.call}"{near}: a rule that names it has no effect')
    return 2 if unknown else 0


def diff(profiles: list[str], loading: Loading, probing: Probing, connection: Options, output: Shape = Shape.TABLE) -> int:
    """Print how the second profile differs from the first; 0 the same, 1 different, 3 where that cannot be decided."""
    from ..profiles.compare import compare
    from ..render.profile_diff import render

    if len(profiles) != 2:
        raise Fault("profile diff takes two profiles", "name the one before, then the one after", 2)
    if profiles == ["-", "-"]:
        raise Fault("only one of the two profiles can be standard input", "name a file for the other", 2)
    first, second = (_read(name, loading, probing, connection) for name in profiles)
    if first.place.target.arch != second.place.target.arch:
        raise Fault("the two profiles are for different architectures", "choose one architecture for both with --arch", 2)
    made = compare(first.judged, second.judged)
    both = {"a": _subject(first), "b": _subject(second)}
    _put(output, "ProfileDiff", both, made, render(both["a"], both["b"], made, width() or 80))
    return 0 if made.same else 1 if made.changes else 3


def convert(
    profile: str,
    loading: Loading,
    probing: Probing,
    connection: Options,
    to: To | None = None,
    output: FileShape | None = None,
    name: str | None = None,
) -> int:
    """Print a profile in another form."""
    if to is None:
        raise Fault("the form to write is missing", "give --to oci or --to seccompprofile", 2)
    found = _for_writing(profile, loading, probing, connection)
    resolved = found.judged.resolved
    if resolved is None:
        raise Fault(f"{found.name} gives no filter at all: there is nothing to write")
    for lost in resolved.dropped:
        say(f"note: rule {lost.index} is left out: {lost.why}")
    write(resolved, to, output, name, found.name.partition("@")[0] if found.written is None else found.name)
    return 0


def write(resolved: Resolved, to: To, output: FileShape | None, name: str | None, source: str) -> None:
    """Print a profile; `name` is that of the resource, if not that of the `source`."""
    from ..profiles import output as forms

    if to is To.OCI:
        put([forms.oci(resolved, yaml=output is FileShape.YAML)], exact=True)
    else:
        put([forms.resource(resolved, name or _resource_name(source), None, as_json=output is FileShape.JSON)], exact=True)


def _for_writing(profile: str, loading: Loading, probing: Probing, connection: Options) -> Operand:
    """Read a file in Docker's form as dockerd does, which loses nothing of it but what does not hold for this container."""
    from msgspec import structs

    from ..profiles.written import Form
    from .choices import Decoder
    from .profile_operands import again

    found = _read(profile, loading, probing, connection, quiet=True)
    if found.form == Form.DOCKER.value and found.written is not None and loading.decoder is None and not profile.startswith("node/"):
        found = again(found, structs.replace(loading, decoder=Decoder.DOCKER))
        say(f"note: {found.name} is in Docker's form: includes, excludes and archMap are resolved as dockerd does, for one container")
    for note in found.notes if found.written is None or profile.startswith("node/") else ():
        say(note)
    return found


def _resource_name(source: str) -> str:
    import re

    plain = re.sub(r"[^a-z0-9]+", "-", PurePath(source).stem.lower())[:63].strip("-")
    return plain or "profile"


def _read(profile: str, loading: Loading, probing: Probing, connection: Options, *, quiet: bool = False) -> Operand:
    from .profile_operands import operand

    found = operand(profile, loading, probing, connection)
    for note in () if quiet else found.notes:
        say(note)
    return found


def _subject(found: Operand) -> Subject:
    from ..render.profile import subject

    return subject(found.name, found.form, found.place, found.doubts)


def _put(output: Shape, kind: str, subjects: Mapping[str, object], made: object, table: Iterator[str]) -> None:
    from ..render.profile import machine

    if output is Shape.TABLE:
        put(table)
    else:
        put(machine(kind, subjects, made, yaml=output is Shape.YAML), exact=True)
