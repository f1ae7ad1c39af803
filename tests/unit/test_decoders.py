"""One file, three decoders: which rules are left, with which actions, for which container."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_seccomp.profiles.decoders import Container, resolve
from kubectl_seccomp.profiles.errnos import number
from kubectl_seccomp.profiles.gojson import Refused, decode
from kubectl_seccomp.profiles.oci import Action, Condition, Resolved
from kubectl_seccomp.runtimes import RUNTIMES

DECODERS = tuple(runtime.scheme for runtime in RUNTIMES)
COLUMNS = f"say here what each of {', '.join(DECODERS)} makes of it, in this order"
PLAIN = Container(frozenset({"CAP_CHOWN"}), "amd64", (5, 10))


def document(*rules: Any, **more: Any) -> bytes:
    return json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": list(rules), **more}).encode()


def rule(**fields: Any) -> dict[str, Any]:
    return {"names": ["mount"], "action": "SCMP_ACT_ALLOW", **fields}


def resolved(raw: bytes, decoder: str, container: Container | None = PLAIN) -> Resolved:
    found = resolve(decode(raw), decoder, container)
    assert found is not None
    return found


def outcomes(raw: bytes, container: Container | None = PLAIN) -> list[str]:
    """For each decoder: how many rules are left, or why it is refused, or none."""
    found = []
    for decoder in DECODERS:
        try:
            got = resolve(decode(raw), decoder, container)
            found.append("none" if got is None else str(len(got.rules)))
        except Refused:
            found.append("refused")
    return found


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (document(rule(includes={"caps": ["CAP_CHOWN"]})), "1 1 1"),
        (document(rule(includes={"caps": ["CAP_SYS_ADMIN"]})), "1 0 0"),
        (document(rule(includes={"caps": ["CAP_CHOWN", "CAP_SYS_ADMIN"]})), "1 0 0"),
        (document(rule(includes={"caps": ["cap_chown"]})), "1 0 0"),
        (document(rule(excludes={"caps": ["CAP_CHOWN", "CAP_SYS_ADMIN"]})), "1 0 0"),
        (document(rule(excludes={"caps": ["CAP_SYS_ADMIN"]})), "1 1 1"),
        (document(rule(includes={"arches": ["amd64"]})), "1 1 1"),
        (document(rule(includes={"arches": ["arm64", "s390x"]})), "1 0 0"),
        (document(rule(includes={"arches": ["SCMP_ARCH_X86_64"]})), "1 0 0"),
        (document(rule(excludes={"arches": ["amd64"]})), "1 0 0"),
        (document(rule(includes={"minKernel": "4.8"})), "1 1 1"),
        (document(rule(includes={"minKernel": "5.11"})), "1 1 0"),
        (document(rule(excludes={"minKernel": "5.10"})), "1 1 0"),
        (document(rule(includes={"minKernel": "5.10"})), "1 1 1"),
        (document(rule(excludes={"minKernel": "5.11"})), "1 1 1"),
        (document(rule(includes={"minKernel": "5.10.3"})), "1 1 refused"),
        (document(rule(excludes={"minKernel": "0.0"})), "1 1 refused"),
        (document(rule(excludes={"minKernel": "\u0665.\u0661"})), "1 1 refused"),
        (document(rule(includes={"minKernel": 4.8})), "1 1 refused"),
        (document(rule(names=None, name="mount")), "0 1 1"),
        (document(rule(name="mount")), "1 refused refused"),
        (document(rule(name="mount", includes={"caps": ["CAP_BPF"]})), "1 0 refused"),
        (document(rule(errno="EACCES")), "1 1 1"),
        (document(rule(errno="ENOTANERROR")), "1 refused 1"),
        (document(rule(errno=13)), "1 refused 1"),
        (document(defaultErrno="ENOTANERROR"), "0 refused 0"),
        (document(archMap=[{"architecture": "SCMP_ARCH_X86_64"}], architectures=["SCMP_ARCH_X86"]), "0 refused refused"),
        (document(rule(includes=[])), "1 refused refused"),
        (document(rule(comment=1)), "1 refused refused"),
        (document({"names": [], "action": "NONSENSE"}), "refused 0 refused"),
        (document(defaultErrnoRet=4094), "0 0 0"),
        (document(defaultErrnoRet=4095), "refused refused refused"),
        (document(defaultErrnoRet=4095, defaultAction="SCMP_ACT_TRACE"), "0 0 0"),
        (document(archMap=[{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["X86"]}]), "0 refused refused"),
        (document(archMap=[{"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["X86"]}]), "0 0 0"),
        (b"{}", "none none none"),
        (b"null", "none none none"),
    ],
    ids=lambda value: value.decode()[-60:] if isinstance(value, bytes) else None,
)
def test_what_each_decoder_leaves(raw: bytes, expected: str) -> None:
    assert outcomes(raw) == expected.split(), COLUMNS


def test_what_is_left_out_says_why() -> None:
    raw = document(
        rule(),
        rule(includes={"caps": ["CAP_SYS_ADMIN"]}),
        rule(excludes={"caps": ["CAP_CHOWN"]}),
        {"name": "x", "action": "SCMP_ACT_LOG"},
    )
    why = {decoder: {one.index: one.why for one in resolved(raw, decoder).dropped} for decoder in DECODERS}
    assert why["cri-o"] == why["docker"] == {
        1: "includes needs CAP_SYS_ADMIN, which the container does not have",
        2: "excludes names CAP_CHOWN, which the container has",
    }  # fmt: skip
    assert why["containerd"] == {3: "containerd does not know the old key name"}
    assert [one.index for one in resolved(raw, "docker").rules] == [0, 3]


@pytest.mark.parametrize(
    ("entry", "containerd", "crio", "docker"),
    [
        (rule(excludes={"arches": ["amd64"]}), "", *["excludes names the architecture amd64"] * 2),
        (rule(includes={"arches": ["arm64"]}), "", *["includes does not name the architecture amd64"] * 2),
        (rule(excludes={"minKernel": "4.19"}), "", "", "excludes names kernels from 4.19"),
        (rule(includes={"minKernel": "6.2"}), "", "", "includes needs a kernel from 6.2"),
        (rule(names=[]), "it names no syscall", "it names no syscall, and CRI-O leaves it out", "it names no syscall"),
        (rule(names=[], name=""), "it names no syscall", "it names no syscall, and CRI-O leaves it out", "it names no syscall"),
    ],
)
def test_why_a_rule_is_left_out(entry: dict[str, Any], containerd: str, crio: str, docker: str) -> None:
    raw = document({"names": ["read"], "action": "SCMP_ACT_ALLOW"}, entry)
    for decoder, expected in zip(DECODERS, (containerd, crio, docker), strict=True):
        assert [(one.index, one.why) for one in resolved(raw, decoder).dropped] == ([(1, expected)] if expected else []), decoder


@pytest.mark.parametrize(
    ("raw", "decoder", "why"),
    [
        (document(rule(name="mount")), "docker", "has a rule with both name and names"),
        (document(rule(includes={"minKernel": "5"})), "docker", "has a minKernel that is not a version like 4.8"),
        (document(rule(action="SCMP_ACT_ERRNO", errno="E" * 99)), "cri-o",
         f"has an errno that is not the name of an error ({'E' * 40!r})"),
        (document(defaultErrno="ENO"), "cri-o", "has an errno that is not the name of an error ('ENO')"),
        (document(archMap=[{}], architectures=["SCMP_ARCH_X86"]), "docker", "has both architectures and archMap"),
        (document(rule(action="SCMP_ACT_ERRNO", errnoRet=4095)), "docker", "has an errnoRet above 4094"),
        (document(rule(names=["write"], action="SCMP_ACT_NOTIFY"), listenerPath="/s"), "docker",
         "uses SCMP_ACT_NOTIFY for write, which runc does not load"),
        (document(rule(names=["read"], action="SCMP_ACT_NOTIFY")), "docker", "uses SCMP_ACT_NOTIFY without a listenerPath"),
        (document(rule(args=[{"index": 6, "op": "SCMP_CMP_EQ"}])), "docker", "has a rule about an argument beyond the sixth (index 5)"),
        (document(rule(names=[""])), "docker", "has a rule that names the empty string"),
        (document(rule(names=[], action="X")), "containerd", "has 'X' where an action should be"),
        (document(rule(args=[{"op": "X"}])), "containerd", "has 'X' where an operator should be"),
        (document(flags=["X"]), "containerd", "has 'X' where a flag should be"),
        (document(architectures=["X"]), "containerd", "has 'X' where an architecture should be"),
        (document(archMap=[{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["X"]}]), "docker",
         "has 'X' where an architecture should be"),
        (document(defaultAction="SCMP_ACT_NOTIFY"), "containerd", "has the default action SCMP_ACT_NOTIFY, which runc does not load"),
        (document(rule(), defaultAction=""), "containerd", "has rules, but no defaultAction"),
        (document(rule(errnoRet="1")), "containerd", "has errnoret that is not a whole number from 0 to 2^64 - 1"),
        (document(rule(comment=1)), "docker", "has comment that is not a string"),
        (document(defaultErrnoRet=4095), "containerd", "has a defaultErrnoRet above 4094"),
    ],
)  # fmt: skip
def test_why_no_container_comes_of_it(raw: bytes, decoder: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        resolve(decode(raw), decoder, PLAIN)
    assert str(refused.value) == why


def test_without_a_container_includes_and_excludes_always_hold() -> None:
    raw = document(rule(includes={"caps": ["CAP_SYS_ADMIN"]}), rule(excludes={"arches": ["amd64"]}))
    assert outcomes(raw, None) == ["2", "2", "2"]


@pytest.mark.parametrize("key", ["includes", "excludes"])
def test_what_is_no_kernel_does_not_load_either_where_nobody_asks_for_it(key: str) -> None:
    assert outcomes(document(rule(**{key: {"minKernel": "5"}})), None) == ["1", "1", "refused"]


def test_a_reader_that_is_not_known_reads_as_containerd_does() -> None:
    raw = document(rule(includes={"caps": ["CAP_SYS_ADMIN"]}))
    assert resolved(raw, "") == resolved(raw, "rkt") == resolved(raw, "containerd") != resolved(raw, "docker")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"action": "SCMP_ACT_ERRNO"}, (1, 1, 1)),
        ({"action": "SCMP_ACT_ERRNO", "errnoRet": 0}, (0, 0, 0)),
        ({"action": "SCMP_ACT_ERRNO", "errnoRet": None}, (1, 1, 1)),
        ({"action": "SCMP_ACT_ERRNO", "errno": "ENOSYS"}, (1, 38, 1)),
        ({"action": "SCMP_ACT_ERRNO", "errno": "22", "errnoRet": 5}, (5, 22, 5)),
        ({"action": "SCMP_ACT_ERRNO", "errno": "4094"}, (1, 4094, 1)),
        ({"action": "SCMP_ACT_ERRNO", "errnoRet": 4094}, (4094, 4094, 4094)),
        ({"action": "SCMP_ACT_TRACE", "errnoRet": 4095}, (4095, 4095, 4095)),
        ({"action": "SCMP_ACT_TRACE", "errnoRet": 9}, (9, 9, 9)),
    ],
)
def test_errno_by_number_and_by_name(fields: dict[str, Any], expected: tuple[int, int, int]) -> None:
    raw = document(rule(**fields))
    assert tuple(resolved(raw, decoder).rules[0].action.errno for decoder in DECODERS) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [("ENOSYS", 38), ("0", 0), ("4294967295", 2**32 - 1), ("4294967296", None), ("-1", None), ("1x", None), ("EX", None)],
)
def test_what_crio_takes_for_an_errno(word: str, expected: int | None) -> None:
    assert number(word) == expected


MAP = [
    {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]},
    {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
    {"architecture": "SCMP_ARCH_PPC64LE", "subArchitectures": []},
    {"architecture": "SCMP_ARCH_X86", "subArchitectures": ["SCMP_ARCH_X32"]},
    {"architecture": "SCMP_ARCH_MIPSEL64"},
]


@pytest.mark.parametrize(
    ("arch", "expected"),
    [
        ("amd64", ((), ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"), ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"))),
        ("arm64", ((), ("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"), ("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"))),
        ("ppc64le", ((), (), ("SCMP_ARCH_PPC64LE",))),
        ("riscv64", ((), (), ())),
        ("386", ((), (), ("SCMP_ARCH_X86", "SCMP_ARCH_X32"))),
        ("mips64le", ((), ("SCMP_ARCH_MIPSEL64",), ("SCMP_ARCH_MIPSEL64",))),
    ],
)
def test_archmap_by_decoder_and_architecture(arch: str, expected: tuple[tuple[str, ...], ...]) -> None:
    found = (resolved(document(archMap=MAP), decoder, Container(arch=arch)) for decoder in DECODERS)
    assert tuple(one.architectures for one in found) == expected


def test_everything_of_a_profile_is_handed_on() -> None:
    argument = {"index": 1, "op": "SCMP_CMP_MASKED_EQ", "value": 255, "valueTwo": 7}
    raw = document(
        rule(args=[argument, {"op": "SCMP_CMP_NE", "valueTwo": 9}]),
        flags=["SECCOMP_FILTER_FLAG_LOG"], architectures=["SCMP_ARCH_X86"],
        listenerPath="/run/s", listenerMetadata="m", defaultErrnoRet=38,
    )  # fmt: skip
    for decoder in DECODERS:
        found = resolved(raw, decoder)
        assert found.default == Action("ERRNO", 38)
        assert found.rules[0].conditions == (Condition(1, "MASKED_EQ", 255, 7), Condition(0, "NE", 0))
        assert (found.flags, found.architectures) == (("SECCOMP_FILTER_FLAG_LOG",), ("SCMP_ARCH_X86",))
        assert (found.listener, found.metadata) == ("/run/s", "m")
