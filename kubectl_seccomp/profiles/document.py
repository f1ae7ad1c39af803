"""The bytes of a Localhost profile -> what loading it does on a node.

containerd decodes the file straight into the OCI runtime spec's struct (`internal/cri/sputil/seccomp_linux.go`, 1.6 to 2.4),
CRI-O into the containers-common struct (`pkg/seccomp`, CRI-O 1.30 to 1.36), dockerd into Docker's (moby `profiles/seccomp`,
20.10 to 29); all by Go's rules, see gojson.py. runc (`libcontainer/specconv/spec_linux.go` SetupSeccomp, 1.1 to 1.5) then takes
a struct without default action and without rules for "seccomp disabled": no filter, no error. The loaders of CRI-O and dockerd
do the same by themselves.

This answers one question: does a filter come of it, none, or a container that cannot start. It is no lint: which calls a
filter allows is not judged, and `includes`/`excludes` are taken as if they always held.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ..model import FileState
from ..runtimes import RUNTIMES
from .gojson import NotJudged, Refused, decode, mapping, objects, text, texts, unsigned

ACTIONS = frozenset(
    f"SCMP_ACT_{name}" for name in ("KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP", "ERRNO", "TRACE", "ALLOW", "LOG", "NOTIFY")
)
_LITTLE = (
    "X86",
    "X86_64",
    "X32",
    "ARM",
    "AARCH64",
    "MIPSEL",
    "MIPSEL64",
    "MIPSEL64N32",
    "PPC64LE",
    "RISCV64",
    "LOONGARCH64",
    "SH",
)
_BIG = ("MIPS", "MIPS64", "MIPS64N32", "PPC", "PPC64", "S390", "S390X", "PARISC", "PARISC64", "M68K", "SHEB")
ARCHITECTURES = frozenset(f"SCMP_ARCH_{name}" for name in (*_LITTLE, *_BIG))
OPERATORS = frozenset(f"SCMP_CMP_{name}" for name in ("NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"))
FLAGS = frozenset(f"SECCOMP_FILTER_FLAG_{name}" for name in ("TSYNC", "LOG", "SPEC_ALLOW", "WAIT_KILLABLE_RECV"))
PASSING = ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG")
# Without a rule of one of these, or such a default, not even the program's first call passes.
_CAN_PASS = ("SCMP_ACT_NOTIFY", *PASSING)
_MOST_ERRNO = 4094
_ARGUMENTS = 6


class Judgement(Struct, frozen=True):
    """What a node's runtime makes of a file.

    `effect`: "filter" (loaded), "none" (the container runs without a filter), "refused" (it cannot start), None for a file that
    is beyond what is judged here (state unreadable). `why` is one sentence that calls the file "it". `forbids_nothing`: a
    filter that lets every call pass.
    """

    state: FileState
    effect: str | None
    why: str
    forbids_nothing: bool = False


class _Rule(Struct, frozen=True):
    names: tuple[str, ...]
    action: str


def judge(raw: bytes, decoder: str) -> Judgement:
    """Return what a runtime with this decoder ("containerd", "cri-o", "docker", "" unknown) makes of the file's bytes."""
    try:
        return _judge(decode(raw), decoder)
    except Refused as refused:
        return Judgement(FileState.INVALID, "refused", f"it {refused}")
    except NotJudged as beyond:
        return Judgement(FileState.UNREADABLE, None, f"it {beyond}")


def _judge(document: Mapping[str, object] | None, decoder: str) -> Judgement:
    if document is None:
        return _no_filter("it is null", decoder)
    default, written = text(document, "defaultaction"), objects(document, "syscalls")
    _check_types(document, decoder)
    if not default and not written:
        return _no_filter(_empty(document), decoder)
    if not default:
        raise Refused("has rules, but no defaultAction")
    _check_head(document, default)
    rules = [rule for entry in written if (rule := _rule(entry, decoder)).names]
    _check_listener(document, rules)
    if default not in PASSING and not any(rule.action in _CAN_PASS for rule in rules):
        raise Refused(f"has the default action {default} and no rule that allows anything: nothing can start with it")
    if default not in PASSING or any(rule.action not in PASSING for rule in rules):
        return Judgement(FileState.PRESENT, "filter", "it loads")
    return _harmless(default, len(written) - len(rules))


