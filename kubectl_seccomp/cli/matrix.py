"""`check profile`: one file over all nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..cluster.connection import Options
from ..fault import Fault
from .boundary import flush, put, say
from .choices import Format
from .connect import open_api
from .given import Judging, Output, Probing, Verifying
from .looking import Manifests, asking, chosen, pod_client, settings
from .reports import exit_code, head, put_manifests, query_of, width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..profile_matrix import ProfileMatrix
    from ..profile_survey import Surveyed
    from ..render.records import Record

_MOST = 10  # findings that are told under the table; -o json has all


def check_profile(
    paths: list[str], output: Output, judging: Judging, verifying: Verifying, probing: Probing, connection: Options
) -> int:
    """Print what each node has at these paths, who uses it there, and who could land there."""
    from ..profile_matrix import nowhere_at_all
    from ..profile_survey import survey
    from ..verify import Limits

    query = query_of(output)
    paths = _accepted(paths)
    api = open_api(connection)
    top = head("cluster", api.connection.context, ["*"], None, kind="ProfileMatrix")
    limits = Limits(verifying.concurrency, verifying.max_nodes, chosen(api, verifying.nodes))
    shown: Manifests | None = [] if probing.dry_run else None
    with asking() as told:
        found = survey(api, pod_client(api, probing, shown), paths, settings(probing), limits, top, told)
    if shown is not None:
        return put_manifests(shown, output)
    put(query(_record(found)) if query else _chunks(found, output), exact=output.exact)
    flush()
    absent = [each for each in found.matrices if nowhere_at_all(each)]
    _tell(found, absent)
    return exit_code(found.worst, found.gaps, judging.fail_on, allow_gaps=output.allow_gaps) or (3 if absent else 0)


def _accepted(paths: list[str]) -> list[str]:
    """Return each path once. Fault (2) for what no pod could ask for."""
    from ..profile_matrix import wrong_path

    for path in paths:
        why = wrong_path(path)
        if why is not None:
            raise Fault(
                f'"{path[:200]}" is not a valid localhostProfile: {why}',
                "write it as in the pod's seccompProfile: profiles/app.json",
                2,
            )
    return list(dict.fromkeys(paths))


def _chunks(found: Surveyed, output: Output) -> Iterator[str]:
    from ..render.json import pretty
    from ..render.matrix import table
    from ..render.yaml import block

    if output.output in (Format.TABLE, Format.WIDE):
        wide = output.output is Format.WIDE
        yield from table(found.matrices, wide=wide, headers=not output.no_headers, width=None if wide else width())
    else:
        yield (block if output.output is Format.YAML else pretty)(_record(found))


def _record(found: Surveyed) -> Record:
    from ..render.matrix import record

    return record(found.head, found.matrices, found.findings, found.gaps)


def _tell(found: Surveyed, absent: list[ProfileMatrix]) -> None:
    """Say on stderr what the tables come to: a line per path, what is found with its users, what could not be read."""
    from ..render.matrix import finding_lines, summary
    from ..render.summary import gap_lines

    for each in found.matrices:
        say(f"error: no node that was asked has {each.path}, and no pod uses it" if each in absent else summary(each))
    if absent:
        say("hint: PATH is what a pod's localhostProfile says; kubectl seccomp check node --all shows which files there are")
    for line in (*finding_lines(found.findings, _MOST), *gap_lines(found.gaps)):
        say(line)
