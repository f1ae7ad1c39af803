"""Lint on whole files: what each would-be reader is told, what is left out, what goes first, and where in the text it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_seccomp.profiles.answers import Target
from kubectl_seccomp.profiles.judged import Place
from kubectl_seccomp.profiles.lint import Linted, Setting, lint
from kubectl_seccomp.profiles.written import Form

from .lint_lab import Row, rows

# Line and column, and the rest of it.
Told = tuple[str, Row]
OCI, DOCKER, RESOURCE, CONFIG = Form.OCI, Form.DOCKER, Form.RESOURCE, Form.CONFIG
ANY, NODE, CONTAINERD, CRIO = Setting(), Setting(on_node=True), Setting(decoder="containerd"), Setting(decoder="cri-o")
ALLOW = {"defaultAction": "SCMP_ACT_ALLOW"}
LOG, NOT_X86 = {"flags": ["SECCOMP_FILTER_FLAG_LOG"]}, {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["x86"]}
LOONG = {**ALLOW, "architectures": ["SCMP_ARCH_LOONGARCH64"]}
MOUNT = {"names": ["mount"], "action": "SCMP_ACT_ERRNO"}
# What containerd hands on empty crun refuses; whoever else finds nothing sets no filter.
NOTHING = (
    "containerd+runc no filter, containerd+crun refused, "
    "cri-o+runc no filter, cri-o+crun no filter, docker+runc no filter, docker+crun no filter"
)
NAMELESS = (
    "containerd+runc ignored, containerd+crun refused, cri-o+runc ignored, cri-o+crun ignored, docker+runc ignored, docker+crun refused"
)
OLD_RUNC = "runc refused before 1.2, crun loads"
ON_CONTAINERD, ON_CRIO = "containerd+runc {0}, containerd+crun {0}", "cri-o+runc {0}, cri-o+crun {0}"
ON_OTHERS = "cri-o+runc refused, cri-o+crun refused, docker+runc refused, docker+crun refused"
ON_RUNC, ON_CRUN = (f"containerd+{name} {{0}}, cri-o+{name} {{0}}, docker+{name} {{0}}" for name in ("runc", "crun"))


def with_(runtime: str, *version: int, arch: str = "amd64") -> Setting:
    return Setting(Place(target=Target(arch, runtime, version)))


def told(found: Linted) -> list[Told]:
    at = [f"{one.position.line}:{one.position.column}" if one.position is not None else "" for one in found.problems]
    return list(zip(at, rows(found.problems), strict=True))


def unreadable(place: str, said: str, effects: str = "refused") -> Told:
    return place, ("KS310", "high", "", f"it {said}", effects, None)


def not_judged(said: str, effects: str = "not known") -> Told:
    return "1:1", ("KS328", "medium", "", f"it {said}: not judged", effects, None)


def no_filter(effects: str = NOTHING) -> Told:
    said = "neither defaultAction nor rules: the container runs without a filter"
    return "1:1", ("KS311", "critical", "", said, effects, "SCMP_ACT_ERRNO")


def inside(place: str, what: str) -> Told:
    said = f"{what}: as a file on a node it gives no filter"
    return place, ("KS312", "info", "", said, "loads", "profile convert --to oci")


def unread(place: str, key: str) -> Told:
    return place, ("KS326", "info", key, f'no runtime reads the key "{key}"', "ignored", None)


def young(place: str, path: str, said: str, effects: str, severity: str = "medium") -> Told:
    return place, ("KS319", severity, path, said, effects, None)


def flags(effects: str, severity: str = "medium") -> Told:
    return young("1:37", "flags", "runc before 1.2 refuses a profile with flags", effects, severity)


def loong(effects: str, severity: str = "medium") -> Told:
    return young("1:55", "architectures.0", "SCMP_ARCH_LOONGARCH64 is refused by older runtimes", effects, severity)


def not_loaded(said: str, effects: str) -> Told:
    return "1:1", ("KS329", "high", "", f"it {said}", effects, None)


def archmap(place: str) -> Told:
    said = "archMap is not read by containerd: only the node's own architecture is listed there, and 32-bit programs are killed"
    return place, ("KS322", "medium", "archmap", said, "containerd ignored, cri-o honoured, docker honoured", None)


def is_open(place: str = "1:2", effects: str = "loads") -> Told:
    return place, ("KS360", "medium", "defaultaction", "every syscall passes", effects, None)


def no_action(place: str) -> Told:
    return place, ("KS314", "high", "syscalls.0", "an action is missing", "containerd refused, cri-o ignored, docker refused", None)


def no_names(place: str, effects: str = NAMELESS) -> Told:
    return place, ("KS333", "medium", "syscalls.0.names", "the rule names no syscall and does nothing", effects, None)


WRAPPED = (
    "1:1",
    (
        "KS312", "critical", "", "a resource or a config.json, and not a profile: the container runs without a filter",
        NOTHING, "profile convert --to oci",
    ),
)  # fmt: skip
BYTES = "SCMP_ARCH_S390X has another byte order than the node (amd64)"
INVALID = "is not valid JSON (line {0}, column {1}: {2})"
# A file, where it would be loaded, and what is found.
FILES: list[tuple[bytes | dict[str, Any], Setting, Form | None, list[Told]]] = [
    (ALLOW, ANY, OCI, [is_open()]),
    # What cannot be read.
    (b"", ANY, None, [unreadable("1:1", "is empty")]),
    (b"[]", CONTAINERD, None, [unreadable("1:1", "is JSON, but not an object", ON_CONTAINERD.format("refused"))]),
    (b'{\n "a" 1}', ANY, None, [unreadable("2:6", INVALID.format(2, 6, "Expecting ':' delimiter"))]),
    (b"kind: SeccompProfile\nspec: {}\n", NODE, None, [unreadable("1:1", INVALID.format(1, 1, "Expecting value"))]),
    # What is beyond what is looked at.
    (b"[" * 401, ANY, None, [not_judged("is nested more than 400 levels deep")]),
    (b"\n" * (1024 * 1024 + 1), CRIO, None, [not_judged("is larger than 1 MiB", ON_CRIO.format("not known"))]),
    (b"{" + b"\n" * 10_001 + b"}", ANY, None, [not_judged("has more than 10000 values or lines")]),
    (b'{"a": [' + b"0," * 9_000 + b"0]" + b"\n" * 1_001 + b"}", ANY, None, [not_judged("has more than 10000 values or lines")]),
    (b"{" + b"\n" * 10_000 + b"}", ANY, OCI, [no_filter()]),
    (
        {**ALLOW, "syscalls": [{**MOUNT, "args": [{"index": 0, "value": value, "op": "SCMP_CMP_EQ"} for value in range(317)]}]},
        CONTAINERD, OCI, [not_judged("has too many conditions for too many syscalls", ON_CONTAINERD.format("not known"))],
    ),
    # What nobody takes for a profile, and what stands further in.
    (b"null", ANY, OCI, [no_filter()]),
    ({"kind": "SeccompProfile", "spec": ALLOW}, ANY, RESOURCE, [is_open("1:37"), inside("1:28", "a SeccompProfile resource")]),
    ({"linux": {"seccomp": ALLOW}}, ANY, CONFIG, [is_open("1:24"), inside("1:12", "an OCI config.json")]),
    ({"kind": "SeccompProfile", "spec": ALLOW}, NODE, OCI, [WRAPPED]),
    ({"spec": 1}, NODE, OCI, [WRAPPED]),
    ({"kind": "Pod"}, NODE, OCI, [WRAPPED]),
    ({"linux": {"seccomp": ALLOW}}, NODE, OCI, [WRAPPED]),
    ({"kind": 1}, ANY, OCI, [no_filter(), unread("1:2", "kind")]),
    ({"king": 1}, NODE, OCI, [no_filter(), unread("1:2", "king")]),
    ({"linux": {}, **ALLOW}, NODE, OCI, [is_open("1:15"), unread("1:2", "linux")]),
    ({"kind": "", "syscalls": []}, NODE, OCI, [no_filter(), unread("1:2", "kind")]),
    # An empty document before it: where it stands is not looked for.
    (
        b"---\n---\nkind: SeccompProfile\nspec: {defaultAction: SCMP_ACT_ALLOW}", ANY, RESOURCE,
        [is_open("1:1"), inside("1:1", "a SeccompProfile resource")],
    ),
    (
        b'{"defaultAction": "SCMP_ACT_ERRNO",\n "DefaultAction": "SCMP_ACT_ALLOW"}', ANY, OCI,
        [
            ("2:2", ("KS327", "medium", "", 'the key "defaultaction" is there more than once: the last one counts', "loads", None)),
            is_open("2:2"),
        ],
    ),
    # What some versions refuse: nothing for those that do not, and worse for those that do.
    ({**ALLOW, **LOG}, ANY, OCI, [is_open(), flags(OLD_RUNC)]),
    ({**ALLOW, **LOG}, CRIO, OCI, [is_open(effects=ON_CRIO.format("loads")), flags("cri-o+runc refused before 1.2, cri-o+crun loads")]),
    ({**ALLOW, **LOG}, with_("runc", 1, 1), OCI, [flags(ON_RUNC.format("refused"), "high"), is_open(effects=ON_RUNC.format("loads"))]),
    ({**ALLOW, **LOG}, with_("runc", 1, 2), OCI, [is_open(effects=ON_RUNC.format("loads"))]),
    ({**ALLOW, **LOG}, with_("crun"), OCI, [is_open(effects=ON_CRUN.format("loads"))]),
    (LOONG, ANY, OCI, [is_open(), loong("runc refused before 1.1.15, crun refused before 1.21")]),
    (LOONG, with_("", 1, 2), OCI, [is_open(), loong("runc loads, crun refused")]),
    (LOONG, with_("crun", 1, 20), OCI, [loong(ON_CRUN.format("refused"), "high"), is_open(effects=ON_CRUN.format("loads"))]),
    # What no rule names is told all the same, whatever else is refused by some versions.
    (
        {**ALLOW, "flags": [*LOG["flags"], None]}, ANY, OCI,
        [not_loaded("has '' where a flag should be", "refused"), flags(OLD_RUNC)],
    ),
    (
        {**ALLOW, **LOG, "archMap": [NOT_X86]}, ANY, DOCKER,
        [
            not_loaded("has 'x86' where an architecture should be", ON_OTHERS),
            is_open(effects=ON_CONTAINERD.format("loads")), flags(OLD_RUNC), archmap("1:75"),
        ],
    ),
    (
        {**ALLOW, "archMap": [NOT_X86]}, CRIO, DOCKER,
        [not_loaded("has 'x86' where an architecture should be", ON_CRIO.format("refused"))],
    ),
    ({**ALLOW, "archMap": [NOT_X86]}, with_("", arch="arm64"), DOCKER, [is_open(), archmap("1:37")]),
    # CRI-O leaves out a rule without names, whose other words the others refuse: what it makes of the rest is told.
    ({**ALLOW, "syscalls": [None]}, ANY, OCI, [no_action("1:50"), is_open(effects=ON_CRIO.format("loads")), no_names("1:50")]),
    (
        {**ALLOW, "flags": [None], "syscalls": [None]}, ANY, OCI,
        [not_loaded("has '' where a flag should be", ON_CRIO.format("refused")), no_action("1:67"), no_names("1:67")],
    ),
    # What a rule names is not told again.
    (
        {**ALLOW, "architectures": ["SCMP_ARCH_S390X"]}, ANY, OCI,
        [("1:55", ("KS318", "high", "architectures.0", BYTES, "refused", None))],
    ),
    ({**ALLOW, "architectures": ["SCMP_ARCH_S390X"]}, with_("", arch="s390x"), OCI, [is_open()]),
    (
        {**ALLOW, "flags": 1, "archMap": []}, ANY, DOCKER,
        [("1:37", ("KS313", "high", "flags", "flags must be a list of strings", "refused", None))],
    ),
    (
        {"defaultErrno": "EPREM", "archMap": [], **ALLOW}, ANY, DOCKER,
        [
            ("1:2", (
                "KS325", "high", "defaulterrno", '"EPREM" is not the name of an error',
                "containerd ignored, cri-o refused, docker ignored", "EPERM",
            )),
            is_open("1:42", f"{ON_CONTAINERD.format('loads')}, docker+runc loads, docker+crun loads"),
        ],
    ),
    # What is missing, where it is missing.
    (
        {**ALLOW, "syscalls": [{"action": "SCMP_ACT_ALLOW"}]}, CRIO, OCI,
        [is_open(effects=ON_CRIO.format("loads")), no_names("1:50", ON_CRIO.format("ignored"))],
    ),
    # What only one reader lets do something.
    (
        {**ALLOW, "syscalls": [{**MOUNT, "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_BPF"]}}]}, Setting(decoder="docker"),
        DOCKER, [is_open(effects="docker+runc loads, docker+crun loads")],
    ),
    (
        {**ALLOW, "syscalls": [{**MOUNT, "action": "SCMP_ACT_ALLOW", "comment": ""}]}, ANY, DOCKER,
        [
            is_open(),
            ("1:50", (
                "KS335", "info", "syscalls.0", "the rule does not count for mount: its action is the same as the default's",
                "ignored", None,
            )),
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("file", "setting", "form", "expected"), FILES)
def test_what_is_said_of_a_file(file: bytes | dict[str, Any], setting: Setting, form: Form | None, expected: list[Told]) -> None:
    found = lint(file if isinstance(file, bytes) else json.dumps(file).encode(), setting)
    assert (found.form, told(found)) == (form, expected)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (ANY, ("containerd", "bpf-perf: bpf; io-uring: io_uring_setup", "loads")),
        (CRIO, ("CRI-O", "bpf-perf: bpf; io-uring: io_uring_setup", ON_CRIO.format("loads"))),
        (Setting(default="docker://29.0.1"), ("dockerd", "bpf-perf: bpf; io-uring: io_uring_setup", "loads")),
        (Setting(default="docker://20.10.1"), ("dockerd", "bpf-perf: bpf", "loads")),
        (Setting(default="none://1"), None),
    ],
)
def test_it_is_held_against_a_default_of_the_reader_or_of_the_node(setting: Setting, expected: tuple[str, str, str] | None) -> None:
    rule = {"names": ["bpf", "io_uring_setup"], "action": "SCMP_ACT_ALLOW"}
    found = lint(json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [rule]}).encode(), setting)
    wanted = []
    if expected is not None:
        said = f"syscalls are open that {expected[0]}'s RuntimeDefault refuses: {expected[1]}"
        wanted = [("1:2", ("KS359", "medium", "defaultaction", said, expected[2], None))]
    assert [one for one in told(found) if one[1][0] == "KS359"] == wanted


@pytest.mark.parametrize(
    ("comments", "shown", "more"),
    [(18, 18, ""), (19, 19, ""), (20, 19, " (and 1 more like this)"), (30, 19, " (and 11 more like this)")],
)
def test_of_many_alike_the_worst_are_told(comments: int, shown: int, more: str) -> None:
    """The misspelt key, and most of the twenty that have no meaning."""
    written = {**ALLOW, **{f"_{number:03}": "" for number in range(comments)}, "flogs": []}
    _, misspelt, *others = told(lint(json.dumps(written).encode(), ANY))
    place = f"1:{37 + 12 * comments}"
    assert misspelt == (
        place,
        ("KS326", "medium", "flogs", 'no runtime reads the key "flogs": did you mean flags?', "ignored", "flags"),
    )
    expected = [unread(f"1:{37 + 12 * number}", f"_{number:03}") for number in range(shown)]
    last, (*row, said, effects, suggestion) = expected[-1]
    assert others == [*expected[:-1], (last, (*row, said + more, effects, suggestion))]


def test_the_runtimes_in_question() -> None:
    cases = [
        (ANY, "containerd+runc containerd+crun cri-o+runc cri-o+crun docker+runc docker+crun"),
        (CRIO, "cri-o+runc cri-o+crun"),
        (with_("crun"), "containerd+crun cri-o+crun docker+crun"),
        (Setting(Place(target=Target(runtime="runc")), "docker"), "docker+runc"),
    ]
    assert [" ".join(setting.lanes) for setting, _ in cases] == [lanes for _, lanes in cases]
