"""What every call gets: which rule wins, what the runtime adds, names, ABIs, and the ways around."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_seccomp.profiles.answers import Answer, Decision, Target, Why, act, ways
from kubectl_seccomp.profiles.decoders import resolve
from kubectl_seccomp.profiles.engine import decide
from kubectl_seccomp.profiles.evasion import around_io_uring, evadable
from kubectl_seccomp.profiles.gojson import NotJudged, Refused, decode
from kubectl_seccomp.profiles.oci import ALLOW, KILL_THREAD, NO_SUCH_CALL, Action, Resolved

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


def test_two_conditions_on_one_argument_mean_or_so_that_two_exceptions_allow_everything() -> None:
    table = decision("ERRNO", rule("socket", "ALLOW", (0, "NE", 38), (0, "NE", 40))).tables[X86_64]
    assert {act(table, "socket", [family, 0, 0, 0, 0, 0]) for family in (1, 38, 40)} == {ALLOW}


def test_the_same_conditions_with_two_actions_do_not_load() -> None:
    found = decision("ALLOW", rule("mount", "ERRNO", EQ_0), rule("mount", "TRAP", EQ_0))
    assert [(conflict.call, conflict.rules) for conflict in found.conflicts] == [("mount", (0, 1))]
    assert not decision("ALLOW", rule("mount", "ERRNO", EQ_0), rule("mount", "ERRNO", EQ_0)).conflicts


def test_rules_that_meet_in_a_call_with_different_actions_are_ambiguous_just_there() -> None:
    table = decision("ALLOW", rule("mount", "ERRNO", EQ_0), rule("mount", "TRAP", (1, "EQ", 0))).tables[X86_64]
    assert table.answers["mount"].overlapping == ((0, 1),)
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


def test_one_name_with_a_high_number_moves_the_stub() -> None:
    rules = rule("read rseq", "ALLOW")
    assert answer("clone3", "ERRNO", rules, target=RUNC).action == NO_SUCH_CALL
    assert answer("clone3", "ERRNO", rules, rule("faccessat2", "ERRNO"), target=RUNC).action == EPERM


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
    assert "does not know mseal" in found[old].dropped[0].why
    assert "does not know the name" in found[unknown].unsure
    assert not found[new].unsure


def test_architectures_that_are_not_listed_are_killed() -> None:
    found = decision("ALLOW", DENY)
    assert list(found.tables) == [X86_64, X86, X32]
    assert {answer.action for abi in (X86, X32) for answer in found.tables[abi].answers.values()} == {KILL_THREAD}
    listed = decision("ALLOW", DENY, architectures=[X86, "SCMP_ARCH_MIPSEL"])
    assert [listed.tables[abi].answers["mount"].action for abi in (X86_64, X86, X32)] == [EPERM, EPERM, KILL_THREAD]
    assert listed.unjudged == ("SCMP_ARCH_MIPSEL",)


def test_another_byte_order_does_not_load_and_an_unknown_node_has_no_tables() -> None:
    with pytest.raises(Refused, match="byte order"):
        decision("ALLOW", DENY, architectures=["SCMP_ARCH_S390X"])
    assert decision("ALLOW", DENY, target=Target("mips64le", "runc")).tables == {}


def test_a_rule_on_a_socket_call_covers_socketcall_without_its_conditions() -> None:
    found = decision("ERRNO", rule("socket", "ALLOW", (0, "NE", 40)), rule("connect", "ALLOW"), architectures=[X86])
    table = found.tables[X86]
    assert act(table, "socket", [40, 0, 0, 0, 0, 0]) == EPERM
    assert act(table, "socketcall", [1, 0, 0, 0, 0, 0]) == ALLOW
    assert {way: found.action for way, found in ways(table, "socket").items()} == {"socket": None, "socketcall": ALLOW}
    assert {way: found.action for way, found in ways(table, "bind").items()} == {"bind": EPERM, "socketcall": EPERM}
    assert list(ways(table, "accept")) == ["socketcall"]
    assert list(ways(table, "read")) == ["read"]


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


def test_an_absurd_number_of_conditions_is_not_judged_and_many_plain_rules_are() -> None:
    with pytest.raises(NotJudged):
        decision("ALLOW", *(rule("mount", "ERRNO", (0, "EQ", value), (1, "NE", value)) for value in range(2000)))
    assert decision("ALLOW", *[DENY] * 5_000).tables[X86_64].answers["mount"].action == EPERM
