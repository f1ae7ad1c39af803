"""What is told of a container's filter: words and counts, and nothing where something is not known."""

from __future__ import annotations

import pytest

from kubectl_seccomp.facts import Forecast, GroupStrength, Strength
from kubectl_seccomp.pods import Rights
from kubectl_seccomp.profiles.strength import Subject, strength, under_default
from tests.unit.profiling import FOLDER

NODE = {"runtime": "containerd://2.4.2", "arch": "amd64", "kernel": "6.18.0-rc1"}
DENY, WEB = (FOLDER / "deny-list.json").read_bytes(), (FOLDER / "web.json").read_bytes()


def subject(effective: str, **more: object) -> Subject:
    rights = {name: more.pop(name) for name in Rights.__struct_fields__ if name in more}
    return Subject(effective, rights=Rights(**rights), **{**NODE, **more})  # type: ignore[arg-type]


def test_runtimedefault_against_itself() -> None:
    found = strength(subject("RuntimeDefault"))
    assert (found.open, found.conditional, found.calls) == (309, 3, 385)
    assert (found.runtime_default_open, found.beyond_default, found.user_namespace) == (309, 0, False)
    assert (found.doubts, found.unknown) == ((), None)
    assert {group.name: group.reachable for group in found.groups}["mount"] == ("chroot",)


def test_no_filter() -> None:
    found = strength(subject("Unconfined"))
    assert (found.open, found.calls, found.beyond_default, found.user_namespace) == (385, 385, 73, True)
    assert next(group for group in found.groups if group.name == "kernel-code").reachable == ()


def test_privileged_has_every_capability() -> None:
    found = strength(subject("Unconfined", privileged=True))
    assert len(next(group for group in found.groups if group.name == "kernel-code").reachable) == 5


@pytest.mark.parametrize(
    ("content", "opened", "beyond", "namespace"), [(DENY, 381, 69, True), (WEB, 54, 0, True)], ids=["deny-list", "web"]
)
def test_a_file(content: bytes, opened: int, beyond: int, namespace: bool) -> None:
    found = strength(subject("Localhost", content=content))
    assert (found.open, found.beyond_default, found.user_namespace) == (opened, beyond, namespace)


def test_the_default_is_that_for_the_containers_own_capabilities() -> None:
    found = strength(subject("RuntimeDefault", add=("SYS_ADMIN",)))
    assert (found.open, found.user_namespace, found.beyond_default) == (331, True, 0)
    assert "mount" in next(group for group in found.groups if group.name == "mount").reachable
    assert strength(subject("RuntimeDefault", drop=("ALL",))).open == 308


def test_who_cannot_have_capabilities_reaches_less() -> None:
    found = strength(subject("RuntimeDefault", unprivileged=True))
    assert found.open == 309
    assert next(group for group in found.groups if group.name == "mount").reachable == ()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (subject("Localhost"), "its profile file was not read"),
        (subject("Localhost", unread="it has changed"), "it has changed"),
        (subject("Localhost", content=b"{"), "its profile file is not valid JSON…"),
        (subject("Localhost", content=b'{"defaultAction": "X"}'), "its profile file has 'X' where an action should be"),
        (subject("Localhost", content=b"[" * 1000), "its profile file is nested more than 400 levels deep: not judged"),
        (subject("RuntimeDefault", runtime="containerd://9.9.9"), "the RuntimeDefault of the node's runtime is not known here"),
        (subject("RuntimeDefault", runtime="rkt://1.0"), "the node's runtime, architecture or kernel is not known"),
        (subject("RuntimeDefault", arch="mips64"), "the node's runtime, architecture or kernel is not known"),
        (subject("Unconfined", kernel=""), "the node's runtime, architecture or kernel is not known"),
        (subject("Unknown"), "its effective profile is not known"),
    ],
    ids=["unread", "changed", "broken", "action", "deep", "version", "runtime", "arch", "kernel", "unknown"],
)
def test_what_is_not_known_has_no_figures(given: Subject, why: str) -> None:
    found = strength(given)
    assert found.unknown is not None
    assert found.unknown == why if why[-1] != "…" else found.unknown.startswith(why[:-1])
    assert (found.open, found.calls, found.beyond_default, found.user_namespace, found.groups) == (None, None, None, None, ())


def test_rules_that_contradict_each_other_load_nothing() -> None:
    both = b"""{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 1}]},
        {"names": ["socket"], "action": "SCMP_ACT_TRAP", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 1}]}]}"""
    found = strength(subject("Localhost", content=both))
    assert found.unknown == "its rules contradict each other: no filter is loaded, and the container does not start"