def _no_filter(what: str, decoder: str) -> Judgement:
    runtime = next((known.title for known in RUNTIMES if known.decoder == decoder), "the runtime")
    return Judgement(FileState.PRESENT, "none", f"{what}: {runtime} loads no filter")


def _harmless(default: str, void: int) -> Judgement:
    ends = "is let through" if default == "SCMP_ACT_ALLOW" else "is only logged"
    lost = "" if not void else f" ({void} of its rules name no call that is understood here)"
    return Judgement(FileState.PRESENT, "filter", f"it loads, but every call {ends}{lost}", forbids_nothing=True)


def _empty(document: Mapping[str, object]) -> str:
    if not document:
        return "it holds no rules"
    if {"kind", "spec"} & document.keys():
        name = "SeccompProfile" if document.get("kind") == "SeccompProfile" else "Kubernetes"
        return f"it is a wrapped {name} resource, not a profile"
    return "it holds no defaultAction and no syscalls"


def _check_types(document: Mapping[str, object], decoder: str) -> None:
    """Refuse what does not decode, also where the value would not matter."""
    for key in ("listenerpath", "listenermetadata"):
        text(document, key)
    texts(document, "flags")
    texts(document, "architectures")
    unsigned(document, "defaulterrnoret")
    if decoder in ("cri-o", "docker") and objects(document, "archmap") and texts(document, "architectures"):
        raise Refused("has both architectures and archMap")
    for rule in objects(document, "syscalls"):
        texts(rule, "names")
        text(rule, "action")
        unsigned(rule, "errnoret")
        for argument in objects(rule, "args"):
            text(argument, "op")
            for key in ("index", "value", "valuetwo"):
                unsigned(argument, key)
        if decoder in ("cri-o", "docker"):
            text(rule, "name")
            mapping(rule, "includes")
            mapping(rule, "excludes")


def _check_head(document: Mapping[str, object], default: str) -> None:
    _known(default, ACTIONS, "action")
    if default == "SCMP_ACT_NOTIFY":
        raise Refused("has the default action SCMP_ACT_NOTIFY, which runc does not load")
    if default == "SCMP_ACT_ERRNO" and unsigned(document, "defaulterrnoret") > _MOST_ERRNO:
        raise Refused(f"has a defaultErrnoRet above {_MOST_ERRNO}")
    for name in texts(document, "architectures"):
        _known(name, ARCHITECTURES, "architecture")
    for name in texts(document, "flags"):
        _known(name, FLAGS, "flag")


def _rule(entry: Mapping[str, object], decoder: str) -> _Rule:
    """Return one rule with the names that count for this decoder, its words checked as runc does."""
    names = tuple(texts(entry, "names"))
    if decoder in ("cri-o", "docker") and (name := text(entry, "name")):
        if names:
            raise Refused("has a rule with both name and names")
        names = (name,)
    action = text(entry, "action")
    if not names and decoder == "cri-o":
        return _Rule((), action)  # CRI-O drops the rule before anybody looks at it
    _known(action, ACTIONS, "action")
    if "" in names:
        raise Refused("has a rule that names the empty string")
    if action == "SCMP_ACT_ERRNO" and unsigned(entry, "errnoret") > _MOST_ERRNO:
        raise Refused(f"has an errnoRet above {_MOST_ERRNO}")
    for argument in objects(entry, "args"):
        _known(text(argument, "op"), OPERATORS, "operator")
        if unsigned(argument, "index") >= _ARGUMENTS:
            raise Refused("has a rule about an argument beyond the sixth (index 5)")
    return _Rule(names, action)


def _check_listener(document: Mapping[str, object], rules: list[_Rule]) -> None:
    """runc wants a socket for SCMP_ACT_NOTIFY, and to be able to write to it."""
    told = [rule for rule in rules if rule.action == "SCMP_ACT_NOTIFY"]
    if told and not text(document, "listenerpath"):
        raise Refused("uses SCMP_ACT_NOTIFY without a listenerPath")
    if any("write" in rule.names for rule in told):
        raise Refused("uses SCMP_ACT_NOTIFY for write, which runc does not load")


def _known(value: str, words: frozenset[str], what: str) -> None:
    if value not in words:
        shown = repr(value if len(value) <= 60 else f"{value[:59]}…")
        raise Refused(f"has {shown} where {'an' if what[0] in 'ao' else 'a'} {what} should be")
