"""A profile's mapping -> what a container runtime hands to the OCI runtime: three decoders, one resolved form. Pure.

containerd unmarshals into the OCI struct and knows none of Docker's additions (`internal/cri/sputil/seccomp_linux.go`, 1.6 to
2.4). CRI-O unmarshals into the containers-common struct and resolves it against the container's bounding set and architecture
(`pkg/seccomp/seccomp_linux.go` setupSeccomp, CRI-O 1.30 to 1.36). dockerd does the same with Docker's struct (moby
`profiles/seccomp/seccomp_linux.go`, 20.10 to 29), which has minKernel and no errno names.

What a word means afterwards is runc's business (`libcontainer/specconv/spec_linux.go` SetupSeccomp, 1.1 to 1.5), which is also
checked here: a profile with a word that runc does not take gives no container.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from . import errnos
from .gojson import Refused, mapping, objects, text, texts, unsigned
from .oci import ARCHITECTURES, ARGUMENTS, FLAGS, MOST_ERRNO, OPERATORS, Action, Condition, Dropped, Resolved, Rule, action, known
from .schema import misfits

# Which entry of archMap counts, by the name that libseccomp-golang has for the node's architecture.
ARCHMAP_CRIO = {
    "amd64": "SCMP_ARCH_X86_64",
    "arm64": "SCMP_ARCH_AARCH64",
    "mips64": "SCMP_ARCH_MIPS64",
    "mips64n32": "SCMP_ARCH_MIPS64N32",
    "mipsel64": "SCMP_ARCH_MIPSEL64",
    "mipsel64n32": "SCMP_ARCH_MIPSEL64N32",
    "s390x": "SCMP_ARCH_S390X",
}
ARCHMAP_DOCKER = ARCHMAP_CRIO | {
    "x86": "SCMP_ARCH_X86",
    "arm": "SCMP_ARCH_ARM",
    "mipsel": "SCMP_ARCH_MIPSEL",
    "ppc64": "SCMP_ARCH_PPC64",
    "ppc64le": "SCMP_ARCH_PPC64LE",
    "riscv64": "SCMP_ARCH_RISCV64",
}
# Where libseccomp-golang names an architecture otherwise than Go does.
_NATIVE = {"386": "x86", "mips64le": "mipsel64", "mipsle": "mipsel"}


class Container(Struct, frozen=True):
    """What includes and excludes are held against: the bounding set ("CAP_BPF"), Go's architecture, the kernel's version."""

    capabilities: frozenset[str] = frozenset()
    arch: str = "amd64"
    kernel: tuple[int, int] = (6, 1)

    @property
    def native(self) -> str:
        """The architecture as includes, excludes and archMap call it."""
        return _NATIVE.get(self.arch, self.arch)


def resolve(profile: Mapping[str, object] | None, decoder: str, container: Container | None) -> Resolved | None:
    """Return the profile as this decoder ("containerd", "cri-o", "docker"; "" is read as containerd does) hands it on.

    None where that is no filter at all. Without a container, includes and excludes are taken as if they always held.
    `profile` is what gojson.decode gives. Raises Refused for what does not become a container.
    """
    if profile is None:
        return None
    own = decoder if decoder in ("cri-o", "docker") else "containerd"
    _check(profile, own)
    default, written = text(profile, "defaultaction"), objects(profile, "syscalls")
    if not default and not written:
        return None
    if not default:
        raise Refused("has rules, but no defaultAction")
    chosen = action(default, _errno(profile, "defaulterrno", "defaulterrnoret", own))
    _check_default(chosen)
    found = [_rule(index, entry, own, container) for index, entry in enumerate(written)]
    resolved = Resolved(
        chosen,
        tuple(one for one in found if isinstance(one, Rule)),
        _architectures(profile, own, container),
        tuple(_words(profile, "flags", FLAGS, "flag")),
        tuple(one for one in found if isinstance(one, Dropped)),
        text(profile, "listenerpath"),
        text(profile, "listenermetadata"),
    )
    _check_listener(resolved)
    return resolved


def _rule(index: int, entry: Mapping[str, object], decoder: str, container: Container | None) -> Rule | Dropped:
    """Return one rule with the names that count for this decoder, its words checked as runc does."""
    why = "" if decoder == "containerd" or container is None else _excluded(entry, decoder, container)
    if why and decoder == "cri-o":
        return Dropped(index, why)  # nothing else of such a rule is looked at
    names = tuple(texts(entry, "names"))
    if decoder != "containerd" and (name := text(entry, "name")):
        if names:
            raise Refused("has a rule with both name and names")
        names = (name,)
    if why:
        return Dropped(index, why)
    errno = _errno(entry, "errno", "errnoret", decoder)
    if not names and decoder == "cri-o":
        return Dropped(index, "it names no syscall, and CRI-O leaves it out")
    chosen = action(text(entry, "action"), errno)
    if "" in names:
        raise Refused("has a rule that names the empty string")
    if chosen.kind == "ERRNO" and chosen.errno > MOST_ERRNO:
        raise Refused(f"has an errnoRet above {MOST_ERRNO}")
    conditions = tuple(_condition(argument) for argument in objects(entry, "args"))
    return Rule(index, names, chosen, conditions) if names else Dropped(index, _nameless(entry, decoder))


def _nameless(entry: Mapping[str, object], decoder: str) -> str:
    legacy = decoder == "containerd" and text(entry, "name")
    return "containerd does not know the old key name" if legacy else "it names no syscall"


def _excluded(entry: Mapping[str, object], decoder: str, container: Container) -> str:
    """Return why includes and excludes leave a rule out, nothing when they do not (setupSeccomp, in its order)."""
    includes, excludes = mapping(entry, "includes"), mapping(entry, "excludes")
    if container.native in texts(excludes, "arches"):
        return f"excludes names the architecture {container.native}"
    if held := sorted(container.capabilities.intersection(texts(excludes, "caps"))):
        return f"excludes names {held[0]}, which the container has"
    if (arches := texts(includes, "arches")) and container.native not in arches:
        return f"includes does not name the architecture {container.native}"
    if lacking := [name for name in texts(includes, "caps") if name not in container.capabilities]:
        return f"includes needs {lacking[0]}, which the container does not have"
    if decoder == "docker":
        return _by_kernel(includes, excludes, container.kernel)
    return ""


def _by_kernel(includes: Mapping[str, object], excludes: Mapping[str, object], kernel: tuple[int, int]) -> str:
    """dockerd alone compares minKernel (moby `profiles/seccomp` seccomp_linux.go, kernel_linux.go)."""
    least, most = _version(includes), _version(excludes)
    if most is not None and kernel >= most:
        return f"excludes names kernels from {most[0]}.{most[1]}"
    if least is not None and kernel < least:
        return f"includes needs a kernel from {least[0]}.{least[1]}"
    return ""


def _version(filter_: Mapping[str, object]) -> tuple[int, int] | None:
    written = text(filter_, "minkernel")
    if not written:
        return None
    found = min_kernel(written)
    if found is None:
        raise Refused("has a minKernel that is not a version like 4.8")
    return found


def min_kernel(written: str) -> tuple[int, int] | None:
    """Return the kernel that a minKernel names, None where dockerd takes it for none."""
    found = re.fullmatch(r"(\d{1,9})\.(\d{1,9})", written, re.ASCII)
    return (int(found[1]), int(found[2])) if found is not None and found[0] != "0.0" else None


def _condition(argument: Mapping[str, object]) -> Condition:
    known(text(argument, "op"), OPERATORS, "operator")
    if (index := unsigned(argument, "index")) >= ARGUMENTS:
        raise Refused("has a rule about an argument beyond the sixth (index 5)")
    op = text(argument, "op").removeprefix("SCMP_CMP_")
    other = unsigned(argument, "valuetwo") if op == "MASKED_EQ" else 0
    return Condition(index, op, unsigned(argument, "value"), other)


def _errno(entry: Mapping[str, object], name: str, number: str, decoder: str) -> int | None:
    """Return the written errno; CRI-O also takes what errnos.py has, which goes first."""
    written = text(entry, name) if decoder == "cri-o" else ""
    if not written:
        return None if entry.get(number) is None else unsigned(entry, number)
    found = errnos.number(written)
    if found is None:
        raise Refused(f"has an errno that is not the name of an error ({written[:40]!r})")
    return found


def _architectures(profile: Mapping[str, object], decoder: str, container: Container | None) -> tuple[str, ...]:
    listed = _words(profile, "architectures", ARCHITECTURES, "architecture")
    if decoder == "containerd" or listed or container is None:
        return tuple(listed)
    native = (ARCHMAP_CRIO if decoder == "cri-o" else ARCHMAP_DOCKER).get(container.native)
    for entry in objects(profile, "archmap"):
        if native is not None and text(entry, "architecture") == native:
            return (native, *_words(entry, "subarchitectures", ARCHITECTURES, "architecture"))
    return ()


def _words(profile: Mapping[str, object], key: str, words: frozenset[str], what: str) -> list[str]:
    found = texts(profile, key)
    for word in found:
        known(word, words, what)
    return found


def _check(profile: Mapping[str, object], decoder: str) -> None:
    """Refuse what does not decode, also where the value would not matter."""
    wrong = next((field for field, _ in misfits(profile) if decoder in field.readers), None)
    if wrong is not None:
        raise Refused(f"has {wrong.name.lower()} that is not {wrong.kind.value}")
    if decoder != "containerd" and objects(profile, "archmap") and texts(profile, "architectures"):
        raise Refused("has both architectures and archMap")
    if decoder == "docker":
        for rule in objects(profile, "syscalls"):
            _version(mapping(rule, "includes"))
            _version(mapping(rule, "excludes"))


def _check_default(default: Action) -> None:
    if default.kind == "NOTIFY":
        raise Refused("has the default action SCMP_ACT_NOTIFY, which runc does not load")
    if default.kind == "ERRNO" and default.errno > MOST_ERRNO:
        raise Refused(f"has a defaultErrnoRet above {MOST_ERRNO}")


def _check_listener(resolved: Resolved) -> None:
    """runc wants a socket for SCMP_ACT_NOTIFY, and to be able to write to it."""
    told = [rule for rule in resolved.rules if rule.action.kind == "NOTIFY"]
    if told and not resolved.listener:
        raise Refused("uses SCMP_ACT_NOTIFY without a listenerPath")
    if any("write" in rule.names for rule in told):
        raise Refused("uses SCMP_ACT_NOTIFY for write, which runc does not load")
