"""What a profile's text alone has wrong: each problem in full, with where it stands and what each runtime makes of it."""

from __future__ import annotations

import pytest

from kubectl_seccomp.profiles.lint_text import byte_order, near, problems

from .lint_lab import Row, mapping, rows

NO_FILTER = (
    "containerd+runc no filter, containerd+crun refused, "
    "cri-o+runc no filter, cri-o+crun no filter, docker+runc no filter, docker+crun no filter"
)
NOT_CRIO = "containerd refused, cri-o ignored, docker refused"
ALLOW = {"names": ["read"], "action": "SCMP_ACT_ALLOW"}
ERRNO = {"names": ["read"], "action": "SCMP_ACT_ERRNO"}
NOTIFY = {"names": ["read", "write"], "action": "SCMP_ACT_NOTIFY"}
EQ = {"op": "SCMP_CMP_EQ", "index": 5, "value": 1}
KILLABLE = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"


def key(path: str, said: str, suggestion: str | None = None) -> Row:
    return ("KS326", "medium" if suggestion else "info", path, f"no runtime reads the key {said}", "ignored", suggestion)


def typed(path: str, said: str) -> Row:
    return ("KS313", "high", path, said, "refused", None)


def word(path: str, said: str, suggestion: str | None = None, effects: str = "refused") -> Row:
    return ("KS314", "high", path, said, effects, suggestion)


def meant(path: str, said: str, suggestion: str) -> Row:
    return word(path, f"{said}: did you mean {suggestion}?", suggestion)


def unused(path: str, said: str) -> Row:
    return ("KS316", "medium", path, f"{said}, which takes no errno", "runc ignored, crun refused", None)


def zero(path: str, shown: str) -> Row:
    return ("KS317", "medium", path, f"{shown} 0: the syscall is not carried out and seems to succeed", "loads", None)


def differs(path: str, said: str, crio: str, docker: str) -> Row:
    return ("KS325", "high", path, said, f"containerd ignored, cri-o {crio}, docker {docker}", None)


def version(path: str, said: str, effects: str) -> Row:
    return ("KS319", "medium", path, said, effects, None)


def notify(path: str, said: str, effects: str, severity: str = "high") -> Row:
    return ("KS320", severity, path, said, effects, None)


ANY_FLAG = version("flags", "runc before 1.2 refuses a profile with flags", "runc refused before 1.2, crun loads")
NO_ACTION = "neither defaultAction nor rules: the container runs without a filter"

