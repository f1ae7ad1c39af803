"""`profile generate`: a profile from what was recorded."""

from __future__ import annotations

from functools import partial
from itertools import chain, repeat
from typing import BinaryIO

from ..fault import Fault
from ..profiles import floor
from ..profiles.generate import generate as generated
from ..profiles.gojson import NotJudged, Refused
from ..profiles.judged import Place
from ..profiles.recorded import LONGEST, Recording, from_lines, from_profile, is_profile
from ..profiles.syscalls import architecture
from ..profiles.written import LARGEST, read
from ..render import text
from ..render.profile_generate import of_profile, of_recording
from .boundary import say
from .choices import FileShape, To
from .given import Loading
from .profile import write
from .profile_operands import opened
from .profile_place import place

_TAKES = "SOURCE is a list of syscalls, an output of strace, a profile, or - for stdin"


def generate(sources: list[str], loading: Loading, to: To = To.OCI, output: FileShape | None = None, name: str | None = None) -> int:
    """Print a profile that lets through what was recorded, and tell on stderr what it lets through besides, and why."""
    where, _ = place(loading, None)
    recordings = [_recording(source, where) for source in dict.fromkeys(sources)]
    called = loading.runtime or "runc or crun"
    try:
        made = generated(recordings, where.target.arch, floor.seen(where.target.runtime, where.target.version), called)
    except Refused as error:
        raise Fault(f"the recordings {error}") from error
    for note in of_profile(made):
        say(f"note: {note}")
    write(made.resolved, to, output, name, sources[0])
    return 0


def _recording(source: str, where: Place) -> Recording:
    shown = text.source(source)
    try:
        with opened(source, _TAKES) as file:
            found = _read(file, where)
    except (Refused, NotJudged) as error:
        raise Fault(f"{shown} {error}", _TAKES) from error
    for note in of_recording(found):
        say(f"note: {shown}: {note}")
    return found


def _read(file: BinaryIO, where: Place) -> Recording:
    lines = iter(partial(file.readline, LONGEST), b"")
    number, first = next(((number, line) for number, line in enumerate(lines) if line.strip()), (0, b""))
    if is_profile(first):
        return from_profile(read(first + file.read(LARGEST + 1)), where.container)
    own = architecture(where.target.arch)
    return from_lines(chain(repeat(b"\n", number), [first], lines), own.name if own is not None else "")
