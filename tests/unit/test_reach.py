"""Which dangerous calls get through, by which way, and what a container can do with them."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.capabilities import ALL
from kubectl_seccomp.profiles.judged import Judged, Place, judge_at
from kubectl_seccomp.profiles.reach import exposed, user_namespace
from kubectl_seccomp.profiles.risk import GROUPS, NEWUSER
from kubectl_seccomp.profiles.syscalls import known_since
from tests.unit.profiling import ABIS, file, made, rule, runtime

DEFAULT = Place().capabilities
CLONE_SAFE = rule("clone", "ALLOW", (0, "MASKED_EQ", 0x7E020000))


def shown(
    judged: Judged, group: str, usable: frozenset[str] = DEFAULT, *, reachable: bool = False, own_users: bool = False
) -> list[str]:
    found = [one for one in exposed(judged, usable, own_users=own_users) if one.group.name == group]
    return [way.shown for one in found for way in (one.reachable if reachable else one.passing)]


def test_every_call_of_a_group_exists_and_every_need_is_a_capability() -> None:
    for group in GROUPS:
        names = {call.shown for call in group.calls}
        assert len(names) == len(group.calls)
        assert all(call in names | {""} for _, call in group.examples)
        for call in group.calls:
            assert known_since(call.name) is not None
            assert ALL.issuperset(call.needs)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], False),
        ([rule("unshare", "ALLOW")], True),
        ([rule("unshare", "ALLOW", (0, "MASKED_EQ", NEWUSER))], False),
        ([rule("unshare", "ALLOW", (0, "EQ", 0x20000))], False),
        ([rule("unshare", "ALLOW", (0, "EQ", NEWUSER))], True),
        ([rule("unshare", "ALLOW", (0, "GE", 0x10000001))], True),
        ([rule("clone", "ALLOW")], True),
        ([CLONE_SAFE], False),
        ([rule("clone", "ALLOW", (0, "LT", 0x1000))], False),
        ([rule("clone", "ALLOW", (0, "NE", NEWUSER))], True),
        ([rule("clone", "ALLOW", (0, "GT", 0x7FFFFFFF))], True),
        ([rule("clone3", "ALLOW")], True),
        ([rule("clone3", "ERRNO", errnoRet=38)], False),
        ([rule("unshare", "ALLOW", (1, "EQ", 7))], True),
        ([rule("unshare", "ALLOW", (0, "EQ", NEWUSER), (1, "EQ", 9), (2, "LT", 5), (3, "GT", 6), (4, "NE", 0))], True),
        ([rule("unshare", "ALLOW", (0, "EQ", NEWUSER)), rule("unshare", "TRAP", (0, "GE", 1))], None),
        ([rule("unshare", "ALLOW", (0, "LT", 5)), rule("unshare", "ALLOW", (0, "EQ", 6), (1, "LT", 2))], None),
        ([rule("unshare", "ALLOW", (0, "EQ", NEWUSER)), rule("unshare", "TRAP", (1, "EQ", 0))], True),
    ],
    ids=[
        "nothing", "unshare", "masked", "other-flag", "that-flag", "range", "clone", "mask", "small", "one-value", "upper",
        "clone3", "enosys", "other-argument", "all-arguments", "contradiction", "approximate", "overlap",
    ],
)  # fmt: skip
def test_whether_a_user_namespace_can_be_made(rules: list[dict[str, Any]], expected: bool | None) -> None:
    assert user_namespace(made("ERRNO", *rules)) is expected


def test_an_architecture_that_is_not_known_here_may_let_one_be_made() -> None:
    assert user_namespace(made("ERRNO", architectures=[ABIS[0], "SCMP_ARCH_MIPSEL"])) is None
    assert user_namespace(made("ERRNO", place=Place(target=Target("mips64")))) is None


@pytest.mark.parametrize(
    ("name", "index", "expected"), [("clone", 0, True), ("clone", 1, False), ("unshare", 0, False), ("unshare", 1, True)]
)
def test_clone_has_its_flags_second_on_s390x(name: str, index: int, expected: bool) -> None:
    masked = rule(name, "ALLOW", (index, "MASKED_EQ", NEWUSER))
    assert user_namespace(made("ERRNO", masked, place=Place(target=Target("s390x")))) is expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("containerd://1.2.0", False),
        ("containerd://2.4.2", False),
        ("cri-o://1.28.4", True),
        ("cri-o://1.36.3", False),
        ("docker://29.7.2", False),
    ],
)
def test_which_default_lets_a_user_namespace_be_made(version: str, expected: bool) -> None:
    assert user_namespace(runtime(version)) is expected


@pytest.mark.parametrize(("name", "expected"), [("deny-list.json", True), ("web.json", True)])
def test_which_file_lets_a_user_namespace_be_made(name: str, expected: bool) -> None:
    assert user_namespace(file(name)) is expected


def test_programs_of_other_architectures_count_where_they_are_listed() -> None:
    only_there = rule("unshare", "ALLOW", (0, "EQ", NEWUSER))
    assert user_namespace(made("ERRNO", rule("clone3", "ERRNO"), architectures=ABIS)) is False
    assert shown(made("ERRNO", only_there, architectures=ABIS), "user-namespace") == ["unshare(CLONE_NEWUSER)"]
    assert shown(made("ERRNO", rule("socketcall", "ALLOW"), architectures=ABIS), "sockets") == [
        f"socket({family}) by 32-bit programs" for family in ("AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_NETLINK")
    ]


@pytest.mark.parametrize(
    ("version", "vsock", "alg"),
    [
        ("containerd://1.6.20", "socket(AF_VSOCK)", "socket(AF_ALG)"),
        ("containerd://2.2.0", "socket(AF_VSOCK) with bit 32 set", "socket(AF_ALG)"),
        ("containerd://2.2.4", "socket(AF_VSOCK) with bit 32 set", "socket(AF_ALG) with bit 32 set"),
        ("containerd://2.4.2", "socket(AF_VSOCK) by 32-bit programs", "socket(AF_ALG) by 32-bit programs"),
        ("cri-o://1.36.3", "socket(AF_VSOCK) with bit 32 set", "socket(AF_ALG)"),
    ],
)
def test_by_which_way_a_socket_family_gets_through(version: str, vsock: str, alg: str) -> None:
    assert {vsock, alg} <= set(shown(runtime(version), "sockets"))


def ways(judged: Judged, group: str) -> list[tuple[str, str, bool]]:
    found = [one.passing for one in exposed(judged, DEFAULT) if one.group.name == group]
    return [(way.call.name, way.how, way.certain) for passing in found for way in passing]


def test_the_plainest_way_is_told_and_one_that_is_certain_goes_before_one_that_is_not() -> None:
    other = Place(target=Target("386", "crun", (1, 28), (2, 6, 1)))
    some = rule("msgsnd", "ALLOW", (0, "EQ", 1))
    assert ways(made("ERRNO", some, place=other), "exploit-primitives") == [("msgsnd", "", True)]
    assert ways(made("ERRNO", rule("ptrace", "ALLOW", (0, "EQ", 3))), "process-access") == [("ptrace", "with some arguments", True)]
    assert (
        ways(made("ERRNO", rule("socketcall", "ALLOW", (1, "EQ", 5)), architectures=ABIS), "sockets")
        == [("socket", "(perhaps) by 32-bit programs", False)] * 4
    )
    late = rule("socket", "ALLOW", (0, "EQ", 40)), rule("socket", "TRAP", (0, "GE", 1)), rule("socketcall", "ALLOW")
    assert ("socket", "by 32-bit programs", True) in ways(made("ERRNO", *late, architectures=ABIS), "sockets")
    unclear = rule("unshare", "ALLOW", (0, "EQ", NEWUSER)), rule("unshare", "TRAP", (0, "GE", 1))
    assert ways(made("ERRNO", *unclear), "user-namespace") == [("unshare", "(perhaps)", False)]
    refused = rule("statmount", "ERRNO")
    assert ways(made("ALLOW", refused), "information")[2:] == [("statmount", "(perhaps)", False), ("listmount", "", True)]
    third = rule("socket", "ALLOW", (0, "GT", 40), (2, "EQ", 9))
    assert ways(made("ERRNO", third), "sockets") == [("socket", "with bit 32 set", True)] * 4


def test_what_needs_a_capability_is_out_of_reach_without_it() -> None:
    allowed = made("ERRNO", rule("mount chroot reboot init_module open_by_handle_at", "ALLOW"))
    assert shown(allowed, "mount") == ["mount", "chroot"]
    assert shown(allowed, "mount", frozenset(), reachable=True) == []
    assert shown(allowed, "mount", frozenset({"CAP_SYS_CHROOT"}), reachable=True) == ["chroot"]
    assert shown(allowed, "kernel-code", DEFAULT, reachable=True) == []
    assert shown(allowed, "kernel-code", ALL, reachable=True) == ["init_module"]


def test_a_user_namespace_gives_what_the_kernel_asks_there_and_not_what_it_asks_of_the_host() -> None:
    allowed = made("ERRNO", rule("mount init_module unshare", "ALLOW"))
    assert shown(allowed, "mount", frozenset(), reachable=True) == ["mount"]
    assert shown(allowed, "kernel-code", frozenset(), reachable=True) == []


def test_capabilities_in_a_user_namespace_of_the_pod_reach_no_host() -> None:
    allowed = made("ERRNO", rule("mount init_module", "ALLOW"))
    assert shown(allowed, "mount", ALL, reachable=True, own_users=True) == ["mount"]
    assert shown(allowed, "kernel-code", ALL, reachable=True, own_users=True) == []


def test_a_refusal_that_an_older_libseccomp_does_not_know_is_none_for_certain() -> None:
    refused = rule("listmount statmount", "ERRNO")
    assert shown(made("ALLOW", refused), "information")[-2:] == ["statmount (perhaps)", "listmount (perhaps)"]
    place = Place(target=Target("amd64", "crun", (1, 28), (2, 6, 1)))
    assert "statmount (perhaps)" not in shown(made("ALLOW", refused, place=place), "information")


def test_everything_is_open_without_a_filter() -> None:
    found = exposed(judge_at(None, Place()), ALL)
    assert [one.group.name for one in found] == [group.name for group in GROUPS]
    assert all(one.passing == one.reachable for one in found)


def refused(*args: tuple[int, str, int]) -> list[dict[str, Any]]:
    return [rule("unshare", "ERRNO", one) for one in args] + [rule("clone clone3", "ERRNO")]


def test_refusals_of_different_arguments_leave_what_is_beside_all_of_them() -> None:
    """Every one alone is refused by the other's rule unless both arguments are high."""
    denied = refused((1, "LT", 5), (2, "LT", 5))
    assert user_namespace(made("ALLOW", *denied, architectures=ABIS[:1])) is True
    whole = [*denied, rule("unshare", "ERRNO", (1, "GE", 5))]
    assert user_namespace(made("ALLOW", *whole, architectures=ABIS[:1])) in (False, None)


def test_what_has_too_many_edges_to_be_tried_may_get_through() -> None:
    far = [rule("unshare", "ALLOW", (0, "EQ", 1), (1, "EQ", value), (2, "EQ", value), (3, "EQ", value)) for value in range(1, 20, 3)]
    assert user_namespace(made("ERRNO", *far[:2], architectures=ABIS[:1])) is False
    assert user_namespace(made("ERRNO", *far, architectures=ABIS[:1])) is None
