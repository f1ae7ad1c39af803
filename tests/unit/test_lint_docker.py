"""What Docker's form has and not every runtime reads: each problem in full, with what each reader makes of it."""

from __future__ import annotations

import pytest

from kubectl_seccomp.profiles.lint_docker import problems

from .lint_lab import Row, mapping, rows

APART = "containerd ignored, cri-o honoured, docker honoured"
DOCKERD = "containerd ignored, cri-o ignored, docker honoured"
CRIO = "containerd ignored, cri-o honoured, docker ignored"
NOT_CONTAINERD = "containerd loads, cri-o refused, docker refused"
NOT_CRIO = "containerd ignored, cri-o refused, docker ignored"
NOT_CRIO_CRUN = (
    "containerd+runc ignored, containerd+crun ignored, cri-o+runc ignored, cri-o+crun refused, docker+runc ignored, docker+crun ignored"
)
NOT_DOCKERD = "containerd ignored, cri-o ignored, docker refused"
NO_NAMES = (
    "containerd+runc ignored, containerd+crun refused, "
    "cri-o+runc honoured, cri-o+crun honoured, docker+runc honoured, docker+crun honoured"
)
BOTH, ALONE = ("CRI-O and dockerd", APART), ("dockerd", DOCKERD)
PLAIN = {"names": ["read"], "action": "SCMP_ACT_ALLOW"}
ERRNO = {"names": ["mount"], "action": "SCMP_ACT_ERRNO"}
BPF, NEW, OLD = {"caps": ["CAP_BPF"]}, {"minKernel": "5.8"}, {"minKernel": "new"}
MAP = [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}]


def filtered(path: str, rules: str, readers: tuple[str, str], counts: str) -> Row:
    names, effects = readers
    return ("KS321", "medium", path, f"{rules}, which no runtime reads but {names}: for containerd {counts}", effects, None)


def refused(path: str, said: str, effects: str, suggestion: str | None = None) -> Row:
    return ("KS325", "high", path, said, effects, suggestion)


def errno(path: str, said: str, suggestion: str) -> Row:
    return ("KS324", "medium", path, said, CRIO, suggestion)


def named(path: str, name: str, effects: str) -> Row:
    said = f'containerd does not know name: the rule for "{name}" does nothing there'
    return ("KS323", "medium", path, said, effects, f'"names": ["{name}"]')


