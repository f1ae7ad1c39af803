"""Profile files as the runtimes read them: a filter, none, or a container that cannot start."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_seccomp.profiles.document import Judgement, judge
from kubectl_seccomp.profiles.oci import ARCHITECTURES
from kubectl_seccomp.words import FileState

DECODERS = ("containerd", "cri-o", "docker", "")
ALLOW_READ = {"names": ["read"], "action": "SCMP_ACT_ALLOW"}
NO_MOUNT = {"names": ["mount"], "action": "SCMP_ACT_ERRNO"}


def profile(default: object = "SCMP_ACT_ERRNO", *rules: object, **more: object) -> bytes:
    document = {"defaultAction": default, "syscalls": list(rules or (ALLOW_READ,)), **more}
    return json.dumps({key: value for key, value in document.items() if value is not ...}).encode()


def rule(**fields: object) -> dict[str, object]:
    return {**ALLOW_READ, **fields}


def summary(found: Judgement) -> str:
    return f"{found.state.value} {found.effect}" + (" harmless" if found.forbids_nothing else "")


FILTER, HARMLESS, NONE, REFUSED = "present filter", "present filter harmless", "present none", "invalid refused"

# What the real runtimes do with such a file (containerd 1.6 and 2.4 with runc 1.1 to 1.5, CRI-O 1.36, dockerd 20.10).
EVERYWHERE: list[tuple[bytes, str, str]] = [
    (b"{}", NONE, "it holds no rules"),
    (b" \n{ } \n", NONE, "it holds no rules"),
    (b"null", NONE, "it is null"),
    (b'{"defaultAction": "", "syscalls": []}', NONE, "it holds no defaultAction and no syscalls"),
    (b'{"defaultAction": null, "syscalls": null}', NONE, "it holds no defaultAction and no syscalls"),
    (b'{"kind": "SeccompProfile", "spec": {"defaultAction": "SCMP_ACT_ERRNO"}}', NONE, "it is a wrapped SeccompProfile resource"),
    (b'{"kind": "ConfigMap", "data": {}}', NONE, "it is a wrapped Kubernetes resource"),
    (b'{"defaultActions": "SCMP_ACT_ERRNO"}', NONE, "it holds no defaultAction"),
    (b"", REFUSED, "it is empty"),
    (b" \n", REFUSED, "it is empty"),
    (b'{"defaultAction": "SCMP_ACT_ALLOW"', REFUSED, "it is not valid JSON (line 1, column 35"),
    (b"[]", REFUSED, "it is JSON, but not an object"),
    (b'"SCMP_ACT_ALLOW"', REFUSED, "it is JSON, but not an object"),
    (b"defaultAction: SCMP_ACT_ALLOW\n", REFUSED, "it is not valid JSON (line 1, column 1"),
    (b"\xef\xbb\xbf{}", REFUSED, "it begins with a byte order mark"),
    (b'{"defaultAction": "SCMP_ACT_ALLOW",}', REFUSED, "it is not valid JSON"),
    (b'// a comment\n{"defaultAction": "SCMP_ACT_ALLOW"}', REFUSED, "it is not valid JSON"),
    (b'{"x": NaN}', REFUSED, "it is not valid JSON (NaN)"),
    (b'{"x": "a\nb"}', REFUSED, "it is not valid JSON"),
    (profile(), FILTER, "it loads"),
    (profile("SCMP_ACT_KILL"), FILTER, "it loads"),
    (profile("SCMP_ACT_ALLOW", NO_MOUNT), FILTER, "it loads"),
    (profile("SCMP_ACT_LOG", NO_MOUNT), FILTER, "it loads"),
    (profile("SCMP_ACT_ALLOW"), HARMLESS, "it loads, but every syscall is let through"),
    (profile("SCMP_ACT_ALLOW", rule(action="SCMP_ACT_LOG")), HARMLESS, "it loads, but every syscall is let through"),
    (b'{"defaultAction": "SCMP_ACT_LOG"}', HARMLESS, "it loads, but every syscall is only logged"),
    (profile("SCMP_ACT_ALLOW", {"names": [], "action": "SCMP_ACT_ERRNO"}), HARMLESS, "it loads, but every syscall is let through ("),
    (profile(...), REFUSED, "it has rules, but no defaultAction"),
    (profile(..., {}), REFUSED, "it has rules, but no defaultAction"),
    (profile("SCMP_ACT_DENY"), REFUSED, "it has 'SCMP_ACT_DENY' where an action should be"),
    (profile("scmp_act_errno"), REFUSED, "it has 'scmp_act_errno' where an action should be"),
    (profile("SCMP_ACT_NOTIFY"), REFUSED, "it has the default action SCMP_ACT_NOTIFY"),
    (b'{"defaultAction": "SCMP_ACT_ERRNO"}', REFUSED, "it has the default action SCMP_ACT_ERRNO and no rule that allows anything"),
    (b'{"defaultAction": "SCMP_ACT_KILL"}', REFUSED, "it has the default action SCMP_ACT_KILL and no rule that allows anything"),
    (profile("SCMP_ACT_KILL_THREAD", NO_MOUNT), REFUSED, "it has the default action SCMP_ACT_KILL_THREAD and no rule"),
    (b'{"defaultAction": "SCMP_ACT_TRACE"}', REFUSED, "it has the default action SCMP_ACT_TRACE and no rule"),
    (profile("SCMP_ACT_ERRNO", {"names": ["read"]}), REFUSED, "it has '' where an action should be"),
    (profile("SCMP_ACT_ALLOW", NO_MOUNT, None), REFUSED, ""),
    (profile("SCMP_ACT_ERRNO", rule(names=["read", ""])), REFUSED, "it has a rule that names the empty string"),
    (profile("SCMP_ACT_ERRNO", rule(names=[None])), REFUSED, "it has a rule that names the empty string"),
    (profile("SCMP_ACT_ERRNO", rule(names="read")), REFUSED, "it has names that is not a list of strings"),
    (profile("SCMP_ACT_ERRNO", rule(names=[3])), REFUSED, "it has names that is not a list of strings"),
    (profile("SCMP_ACT_ERRNO", rule(action=1)), REFUSED, "it has action that is not a string"),
    (profile("SCMP_ACT_ERRNO", "read"), REFUSED, "it has syscalls that is not a list of objects"),
    (b'{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": {}}', REFUSED, "it has syscalls that is not a list of objects"),
    (profile(["SCMP_ACT_ERRNO"]), REFUSED, "it has defaultaction that is not a string"),
    (profile(architectures=["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"]), FILTER, "it loads"),
    (profile(architectures=["SCMP_ARCH_ARM65"]), REFUSED, "it has 'SCMP_ARCH_ARM65' where an architecture should be"),
    (profile(architectures=["SCMP_ARCH_NATIVE"]), REFUSED, "it has 'SCMP_ARCH_NATIVE' where"),
    (profile(architectures="SCMP_ARCH_X86"), REFUSED, "it has architectures that is not a list of strings"),
    (profile(flags=["SECCOMP_FILTER_FLAG_LOG"]), FILTER, "it loads"),
    (profile(flags=["LOG"]), REFUSED, "it has 'LOG' where a flag should be"),
    (profile(defaultErrnoRet=38), FILTER, "it loads"),
    (profile(defaultErrnoRet=4095), REFUSED, "it has a defaultErrnoRet above 4094"),
    (profile(defaultErrnoRet="EPERM"), REFUSED, "it has defaulterrnoret that is not a whole number"),
    (profile("SCMP_ACT_ALLOW", {**NO_MOUNT, "errnoRet": 4094}), FILTER, "it loads"),
    (profile("SCMP_ACT_ALLOW", {**NO_MOUNT, "errnoRet": 4095}), REFUSED, "it has an errnoRet above 4094"),
    (profile("SCMP_ACT_ALLOW", {**NO_MOUNT, "errnoRet": -1}), REFUSED, "it has errnoret that is not a whole number"),
    (profile("SCMP_ACT_ALLOW", {**NO_MOUNT, "errnoRet": 1.5}), REFUSED, "it has errnoret that is not a whole number"),
    (profile("SCMP_ACT_ALLOW", {**NO_MOUNT, "errnoRet": True}), REFUSED, "it has errnoret that is not a whole number"),
    (profile("SCMP_ACT_ERRNO", rule(args=[{"index": 5, "value": 2**64 - 1, "op": "SCMP_CMP_EQ"}])), FILTER, "it loads"),
    (profile("SCMP_ACT_ERRNO", rule(args=[{"index": 6, "op": "SCMP_CMP_EQ"}])), REFUSED, "it has a rule about an argument beyond"),
    (profile("SCMP_ACT_ERRNO", rule(args=[{"value": 2**64, "op": "SCMP_CMP_EQ"}])), REFUSED, "it has value that is not a whole"),
    (profile("SCMP_ACT_ERRNO", rule(args=[{"index": 0, "op": "SCMP_CMP_IS"}])), REFUSED, "it has 'SCMP_CMP_IS' where an operator"),
    (profile("SCMP_ACT_ERRNO", rule(args=[{"index": 0}])), REFUSED, "it has '' where an operator should be"),
    (profile("SCMP_ACT_ERRNO", rule(args=None)), FILTER, "it loads"),
    (profile("SCMP_ACT_ALLOW", rule(action="SCMP_ACT_NOTIFY")), REFUSED, "it uses SCMP_ACT_NOTIFY without a listenerPath"),
    (profile("SCMP_ACT_ALLOW", rule(action="SCMP_ACT_NOTIFY"), listenerPath="/run/s"), FILTER, "it loads"),
    (profile("SCMP_ACT_ALLOW", rule(names=["write"], action="SCMP_ACT_NOTIFY"), listenerPath="/s"), REFUSED, "it uses SCMP_ACT_NOTIFY"),
    (profile(comment="free", unknown=[1]), FILTER, "it loads"),
    # Go's decoder: letter case, the last of equal keys, null, bytes that are no UTF-8.
    (b'{"DEFAULTACTION": "SCMP_ACT_ALLOW", "SysCalls": [{"NAMES": ["mount"], "Action": "SCMP_ACT_ERRNO"}]}', FILTER, "it loads"),
    (b'{"defaultAction": "SCMP_ACT_ALLOW", "\xc5\xbfyscalls": [{"names": ["mount"], "action": "SCMP_ACT_TRAP"}]}', FILTER, "it loads"),
    (b'{"defaultAction": "SCMP_ACT_KILL", "defaultaction": "SCMP_ACT_LOG"}', HARMLESS, "it loads"),
    (b'{"defaultAction": "SCMP_ACT_LOG", "defaultAction": null}', HARMLESS, "it loads"),
    (b'{"syscalls": [{"names": ["read"]}], "syscalls": null}', NONE, "it holds no defaultAction and no syscalls"),
    (b'{"defaultAction": "SCMP_ACT_ALLOW", "x": "\xff\xfe"}', HARMLESS, "it loads"),
    (b'{"defaultAction": "\xff"}', REFUSED, "it has"),
    (b'{"defaultAction": "\\ud800"}', REFUSED, "it has '\\ud800' where an action should be"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected", "why"), EVERYWHERE, ids=lambda value: repr(value)[:60])
def test_what_a_runtime_makes_of_a_file(raw: bytes, expected: str, why: str) -> None:
    for decoder in ("containerd", "docker"):
        found = judge(raw, decoder)
        assert summary(found) == expected, decoder
        assert found.why.startswith(why or "it "), decoder


LEGACY = profile("SCMP_ACT_ALLOW", {"name": "mount", "action": "SCMP_ACT_ERRNO"})


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (LEGACY, (HARMLESS, FILTER, FILTER)),
        (profile("SCMP_ACT_ERRNO", {"name": "read", "action": "SCMP_ACT_ALLOW"}), (REFUSED, FILTER, FILTER)),
        (profile("SCMP_ACT_ERRNO", rule(name="write")), (FILTER, REFUSED, REFUSED)),
        (profile("SCMP_ACT_ERRNO", rule(name=3)), (FILTER, REFUSED, REFUSED)),
        (profile("SCMP_ACT_ERRNO", rule(includes=[])), (FILTER, REFUSED, REFUSED)),
        (profile("SCMP_ACT_ERRNO", rule(includes={"caps": ["CAP_BPF"]}, excludes=None)), (FILTER, FILTER, FILTER)),
        (profile(archMap=[{"architecture": "SCMP_ARCH_X86_64"}]), (FILTER, FILTER, FILTER)),
        (profile(archMap=[{}], architectures=["SCMP_ARCH_X86"]), (FILTER, REFUSED, REFUSED)),
        (profile("SCMP_ACT_ERRNO", ALLOW_READ, {"names": [], "action": "NONSENSE"}), (REFUSED, FILTER, REFUSED)),
        (profile("SCMP_ACT_ERRNO", ALLOW_READ, {"names": [], "action": 1}), (REFUSED, REFUSED, REFUSED)),
        (b"{}", (NONE, NONE, NONE)),
        (profile(...), (REFUSED, REFUSED, REFUSED)),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_the_same_file_means_different_things_to_different_runtimes(raw: bytes, expected: tuple[str, str, str]) -> None:
    assert tuple(summary(judge(raw, decoder)) for decoder in ("containerd", "cri-o", "docker")) == expected
    assert summary(judge(raw, "")) == expected[0]


def test_the_runtime_is_named_where_it_loads_nothing() -> None:
    titles = [judge(b"{}", decoder).why.partition(": ")[2] for decoder in DECODERS]
    names = ("containerd", "CRI-O", "dockerd", "the runtime")
    assert titles == [f"{name} loads no filter" for name in names]


@pytest.mark.parametrize(
    "raw",
    [
        b'{"x": ' + b"[" * 401 + b"]" * 401 + b"}",
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'{"defaultAction": "SCMP_ACT_ALLOW", "x": ' + b"9" * 5000 + b"}",
    ],
    ids=["nested", "open", "objects", "digits"],
)
def test_what_is_beyond_judging_is_unreadable_and_not_refused(raw: bytes) -> None:
    found = judge(raw, "containerd")
    assert (found.state, found.effect) == (FileState.UNREADABLE, None)
    assert found.why.endswith(": not judged")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"defaultAction": "SCMP_ACT_LOG", "x": "' + b"[{" * 5000 + b'"}', HARMLESS),
        (b'{"defaultAction": "SCMP_ACT_LOG", "x": ' + b"[" * 300 + b"]" * 300 + b"}", HARMLESS),
        (b'{"defaultAction": "SCMP_ACT_LOG", "x": [' + b"[]," * 5000 + b"1]}", HARMLESS),
        (b'{"x": [' + b"[]," * 500 + b'"' + b'\\"' * 300_000, REFUSED),
    ],
    ids=["brackets in a string", "300 levels", "many, not deep", "a string without end"],
)
def test_brackets_are_only_counted_where_they_nest(raw: bytes, expected: str) -> None:
    assert summary(judge(raw, "containerd")) == expected


def test_a_long_word_is_cut() -> None:
    assert len(judge(profile("A" * 100_000), "containerd").why) < 120


def test_every_architecture_of_the_specification_is_known() -> None:
    for name in ARCHITECTURES:
        assert summary(judge(profile(architectures=[name]), "containerd")) == FILTER
    assert len(ARCHITECTURES) == 23


words = st.sampled_from(["defaultAction", "syscalls", "names", "action", "args", "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "kind"])
leaves = st.none() | st.booleans() | st.integers() | st.floats() | words | st.text(max_size=5)
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4), max_leaves=12)


@given(trees | st.binary(max_size=40), st.sampled_from(DECODERS))
def test_any_file_gets_an_answer(content: object, decoder: str) -> None:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    found = judge(raw, decoder)
    states = {"filter": FileState.PRESENT, "none": FileState.PRESENT, "refused": FileState.INVALID}
    assert found.state is states.get(found.effect or "", FileState.UNREADABLE)
    assert found.why.startswith("it ")
    assert not found.forbids_nothing or found.effect == "filter"
