"""YAML by Kubernetes' rules: how a stream is cut, what scalars mean, what is refused, and that nothing is unbounded."""

from __future__ import annotations

import math
from typing import Any, Literal

import msgspec
import pytest

from kubectl_seccomp import yamls
from kubectl_seccomp.scalars import key_text, resolve, scalar
from kubectl_seccomp.yamls import Broken, documents, mistyped


def found(text: str | bytes) -> list[tuple[int, int, object]]:
    """Number, line, value; a broken document's value is its reason after "! "."""
    data = text.encode() if isinstance(text, str) else text
    return [(item.number, item.line, f"! {item.why}" if isinstance(item, Broken) else item.value) for item in documents(data)]


def value(text: str) -> object:
    (only,) = found(text)
    return only[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1", [(1, 1, {"a": 1})]),
        ("---\na: 1\n---\nb: 2\n", [(1, 2, {"a": 1}), (2, 4, {"b": 2})]),
        ("# comment\n\n---\na: 1\n", [(1, 4, {"a": 1})]),
        ("a: 1\n---\n# only a comment\n---\nb: 2", [(1, 1, {"a": 1}), (2, 4, None), (3, 5, {"b": 2})]),
        ("--- # comment\na: 1\n--- {b: 2}\n---\t[3]\n", [(1, 2, {"a": 1}), (2, 3, {"b": 2}), (3, 4, [3])]),
        ("--- |\n text\n---", [(1, 1, "text\n"), (2, 4, None)]),
        ("a: 1\n...\n---\nb: 2\n", [(1, 1, {"a": 1}), (2, 4, {"b": 2})]),
        ("a: 1\n... # the end\nb: 2\n...\n", [(1, 1, {"a": 1}), (2, 3, {"b": 2})]),
        ("%YAML 1.1\n# c\n---\na: 1\n", [(1, 4, {"a": 1})]),
        ("%TAG !e! tag:x,2000:\n---\na: !e!b c\n", [(1, 3, {"a": "c"})]),
        ("\ufeffa: 1\n\ufeff---\nb: 2\n", [(1, 1, {"a": 1}), (2, 3, {"b": 2})]),
        ("a: 1\r\n---\r\nb: 2\r\n", [(1, 1, {"a": 1}), (2, 3, {"b": 2})]),
        ("# c\ra: 1\r---\rb: 2\r", [(1, 2, {"a": 1}), (2, 4, {"b": 2})]),
        ("a: |\n  ---\n  x\n---\nb: ---\n", [(1, 1, {"a": "---\nx\n"}), (2, 5, {"b": "---"})]),
        ("a: '--- x'\nb: \"...\"\nc: ...", [(1, 1, {"a": "--- x", "b": "...", "c": "..."})]),
        ("", []),
        ("# nothing\n", []),
        ("\n\n", []),
        ("---", [(1, 2, None)]),
        ("...\n", [(1, 1, "! not valid YAML: did not find expected node content")]),
    ],
)
def test_a_stream_is_cut_into_documents(text: str, expected: list[tuple[int, int, object]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("broken", "line", "why"),
    [
        ("b: [", 5, "did not find expected node content"),
        ("b: 1\n  c: 2", 5, "mapping values are not allowed in this context"),
        ("b: 'open", 5, "found unexpected end of stream"),
        ("b: \x01", 4, "control characters are not allowed"),
        ("b: 1\nc: \x01", 5, "control characters are not allowed"),
        ("b: 1\nb: 2", 5, 'key "b" is there twice'),
        ("b: {c: 1,\n c: 1}", 5, 'key "c" is there twice'),
        ("1: x\n0x1: y", 5, 'key "1" is there twice'),
        ("? [b]\n: 1", 4, "a key is not a scalar"),
        ("~: 1", 4, "a key is empty or not a scalar"),
        ("b: &x {c: 1}\n*x : 2", 5, "a key is empty or not a scalar"),
        ("b: *none", 4, "there is no anchor none"),
        ("b: &b [1, *b]", 4, "anchor b contains itself"),
        ("b: {<<: 1}", 4, "a merge needs a mapping or a list of mappings"),
        ("b: !!int x", 4, '"x" is not of type int'),
        ("b: !!binary '*'", 4, "Only base64 data is allowed"),
        ("---x\nb: 1", 5, "mapping values are not allowed in this context"),
        ("b: @x", 4, "found character that cannot start any token"),
    ],
)
def test_a_broken_document_has_its_line_and_leaves_the_others(broken: str, line: int, why: str) -> None:
    first, second, third = found(f"a: 1\n\n---\n{broken}\n---\nlast: 1\n")
    assert first == (1, 1, {"a": 1})
    assert third == (3, 6 + broken.count("\n"), {"last": 1})
    assert second[0] == 2
    assert str(second[2]) == f"! not valid YAML: {why}"
    assert second[1] == line


def test_text_that_is_not_utf8_breaks_its_document_only() -> None:
    assert found(b"a: 1\n---\nb: 1\nc: \xff\n---\nd: 1\n") == [(1, 1, {"a": 1}), (2, 4, "! is not UTF-8"), (3, 6, {"d": 1})]


SCALARS: dict[str, object] = dict(
    [
        *((text, True) for text in ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]),
        *((text, False) for text in ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"]),
        *((text, None) for text in ("", "~", "null", "Null", "NULL")),
        *((text, text) for text in ["yEs", "tRUE", "nuLL", "Yess", "oN2", "=", "<<"]),
        *((text, text) for text in ["2026-11-23", "2026-11-23T10:00:00Z", "12:30:45", "22:22"]),
        *((text, text) for text in ["-", "+", ".", "-.", "+x", "0x", "0b2", "1.2.3", "100m", "1Gi", "1e"]),
        *((text, text) for text in ["0xfffffffffffffffff", "1e400", "-1e400"]),
        *((text, text) for text in ("\u0663", "1\u0663")),
        ("0", 0), ("-0", 0), ("7", 7), ("+7", 7), ("-7", -7), ("0644", 420), ("0o644", 420), ("0x1F", 31), ("0b11", 3), ("-0b11", -3),
        ("1_000", 1000), ("08", 8), ("1e3", 1000), ("1.5", 1.5), (".5", 0.5), ("5.", 5), ("-1.5e-3", -0.0015), ("1.0", 1),
        ("18446744073709551615", 2**64 - 1), ("-9223372036854775808", -(2**63)),
        ("18446744073709551616", 2.0**64), ("+9223372036854775808", 2.0**63), ("9" * 300, float("9" * 300)), ("9" * 5000, "9" * 5000),
        (".inf", math.inf), ("+.Inf", math.inf), ("-.INF", -math.inf),
    ],
)  # fmt: skip


def test_plain_scalars() -> None:
    found = {text: resolve(text) for text in SCALARS}
    assert found == SCALARS
    assert {text: type(read) for text, read in found.items()} == {text: type(read) for text, read in SCALARS.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'yes'", "yes"), ('"1"', "1"), ("|\n 1", "1"), ("!!str yes", "yes"), ("!!str 1", "1"), ("!!int '1'", 1), ("!!bool yes", True),
        ("!!null ''", None), ("!!float 1", 1.0), ("!!binary eWVz", "yes"), ("!!binary |\n eW\n Vz", "yes"),
        ("!!timestamp 2026-11-23", "2026-11-23"),
        ("!own yes", "yes"), ("! yes", "yes"), ("!!set {b: }", {"b": None}), ("!!python/object/apply:os.getcwd []", []),
    ],
)  # fmt: skip
def test_quotes_and_tags(text: str, expected: object) -> None:
    got = value(f"a: {text}")
    assert got == {"a": expected}
    assert isinstance(got, dict)
    assert type(got["a"]) is type(expected)


