"""What a kubelet's own answers mean: its seccompDefault and its root directory. Pure.

The default is on when the configuration OR the flag says so (kubernetes `cmd/kubelet/app/server.go`, 1.25 to 1.37). The flag
is not part of the configuration, so configz never shows it: `false` there proves nothing by itself.
"""

from __future__ import annotations

import re

import msgspec
from msgspec import Struct

from ..model import KubeletDefault

DEFAULT_ROOT = "/var/lib/kubelet"
SECCOMP_FLAG = "seccomp-default"
ROOT_FLAG = "root-dir"


class _Config(Struct, frozen=True, rename="camel"):
    seccomp_default: bool | None = None


class _Configz(Struct, frozen=True):
    kubeletconfig: _Config | None = None


class _Flagz(Struct, frozen=True):
    flags: dict[str, str] | None = None


def seccomp_default(configz: bytes | None, flagz: bytes | None) -> tuple[KubeletDefault, str]:
    """Return the kubelet's default and how it is known; None for an answer means that it could not be had."""
    config, flag = _configured(configz), _flag(flagz)
    if config is True:
        return KubeletDefault.ON, "configz says true"
    if flag is True:
        return KubeletDefault.ON, "flagz shows --seccomp-default"
    if config is False and flag is False:
        return KubeletDefault.OFF, "configz says false, and flagz shows no --seccomp-default"
    if config is False:
        return KubeletDefault.UNKNOWN, "configz says false, but --seccomp-default could not be seen (no flagz)"
    return KubeletDefault.UNKNOWN, "the kubelet's configuration could not be read"


def root_dir(flagz: bytes) -> str | None:
    """Return the kubelet's --root-dir, None where flagz does not show it."""
    root = flags(flagz).get(ROOT_FLAG)
    return root if root and root.startswith("/") else None


def _configured(configz: bytes | None) -> bool | None:
    if configz is None:
        return None
    try:
        config = msgspec.json.decode(configz, type=_Configz).kubeletconfig
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return config.seccomp_default if config else None


def _flag(flagz: bytes | None) -> bool | None:
    """Return the flag's value. flagz lists every flag, so an answer without this one is one that is not understood."""
    value = flags(flagz).get(SECCOMP_FLAG) if flagz is not None else None
    return {"true": True, "false": False}.get(value or "")


def flags(flagz: bytes) -> dict[str, str]:
    """Return the flags of a flagz answer, structured or text.

    The text form's delimiter is chosen at random from `:`, `: `, `=` and a space, one for the whole answer
    (component-base `zpages/flagz`), so it is what follows a flag's name.
    """
    try:
        return msgspec.json.decode(flagz, type=_Flagz).flags or {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = flagz.decode("utf-8", "replace")
    return {match[1]: match[2].strip() for match in re.finditer(r"^([a-z][a-z0-9-]*)(?::|=| )(.*)$", text, re.MULTILINE)}


def root_from_label(label: str | None) -> tuple[str, ...]:
    """Return the directories that the label kubelet.kubernetes.io/directory-location may mean: it writes `/` as `-`."""
    if not label or not re.fullmatch(r"[A-Za-z0-9._-]+", label):
        return ()
    return ("/" + label.strip("-").replace("-", "/"),)
