"""Hostile input: whatever the bytes are, reading gives pods and gaps that every output can hold, and nothing else."""

from __future__ import annotations

import io
import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kubectl_seccomp.files import read
from kubectl_seccomp.model import Gap
from kubectl_seccomp.pods import Pod, containers

WORDS = [
    "kind: Pod\n",
    "kind: List\n",
    "items:\n",
    "- ",
    "  ",
    "spec:",
    "{",
    "}",
    "[",
    "]",
    "containers:",
    "name: c",
    "\n",
    "---\n",
    "...\n",
    "&a ",
    "*a",
    "<<: ",
    "!!int ",
    "!!binary ",
    "%YAML 1.1\n",
    "# c\n",
    "'",
    '"',
    "|\n",
    "? ",
    ": ",
    ",",
    "\t",
    "\r",
    "\ufeff",
    "\x00",
    "\x85",
    '{"kind":"Pod","spec":{"containers":[{"name":"c"}]}}',
    '{"kind":"List","items":[',
    "]}",
    '"\\ud800"',
    "$line: 1\n",
    "null",
    "1e999",
    "9" * 400,
    "template:",
    "image: x",
    "metadata: {name: ",
    "annotations:",
    "\u2028",
    "yes",
    "~",
    "-",
    "0x",
    '"\\',
    "securityContext:",
    "seccompProfile:",
]
KEYS = [
    "kind",
    "items",
    "metadata",
    "spec",
    "template",
    "containers",
    "initContainers",
    "name",
    "labels",
    "image",
    "$line",
    "securityContext",
]
# Beyond this JSON writes two escapes for one character, which YAML refuses.
TEXTS = st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF), max_size=3)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.sampled_from(["Pod", "List", "PodList", "Job"]))
OBJECTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)),
    max_leaves=20,
)


def check(data: bytes) -> list[Pod | Gap]:
    """Read to the end; what comes out must be usable as the report uses it."""
    found = list(read(["-"], False, io.BytesIO(data)))
    assert found, "nothing found is said, never silent"
    for item in found:
        if isinstance(item, Gap):
            assert msgspec.json.encode(item)
            assert "\n" not in item.where
        else:
            assert list(containers(item))
            assert msgspec.json.encode(item)
    return found


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    check(data)


@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_any_arrangement_of_what_manifests_are_made_of(words: list[str]) -> None:
    check("".join(words).encode())


@given(OBJECTS)
def test_json_and_the_same_as_yaml_say_the_same(value: object) -> None:
    text = json.dumps(value, allow_nan=False) if _finite(value) else "{}"
    as_json, as_yaml = check(text.encode()), check(f"---\n{text}".encode())
    assert [type(item) for item in as_json] == [type(item) for item in as_yaml]
    names = [[item.name for item in found if isinstance(item, Pod)] for found in (as_json, as_yaml)]
    assert names[0] == names[1]


def _finite(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


@given(st.lists(st.sampled_from(["kind: [\n", "a: 1\n  b: 2\n", "{\n", "x: \x01\n", "'\n", "- a\nb\n"]), max_size=5), st.integers(0, 5))
def test_a_good_document_survives_any_broken_neighbours(broken: list[str], place: int) -> None:
    good = "kind: Pod\nmetadata: {name: good}\nspec: {containers: [{name: c}]}\n"
    parts = [*broken[:place], good, *broken[place:]]
    found = check("---\n".join(parts).encode())
    (pod,) = (item for item in found if isinstance(item, Pod))
    assert pod.name == "good"
    assert pod.document == min(place, len(broken)) + 1
    assert len(found) == len(parts)