@pytest.mark.parametrize(
    ("tag", "text"), [("bool", "1"), ("int", "yes"), ("int", "1.5"), ("float", "yes"), ("float", "x"), ("null", "0")]
)
def test_a_tag_that_does_not_fit_is_refused(tag: str, text: str) -> None:
    with pytest.raises(ValueError, match="is not of type"):
        scalar(f"tag:yaml.org,2002:{tag}", True, text)


@pytest.mark.parametrize(
    ("key", "text"), [("a", "a"), (True, "true"), (False, "false"), (1, "1"), (1.5, "1.5"), (None, None), ([], None), ({}, None)]
)
def test_keys_are_text(key: object, text: str | None) -> None:
    assert key_text(key) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b: &b {x: 1, y1: 2}\na: {<<: *b, x: 3}", {"x": 3, "y1": 2}),
        ("b: &b {x: 1, y1: 2}\na: {x: 3, <<: *b}", {"x": 1, "y1": 2}),
        ("b: &b {x: 1}\nc: &c {x: 2, z: 1}\na: {<<: [*b, *c], z: 9}", {"x": 1, "z": 9}),
        ("a: {<<: {x: 1}}", {"x": 1}),
        ("a: {'<<': {x: 1}}", {"<<": {"x": 1}}),
        ("b: &b [1]\na: [*b, *b]", [[1], [1]]),
        ("b: &b 1\nc: &b 2\na: *b", 2),
        ("b: &b x\na: {*b : 1}", {"x": 1}),
    ],
)
def test_aliases_and_merges_are_go_yamls(text: str, expected: object) -> None:
    got = value(text)
    assert isinstance(got, dict)
    assert got["a"] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("containers:\n- name: a\n-\n  name: b\n- {name: c}\n- text", [2, 4, 5]),
        ("initContainers: [{name: a},\n {name: b}]", [1, 2]),
        ("ephemeralContainers:\n\n\n- name: a", [4]),
        ("items:\n- name: a", [2]),
        ("x: &x {name: a}\ncontainers:\n- *x\n- *x", [3, 4]),
        ("x: &x\n- name: a\ncontainers: *x", [3]),
        ("x: &x {name: a}\ncontainers:\n- <<: *x\n  $line: 99", [3]),
        ("volumes:\n- name: a", []),
        ("containers: {name: a}", []),
        ("containers:\n- - name: a", []),
    ],
)
def test_lines_are_those_of_the_file(text: str, expected: list[int]) -> None:
    got = found(f"first: document\n---\n{text}")[1][2]
    assert isinstance(got, dict)
    members: list[object] = next((item for key, item in got.items() if key != "x"), [])
    assert [item["$line"] - 2 for item in members if isinstance(item, dict) and "$line" in item] == expected


