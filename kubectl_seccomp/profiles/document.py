"""The bytes of a Localhost profile -> what loading it does on a node.

containerd decodes the file straight into the OCI runtime spec's struct (`internal/cri/sputil/seccomp_linux.go`), CRI-O into the
containers-common struct (`pkg/seccomp`), dockerd into Docker's (`profiles/seccomp`); all by Go's encoding/json: keys match
without regard to case, the last of equal keys wins, unknown keys are ignored, types are strict, null means absent.
runc (`libcontainer/specconv/spec_linux.go` SetupSeccomp) then takes a struct without default action and without rules for
"seccomp disabled": no filter, no error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from msgspec import Struct

from ..model import FileState

ACTIONS = frozenset(
    f"SCMP_ACT_{name}" for name in ("KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP", "ERRNO", "TRACE", "ALLOW", "LOG", "NOTIFY")
)
ARCHITECTURES = frozenset(
    f"SCMP_ARCH_{name}"
    for name in [
        "X86",
        "X86_64",
        "X32",
        "ARM",
        "AARCH64",
        "MIPS",
        "MIPS64",
        "MIPS64N32",
        "MIPSEL",
        "MIPSEL64",
        "MIPSEL64N32",
        "PPC",
        "PPC64",
        "PPC64LE",
        "S390",
        "S390X",
        "PARISC",
        "PARISC64",
        "RISCV64",
        "LOONGARCH64",
        "M68K",
        "SH",
        "SHEB",
    ]
)
OPERATORS = frozenset(f"SCMP_CMP_{name}" for name in ("NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"))
HARMLESS = ("SCMP_ACT_ALLOW", "SCMP_ACT_LOG")
_MAX_DEPTH = 64


class Judgement(Struct, frozen=True):
    """What a node's runtime makes of a file.

    `effect`: "filter" (loaded), "none" (the container runs without a filter), "refused" (it cannot start). `why` is one
    sentence without the file's name. `forbids_nothing`: a filter that lets every call pass.
    """

    state: FileState
    effect: str
    why: str
    forbids_nothing: bool = False


class _Refused(Exception):
    """The runtime would refuse the file, for the reason given."""


def judge(raw: bytes, decoder: str) -> Judgement:
    """Return what a runtime with this decoder ("containerd", "cri-o", "docker", "" unknown) makes of the file's bytes."""
    try:
        document = _decode(raw)
    except _Refused as refused:
        return Judgement(FileState.INVALID, "refused", str(refused))
    if document is None:
        return Judgement(FileState.PRESENT, "none", "it is null: the runtime loads no filter")
    try:
        return _judge(document, decoder)
    except _Refused as refused:
        return Judgement(FileState.INVALID, "refused", str(refused))


def _decode(raw: bytes) -> Mapping[str, object] | None:
    """Return the top-level object with lower-cased keys at every level, None for null."""
    if not raw.strip():
        raise _Refused("it is empty")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise _Refused("it begins with a byte order mark, which is not JSON")
    if len(raw) > _MAX_DEPTH and _depth(raw) > _MAX_DEPTH:
        raise _Refused(f"it is nested more than {_MAX_DEPTH} levels deep")
    try:
        decoded = json.loads(raw.decode("utf-8", "replace"), object_pairs_hook=_fold, parse_constant=_constant)
    except ValueError as error:
        raise _Refused(f"it is not valid JSON ({error})") from error
    if decoded is None or isinstance(decoded, dict):
        return decoded
    raise _Refused("it is JSON, but not an object")


def _depth(raw: bytes) -> int:
    """Return an upper bound of the nesting: brackets inside of strings count as well."""
    depth = deepest = 0
    for byte in raw:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _fold(pairs: list[tuple[str, object]]) -> dict[str, object]:
    folded: dict[str, object] = {}
    for key, value in pairs:
        if value is not None:
            folded[key.lower()] = value
    return folded


def _constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _judge(document: Mapping[str, object], decoder: str) -> Judgement:
    default = _text(document, "defaultaction")
    rules = [_rule(rule) for rule in _objects(document, "syscalls")]
    if not default and not rules:
        return Judgement(FileState.PRESENT, "none", f"{_empty(document)}: the runtime loads no filter")
    if not default:
        raise _Refused("it has rules, but no defaultAction")
    _known(default, ACTIONS, "action")
    for name in _texts(document, "architectures"):
        _known(name, ARCHITECTURES, "architecture")
    if default == "SCMP_ACT_NOTIFY":
        raise _Refused("SCMP_ACT_NOTIFY cannot be the default action")
    effective = [rule for rule in rules if _has_names(rule, decoder)]
    if not effective and default not in HARMLESS and default != "SCMP_ACT_TRACE":
        raise _Refused(f"the default action is {default} and no rule allows anything: nothing can start with it")
    forbids = default not in HARMLESS or any(rule["action"] not in HARMLESS for rule in effective)
    if forbids:
        return Judgement(FileState.PRESENT, "filter", "it loads")
    lost = " (rules by `name` instead of `names` do not count here)" if len(effective) < len(rules) else ""
    why = f"it loads, but forbids nothing: every call ends in {default}{lost}"
    return Judgement(FileState.PRESENT, "filter", why, forbids_nothing=True)


def _empty(document: Mapping[str, object]) -> str:
    if not document:
        return "it holds no rules"
    if "kind" in document or "spec" in document or "apiversion" in document:
        return "it is a wrapped Kubernetes resource, not a profile"
    return "it holds no defaultAction and no syscalls"


def _rule(rule: Mapping[str, object]) -> dict[str, object]:
    """Check the types and words of one rule and return it."""
    action = _text(rule, "action")
    _known(action, ACTIONS, "action")
    if any(not name for name in _texts(rule, "names")):
        raise _Refused("a rule names the empty string")
    for argument in _objects(rule, "args"):
        _known(_text(argument, "op"), OPERATORS, "operator")
        for key in ("index", "value", "valuetwo"):
            _number(argument, key)
        index = argument.get("index", 0)
        if isinstance(index, int) and index > 5:
            raise _Refused("a rule compares argument 6 or higher: system calls have six, counted from 0")
    _number(rule, "errnoret")
    return dict(rule)


def _has_names(rule: Mapping[str, object], decoder: str) -> bool:
    """Whether a rule names any call for this decoder: containerd does not know the old `name`."""
    return bool(rule.get("names")) or (decoder in ("cri-o", "docker") and bool(rule.get("name")))


def _known(value: str, words: frozenset[str], what: str) -> None:
    if value not in words:
        raise _Refused(f"{value!r} is not a known {what}")


def _text(document: Mapping[str, object], key: str) -> str:
    value = document.get(key, "")
    if not isinstance(value, str):
        raise _Refused(f"{key} is not a string")
    return value


def _texts(document: Mapping[str, object], key: str) -> list[str]:
    values = document.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _Refused(f"{key} is not a list of strings")
    return values


def _objects(document: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    values = document.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise _Refused(f"{key} is not a list of objects")
    return values


def _number(document: Mapping[str, object], key: str) -> None:
    value = document.get(key, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**64:
        raise _Refused(f"{key} is not a number from 0 to 2^64 - 1")
