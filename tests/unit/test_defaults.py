"""The runtimes' default profiles: which one a version has, how many calls it allows, and that it is what upstream prints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from kubectl_seccomp.profiles import capabilities, defaults, syscalls
from kubectl_seccomp.profiles.defaults import Match, variant
from kubectl_seccomp.runtimes import CONTAINERD, CRIO, DOCKER, RUNTIMES

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "defaults.json").read_text())
ALL = tuple(FIXTURE["all"])
SETS = {
    "none": (),
    "default": CONTAINERD.capabilities,
    "all": ALL,
    "all but SYS_ADMIN": tuple(cap for cap in ALL if cap != "CAP_SYS_ADMIN"),
}
KERNEL = (6, 1)
FLAGS = 0x7E020000  # every CLONE_NEW* of clone(2)


def profile(name: str, caps: Collection[str], arch: str = "amd64", kernel: tuple[int, ...] = KERNEL) -> dict[str, Any]:
    """Return the profile of a variant, its names as sets: they are looked up by the thousand."""
    found = defaults.default_profile(name, caps, arch, kernel)
    assert found is not None
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return made | {"syscalls": [rule | {"names": frozenset(rule["names"])} for rule in made["syscalls"]]}


@cache
def of(version: str, caps: Collection[str] | None = None, arch: str = "amd64", kernel: tuple[int, ...] = KERNEL) -> dict[str, Any]:
    """Return the profile of a version, with its runtime's default capabilities if none are given."""
    match = variant(version)
    assert match is not None
    runtime = next(each for each in RUNTIMES if each.scheme == version.partition("://")[0])
    return profile(match.variant, runtime.capabilities if caps is None else caps, arch, kernel)


