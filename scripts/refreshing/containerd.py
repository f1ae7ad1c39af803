"""containerd's default profile: a Go function of capabilities, architecture and kernel -> rules with conditions.

It only ever appends rules, so what a capability adds is what it prints with that capability alone and not without any; rules at
the end that CAP_SYS_ADMIN takes away are the ones for containers without it. Whether the rules say the same as the function is
checked for every question asked.
"""

import json

from kubectl_seccomp.runtimes import CONTAINERD

from .modules import evaluated
from .neutral import conditional, rule
from .writing import Failed

ARCHES = ("amd64", "386", "arm64", "arm", "s390x", "ppc64le", "riscv64")
NEW, OLD = (4, 8), (4, 7)
ADMIN = "CAP_SYS_ADMIN"
# Every capability of linux/capability.h, in its order.
_NAMES = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST
    NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE
    SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND
    AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"""
CAPS = tuple(f"CAP_{name}" for name in _NAMES.split())
SETS = {
    "none": (),
    "default": CONTAINERD.capabilities,
    **{name: (name,) for name in CAPS},
    "all": CAPS,
    "all but SYS_ADMIN": tuple(c for c in CAPS if c != ADMIN),
}


def profile(module):
    """Return (head, rules, answers) of one version; answers: {(goarch, kernel, caps): OCI object as printed}."""
    keys = [(arch, kernel, caps) for arch in ARCHES for kernel in (NEW, OLD) for caps in SETS.values()]
    questions = [{"Arch": arch, "New": kernel == NEW, "Caps": caps} for arch, kernel, caps in keys]
    answers = dict(zip(keys, evaluated(module, questions), strict=True))
    heads = [{key: printed.get(key) for key in ("defaultAction", "defaultErrnoRet", "flags")} for printed in answers.values()]
    if any(head != heads[0] for head in heads) or heads[0]["flags"]:
        raise Failed(f"{module}: the head of the profile depends on something, or has flags")
    head = {key: value for key, value in heads[0].items() if value is not None}
    listed = {arch: answers[arch, NEW, ()].get("architectures") for arch in ARCHES}
    return head | {"architectures": {arch: names for arch, names in listed.items() if names}}, _rules(answers), answers


def _rules(answers):
    rules = {(arch, kernel, caps): [plain(each) for each in printed["syscalls"]] for (arch, kernel, caps), printed in answers.items()}
    common, last, added = {}, {}, {cap: {} for cap in CAPS}
    for machine in [(arch, kernel) for arch in ARCHES for kernel in (NEW, OLD)]:
        without, admin = rules[*machine, ()], rules[*machine, (ADMIN,)]
        kept = next(i for i in range(len(without) + 1) if i == len(without) or without[i] != admin[i])
        common[machine], last[machine] = without[:kept], without[kept:]
        for cap in CAPS:
            tail = [] if cap == ADMIN else last[machine]
            alone = rules[*machine, (cap,)]
            added[cap][machine] = alone[kept : len(alone) - len(tail)]
    result = list(_merged(common, {}, {}))
    for cap in CAPS:
        result += _merged(added[cap], {"caps": [cap]}, {})
    return [*result, *_merged(last, {}, {"caps": [ADMIN]})]


def _merged(lists, includes, excludes):
    """Yield the rules of all machines in order, each with the architectures and kernels that have it."""
    order = []
    for rules in lists.values():
        place = 0
        for each in rules:
            if each in order:
                place = order.index(each) + 1
            else:
                order.insert(place, each)
                place += 1
    for each in order:
        machines = {machine for machine, rules in lists.items() if each in rules}
        arches = [arch for arch in ARCHES if (arch, NEW) in machines]
        only = arches if len(arches) < len(ARCHES) else []
        kernel = "" if machines >= {(arch, OLD) for arch in arches} else ".".join(map(str, NEW))
        yield conditional(each, includes | {"arches": only, "minKernel": kernel}, excludes)


def plain(printed):
    """Return a printed rule without conditions, its names in order."""
    return rule(printed["names"], printed["action"], printed.get("errnoRet"), printed.get("args"))


def canonical(printed):
    """Return a profile as text that can be compared: names in order and once, no empty values."""
    kept = {key: printed[key] for key in ("defaultAction", "defaultErrnoRet", "architectures") if printed.get(key) not in (None, [])}
    return json.dumps(kept | {"syscalls": [plain(each) for each in printed["syscalls"]]}, sort_keys=True, separators=(",", ":"))
