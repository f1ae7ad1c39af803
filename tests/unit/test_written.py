"""Profiles as they are written: which form, what is inside, where it stands; and written back."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_seccomp.profiles.decoders import resolve
from kubectl_seccomp.profiles.gojson import NotJudged, Refused, decode, folded
from kubectl_seccomp.profiles.output import oci, resource
from kubectl_seccomp.profiles.positions import Path, Position, duplicates, locate_json
from kubectl_seccomp.profiles.written import Form, Written, read
from kubectl_seccomp.profiles.yaml_form import locate_yaml

RULE = {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"}
PROFILE: dict[str, Any] = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [RULE]}
WRAPPED = {"apiVersion": "security-profiles-operator.x-k8s.io/v1beta1", "kind": "SeccompProfile", "spec": PROFILE}


@pytest.mark.parametrize(
    ("document", "form"),
    [
        (PROFILE, Form.OCI),
        ({}, Form.OCI),
        ({**PROFILE, "archMap": []}, Form.DOCKER),
        ({**PROFILE, "syscalls": [{**RULE, "includes": {}}]}, Form.DOCKER),
        ({**PROFILE, "syscalls": [RULE, {"name": "read"}]}, Form.DOCKER),
        (WRAPPED, Form.RESOURCE),
        ({**WRAPPED, "kind": "ConfigMap"}, Form.OCI),
        ({"ociVersion": "1.0", "linux": {"seccomp": PROFILE}}, Form.CONFIG),
        ({"linux": {}}, Form.OCI),
    ],
    ids=str,
)
def test_the_form_is_found(document: dict[str, Any], form: Form) -> None:
    found = read(json.dumps(document).encode())
    assert found.form is form
    if form in (Form.RESOURCE, Form.CONFIG):
        assert found.profile == decode(json.dumps(PROFILE).encode())
        assert [position.line for position in found.positions([("defaultaction",), ("syscalls", 0)]).values()] == [1, 1]


def test_a_resource_in_yaml_is_read_and_placed() -> None:
    raw = b"# a comment\n" + yaml.safe_dump(WRAPPED, sort_keys=False).encode()
    found = read(raw)
    assert (found.form, found.yaml) == (Form.RESOURCE, True)
    assert found.profile == decode(json.dumps(PROFILE).encode())
    wanted: list[Path] = [("defaultaction",), ("syscalls", 0), ("syscalls", 0, "names", 1), ("syscalls", 0, "action"), ("missing",)]
    lines = raw.decode().splitlines()
    words = {path: lines[at.line - 1][at.column - 1 :] for path, at in found.positions(wanted).items()}
    assert list(words.values()) == ["defaultAction: SCMP_ACT_ERRNO", "names:", "write", "action: SCMP_ACT_ALLOW"]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "is empty"),
        (b"defaultAction: SCMP_ACT_ALLOW\n", "not valid JSON"),
        (b"kind: ConfigMap\nspec: {}\n", "not valid JSON"),
        (b"kind: SeccompProfile\nspec: {}\n---\nkind: SeccompProfile\nspec: {}\n", "not valid JSON"),
        (b"kind: SeccompProfile\nkind: SeccompProfile\n", "not valid JSON"),
        (b"{kind: SeccompProfile}", "not valid JSON"),
        (b"[]", "not an object"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
    ],
)
def test_what_is_no_profile_is_refused_as_go_does(raw: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        read(raw)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b" " * (1024 * 1024 + 1), "is larger than 1 MiB: not judged"),
        (b"[" * 1000 + b"]" * 1000, "is nested more than 400 levels deep: not judged"),
    ],
    ids=["large", "deep"],
)
def test_what_is_out_of_bounds_is_not_judged(raw: bytes, why: str) -> None:
    with pytest.raises(NotJudged) as raised:
        read(raw)
    assert str(raised.value) == why


def test_a_mebibyte_is_not_too_large() -> None:
    assert read(b" " * (1024 * 1024 - 2) + b"{}").profile == {}


@pytest.mark.parametrize(
    ("raw", "on_node", "form", "inside", "yaml", "within"),
    [
        (json.dumps(PROFILE).encode(), False, Form.OCI, (), False, ()),
        (json.dumps(PROFILE).encode(), True, Form.OCI, (), False, ()),
        (b"null", False, Form.OCI, (), False, ()),
        (b"null", True, Form.OCI, (), False, ()),
        (b'{"archMap": [], "x": "\xff"}', True, Form.DOCKER, (), False, ()),
        (b'{"syscalls": [1, {"name": "x"}]}', False, Form.DOCKER, (), False, ()),
        (json.dumps(WRAPPED).encode(), True, Form.OCI, (), False, ()),
        (json.dumps(WRAPPED).encode(), False, Form.RESOURCE, ("spec",), False, ("spec",)),
        (b'{"linux": {"seccomp": {"flags": []}}}', False, Form.CONFIG, ("linux", "seccomp"), False, ("linux", "seccomp")),
        (b'{"linux": {"seccomp": {"flags": []}}}', True, Form.OCI, (), False, ()),
    ],
)
def test_every_field_of_what_is_read(
    raw: bytes, on_node: bool, form: Form, inside: tuple[str, ...], yaml: bool, within: tuple[str, ...]
) -> None:
    profile: Any = decode(raw)
    for step in inside:
        profile = profile[step]
    assert read(raw, on_node=on_node) == Written(form, profile, raw.decode("utf-8", "replace"), yaml, within)


def test_yaml_is_a_resource_or_nothing_and_never_on_a_node() -> None:
    text = "kind: SeccompProfile\nspec: {}\n"
    assert read(text.encode()) == Written(Form.RESOURCE, {}, text, True, ("spec",))
    strange = "kind: SeccompProfile\nspec: []\narchMap: []\n"
    assert read(strange.encode()) == Written(Form.DOCKER, {"kind": "SeccompProfile", "spec": [], "archmap": []}, strange, True)
    for raw, on_node in (
        (text.encode(), True),
        (b" {kind: SeccompProfile, spec: {}}", False),
        (b"\xef\xbb\xbf" + text.encode(), False),
    ):
        with pytest.raises(Refused):
            read(raw, on_node=on_node)


TWICE = """{"a": 1, "A": {"b": "b", "b": ["b", "b", {"b": 1}]},
 "x": [{"a": 1}, {"a": 2}], "a" : "a", "y": {"a": {}}, "\\u0061": "x", "t\tb": 1,
 "T\tB": ["t\tb"]}"""


def test_keys_that_come_twice_are_found_where_they_come_again() -> None:
    assert list(duplicates(TWICE)) == [
        ("a", Position(1, 10)), ("b", Position(1, 26)), ("a", Position(2, 29)), ("a", Position(2, 56)), ("t\tb", Position(3, 2)),
    ]  # fmt: skip
    assert list(duplicates('["a", "a"]')) == list(duplicates('"a"')) == []


TEXT = """{
  "defaultAction": "SCMP_ACT_ALLOW", "x": {"syscalls": [1]},
  "syscalls": [{"names": ["a", "\\"b"], "args": [
     {"index": 0}, {"INDEX": 1}]}, {}],
  "defaultaction":
    "SCMP_ACT_LOG"
}"""


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("defaultaction",), 5, 3),
        (("syscalls",), 3, 3),
        (("syscalls", 0), 3, 16),
        (("syscalls", 0, "names", 1), 3, 32),
        (("syscalls", 0, "args", 1, "index"), 4, 21),
        (("syscalls", 1), 4, 36),
        (("x", "syscalls", 0), 2, 57),
        ((), 1, 1),
    ],
)
def test_where_keys_and_elements_stand(path: Path, line: int, column: int) -> None:
    assert locate_json(TEXT, [path]) == {path: Position(line, column)}


def test_only_what_is_there_has_a_position() -> None:
    assert locate_json(TEXT, [("syscalls", 2), ("y",), ("defaultaction", 0), ("syscalls", 0, "names", 0)]).keys() == {
        ("syscalls", 0, "names", 0)
    }


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_end_as_in_any_editor(ending: str) -> None:
    assert locate_json(f"[{ending}{ending} 1, 2", [()]) == {(): Position(1, 1)}
    assert locate_json(f'{{{ending}{ending}  "a": 1}}', [("a",)]) == {("a",): Position(3, 3)}


def paths(value: object, here: Path = ()) -> list[tuple[Path, object]]:
    """Every path of a decoded value with the value."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(here, value), *(found for key, item in members for found in paths(item, (*here, key)))]