def rules(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [rule for rule in found["syscalls"] if name in rule["names"]]


def answer(found: dict[str, Any], name: str) -> str:
    """Return what an unconditional rule does: "A" allow, "-" EPERM, "n" ENOSYS; the first one counts, "?" if there are only others."""
    plain = [rule for rule in rules(found, name) if "args" not in rule]
    if not plain and rules(found, name):
        return "?"
    action, errno = (plain[0]["action"], plain[0].get("errnoRet")) if plain else (found["defaultAction"], found.get("defaultErrnoRet"))
    return "A" if action == "SCMP_ACT_ALLOW" else {None: "-", 1: "-", 38: "n"}[errno]


def allowed(found: dict[str, Any], arch: str = "SCMP_ARCH_X86_64") -> int:
    """Return how many calls are allowed whatever their arguments, of those that libseccomp 2.6.1 knows."""
    return sum(answer(found, name) == "A" for name in syscalls.names(arch))


# Unconditionally allowed with the default capabilities, and with all of them.
COUNTS = {
    "containerd://1.2.0": (267, 295),
    "containerd://1.2.14": (269, 297),
    "containerd://1.3.7": (269, 297),
    "containerd://1.3.10": (279, 308),
    "containerd://1.4.0": (271, 298),
    "containerd://1.4.1": (279, 308),
    "containerd://1.4.9": (281, 311),
    "containerd://1.4.13": (281, 312),
    "containerd://1.5.0": (283, 320),
    "containerd://1.5.18": (283, 321),
    "containerd://1.6.0": (289, 329),
    "containerd://1.6.8": (290, 329),
    "containerd://1.6.9": (290, 329),
    "containerd://1.6.20": (293, 335),
    "containerd://1.6.22": (294, 335),
    "containerd://1.6.39": (300, 342),
    "containerd://1.7.0": (294, 334),
    "containerd://1.7.3": (295, 334),
    "containerd://1.7.27": (301, 341),
    "containerd://1.7.34": (301, 341),
    "containerd://2.0.0": (298, 338),
    "containerd://2.0.11": (298, 338),
    "containerd://2.0.14": (298, 338),
    "containerd://2.1.9": (298, 338),
    "containerd://2.3.0": (309, 349),
    "containerd://2.2.4": (309, 349),
    "containerd://2.4.2": (309, 349),
    "cri-o://1.20.0": (274, 303),
    "cri-o://1.20.3": (280, 308),
    "cri-o://1.21.7": (290, 319),
    "cri-o://1.22.0": (299, 324),
    "cri-o://1.23.5": (300, 325),
    "cri-o://1.24.0": (299, 325),
    "cri-o://1.28.4": (308, 331),
    "cri-o://1.30.5": (308, 331),
    "cri-o://1.29.9": (306, 331),
    "cri-o://1.30.14": (306, 331),
    "cri-o://1.32.0": (307, 333),
    "cri-o://1.35.0": (308, 333),
    "cri-o://1.36.3": (308, 332),
    "docker://20.10.0": (282, 314),
    "docker://20.10.4": (284, 323),
    "docker://20.10.17": (284, 324),
    "docker://20.10.22": (289, 331),
    "docker://20.10.24": (290, 332),
    "docker://20.10.27": (291, 332),
    "docker://24.0.2": (294, 334),
    "docker://24.0.9": (295, 334),
    "docker://23.0.18": (301, 341),
    "docker://25.0.0": (292, 331),
    "docker://28.1.1": (298, 338),
    "docker://29.4.1": (306, 349),
    "docker://29.7.2": (306, 349),
}


def test_how_many_calls_are_allowed() -> None:
    assert {version: (allowed(of(version)), allowed(of(version, ALL))) for version in COUNTS} == COUNTS


def test_on_arm64_there_are_fewer() -> None:
    counts = [allowed(of(f"containerd://{version}", arch="arm64"), "SCMP_ARCH_AARCH64") for version in ("1.7.0", "2.1.0", "2.4.2")]
    assert counts == [253, 257, 267]


COLUMNS = (
    *(f"containerd://{version}" for version in ("1.6.20", "1.7.27", "2.1.0", "2.2.4")),
    *(f"cri-o://{version}" for version in ("1.28.4", "1.30.14", "1.36.3")),
    *(f"docker://{version}" for version in ("24.0.9", "29.7.2")),
)
# One letter per column; "?" where arguments decide.
ANSWERS = {
    "unshare": "----nnn--",
    "clone": "????A????",
    "clone3": "nnnnAnnnn",
    "keyctl": "----AAA--",
    "fanotify_init": "------A--",
    "io_uring_setup": "AA--nnnA-",
    "ptrace": "AAAAAAAAA",
    "memfd_create": "AAAAAAAAA",
    "vmsplice": "AAAA---AA",
    "statmount": "---Annn-A",
    "socket": "A????????",
    **dict.fromkeys(("setns", "mount", "umount2", "pivot_root", "fsopen", "open_tree", "mount_setattr"), "----AAA--"),
    **dict.fromkeys(("reboot", "syslog", "pidfd_getfd", "mbind", "set_mempolicy"), "----AAA--"),
    **dict.fromkeys(("process_vm_readv", "name_to_handle_at"), "-AAAAAAAA"),
    **dict.fromkeys(("bpf", "perf_event_open", "userfaultfd", "init_module", "swapon", "iopl"), "---------"),
}


def test_what_becomes_of_a_call() -> None:
    assert {name: "".join(answer(of(version), name) for version in COLUMNS) for name in ANSWERS} == ANSWERS


def canonical(found: dict[str, Any]) -> str:
    ordered = [rule | {"names": " ".join(sorted(rule["names"]))} for rule in found["syscalls"]]
    return json.dumps(found | {"syscalls": ordered}, sort_keys=True, separators=(",", ":"))


def test_it_is_what_containerd_prints() -> None:
    found = [
        [name, arch, kernel, caps, hashlib.sha256(canonical(profile(name, SETS[caps], arch, tuple(kernel))).encode()).hexdigest()[:16]]
        for name, arch, kernel, caps, _ in FIXTURE["printed"]
    ]
    assert [line for line in found if line not in FIXTURE["printed"]] == []


def test_every_variant_of_containerd_was_compared() -> None:
    names = {each.name for each in defaults.table().variants if each.runtime == "containerd"}
    assert {line[0] for line in FIXTURE["printed"]} == names
    assert len(FIXTURE["printed"]) == 4 * len(names) == 4 * 25


def test_clone_without_sys_admin_makes_no_namespaces() -> None:
    (rule,) = rules(of("containerd://2.4.2"), "clone")
    assert rule["args"] == [{"index": 0, "value": FLAGS, "op": "SCMP_CMP_MASKED_EQ"}]
    (there,) = rules(of("containerd://2.4.2", arch="s390x"), "clone")
    assert there["args"][0]["index"] == 1
    assert [each["args"][0]["index"] for each in rules(of("cri-o://1.36.3", arch="s390x"), "clone")] == [1, 1]
    permitted, denied = rules(of("cri-o://1.36.3"), "clone")
    assert permitted["args"] == rule["args"]
    assert [argument["value"] for argument in denied["args"]] == [1 << bit for bit in (17, 26, 27, 28, 29, 30, 25)]
    assert answer(of("cri-o://1.36.3", ALL), "clone") == "A"


def test_the_kernel_counts_on_containerd_and_docker_and_not_on_crio() -> None:
    for version, old in (("containerd://1.6.6", "-"), ("containerd://2.4.2", "-"), ("docker://29.7.2", "-"), ("cri-o://1.36.3", "A")):
        assert answer(of(version, kernel=(4, 7, 10)), "ptrace") == old, version
    assert answer(of("docker://29.7.2", kernel=(4, 8, 0)), "ptrace") == "A"
    assert answer(of("containerd://2.4.2", kernel=(4, 8)), "process_vm_readv") == "A"
    assert answer(of("containerd://1.6.6", kernel=KERNEL), "ptrace") == "-"


def test_architectures() -> None:
    x86 = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
    for version in COLUMNS:
        assert of(version)["architectures"] == x86
        assert set(of(version, arch="arm64")["architectures"]) == {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"}
        assert set(of(version, arch="s390x")["architectures"]) == {"SCMP_ARCH_S390X", "SCMP_ARCH_S390"}
        assert "architectures" not in of(version, arch="ppc64le")
    assert of("containerd://2.4.2", arch="riscv64")["architectures"] == ["SCMP_ARCH_RISCV64"]
    assert answer(of("containerd://2.4.2", arch="arm64"), "arch_prctl") == "-"
    assert of("cri-o://1.36.3", arch="SCMP_ARCH_AARCH64") == of("cri-o://1.36.3", arch="arm64")


def test_what_is_not_known_has_no_profile() -> None:
    assert defaults.default_profile("containerd 1.1.0", (), "amd64", KERNEL) is None
    assert defaults.default_profile("containerd 2.2.4", (), "mips64le", KERNEL) is None
    assert defaults.default_profile("containerd 2.2.4", (), "SCMP_ARCH_X32", KERNEL) is None


def changed(name: str, release: str) -> Match:
    return Match(name, f"this is not a plain release of {release}, so its profile may have been changed")


def unknown(name: str, version: str, known: str) -> Match:
    return Match(name, f"the profile of {version} is not known, that of {known} is taken", nearest=True)


VERSIONS: dict[str, Match | None] = {
    "containerd://1.6.20": Match("containerd 1.6.16"),
    "containerd://v1.6.20": Match("containerd 1.6.16"),
    "containerd://2.3.1": Match("containerd 2.2.4"),
    "containerd://2.3.0": Match("containerd 2.2.0"),
    "containerd://2.1.0": Match("containerd 2.0.0"),
    "cri-o://1.30.4": Match("CRI-O 1.25.0"),
    "cri-o://1.30.6": Match("CRI-O 1.29.9"),
    "docker://24.0.7": Match("Docker 23.0.7"),
    "docker://29.4.3": Match("Docker 29.4.3"),
    "containerd://1.6.20~ds1": changed("containerd 1.6.16", "containerd 1.6.20"),
    "containerd://2.1.4-k3s1": changed("containerd 2.0.0", "containerd 2.1.4"),
    "containerd://2.0.0-rc.1": changed("containerd 2.0.0", "containerd 2.0.0"),
    "docker://20.10.24+dfsg1": changed("Docker 20.10.18", "dockerd 20.10.24"),
    "cri-o://1.33": changed("CRI-O 1.33.0", "CRI-O 1.33"),
    "containerd://2.9.0": unknown("containerd 2.3.7", "containerd 2.9.0", "2.4.2"),
    "containerd://1.7.99": unknown("containerd 1.7.32", "containerd 1.7.99", "1.7.35"),
    "containerd://1.7.99~x": unknown("containerd 1.7.32", "containerd 1.7.99", "1.7.35"),
    "containerd://1.1.8": unknown("containerd 1.2.0", "containerd 1.1.8", "1.2.0"),
    "cri-o://1.28.12": unknown("CRI-O 1.25.0", "CRI-O 1.28.12", "1.28.11"),
    "cri-o://1.19.6": unknown("CRI-O 1.20.0", "CRI-O 1.19.6", "1.20.0"),
    "docker://29.4.2": unknown("Docker 28.2.0", "dockerd 29.4.2", "29.4.1"),
    "docker://19.03.15": unknown("Docker 20.10.0", "dockerd 19.3.15", "20.10.0"),
    "containerd://Unknown": None,
    "rkt://1.0.0": None,
    "": None,
}


def test_which_profile_a_version_has() -> None:
    assert {version: variant(version) for version in VERSIONS} == VERSIONS


def release(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def test_no_version_has_two_profiles_and_no_two_profiles_are_the_same() -> None:
    table = defaults.table()
    spans = sorted((each.runtime, release(low), release(high)) for each in table.variants for low, high in each.ranges)
    for (runtime, low, high), (other, after, _) in pairwise(spans):
        assert low <= high
        assert runtime != other or high < after
        assert low[:2] == high[:2], "a range goes beyond its line of releases"
    bodies = [(each.runtime, each.rules, each.default_errno_ret, str(each.architectures)) for each in table.variants]
    assert len(set(bodies)) == len(bodies)
    assert len({each.name for each in table.variants}) == len(table.variants)


def test_every_rule_is_used_and_names_calls() -> None:
    table = defaults.table()
    used = {index for each in table.variants for index in each.rules}
    based = {rule.like for rule in table.rules}
    assert set(range(len(table.rules))) <= used | based
    for each in table.variants:
        for rule in defaults.evaluate(table, each, ALL, "amd64", KERNEL).syscalls:
            assert rule.names
            assert all(syscalls.known_since(name) or name in ("epoll_ctl_old", "epoll_wait_old", "umount") for name in rule.names), (
                rule.names
            )


def test_default_capabilities() -> None:
    assert [len(each.capabilities) for each in (CONTAINERD, CRIO, DOCKER)] == [14, 9, 14]
    assert set(CRIO.capabilities) < set(CONTAINERD.capabilities) < set(ALL) == capabilities.ALL
