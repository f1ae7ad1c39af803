"""Pages about profiles, compared with files that a person has read (UPDATE_GOLDEN=1 rewrites them), and hostile text in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.compare import compare
from kubectl_seccomp.profiles.explain import Explanation, explain
from kubectl_seccomp.profiles.judged import Judged, Place, judge_at
from kubectl_seccomp.profiles.sets import placed, sets
from kubectl_seccomp.render import profile, profile_diff, profile_explain, profile_sets
from tests.unit.profiling import file, made, rule, runtime
from tests.unit.reports import HOSTILE
from tests.unit.test_render_golden import compare as golden

GOLDEN = Path(__file__).parents[1] / "golden" / "profile"
LINES = {0: 4, 1: 5}


def subject(name: str, judged: Judged, form: str = "OCI", *doubts: str) -> profile.Subject:
    return profile.subject(name, form, judged.place, doubts)


def shown(name: str, judged: Judged, width: int = 80, *doubts: str) -> str:
    return "".join(profile_sets.render(subject(name, judged, "OCI", *doubts), placed(sets(judged), LINES), width))


def explained(judged: Judged, *names: str, width: int = 80) -> str:
    made_ = Explanation(tuple(explain(judged, name, LINES) for name in names))
    return "".join(profile_explain.render(subject("profile.json", judged), made_, width))


def differing(before: Judged, after: Judged, width: int = 80) -> str:
    return "".join(profile_diff.render(subject("a", before), subject("b", after), compare(before, after), width))


LOST = made(
    "ERRNO", rule("", "ALLOW"), rule("read nosuchcall", "ALLOW"), rule("read", "TRAP"), rule("io_uring_setup io_uring_enter", "ALLOW")
)
PAGES = {
    "show-default.txt": lambda: shown("runtime/containerd@2.2.4", runtime("containerd://2.2.4"), 80, "it may be another one"),
    "show-deny.txt": lambda: shown("deny-list.json", file("deny-list.json")),
    "show-web.txt": lambda: shown("web.json", file("web.json", Place(target=Target("amd64", "runc", (1, 3), (2, 5, 4)))), 100),
    "show-lost.txt": lambda: shown("lost.json", LOST, 60),
    "show-nothing.txt": lambda: shown("empty.json", judge_at({}, Place(capabilities=frozenset()))),
    "explain.txt": lambda: explained(file("deny-list.json"), "reboot", "mount", "unshare", "clnoe3"),
    "explain-default.txt": lambda: explained(runtime("containerd://2.2.4"), "clone3", "socket", "clone"),
    "diff.txt": lambda: differing(runtime("containerd://2.4.2"), runtime("cri-o://1.36.3")),
    "diff-alg.txt": lambda: differing(runtime("containerd://2.2.3"), runtime("containerd://2.2.4")),
    "diff-same.txt": lambda: differing(runtime("containerd://2.2.4"), runtime("containerd://2.2.5")),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page(name: str) -> None:
    text = PAGES[name]()
    golden(name, text, GOLDEN)
    width = {"show-web.txt": 100, "show-lost.txt": 60}.get(name, 80)
    assert all(len(line) <= width and line == line.rstrip() for line in text.splitlines())


def test_no_golden_file_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(PAGES)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (made("ERRNO"), made("ERRNO"), "They mean the same."),
        (made("ERRNO"), made("ERRNO", rule("read", "ALLOW")), "The second is looser"),
        (made("ERRNO", rule("read", "ALLOW")), made("ERRNO"), "The second is stricter"),
        (made("ERRNO"), made("ERRNO", defaultErrnoRet=38), "Both let the same syscalls through"),
        (made("ERRNO", rule("read", "ALLOW")), made("ERRNO", rule("write", "ALLOW")), "Neither lets through"),
        (
            made("ERRNO", rule("socket", "ALLOW", (0, "EQ", 1)), rule("socket", "TRAP", (1, "EQ", 2))),
            made("ERRNO", rule("socket", "ALLOW", (0, "EQ", 1))),
            "cannot be told for certain",
        ),
    ],
    ids=["same", "looser", "stricter", "changed", "neither", "unsure"],
)
def test_the_last_line_of_a_comparison(before: Judged, after: Judged, text: str) -> None:
    assert text in differing(before, after).splitlines()[-1]


@pytest.mark.parametrize(
    ("capabilities", "text"),
    [
        (Place().capabilities, "with the default capabilities"),
        (Place().capabilities | {"CAP_SYS_ADMIN"}, "with the default capabilities and SYS_ADMIN"),
        (frozenset(), "with no capabilities"),
        (frozenset({"CAP_SYS_ADMIN", "CAP_BPF"}), "with the capabilities BPF, SYS_ADMIN"),
    ],
    ids=["default", "more", "none", "few"],
)
def test_the_head_says_for_which_capabilities(capabilities: frozenset[str], text: str) -> None:
    judged = made("ERRNO", place=Place(capabilities=capabilities))
    assert text in "".join(profile.heading(subject("x", judged), 200))


def machine(judged: Judged, kind: str, *, as_yaml: bool) -> str:
    return "".join(profile.machine(kind, {"profile": subject("x", judged)}, sets(judged), yaml=as_yaml))


def test_json_and_yaml_say_the_same_and_keep_their_names() -> None:
    judged = file("deny-list.json")
    document = json.loads(machine(judged, "ProfileSets", as_yaml=False))
    assert yaml.safe_load(machine(judged, "ProfileSets", as_yaml=True)) == document
    assert (document["apiVersion"], document["kind"]) == ("kubectl-seccomp/v1", "ProfileSets")
    assert list(document)[2:] == [
        "profile", "filter", "loads", "conflicts", "userNamespace", "architectures", "groups", "dropped", "ioUring",
    ]  # fmt: skip
    assert list(document["profile"]) == [
        "name", "form", "decoder", "capabilities", "arch", "kernel", "runtime", "libseccomp", "doubts",
    ]  # fmt: skip
    assert document["architectures"][0]["counts"] == {"open": 381, "conditional": 0, "refused": 4}


def strange() -> Iterator[str]:
    judged = made(
        "ERRNO", {"names": [HOSTILE, "x" * 100_000], "action": "SCMP_ACT_ALLOW"}, *(rule("a b c", "ALLOW") for _ in range(500))
    )
    named = subject(HOSTILE, judged, HOSTILE, HOSTILE)
    yield "".join(profile_sets.render(named, sets(judged), 80))
    yield "".join(profile_explain.render(named, Explanation((explain(judged, HOSTILE, {}),)), 80))
    yield "".join(profile_diff.render(named, named, compare(judged, made("ALLOW")), 80))
    yield machine(judged, "ProfileSets", as_yaml=False)
    yield machine(judged, "ProfileSets", as_yaml=True)


def test_hostile_text_is_written_out_and_does_not_flood() -> None:
    for number, text in enumerate(strange()):
        assert all(char == "\n" or char.isprintable() for char in text)
        assert number > 2 or len(text) < 20_000
