"""What `profile show` says: sets, groups, and what does not count."""

from __future__ import annotations

from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.judged import Counts, Place, judge_at
from kubectl_seccomp.profiles.sets import AbiSets, ConditionalCall, RiskGroup, Sets, placed, sets
from kubectl_seccomp.profiles.syscalls import names
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


def test_a_set_says_what_it_gets_and_why_and_what_passes_goes_first() -> None:
    more = [rule("getuid", "ERRNO", errnoRet=38), rule("socket", "ALLOW", (0, "NE", 40)), rule("mount", "TRACE", errnoRet=5)]
    found = native(sets(made("ERRNO", *more, rule("write", "LOG"), rule("read openat", "ALLOW"), place=RUNC)))
    assert [(one.action, one.errno, one.answer, len(one.calls), one.by_default, one.by_stub) for one in found.sets] == [
        ("SCMP_ACT_ALLOW", None, "allowed", 2, 0, 0),
        ("SCMP_ACT_LOG", None, "logged", 1, 0, 0),
        ("SCMP_ACT_ERRNO", 1, "EPERM", 252, 252, 0),
        ("SCMP_ACT_ERRNO", 38, "ENOSYS", 128, 0, 127),
        ("SCMP_ACT_TRACE", 5, "traced", 1, 0, 0),
    ]
    assert found.sets[0].calls == ("openat", "read")
    assert found.conditional == (ConditionalCall("socket", "allowed if arg0 != 40, else EPERM", False, (0,)),)
    assert (found.counts, found.stub, found.listed) == (Counts(3, 1, 381), 257, True)


def test_a_group_says_what_of_it_gets_through_and_what_of_that_is_reached() -> None:
    found = group(sets(made("ERRNO", rule("mount chroot umount2 fsopen", "ALLOW"))), "mount")
    assert found.why.startswith("changes what is mounted where")
    assert (found.open, found.reachable) == (("mount", "umount2", "fsopen", "chroot"), ("chroot",))
    assert found.refused[:2] == ("pivot_root", "fsconfig")
    assert "open_tree" in found.refused
    # Not there: what a risk has that the architecture has not.
    arm = sets(made("ERRNO", place=Place(target=Target("arm64"))))
    assert not {name for one in arm.groups for name in one.refused if name.partition("(")[0] not in names("SCMP_ARCH_AARCH64")}


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
    unsure = native(sets(made("ERRNO", rule("read openat", "ALLOW")))).unsure
    assert {"clone3", "mseal"} <= set(unsure)
    assert list(unsure) == sorted(unsure)


def test_an_architecture_that_is_not_known_has_nothing() -> None:
    found = sets(made("ALLOW", place=Place(target=Target("mips64"))))
    assert (found.architectures, found.groups, found.user_namespace) == ((), (), None)


def test_every_call_is_in_one_set() -> None:
    for abi in sets(runtime("containerd://2.4.2")).architectures:
        every = [name for one in abi.sets for name in one.calls] + [one.call for one in abi.conditional]
        assert len(every) == len(set(every)) == abi.counts.calls
    assert [abi.architecture for abi in sets(runtime("containerd://2.4.2")).architectures] == ABIS
