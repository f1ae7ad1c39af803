"""A profile as somebody wrote it: bytes -> its format, the profile inside, and where in the text things are. Pure.

Four forms are told apart: the OCI runtime specification's own; Docker's and containers-common's superset of it; a
security-profiles-operator SeccompProfile resource (JSON or YAML, `api/seccompprofile/v1beta1`), whose `spec` is the profile; an OCI
config.json, where it is `linux.seccomp`. What a node makes of such a file as it stands is not asked here: document.py, decoders.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from .gojson import NotJudged, Refused, decode
from .positions import Path, Position, locate_json

LARGEST = 1024 * 1024
_DOCKER = frozenset({"archmap", "defaulterrno"})
_DOCKER_RULE = frozenset({"name", "includes", "excludes", "errno", "comment"})


class Form(StrEnum):
    """How a profile is written."""

    OCI = "OCI"
    DOCKER = "Docker"
    RESOURCE = "SeccompProfile"
    CONFIG = "config.json"


class Written(Struct, frozen=True):
    """A profile and its text. `profile` is what gojson.decode gives (keys in lower case), None for null; `within` is where in the
    document it stands.
    """

    form: Form
    profile: Mapping[str, object] | None
    text: str
    yaml: bool = False
    within: Path = ()

    def positions(self, paths: Iterable[Path]) -> dict[Path, Position]:
        """Return the position of each of these paths in the profile that the text has."""
        wanted = [(*self.within, *path) for path in paths]
        if self.yaml:
            from .yaml_form import locate_yaml

            found = locate_yaml(self.text, wanted)
        else:
            found = locate_json(self.text, wanted)
        return {path[len(self.within) :]: position for path, position in found.items()}


def read(raw: bytes, *, on_node: bool = False) -> Written:
    """Return a profile as it is written. Raises Refused for what is none, NotJudged for what is too large or too deep.

    As a node reads it (`on_node`), it is JSON, and what stands further in is no profile.
    """
    if len(raw) > LARGEST:
        raise NotJudged("is larger than 1 MiB: not judged")
    text = raw.decode("utf-8", "replace")
    if on_node:
        return _plain(decode(raw), text)
    try:
        return _found(decode(raw), text, yaml=False)
    except Refused as refused:
        if text.lstrip()[:1] in ("", "{", "[", "\ufeff"):
            raise
        from .yaml_form import in_yaml  # yaml takes longer to import than most profiles to read

        return _found(in_yaml(raw, refused), text, yaml=True)


def _found(document: Mapping[str, object] | None, text: str, *, yaml: bool) -> Written:
    if document is None:
        return _plain(document, text, yaml=yaml)
    spec, linux = document.get("spec"), document.get("linux")
    if document.get("kind") == "SeccompProfile" and isinstance(spec, dict):
        return Written(Form.RESOURCE, spec, text, yaml, ("spec",))
    if isinstance(linux, dict) and isinstance(seccomp := linux.get("seccomp"), dict):
        return Written(Form.CONFIG, seccomp, text, yaml, ("linux", "seccomp"))
    return _plain(document, text, yaml=yaml)


def _plain(document: Mapping[str, object] | None, text: str, *, yaml: bool = False) -> Written:
    return Written(Form.DOCKER if document is not None and _is_docker(document) else Form.OCI, document, text, yaml)


def _is_docker(document: Mapping[str, object]) -> bool:
    """Whether a profile has keys that Docker's form alone knows."""
    rules = document.get("syscalls")
    written = rules if isinstance(rules, list) else []
    return not _DOCKER.isdisjoint(document) or any(isinstance(rule, dict) and not _DOCKER_RULE.isdisjoint(rule) for rule in written)
