"""What every call gets: which rule wins, what the runtime adds, names, ABIs, and the ways around."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import structs

from kubectl_seccomp.profiles.answers import Answer, Decision, Target, Why, act, ways
from kubectl_seccomp.profiles.chains import Case
from kubectl_seccomp.profiles.decoders import resolve
from kubectl_seccomp.profiles.engine import decide
from kubectl_seccomp.profiles.evasion import around_io_uring, evadable
from kubectl_seccomp.profiles.gojson import NotJudged, Refused, decode
from kubectl_seccomp.profiles.oci import ALLOW, KILL_THREAD, NO_SUCH_CALL, Action, Condition, Dropped, Resolved
from kubectl_seccomp.profiles.rules import Conflict

X86_64, X86, X32 = "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"
RUNC = Target("amd64", "runc", (1, 5, 2), (2, 6, 1))
CRUN = Target("amd64", "crun", (1, 28), (2, 6, 1))
EPERM, TRAP, KILL = Action("ERRNO", 1), Action("TRAP"), Action("KILL_PROCESS")


def rule(names: str, action: str, *args: tuple[int, str, int], **more: Any) -> dict[str, Any]:
    written = [{"index": index, "op": f"SCMP_CMP_{op}", "value": value} for index, op, value in args]
    return {"names": names.split(), "action": f"SCMP_ACT_{action}", "args": written, **more}


def resolved(default: str, *rules: dict[str, Any], **more: Any) -> Resolved:
    document = {"defaultAction": f"SCMP_ACT_{default}", "syscalls": list(rules), **more}
    found = resolve(decode(json.dumps(document).encode()), "containerd", None)
    assert found is not None
    return found


def decision(default: str, *rules: dict[str, Any], target: Target = CRUN, **more: Any) -> Decision:
    return decide(resolved(default, *rules, **more), target)


def answer(name: str, default: str, *rules: dict[str, Any], target: Target = CRUN) -> Answer:
    return decision(default, *rules, target=target).tables[X86_64].answers[name]


EQ_0 = (0, "EQ", 0)
DENY, KILLED = rule("mount", "ERRNO"), rule("mount", "KILL_PROCESS")


@pytest.mark.parametrize(
    ("rules", "action", "index", "dropped"),
    [
        ((DENY, KILLED), EPERM, 0, [(1, "rule 0 already decides this syscall")]),
        ((KILLED, DENY), KILL, 0, [(1, "rule 0 already decides this syscall")]),
        ((rule("mount", "ALLOW"), DENY), EPERM, 1, [(0, "its action is the same as the default's")]),
        ((DENY, rule("mount", "ALLOW")), EPERM, 0, [(1, "its action is the same as the default's")]),
        ((rule("mount", "TRAP", EQ_0), DENY), EPERM, 1, [(0, "rule 1, which has no conditions, replaces it")]),
        ((DENY, rule("mount", "TRAP", EQ_0)), EPERM, 0, [(1, "rule 0 already decides this syscall")]),
        ((DENY, DENY), EPERM, 0, [(1, "rule 0 already decides this syscall")]),
        ((rule("mount mount", "ERRNO"),), EPERM, 0, []),
        ((rule("mount", "ERRNO", (0, "MASKED_EQ", 0)),), EPERM, 0, []),
        ((rule("mount", "ERRNO", errnoRet=38),), NO_SUCH_CALL, 0, []),
        ((rule("mount", "KILL"),), KILL_THREAD, 0, []),
    ],
    ids=lambda value: str(value)[:40],
)
def test_which_rule_wins(rules: tuple[dict[str, Any], ...], action: Action, index: int, dropped: list[tuple[int, str]]) -> None:
    found = answer("mount", "ALLOW", *rules)
    assert (found.action, found.why, found.rule, found.exact) == (action, Why.RULE, index, True)
    assert [(one.index, one.why) for one in found.dropped] == dropped


def test_a_call_that_no_rule_counts_for_gets_the_default_and_says_why() -> None:
    found = answer("mount", "ALLOW", rule("mount", "ALLOW"))
    assert (found.action, found.why) == (ALLOW, Why.DEFAULT)
    assert [one.why for one in found.dropped] == ["its action is the same as the default's"]
    assert answer("mount", "ALLOW").why is Why.DEFAULT


def test_conditions_of_several_rules_are_alternatives() -> None:
    found = decision(
        "ERRNO", rule("socket", "ALLOW", (0, "LT", 38)), rule("socket", "ALLOW", (0, "EQ", 39)), rule("socket", "ALLOW", (0, "GT", 40))
    )
    table = found.tables[X86_64]
    assert (table.answers["socket"].why, table.answers["socket"].exact) == (Why.CONDITIONS, True)
    results = {family: act(table, "socket", [family, 0, 0, 0, 0, 0]) for family in (1, 38, 39, 40, 41)}
    assert results == {1: ALLOW, 38: EPERM, 39: ALLOW, 40: EPERM, 41: ALLOW}
    assert evadable(table, "socket") == (0,)
    assert (table.answers["socket"].rule, table.answers["socket"].overlapping, table.clashes) == (None, (), ())


def test_one_rule_that_decides_with_conditions_is_named_with_what_is_lost_and_doubted() -> None:
    once = rule("listmount", "ALLOW", EQ_0)
    found = answer("listmount", "ERRNO", once, once, target=Target("amd64", "crun"))
    assert (found.rule, found.dropped) == (0, (Dropped(1, "rule 0 says the same"),))
    assert found.unsure == "a libseccomp before 2.5.6 does not know the name, and the default counts"
    assert answer("mount", "ALLOW", DENY, target=Target("amd64", "crun")).unsure == ""


def test_rules_that_are_replaced_in_the_end_have_been_in_the_tree() -> None:
    found = answer("mount", "ALLOW", rule("mount", "TRAP", EQ_0), rule("mount", "KILL_PROCESS", (1, "EQ", 0)), DENY)
    assert (found.action, found.rule, found.overlapping) == (EPERM, 2, ((0, 1),))


def test_two_conditions_on_one_argument_mean_or_so_that_two_exceptions_allow_everything() -> None:
    table = decision("ERRNO", rule("socket", "ALLOW", (0, "NE", 38), (0, "NE", 40))).tables[X86_64]
    assert {act(table, "socket", [family, 0, 0, 0, 0, 0]) for family in (1, 38, 40)} == {ALLOW}


def test_the_same_conditions_with_two_actions_do_not_load() -> None:
    found = decision("ALLOW", rule("mount", "ERRNO", EQ_0), rule("mount", "TRAP", EQ_0))
    assert [(conflict.call, conflict.rules) for conflict in found.conflicts] == [("mount", (0, 1))]
    assert not decision("ALLOW", rule("mount", "ERRNO", EQ_0), rule("mount", "ERRNO", EQ_0)).conflicts


@pytest.mark.parametrize(
    ("name", "arch", "library", "conflict"),
    [
        ("mmap2", "amd64", (2, 6, 1), True),
        ("nosuchcall", "amd64", (2, 6, 1), False),
        ("riscv_hwprobe", "amd64", (2, 5, 6), True),
        ("riscv_hwprobe", "amd64", (2, 5, 5), False),
        ("accept", "386", (2, 6, 1), True),
        ("breakpoint", "386", (2, 6, 1), False),
    ],
)
def test_rules_on_a_call_without_a_number_here_are_in_the_tree_all_the_same(
    name: str, arch: str, library: tuple[int, ...], conflict: bool
) -> None:
    both = rule(name, "ERRNO", EQ_0), rule(name, "TRAP", EQ_0)
    found = decision("ALLOW", *both, target=Target(arch, "crun", (1, 28), library)).conflicts
    assert (Conflict(name, (0, 1)) in found) is conflict


SOME, PLAIN = rule("read", "ALLOW", (0, "EQ", 1)), rule("write", "ALLOW")


@pytest.mark.parametrize(
    ("arch", "listed", "rules", "exact"),
    [
        ("arm64", [], [SOME, rule("open", "ALLOW", EQ_0)], False),
        ("arm64", [], [SOME, rule("open", "ALLOW", EQ_0), PLAIN], True),
        ("arm64", [], [SOME], True),
        ("386", [], [SOME, rule("accept", "ALLOW", EQ_0)], False),
        ("386", [], [SOME, rule("breakpoint", "ALLOW", EQ_0)], True),
        ("amd64", [X32], [SOME, rule("_sysctl", "ALLOW", EQ_0)], False),
        ("amd64", [], [SOME, rule("_sysctl", "ALLOW", EQ_0)], True),
        ("amd64", [X32], [SOME, rule("_sysctl", "ALLOW", EQ_0), PLAIN], True),
        ("amd64", [X32], [SOME, rule("_sysctl", "ALLOW", EQ_0), rule("uselib", "ALLOW")], True),
        ("amd64", [X32], [SOME, rule("_sysctl", "ALLOW", EQ_0), rule("write", "ERRNO")], False),
        ("amd64", [X32], [SOME, rule("_sysctl", "ALLOW", EQ_0), rule("breakpoint", "ALLOW")], False),
        ("amd64", [X32], [SOME], True),
    ],
)
def test_where_libseccomp_may_forget_to_load_the_number_nothing_is_exact(
    arch: str, listed: list[str], rules: list[dict[str, Any]], exact: bool
) -> None:
    table = next(iter(decision("ERRNO", *rules, target=Target(arch, "crun", (1, 28), (2, 6, 1)), architectures=listed).tables.values()))
    assert table.answers["read"].exact is exact
    assert table.answers["getpid"] == Answer(EPERM, Why.DEFAULT)


def test_rules_that_meet_in_a_call_with_different_actions_are_ambiguous_just_there() -> None:
    table = decision("ALLOW", rule("mount", "ERRNO", EQ_0), rule("mount", "TRAP", (1, "EQ", 0))).tables[X86_64]
    assert table.answers["mount"].overlapping == ((0, 1),)
    assert table.clashes == (Conflict("mount", (0, 1)),)
    assert [act(table, "mount", [*pair, 0, 0, 0, 0]) for pair in ((0, 0), (0, 1), (1, 0), (1, 1))] == [None, EPERM, TRAP, ALLOW]


def test_what_libseccomp_is_not_exact_for_is_called_approximate() -> None:
    rules = (rule("mount", "ERRNO", EQ_0, (1, "NE", 0)), rule("mount", "ERRNO", (1, "GT", 5)))
    assert answer("mount", "ALLOW", *rules).exact is False
    assert decision("ALLOW", *rules).tables[X86_64].tangled == ("mount",)


def test_calls_that_share_comparisons_are_approximate_where_one_nests_them() -> None:
    rules = [rule(name, "ALLOW", (0, "EQ", 3), (2, "EQ", 5)) for name in ("mmap", "clone")]
    more = [rule(name, "ALLOW", EQ_0) for name in ("mmap", "clone")]
    answers = decision("ERRNO", *rules, *more, rule("read", "ALLOW", EQ_0)).tables[X86_64].answers
    assert [answers[name].exact for name in ("mmap", "clone", "read", "write")] == [False, False, True, True]


@pytest.mark.parametrize(
    ("mmap", "clone", "exact"),
    [
        ("0EQ3&2EQ5 1EQ4", "2EQ5", False),
        ("0EQ3&2EQ5 1EQ4", "2EQ6", True),
        ("0EQ3&2EQ5", "2EQ5", True),
        ("2EQ5 1EQ4", "2EQ5 1EQ4", True),
    ],
)
def test_only_a_call_with_alternatives_of_which_one_nests_what_another_call_compares_is_approximate(
    mmap: str, clone: str, exact: bool
) -> None:
    rules = [
        rule(name, "ALLOW", *((int(one[0]), one[1:3], int(one[3:])) for one in word.split("&")))
        for name, text in (("mmap", mmap), ("clone", clone))
        for word in text.split()
    ]
    answers = decision("ERRNO", *rules).tables[X86_64].answers
    assert (answers["mmap"].exact, answers["clone"].exact) == (exact, True)


@pytest.mark.parametrize(
    ("target", "architectures", "default", "expected"),
    [
        (RUNC, [], "ERRNO", "stub"),
        (RUNC, [], "KILL_PROCESS", "stub"),
        (RUNC, [], "ALLOW", "default"),
        (RUNC, [], "LOG", "default"),
        (RUNC, [], "TRACE", "default"),
        (CRUN, [], "ERRNO", "default"),
        (Target("amd64", "runc", (1, 1, 5), (2, 6, 1)), [], "ERRNO", "default"),
        (Target("amd64", "runc", (1, 1, 5), (2, 6, 1)), [X86_64], "ERRNO", "stub"),
        (Target("amd64", "runc", (1, 1, 15), (2, 6, 1)), [], "ERRNO", "stub"),
        (Target("amd64", "runc", (1, 2, 0), (2, 6, 1)), [], "ERRNO", "stub"),
        (Target("amd64", "runc", (), (2, 6, 1)), [], "ERRNO", "stub unsure"),
        (Target("amd64", "", (), (2, 6, 1)), [], "ERRNO", "default unsure"),
    ],
    ids=str,
)
def test_what_lies_above_all_names_is_enosys_under_runc(target: Target, architectures: list[str], default: str, expected: str) -> None:
    table = decision(default, rule("read rseq", "ALLOW"), target=target, architectures=architectures).tables[X86_64]
    found = table.answers["clone3"]
    assert f"{found.why}{' unsure' if found.unsure else ''}" == expected
    assert found.action == (NO_SUCH_CALL if found.why is Why.STUB else table.answers["mmap"].action)
    assert table.stub == (334 if found.why is Why.STUB else None)
    if found.why is Why.STUB and found.unsure:
        assert found.unsure == "runc before 1.1.15 asks the filter here, as the profile does not list the architecture"


def test_one_name_with_a_high_number_moves_the_stub() -> None:
    rules = rule("read rseq", "ALLOW")
    assert answer("clone3", "ERRNO", rules, target=RUNC).action == NO_SUCH_CALL
    assert answer("clone3", "ERRNO", rules, rule("faccessat2", "ERRNO"), target=RUNC).action == EPERM
    assert answer("rseq", "ERRNO", rules, target=RUNC).action == ALLOW


@pytest.mark.parametrize(
    ("names", "arch", "library", "stub"),
    [
        ("openat mseal", "amd64", (2, 5, 5), 257),
        ("openat mseal", "amd64", (2, 6, 1), 462),
        ("write socket", "386", (2, 6, 1), 4),
        ("nosuchcall", "amd64", (2, 6, 1), None),
        ("write", "amd64", (2, 6, 1), 1),
    ],
)
def test_the_stub_begins_above_what_the_runtimes_libseccomp_knows_of_the_names(
    names: str, arch: str, library: tuple[int, ...], stub: int | None
) -> None:
    found = decision("ERRNO", rule(names, "ALLOW"), target=Target(arch, "runc", (1, 5), library))
    assert next(iter(found.tables.values())).stub == stub


def test_what_may_be_above_all_names_keeps_its_own_answer() -> None:
    """accept4 is named, but to runc it has no number of its own on X86: it comes through socketcall."""
    found = decision("ERRNO", rule("read accept4", "ALLOW"), target=Target("amd64"), architectures=[X86]).tables[X86].answers
    assert (found["accept4"].action, found["accept4"].rule) == (ALLOW, 0)
    assert (found["clone3"].action, found["clone3"].rule) == (EPERM, None)
    assert "above all those that the profile names" in found["accept4"].unsure
    assert found["accept4"].unsure == found["clone3"].unsure


def test_names_that_the_nodes_libseccomp_does_not_know_get_the_default() -> None:
    old, new, unknown = ((2, 5, 5), (2, 6, 0), None)
    found = {
        library: answer("mseal", "ALLOW", rule("mseal", "ERRNO"), target=Target("amd64", "crun", (1, 28), library))
        for library in (old, new, unknown)
    }
    assert [found[library].action for library in (old, new, unknown)] == [ALLOW, EPERM, EPERM]
    assert found[old] == Answer(ALLOW, Why.DEFAULT, dropped=(Dropped(0, "libseccomp before 2.5.6 does not know mseal"),))
    assert found[unknown].unsure == "a libseccomp before 2.5.6 does not know the name, and the default counts"
    assert not found[new].unsure


def test_when_a_name_was_known_is_asked_for_the_architecture() -> None:
    target = Target("s390x", "crun", (1, 28), (2, 5, 2))
    found = decision("ALLOW", DENY, rule("memfd_secret", "ERRNO"), target=target).tables["SCMP_ARCH_S390X"].answers
    assert found["memfd_secret"].dropped == (Dropped(1, "libseccomp before 2.5.5 does not know memfd_secret"),)
    unsure = decision("ALLOW", rule("memfd_secret", "ERRNO"), target=Target("s390x", "crun")).tables["SCMP_ARCH_S390X"].answers
    assert unsure["memfd_secret"].unsure.startswith("a libseccomp before 2.5.5 ")


def test_a_libseccomp_that_is_older_than_all_that_is_known_knows_no_name() -> None:
    found = decision("ERRNO", rule("read", "ALLOW"), target=Target("386", "crun", (1,), (2, 4, 3))).tables[X86].answers
    assert {answer.action for answer in found.values()} == {EPERM}


def test_a_doubt_about_the_stub_changes_nothing_else_of_an_answer() -> None:
    rules = [
        rule("read", "ALLOW"), rule("connect", "ALLOW"), rule("connect", "TRAP"),
        rule("socket", "ALLOW", (0, "EQ", 1), (1, "EQ", 5)), rule("socket", "TRAP", (1, "GT", 3)),
    ]  # fmt: skip
    sure, doubted = (
        decision("ERRNO", *rules, target=Target("386", runtime, (), (2, 6, 1))).tables[X86].answers for runtime in ("crun", "")
    )
    why = "its number is above all those that the profile names: runc answers ENOSYS before the filter is asked"
    for name in ("connect", "socket", "clone3"):
        assert doubted[name] == structs.replace(sure[name], unsure=why)
    assert doubted["read"] == sure["read"]
    assert (sure["socket"].exact, sure["socket"].overlapping) == (False, ((3, 4),))


def test_architectures_that_are_not_listed_are_killed() -> None:
    found = decision("ALLOW", DENY)
    assert list(found.tables) == [X86_64, X86, X32]
    assert {answer for abi in (X86, X32) for answer in found.tables[abi].answers.values()} == {Answer(KILL_THREAD, Why.ARCHITECTURE)}
    assert [(table.abi, table.bits) for table in found.tables.values()] == [(X86_64, 64), (X86, 32), (X32, 32)]
    listed = decision("ALLOW", DENY, architectures=[X86, "SCMP_ARCH_MIPSEL"])
    assert [listed.tables[abi].answers["mount"].action for abi in (X86_64, X86, X32)] == [EPERM, EPERM, KILL_THREAD]
    assert listed.unjudged == ("SCMP_ARCH_MIPSEL",)


def test_another_byte_order_does_not_load_and_an_unknown_node_has_no_tables() -> None:
    with pytest.raises(Refused, match="byte order"):
        decision("ALLOW", DENY, architectures=["SCMP_ARCH_S390X"])
    assert decision("ALLOW", DENY, target=Target("mips64le", "runc"), architectures=[X86]) == Decision({}, (X86,))


def test_a_rule_on_a_socket_call_covers_socketcall_without_its_conditions() -> None:
    found = decision("ERRNO", rule("socket", "ALLOW", (0, "NE", 40)), rule("connect", "ALLOW"), architectures=[X86])
    table = found.tables[X86]
    assert act(table, "socket", [40, 0, 0, 0, 0, 0]) == EPERM
    assert act(table, "socketcall", [1, 0, 0, 0, 0, 0]) == ALLOW
    assert {way: found.action for way, found in ways(table, "socket").items()} == {"socket": None, "socketcall": ALLOW}
    assert {way: found.action for way, found in ways(table, "bind").items()} == {"bind": EPERM, "socketcall": EPERM}
    assert list(ways(table, "accept")) == ["socketcall"]
    assert list(ways(table, "read")) == ["read"]


def test_what_socketcall_gets_for_one_sub_call() -> None:
    rules = [
        rule("socket", "ALLOW", (1, "EQ", 7)), rule("socket", "TRAP", (2, "GT", 1)), rule("bind", "ALLOW"),
        rule("connect", "ALLOW", (1, "EQ", 7)), rule("read", "ALLOW"),
    ]  # fmt: skip
    table = decision("ERRNO", *rules, target=Target("386", "", (), (2, 6, 1))).tables[X86]
    carrier = table.answers["socketcall"]
    assert (carrier.exact, carrier.overlapping, bool(carrier.unsure)) == (False, ((0, 1),), True)
    left = (Case(0, (Condition(1, "EQ", 7),), ALLOW), Case(1, (Condition(2, "GT", 1),), TRAP))
    assert {name: ways(table, name)["socketcall"] for name in ("socket", "bind", "connect", "listen")} == {
        "socket": Answer(None, Why.CONDITIONS, None, left, EPERM, False, ((0, 1),), unsure=carrier.unsure),
        "bind": Answer(ALLOW, Why.RULE, 2, unsure=carrier.unsure),
        "connect": Answer(
            None, Why.CONDITIONS, None, (Case(3, (Condition(1, "EQ", 7),), ALLOW),), EPERM, False, ((0, 1),), unsure=carrier.unsure
        ),
        "listen": Answer(EPERM, Why.DEFAULT, unsure=carrier.unsure),
    }


def test_conditions_on_later_arguments_stay_and_compare_something_else() -> None:
    table = decision("ERRNO", rule("socket", "ALLOW", (1, "EQ", 7)), architectures=[X86]).tables[X86]
    assert ways(table, "socket")["socketcall"].cases[0].conditions[0].index == 1
    assert act(table, "socketcall", [1, 7, 0, 0, 0, 0]) == ALLOW
    assert act(table, "socketcall", [1, 8, 0, 0, 0, 0]) == EPERM


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([rule("socket", "ALLOW", (0, "NE", 40))], (0,)),
        ([rule("socket", "ALLOW", (0, "EQ", 1))], ()),
        ([rule("socket", "ALLOW", (0, "EQ", 1), (1, "GT", 3))], (1,)),
        ([rule("socket", "ALLOW", (0, "EQ", 2**33)), rule("socket", "ALLOW", (0, "NE", 40))], (0,)),
        ([rule("socket", "ALLOW", (0, "NE", 401))], (0,)),
        ([rule("socket", "ALLOW", (0, "NE", 40), (2, "EQ", 5))], (0,)),
        ([rule("clone", "ALLOW", (0, "NE", 40))], ()),
        ([rule("socket", "ALLOW")], ()),
    ],
)
def test_what_is_got_around_through_the_upper_half(rules: list[dict[str, Any]], expected: tuple[int, ...]) -> None:
    table = decision("ERRNO", *rules).tables[X86_64]
    assert evadable(table, rules[0]["names"][0]) == expected


def test_a_denial_by_equality_is_got_around_and_one_by_mask_is_not() -> None:
    denied = decision("ALLOW", rule("socket", "ERRNO", (0, "EQ", 40))).tables[X86_64]
    assert evadable(denied, "socket") == (0,)
    masked = {**rule("socket", "ERRNO"), "args": [{"index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": 0xFFFFFFFF, "valueTwo": 40}]}
    assert evadable(decision("ALLOW", masked).tables[X86_64], "socket") == ()


def test_io_uring_does_what_is_denied() -> None:
    table = decision("ALLOW", rule("openat connect", "ERRNO")).tables[X86_64]
    assert around_io_uring(table) == ("connect", "openat")
    assert around_io_uring(decision("ALLOW", rule("openat io_uring_setup", "ERRNO")).tables[X86_64]) == ()
    some = rule("io_uring_setup", "ERRNO", EQ_0), rule("openat", "ERRNO")
    assert around_io_uring(decision("ALLOW", *some).tables[X86_64]) == ("openat",)
    rest = rule("io_uring_setup openat2", "ALLOW", EQ_0), rule("io_uring_enter", "ALLOW"), rule("connect", "TRAP", EQ_0)
    around = around_io_uring(decision("ERRNO", *rest).tables[X86_64])
    assert ({"connect", "openat"} <= set(around), "openat2" in around) == (True, False)


def test_an_absurd_number_of_conditions_is_not_judged_and_many_plain_rules_are() -> None:
    with pytest.raises(NotJudged):
        decision("ALLOW", *(rule("mount", "ERRNO", (0, "EQ", value), (1, "NE", value)) for value in range(2000)))
    rules = [rule("mount umount2 bpf acct", "ERRNO", (0, "EQ", value)) for value in range(158)]
    assert decision("ALLOW", *rules).tables[X86_64].answers["acct"].exact
    # Four times 158² is just what is judged.
    with pytest.raises(NotJudged, match=r"^has too many conditions for too many syscalls: not judged$"):
        decision("ALLOW", *rules, rule("swapon", "ERRNO", *((0, "EQ", value) for value in range(18))))
    assert decision("ALLOW", *[DENY] * 5_000).tables[X86_64].answers["mount"].action == EPERM