# What the rules have, and what is said of them.
RULES: list[tuple[list[object], list[Row]]] = [
    ([PLAIN, None, {"includes": {}, "excludes": {"caps": [], "minKernel": ""}}, {"includes": None, "name": "", "errno": ""}], []),
    (
        [PLAIN, {**PLAIN, "includes": BPF}],
        [filtered("syscalls.1.includes", "a rule has includes", BOTH, "it always counts")],
    ),
    (
        [PLAIN, {**PLAIN, "excludes": BPF}, {**PLAIN, "excludes": NEW}],
        [filtered("syscalls.1.excludes", "2 rules have excludes", BOTH, "they always count")],
    ),
    (
        [{**PLAIN, "includes": {**NEW, "arches": []}, "excludes": {**NEW, **BPF}}],
        [
            filtered("syscalls.0.includes", "a rule has includes", ALONE, "it always counts"),
            filtered("syscalls.0.excludes", "a rule has excludes", BOTH, "it always counts"),
        ],
    ),
    (
        [{**PLAIN, "includes": NEW}, {**PLAIN, "includes": NEW}, {**PLAIN, "includes": NEW}],
        [filtered("syscalls.0.includes", "3 rules have includes", ALONE, "they always count")],
    ),
    (
        [{**PLAIN, "includes": OLD, "excludes": OLD}],
        [
            filtered("syscalls.0.includes", "a rule has includes", ALONE, "it always counts"),
            filtered("syscalls.0.excludes", "a rule has excludes", ALONE, "it always counts"),
            refused("syscalls.0.includes.minkernel", 'minKernel "new" is not a version', NOT_DOCKERD),
            refused("syscalls.0.excludes.minkernel", 'minKernel "new" is not a version', NOT_DOCKERD),
        ],
    ),
    (
        [PLAIN, {"name": "mount"}, {"name": "bpf", "names": None}, {"name": "umount", "names": []}],
        [
            named("syscalls.1.name", "mount", NO_NAMES),
            named("syscalls.2.name", "bpf", NO_NAMES),
            named("syscalls.3.name", "umount", APART),
        ],
    ),
    (
        [{"name": "mount", "names": ["read"]}, {"name": "mount", "names": [None]}],
        [
            refused("syscalls.0.name", "a rule has both name and names", NOT_CONTAINERD),
            refused("syscalls.1.name", "a rule has both name and names", NOT_CONTAINERD),
        ],
    ),
    (
        [
            {**ERRNO, "errno": "EPERM"}, {**ERRNO, "errno": "EACCES", "errnoRet": 13}, {**ERRNO, "errno": "13"},
            {**ERRNO, "errno": "EPERM", "errnoRet": 0}, {**ERRNO, "errno": "ENOSYS", "errnoRet": 1},
            {"names": ["bpf"], "action": "SCMP_ACT_TRACE", "errno": "EIO"}, {"names": ["bpf"], "errno": "EIO", "errnoRet": 10**30},
        ],
        [
            errno("syscalls.2.errno", "errno 13 only counts on CRI-O: elsewhere it is EPERM", '"errnoRet": 13'),
            errno("syscalls.3.errno", "errno EPERM only counts on CRI-O: elsewhere it is 0", '"errnoRet": 1'),
            errno("syscalls.4.errno", "errno ENOSYS only counts on CRI-O: elsewhere it is 1", '"errnoRet": 38'),
            errno("syscalls.5.errno", "errno EIO only counts on CRI-O: elsewhere it is EPERM", '"errnoRet": 5'),
            errno("syscalls.6.errno", "errno EIO only counts on CRI-O: elsewhere it is 10000000000000000000", '"errnoRet": 5'),
        ],
    ),
    # CRI-O hands the number on to crun, which takes none there.
    (
        [{**PLAIN, "errno": "EPERM"}, {**PLAIN, "action": "SCMP_ACT_KILL", "errno": "13", "errnoRet": 13}],
        [
            ("KS316", "medium", "syscalls.0.errno", "errno with SCMP_ACT_ALLOW, which takes no errno", NOT_CRIO_CRUN, None),
            ("KS316", "medium", "syscalls.1.errno", "errno with SCMP_ACT_KILL, which takes no errno", NOT_CRIO_CRUN, None),
        ],
    ),
    (
        [{**ERRNO, "errno": "EPREM"}, {**ERRNO, "errno": "?"}],
        [
            refused("syscalls.0.errno", '"EPREM" is not the name of an error', NOT_CRIO, "EPERM"),
            refused("syscalls.1.errno", '"?" is not the name of an error', NOT_CRIO),
        ],
    ),
]  # fmt: skip
WHOLE: list[tuple[dict[str, object], list[Row]]] = [
    ({"defaultAction": "SCMP_ACT_ERRNO", "archMap": [], "architectures": ["SCMP_ARCH_X86"], "defaultErrno": "EPERM"}, []),
    (
        {"archMap": MAP, "architectures": []},
        [
            (
                "KS322", "medium", "archmap",
                "archMap is not read by containerd: only the node's own architecture is listed there, and 32-bit programs are killed",
                APART, None,
            ),
        ],
    ),
    (
        {"defaultErrno": "ENOSYS"},
        [errno("defaulterrno", "defaultErrno ENOSYS only counts on CRI-O: elsewhere it is EPERM", '"defaultErrnoRet": 38')],
    ),
    ({"defaultErrno": "ENOSYS", "defaultErrnoRet": 38}, []),
    (
        {"defaultAction": "SCMP_ACT_ALLOW", "defaultErrno": "ENOSYS"},
        [("KS316", "medium", "defaulterrno", "defaultErrno with SCMP_ACT_ALLOW, which takes no errno", NOT_CRIO_CRUN, None)],
    ),
    (
        {"defaultErrno": "ENOSIS"},
        [refused("defaulterrno", '"ENOSIS" is not the name of an error', NOT_CRIO, "ENOSYS")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), [*(({"syscalls": written}, expected) for written, expected in RULES), *WHOLE])
def test_what_only_some_runtimes_read(written: dict[str, object], expected: list[Row]) -> None:
    assert rows(problems(mapping(written))) == expected


def test_architectures_twice_are_refused_by_who_reads_both() -> None:
    both = rows(problems(mapping({"archMap": MAP, "architectures": ["SCMP_ARCH_X86_64"]})))
    assert both[1:] == [refused("archmap", "both architectures and archMap are set", NOT_CONTAINERD)]
