"""`profile lint` from the command line, without a cluster: what is printed where, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from . import inside
from .test_profile import DENY, DOCKER, FILES, RESOURCE, WEB, run

LINT = FILES.parent / "lint"
GOOD = str(LINT / "KS310" / "pass.json")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((GOOD,), 0),
        ((DENY,), 1),
        ((DENY, "--fail-on", "high"), 0),
        ((DENY, "--fail-on", "never"), 0),
        ((WEB, "--fail-on", "high"), 1),
        ((DENY, "--ignore", "KS359,new-mount"), 0),
        ((DENY, "--select", "KS343"), 0),
        ((DENY, "--select", "KS343", "--fail-on", "low"), 1),
        ((DOCKER, "--select", "KS32", "--decoder", "cri-o"), 0),
        ((DOCKER, "--select", "KS32", "--decoder", "containerd"), 1),
        ((GOOD, "/nonexistent.json"), 3),
        ((DENY, "/nonexistent.json"), 1),
        (("/nonexistent.json",), 3),
        (("runtime/containerd@2.2.4",), 2),
        ((GOOD, "--select", "KS101"), 2),
        ((GOOD, "--runtime", "runsc"), 2),
        ((), 2),
    ],
    ids=lambda value: " ".join(Path(word).name for word in value) if isinstance(value, tuple) else "",
)
def test_exit_codes(words: tuple[str, ...], code: int) -> None:
    assert run("lint", *words)[0] == code


def test_data_on_stdout_and_the_count_on_stderr() -> None:
    code, out, err = run("lint", DENY, WEB)
    assert code == 1
    assert out.splitlines()[0].split() == ["FILE:LINE:COLUMN", "SEVERITY", "ID", "MESSAGE"]
    assert f"{DENY}:2:3" in out
    assert err.startswith("2 files, 11 problems: 1 high, 5 medium, 5 low")
    code, out, err = run("lint", GOOD)
    assert (code, out, err) == (0, "", "1 file, 0 problems\n")


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_linted() -> None:
    _, out, err = run("lint", "/nonexistent.json", DENY)
    assert "KS359" in out
    assert err.startswith("error: /nonexistent.json cannot be read: No such file or directory\n")
    _, _, err = run("lint", "/nonexistent.json")
    assert err.endswith("hint: FILE is a file, a directory, - for stdin, or node/NAME:PATH\n")


def test_json_and_yaml_say_the_same() -> None:
    code, out, _ = run("lint", WEB, "-", "-o", "json", stdin=b"{")
    document = json.loads(out)
    assert code == 1
    assert document["kind"] == "ProfileReport"
    assert [(entry["file"], entry["format"]) for entry in document["profiles"]] == [(WEB, "OCI"), ("-", None)]
    (broken,) = document["profiles"][1]["problems"]
    assert (broken["id"], broken["line"], broken["column"]) == ("KS310", 1, 2)
    assert broken["runtimes"]["containerd+runc"] == "refused"
    assert yaml.safe_load(run("lint", WEB, "-", "-o", "yaml", stdin=b"{")[1]) == document


def test_runtimes_are_those_that_are_asked_for() -> None:
    _, out, _ = run("lint", WEB, "--decoder", "cri-o", "--runtime", "crun", "-o", "json")
    problems = json.loads(out)["profiles"][0]["problems"]
    assert {tuple(problem["runtimes"]) for problem in problems} == {("cri-o+crun",)}
    assert not any("runc needs fstatfs" in problem["message"] for problem in problems)


def test_a_resource_is_fine_as_an_object() -> None:
    code, out, _ = run("lint", RESOURCE, "--select", "KS312", "-o", "json")
    (problem,) = json.loads(out)["profiles"][0]["problems"]
    assert (code, problem["severity"]) == (0, "info")


def test_directories(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("{}")
    (tmp_path / "below" / "b.json").write_text("null")
    flat = json.loads(run("lint", str(tmp_path), "-o", "json")[1])
    deep = json.loads(run("lint", str(tmp_path), "-R", "-o", "json")[1])
    assert [Path(entry["file"]).name for entry in flat["profiles"]] == ["a.json"]
    assert [Path(entry["file"]).name for entry in deep["profiles"]] == ["a.json", "b.json"]
    assert [entry["problems"][0]["severity"] for entry in deep["profiles"]] == ["critical", "critical"]
    (tmp_path / "a.json").unlink()
    code, _, err = run("lint", str(tmp_path))
    assert (code, "-R looks into its subdirectories" in err) == (3, True)


def test_explain_knows_the_checks_of_lint() -> None:
    done = inside.run("explain", "upper-bits")
    assert done.code == 0
    assert done.out.startswith("KS342 upper-bits: Can be bypassed through the upper half of an argument\n")
