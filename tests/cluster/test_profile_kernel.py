"""What the engine says of a profile, and what the kernel does with the filter that each real runtime makes of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubectl_seccomp.profiles.answers import Decision, Target, Why, act
from kubectl_seccomp.profiles.decoders import Container, resolve
from kubectl_seccomp.profiles.engine import decide
from kubectl_seccomp.profiles.gojson import decode
from kubectl_seccomp.profiles.oci import NO_SUCH_CALL, Action
from kubectl_seccomp.profiles.syscalls import by_number, names
from tests.cluster.conftest import Lab
from tests.cluster.manifests.pods import container, localhost, pod

X86_64, X86, X32 = "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"
SIGSYS = 31
# Of busybox containers: what containerd and CRI-O give by default. Only that CAP_SYS_ADMIN is not among them matters here.
CAPABILITIES = frozenset({"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_SETUID", "CAP_SETGID"})
# All use Debian's libseccomp 2.5.4, which has the names of 2.5.5.
NODES = {
    "node-a": ("containerd", Target("amd64", "runc", (1, 5, 2), (2, 5, 5))),
    "node-c": ("containerd", Target("amd64", "runc", (1, 1, 5), (2, 5, 5))),
    "node-d": ("cri-o", Target("amd64", "runc", (1, 5, 2), (2, 5, 5))),
}
Call = tuple[str, int, tuple[int, ...]]
HIGH = 1 << 32


def rule(names_: str, action: str, errno: int | None = None, *args: tuple[int, str, int, int], **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"names": names_.split(), "action": f"SCMP_ACT_{action}", **more}
    if errno is not None:
        found["errnoRet"] = errno
    if args:
        found["args"] = [{"index": at, "op": f"SCMP_CMP_{op}", "value": value, "valueTwo": two} for at, op, value, two in args]
    return found


# Errors that these calls never give by themselves.
OURS = range(70, 85)
DENY = [
    rule("mkdir mkdirat", "ERRNO", 77),
    rule("mkdir", "KILL_PROCESS"),
    rule("chmod", "KILL_PROCESS"),
    rule("fchmod", "KILL"),
    rule("rmdir", "TRAP"),
    rule("socket", "ERRNO", 78, (0, "EQ", 40, 0)),
    rule("personality", "ERRNO", 79, (0, "EQ", 1, 0), (0, "EQ", 2, 0)),
    rule("umask", "ERRNO", 70, (0, "MASKED_EQ", 0xFF, 7)),
    rule("alarm", "ERRNO", 71, (0, "GT", 1000, 0)),
    rule("getpgid", "ERRNO", 72, (0, "EQ", 5, 0)),
    rule("getpgid", "ERRNO", 73),
    rule("getpriority", "ERRNO", 74, (0, "EQ", 0, 0), (1, "NE", 0, 0)),
    rule("sync", "ERRNO", 0),
    rule("dup", "ALLOW"),
    rule("dup", "ERRNO", 76),
    rule("clone3", "ERRNO", 38),
    rule("not_a_call MKDIR", "KILL_PROCESS"),
]
UNLISTED = {"mkdir", "rmdir", "link", "socket", "chmod", "alarm"}
ALLOW = [
    rule(" ".join(name for name, number in names(X86_64).items() if number <= 334 and name not in UNLISTED), "ALLOW"),
    rule("socket", "ALLOW", None, (0, "NE", 40, 0)),
    rule("mkdir", "ALLOW", None, includes={"caps": ["CAP_SYS_ADMIN"]}),
    rule("link", "ALLOW", None, excludes={"caps": ["CAP_CHOWN"]}),
    {"name": "rmdir", "action": "SCMP_ACT_ALLOW"},
]
PROFILES: dict[str, dict[str, Any]] = {
    "deny": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": [X86_64, X86], "syscalls": DENY},
    "allow": {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 84, "syscalls": ALLOW},
    "listed": {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 84, "architectures": [X86_64, X86, X32], "syscalls": ALLOW},
}


def both(name: str, *arguments: int) -> list[Call]:
    return [(abi, names(abi)[name], arguments) for abi in (X86_64, X86) if name in names(abi)]


CALLS: list[Call] = [
    *both("mkdir", 0), *both("mkdirat", 0, 0), *both("chmod", 0), *both("fchmod", 99), *both("rmdir", 0), *both("link", 0, 0),
    *(call for family in (1, 40, HIGH + 40, 38) for call in both("socket", family, 1, 0)),
    *((X86, names(X86)["socketcall"], (sub, 0)) for sub in (1, 3)),
    *(call for value in (1, 2, 3, HIGH + 1) for call in both("personality", value)),
    *(call for value in (7, 0x107, 8) for call in both("umask", value)),
    *(call for value in (0, 1000, 1001) for call in both("alarm", value)),
    *both("getpgid", 5), *both("getpgid", 0), *both("getpriority", 0, 0), *both("getpriority", 0, 1), *both("sync"),
    *both("dup", 99), *both("clone3", 0, 0), *both("futex_waitv", 0, 0), *both("cachestat", 99), *both("getpid"),
    *both("close_range", 9, 8),
    (X86_64, 460, ()), (X86_64, 600, ()), (X86, 460, ()), (X32, 0x40000000 + 39, ()), (X32, 0x40000000 + 600, ()),
]  # fmt: skip


def expected(decision: Decision, default: Action, call: Call) -> Action | None:
    abi, number, arguments = call
    table, name = decision.tables[abi], by_number(abi).get(number)
    if name is not None:
        # The compat entry hands on the lower halves of the registers.
        cut = (1 << (32 if abi == X86 else 64)) - 1
        return act(table, name, [*(value & cut for value in arguments), *[0] * (6 - len(arguments))])
    if table.stub is not None and number > table.stub:
        return NO_SUCH_CALL
    killed = table.answers["getpid"].why is Why.ARCHITECTURE
    return table.answers["getpid"].action if killed else default


def outcome(action: Action | None) -> str:
    assert action is not None
    if action.kind == "ERRNO":
        return f"errno {action.errno}"
    return "passes" if action.passes else f"signal {SIGSYS}"


def seen(line: str) -> str:
    """What the filter did, as far as a program can tell: errors that the kernel itself can give count as passing."""
    return line if line.startswith("signal") or line in ("errno 38", "errno 0") or int(line.split()[1]) in OURS else "passes"


@pytest.fixture(scope="module")
def program(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    gcc = shutil.which("gcc")
    assert gcc, "gcc is needed, as for the cluster itself"
    home = lab.instance.home / "engine-calls"
    home.mkdir(exist_ok=True)
    made = tmp_path_factory.mktemp("calls") / "calls"
    subprocess.run([gcc, "-static", "-O1", "-o", made, Path(__file__).parent / "calls.c"], check=True)
    shutil.copy(made, home / "calls")
    yield home / "calls"
    shutil.rmtree(home)


def named(node: str, title: str) -> str:
    return f"engine-{title}-{node[-1]}"


def manifest(program: Path, node: str, title: str) -> dict[str, Any]:
    """Return a pod that runs all calls in a container with this profile on this node, and prints one line for each."""
    words = [f"{32 if abi == X86 else 64}:{number}:{','.join(map(str, arguments)) or 0}" for abi, number, arguments in CALLS]
    member = container(
        "c", localhost(f"profiles/engine-{title}.json"), command=["/calls", *words],
        volumeMounts=[{"name": "calls", "mountPath": "/calls"}],
        security={"allowPrivilegeEscalation": False},
    )  # fmt: skip
    volume = {"name": "calls", "hostPath": {"path": str(program), "type": "File"}}
    return pod(named(node, title), node, member, restartPolicy="Never", volumes=[volume])


@pytest.fixture(scope="module")
def started(lab: Lab, program: Path) -> Iterator[None]:
    """Have all of them run at the same time."""
    pairs = [(node, title) for node in NODES for title in PROFILES]
    files = {(node, title): lab.instance.seccomp_root(node) / "profiles" / f"engine-{title}.json" for node, title in pairs}
    names = [named(node, title) for node, title in pairs]
    for (_, title), file in files.items():
        file.write_text(json.dumps(PROFILES[title]))
    lab.kubectl("delete", "pod", *names, "--ignore-not-found", "--now")
    items = [manifest(program, node, title) for node, title in pairs]
    try:
        lab.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        yield
    finally:
        lab.kubectl("delete", "pod", *names, "--ignore-not-found", "--now", "--wait=false")
        for file in files.values():
            file.unlink()


def printed(lab: Lab, name: str) -> list[str]:
    until = time.monotonic() + 90
    while (phase := lab.kubectl("get", "pod", name, "-o", "jsonpath={.status.phase}")) in ("Pending", "Running", ""):
        assert time.monotonic() < until, lab.kubectl("get", "pod", name, "-o", "jsonpath={.status.containerStatuses}")
        time.sleep(0.5)
    assert phase == "Succeeded", lab.kubectl("get", "pod", name, "-o", "jsonpath={.status.containerStatuses}")
    return lab.kubectl("logs", name).splitlines()


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("title", PROFILES)
@pytest.mark.usefixtures("started")
def test_the_kernel_answers_as_the_engine_says(lab: Lab, node: str, title: str) -> None:
    decoder, target = NODES[node]
    resolved = resolve(decode(json.dumps(PROFILES[title]).encode()), decoder, Container(CAPABILITIES))
    assert resolved is not None
    decision = decide(resolved, target)
    assert not decision.conflicts
    lines = printed(lab, named(node, title))
    assert len(lines) == len(CALLS)
    wrong = []
    for call, line in zip(CALLS, lines, strict=True):
        wanted = outcome(expected(decision, resolved.default, call))
        # A call that passes may well succeed; and the kernel itself knows no numbers of X32, nor any from 600.
        unknown = call[0] == X32 or call[1] >= 600
        passed = wanted == "passes" and (line == "errno 0" or (line == "errno 38" and unknown))
        if seen(line) != wanted and not passed:
            wrong.append((call, by_number(call[0]).get(call[1]), wanted, line))
    assert wrong == []
