"""Files that are nearly profiles: lint raises nothing for them, and says of every problem where it is."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

from kubectl_seccomp.profiles.lint import Setting, lint

FIXTURES = Path(__file__).parents[1] / "fixtures" / "lint"
VALUES: tuple[object, ...] = (
    None, 0, -1, 2**64, 1.5, True, "", "x", "SCMP_ACT_ALLOW", [], [None], [0], ["read"], {}, {"names": 1}, [{}], [[]],
)  # fmt: skip
KEYS = (
    "defaultAction", "defaultErrnoRet", "architectures", "flags", "listenerPath", "syscalls", "archMap", "defaultErrno", "kind", "spec",
)  # fmt: skip
RULE_KEYS = ("names", "name", "action", "errnoRet", "errno", "args", "includes", "excludes", "comment")


def mutations(dice: random.Random, raw: bytes) -> Iterator[bytes]:
    """Bytes that are nearly a profile: cut, doubled, exchanged, with other values and deeper."""
    values = (b"null", b"-1", b"1e400", b'"\\ud800"', b"[]", b"{}", b"true", b"18446744073709551616", b'"\x1b[31m"', b"\xff", b"[[[")
    while True:
        found = bytearray(raw)
        for _ in range(dice.randint(1, 4)):
            place, other = dice.randrange(len(found) + 1), dice.randrange(len(found) + 1)
            kind = dice.randrange(5)
            if kind == 0:
                del found[min(place, other) : max(place, other) if dice.random() < 0.1 else min(place, other) + 1]
            elif kind == 1:
                found[place:place] = dice.choice(values)
            elif kind == 2:
                found[place:place] = raw[min(place, other) : max(place, other)][:60]
            elif kind == 3 and found:
                found[place % len(found)] = dice.randrange(256)
            else:
                quoted = found.find(b'"', place)
                end = found.find(b'"', quoted + 1)
                if 0 <= quoted < end:
                    found[quoted : end + 1] = dice.choice(values)
        yield bytes(found)


def lint_bytes(seed: int, count: int) -> None:
    """Lint so many files with a few bytes changed."""
    dice = random.Random(seed)
    streams = [mutations(dice, path.read_bytes()) for path in sorted(FIXTURES.glob("*/fail*"))]
    for number in range(count):
        raw = next(streams[number % len(streams)])
        found = lint(raw, Setting(on_node=bool(number % 2), decoder=("", "containerd", "cri-o", "docker")[number % 4]))
        for problem in found.problems:
            assert problem.position is not None, raw


def lint_values(seed: int, count: int) -> None:
    """Lint so many profiles with values where they do not belong."""
    dice = random.Random(seed)
    for _ in range(count):
        rule = {key: dice.choice(VALUES) for key in dice.sample(RULE_KEYS, dice.randint(0, 5))}
        document = {key: dice.choice(VALUES) for key in dice.sample(KEYS, dice.randint(0, 5))}
        document |= {"syscalls": [rule, rule]} if dice.random() < 0.7 else {}
        document |= {"defaultAction": "SCMP_ACT_ERRNO"} if dice.random() < 0.7 else {}
        lint(json.dumps(document).encode(), Setting(on_node=dice.random() < 0.5, decoder=dice.choice(("", "cri-o", "docker"))))
