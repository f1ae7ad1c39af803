"""What is wrong with a profile's text before anything is made of it: types, words, errnos, and what only some runtimes read. Pure.

The profile is a mapping as gojson.decode gives it, and may hold anything.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import lru_cache

from ..words import short
from . import problems_text as pages
from .gojson import text
from .oci import ACTIONS, ARCHITECTURES, BIG_ENDIAN, FLAGS, MOST_ERRNO, OPERATORS
from .positions import Path
from .problem import IGNORED, LANES, LOADS, NO_FILTER, NO_START, REFUSED, Effect, Effects, Problem, by_decoder, by_oci, everywhere
from .schema import EVERY, misfits, strangers
from .syscalls import architecture

Profile = Mapping[str, object]
Entry = tuple[Path, Profile]
WITH_ERRNO = ("SCMP_ACT_ERRNO", "SCMP_ACT_TRACE")
_NEAREST = 40
_SINCE = {
    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV": by_oci(Effect(REFUSED, before=(1, 5)), LOADS),
    "SCMP_ARCH_RISCV64": by_oci(Effect(REFUSED, before=(1, 1, 15)), LOADS),
    "SCMP_ARCH_LOONGARCH64": by_oci(Effect(REFUSED, before=(1, 1, 15)), Effect(REFUSED, before=(1, 21))),
}
_ANY_FLAG = by_oci(Effect(REFUSED, before=(1, 2)), LOADS)


def problems(profile: Profile) -> Iterator[Problem]:
    """Yield what can be said of the mapping alone."""
    yield from _types(profile)
    yield from _keys(profile)
    yield from _no_default(profile)
    yield from _words(profile)
    yield from _errnos(profile)
    yield from _versions(profile)
    yield from _listener(profile)


def byte_order(profile: Profile, arch: str) -> Iterator[Problem]:
    """Yield the architectures that cannot be in one filter with the node's own."""
    own = architecture(arch)
    for path, word in _listed(profile, "architectures"):
        if own is not None and word in ARCHITECTURES and (word in BIG_ENDIAN) != (own.name in BIG_ENDIAN):
            said = f"{word} has another byte order than the node ({arch})"
            yield pages.BYTE_ORDER.problem(said, path, everywhere(REFUSED))


def rules(profile: Profile) -> Iterator[Entry]:
    """Yield the entries of `syscalls` with their paths; null is an empty one."""
    found = profile.get("syscalls")
    for index, entry in enumerate(found if isinstance(found, list) else ()):
        if entry is None or isinstance(entry, dict):
            yield ("syscalls", index), entry or {}


def texts(entry: Profile, key: str) -> list[str]:
    """Return the strings of a list, whatever else it is."""
    found = entry.get(key)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def quoted(word: str) -> str:
    """Return a word as it is shown in a sentence."""
    return f'"{short(word)}"'


@lru_cache(maxsize=1024)
def near(word: str, known: tuple[str, ...], cutoff: float = 0.6) -> str | None:
    """Return the known word that is most like it."""
    found = difflib.get_close_matches(word[:64], known, 1, cutoff)
    return found[0] if found else None


def _types(profile: Profile) -> Iterator[Problem]:
    for field, path in misfits(profile):
        said = f"{field.name} must be {field.kind.value}"
        containerd, crio, docker = (REFUSED if reader in field.readers else IGNORED for reader in EVERY)
        if containerd == REFUSED:
            yield pages.WRONG_TYPE.problem(said, path, everywhere(REFUSED))
        else:
            yield pages.DOCKER_REFUSED.problem(said, path, by_decoder(containerd, crio, docker))


def _keys(profile: Profile) -> Iterator[Problem]:
    for told, (key, path, fields) in enumerate(strangers(profile)):
        suggestion = near(key, tuple(field.name.lower() for field in fields), 0.75) if told < _NEAREST else None
        named = next((field.name for field in fields if field.name.lower() == suggestion), None)
        severity = pages.UNKNOWN_KEY.severities[0 if named else 1]
        hint = f": did you mean {named}?" if named else ""
        yield pages.UNKNOWN_KEY.problem(f"no runtime reads the key {quoted(key)}{hint}", path, everywhere(IGNORED), named, severity)


def _no_default(profile: Profile) -> Iterator[Problem]:
    written = profile.get("defaultaction")
    if written is not None and written != "":
        return
    found = profile.get("syscalls")
    path: Path = ("defaultaction",) if "defaultaction" in profile else ()
    if isinstance(found, list) and found:
        severity = pages.NO_DEFAULT.severities[1]
        yield pages.NO_DEFAULT.problem("there are rules, but no defaultAction", path, everywhere(REFUSED), severity=severity)
    elif found is None or found == []:
        yield pages.NO_DEFAULT.problem(
            "neither defaultAction nor rules: the container runs without a filter", path, no_filter(), suggestion="SCMP_ACT_ERRNO"
        )


def no_filter() -> Effects:
    """What becomes of a profile that holds nothing: CRI-O and dockerd see that themselves, what containerd passes on crun refuses."""
    return {lane: Effect(REFUSED if lane == "containerd+crun" else NO_FILTER) for lane in LANES}