def test_the_default_of_an_unknown_version_is_no_measure_for_a_file() -> None:
    found = strength(subject("Localhost", content=WEB, runtime="containerd://9.9.9"))
    assert (found.open, found.runtime_default_open, found.beyond_default) == (54, None, None)
    assert "is not known" in found.doubts[0]


@pytest.mark.parametrize(
    ("runtime", "doubt"), [("containerd://1.6.20~ds1", "not a plain release"), ("cri-o://1.36.3", "can be configured")]
)
def test_a_default_that_may_be_another_one_is_doubted(runtime: str, doubt: str) -> None:
    found = strength(subject("RuntimeDefault", runtime=runtime))
    assert found.open is not None
    assert doubt in " ".join(found.doubts)


def test_the_place_is_the_nodes_own() -> None:
    written = (FOLDER / "docker.json").read_bytes()
    found = [
        strength(subject("Localhost", content=written, runtime=version)).open for version in ("containerd://2.4.2", "cri-o://1.36.3")
    ]
    assert found == [9, 6]
    assert strength(subject("Unconfined", arch="arm64")).calls == 327


def test_every_figure_of_a_file_beside_a_default_that_is_doubted() -> None:
    doubts = (
        "this is not a plain release of CRI-O 1.36.3, so its profile may have been changed",
        "CRI-O can be configured with another default profile and other capabilities",
    )
    sockets = ("socket(AF_PACKET)", "socket(AF_VSOCK)", "socket(AF_ALG)", "socket(AF_NETLINK)")
    groups = (GroupStrength("user-namespace", 1, ("clone(CLONE_NEWUSER)",)), GroupStrength("sockets", 4, sockets))
    found = strength(subject("Localhost", content=WEB, runtime="cri-o://1.36.3~x"))
    assert found == Strength(54, 0, 385, 308, 0, True, groups, doubts)


def test_capabilities_in_a_user_namespace_of_the_pod_reach_no_host() -> None:
    own, host = (
        {one.name: one.reachable for one in strength(subject("RuntimeDefault", own_users=own, add=("ALL",))).groups}
        for own in (True, False)
    )
    assert (own["kernel-code"], host["kernel-code"]) == ((), ("init_module", "finit_module", "delete_module"))
    assert own["bpf-perf"] == host["bpf-perf"] == ("bpf", "perf_event_open")


def test_a_forecast_says_whose_default_it_is_what_that_opens_to_attackers_and_what_is_doubted() -> None:
    found = under_default(subject("Unconfined", runtime="cri-o://1.36.3", drop=("ALL",)))
    assert (found.variant, found.unknown) == ("CRI-O 1.35.1", None)
    assert found.groups[:3] == ("user-namespace", "mount", "kernel-code")
    assert "sockets" not in found.groups
    plain = "this is not a plain release of containerd 1.6.20, so its profile may have been changed"
    assert under_default(subject("Unconfined", runtime="containerd://1.6.20~ds1")).doubts == (plain,)
    assert found.doubts == ("CRI-O can be configured with another default profile and other capabilities",)
    everything = under_default(subject("Unconfined", privileged=True))
    assert (everything.doubts, "kernel-code" in everything.groups, "bpf-perf" in everything.groups) == ((), True, False)
    assert under_default(subject("Unconfined", runtime="containerd://9.9.9")) == Forecast(
        unknown="the RuntimeDefault of the node's runtime is not known here"
    )
    assert under_default(subject("Unconfined", arch="sparc")) == Forecast(
        unknown="the node's runtime, architecture or kernel is not known"
    )


def test_what_a_default_would_refuse() -> None:
    def chown(kernel: str = "6.1", runtime: str = "containerd://2.2.4", **more: object) -> Forecast:
        return under_default(subject("Unconfined", drop=("ALL",), add=("CHOWN",), **{"kernel": kernel, "runtime": runtime, **more}))

    names = chown().refuses
    assert names is not None
    assert {"mount", "unshare", "clone3", "bpf", "chroot"} <= set(names)
    assert "clone" not in names
    assert list(names) == sorted(names)
    assert chown().limits == ("clone", "personality", "socket")
    assert "mount" not in (under_default(subject("Unconfined", add=("ALL",))).refuses or ())
    assert "ptrace" in (chown(kernel="4.4").refuses or ())
    assert chown(runtime="containerd://0.1").refuses is None
    assert chown(arch="sparc").refuses is None
