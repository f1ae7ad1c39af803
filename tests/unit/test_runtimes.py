"""The runtimes' records: versions as nodes report them, names of sandboxes."""

from __future__ import annotations

import pytest

from kubectl_seccomp.cli.choices import Decoder
from kubectl_seccomp.profiles import defaults
from kubectl_seccomp.runtimes import (
    CONTAINERD,
    CRIO,
    DOCKER,
    RUNTIMES,
    SANDBOXES,
    UNKNOWN,
    Runtime,
    is_known,
    keeps_localhost_when_privileged,
    parse,
    sandbox,
)


@pytest.mark.parametrize(
    ("text", "runtime", "version"),
    [
        ("containerd://2.4.2", CONTAINERD, (2, 4, 2)),
        ("containerd://1.6.20~ds1", CONTAINERD, (1, 6, 20)),
        ("containerd://v2.0.0-rc.1", CONTAINERD, (2, 0, 0)),
        ("containerd://2.1.4-k3s1", CONTAINERD, (2, 1, 4)),
        ("containerd://Unknown", CONTAINERD, ()),
        ("cri-o://1.36.3", CRIO, (1, 36, 3)),
        ("cri-o://1.33", CRIO, (1, 33)),
        ("docker://20.10.24+dfsg1", DOCKER, (20, 10, 24)),
        ("docker://27.0.0", DOCKER, (27, 0, 0)),
        ("rkt://1.0.0", UNKNOWN, (1, 0, 0)),
        ("Containerd://2.4.2", UNKNOWN, (2, 4, 2)),
        ("containerd", CONTAINERD, ()),
        ("containers://2.4.2", UNKNOWN, (2, 4, 2)),
        ("", UNKNOWN, ()),
        ("containerd://" + "9" * 5000, CONTAINERD, (999999999,)),
        ("docker://٢٧", DOCKER, ()),
    ],
)
def test_parse(text: str, runtime: Runtime, version: tuple[int, ...]) -> None:
    assert parse(text) == (runtime, version)
    assert is_known(text) is (runtime is not UNKNOWN)


@pytest.mark.parametrize(
    ("text", "keeps"),
    [
        ("docker://26.1.5", False),
        ("docker://27.0.0", True),
        ("docker://29", True),
        ("docker://", False),
        ("containerd://29.0.0", False),
        ("cri-o://1.36.0", False),
        ("podman://29.0.0", False),
    ],
)
def test_privileged_localhost(text: str, keeps: bool) -> None:
    assert keeps_localhost_when_privileged(*parse(text)) is keeps


def test_what_each_runtime_is_sure_of() -> None:
    told = {"containerd": (True, True, False), "CRI-O": (False, False, True), "dockerd": (False, False, False)}
    for runtime in RUNTIMES:
        sure = (runtime.drops_privileged, runtime.fixed_default, runtime.artifact_profiles)
        assert told.get(runtime.title) == sure, f"say here what {runtime.title} is sure of, as upstream's code shows it"
    assert (UNKNOWN.drops_privileged, UNKNOWN.fixed_default, UNKNOWN.artifact_profiles) == (False, False, False)


def test_records_are_told_apart() -> None:
    for names in ([runtime.scheme for runtime in RUNTIMES], [runtime.title for runtime in RUNTIMES]):
        assert len(set(names)) == len(RUNTIMES)
        assert all(names)
    assert UNKNOWN not in RUNTIMES
    assert all(known.source for known in SANDBOXES)


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda runtime: runtime.title)
def test_what_else_a_runtime_has(runtime: Runtime) -> None:
    title, scheme = runtime.title, runtime.scheme
    assert runtime.capabilities, f"{title} has no capabilities: say which a container has that asks for none"
    assert scheme in [*Decoder], f"--decoder has no {scheme}: add a member to Decoder in cli/choices.py"
    known = {each.runtime for each in defaults.table().variants}
    assert scheme in known, f"{title} has no default profile: teach scripts/refreshing/defaults.py, and run scripts/refresh_data"


TITLES = dict[str | None, str | None](
    [
        ("runsc", "gVisor"),
        ("runsc-kvm", "gVisor"),
        ("gvisor", "gVisor"),
        ("GVisor", "gVisor"),
        ("my-runsc", "gVisor"),
        ("io.containerd.runsc.v1", "gVisor"),
        ("kata", "Kata"),
        ("kata2", "Kata"),
        ("kata-qemu", "Kata"),
        ("kata-clh", "Kata"),
        ("kata-fc", "Kata"),
        ("kata-qemu-snp", "Kata"),
        ("kata_remote", "Kata"),
        ("katacontainers", "Kata"),
        ("kata-containers", "Kata"),
        ("io.containerd.kata.v2", "Kata"),
        ("runc", None),
        ("crun", None),
        ("crun-wasm", None),
        ("nvidia", None),
        ("katana", None),
        ("prunsc", None),
        ("runscope", None),
        ("", None),
        (None, None),
    ],
)


def test_sandbox() -> None:
    assert {handler: sandbox(handler) for handler in TITLES} == TITLES
