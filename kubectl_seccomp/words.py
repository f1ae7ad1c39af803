"""The vocabulary: every word that code, output and documentation use for a state; and how words from elsewhere are cut."""

from __future__ import annotations

from enum import StrEnum


class EffectiveType(StrEnum):
    """What the kubelet and the runtime make of a declaration."""

    RUNTIME_DEFAULT = "RuntimeDefault"
    LOCALHOST = "Localhost"
    UNCONFINED = "Unconfined"
    NOT_APPLICABLE = "NotApplicable"
    UNKNOWN = "Unknown"


class DecidedBy(StrEnum):
    """The layer that decided the effective profile."""

    CONTAINER = "container"
    POD = "pod"
    KUBELET = "kubelet"
    PRIVILEGED = "privileged"
    RUNTIME = "runtime"
    SANDBOX = "sandbox"
    OS = "os"
    FILE = "file"
    NOTHING = "nothing"


class Certainty(StrEnum):
    """How far a decision can be trusted."""

    CERTAIN = "certain"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"


class FileState(StrEnum):
    """State of a Localhost profile on one node."""

    PRESENT = "present"
    MISSING = "missing"
    INVALID = "invalid"
    UNREADABLE = "unreadable"
    UNCHECKED = "unchecked"
    NOT_APPLICABLE = "not-applicable"


class Observation(StrEnum):
    """What the kernel says of the running process."""

    FILTERED = "filtered"
    UNFILTERED = "unfiltered"
    STRICT = "strict"
    FAILED = "failed"
    UNCHECKED = "unchecked"


class Verdict(StrEnum):
    """One word per container, of effective and observed together."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    UNPROTECTED = "unprotected"
    LOST = "lost"
    CONTRADICTION = "contradiction"


class Severity(StrEnum):
    """How bad a finding is; `rank` is 0 for the worst."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Position in the order worst to mildest, from 0."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class ContainerType(StrEnum):
    """Which list of the pod spec a container stands in; a sidecar is an init container that restarts always."""

    CONTAINER = "container"
    INIT = "init"
    SIDECAR = "sidecar"
    EPHEMERAL = "ephemeral"


class KubeletDefault(StrEnum):
    """Whether a node's kubelet runs with seccompDefault."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


def short(text: str, most: int = 60) -> str:
    """Return text from elsewhere (a cluster, a profile) cut to a length that fits a sentence."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
