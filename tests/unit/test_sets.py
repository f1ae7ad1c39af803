"""What `profile show` says: sets, groups, and what does not count."""

from __future__ import annotations

from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.judged import Place, judge_at
from kubectl_seccomp.profiles.sets import AbiSets, RiskGroup, Sets, placed, sets
from tests.unit.profiling import ABIS, file, made, rule, runtime

RUNC = Place(target=Target("amd64", "runc", (1, 3), (2, 6, 1)))


def native(found: Sets) -> AbiSets:
    return found.architectures[0]


def group(found: Sets, name: str) -> RiskGroup:
    return next(one for one in found.groups if one.name == name)


def test_the_deny_list_of_four() -> None:
    found = sets(file("deny-list.json"))
    assert [(one.answer, len(one.calls), one.by_default) for one in native(found).sets] == [
        ("allowed", 381, 381),
        ("EPERM", 3, 0),
        ("kills the thread", 1, 0),
    ]
    assert native(found).sets[1].calls == ("mount", "syslog", "umount2")
    assert [abi.listed for abi in found.architectures] == [True, False, False]
    assert (found.filter, found.loads, found.user_namespace) == (True, True, True)
    assert group(found, "mount").refused == ("mount", "umount2")
    assert {"fsopen", "move_mount", "open_tree", "mount_setattr"} <= set(group(found, "mount").open)
    assert group(found, "kernel-code").reachable == ()


def test_conditional_calls_have_their_conditions() -> None:
    found = {one.call: one for one in native(sets(runtime("containerd://2.2.4"))).conditional}
    assert found["clone"].answer == "allowed if arg0 & 0x7e020000 == 0, else EPERM"
    assert (found["socket"].evadable, found["clone"].evadable) == ((0,), ())
    assert not any(one.approximate for one in found.values())


def test_rules_whose_outcome_is_not_known_are_approximate() -> None:
    old, new = (
        next(one for one in native(sets(runtime(f"cri-o://{version}"))).conditional if one.call == "socket")
        for version in ("1.35.0", "1.36.3")
    )
    assert (old.approximate, new.approximate) == (True, False)


def test_examples_are_bugs_of_what_is_reachable() -> None:
    assert group(sets(runtime("containerd://2.2.4")), "mount").examples == ()
    assert group(sets(file("deny-list.json")), "mount").examples == ("CVE-2022-0185",)


def test_what_does_not_count_and_where_it_stands() -> None:
    judged = made("ERRNO", rule("", "ALLOW"), rule("read nosuchcall", "ALLOW"), rule("read", "TRAP"), rule("mount", "ERRNO"))
    found = placed(sets(judged), {0: 3, 1: 4, 2: 5})
    assert [(one.rule, one.line, one.calls, one.why) for one in found.dropped] == [
        (0, 3, (), "it names no syscall"),
        (1, 4, ("nosuchcall",), "unknown syscall"),
        (2, 5, ("read",), "rule 1 already decides this syscall"),
        (3, None, ("mount",), "its action is the same as the default's"),
    ]


def test_no_filter_and_none_that_loads() -> None:
    nothing = sets(judge_at({}, Place()))
    assert (nothing.filter, nothing.dropped, native(nothing).counts.open) == (False, (), 385)
    clash = sets(made("ALLOW", rule("socket", "ERRNO", (0, "EQ", 1)), rule("socket", "TRAP", (0, "EQ", 1))))
    assert (clash.loads, clash.conflicts[0]) == (False, "socket: rules 0 and 1")


def test_io_uring_is_a_way_around() -> None:
    ring = rule("io_uring_setup io_uring_enter io_uring_register", "ALLOW")
    assert "openat" in sets(made("ERRNO", ring)).io_uring
    assert sets(made("ERRNO", rule("read", "ALLOW"))).io_uring == ()


def test_runcs_stub_and_what_is_unsure_without_versions() -> None:
    judged = made("ERRNO", rule("read openat", "ALLOW"), place=RUNC)
    found = native(sets(judged))
    assert found.stub == 257
    assert found.unsure == ()
    assert next(one for one in found.sets if one.errno == 38).calls
    assert native(sets(made("ERRNO", rule("read openat", "ALLOW")))).unsure


def test_an_architecture_that_is_not_known_has_nothing() -> None:
    found = sets(made("ALLOW", place=Place(target=Target("mips64"))))
    assert (found.architectures, found.groups, found.user_namespace) == ((), (), None)


def test_every_call_is_in_one_set() -> None:
    for abi in sets(runtime("containerd://2.4.2")).architectures:
        names = [name for one in abi.sets for name in one.calls] + [one.call for one in abi.conditional]
        assert len(names) == len(set(names)) == abi.counts.calls
    assert [abi.architecture for abi in sets(runtime("containerd://2.4.2")).architectures] == ABIS
