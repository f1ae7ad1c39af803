"""krew's rules for a manifest: what it takes, and every reason why it would not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from krew.manifest import PLATFORMS, TEMPLATE, fill
from krew.rules import PAIRS, Refused, read

SUM = "0123456789abcdef" * 4
FILLED = fill(TEMPLATE.read_text(), "1.2.3", "https://example.org/o/r", dict.fromkeys(PLATFORMS, SUM))
Change = Callable[[Any], object]


def check(folder: Path, change: Change = lambda _: None, name: str = "seccomp.yaml") -> None:
    document = yaml.safe_load(FILLED)
    change(document)
    path = folder / name
    path.write_text(yaml.safe_dump(document))
    read(path)


def test_the_filled_template_is_taken(tmp_path: Path) -> None:
    check(tmp_path)
    assert len(PAIRS) == 11
    document = yaml.safe_load(FILLED)
    assert document["spec"]["version"] == "v1.2.3"
    uris = [platform["uri"] for platform in document["spec"]["platforms"]]
    assert uris == [f"https://example.org/o/r/releases/download/v1.2.3/kubectl-seccomp_1.2.3_{name}.tar.gz" for name in PLATFORMS]
    assert not any(word in FILLED for word in ("VERSION", "HOMEPAGE", "SHA256", "#"))


def test_only_platforms_with_an_archive_are_in() -> None:
    document = yaml.safe_load(fill(TEMPLATE.read_text(), "1.2.3", "https://example.org", {"darwin_arm64": SUM}))
    assert [each["selector"]["matchLabels"] for each in document["spec"]["platforms"]] == [{"os": "darwin", "arch": "arm64"}]


def first(**values: Any) -> Change:
    return lambda document: document["spec"]["platforms"][0].update(values)


def spec(**values: Any) -> Change:
    return lambda document: document["spec"].update(values)


def top(**values: Any) -> Change:
    return lambda document: document.update(values)


def without(key: str) -> Change:
    return lambda document: document["spec"]["platforms"][0].pop(key)


def expressions(*entries: dict[str, Any]) -> Change:
    return first(selector={"matchExpressions": list(entries)})


REFUSED: dict[str, tuple[Change, str]] = {
    "version of the format": (top(apiVersion="krew.googlecontainertools.github.com/v1"), "apiVersion"),
    "kind": (top(kind="plugin"), "kind"),
    "other name inside": (top(metadata={"name": "other"}), "should be named"),
    "no short description": (spec(shortDescription=""), "short description"),
    "line break in it": (spec(shortDescription="two\nlines"), "line breaks"),
    "no platform": (spec(platforms=[]), "platform specified"),
    "no version": (spec(version=""), "version"),
    "version without v": (spec(version="1.2.3"), "version"),
    "version of two parts": (spec(version="v1.2"), "version"),
    "version with a leading zero": (spec(version="v1.02.3"), "version"),
    "version that is a number": (spec(version=1), "decoded"),
    "no address": (without("uri"), "uri"),
    "no checksum": (without("sha256"), "sha256"),
    "upper-case checksum": (first(sha256=SUM.upper()), "lower-case"),
    "short checksum": (first(sha256=SUM[:-1]), "sha256"),
    "no bin": (without("bin"), "bin"),
    "empty files": (first(files=[]), "files"),
    "files without from": (first(files=[{"to": "."}]), "from"),
    "files without to": (first(files=[{"from": "*"}]), "to has to be set"),
    "files with an unclean path": (first(files=[{"from": "*", "to": "./"}]), "clean"),
    "files that leave": (first(files=[{"from": "*", "to": "../x"}]), "clean"),
    "no selector": (without("selector"), "selector is missing"),
    "empty selector": (first(selector={}), "empty selector"),
    "empty labels": (first(selector={"matchLabels": {}}), "matchLabels"),
    "empty expressions": (first(selector={"matchLabels": {"os": "linux"}, "matchExpressions": []}), "matchExpressions"),
    "unknown key": (first(selector={"matchLabels": {"os": "linux", "libc": "musl"}}), "only os and arch"),
    "no such platform": (first(selector={"matchLabels": {"os": "linux", "arch": "riscv64"}}), "no supported platform"),
    "two for one pair": (first(selector={"matchLabels": {"os": "linux"}}), "several platforms"),
    "two by an expression": (expressions({"key": "os", "operator": "NotIn", "values": ["windows"]}), "several platforms"),
    "unknown operator": (expressions({"key": "os", "operator": "Equals", "values": ["linux"]}), "operator"),
    "long short description": (spec(shortDescription="x" * 51), "50 characters"),
    "words that say nothing": (spec(shortDescription="A kubectl plugin"), "every plugin"),
    "long line": (spec(description="word " * 20), "80 characters"),
    "homepage": (spec(homepage="http://example.org"), "homepage"),
    "http": (first(uri="http://example.org/x.tar.gz"), "https"),
    "windows without exe": (lambda document: document["spec"]["platforms"][-1].update(bin="kubectl-seccomp"), r"\.exe"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_krew_or_its_reviewers_refuse(tmp_path: Path, case: str) -> None:
    change, why = REFUSED[case]
    with pytest.raises(Refused, match=why):
        check(tmp_path, change)


@pytest.mark.parametrize("name", ["se ccomp.yaml", "con.yaml", "LPT1.yaml", "s\u00e9ccomp.yaml", ".yaml", "seccomp.yml"])
def test_names_that_are_not_allowed(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused):
        check(tmp_path, top(metadata={"name": name.removesuffix(".yaml")}), name)


def chosen(operator: str, systems: list[str], arches: list[str]) -> Change:
    return expressions({"key": "os", "operator": operator, "values": systems}, {"key": "arch", "operator": operator, "values": arches})


OTHER_WAYS: dict[str, Change] = {
    "in": chosen("In", ["linux"], ["amd64"]),
    "not in": chosen("NotIn", ["windows", "darwin"], ["arm64"]),
    "files": first(files=[{"from": "*", "to": "."}]),
    "pre-release": spec(version="v1.2.3-rc.1+build.5"),
}


@pytest.mark.parametrize("case", OTHER_WAYS)
def test_other_ways_to_say_it_are_taken(tmp_path: Path, case: str) -> None:
    check(tmp_path, OTHER_WAYS[case])
