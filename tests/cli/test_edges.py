"""The command line's edges: a stdout or stderr that is closed, full, or of another encoding; options that contradict."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kubectl_seccomp import profile_survey
from kubectl_seccomp.cluster import leftovers
from kubectl_seccomp.facts import NodeFacts, ProfileFile
from kubectl_seccomp.model import Head, Scope, Tool
from kubectl_seccomp.profile_matrix import matrix
from kubectl_seccomp.words import FileState

from . import inside

PRODUCT = [sys.executable, "-m", "kubectl_seccomp"]
POD = (
    '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "%s"}, "spec": {"containers": [{"name": "c"}],'
    ' "securityContext": {"seccompProfile": {"type": "%s"}}}}'
)


@pytest.fixture
def good(tmp_path: Path) -> str:
    path = tmp_path / "good.json"
    path.write_text(POD % ("caf\u00e9", "RuntimeDefault"))
    return str(path)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.json"
    path.write_text(POD % ("bad", "Unconfined"))
    return str(path)


def run(*arguments: str, shell: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the product; `shell` is a redirection."""
    command = ["sh", "-c", f'"$@" {shell}', "sh", *PRODUCT, *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"])
@pytest.mark.parametrize("words", [("audit", "-o", "json"), ("list",)])
def test_a_stdout_that_takes_nothing_is_an_error_and_no_finding(good: str, words: tuple[str, ...], redirection: str) -> None:
    done = run(*words, "-f", good, shell=redirection)
    assert done.returncode == 3
    assert "error: cannot write to standard output" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_on_a_full_disk() -> None:
    done = run("--help", shell=">/dev/full")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_json_is_utf8_whatever_the_terminal_is(good: str, encoding: str) -> None:
    done = run("audit", "-f", good, "-o", "json", PYTHONIOENCODING=encoding)
    assert json.loads(done.stdout)["pods"][0]["name"] == "caf\u00e9"
    assert "caf\\xe9" in run("list", "-f", good, PYTHONIOENCODING="ascii").stdout


def test_a_closed_stderr_puts_no_words_among_the_data(bad: str) -> None:
    assert json.loads(run("audit", "-f", bad, "-o", "json", shell="2>&-").stdout)["complete"] is True


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-n", "shop"), "-n"),
        (("-A",), "-A"),
        (("--query", "pods["), "--query"),
        (("--query", "pods", "-o", "csv"), "--query prints json"),
        (("--ignore", ""), 'there is no check ""'),
        (("--select", "KS999"), 'there is no check "KS999"'),
        (("--select", "contradiction"), "finds nothing without a look at the nodes"),
        (("--select", "KS302"), "finds nothing without a look at the nodes"),
        (("--verify",), "cannot be combined with -f"),
        (("--nodes", "a=b"), "add --verify"),
        (("--max-nodes", "3"), "add --verify"),
        (("--dry-run",), "add --verify, and leave out --exec"),
        (("--what-if", "seccompDefault"), "cannot be combined with -f"),
        (("--concurrency", "3"), "add --verify"),
        (("--limit", "3", "-o", "csv"), "--limit cannot be combined with -o csv"),
        (("--limit", "3", "--what-if", "seccompDefault"), "--limit cannot be combined with --what-if"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(good: str, words: tuple[str, ...], told: str) -> None:
    done = inside.run("audit", "-f", good, *words)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("/etc/passwd",), "must be relative"),
        (("ok.json", "a/../b"), "must not contain '..'"),
        (("",), "it is empty"),
        (("\x1b[31m/../x",), '"\\x1b[31m/../x" is not a valid localhostProfile'),
        (("\udcff",), "it is not text"),
        (("ok.json", "-o", "csv"), "must be one of table, wide, json, yaml"),
        (("ok.json", "--query", "["), "--query"),
        (("ok.json", "--query", "a", "-o", "yaml"), "--query prints json"),
    ],
)
def test_a_profile_that_no_pod_could_name_is_refused_before_anybody_is_asked(words: tuple[str, ...], told: str) -> None:
    done = inside.run("check", "profile", *words, "--server", "https://127.0.0.1:1")
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_path_that_is_nowhere_is_no_all_clear(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    head = Head("2026-11-24T02:00:00Z", Tool("kubectl-seccomp", "0"), Scope("cluster", None, ["*"], None), "ProfileMatrix")
    nodes = {"a": NodeFacts("a", "linux")}
    tables = tuple(
        matrix(path, nodes, {"a": ProfileFile(state)}, ())
        for path, state in (("typo.json", FileState.MISSING), ("app.json", FileState.PRESENT))
    )
    monkeypatch.setattr(leftovers, "sweep", lambda *_: 0)
    monkeypatch.setattr(profile_survey, "survey", lambda *_: profile_survey.Surveyed(head, tables, (), (), None))
    done = inside.run("check", "profile", "typo.json", "app.json", "-o", form, "--allow-gaps", "--server", "https://127.0.0.1:1")
    assert (done.code, "typo.json" in done.out) == (3, True)
    told, fine, hint = done.err.splitlines()
    assert told == "error: no node that was asked has typo.json, and no pod uses it"
    assert (fine, hint[:18]) == ("app.json: not known for a; nobody uses it.", "hint: PATH is what")


def test_markdown_of_a_list_has_no_column_for_severities(bad: str) -> None:
    listed, audited = (inside.run(command, "-f", bad, "-o", "markdown").out.splitlines() for command in ("list", "audit"))
    assert listed[0].split(" | ")[0].strip("| ") == "Namespace"
    assert [line.partition("|")[2].partition("|")[2] for line in audited] == [line.partition("|")[2] for line in listed]


def test_stdin_has_one_name_on_the_screen_and_the_one_that_was_typed_in_json(bad: str) -> None:
    manifest = Path(bad).read_bytes()
    assert "standard input#1" in inside.run("audit", "-f", "-", "-o", "wide", stdin=manifest).out
    assert json.loads(inside.run("audit", "-f", "-", "-o", "json", stdin=manifest).out)["pods"][0]["file"] == "-"


def test_a_query_is_read_before_anybody_is_asked() -> None:
    done = inside.run("check", "pod", "x", "--query", "[", "--server", "https://127.0.0.1:1")
    assert done.code == 2


def test_findings_that_are_left_out_are_counted(bad: str) -> None:
    done = inside.run("audit", "-f", bad, "--ignore", "KS101", "-o", "json")
    assert done.code == 0
    assert json.loads(done.out)["summary"]["ignored"] == 1
    assert "1 finding left out by --select or --ignore" in done.err


def test_a_limit_leaves_out_findings_and_counts_them(bad: str) -> None:
    whole, some = (run("audit", "-f", bad, "-f", bad, "-f", bad, "-o", "json", *more) for more in ((), ("--limit", "2")))
    assert some.returncode == whole.returncode == 1
    everything, shown = json.loads(whole.stdout), json.loads(some.stdout)
    assert shown["findings"] == everything["findings"][:2] != everything["findings"]
    assert shown["summary"] == everything["summary"]
    assert f"the worst 2 of {len(everything['findings'])} findings are listed" in some.stderr
    assert run("audit", "-f", bad, "--query", "length(findings)", "--limit", "1").stdout == "1\n"


@pytest.mark.parametrize("text", ["", "# nothing\n", '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}'])
def test_nothing_audited_is_no_pass_even_with_gaps_allowed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    assert inside.run("audit", "-f", str(path), "--allow-gaps").code == 3


def test_another_groups_deployment_is_not_read_as_the_built_in_kind(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("apiVersion: foo.example/v1\nkind: Deployment\nspec: {template: {spec: {containers: [{name: c, image: a}]}}}\n")
    done = inside.run("audit", "-f", str(path))
    assert done.code == 3
    assert "kind Deployment is not supported" in done.err


def test_a_pipe_that_a_pattern_matches_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(POD % ("a", "RuntimeDefault"))
    os.mkfifo(tmp_path / "z.json")
    done = run("audit", "-f", f"{tmp_path}/*.json")
    assert done.returncode == 3
    assert "z.json" in done.stderr


@pytest.mark.parametrize("words", [("audit", "-o", "json"), ("explain",), ("rbac",)])
def test_a_reader_that_has_gone_ends_the_run_as_it_ends_any(bad: str, words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    more = ("-f", bad) if words[0] == "audit" else ()
    done = subprocess.run([*PRODUCT, *words, *more], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    os.close(writer)
    assert done.returncode == 141
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_what_the_exit_code_says(tmp_path: Path, ending: signal.Signals) -> None:
    """A pipe that nobody writes to holds the run for as long as it takes."""
    fifo = tmp_path / "never.yaml"
    os.mkfifo(fifo)
    child = subprocess.Popen([*PRODUCT, "audit", "-f", str(fifo)], stderr=subprocess.PIPE, text=True)
    with open(os.open(fifo, os.O_WRONLY), "w"):
        child.send_signal(ending)
        _, stderr = child.communicate(timeout=20)
    assert child.returncode == 128 + ending
    assert stderr == "interrupted: ending, and removing what was created\n"
