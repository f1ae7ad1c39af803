"""What was given on the command line, one struct per group of options; the defaults stand here."""

from __future__ import annotations

from msgspec import Struct

from ..cluster.connection import Options
from .choices import MACHINE, Assume, Decoder, FailOn, Format


class Selecting(Struct, frozen=True):
    """Which pods."""

    all_namespaces: bool = False
    selector: str | None = None
    field_selector: str | None = None
    chunk_size: int = 500
    include_finished: bool = False


class Files(Struct, frozen=True):
    """Manifests instead of a cluster."""

    filename: list[str] = []
    recursive: bool = False
    seccomp_default: Assume | None = None


class Output(Struct, frozen=True):
    """How to print."""

    output: Format = Format.TABLE
    no_headers: bool = False
    query: str | None = None
    allow_gaps: bool = False

    @property
    def exact(self) -> bool:
        """Whether it is printed for programs."""
        return self.query is not None or self.output in MACHINE


class Judging(Struct, frozen=True):
    """What counts."""

    fail_on: FailOn = FailOn.MEDIUM
    select: list[str] = []
    ignore: list[str] = []
    pss_version: str = "latest"


class Probing(Struct, frozen=True):
    """How a node is asked."""

    image: str = ""
    probe_namespace: str = "kube-system"
    kubelet_root: str | None = None
    timeout: int = 60
    dry_run: bool = False


class Proving(Struct, frozen=True):
    """By which ways one pod is looked at."""

    no_node: bool = False
    no_exec: bool = False


class Verifying(Struct, frozen=True):
    """By which ways all pods are looked at."""

    verify: bool = False
    exec_: bool = False
    nodes: str | None = None
    max_nodes: int | None = None
    earlier: str | None = None
    concurrency: int = 16


class Loading(Struct, frozen=True):
    """Where a profile would be loaded, as far as it was said."""

    decoder: Decoder | None = None
    capabilities: list[str] = []
    arch: str | None = None
    kernel: str | None = None
    runtime: str | None = None
    libseccomp: str | None = None


# By the name of the command function's parameter.
STRUCTS: dict[str, type[Struct]] = {
    "selecting": Selecting,
    "files": Files,
    "output": Output,
    "judging": Judging,
    "probing": Probing,
    "proving": Proving,
    "verifying": Verifying,
    "loading": Loading,
    "connection": Options,
}