keys = st.text('abKſ\\"\n é', max_size=3)
leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.floats(allow_nan=False, allow_infinity=False)
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=10)


@given(st.dictionaries(keys, trees, max_size=3), st.sampled_from([None, 1]), st.booleans())
def test_every_path_of_any_document_is_found_where_its_text_is(document: dict[str, Any], indent: int | None, ascii_: bool) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_)
    decoded = decode(text.encode())
    assert decoded is not None
    known = paths(dict(decoded))
    found = locate_json(text, [path for path, _ in known])
    assert found.keys() == {path for path, _ in known}
    lines = text.split("\n")
    for path, value in known:
        rest = lines[found[path].line - 1][found[path].column - 1 :]
        if path and isinstance(path[-1], int):
            start = "{" if isinstance(value, dict) else "[" if isinstance(value, list) else json.dumps(value, ensure_ascii=ascii_)
            assert rest.startswith(start)
        elif path:
            key, _ = json.JSONDecoder().raw_decode(rest)
            assert folded(key) == path[-1]


@given(st.dictionaries(st.sampled_from("abc"), trees, max_size=3))
def test_yaml_has_the_same_paths_as_json(document: dict[str, Any]) -> None:
    text = yaml.safe_dump(document)
    known = [path for path, _ in paths(document) if all(isinstance(step, int) or step.isascii() for step in path)]
    wanted = [tuple(step.lower() if isinstance(step, str) else step for step in path) for path in known]
    assert locate_yaml(text, wanted).keys() >= {path for path in wanted if "k" not in str(path)}


