"""The values of options that take one of a few words. Plain data."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """The output formats."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    CSV = "csv"
    NAME = "name"
    MARKDOWN = "markdown"


# Formats for programs: always UTF-8.
MACHINE = (Format.JSON, Format.YAML, Format.CSV)


class Shape(StrEnum):
    """The formats of what is said about a profile."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


class FileShape(StrEnum):
    """The formats of a profile that is written."""

    JSON = "json"
    YAML = "yaml"


class To(StrEnum):
    """What `profile convert` and `generate` make."""

    OCI = "oci"
    RESOURCE = "seccompprofile"


class Decoder(StrEnum):
    """Who reads a profile file."""

    CONTAINERD = "containerd"
    CRIO = "cri-o"
    DOCKER = "docker"


class FailOn(StrEnum):
    """From which severity on the exit code is 1."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"
    NEVER = "never"


class Assume(StrEnum):
    """What to assume of the kubelet's default in manifests."""

    ON = "on"
    OFF = "off"


class WhatIf(StrEnum):
    """What can be forecast."""

    SECCOMP_DEFAULT = "seccompDefault"