@pytest.mark.parametrize("text", ["$line: 1", "{$line: 1}", "a: &a {$line: 1}\nb: {<<: *a}\n$line: 2", '"\\x24line": 1'])
def test_the_inputs_own_line_keys_are_dropped(text: str) -> None:
    assert "$line" not in str(value(text))


def test_a_shared_value_keeps_no_line_of_its_alias() -> None:
    got = value("x: &x {name: a}\ncontainers: [*x]")
    assert isinstance(got, dict)
    assert got["x"] == {"name": "a"}


@pytest.mark.parametrize(
    "text",
    ["[" * 200_000, "[" * 99_999 + "]" * 99_999, "- " * 200_000, '{"a":' * 50_000, "".join(" " * i + "a:\n" for i in range(150))],
)
def test_nesting_is_bounded(text: str) -> None:
    assert value(text) == "! not valid YAML: it is nested more than 100 deep"


def test_nesting_up_to_the_limit_is_read_also_through_aliases() -> None:
    assert not str(value("[" * 100 + "]" * 100)).startswith("!")
    inner = f"a: &a {'[' * 60}{']' * 60}\n"
    assert not str(value(f"{inner}b: {'[' * 38}*a{']' * 38}")).startswith("!")
    assert value(f"{inner}b: {'[' * 60}*a{']' * 60}") == "! not valid YAML: it is nested more than 100 deep"


def test_aliases_are_bounded() -> None:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    laughs += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    assert value(laughs) == "! not valid YAML: its aliases unfold into too many values"
    merges = "a0: &a0 {x: 1, z: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12))
    assert value(merges) == "! not valid YAML: its aliases unfold into too many values"
    few = "a: &a [x, x, x]\nb: [" + "*a, " * 1000 + "]"
    assert not str(value(few)).startswith("!")


def test_documents_are_bounded_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamls, "LARGEST_DOCUMENT", 1 << 20)
    large = "a: 1\n" + "#\n" * (1 << 19)
    assert found(f"{large}---\nb: 1\n") == [
        (1, 1, "! is larger than 1 MiB (as JSON it can be larger)"),
        (2, 3 + (1 << 19), {"b": 1}),
    ]


def test_messages_stay_short_whatever_the_input_names() -> None:
    for text in (f"{'k' * 5000}: 1\n{'k' * 5000}: 2", f"a: *{'k' * 5000}", f"a: !!int {'k' * 5000}"):
        assert len(str(found(f"? {text}" if text.startswith("k") else text)[0][2])) < 200


def test_libyaml_is_used_where_it_is_there_and_replaced_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    class Pure(yaml.SafeLoader):
        pass

    text = "a: &a {b: yes}\n---\nc: [\n---\ncontainers:\n- name: x\n"
    expected = [item[::2] if item[0] != 2 else 2 for item in found(text)]
    assert issubclass(yamls._Loader, yaml.CSafeLoader) == yaml.__with_libyaml__
    monkeypatch.setattr(yamls, "_Loader", Pure)
    assert [item[::2] if item[0] != 2 else 2 for item in found(text)] == expected
    assert found("a: \x01")[0][2] == "! not valid YAML: special characters are not allowed"


@pytest.mark.parametrize(
    ("value", "kind", "told"),
    [
        ({"a": [{"b": 1}]}, dict[str, list[dict[str, str]]], "[...][0][...] must be a string, and is a number"),
        ([1], dict[str, str], "it must be a mapping, and is a list"),
        (True, int | str | None, "it must be a number or a string, and is a boolean"),
        ("x", Literal["y"], "Invalid enum value 'x'"),
    ],
    ids=["deep", "whole", "either", "no type"],
)
def test_a_wrong_type_is_told_in_words(value: object, kind: Any, told: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(value, kind)
    assert mistyped(raised.value) == told