def test_a_profile_survives_being_written_in_both_forms() -> None:
    arguments = [
        {"index": 0, "value": 2**64 - 1, "valueTwo": 3, "op": "SCMP_CMP_MASKED_EQ"},
        {"index": 1, "value": 5, "op": "SCMP_CMP_NE"},
    ]
    document = {
        "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "architectures": ["SCMP_ARCH_X86"],
        "flags": ["SECCOMP_FILTER_FLAG_LOG"], "listenerPath": "/run/s", "listenerMetadata": "m",
        "syscalls": [{**RULE, "args": arguments}, {"names": ["mount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0}],
    }  # fmt: skip
    resolved = resolve(decode(json.dumps(document).encode()), "containerd", None)
    assert resolved is not None
    for text in (oci(resolved), resource(resolved, "web", "shop")):
        assert resolve(read(text.encode()).profile, "containerd", None) == resolved
    assert json.loads(oci(resolved)) == document
    assert yaml.safe_load(resource(resolved, "web", None))["metadata"] == {"name": "web"}


def test_what_stands_in_an_alias_has_no_place_and_the_alias_itself_has() -> None:
    text = "a: &x [v]\nl: [*x, 2]\n? *x\n: 3\nz: 4\n"
    wanted: list[Path] = [("l", 0), ("l", 0, 0), ("l", 1), ("z",)]
    assert locate_yaml(text, wanted) == {("l", 0): Position(2, 5), ("l", 1): Position(2, 9), ("z",): Position(5, 1)}