# A profile without defaultAction, or with one that means nothing.
ALONE: list[tuple[dict[str, object], list[Row]]] = [
    ({}, [("KS311", "critical", "", NO_ACTION, NO_FILTER, "SCMP_ACT_ERRNO")]),
    ({"defaultAction": "", "syscalls": []}, [("KS311", "critical", "defaultaction", NO_ACTION, NO_FILTER, "SCMP_ACT_ERRNO")]),
    ({"syscalls": [ALLOW]}, [("KS311", "high", "", "there are rules, but no defaultAction", "refused", None)]),
    (
        {"defaultAction": None, "syscalls": [ALLOW]},
        [("KS311", "high", "defaultaction", "there are rules, but no defaultAction", "refused", None)],
    ),
    ({"syscalls": {}}, [typed("syscalls", "syscalls must be a list of objects")]),
    ({"defaultAction": 0}, [typed("defaultaction", "defaultAction must be a string")]),
    ({"defaultAction": "SCMP_ACT_ALOW"}, [meant("defaultaction", '"SCMP_ACT_ALOW" is not an action', "SCMP_ACT_ALLOW")]),
    (
        {"defaultAction": "SCMP_ACT_NOTIFY"},
        [notify("defaultaction", "SCMP_ACT_NOTIFY cannot be the default", "runc refused, crun cannot start")],
    ),
    ({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "listenerPath": "", "comment": ""}, [key("comment", '"comment"')]),
    (
        {"defaultAction": "SCMP_ACT_LOG", "defaultErrnoRet": 38},
        [unused("defaulterrnoret", "defaultErrnoRet with SCMP_ACT_LOG")],
    ),
    (
        {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 0},
        [zero("defaulterrnoret", "defaultErrnoRet")],
    ),
]  # fmt: skip
# What stands beside a defaultAction that lets everything pass.
BESIDE: list[tuple[dict[str, object], list[Row]]] = [
    ({"syscalls": [], "flags": None, "architectures": []}, []),
    (
        {"flagz": 1, "defaultErnoRet": 1, "flgas1": 1, "x" * 61: 1},
        [
            key("flagz", '"flagz": did you mean flags?', "flags"),
            key("defaulternoret", '"defaulternoret": did you mean defaultErrnoRet?', "defaultErrnoRet"),
            key("flgas1", '"flgas1"'),
            key("x" * 61, f'"{"x" * 59}…"'),
        ],
    ),
    (
        {"archMap": 1, "defaultErrno": 1},
        [
            differs("defaulterrno", "defaultErrno must be a string", "refused", "ignored"),
            differs("archmap", "archMap must be a list of objects", "refused", "refused"),
        ],
    ),
    (
        {"flags": ["SECCOMP_FILTER_FLAG_LOG", KILLABLE], "architectures": ["SCMP_ARCH_RISCV64", "SCMP_ARCH_LOONGARCH64"]},
        [
            version("flags.1", f"{KILLABLE} is refused by older runtimes", "runc refused before 1.5, crun loads"),
            version("architectures.0", "SCMP_ARCH_RISCV64 is refused by older runtimes", "runc refused before 1.1.15, crun loads"),
            version(
                "architectures.1",
                "SCMP_ARCH_LOONGARCH64 is refused by older runtimes", "runc refused before 1.1.15, crun refused before 1.21",
            ),
            ANY_FLAG,
        ],
    ),
    (
        {"flags": [1, "log", "no"], "architectures": [None, "", "x86_64", "AMD64", "i386", "SCMP_ARCH_NATIVE", "scmp_arch_x32 "]},
        [
            typed("flags", "flags must be a list of strings"),
            word("architectures.1", "an architecture is missing"),
            meant("architectures.2", '"x86_64" is not an architecture', "SCMP_ARCH_X86_64"),
            meant("architectures.3", '"AMD64" is not an architecture', "SCMP_ARCH_X86_64"),
            meant("architectures.4", '"i386" is not an architecture', "SCMP_ARCH_X86"),
            word("architectures.5", '"SCMP_ARCH_NATIVE" is not an architecture'),
            meant("architectures.6", '"scmp_arch_x32 " is not an architecture', "SCMP_ARCH_X32"),
            meant("flags.1", '"log" is not a flag', "SECCOMP_FILTER_FLAG_LOG"),
            word("flags.2", '"no" is not a flag'),
            ANY_FLAG,
        ],
    ),
    (
        {"listenerPath": "/run/agent.sock", "syscalls": [{"action": "SCMP_ACT_NOTIFY"}, NOTIFY]},
        [
            notify("syscalls.1.action", "SCMP_ACT_NOTIFY is used for write", "runc refused, crun loads"),
            notify("listenerpath", 'the socket "/run/agent.sock" must be there whenever a container starts', "loads", "low"),
        ],
    ),
    (
        {"syscalls": [ALLOW, {**NOTIFY, "names": ["read"]}, NOTIFY]},
        [
            notify(f"syscalls.{rule}.action", said, effects)
            for rule, said, effects in (
                (1, "SCMP_ACT_NOTIFY is used without a listenerPath", "runc refused, crun the syscall fails with ENOSYS"),
                (2, "SCMP_ACT_NOTIFY is used without a listenerPath", "runc refused, crun the syscall fails with ENOSYS"),
                (2, "SCMP_ACT_NOTIFY is used for write", "runc refused, crun loads"),
            )
        ],
    ),
]  # fmt: skip
# The rules of such a profile.
RULES: list[tuple[list[object], list[Row]]] = [
    ([ALLOW, ERRNO, {**ERRNO, "errnoRet": 4094}, {**ERRNO, "action": "SCMP_ACT_TRACE", "errnoRet": 0}], []),
    (
        [1, {"action": 1, "names": ["read"], "acton": 1, "includes": {"minKernel": 6}}],
        [
            typed("syscalls", "syscalls must be a list of objects"),
            differs("syscalls.1.includes.minkernel", "minKernel must be a string", "ignored", "refused"),
            typed("syscalls.1.action", "action must be a string"),
            key("syscalls.1.acton", '"acton": did you mean action?', "action"),
        ],
    ),
    (
        [
            {"names": ["read"]}, {"names": ["read"], "action": None},
            {"name": "read", "action": "PROCESS"}, {"names": [None], "action": "SCMP_ACT_FORBID"},
        ],
        [
            word("syscalls.0", "an action is missing"),
            word("syscalls.1.action", "an action is missing"),
            meant("syscalls.2.action", '"PROCESS" is not an action', "SCMP_ACT_KILL_PROCESS"),
            word("syscalls.3.action", '"SCMP_ACT_FORBID" is not an action'),
        ],
    ),
    (
        [None, {"names": [], "action": "arm64", "args": [{**EQ, "op": "X", "index": 6}]}],
        [
            word("syscalls.0", "an action is missing", effects=NOT_CRIO),
            word("syscalls.1.action", '"arm64" is not an action', effects=NOT_CRIO),
            word("syscalls.1.args.0.op", '"X" is not an operator', effects=NOT_CRIO),
            word("syscalls.1.args.0.index", "a syscall has six arguments: index goes from 0 to 5", effects=NOT_CRIO),
        ],
    ),
    (
        [
            {
                **ALLOW,
                "args": [EQ, None, {**EQ, "op": None}, {**EQ, "op": "eq"}, {**EQ, "op": 1}, {**EQ, "index": 6}, 1, {**EQ, "op": ">"}],
            },
        ],
        [
            typed("syscalls.0.args", "args must be a list of objects"),
            typed("syscalls.0.args.4.op", "op must be a string"),
            word("syscalls.0.args.1", "an operator is missing"),
            word("syscalls.0.args.2.op", "an operator is missing"),
            meant("syscalls.0.args.3.op", '"eq" is not an operator', "SCMP_CMP_EQ"),
            word("syscalls.0.args.5.index", "a syscall has six arguments: index goes from 0 to 5"),
            word("syscalls.0.args.7.op", '">" is not an operator'),
        ],
    ),
    (
        [{**ALLOW, "errnoRet": 1}, {**ALLOW, "action": "X", "errnoRet": 1}, {**ERRNO, "errnoRet": True}, {**ERRNO, "errnoRet": "1"}],
        [
            typed("syscalls.2.errnoret", "errnoRet must be a whole number from 0 to 2^64 - 1"),
            typed("syscalls.3.errnoret", "errnoRet must be a whole number from 0 to 2^64 - 1"),
            word("syscalls.1.action", '"X" is not an action'),
            unused("syscalls.0.errnoret", "errnoRet with SCMP_ACT_ALLOW"),
        ],
    ),
    (
        [{**ERRNO, "errnoRet": 4095}, {**ERRNO, "errnoRet": 0}, {**ERRNO, "errnoRet": 10**20}],
        [
            typed("syscalls.2.errnoret", "errnoRet must be a whole number from 0 to 2^64 - 1"),
            ("KS315", "high", "syscalls.0.errnoret", "errnoRet 4095 is above 4094", "refused", None),
            zero("syscalls.1.errnoret", "errnoRet"),
            ("KS315", "high", "syscalls.2.errnoret", "errnoRet 10000000000000000000 is above 4094", "refused", None),
        ],
    ),
]  # fmt: skip
BASE: dict[str, object] = {"defaultAction": "SCMP_ACT_ALLOW"}
EVERY = [*ALONE, *(({**BASE, **more}, told) for more, told in BESIDE), *(({**BASE, "syscalls": more}, told) for more, told in RULES)]