def _words(profile: Profile) -> Iterator[Problem]:
    if word := text(profile, "defaultaction"):
        yield from _word(word, ("defaultaction",), ACTIONS, "action")
    for key, known, what in (("architectures", ARCHITECTURES, "architecture"), ("flags", FLAGS, "flag")):
        for path, word in _listed(profile, key):
            yield from _word(word, path, known, what)
    for path, entry in rules(profile):
        at = (*path, "action") if "action" in entry else path
        nameless = not entry.get("names") and not text(entry, "name")
        effects = by_decoder(REFUSED, IGNORED, REFUSED) if nameless else everywhere(REFUSED)
        if entry.get("action") is None or isinstance(entry.get("action"), str):
            yield from _word(text(entry, "action"), at, ACTIONS, "action", effects)
        for place, argument in arguments(entry, path):
            if argument.get("op") is None or isinstance(argument.get("op"), str):
                yield from _word(text(argument, "op"), (*place, "op") if "op" in argument else place, OPERATORS, "operator", effects)
            if isinstance(index := argument.get("index"), int) and index > 5:
                yield pages.UNKNOWN_WORD.problem("a syscall has six arguments: index goes from 0 to 5", (*place, "index"), effects)


def arguments(entry: Profile, path: Path) -> Iterator[Entry]:
    """Yield the conditions of a rule with their paths."""
    found = entry.get("args")
    for index, argument in enumerate(found if isinstance(found, list) else ()):
        if argument is None or isinstance(argument, dict):
            yield (*path, "args", index), argument or {}


def _listed(profile: Profile, key: str) -> Iterator[tuple[Path, str]]:
    found = profile.get(key)
    for index, word in enumerate(found if isinstance(found, list) else ()):
        if isinstance(word, str):
            yield (key, index), word


def _word(word: str, path: Path, known: frozenset[str], what: str, effects: Effects | None = None) -> Iterator[Problem]:
    if word in known:
        return
    article = "an" if what[0] in "ao" else "a"
    said = f"{quoted(word)} is not {article} {what}" if word else f"{article} {what} is missing"
    suggestion = _spelt(word, known) if _is_early(path) else None
    hint = f": did you mean {suggestion}?" if suggestion else ""
    yield pages.UNKNOWN_WORD.problem(said + hint, path, effects or everywhere(REFUSED), suggestion)


def _is_early(path: Path) -> bool:
    """Whether it is among the first of its kind: what is like each of thousands is not looked for."""
    return all(step < _NEAREST for step in path if isinstance(step, int))


_GO_NAMES = {"amd64": "SCMP_ARCH_X86_64", "arm64": "SCMP_ARCH_AARCH64", "386": "SCMP_ARCH_X86", "i386": "SCMP_ARCH_X86"}


def _spelt(word: str, known: frozenset[str]) -> str | None:
    """Return the word that is meant: in capitals, with its prefix, or the nearest one."""
    if not word or word == "SCMP_ARCH_NATIVE":
        return None
    if (meant := _GO_NAMES.get(word.lower())) in known:
        return meant
    plain = word.strip().upper()
    ending = next((name for name in sorted(known) if name == plain or name.endswith(f"_{plain}")), None)
    return ending or near(plain, tuple(sorted(known)), 0.75)


def _errnos(profile: Profile) -> Iterator[Problem]:
    whole = (((), profile, "defaultaction", "defaulterrnoret"),)
    for path, entry, action, key in (*whole, *((path, entry, "action", "errnoret") for path, entry in rules(profile))):
        number, word, shown = entry.get(key), text(entry, action), "defaultErrnoRet" if not path else "errnoRet"
        if not isinstance(number, int) or isinstance(number, bool) or word not in ACTIONS:
            continue
        at = (*path, key)
        if word not in WITH_ERRNO:
            yield pages.ERRNO_UNUSED.problem(f"{shown} with {word}, which takes no errno", at, by_oci(IGNORED, REFUSED))
        elif word == "SCMP_ACT_ERRNO" and number > MOST_ERRNO:
            yield pages.ERRNO_RANGE.problem(f"{shown} {str(number)[:20]} is above {MOST_ERRNO}", at, everywhere(REFUSED))
        elif word == "SCMP_ACT_ERRNO" and number == 0:
            yield pages.ERRNO_ZERO.problem(f"{shown} 0: the syscall is not carried out and seems to succeed", at)


def _versions(profile: Profile) -> Iterator[Problem]:
    listed = list(_listed(profile, "flags"))
    for path, word in (*listed, *_listed(profile, "architectures")):
        if word in _SINCE:
            yield pages.NEEDS_VERSION.problem(f"{word} is refused by older runtimes", path, _SINCE[word])
    if listed:
        yield pages.NEEDS_VERSION.problem("runc before 1.2 refuses a profile with flags", ("flags",), _ANY_FLAG)


def _listener(profile: Profile) -> Iterator[Problem]:
    if profile.get("defaultaction") == "SCMP_ACT_NOTIFY":
        yield pages.NOTIFY.problem("SCMP_ACT_NOTIFY cannot be the default", ("defaultaction",), by_oci(REFUSED, NO_START))
    socket = text(profile, "listenerpath")
    for path, entry in rules(profile):
        if text(entry, "action") != "SCMP_ACT_NOTIFY":
            continue
        if not socket:
            effects = by_oci(REFUSED, "the syscall fails with ENOSYS")
            yield pages.NOTIFY.problem("SCMP_ACT_NOTIFY is used without a listenerPath", (*path, "action"), effects)
        if "write" in texts(entry, "names"):
            yield pages.NOTIFY.problem("SCMP_ACT_NOTIFY is used for write", (*path, "action"), by_oci(REFUSED, LOADS))
    if socket:
        said = f"the socket {quoted(socket)} must be there whenever a container starts"
        yield pages.NOTIFY.problem(said, ("listenerpath",), severity=pages.NOTIFY.severities[1])
