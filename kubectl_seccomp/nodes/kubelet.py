"""What a kubelet's own answers mean: its seccompDefault and its root directory. Pure.

The default is on when the configuration OR the flag says so (kubernetes `cmd/kubelet/app/server.go`, 1.25 to 1.37). The flag
is not part of the configuration, so configz never shows it: `false` there proves nothing by itself.
"""

from __future__ import annotations

import itertools
import posixpath
import re

import msgspec
from msgspec import Struct, structs

from ..facts import NodeFacts
from ..objects import UNDECODABLE
from ..times import epoch, unix_date
from ..words import KubeletDefault
from .answer import Kubelet

DEFAULT_ROOT = "/var/lib/kubelet"
SECCOMP_FLAG = "seccomp-default"
ROOT_FLAG = "root-dir"
# A label with more dashes than this is taken at its word: every dash a slash.
MOST_DASHES = 6

# What Go's strconv.ParseBool takes for a value.
_BOOLS = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


class _Config(Struct, frozen=True, rename="camel"):
    seccomp_default: bool | None = None


class _Configz(Struct, frozen=True):
    kubeletconfig: _Config | None = None


class _Flagz(Struct, frozen=True):
    flags: dict[str, str] | None = None


class _Statusz(Struct, frozen=True, rename="camel"):
    start_time: str = ""


# Made here and not in the threads that ask: msgspec 0.21 is not safe while it looks at a type for the first time.
_CONFIGZ = msgspec.json.Decoder(_Configz)
_FLAGZ = msgspec.json.Decoder(_Flagz)
_STATUSZ = msgspec.json.Decoder(_Statusz)
# The server picks the delimiter by chance (apiserver component-base/zpages/statusz, 1.37).
_STARTED = re.compile(rb"^Started[ :=]{1,4}([A-Z][A-Za-z0-9 :]{0,60})$", re.MULTILINE)


def seccomp_default(configz: bytes | None, flagz: bytes | None) -> tuple[KubeletDefault, str]:
    """Return the kubelet's default and how it is known; None for an answer means that it could not be had."""
    config, flag = configured(configz), flagged(flagz)
    if config is True:
        return KubeletDefault.ON, "configz says true"
    if flag is True:
        return KubeletDefault.ON, "flagz shows --seccomp-default"
    if config is False and flag is False:
        return KubeletDefault.OFF, "configz says false, and flagz shows no --seccomp-default"
    if config is False:
        return KubeletDefault.UNKNOWN, "configz says false, but --seccomp-default could not be seen (no flagz)"
    if flag is False:
        return KubeletDefault.UNKNOWN, "flagz shows no --seccomp-default, but the kubelet's configuration could not be read"
    return KubeletDefault.UNKNOWN, "the kubelet's configuration could not be read"


def started(statusz: bytes | None) -> int | None:
    """Return when the kubelet started, in epoch seconds, None where statusz does not show it.

    Its text form writes Go's time.UnixDate in the kubelet's own zone: only UTC means one time everywhere.
    """
    if statusz is None:
        return None
    if found := _STARTED.search(statusz):
        return unix_date(found[1].decode())
    try:
        return epoch(_STATUSZ.decode(statusz).start_time)
    except UNDECODABLE:
        return None


def with_process(facts: NodeFacts, kubelet: Kubelet | None) -> NodeFacts:
    """Return a node's facts with what its kubelet's process, if it was seen, shows: when it started, and --seccomp-default where
    that decides.

    The flag turns the default on; without it the default is off only where configz says so too.
    """
    if kubelet is None:
        return facts
    if facts.kubelet_started is None:
        facts = structs.replace(facts, kubelet_started=kubelet.started)
    if facts.default is not KubeletDefault.UNKNOWN:
        return facts
    if kubelet.seccomp_default is True:
        return structs.replace(facts, default=KubeletDefault.ON, default_source="the kubelet's command line has --seccomp-default")
    if facts.configured is False:
        why = "configz says false, and the kubelet's command line has no --seccomp-default"
        return structs.replace(facts, default=KubeletDefault.OFF, default_source=why)
    return facts


def root_dir(flagz: bytes | None) -> str | None:
    """Return the kubelet's --root-dir, cleaned, None where flagz does not show it."""
    root = flags(flagz).get(ROOT_FLAG) if flagz is not None else None
    return posixpath.normpath(root) if root and root.startswith("/") else None


def configured(configz: bytes | None) -> bool | None:
    """Return what a configz answer says of seccompDefault, None when it says nothing."""
    if configz is None:
        return None
    try:
        config = _CONFIGZ.decode(configz).kubeletconfig
    except UNDECODABLE:
        return None
    return config.seccomp_default if config else None


def flagged(flagz: bytes | None) -> bool | None:
    """Return what a flagz answer says of --seccomp-default, None when it says nothing: it lists every flag."""
    value = flags(flagz).get(SECCOMP_FLAG) if flagz is not None else None
    return parse_bool(value)


def parse_bool(value: str | None) -> bool | None:
    """Return a boolean flag's value as Go reads it, None for what is none."""
    return _BOOLS.get(value or "")


def flags(flagz: bytes) -> dict[str, str]:
    """Return the flags of a flagz answer, structured (v1alpha1 of 1.35, v1beta1 of 1.36) or text (1.33 and later).

    The text form's delimiter is chosen at random from `:`, `: `, `=` and a space, one for the whole answer
    (component-base `zpages/flagz`), so it is what follows a flag's name. An answer that is neither has no flags.
    """
    try:
        return _FLAGZ.decode(flagz).flags or {}
    except UNDECODABLE:
        text = flagz.decode("utf-8", "replace")
    return {match[1]: match[2].strip() for match in re.finditer(r"^([a-z][a-z0-9-]*)(?::|=| )(.*)$", text, re.MULTILINE)}


def root_from_label(label: str | None) -> tuple[str, ...]:
    """Return the directories that the label kubelet.kubernetes.io/directory-location may mean, the likeliest first.

    It writes `/` as `-`, so a dash may be either; who uses one must verify it. Empty for what is no such label.
    """
    if not label or len(label) > 63 or not re.fullmatch(r"[A-Za-z0-9._-]+", label):
        return ()
    words = label.strip("-").split("-")
    if "" in words or "." in words or ".." in words:
        return ()
    gaps = len(words) - 1
    choices = itertools.product("/-", repeat=gaps) if gaps <= MOST_DASHES else [("/",) * gaps]
    ordered = sorted(choices, key=lambda choice: choice.count("-"))
    return tuple("/" + words[0] + "".join(map("".join, zip(choice, words[1:], strict=True))) for choice in ordered)
