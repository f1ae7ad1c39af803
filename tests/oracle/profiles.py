"""Random profiles that overlap on purpose: few names, few values, all operators, several actions and ABIs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from kubectl_seccomp.profiles.answers import Answer
from kubectl_seccomp.profiles.conditions import boundaries
from kubectl_seccomp.profiles.oci import ALLOW, Action, Condition, Resolved, Rule

OPERATORS = (("EQ",), ("EQ", "MASKED_EQ"), ("EQ", "NE"), ("LT", "LE", "GE", "GT"), ("EQ", "NE", "LT", "LE", "GE", "GT", "MASKED_EQ"))
# Ordinary, carried by socketcall or ipc on 32-bit x86 and their carriers, what only some ABIs or none have.
_ORDINARY = ("read", "mmap", "clone")
_CARRIED = ("socket", "connect", "accept", "semop", "socketcall", "ipc")
NAMES = (*_ORDINARY, *_CARRIED, "llseek", "_llseek", "arch_prctl", "no_call")
LOW = (0, 1, 2, 3, 5, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
WIDE = (*LOW, 1 << 32, (1 << 32) + 1, (1 << 32) + 5, (2 << 32) + 2, 1 << 63, 2**64 - 1)
MASKS = (0, 1, 3, 4, 6, 0xFF, 0x7E020000, 0xFFFFFFFF, 1 << 32, 2**64 - 1)
ACTIONS = (ALLOW, Action("ERRNO", 1), Action("ERRNO", 38), Action("TRAP"), Action("LOG"), Action("KILL_PROCESS"), Action("TRACE", 1))
ABIS = ((), ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86"), ("SCMP_ARCH_X86", "SCMP_ARCH_X32"), ("SCMP_ARCH_AARCH64",), ("SCMP_ARCH_ARM",))


def profile(dice: random.Random) -> Resolved:
    operators, values = dice.choice(OPERATORS), dice.choice((LOW, WIDE))
    names = dice.sample(NAMES, dice.randint(1, 3))
    actions = dice.sample(ACTIONS, dice.choice((1, 1, 2, 3)))
    most = dice.choice((1, 1, 2, 3))
    rules = [_rule(dice, index, names, actions, operators, values, most) for index in range(dice.choice((1, 2, 4, 6)))]
    return Resolved(dice.choice((*ACTIONS, Action("ERRNO", 1))), tuple(rules), dice.choice(ABIS))


def chained(dice: random.Random) -> Resolved:
    """A profile of the shape of CRI-O's rules on socket: EQ and NE, argument by argument, with several actions."""
    upper = dice.choice((0, 0, 0, 1, 5)) << 32
    values = [upper + low for low in (0, 3, 9, 16, 40, 0xFFFFFFFF)]
    first, *further = sorted(dice.sample(range(4), 3))
    actions = dice.sample(ACTIONS, 3)
    names = dice.sample(("socket", "mmap", "clone", "connect"), dice.choice((1, 1, 2)))
    rules = []
    for index in range(dice.randint(2, 6)):
        conditions = [Condition(first, dice.choice(("EQ", "EQ", "EQ", "NE")), dice.choice(values))]
        for argument in further:
            if conditions[-1].op == "EQ" and dice.random() < 0.4:
                conditions.append(Condition(argument, dice.choice(("EQ", "NE")), dice.choice(values)))
        rules.append(Rule(index, tuple(names), dice.choice(actions), tuple(conditions)))
    return Resolved(dice.choice(ACTIONS), tuple(rules), dice.choice(ABIS))


def _rule(
    dice: random.Random,
    index: int,
    names: Sequence[str],
    actions: Sequence[Action],
    operators: Sequence[str],
    values: Sequence[int],
    most: int,
) -> Rule:
    named = tuple(dice.sample(names, dice.randint(1, len(names))))
    count = 0 if dice.random() < 0.1 else dice.randint(1, most)
    # Now and then one argument twice in a rule, which makes alternatives of its conditions.
    arguments = [dice.randrange(3) for _ in range(count)] if dice.random() < 0.1 else dice.sample(range(4), count)
    return Rule(index, named, dice.choice(actions), tuple(_condition(dice, at, operators, values) for at in arguments))


def _condition(dice: random.Random, index: int, operators: Sequence[str], values: Sequence[int]) -> Condition:
    op = dice.choice(operators)
    if op == "MASKED_EQ":
        return Condition(index, op, dice.choice(MASKS), dice.choice(values))
    return Condition(index, op, dice.choice(values))


def calls(dice: random.Random, answer: Answer, count: int) -> Iterator[list[int]]:
    """Yield arguments at random and around every value that the rules compare with."""
    edges = list(boundaries([case.conditions for case in answer.cases]))
    for _ in range(count if edges else 1):
        arguments = [dice.choice((0, 1, 2**64 - 1, dice.getrandbits(64), dice.getrandbits(3))) for _ in range(6)]
        for index, value in dice.sample(edges, min(len(edges), dice.randint(0, 4))):
            arguments[index] = (value | dice.choice((0, 0, 0, 1 << 32))) & (2**64 - 1)
        yield arguments
