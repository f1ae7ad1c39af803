"""The values of a seccomp profile once a runtime has read it: the OCI runtime specification's words and structs. Pure.

Words and structs are those of runtime-spec 1.3 (`config-linux.md`, `specs-go/config.go`); which of them a runtime takes is in
runc's `libcontainer/seccomp/config.go` (1.1 to 1.5). How a file becomes a Resolved is in decoders.py, what follows from a
Resolved in engine.py.
"""

from __future__ import annotations

from msgspec import Struct

from ..words import short
from .gojson import Refused

ACTIONS = frozenset(
    f"SCMP_ACT_{name}" for name in ("KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP", "ERRNO", "TRACE", "ALLOW", "LOG", "NOTIFY")
)
_LITTLE = ("X86", "X86_64", "X32", "ARM", "AARCH64", "MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC64LE", "RISCV64", "LOONGARCH64", "SH")
_BIG = ("MIPS", "MIPS64", "MIPS64N32", "PPC", "PPC64", "S390", "S390X", "PARISC", "PARISC64", "M68K", "SHEB")
ARCHITECTURES = frozenset(f"SCMP_ARCH_{name}" for name in (*_LITTLE, *_BIG))
BIG_ENDIAN = frozenset(f"SCMP_ARCH_{name}" for name in _BIG)
OPERATORS = frozenset(f"SCMP_CMP_{name}" for name in ("NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"))
FLAGS = frozenset(f"SECCOMP_FILTER_FLAG_{name}" for name in ("TSYNC", "LOG", "SPEC_ALLOW", "WAIT_KILLABLE_RECV"))
EPERM, ENOSYS = 1, 38
# libseccomp takes errno values below the kernel's MAX_ERRNO; a system call has six arguments.
MOST_ERRNO = 4094
ARGUMENTS = 6


class Action(Struct, frozen=True):
    """What the kernel does with a call: the specification's word without SCMP_ACT_, and the errno of ERRNO and TRACE."""

    kind: str
    errno: int = 0

    @property
    def passes(self) -> bool:
        """Whether the call is carried out."""
        return self.kind in ("ALLOW", "LOG")


ALLOW = Action("ALLOW")
KILL_THREAD = Action("KILL_THREAD")
NO_SUCH_CALL = Action("ERRNO", ENOSYS)


class Condition(Struct, frozen=True):
    """A comparison of one argument, unsigned: `op` without SCMP_CMP_; for MASKED_EQ `value` is the mask, `other` what is expected."""

    index: int
    op: str
    value: int
    other: int = 0

    @property
    def expected(self) -> int:
        """What the argument is compared with."""
        return self.other if self.op == "MASKED_EQ" else self.value


class Rule(Struct, frozen=True):
    """One entry of `syscalls`; `index` is its place in the file, from 0."""

    index: int
    names: tuple[str, ...]
    action: Action
    conditions: tuple[Condition, ...] = ()


class Dropped(Struct, frozen=True):
    """An entry of `syscalls` that has no effect, and why: a clause that follows "rule 3 does not count: "."""

    index: int
    why: str


class Resolved(Struct, frozen=True):
    """What is handed to the OCI runtime: a filter's rules in the order of the file, with what did not get that far."""

    default: Action
    rules: tuple[Rule, ...]
    architectures: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    listener: str = ""
    metadata: str = ""


def action(word: str, errno: int | None) -> Action:
    """Return the action for a word and its errnoRet (None when it is not written). Raises Refused."""
    known(word, ACTIONS, "action")
    kind = word.removeprefix("SCMP_ACT_")
    if kind in ("ERRNO", "TRACE"):
        return Action(kind, EPERM if errno is None else errno)
    return KILL_THREAD if kind == "KILL" else Action(kind)


def known(value: str, words: frozenset[str], what: str) -> None:
    """Raise Refused for a word that is none of `words`; letter case counts."""
    if value not in words:
        raise Refused(f"has {short(value)!r} where {'an' if what[0] in 'ao' else 'a'} {what} should be")
