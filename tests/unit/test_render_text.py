from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_seccomp.render.text import clip, columns, display_width, fold, lay, measure, safe

ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates are in it
SAFE_TEXT = ANY_TEXT.map(safe)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, as it is", "plain text, as it is"),
        ("größe 漢字 é 🚀", "größe 漢字 é 🚀"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("\x00\x07\x7f", "\\x00\\x07\\x7f"),
        ("\x85\x9b2J", "\\x85\\x9b2J"),
        ("\u202e\u2066\u061c\u200f", "\\u202e\\u2066\\u061c\\u200f"),
        ("\u200b\u200d\u2060\ufeff\u00ad", "\\u200b\\u200d\\u2060\\ufeff\\xad"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\ud800 \udc9b", "\\ud800 \\udc9b"),
        ("\ufe0f\u034f\u3164\u115f", "\\ufe0f\\u034f\\u3164\\u115f"),
        ("\U000e0041\U000e0100", "\\U000e0041\\U000e0100"),
        ("\ue000", "\\ue000"),
        ("", ""),
    ],
)
def test_safe(text: str, shown: str) -> None:
    assert safe(text) == shown


@given(ANY_TEXT)
def test_safe_text_is_one_visible_line_and_stays_what_it_is(text: str) -> None:
    shown = safe(text)
    assert all(unicodedata.category(char)[0] != "C" and unicodedata.category(char) not in ("Zl", "Zp") for char in shown)
    assert safe(shown) == shown
    shown.encode()  # no surrogate is left


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("漢字", 4), ("e\u0301", 1), ("ｆ", 2), ("", 0), ("a⃝", 1)])
def test_display_width(text: str, width: int) -> None:
    assert display_width(text) == width


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 80, ["one two three"]),
        ("one two", 3, ["one", "two"]),
        ("see /var/lib/kubelet/seccomp", 12, ["see /var/", "lib/kubelet/", "seccomp"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("漢字漢字", 5, ["漢字", "漢字"]),
        ("", 5, [""]),
        ("  ", 5, [""]),
    ],
)
def test_fold(text: str, room: int, lines: list[str]) -> None:
    assert fold(text, room) == lines


@given(SAFE_TEXT, st.integers(2, 40))
def test_fold_loses_nothing_and_keeps_to_the_room(text: str, room: int) -> None:
    lines = fold(text, room)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(display_width(line) <= room for line in lines)


def test_columns_are_in_the_shape_of_kubectl() -> None:
    rows = [("a", "long name", "x y"), ("bbbbbb", "b", "")]
    assert list(columns(rows, ("ONE", "TWO", "THREE"))) == [
        "ONE      TWO         THREE\n",
        "a        long name   x y\n",
        "bbbbbb   b\n",
    ]
    assert next(columns(rows, None)) == "a        long name   x y\n"
    assert list(columns([], ("ONE",))) == ["ONE\n"]
    assert list(columns([], None)) == []


def test_wide_characters_take_two_columns() -> None:
    assert list(columns([("漢字", "x"), ("abcd", "y"), ("%s", "z")], None)) == ["漢字   x\n", "abcd   y\n", "%s     z\n"]


def test_only_a_last_cell_may_be_endless() -> None:
    line = next(columns([("n" * 5000, "w" * 5000)], None))
    name, _, why = line.partition("   ")
    assert name == "n" * 252 + "…"
    assert why == "w" * 5000 + "\n"
    assert clip("abcdef", 4) == "abc…"
    assert clip("abcd", 4) == "abcd"


HEADS = ("SEVERITY", "NAME", "WHY")


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (None, ["SEVERITY   NAME   WHY", "high       web    one two three four five six"]),
        (46, ["SEVERITY   NAME   WHY", "high       web    one two three four five six"]),
        (40, ["SEVERITY   NAME   WHY", "high       web    one two three four", "                  five six"]),
        (36, ["SEVERITY   NAME", "           WHY", "high       web", "           one two three four five", "           six"]),
    ],
)
def test_the_last_column_wraps_under_itself_or_goes_below(width: int | None, lines: list[str]) -> None:
    row = ("high", "web", "one two three four five six")
    assert [line.rstrip("\n") for line in columns([row], HEADS, width)] == lines


def test_without_heads_the_first_row_still_tells_why() -> None:
    rows = [("high", "web", "because it is so"), ("low", "db", "and so it is")]
    assert list(columns(rows, None, 24)) == [
        "high   web\n", "       because it is so\n", "low    db\n", "       and so it is\n",
    ]  # fmt: skip


def test_long_names_stay_whole_in_a_narrow_table() -> None:
    heads = ("SEVERITY", "NAMESPACE", "WORKLOAD", "CONTAINER", "EFFECTIVE", "WHY")
    rows = [
        ("high", "kube-system", "deploy/a-controller-with-a-long-name", "c", "Unconfined", "nothing set"),
        ("low", "shop", "pod/x", "agent", "RuntimeDefault", "set on the pod"),
        ("-", "shop", "deploy/a-controller-with-a-very-very-very-very-long-name", "agent", "Localhost", "set"),
    ]
    assert "".join(columns(rows, heads, 72)) == (
        "SEVERITY   NAMESPACE     WORKLOAD             CONTAINER   EFFECTIVE\n"
        "           WHY\n"
        "high       kube-system   deploy/a-controller-with-a-long-name   c\n"
        "                                                          Unconfined\n"
        "           nothing set\n"
        "low        shop          pod/x                agent       RuntimeDefault\n"
        "           set on the pod\n"
        "-          shop\n"
        "           deploy/a-controller-with-a-very-very-very-very-long-name\n"
        "                                              agent       Localhost\n"
        "           set\n"
    )


@given(
    st.lists(st.tuples(SAFE_TEXT, SAFE_TEXT, SAFE_TEXT, SAFE_TEXT), min_size=1, max_size=5),
    st.one_of(st.none(), st.integers(1, 120)),
)
def test_a_table_of_anything_has_no_trailing_blanks(rows: list[tuple[str, ...]], width: int | None) -> None:
    for line in columns(rows, ("A", "B", "C", "WHY"), width):
        assert line.endswith("\n")
        assert not line.endswith(" \n")
        assert line.count("\n") == 1


def test_widths_only_grow_from_page_to_page() -> None:
    first = measure([("aaaa", "b")])
    assert first == [4, 1]
    assert measure([("a", "bb")], first) == [4, 2]
    assert list(lay([("a", "b")], [4, 1])) == ["a      b\n"]
