"""Answers in words."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_seccomp.profiles import wording
from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.chains import Case
from kubectl_seccomp.profiles.judged import Place
from kubectl_seccomp.profiles.oci import Action, Condition
from tests.unit.profiling import made, rule

X86_64 = "SCMP_ARCH_X86_64"


@pytest.mark.parametrize(
    ("action", "word", "seen"),
    [
        (Action("ALLOW"), "allowed", "it is carried out"),
        (Action("LOG"), "logged", "it is carried out, and the kernel logs it"),
        (Action("ERRNO", 1), "EPERM", "it fails with EPERM"),
        (Action("ERRNO", 38), "ENOSYS", "it fails with ENOSYS"),
        (Action("ERRNO", 2000), "errno 2000", "it fails with errno 2000"),
        (Action("ERRNO", 0), "success, not done", "it seems to succeed and is not carried out"),
        (Action("KILL_THREAD"), "kills the thread", "SIGSYS ends the thread that made it, and not the others"),
        (Action("KILL_PROCESS"), "kills the process", "SIGSYS ends the process"),
        (Action("TRAP"), "SIGSYS", "SIGSYS, which ends the process unless it handles it"),
        (Action("TRACE", 5), "traced", "what the tracer does; ENOSYS without one (data 5)"),
        (Action("NOTIFY"), "listener", "what the listener answers; ENOSYS without one"),
    ],
)
def test_an_action(action: Action, word: str, seen: str) -> None:
    assert (wording.action(action), wording.seen(action)) == (word, seen)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Condition(0, "EQ", 8), "arg0 == 8"),
        (Condition(1, "NE", 40), "arg1 != 40"),
        (Condition(0, "LT", 38), "arg0 < 38"),
        (Condition(0, "GE", 0x20000), "arg0 >= 0x20000"),
        (Condition(0, "LE", 1023), "arg0 <= 1023"),
        (Condition(0, "GT", 1024), "arg0 > 0x400"),
        (Condition(5, "MASKED_EQ", 0x7E020000, 0), "arg5 & 0x7e020000 == 0"),
    ],
)
def test_a_condition(condition: Condition, text: str) -> None:
    assert wording.condition(condition) == text


@pytest.mark.parametrize(
    ("rules", "text", "reason"),
    [
        ([], "EPERM", "the default: no rule that counts names it"),
        ([rule("socket", "ALLOW")], "allowed", "rule 0 (line 4)"),
        ([rule("socket", "ALLOW", (0, "EQ", 1))], "allowed if arg0 == 1, else EPERM", "rule 0 (line 4)"),
        (
            [rule("socket", "ALLOW", (0, "EQ", 1)), rule("socket", "ALLOW", (0, "EQ", 2)), rule("socket", "TRAP", (0, "EQ", 3))],
            "allowed if arg0 == 1 or arg0 == 2, SIGSYS if arg0 == 3, else EPERM",
            "rules 0 (line 4), 1, 2",
        ),
        (
            [rule("socket", "ALLOW", (0, "EQ", 1)), rule("socket", "TRAP", (0, "EQ", 3))],
            "allowed if arg0 == 1, SIGSYS if arg0 == 3, else EPERM",
            "rules 0 (line 4), 1",
        ),
        ([rule("socket", "ALLOW", (0, "EQ", 1), (1, "NE", 2))], "allowed if arg0 == 1 and arg1 != 2, else EPERM", "rule 0 (line 4)"),
    ],
    ids=["default", "rule", "argument", "several", "two", "both"],
)
def test_an_answer_and_its_reason(rules: list[dict[str, Any]], text: str, reason: str) -> None:
    judged = made("ERRNO", *rules)
    answer = judged.decision.tables[X86_64].answers["socket"]
    assert wording.answer(answer) == text
    assert wording.reason(answer, {0: " (line 4)"}) == reason


def test_the_reasons_that_are_no_rules() -> None:
    judged = made("ERRNO", rule("write", "ALLOW"), place=Place(target=Target("amd64", "runc", (1, 2))))
    reasons = [wording.reason(judged.decision.tables[abi].answers["mount"], {}) for abi in (X86_64, "SCMP_ARCH_X86")]
    assert reasons == [
        "its number is above all those that the profile names: runc answers before the filter",
        "the profile does not list the architecture",
    ]


def test_alternatives_are_told_once_and_what_always_holds_is_said() -> None:
    one, other = (Condition(0, "EQ", 1),), (Condition(1, "NE", 2), Condition(2, "EQ", 3))
    allow, trap = Action("ALLOW"), Action("TRAP")
    found = wording.alternatives([Case(0, one, allow), Case(1, (), trap), Case(2, other, allow), Case(3, one, allow)])
    assert found == [(allow, "arg0 == 1 or arg1 != 2 and arg2 == 3"), (trap, "always")]
