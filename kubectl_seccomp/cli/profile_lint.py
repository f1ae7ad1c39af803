"""`profile lint`: what is wrong with profile files, and what each runtime makes of it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..cluster.connection import Options
from ..fault import Fault
from ..runtimes import parse
from .boundary import flush, put, say
from .choices import Shape
from .given import Judging, Loading, Probing
from .profile_operands import ASSUMED, content, node_content
from .profile_place import place
from .reports import exit_code, refuse_unknown, width, worst

if TYPE_CHECKING:
    from ..profiles.lint import Setting
    from ..render.problems import LintedFile

_SUFFIXES = (".json", ".yaml", ".yml")
_TAKES = "FILE is a file, a directory, - for stdin, or node/NAME:PATH"


def lint(
    profiles: list[str],
    loading: Loading,
    judging: Judging,
    probing: Probing,
    connection: Options,
    output: Shape = Shape.TABLE,
    recursive: bool = False,
) -> int:
    """Print the problems of each file; 1 at or above --fail-on, 3 when a file cannot be read."""
    from ..model import Gap
    from ..render import problems

    _refuse(profiles, judging)
    files: list[LintedFile] = []
    gaps: list[Gap] = []
    for name in dict.fromkeys(profiles):
        try:
            files.extend(_linted(name, loading, judging, probing, connection, recursive=recursive))
        except Fault as fault:
            if fault.code == 2 or len(profiles) == 1:
                raise
            gaps.append(Gap("profile", name, fault.message))
    match output:
        case Shape.JSON:
            put(problems.json(files), exact=True)
        case Shape.YAML:
            put(problems.yaml(files), exact=True)
        case Shape.TABLE:
            put(problems.table(files, width()))
    flush()
    for gap in gaps:
        say(f"error: {gap.why}")
    say(problems.counted(files))
    found = worst(each for file in files for each in file.problems)
    return exit_code(found, tuple(gaps), judging.fail_on, allow_gaps=False)


def _refuse(profiles: list[str], judging: Judging) -> None:
    from ..checks.lint import CHECKS

    for name in profiles:
        if name.startswith("runtime/"):
            raise Fault(f'"{name}" is not a file: profile lint takes files, - and node/NAME:PATH', "see: profile show, profile diff", 2)
    refuse_unknown(judging, CHECKS, " on profiles")


def _linted(
    name: str, loading: Loading, judging: Judging, probing: Probing, connection: Options, *, recursive: bool
) -> Iterator[LintedFile]:
    from ..profiles.lint import Setting

    decoder = loading.decoder.value if loading.decoder is not None else ""
    if name.startswith("node/"):
        found = node_content(name, probing, connection)
        where, doubts = place(loading, found.node)
        for doubt in (*doubts, *((ASSUMED,) if found.assumed else ())):
            say(f"note: {name}: {doubt}")
        decoder = decoder or parse(found.node.runtime)[0].scheme
        yield _one(name, found.content, Setting(where, decoder, on_node=True, default=found.node.runtime), judging)
        return
    where, _ = place(loading, None)
    for path in _files(name, recursive=recursive):
        yield _one(path, content(path, _TAKES), Setting(where, decoder), judging)


def _one(name: str, raw: bytes, setting: Setting, judging: Judging) -> LintedFile:
    from ..checks import wanted
    from ..profiles.lint import lint as judge
    from ..render.problems import LintedFile

    found = judge(raw, setting)
    kept = tuple(each for each in found.problems if wanted(each, tuple(judging.select), tuple(judging.ignore)))
    return LintedFile(name, found.form.value if found.form is not None else None, kept, setting.lanes)


def _files(name: str, *, recursive: bool) -> Iterator[str]:
    """Yield a path, or the .json, .yaml and .yml files in it where it is a directory, with those below it when `recursive`."""
    if name == "-" or not Path(name).is_dir():
        yield name
        return
    inside = sorted(Path(name).rglob("*") if recursive else Path(name).glob("*"))
    found = [path for path in inside if path.suffix in _SUFFIXES and stat.S_ISREG(path.stat().st_mode)]
    if not found:
        raise Fault(f"{name} holds no .json, .yaml or .yml files{'' if recursive else ' (-R looks into its subdirectories)'}")
    yield from map(str, found)
