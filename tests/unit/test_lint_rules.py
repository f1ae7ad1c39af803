"""Lint on single rules: names that mean nothing, rules without effect, and conditions that say something else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.gojson import decode
from kubectl_seccomp.profiles.judged import Judged, Place, judge_at
from kubectl_seccomp.profiles.lint_rules import in_answers, in_text, listed
from tests.unit.lint_lab import told
from tests.unit.profiling import made, rule

BOTH = ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86")
READ = {"names": ["read"], "action": "SCMP_ACT_ALLOW"}
Told = list[tuple[str, ...]]


def written(*entries: object) -> Told:
    """What is said of rules as they stand, whoever reads them."""
    return [told(problem) for problem in in_text(decode(json.dumps({"syscalls": entries}).encode()) or {})]


def found(judged: Judged, *ids: str) -> Told:
    return [told(problem) for problem in in_answers(judged) if not ids or problem.id in ids]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("monut", "mount"), ("MOUNT", "mount"), (" mount ", "mount"), ("sys_mount", "mount"), ("__NR_Mount", "mount"),
        ("__x64_sys_mount", "mount"), ("165", "mount"), ("0", "read"), ("sys_monut", "mount"), ("clock_settime6", "clock_settime64"),
        ("riscv_flush_cache", "riscv_flush_icache"), ("9999", ""), ("9" * 64, ""), ("\u0661", ""), ("*", ""), ("malloc", ""),
        (f"sys_mount{' ' * 60}", "mount"),
    ],
)  # fmt: skip
def test_a_name_that_nobody_knows_is_ignored_and_the_one_that_is_meant_is_told(name: str, meant: str) -> None:
    shown = name if len(name) <= 60 else f"{name[:59]}…"
    said = f'KS330 medium syscalls.1.names.1: unknown syscall "{shown}"{f": did you mean {meant}?" if meant else ""}'
    assert written(READ, {"names": ["read", name]}) == [(said, "ignored", meant) if meant else (said, "ignored")]


def test_what_stands_where_a_name_should() -> None:
    assert written({"names": ["read", "", None, 7, "read"], "action": "SCMP_ACT_ALLOW"}) == [
        ("KS331 high syscalls.0.names.1: the empty string is not a syscall", "runc refused, crun ignored"),
        ("KS331 high syscalls.0.names.2: the empty string is not a syscall", "runc refused, crun ignored"),
    ]
    assert written({"name": "monut"}, {"name": "umount"}) == [
        ('KS330 medium syscalls.0.name: unknown syscall "monut": did you mean mount?', "ignored", "mount"),
    ]


def test_the_nearest_name_is_looked_for_forty_times_and_what_is_plain_always() -> None:
    names = [f"{'abcdefghij'[number // 10]}qqq{'zyxwvutsrp'[number % 10]}" for number in range(39)]
    told_of = written({"names": ["read", *names, "monut", "monut", "sys_mount"]})
    assert [rest for _, *rest in told_of] == [["ignored"]] * 39 + [["ignored", "mount"], ["ignored"], ["ignored", "mount"]]


EMPTY = "the rule names no syscall and does nothing"
KILLS = "KS343 low syscalls.1.action:"
SOME_REFUSE = (
    "containerd+runc ignored, containerd+crun refused, cri-o+runc ignored, cri-o+crun ignored, docker+runc ignored, docker+crun refused"
)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (None, [(f"KS333 medium syscalls.1.names: {EMPTY}", SOME_REFUSE)]),
        ({"names": None}, [(f"KS333 medium syscalls.1.names: {EMPTY}", SOME_REFUSE)]),
        ({"names": [], "action": "SCMP_ACT_KILL"}, [(f"KS333 medium syscalls.1.names: {EMPTY}", "ignored")]),
        ({"action": "SCMP_ACT_TRACE"}, [(f"KS333 medium syscalls.1.names: {EMPTY}", SOME_REFUSE)]),
        ({"name": "read"}, []),
        ({"names": "read"}, []),
        ({"names": ["read", "write"], "action": "SCMP_ACT_KILL"}, [
            (f"{KILLS} SCMP_ACT_KILL ends one thread, not the process: read, write", "loads", "SCMP_ACT_KILL_PROCESS"),
        ]),
        ({"name": "read", "action": "SCMP_ACT_KILL_THREAD"}, [
            (f"{KILLS} SCMP_ACT_KILL_THREAD ends one thread, not the process: read", "loads", "SCMP_ACT_KILL_PROCESS"),
        ]),
        ({"names": ["read"], "action": "SCMP_ACT_KILL_PROCESS"}, []),
        ({"names": ["read"], "action": "SCMP_ACT_TRACE"}, [
            ("KS344 low syscalls.1.action: SCMP_ACT_TRACE without a tracer gives ENOSYS: read", "loads"),
        ]),
    ],
)  # fmt: skip
def test_rules_without_names_and_actions_that_do_something_else(entry: object, expected: Told) -> None:
    assert written(READ, entry) == expected


MASKED = "SCMP_CMP_MASKED_EQ"
ALWAYS = ("KS341 medium syscalls.1.args.1: the mask (value) is 0: the condition always holds", "loads")


def missing(what: str) -> tuple[str, str]:
    return (f"KS340 low syscalls.1.args.1: {what} missing: taken as 0", "loads")


def hidden(bits: str) -> tuple[str, str]:
    said = f"valueTwo has bits ({bits}) that the mask (value) leaves out: they are not compared"
    return (f"KS341 medium syscalls.1.args.1: {said}", "loads")


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        (None, [missing("index and value are")]),
        ({"index": 1}, [missing("value is")]),
        ({"value": 1, "index": None}, [missing("index is")]),
        ({"index": 0, "value": 0, "op": "SCMP_CMP_EQ", "valueTwo": 3}, []),
        ({"index": 0, "value": 0, "op": MASKED}, [ALWAYS]),
        ({"index": 0, "value": 0, "op": MASKED, "valueTwo": 1}, [ALWAYS]),
        ({"index": 0, "op": MASKED}, [missing("value is"), ALWAYS]),
        ({"index": 0, "value": 2, "op": MASKED}, []),
        ({"index": 0, "value": 3, "op": MASKED, "valueTwo": 2}, []),
        ({"index": 0, "value": 2, "op": MASKED, "valueTwo": 3}, [hidden("0x1")]),
        ({"index": 0, "value": 255, "op": MASKED, "valueTwo": 2**64 - 1}, [hidden("0xffffffffffffff00")]),
        # Refused elsewhere.
        ({"index": 0, "value": "2", "op": MASKED, "valueTwo": 3}, []),
        ({"index": 0, "value": 2, "op": MASKED, "valueTwo": "3"}, []),
    ],
)
def test_conditions_that_say_less_than_they_seem_to(argument: object, expected: Told) -> None:
    whole = {"index": 5, "value": 1, "op": "SCMP_CMP_EQ"}
    assert written(READ, {**READ, "args": [whole, argument]}) == expected


def test_of_many_names_the_first_are_listed() -> None:
    many = [f"call{number}" for number in range(10)]
    assert listed(["b", "a", "b"]) == "b, a"
    assert listed(many[:8]) == "call0, call1, call2, call3, call4, call5, call6, call7"
    assert listed([*many, "call0"]) == "call0, call1, call2, call3, call4, call5, call6, call7 and 2 more"
    assert listed(many, 3) == "call0, call1, call2 and 7 more"
    assert listed(["x" * 100, ""]) == f"{'x' * 59}…, "


def young(severity: str, index: int, names: str, becomes: str) -> tuple[str, str]:
    said = f"an older libseccomp does not know {names}: {becomes}"
    return (f"KS332 {severity} syscalls.{index}: {said}", "ignored by older libraries")


LOST, DEFAULT = "what should be refused is not", "the default counts there"


@pytest.mark.parametrize(
    ("default", "rules", "library", "expected"),
    [
        ("ALLOW", [rule("bpf openat2 nosuchcall", "ERRNO"), rule("quotactl_fd mseal", "KILL"), rule("mseal", "ERRNO")], None,
         [young("medium", 1, "mseal (before 2.5.6), quotactl_fd (before 2.5.2)", LOST)]),
        # What was new in 2022 is hardly missing anywhere; that it is not refused there is told all the same.
        ("ERRNO", [rule("quotactl_fd", "ALLOW"), rule("cachestat", "LOG"), rule("mseal", "ERRNO")], None,
         [young("info", 2, "mseal (before 2.5.6), cachestat (before 2.5.5)", DEFAULT)]),
        ("LOG", [rule("cachestat", "ERRNO"), rule("mseal", "ALLOW")], None,
         [young("medium", 0, "cachestat (before 2.5.5)", LOST), young("info", 1, "mseal (before 2.5.6)", DEFAULT)]),
        ("ALLOW", [rule("cachestat mseal", "ERRNO")], (2, 5, 5), [young("medium", 0, "mseal (before 2.5.6)", LOST)]),
        ("ALLOW", [rule("cachestat mseal", "ERRNO")], (2, 5, 6), []),
    ],
)  # fmt: skip
def test_names_that_older_libraries_do_not_know(
    default: str, rules: list[dict[str, Any]], library: tuple[int, ...] | None, expected: Told
) -> None:
    assert found(made(default, *rules, place=Place(target=Target(libseccomp=library))), "KS332") == expected


def ignored(identifier: str, severity: str, index: int, calls: str, why: str) -> tuple[str, str]:
    return (f"{identifier} {severity} syscalls.{index}: the rule does not count for {calls}: {why}", "ignored")


EQUAL = "its action is the same as the default's"
ONE = (0, "EQ", 1)


@pytest.mark.parametrize(
    ("rules", "more", "expected"),
    [
        ([rule("read", "ALLOW"), rule("read write", "LOG"), rule("read", "ALLOW")], {}, [
            ignored("KS334", "medium", 1, "read", "rule 0 already decides this syscall"),
            ignored("KS334", "info", 2, "read", "rule 0 already decides this syscall"),
        ]),
        ([rule("write read", "KILL", ONE), rule("read write", "ALLOW")], {}, [
            ignored("KS334", "medium", 0, "read, write", "rule 1, which has no conditions, replaces it"),
        ]),
        ([rule("read", "ALLOW", ONE), rule("read", "ALLOW", ONE, (1, "EQ", 2))], {}, [
            ignored("KS334", "info", 1, "read", "rule 0 covers it"),
        ]),
        ([rule("read", "ALLOW"), rule("read mount", "ERRNO")], {}, [
            ignored("KS335", "info", 1, "mount", EQUAL), ignored("KS335", "medium", 1, "read", EQUAL),
        ]),
        # An exception to a rule that lets pass is none; what only says the rest is harmless, and so is what no other rule meets.
        ([rule("socket", "ALLOW", (0, "LT", 40)), rule("socket", "ERRNO", (0, "EQ", 38))], {},
         [ignored("KS335", "medium", 1, "socket", EQUAL)]),
        ([rule("socket", "ALLOW", (0, "LT", 40)), rule("socket", "ERRNO", (0, "GT", 30))], {},
         [ignored("KS335", "medium", 1, "socket", EQUAL)]),
        ([rule("socket", "ALLOW", (0, "LT", 40)), rule("socket", "ERRNO", (0, "EQ", 50), (0, "EQ", 38))], {},
         [ignored("KS335", "medium", 1, "socket", EQUAL)]),
        ([rule("socket", "ALLOW", (0, "LT", 40)), rule("socket", "ERRNO", (0, "EQ", 50))], {},
         [ignored("KS335", "info", 1, "socket", EQUAL)]),
        ([rule("socket", "ALLOW", (0, "LT", 40)), rule("socket", "ERRNO")], {}, [ignored("KS335", "info", 1, "socket", EQUAL)]),
        ([rule("bind", "ALLOW", (1, "EQ", 1)), rule("bind", "ERRNO", (1, "EQ", 1))], {"architectures": BOTH}, [
            ignored("KS335", "medium", 1, "bind", EQUAL), ignored("KS335", "info", 1, "socketcall", EQUAL),
        ]),
        # Once, whatever the number of architectures, and of those that are listed only.
        ([rule("read umount", "ALLOW"), rule("umount read", "LOG")], {"architectures": BOTH},
         [ignored("KS334", "medium", 1, "read, umount", "rule 0 already decides this syscall")]),
        ([rule("umount", "ALLOW"), rule("umount", "LOG")], {}, []),
    ],
)  # fmt: skip
def test_rules_that_another_one_or_the_default_overrides(rules: list[dict[str, Any]], more: dict[str, Any], expected: Told) -> None:
    assert found(made("ERRNO", *rules, **more), "KS334", "KS335") == expected


def test_rules_for_what_the_library_does_not_know_are_not_called_overridden() -> None:
    rules = [rule("read mseal", "ALLOW"), rule("mseal read", "LOG")]
    for library, calls in (((2, 5, 4), "read"), ((2, 5, 6), "mseal, read"), (None, "mseal, read")):
        judged = made("ERRNO", *rules, place=Place(target=Target(libseccomp=library)))
        assert found(judged, "KS334") == [ignored("KS334", "medium", 1, calls, "rule 0 already decides this syscall")]


def test_two_actions_under_the_same_conditions_are_refused_pair_by_pair() -> None:
    rules = [rule("read write", "ALLOW", ONE), rule("kill", "LOG", ONE), rule("write read", "KILL", ONE), rule("kill", "TRAP", ONE)]
    assert found(made("ERRNO", *rules), "KS336") == [
        ("KS336 high syscalls.3: the same conditions as rule 1, but another action: kill", "refused"),
        ("KS336 high syscalls.2: the same conditions as rule 0, but another action: read, write", "refused"),
    ]


def test_what_two_rules_are_about_follows_neither_order_nor_strictness() -> None:
    rules = [
        rule("read write", "ALLOW", (1, "EQ", 1)),
        rule("read write kill", "LOG", (2, "EQ", 1)),
        rule("kill", "KILL", (1, "EQ", 1)),
    ]
    counts = "one of the two counts"
    assert found(made("ERRNO", *rules, architectures=BOTH), "KS337") == [
        ("KS337 medium syscalls.2: one syscall can match rules 1 and 2, which differ: kill", counts),
        ("KS337 medium syscalls.1: one syscall can match rules 0 and 1, which differ: read, write", counts),
    ]


@pytest.mark.parametrize(
    ("rules", "place", "calls"),
    [
        ([rule("read", "ALLOW"), rule("getuid", "ALLOW"), rule("getuid", "ALLOW", ONE)], "", ""),
        ([rule("socket", "ALLOW", (1, "GT", 1)), rule("socket", "ALLOW", (1, "LT", 5), (2, "GT", 7))],
         "syscalls.0", "socket, socketcall"),
        ([rule("socket", "ERRNO"), rule("ioctl", "ALLOW", (1, "GT", 1)), rule("ioctl", "ALLOW", (1, "LT", 5), (2, "GT", 7))],
         "syscalls.1", "ioctl"),
        # No rule has the name by which these come.
        ([rule("accept", "ALLOW", (1, "GT", 1)), rule("recv", "ALLOW", (1, "LT", 5), (2, "GT", 7))], "", "socketcall"),
    ],
)  # fmt: skip
def test_conditions_that_the_library_does_not_compile_exactly(rules: list[dict[str, Any]], place: str, calls: str) -> None:
    said = f"KS338 medium {place}: what the filter does with {calls} may differ from what the rules say"
    assert found(made("ERRNO", *rules, architectures=BOTH), "KS338") == ([(said, "loads")] if calls else [])


def test_an_argument_that_is_named_twice_makes_any_condition_enough() -> None:
    rules = [rule("futex", "ALLOW", ONE, (2, "EQ", 2)), rule("read write", "ALLOW", (0, "EQ", 1), (2, "NE", 1), (2, "NE", 2))]
    said = "KS339 medium syscalls.1.args: argument 2 is named twice: any condition of the rule is enough (read, write)"
    assert found(made("ERRNO", *rules), "KS339") == [(said, "loads")]


def test_conditions_that_the_upper_half_of_an_argument_bypasses() -> None:
    upper = "can be bypassed with bit 32 set in argument"
    why = "the filter compares 64 bits, the kernel takes 32"
    rules = [rule("keyctl", "ALLOW", ONE), rule("kill", "ALLOW", (0, "NE", 1), (1, "NE", 9)), rule("socket", "ALLOW", (0, "NE", 40))]
    assert found(made("ERRNO", *rules), "KS342") == [
        (f"KS342 medium syscalls.1: kill {upper} 0 and 1: {why}", "loads"),
        (f"KS342 medium syscalls.2: socket {upper} 0: {why}", "loads"),
    ]


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        (judge_at({}, Place()), []),
        (made("ERRNO", rule("mseal", "ALLOW"), place=Place(target=Target("mips64"))),
         [young("info", 0, "mseal (before 2.5.6)", DEFAULT)]),
    ],
    ids=["no filter", "unknown architecture"],
)  # fmt: skip
def test_without_answers_there_is_little_to_say(judged: Judged, expected: Told) -> None:
    assert found(judged) == expected
