"""Lint on profiles as people write them: what is found where, what is left out for whom, and that no bytes are too much for it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.judged import Place
from kubectl_seccomp.profiles.lint import Linted, Setting, lint
from kubectl_seccomp.profiles.problem import Problem
from kubectl_seccomp.profiles.written import LARGEST, Form
from kubectl_seccomp.words import Severity
from tests.oracle.hostile import lint_bytes, lint_values

from .lint_lab import FIXTURES, examine

PROFILES = Path(__file__).parents[1] / "fixtures" / "profiles"
CONTAINERD, CRIO = Setting(decoder="containerd"), Setting(decoder="cri-o")


def of(found: Linted, identifier: str) -> list[Problem]:
    return [problem for problem in found.problems if problem.id == identifier]


def one(raw: str | bytes, identifier: str, setting: Setting | None = None) -> Problem:
    (problem,) = of(lint(raw.encode() if isinstance(raw, str) else raw, setting or Setting()), identifier)
    return problem


def at(problem: Problem) -> tuple[int, int] | None:
    return (problem.position.line, problem.position.column) if problem.position is not None else None


def test_the_deny_list_of_the_kubernetes_tutorial_starts_everywhere_and_leaves_all_but_four_calls_open() -> None:
    found = lint((PROFILES / "deny-list.json").read_bytes(), Setting())
    assert [(problem.id, problem.severity.value) for problem in found.problems] == [
        ("KS359", "medium"), ("KS358", "medium"), ("KS355", "low"), ("KS343", "low"),
    ]  # fmt: skip
    assert {effect.word for problem in found.problems for effect in problem.effects.values()} == {"loads"}
    weaker, mounts, _, kill = found.problems
    assert weaker.message.startswith("381 of 385 syscalls are open")
    for name in ("unshare(CLONE_NEWUSER)", "bpf", "keyctl", "io_uring_setup", "perf_event_open", "kexec_load", "init_module"):
        assert name in weaker.message or "more" in weaker.message
    assert mounts.suggestion == "fsopen fsconfig fsmount move_mount open_tree mount_setattr"
    assert kill.message == "SCMP_ACT_KILL ends one thread, not the process: reboot"


def test_keys_that_nobody_reads_are_found_however_deep_they_stand() -> None:
    args = [{"index": 0, "valu": 1, "value": 1, "op": "SCMP_CMP_EQ"}]
    rules = [{"names": ["mount"], "action": "SCMP_ACT_ERRNO", "acton": 1, "args": args}]
    found = lint(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "flagz": [], "syscalls": rules}).encode(), Setting())
    assert [(problem.path, problem.suggestion) for problem in of(found, "KS326")] == [
        (("flagz",), "flags"),
        (("syscalls", 0, "acton"), "action"),
        (("syscalls", 0, "args", 0, "valu"), "value"),
    ]


def test_the_web_profile_of_the_kubernetes_tutorial_starts_nothing_useful_and_the_missing_calls_are_named_by_runtime() -> None:
    high, without, program, margin = of(lint((PROFILES / "web.json").read_bytes(), Setting()), "KS353")
    assert "runc needs fstatfs; runc since 1.3 also needs openat2, statx" in high.message
    assert high.effects["containerd+runc"].shown == "cannot start"
    assert high.effects["containerd+crun"].shown == "loads"
    runc, crun = without.message.split("; ")
    assert runc.endswith("runc needs capget, capset, chdir, newfstatat, prctl, setgid, setgroups, setuid")
    assert crun == "crun needs capset, prctl, setresgid, setresuid"
    assert "newfstatat, pread64" in program.message
    assert margin.severity is Severity.LOW


def test_dockers_default_as_a_file_of_containerd_is_told_to_be_wide_open() -> None:
    found = lint((PROFILES / "docker.json").read_bytes(), CONTAINERD)
    assert found.form is Form.DOCKER
    assert {"KS321", "KS322"} <= {problem.id for problem in found.problems}


@pytest.mark.parametrize("identifier", ["KS321", "KS322", "KS323"])
def test_what_a_reader_honours_is_no_problem_of_it(identifier: str) -> None:
    raw = (FIXTURES / identifier / "fail.json").read_bytes()
    assert of(lint(raw, CONTAINERD), identifier)
    assert not of(lint(raw, CRIO), identifier)
    assert set(of(lint(raw, Setting()), identifier)[0].effects) == set(Setting().lanes)


def test_readers_of_dockers_form_are_told_apart_and_equal_problems_are_one() -> None:
    raw = (FIXTURES / "KS321" / "fail.json").read_bytes()
    (weaker,) = of(lint(raw, Setting()), "KS359")
    assert "bpf" in weaker.message
    assert set(weaker.effects) == {"containerd+runc", "containerd+crun"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{\n "defaultAction" "X"}', (2, 18)),
        ("{\n\n  // why\n}", (3, 3)),
        ("defaultAction: X\n", (1, 1)),
        ("", (1, 1)),
    ],
)
def test_what_is_no_json_says_where(text: str, place: tuple[int, int]) -> None:
    assert at(one(text, "KS310")) == place


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("MOUNT", "mount"), ("sys_mount", "mount"), ("__NR_mount", "mount"), (" mount ", "mount"), ("165", "mount"),
        ("monut", "mount"), ("clone_3", "clone3"), ("zzz", None), ("*", None), ("x" * 100_000, None),
    ],
)  # fmt: skip
def test_a_name_that_nobody_knows_and_what_is_meant(name: str, suggestion: str | None) -> None:
    text = json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["bpf", name], "action": "SCMP_ACT_ERRNO"}]})
    problem = one(text, "KS330")
    assert problem.suggestion == suggestion
    assert problem.path == ("syscalls", 0, "names", 1)
    assert at(problem) == (1, text.index(json.dumps(name)) + 1)
    assert len(problem.message) < 200


@pytest.mark.parametrize(
    ("word", "suggestion"),
    [
        ("scmp_act_allow", "SCMP_ACT_ALLOW"), ("ALLOW", "SCMP_ACT_ALLOW"), ("SCMP_ACT_ALOW", "SCMP_ACT_ALLOW"),
        ("KILL_PROCESS", "SCMP_ACT_KILL_PROCESS"), ("permit", None),
    ],
)  # fmt: skip
def test_a_word_that_nobody_knows_and_what_is_meant(word: str, suggestion: str | None) -> None:
    assert one(json.dumps({"defaultAction": word}), "KS314").suggestion == suggestion


def test_architectures_by_other_names() -> None:
    found = of(
        lint(b'{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["amd64", "x86_64", "SCMP_ARCH_NATIVE"]}', Setting()), "KS314"
    )
    assert [problem.suggestion for problem in found] == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86_64", None]


def test_what_a_version_that_is_known_refuses_is_worse_than_what_some_refuse() -> None:
    raw = (FIXTURES / "KS319" / "fail.json").read_bytes()
    assert one(raw, "KS319").severity is Severity.MEDIUM
    assert one(raw, "KS319", Setting(Place(target=Target("amd64", "runc", (1, 1))))).severity is Severity.HIGH
    assert not of(lint(raw, Setting(Place(target=Target("amd64", "runc", (1, 2))))), "KS319")
    assert not of(lint(raw, Setting(Place(target=Target("amd64", "crun")))), "KS319")


def test_a_resource_is_judged_as_an_object_and_on_a_node_as_the_file_that_it_is() -> None:
    raw = (FIXTURES / "KS312" / "fail.yaml").read_bytes()
    assert (one(raw, "KS312").severity, lint(raw, Setting()).form) == (Severity.INFO, Form.RESOURCE)
    wrapped = (FIXTURES / "KS312" / "fail-node.json").read_bytes()
    assert [problem.severity for problem in lint(wrapped, Setting(on_node=True)).problems] == [Severity.CRITICAL]
    assert [problem.id for problem in lint(raw, Setting(on_node=True)).problems] == ["KS310"]


def test_positions_of_a_resource_are_those_in_its_own_text() -> None:
    rules = "  - names:\n    - monut\n    action: SCMP_ACT_ERRNO\n"
    text = f"kind: SeccompProfile\nspec:\n  defaultAction: SCMP_ACT_ALLOW\n  syscalls:\n{rules}"
    assert at(one(text, "KS330")) == (6, 7)


def test_what_is_missing_is_told_where_it_is_missing() -> None:
    text = '{"defaultAction": "SCMP_ACT_ALLOW",\n "syscalls": [\n  {"names": ["bpf"]}]}'
    assert at(one(text, "KS314")) == (3, 3)


def test_problems_come_worst_first_and_then_as_they_stand_in_the_text() -> None:
    for path in sorted(FIXTURES.glob("*/*")):
        found = [(problem.severity.rank, problem.position) for problem in examine(path).problems]
        assert found == sorted(found)


def test_a_thousand_of_one_kind_are_told_as_twenty() -> None:
    names = [f"nothing{number}" for number in range(1000)]
    rules = [{"names": names, "action": "SCMP_ACT_ERRNO"}]
    found = of(lint(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}).encode(), Setting()), "KS330")
    assert len(found) == 20
    assert found[-1].message.endswith("(and 980 more like this)")


def test_whatever_is_refused_without_a_check_of_its_own_is_told_all_the_same() -> None:
    raw = (FIXTURES / "KS329" / "fail.json").read_bytes()
    problem = one(raw, "KS329", CRIO)
    assert problem.severity is Severity.HIGH
    assert "architecture" in problem.message


def test_no_bytes_make_it_fail() -> None:
    """tests/oracle does the same at length."""
    lint_bytes(7, 120)


def test_no_values_make_it_fail() -> None:
    lint_values(11, 100)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 1_000_000,
        b'{"a":' * 100_000,
        b'{"syscalls": [' + b"{}," * 300_000 + b"{}]}",
        b"\xff" * LARGEST,
        b'{"defaultAction": "SCMP_ACT_ALLOW"}' + b" " * LARGEST,
        b'{"x": ' + b"9" * 5000 + b"}",
        json.dumps({f"k{number}": 0 for number in range(9_000)}).encode(),
        json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "architectures": [f"SCMP_ARCH_{number}" for number in range(9_000)]}).encode(),
        json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{}] * 9_000}).encode(),
    ],
    ids=["brackets", "deep", "rules", "not utf-8", "large", "digits", "keys", "words", "empty rules"],
)
def test_hostile_files_are_told_of_soon(raw: bytes) -> None:
    begun = time.process_time()
    assert lint(raw, Setting()).problems
    assert time.process_time() - begun < 3


def test_a_thousand_profiles_take_seconds() -> None:
    files = [path.read_bytes() for path in sorted(FIXTURES.glob("*/*"))[::6]]
    lint(files[0], Setting())  # reads the tables
    begun = time.process_time()
    for raw in files:
        lint(raw, Setting())
    assert (time.process_time() - begun) / len(files) < 0.02
