"""What Docker's form has and containerd does not know: the same file means two things, or loads on some nodes only. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from . import errnos
from . import problems_text as pages
from .decoders import min_kernel
from .gojson import mapping, text, texts
from .lint_text import WITH_ERRNO, Profile, near, quoted, rules
from .oci import ACTIONS
from .problem import HONOURED, IGNORED, LOADS, REFUSED, Effect, Problem, by_decoder, everywhere

_NOT_CONTAINERD = by_decoder(LOADS, REFUSED, REFUSED)


def problems(profile: Profile) -> Iterator[Problem]:
    """Yield what only some readers honour, and what those refuse."""
    yield from _honoured(profile)
    yield from _errno_names(profile)
    yield from _refused(profile)


def _honoured(profile: Profile) -> Iterator[Problem]:
    """What means one thing to containerd and another to CRI-O and dockerd: once for each sort, where it comes first."""
    for key in ("includes", "excludes"):
        found = [(path, asked) for path, entry in rules(profile) if (asked := _asked(entry, key))]
        if found:
            kernel = all(asked.keys() == {"minkernel"} for _, asked in found)
            effects = by_decoder(IGNORED, IGNORED if kernel else HONOURED, HONOURED)
            count = f"{len(found)} rules have" if len(found) > 1 else "a rule has"
            readers = "but dockerd" if kernel else "but CRI-O and dockerd"
            said = f"{count} {key}, which no runtime reads {readers}: for containerd {'they' if len(found) > 1 else 'it'} always count"
            said += "" if len(found) > 1 else "s"
            yield pages.DOCKER_FILTER.problem(said, (*found[0][0], key), effects)
    if profile.get("archmap"):
        said = "archMap is not read by containerd: only the node's own architecture is listed there, and 32-bit programs are killed"
        yield pages.DOCKER_ARCHMAP.problem(said, ("archmap",), by_decoder(IGNORED, HONOURED, HONOURED))
    for path, entry in rules(profile):
        if (name := text(entry, "name")) and not texts(entry, "names"):
            effects = {**by_decoder(IGNORED, HONOURED, HONOURED)}
            if not isinstance(entry.get("names"), list):
                effects["containerd+crun"] = Effect(REFUSED)
            said = f"containerd does not know name: the rule for {quoted(name)} does nothing there"
            yield pages.DOCKER_NAME.problem(said, (*path, "name"), effects, f'"names": [{quoted(name)}]')


def _asked(entry: Profile, key: str) -> Profile:
    """Return the conditions that includes or excludes hold."""
    return {name: item for name, item in mapping(entry, key).items() if item}


def _errno_names(profile: Profile) -> Iterator[Problem]:
    whole = ((), profile, "defaultaction", "defaulterrno", "defaulterrnoret")
    for path, entry, action, key, plain in (whole, *((*rule, "action", "errno", "errnoret") for rule in rules(profile))):
        word, chosen = text(entry, key), text(entry, action)
        if not word:
            continue
        number, shown, written = errnos.number(word), "errno" if path else "defaultErrno", entry.get(plain)
        if number is None:
            said = f"{quoted(word)} is not the name of an error"
            effects, suggestion = by_decoder(IGNORED, REFUSED, IGNORED), near(word, tuple(sorted(errnos.ERRNOS)))
            yield pages.DOCKER_REFUSED.problem(said, (*path, key), effects, suggestion)
        elif chosen in ACTIONS and chosen not in WITH_ERRNO:
            # CRI-O hands the number on.
            effects = {**everywhere(IGNORED), "cri-o+crun": Effect(REFUSED)}
            yield pages.ERRNO_UNUSED.problem(f"{shown} with {chosen}, which takes no errno", (*path, key), effects)
        elif number != (1 if written is None else written):
            said = f"{shown} {word} only counts on CRI-O: elsewhere it is {'EPERM' if written is None else str(written)[:20]}"
            effects = by_decoder(IGNORED, HONOURED, IGNORED)
            yield pages.DOCKER_ERRNO.problem(said, (*path, key), effects, f'"{shown}Ret": {number}')


def _refused(profile: Profile) -> Iterator[Problem]:
    if profile.get("archmap") and profile.get("architectures"):
        yield pages.DOCKER_REFUSED.problem("both architectures and archMap are set", ("archmap",), _NOT_CONTAINERD)
    for path, entry in rules(profile):
        if text(entry, "name") and texts(entry, "names"):
            yield pages.DOCKER_REFUSED.problem("a rule has both name and names", (*path, "name"), _NOT_CONTAINERD)
        for key in ("includes", "excludes"):
            version = text(mapping(entry, key), "minkernel")
            if version and min_kernel(version) is None:
                effects = by_decoder(IGNORED, IGNORED, REFUSED)
                yield pages.DOCKER_REFUSED.problem(f"minKernel {quoted(version)} is not a version", (*path, key, "minkernel"), effects)
