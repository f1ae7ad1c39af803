from __future__ import annotations

import pytest
from msgspec import structs

from kubectl_seccomp.model import Gap, Tail
from kubectl_seccomp.render.summary import gap_lines, lines

from . import reports


def tail(*gaps: Gap, skipped: int = 0, full: bool = True) -> Tail:
    report = reports.report(reports.everything() if full else [], *gaps)
    list(report.pods)
    made = report.tail()
    return structs.replace(made, summary=structs.replace(made.summary, skipped=skipped))


def test_the_counts_leave_out_zeros() -> None:
    first, second = lines(tail())
    assert first == (
        "18 containers in 11 pods: 8 RuntimeDefault, 3 Localhost, 3 Unconfined, 1 NotApplicable, 3 Unknown."
        " Findings: 2 critical, 2 high, 4 medium, 1 low, 1 info."
    )
    assert second == "Observed: 2 filtered, 4 unfiltered, 1 strict, 3 failed, 8 unchecked."


@pytest.mark.parametrize(
    ("judged", "source", "expected"),
    [
        (False, "cluster", "1 container in 1 pod: 1 RuntimeDefault."),
        (True, "cluster", "1 container in 1 pod: 1 RuntimeDefault. No findings."),
        (True, "files", "1 container in 1 object: 1 RuntimeDefault. No findings."),
    ],
)
def test_one_of_each(judged: bool, source: str, expected: str) -> None:
    report = reports.report([reports.pod("p", reports.container("c", reports.decision()))])
    list(report.pods)
    assert list(lines(report.tail(), source=source, judged=judged)) == [expected]


@pytest.mark.parametrize(
    ("skipped", "told"),
    [
        (0, []),
        (1, ["1 pod that succeeded left out (--include-finished shows them)."]),
        (3, ["3 pods that succeeded left out (--include-finished shows them)."]),
    ],
)
def test_finished_pods_are_counted(skipped: int, told: list[str]) -> None:
    assert list(lines(tail(skipped=skipped, full=False))) == told


@pytest.mark.parametrize(
    ("gaps", "told"),
    [
        ([Gap("exec", "pod/default/p/c", "timeout")], ["gap: exec of pod/default/p/c: timeout"]),
        ([Gap("nodes", "", "forbidden", 12)], ["gap: nodes: forbidden; affects 12 containers"]),
        (
            [Gap("kubelet default", f"node/node-{n}", "not ready", n) for n in range(300)],
            ["gap: kubelet default of 300 nodes (node-0, node-1, node-2, …): not ready; affects 44850 containers"],
        ),
        (
            [Gap("kubelet default", f"node/node-{n}", f"forbidden: nodes/proxy of node-{n}", 1) for n in "ab"],
            ["gap: kubelet default of 2 nodes (node-a, node-b): forbidden: nodes/proxy of …; affects 2 containers"],
        ),
        (
            [Gap("kubelet default", "node/node-a", "timeout"), Gap("kubelet default", "node/node-b", "forbidden")],
            ["gap: kubelet default of node/node-a: timeout", "gap: kubelet default of node/node-b: forbidden"],
        ),
        (
            [Gap("exec", f"pod/{space}/p", "timeout") for space in "ab"],
            ["gap: exec of 2 pods (a/p, b/p): timeout"],
        ),
        (
            [Gap("document", f"dir/a.yaml:{n}", "bad") for n in (1, 2)],
            ["gap: 2 places (dir/a.yaml:1, dir/a.yaml:2): bad"],
        ),
        ([Gap("file", "\x1b[2J", "\u202e")], ["gap: \\x1b[2J: \\u202e"]),
        ([Gap("file", "x", "y" * 9000)], ["gap: x: " + "y" * 391 + "…"]),
        ([Gap("file", "node/a.yaml", "is a directory")], ["gap: node/a.yaml: is a directory"]),
        ([Gap("manifests", "-", "no objects")], ["gap: standard input: no objects"]),
    ],
)
def test_gaps(gaps: list[Gap], told: list[str]) -> None:
    assert list(gap_lines(tuple(gaps))) == told


def test_endless_kinds_of_gaps_are_counted() -> None:
    told = list(gap_lines(tuple(Gap(f"fact {n}", "x", "y") for n in range(500))))
    assert len(told) == 21
    assert told[-1] == "gap: 480 more kinds of gaps (-o json shows all)"


def test_the_summary_ends_with_the_gaps() -> None:
    assert list(lines(tail(*reports.GAPS)))[2].startswith("gap: kubelet default of 3 nodes (node-c, node-d, node-e): ")
