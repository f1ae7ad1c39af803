"""How problems are written: the table, the notes on runtimes, json, and the part of `check pod`."""

from __future__ import annotations

import json

import pytest

from kubectl_seccomp.facts import FileProblem, ProfileFile
from kubectl_seccomp.profiles.positions import Position
from kubectl_seccomp.profiles.problem import (
    HONOURED,
    IGNORED,
    LANES,
    LOADS,
    REFUSED,
    Effect,
    Effects,
    Problem,
    by_decoder,
    by_oci,
    everywhere,
)
from kubectl_seccomp.render import problems
from kubectl_seccomp.render.problems import LintedFile
from kubectl_seccomp.words import EffectiveType, FileState, Severity

from .reports import HOSTILE, container, decision, pod

LONG = "a sentence that goes on for longer than a line of a terminal has room for, so that it is folded"


def problem(message: str = "it is so", effects: Effects | None = None, **more: object) -> Problem:
    values: dict[str, object] = {"position": Position(3, 7), "suggestion": "that", **more}
    made = everywhere(LOADS) if effects is None else effects
    return Problem("KS314", "unknown-word", Severity.HIGH, message, (), made, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("effects", "note"),
    [
        (everywhere(LOADS), ""),
        (everywhere(REFUSED), " (refused)"),
        (by_oci(Effect(REFUSED, before=(1, 2)), LOADS), " (runc: refused before 1.2; crun: loads)"),
        (by_decoder(IGNORED, HONOURED, HONOURED), " (containerd: ignored; CRI-O, dockerd: honoured)"),
        ({"containerd+runc": Effect(LOADS), "containerd+crun": Effect(LOADS)}, " (containerd)"),
        (
            {**by_decoder(IGNORED, HONOURED, HONOURED), "containerd+crun": Effect(REFUSED)},
            " (containerd+runc: ignored; containerd+crun: refused; cri-o+runc, cri-o+crun, docker+runc, docker+crun: honoured)",
        ),
    ],
)
def test_what_the_runtimes_make_of_it_is_said_as_shortly_as_can_be(effects: Effects, note: str) -> None:
    assert problems.note(problem(effects=effects), LANES) == note


def test_a_wide_table_has_a_line_for_each_problem() -> None:
    text = "".join(problems.table([LintedFile("a.json", "OCI", (problem(),)), LintedFile("b.json", "OCI", ())], None))
    assert text == "FILE:LINE:COLUMN   SEVERITY   ID      MESSAGE\na.json:3:7         high       KS314   it is so\n"


def test_in_a_narrow_terminal_messages_wrap_and_long_names_stand_on_lines_of_their_own() -> None:
    short = "".join(problems.table([LintedFile("a.json", "OCI", (problem(LONG),))], 80))
    long = "".join(problems.table([LintedFile("some/long/path/" * 4 + "a.json", "OCI", (problem(LONG),))], 80))
    assert short.startswith("FILE:LINE:COLUMN")
    assert long.splitlines()[1].startswith("  a sentence")
    for line in [*short.splitlines(), *long.splitlines()[1:]]:
        assert len(line) <= 80


def test_without_problems_there_is_nothing() -> None:
    assert list(problems.table([LintedFile("a.json", "OCI", ())], 80)) == []
    assert "\nstandard input:" in "".join(problems.table([LintedFile("-", "OCI", (problem(),))], None))


def test_the_json_form_is_the_contract() -> None:
    file = LintedFile("a.json", "OCI", (problem(effects=by_oci(Effect(REFUSED, before=(1, 2)), LOADS)),))
    document = json.loads("".join(problems.json([file, LintedFile("-", None, ())])))
    assert list(document) == ["apiVersion", "kind", "profiles"]
    assert (document["apiVersion"], document["kind"]) == ("kubectl-seccomp/v1", "ProfileReport")
    assert document["profiles"][1] == {"file": "-", "format": None, "problems": []}
    (found,) = document["profiles"][0]["problems"]
    assert list(found) == ["id", "slug", "severity", "message", "line", "column", "runtimes", "suggestion"]
    assert found["runtimes"]["containerd+runc"] == "refused before 1.2"
    assert (found["line"], found["column"], found["severity"], found["suggestion"]) == (3, 7, "high", "that")


@pytest.mark.parametrize("width", [None, 80, 40])
def test_nothing_hostile_reaches_a_terminal(width: int | None) -> None:
    effects = {**everywhere(LOADS), "docker+runc": Effect(HOSTILE)}
    text = "".join(problems.table([LintedFile(HOSTILE, "OCI", (problem(HOSTILE, effects),))], width))
    assert text.replace("\n", "").isprintable()
    told = tuple(FileProblem("KS359", "weaker-than-default", Severity.MEDIUM, HOSTILE, number, 1) for number in range(9))
    for path in (HOSTILE, None):
        file = ProfileFile(FileState.PRESENT, path, effect="filter", problems=told)
        made = decision(EffectiveType.LOCALHOST, file=file, path=HOSTILE)
        shown = "".join(problems.file_problems(pod(HOSTILE, container(HOSTILE, made), node=HOSTILE), width or 80))
        assert "PROBLEMS" in shown
        assert shown.replace("\n", "").isprintable()


def test_counts() -> None:
    found = [LintedFile("a", "OCI", (problem(),)), LintedFile("b", "OCI", (problem(),))]
    assert problems.counted(found) == "2 files, 2 problems: 2 high"
    assert problems.counted([LintedFile("a", "OCI", ())]) == "1 file, 0 problems"


def test_check_pod_shows_the_worst_of_a_file_once_and_says_how_to_see_the_rest() -> None:
    told = tuple(FileProblem("KS359", "weaker-than-default", Severity.MEDIUM, f"number {number}", number, 1) for number in range(1, 9))
    file = ProfileFile(FileState.PRESENT, "/root/seccomp/p.json", effect="filter", problems=told)
    made = decision(EffectiveType.LOCALHOST, file=file, path="p.json")
    both = pod("web", container("a", made), container("b", made))
    text = "".join(problems.file_problems(both, 80))
    assert text.count("PROBLEMS of /root/seccomp/p.json") == 1
    assert "KS359 medium   line 5: number 5\n" in text
    assert "number 6" not in text
    assert f"3 more: kubectl seccomp profile lint node/{both.node}:p.json" in text


def test_a_path_that_is_as_long_as_a_line_is_not_broken() -> None:
    path = f"/root/{'x' * 66}.json"
    told = (FileProblem("KS359", "weaker-than-default", Severity.MEDIUM, "m", 1, 1),)
    made = decision(EffectiveType.LOCALHOST, file=ProfileFile(FileState.PRESENT, path, effect="filter", problems=told), path="p.json")
    assert f"PROBLEMS of\n  {path}\n" in "".join(problems.file_problems(pod("web", container("a", made)), 80))
