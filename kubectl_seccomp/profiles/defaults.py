"""The profiles behind RuntimeDefault: which one a node's runtime has, and what it is for given capabilities and machine.

They are data (data/defaults.json) in one form, that of Docker's profiles: rules with conditions on capabilities, architecture
and kernel. containerd's are a Go function upstream (`contrib/seccomp/seccomp_default.go`), written down as rules from what it
prints; CRI-O's are containers-common's, with CRI-O's changes; docs/data.md tells more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from operator import itemgetter

import msgspec
from msgspec import UNSET, Struct, UnsetType

from .. import data
from ..runtimes import Runtime, parse
from .syscalls import Version, architecture, dotted, release


class Condition(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What has to hold: capabilities in the bounding set, the node's GOARCH, its kernel at least."""

    caps: tuple[str, ...] = ()
    arches: tuple[str, ...] = ()
    min_kernel: str = ""


class Argument(Struct, frozen=True, rename="camel", omit_defaults=True):
    """One condition on an argument, as in the OCI runtime spec."""

    index: int
    value: int
    op: str
    value_two: int = 0


class Rule(Struct, frozen=True, rename="camel", omit_defaults=True):
    """One rule. All of `includes` must hold, and nothing of `excludes`.

    In the file a rule may say `like`: it is that earlier rule, with the names of `add` and without those of `drop`.
    """

    names: str = ""
    action: str = "SCMP_ACT_ALLOW"
    errno_ret: int | UnsetType = UNSET
    args: tuple[Argument, ...] = ()
    includes: Condition = Condition()
    excludes: Condition = Condition()
    like: int | UnsetType = UNSET
    add: str = ""
    drop: str = ""


class Variant(Struct, frozen=True, rename="camel", omit_defaults=True):
    """One default profile, named after the first version of its first range.

    `runtime` is a scheme of runtimes.py, `ranges` the first and last versions that have it, one per line of releases. `source`: the
    Go module it was read from. `architectures`: what it lists, by GOARCH. `rules`: indexes into Table.rules.
    """

    name: str
    runtime: str
    ranges: tuple[tuple[str, str], ...]
    source: str
    default_action: str
    architectures: dict[str, tuple[str, ...]]
    rules: tuple[int, ...]
    default_errno_ret: int | UnsetType = UNSET


class Table(Struct, frozen=True):
    """The file."""

    about: tuple[str, ...]
    rules: tuple[Rule, ...]
    variants: tuple[Variant, ...]


# Made before there are threads, which judge the files of many nodes at once: msgspec 0.21 is not safe while it looks at a type for the
# first time, and ends the process.
_TABLE = msgspec.json.Decoder(Table)


class Match(Struct, frozen=True):
    """The variant that a runtime's version has. `doubt` says in a few words why it may be another one, None if it is certain;
    `nearest` is set where this version is not known at all and that of another one was taken.
    """

    variant: str
    doubt: str | None = None
    nearest: bool = False


class Applied(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A rule as it gets into the OCI object."""

    names: tuple[str, ...]
    action: str
    errno_ret: int | UnsetType = UNSET
    args: tuple[Argument, ...] = ()


class Profile(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The OCI object linux.seccomp."""

    default_action: str
    default_errno_ret: int | UnsetType = UNSET
    architectures: tuple[str, ...] = ()
    syscalls: tuple[Applied, ...] = ()


def variant(container_runtime_version: str) -> Match | None:
    """Return the default profile of nodeInfo.containerRuntimeVersion ("containerd://1.6.20~ds1"), None if nothing is known of it.

    A version that nobody compared has the profile of the one before it, with a doubt.
    """
    runtime, numbers = parse(container_runtime_version)
    if not numbers or not any(each.runtime == runtime.scheme for each in table().variants):
        return None
    found, doubt = _nearest(runtime, (*numbers, 0, 0)[:3])
    nearest = doubt is not None
    plain = dotted(numbers)
    written = container_runtime_version.partition("://")[2].removeprefix("v")
    if doubt is None and (written != plain or len(numbers) < 3):
        doubt = f"this is not a plain release of {runtime.title} {plain}, so its profile may have been changed"
    return Match(found.name, doubt, nearest)


def _nearest(runtime: Runtime, version: Version) -> tuple[Variant, str | None]:
    """Return the variant of this version or of the one before it, and why it may be another one."""
    spans = [
        (release(low), release(high), each) for each in table().variants if each.runtime == runtime.scheme for low, high in each.ranges
    ]
    below = [span for span in spans if span[0] <= version]
    low, high, found = max(below, key=itemgetter(0)) if below else min(spans, key=itemgetter(0))
    if low <= version <= high:
        return found, None
    known = dotted(high if below else low)
    doubt = f"the profile of {runtime.title} {dotted(version)} is not known, that of {known} is taken"
    return found, doubt


def default_profile(name: str, caps: Collection[str], arch: str, kernel: Version) -> Profile | None:
    """Return the profile of a variant (Match.variant) as an OCI object, for a bounding set, an architecture and a kernel.

    `arch` is a GOARCH or an OCI name. None for a variant or an architecture that is not known here.
    """
    known = architecture(arch)
    found = next((each for each in table().variants if each.name == name), None)
    if known is None or known.go is None or found is None:
        return None
    return evaluate(table(), found, caps, known.go, kernel)


def evaluate(given: Table, chosen: Variant, caps: Collection[str], goarch: str, kernel: Version) -> Profile:
    """Return what a variant is for a bounding set, a GOARCH and a kernel."""
    return Profile(
        chosen.default_action,
        chosen.default_errno_ret,
        chosen.architectures.get(goarch, ()),
        tuple(_applied(given, chosen, caps, goarch, kernel)),
    )


def _applied(given: Table, chosen: Variant, caps: Collection[str], goarch: str, kernel: Version) -> Iterator[Applied]:
    for index in chosen.rules:
        rule = _rule(given, index)
        includes, excludes = rule.includes, rule.excludes
        if not set(includes.caps).issubset(caps) or not set(excludes.caps).isdisjoint(caps):
            continue
        if (includes.arches and goarch not in includes.arches) or goarch in excludes.arches:
            continue
        if includes.min_kernel and kernel < release(includes.min_kernel):
            continue
        yield Applied(tuple(rule.names.split()), rule.action, rule.errno_ret, rule.args)


def _rule(given: Table, index: int) -> Rule:
    """Return a rule with its names."""
    rule = given.rules[index]
    if isinstance(rule.like, UnsetType):
        return rule
    base = _rule(given, rule.like)
    names = (set(base.names.split()) | set(rule.add.split())) - set(rule.drop.split())
    return msgspec.structs.replace(base, names=" ".join(sorted(names)))


@cache
def table() -> Table:
    """Return all variants, oldest first within a runtime."""
    return _TABLE.decode(data.read("defaults.json"))
