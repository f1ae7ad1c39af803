"""What `audit`, `list` and `check pod` have in common: the head, the chosen format, the summary, the exit code."""

from __future__ import annotations

import datetime
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..fault import Fault
from ..model import Finding, Gap, Head, Report, Scope, Tool
from ..words import KubeletDefault, Severity
from .boundary import flush, put, say
from .choices import FailOn, Format
from .given import Files, Judging, Output, Selecting

if TYPE_CHECKING:
    from ..audit import Policy
    from ..checks.record import Check
    from ..profiles.problem import Problem
    from ..render.records import Record


def head(source: str, context: str | None, namespaces: list[str], selector: str | None, kind: str = "SeccompReport") -> Head:
    """Return the head of a report made now."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Head(now, Tool("kubectl-seccomp", __version__), Scope(source, context, namespaces, selector), kind)


def policy(judging: Judging, selecting: Selecting, files: Files) -> Policy:
    """Return how to judge, as the options say. Fault (2) for an unknown check or version."""
    from .. import pss
    from ..audit import Policy
    from ..checks import EVERY

    refuse_unknown(judging, EVERY, "")
    assumed = KubeletDefault(files.seccomp_default.value) if files.seccomp_default else KubeletDefault.UNKNOWN
    return Policy(
        pss_version=pss.parse_version(judging.pss_version),
        select=tuple(judging.select),
        ignore=tuple(judging.ignore),
        include_finished=selecting.include_finished,
        manifests=bool(files.filename),
        assumed_default=assumed,
    )


def width() -> int | None:
    """Return the columns of the terminal that stdout is, None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else None


def finish(report: Report, output: Output, fail_on: FailOn, *, quiet: bool = False, judged: bool = True) -> int:
    """Tell the summary and the gaps on stderr and return the exit code."""
    from ..render import summary

    tail = report.tail()
    flush()
    if not quiet:
        for line in summary.lines(tail, source=report.head.scope.source, judged=judged):
            say(line)
    nothing = report.head.scope.source == "files" and not tail.summary.pods and not tail.summary.skipped
    return exit_code(tail.worst, tail.gaps, fail_on, allow_gaps=output.allow_gaps and not nothing)


def put_manifests(manifests: list[dict[str, Any]], output: Output) -> int:
    """Print manifests as YAML documents, in the order of their nodes, and return the exit code."""
    if output.output not in (Format.TABLE, Format.YAML):
        raise Fault(f"--dry-run prints YAML: it cannot be combined with -o {output.output.value}", "leave out -o", 2)
    from ..render.manifests import render

    put(render(sorted(manifests, key=lambda manifest: str(manifest["spec"]["nodeName"]))), exact=True)
    if not manifests:
        say("no probe pod would be created")
    return 0


def worst(found: Iterable[Finding | Problem]) -> Severity | None:
    """Return the worst severity, None where nothing was found."""
    return min((each.severity for each in found), key=lambda severity: severity.rank, default=None)


def exit_code(worst: Severity | None, gaps: tuple[Gap, ...], fail_on: FailOn, *, allow_gaps: bool) -> int:
    """Return 1 for findings at or above `fail_on`, else 3 for gaps, else 0."""
    if fail_on is not FailOn.NEVER and worst is not None and worst.rank <= Severity(fail_on.value).rank:
        return 1
    return 3 if gaps and not allow_gaps else 0


def query_of(output: Output) -> Callable[[Report | Record], Iterator[str]] | None:
    """Return what prints the answer of --query, None where there is none. Fault (2), before anything is asked, for a wrong one."""
    if output.query is None:
        return None
    from ..render.query import query

    if output.output not in (Format.TABLE, Format.JSON):
        raise Fault(f"--query prints json: it cannot be combined with -o {output.output.value}", "leave out -o", 2)
    return query(output.query)


def refuse_unknown(judging: Judging, checks: Iterable[Check], about: str) -> None:
    """Stop where --select or --ignore fits none of the checks: it would do nothing."""
    from ..checks import begins

    for key in (*judging.select, *judging.ignore):
        if not key or not any(begins(check, key) for check in checks):
            raise Fault(f'there is no check "{key}"{about}', "see: kubectl seccomp explain", 2)