@pytest.mark.parametrize(("written", "expected"), EVERY)
def test_what_is_wrong_with_a_text(written: dict[str, object], expected: list[Row]) -> None:
    assert rows(problems(mapping(written))) == expected


def test_what_is_meant_is_looked_for_among_the_first_forty() -> None:
    found = rows(problems(mapping({**BASE, "syscalls": [{"names": ["read"], "acton": 1, "action": "ALLOW"}] * 41})))
    assert [row for row in found if row[0] == "KS326"] == [
        *(key(f"syscalls.{index}.acton", '"acton": did you mean action?', "action") for index in range(40)),
        key("syscalls.40.acton", '"acton"'),
    ]
    assert [row for row in found if row[0] == "KS314"] == [
        *(meant(f"syscalls.{index}.action", '"ALLOW" is not an action', "SCMP_ACT_ALLOW") for index in range(40)),
        word("syscalls.40.action", '"ALLOW" is not an action'),
    ]


@pytest.mark.parametrize(
    ("arch", "listed", "foreign"),
    [
        ("amd64", ["SCMP_ARCH_X86", "SCMP_ARCH_S390X", "SCMP_ARCH_AARCH64", "SCMP_ARCH_VAX"], {1: "SCMP_ARCH_S390X"}),
        ("s390x", ["SCMP_ARCH_S390", "SCMP_ARCH_PPC64", "SCMP_ARCH_VAX", "SCMP_ARCH_X86_64"], {3: "SCMP_ARCH_X86_64"}),
        ("vax", ["SCMP_ARCH_S390X", "SCMP_ARCH_X86_64"], {}),
    ],
)
def test_one_filter_has_one_byte_order(arch: str, listed: list[str], foreign: dict[int, str]) -> None:
    assert rows(byte_order(mapping({**BASE, "architectures": listed}), arch)) == [
        ("KS318", "high", f"architectures.{index}", f"{name} has another byte order than the node ({arch})", "refused", None)
        for index, name in foreign.items()
    ]


def test_the_nearest_of_many_is_what_is_meant_and_of_a_long_word_only_the_beginning_counts() -> None:
    assert near("moun", ("fork", "mknod", "mount", "mountain")) == "mount"
    assert (near("abcxx", ("abcde",)), near("abcxx", ("abcde",), 0.7), near("abxxx", ("abcde",))) == ("abcde", None, None)
    assert near("x" * 65, ("x" * 64,), 1.0) == "x" * 64
