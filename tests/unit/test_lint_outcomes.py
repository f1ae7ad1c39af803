"""What lint says becomes of a container, held against what real runtimes did with such files.

Measured with runc 1.1.5, 1.1.15 and 1.3.6, crun 1.8.1, 1.21 and 1.28, containerd 1.6.20 and CRI-O's loader. What crun does with a
file of its own that Go would refuse does not matter here: behind containerd and CRI-O it sees what Go has written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from kubectl_seccomp.profiles.lint import Setting, lint
from kubectl_seccomp.profiles.problem import LANES, Effect, outcome

RUNC_1_1, RUNC_1_3, RUNC_1_5 = (1, 1, 5), (1, 3, 6), (1, 5, 0)
LOADS, REFUSED, NONE = "loads", "refused", "no filter"
# Enough for a container to start, so that only what is looked at counts.
BASE = {"names": ["read"], "action": "SCMP_ACT_ALLOW"}


def profile(rules: list[object] | None = None, **fields: object) -> bytes:
    """A profile that lets everything pass but for these rules."""
    return json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [BASE] if rules is None else rules, **fields}).encode()


def rule(**fields: object) -> bytes:
    return profile([{"names": ["mount"], "action": "SCMP_ACT_ERRNO", **fields}])


def arg(**fields: object) -> bytes:
    return rule(args=[{"index": 0, "value": 1, "op": "SCMP_CMP_EQ", **fields}])


def without(key: str) -> bytes:
    entry: dict[str, object] = {"names": ["mount"], "action": "SCMP_ACT_ERRNO"}
    del entry[key]
    return profile([entry])


def two(first: Mapping[str, object], second: Mapping[str, object]) -> bytes:
    return profile([{"names": ["mount"], **first}, {"names": ["mount"], **second}])


ERRNO, KILL, ALLOW = {"action": "SCMP_ACT_ERRNO"}, {"action": "SCMP_ACT_KILL_PROCESS"}, {"action": "SCMP_ACT_ALLOW"}
EQ = {"args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}
WRAPPED = json.dumps({"kind": "SeccompProfile", "spec": {"defaultAction": "SCMP_ACT_ERRNO"}}).encode()

# By containerd, with runc 1.1.5, runc 1.3.6, crun 1.8.1, and by CRI-O with runc 1.3.6; one word for all.
ROWS: list[tuple[str, bytes, tuple[str, ...]]] = [
    ("empty file", b"", (REFUSED,)),
    ("yaml", b"defaultAction: SCMP_ACT_ALLOW\n", (REFUSED,)),
    ("bom", b"\xef\xbb\xbf{}", (REFUSED,)),
    ("array", b"[]", (REFUSED,)),
    ("number", b"7", (REFUSED,)),
    ("comment", b'{"defaultAction": "SCMP_ACT_ALLOW" /* x */}', (REFUSED,)),
    ("trailing comma", b'{"defaultAction": "SCMP_ACT_ALLOW",}', (REFUSED,)),
    ("empty object", b"{}", (NONE, NONE, REFUSED, NONE)),
    ("null", b"null", (NONE, NONE, REFUSED, NONE)),
    ("wrapped resource", WRAPPED, (NONE, NONE, REFUSED, NONE)),
    ("default empty, no rules", b'{"defaultAction": ""}', (NONE, NONE, REFUSED, NONE)),
    ("no default, rules", json.dumps({"syscalls": [BASE]}).encode(), (REFUSED,)),
    ("key case", b'{"DEFAULTACTION": "SCMP_ACT_ALLOW", "SysCalls": []}', (LOADS,)),
    ("duplicate key, last wins", b'{"defaultAction": "X", "defaultAction": "SCMP_ACT_ALLOW"}', (LOADS,)),
    ("unknown fields", profile(hint=1), (LOADS,)),
    ("comment key", rule(comment="why"), (LOADS,)),
    ("includes", rule(includes={"caps": ["CAP_BPF"]}), (LOADS,)),
    ("archMap", profile(archMap=[{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []}]), (LOADS,)),
    ("legacy name", profile([{"name": "mount", "action": "SCMP_ACT_ERRNO"}]), (LOADS, LOADS, REFUSED, LOADS)),
    ("names missing", without("names"), (LOADS, LOADS, REFUSED, LOADS)),
    ("names null", rule(names=None), (LOADS, LOADS, REFUSED, LOADS)),
    ("names []", rule(names=[]), (LOADS,)),
    ("names has ''", rule(names=["mount", ""]), (REFUSED, REFUSED, LOADS, REFUSED)),
    ("unknown name", rule(names=["bogus"]), (LOADS,)),
    ("upper case", rule(names=["MOUNT"]), (LOADS,)),
    ("63", rule(names=["63"]), (LOADS,)),
    ("sys_ prefix", rule(names=["sys_mount"]), (LOADS,)),
    ("blanks", rule(names=[" mount "]), (LOADS,)),
    ("star", rule(names=["*"]), (LOADS,)),
    ("number in names", rule(names=[165]), (REFUSED,)),
    ("other arch's name", rule(names=["socketcall"]), (LOADS,)),
    ("name twice", rule(names=["mount", "mount"]), (LOADS,)),
    ("two actions", two(ERRNO, KILL), (LOADS,)),
    ("equal to default first", two(ALLOW, ERRNO), (LOADS,)),
    ("same condition, two actions", two({**ERRNO, **EQ}, {**KILL, **EQ}), (REFUSED,)),
    ("conditional, then not", two({**ERRNO, **EQ}, KILL), (LOADS,)),
    ("unconditional, then conditional", two(ERRNO, {**KILL, **EQ}), (LOADS,)),
    ("action missing", without("action"), (REFUSED,)),
    ("action lower case", rule(action="scmp_act_errno"), (REFUSED,)),
    ("action without prefix", rule(action="ERRNO"), (REFUSED,)),
    ("unknown action, no names", profile([{"names": [], "action": "X"}]), (REFUSED, REFUSED, REFUSED, LOADS)),
    ("SCMP_ACT_KILL", rule(action="SCMP_ACT_KILL"), (LOADS,)),
    ("default NOTIFY", profile(defaultAction="SCMP_ACT_NOTIFY"), (REFUSED, REFUSED, "cannot start", REFUSED)),
    ("NOTIFY without listener", rule(action="SCMP_ACT_NOTIFY"), (REFUSED, REFUSED, LOADS, REFUSED)),
    ("NOTIFY on write", profile([{"names": ["write"], "action": "SCMP_ACT_NOTIFY"}], listenerPath="/run/s"),
     (REFUSED, REFUSED, LOADS, REFUSED)),
    ("errnoRet on KILL", rule(action="SCMP_ACT_KILL", errnoRet=1), (LOADS, LOADS, REFUSED, LOADS)),
    ("defaultErrnoRet with ALLOW", profile(defaultErrnoRet=1), (LOADS, LOADS, REFUSED, LOADS)),
    ("errnoRet 0", rule(errnoRet=0), (LOADS,)),
    ("errnoRet 4095", rule(errnoRet=4095), (REFUSED,)),
    ("errnoRet 4094", rule(errnoRet=4094), (LOADS,)),
    ("defaultErrnoRet 4095", profile(defaultAction="SCMP_ACT_ERRNO", defaultErrnoRet=4095), (REFUSED,)),
    ("errnoRet -1", rule(errnoRet=-1), (REFUSED,)),
    ("errnoRet a string", rule(errnoRet="EPERM"), (REFUSED,)),
    ("errnoRet a fraction", rule(errnoRet=1.5), (REFUSED,)),
    ("arch []", profile(architectures=[]), (LOADS,)),
    ("arch twice", profile(architectures=["SCMP_ARCH_X86", "SCMP_ARCH_X86"]), (LOADS,)),
    ("arch unknown", profile(architectures=["SCMP_ARCH_VAX"]), (REFUSED,)),
    ("arch NATIVE", profile(architectures=["SCMP_ARCH_NATIVE"]), (REFUSED,)),
    ("arch amd64", profile(architectures=["amd64"]), (REFUSED,)),
    ("arch foreign, same order", profile(architectures=["SCMP_ARCH_AARCH64"]), (LOADS,)),
    ("arch foreign, other order", profile(architectures=["SCMP_ARCH_S390X"]), (REFUSED,)),
    ("arch RISCV64", profile(architectures=["SCMP_ARCH_RISCV64"]), (REFUSED, LOADS, LOADS, LOADS)),
    ("arch LOONGARCH64", profile(architectures=["SCMP_ARCH_LOONGARCH64"]), (REFUSED, LOADS, REFUSED, LOADS)),
    ("flag LOG", profile(flags=["SECCOMP_FILTER_FLAG_LOG"]), (REFUSED, LOADS, LOADS, LOADS)),
    ("flag WAIT_KILLABLE_RECV", profile(flags=["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]), (REFUSED, REFUSED, LOADS, REFUSED)),
    ("flag unknown", profile(flags=["SECCOMP_FILTER_FLAG_X"]), (REFUSED,)),
    ("flags []", profile(flags=[]), (LOADS,)),
    ("args []", rule(args=[]), (LOADS,)),
    ("args null", rule(args=None), (LOADS,)),
    ("index 6", arg(index=6), (REFUSED,)),
    ("op missing", arg(op=None), (REFUSED,)),
    ("op lower case", arg(op="scmp_cmp_eq"), (REFUSED,)),
    ("op without prefix", arg(op="EQ"), (REFUSED,)),
    ("index and value missing", rule(args=[{"op": "SCMP_CMP_EQ"}]), (LOADS,)),
    ("value -1", arg(value=-1), (REFUSED,)),
    ("value a string", arg(value="0xffff"), (REFUSED,)),
    ("value 2^64", arg(value=2**64), (REFUSED,)),
    ("index twice", rule(args=EQ["args"] * 2), (LOADS,)),
    ("syscalls an object", profile(syscalls={}), (REFUSED,)),
    ("syscalls has null", profile([None]), (REFUSED, REFUSED, REFUSED, LOADS)),
]  # fmt: skip
CASES = (
    ("containerd+runc", RUNC_1_1), ("containerd+runc", RUNC_1_3), ("containerd+crun", (1, 8, 1)), ("cri-o+runc", RUNC_1_3),
)  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_becomes_of_a_container_is_what_was_seen(raw: bytes, expected: tuple[str, ...]) -> None:
    problems = lint(raw, Setting(on_node=True)).problems
    found = tuple(outcome(problems, lane, version) for lane, version in CASES)
    assert found == (expected * len(CASES) if len(expected) == 1 else expected)


@pytest.mark.parametrize(
    ("raw", "lane", "version", "expected"),
    [
        (profile(flags=["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]), "containerd+runc", RUNC_1_5, LOADS),
        (profile(architectures=["SCMP_ARCH_LOONGARCH64"]), "containerd+crun", (1, 21), LOADS),
        (profile(architectures=["SCMP_ARCH_RISCV64"]), "containerd+runc", (1, 1, 15), LOADS),
        (json.dumps({"defaultAction": "SCMP_ACT_KILL"}).encode(), "containerd+runc", RUNC_1_1, "hangs"),
        (json.dumps({"defaultAction": "SCMP_ACT_ERRNO"}).encode(), "containerd+runc", RUNC_1_1, "cannot start"),
        (rule(errno="NOPE"), "cri-o+runc", RUNC_1_3, REFUSED),
        (rule(errno="NOPE"), "containerd+runc", RUNC_1_3, LOADS),
        (rule(name="umount2"), "cri-o+crun", (), REFUSED),
        (rule(name="umount2"), "containerd+crun", (), LOADS),
        (rule(includes={"minKernel": "six"}), "docker+runc", (), REFUSED),
        (rule(includes={"minKernel": "six"}), "cri-o+runc", (), LOADS),
    ],
)
def test_versions_and_readers_differ(raw: bytes, lane: str, version: tuple[int, ...], expected: str) -> None:
    assert outcome(lint(raw, Setting(on_node=True)).problems, lane, version) == expected


def test_all_lanes_are_told_of() -> None:
    (problem,) = (each for each in lint(b"{}", Setting()).problems if each.id == "KS311")
    assert tuple(problem.effects) == LANES


@pytest.mark.parametrize(
    ("effect", "shown"),
    [
        (Effect("refused"), "refused"),
        (Effect("refused", (1, 2)), "refused since 1.2"),
        (Effect("refused", before=(1, 2, 3)), "refused before 1.2.3"),
        (Effect("hangs", (1, 2), (1, 3)), "hangs since 1.2 before 1.3"),
    ],
)
def test_an_effect_names_its_versions(effect: Effect, shown: str) -> None:
    assert effect.shown == shown
