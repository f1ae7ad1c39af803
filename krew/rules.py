"""krew's own rules for a manifest, and what reviewers of its index ask for beside them.

After krew 0.5.0: internal/index/validation/validate.go and cmd/validate-krew-manifest/main.go.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath

import msgspec
import yaml
from msgspec import Struct

API_VERSION = "krew.googlecontainertools.github.com/v1alpha2"
# (os, arch) that krew itself is made for.
PAIRS = tuple(
    (system, arch)
    for system, arches in (
        ("windows", ("386", "amd64", "arm64")),
        ("linux", ("386", "amd64", "arm", "arm64", "ppc64le")),
        ("darwin", ("386", "amd64", "arm64")),
    )
    for arch in arches
)
_DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))}
_NUMBER = r"(?:0|[1-9]\d*)"
_WORDS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_SEMVER = re.compile(rf"v{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_WORDS})?(?:\+{_WORDS})?", re.ASCII)


class Refused(Exception):
    """krew, or a reviewer of its index, would not take it; the text says why."""


class Expression(Struct, frozen=True):
    """One of a selector's matchExpressions."""

    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class Selector(Struct, frozen=True, rename="camel"):
    """A Kubernetes label selector; None is a field that is not there, which krew tells from an empty one."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[Expression] | None = None

    def matches(self, labels: dict[str, str]) -> bool:
        """Tell whether it selects these labels."""
        plain = all(labels.get(key) == value for key, value in (self.match_labels or {}).items())
        return plain and all(_holds(each, labels) for each in self.match_expressions or ())


class Operation(Struct, frozen=True, rename={"source": "from", "target": "to"}):
    """One entry of a platform's files: what is moved where."""

    source: str = ""
    target: str = ""


class Platform(Struct, frozen=True):
    """One archive and who gets it."""

    uri: str = ""
    sha256: str = ""
    bin: str = ""
    selector: Selector | None = None
    files: list[Operation] | None = None

    def pairs(self) -> list[tuple[str, str]]:
        """Return the pairs of os and arch that it is for."""
        selector = self.selector or Selector()
        return [pair for pair in PAIRS if selector.matches({"os": pair[0], "arch": pair[1]})]


class Spec(Struct, frozen=True, rename="camel"):
    """What the manifest says of the plugin."""

    version: str = ""
    short_description: str = ""
    description: str = ""
    caveats: str = ""
    homepage: str = ""
    platforms: list[Platform] = []


class Metadata(Struct, frozen=True):
    """The plugin's name."""

    name: str = ""


class Manifest(Struct, frozen=True, rename="camel"):
    """A krew manifest."""

    api_version: str = ""
    kind: str = ""
    metadata: Metadata = Metadata()
    spec: Spec = Spec()


def read(path: Path) -> Manifest:
    """Return the manifest in a file that krew and its reviewers would take; Refused otherwise."""
    _require(path.suffix == ".yaml", f"the manifest's file must end with .yaml, not {path.suffix!r}")
    try:
        manifest = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), Manifest)
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise Refused(f"cannot be decoded: {error}") from error
    validate(path.stem, manifest)
    review(manifest)
    return manifest


def validate(name: str, manifest: Manifest) -> None:
    """Apply every hard rule; `name` is that of the file."""
    _require(manifest.api_version == API_VERSION, f"apiVersion {manifest.api_version!r} is not supported")
    _require(manifest.kind == "Plugin", f'kind is {manifest.kind!r}, but only "Plugin" is supported')
    safe = re.fullmatch(r"[\w-]+", name, re.ASCII) and name.lower() not in _DEVICES
    _require(safe, f"the plugin name {name!r} is not allowed")
    _require(manifest.metadata.name == name, f"the plugin should be named {name!r}, not {manifest.metadata.name!r}")
    spec = manifest.spec
    _require(spec.short_description, "should have a short description")
    _require(not re.search("[\r\n]", spec.short_description), "should not have line breaks in short description")
    _require(spec.platforms, "should have a platform specified")
    _require(_SEMVER.fullmatch(spec.version), f"version {spec.version!r} is no semantic version with a leading v")
    for index, platform in enumerate(spec.platforms):
        try:
            _platform(platform)
        except Refused as refused:
            raise Refused(f"spec.platforms[{index}]: {refused}") from None
    _overlap(spec.platforms)


def _platform(platform: Platform) -> None:
    _require(platform.uri, "uri has to be set")
    _require(re.fullmatch(r"[a-f0-9]{64}", platform.sha256), f"sha256 {platform.sha256!r} is not 64 lower-case hex digits")
    _require(platform.bin, "bin has to be set")
    _require(platform.files is None or platform.files, "files has to be unspecified or non-empty")
    for operation in platform.files or ():
        _require(operation.source, "a file's from has to be set")
        _require(operation.target, "a file's to has to be set")
        clean = str(PurePath(operation.target)) == operation.target and ".." not in PurePath(operation.target).parts
        _require(clean, f"the path {operation.target!r} is not clean")
    _selector(platform.selector)
    _require(platform.pairs(), "its selector matches no supported platform")


def _selector(selector: Selector | None) -> None:
    if selector is None:
        raise Refused("a selector is missing")
    _require(selector.match_labels is not None or selector.match_expressions, "empty selector is not supported")
    keys = [*(selector.match_labels or {}), *(each.key for each in selector.match_expressions or ())]
    _require(all(key in ("os", "arch") for key in keys), f"only os and arch are supported as keys, not {keys}")
    _require(selector.match_labels != {}, "matchLabels specified but empty")
    _require(selector.match_expressions != [], "matchExpressions specified but empty")


def _overlap(platforms: list[Platform]) -> None:
    for pair in PAIRS:
        indexes = [index for index, platform in enumerate(platforms) if pair in platform.pairs()]
        _require(len(indexes) < 2, f"several platforms (at {indexes}) select {pair[0]}/{pair[1]}")


def _holds(expression: Expression, labels: dict[str, str]) -> bool:
    value, values = labels.get(expression.key), expression.values or []
    if expression.operator in ("In", "NotIn"):
        return (value in values) == (expression.operator == "In")
    if expression.operator in ("Exists", "DoesNotExist"):
        return (value is not None) == (expression.operator == "Exists")
    raise Refused(f"{expression.operator!r} is no operator of a selector")


def review(manifest: Manifest) -> None:
    """Apply what reviewers ask for: short and plain texts, entry points that the platform can run."""
    spec = manifest.spec
    _require(len(spec.short_description) <= 50, "the short description has more than 50 characters")
    empty = re.search("kubernetes|kubectl plugin", spec.short_description, re.IGNORECASE)
    _require(not empty, "the short description says what every plugin is")
    for line in f"{spec.description}\n{spec.caveats}".splitlines():
        _require(len(line) <= 80 or " " not in line.strip(), f"a line has more than 80 characters: {line}")
    _require(spec.homepage.startswith("https://"), "the homepage is no https address")
    for platform in spec.platforms:
        _require(platform.uri.startswith("https://"), f"{platform.uri} is no https address")
        windows = any(system == "windows" for system, _ in platform.pairs())
        _require(not windows or platform.bin.endswith(".exe"), "on Windows only an .exe can be linked")


def _require(holds: object, why: str) -> None:
    if not holds:
        raise Refused(why)
