"""Profiles in Docker's form, as files in Go modules: dockerd's, and containers-common's with what CRI-O makes of it."""

import errno
import json

from .modules import folder
from .neutral import conditional, rule
from .writing import Failed

DOCKER_FILES = ("profiles/seccomp/default.json", "default.json")
COMMON_FILE = "pkg/seccomp/seccomp.json"
# GOARCH by the name in archMap: moby profiles/seccomp/seccomp_linux.go, containers-common pkg/seccomp/seccomp_linux.go.
GOARCH = {"X86_64": "amd64", "AARCH64": "arm64", "S390X": "s390x", "RISCV64": "riscv64"}
# libseccomp's names of architectures in conditions; x32 and s390 are no architectures of a node.
NATIVE = {"x86": "386", "x32": None, "s390": None}
COMMON_ONLY = ("SCMP_ARCH_RISCV64",)
# CRI-O internal/config/seccomp/seccomp.go DefaultProfile: takes these out of the profile's second rule and gives them back with
# CAP_SYS_ADMIN (1.24.0 on: unshare; 1.29.9 and 1.30.6 on: all three, and then allows clone without namespaces to everybody).
UNSHARE = ("unshare",)
NAMESPACES = ("clone", "clone3", "unshare")
FLAGS = {"NEWNS": 0x20000, "NEWUTS": 0x4000000, "NEWIPC": 0x8000000, "NEWUSER": 0x10000000, "NEWPID": 0x20000000, "NEWNET": 0x40000000}
FLAGS["NEWCGROUP"] = 0x2000000


def docker(module):
    """Return (head, rules) of dockerd's profile."""
    path = next(path for name in DOCKER_FILES if (path := folder(module) / name).exists())
    return _read(json.loads(path.read_text()))


def crio(module, removed):
    """Return (head, rules) of containers-common's profile without the names that CRI-O removes, and with what it adds."""
    document = json.loads((folder(module) / COMMON_FILE).read_text())
    for call in document["syscalls"]:
        for conditions in (call.get("includes") or {}, call.get("excludes") or {}):
            conditions.pop("minKernel", None)  # not read by containers-common
    document["archMap"] = [entry for entry in document["archMap"] if entry["architecture"] not in COMMON_ONLY]
    second = document["syscalls"][1]
    if missing := set(removed) - set(second["names"]):
        raise Failed(f"{module}: CRI-O removes {', '.join(sorted(missing))}, which its second rule does not have")
    second["names"] = [name for name in second["names"] if name not in removed]
    head, rules = _read(document)
    return head, [*rules, *_added(removed)]


def _added(removed):
    admin = {"caps": ["CAP_SYS_ADMIN"]}
    if removed:
        yield conditional(rule(removed, "SCMP_ACT_ALLOW"), admin, {})
    if removed == NAMESPACES:
        for index, machines in ((0, ({}, {"arches": ["s390x"]})), (1, ({"arches": ["s390x"]}, {}))):
            includes, excludes = machines
            every = [{"index": index, "value": sum(FLAGS.values()), "op": "SCMP_CMP_MASKED_EQ"}]
            yield conditional(rule(["clone"], "SCMP_ACT_ALLOW", args=every), includes, excludes)
            each = [{"index": index, "value": flag, "valueTwo": flag, "op": "SCMP_CMP_MASKED_EQ"} for flag in _order()]
            yield conditional(rule(["clone"], "SCMP_ACT_ERRNO", errno.EPERM, each), includes, {**excludes, **admin})
        yield conditional(rule(["clone3"], "SCMP_ACT_ERRNO", errno.ENOSYS), {}, admin)


def _order():
    return (FLAGS[f"NEW{name}"] for name in ("NS", "UTS", "IPC", "USER", "PID", "NET", "CGROUP"))


def _read(document):
    head = {"defaultAction": document["defaultAction"]}
    default = _errno(document.get("defaultErrno"), document.get("defaultErrnoRet"))
    if default is not None:
        head["defaultErrnoRet"] = default
    if document.get("flags"):
        raise Failed("a default profile has flags, which data/defaults.json has no place for")
    listed = {entry["architecture"]: [entry["architecture"], *(entry["subArchitectures"] or ())] for entry in document["archMap"]}
    head["architectures"] = {go: listed[f"SCMP_ARCH_{name}"] for name, go in GOARCH.items() if f"SCMP_ARCH_{name}" in listed}
    return head, [_rule(call) for call in document["syscalls"]]


def _rule(call):
    names = call.get("names") or [call["name"]]
    if "minKernel" in (call.get("excludes") or {}):
        raise Failed("a default profile excludes kernels, which data/defaults.json has no place for")
    bare = rule(names, call["action"], _errno(call.get("errno"), call.get("errnoRet")), call.get("args"))
    return conditional(bare, *(_conditions(call.get(side) or {}) for side in ("includes", "excludes")))


def _conditions(given):
    """Return the conditions with GOARCH names; one that only names architectures of no node stays one that never holds."""
    if unknown := given.keys() - {"caps", "arches", "minKernel"}:
        raise Failed(f"a default profile has conditions on {', '.join(sorted(unknown))}, which data/defaults.json has no place for")
    arches = [NATIVE.get(name, name) for name in given.get("arches") or ()]
    return given | {"arches": [name for name in arches if name] or (["none"] if arches else [])}


def _errno(name, number):
    """Return an errno; a name wins over a number."""
    return getattr(errno, name) if name else number
