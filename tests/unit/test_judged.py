"""A profile at its place: counts of the runtimes' defaults, what is open, and what no filter means."""

from __future__ import annotations

import pytest

from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.capabilities import ALL
from kubectl_seccomp.profiles.decoders import Container, resolve
from kubectl_seccomp.profiles.gojson import decode
from kubectl_seccomp.profiles.judged import Counts, Opening, Place, counts, default_at, judge_at, kernel_of, opening
from tests.unit.profiling import ABIS, FOLDER, NATIVE, file, made, rule, runtime

# Names that are always allowed on x86_64, for the default capabilities (and for all), and those that depend on arguments.
# Measured by compiling each tag's profile with libseccomp 2.6.1 and asking it for every name.
OPEN = {
    "containerd://1.2.0": (267, 295, "clone personality"),
    "containerd://1.3.8": (279, None, "clone personality"),
    "containerd://1.4.2": (281, None, "clone personality"),
    "containerd://1.5.6": (283, None, "clone personality"),
    "containerd://1.6.0": (289, 329, "clone personality"),
    "containerd://1.6.20": (293, None, "clone personality"),
    "containerd://1.6.28": (300, 342, "clone personality"),
    "containerd://1.7.0": (294, 334, "clone personality socket"),
    "containerd://1.7.13": (301, 341, "clone personality socket"),
    "containerd://2.0.0": (298, 338, "clone personality socket"),
    "containerd://2.1.9": (298, None, "clone personality socket"),
    "containerd://2.2.0": (309, 349, "clone personality socket"),
    "containerd://2.4.2": (309, None, "clone personality socket"),
    "cri-o://1.20.0": (274, None, None),
    "cri-o://1.22.0": (299, None, None),
    "cri-o://1.29.9": (306, None, None),
    "cri-o://1.32.0": (307, None, None),
    "cri-o://1.36.3": (308, None, None),
    "docker://20.10.0": (282, None, None),
    "docker://23.0.0": (294, None, None),
    "docker://25.0.3": (298, None, None),
    "docker://29.7.2": (306, None, None),
}


@pytest.mark.parametrize("version", OPEN)
def test_how_many_calls_a_runtimes_default_leaves_open(version: str) -> None:
    default, every, conditional = OPEN[version]
    native = runtime(version).native
    assert native is not None
    found = counts(native)
    assert (found.open, found.calls) == (default, 385)
    if conditional is not None:
        assert sorted(name for name, answer in native.answers.items() if answer.action is None) == conditional.split()
    if every is not None:
        privileged = runtime(version, ALL).native
        assert privileged is not None
        assert counts(privileged).open == every


@pytest.mark.parametrize(("name", "expected"), [("deny-list.json", Counts(381, 0, 4)), ("web.json", Counts(54, 0, 331))])
def test_how_many_calls_a_file_leaves_open(name: str, expected: Counts) -> None:
    native = file(name).native
    assert native is not None
    assert counts(native) == expected


def test_without_a_filter_every_call_is_open_to_every_program() -> None:
    found = judge_at({}, Place())
    assert found.resolved is None
    assert list(found.decision.tables) == ABIS
    assert all(counts(table).open == counts(table).calls for table in found.decision.tables.values())


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([rule("mount", "ALLOW")], Opening.OPEN),
        ([rule("mount", "LOG")], Opening.OPEN),
        ([], Opening.REFUSED),
        ([rule("mount", "TRAP")], Opening.REFUSED),
        ([rule("mount", "TRACE")], Opening.REFUSED),
        ([rule("mount", "ALLOW", (0, "EQ", 1))], Opening.CONDITIONAL),
        ([rule("mount", "TRAP", (0, "EQ", 1))], Opening.REFUSED),
        ([rule("mount", "NOTIFY")], Opening.CONDITIONAL),
    ],
    ids=["allow", "log", "default", "trap", "trace", "arguments", "two-refusals", "listener"],
)
def test_whether_a_call_is_carried_out(rules: list[dict[str, object]], expected: Opening) -> None:
    native = made("ERRNO", *rules, listenerPath="/run/s").native
    assert native is not None
    assert opening(native.answers["mount"]) is expected


def test_what_a_file_means_depends_on_who_reads_it_and_for_whom() -> None:
    def mount(decoder: str, *capabilities: str) -> Opening:
        native = file("docker.json", Place(decoder, frozenset(capabilities))).native
        assert native is not None
        return opening(native.answers["mount"])

    assert mount("containerd") is Opening.OPEN
    assert mount("cri-o") is mount("docker") is Opening.REFUSED
    assert mount("cri-o", "CAP_SYS_ADMIN") is Opening.OPEN


def test_a_container_is_what_its_place_says() -> None:
    place = Place("docker", frozenset({"CAP_BPF"}), (4, 19), Target("arm64"))
    assert place.container == Container(frozenset({"CAP_BPF"}), "arm64", (4, 19))
    found = file("web.json", place)
    assert (found.place, found.resolved is not None) == (place, True)
    assert found.resolved == resolve(decode((FOLDER / "web.json").read_bytes()), "docker", place.container)
    assert judge_at({}, Place(target=Target("mips64"))).decision.tables == {}


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("6.1.0-18-amd64", (6, 1)),
        ("5.14", (5, 14)),
        ("linux 6.1", None),
        ("6", None),
        ("6.x", None),
        ("\u0666.\u0661", None),
        ("", None),
    ],
)
def test_a_kernels_version_is_its_first_two_numbers(release: str, expected: tuple[int, int] | None) -> None:
    assert kernel_of(release) == expected


def test_what_is_not_known_is_not_made_up() -> None:
    assert default_at("containerd 0.1", Place()) is None
    assert default_at("containerd 2.2.4", Place(target=Target("mips64"))) is None
    found = made("ALLOW", place=Place(target=Target("mips64")))
    assert found.native is None
    assert NATIVE not in found.decision.tables
