"""Bodies into values: the detour for unclean text gives the same as the fast way, and nothing unstorable."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.github.mending import MOST_HOLES, mend
from progressive_capture.github.payload import Shape, UnreadableError, clean, read_loosely


class Box(msgspec.Struct):
    text: str
    more: list["Box | None"] = []


SHAPE = Shape[Box](Box)

texts = st.text(st.characters(codec=None))
boxes = st.recursive(
    st.fixed_dictionaries({"text": texts}),
    lambda inner: st.fixed_dictionaries({"text": texts, "more": st.lists(inner | st.none(), max_size=3)}),
    max_leaves=6,
)


@given(boxes)
def test_every_text_that_json_can_carry_comes_out_storable(box: dict[str, Any]) -> None:
    read = msgspec.to_builtins(SHAPE.read(json.dumps(box).encode()))
    assert read["text"] == clean(box["text"])
    for text in texts_in(read):
        assert "\x00" not in text
        assert text.encode("utf-8").decode() == text


def texts_in(box: dict[str, Any]) -> list[str]:
    return [box["text"], *(text for inner in box["more"] if inner for text in texts_in(inner))]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb'{"text":"a\u0000b"}', "a\ufffdb"),
        (rb'{"text":"a\ud800b"}', "a\ufffdb"),
        (rb'{"text":"a\udc00\ud800b"}', "a\ufffd\ufffdb"),
        (rb'{"text":"\ud83d\ude00"}', "\U0001f600"),
        (rb'{"text":"\ud83d\ude00\u0000"}', "\U0001f600\ufffd"),
        (rb'{"text":"C:\\u0000"}', "C:\\u0000"),
        (b'{"text":"a\x00b\x01"}', "a\ufffdb\x01"),
        (b'{"text":"a\xffb"}', "a\ufffdb"),
    ],
)
def test_what_no_database_takes_is_replaced(body: bytes, text: str) -> None:
    assert SHAPE.read(body) == Box(text)


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"text":1}', b"[]", b'{"text":"\\u0000"', b'{"text":"\\u0000","more":1}']
)
def test_a_body_of_another_form_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        SHAPE.read(body)


def test_depths_that_no_stack_bears_are_unreadable() -> None:
    with pytest.raises(UnreadableError):
        read_loosely(b"[" * 100_000)


def test_keys_are_cleaned_too() -> None:
    assert clean({"a\x00": [{"b": "\ud800"}, 1, None]}) == {"a\ufffd": [{"b": "\ufffd"}, 1, None]}


class Row(msgspec.Struct):
    id: int
    name: str


class Table(msgspec.Struct):
    rows: list[Row | None]
    note: str | None


values = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.none(), max_size=1)
rows = st.fixed_dictionaries({}, optional={"id": values, "name": values}) | values


@given(st.lists(rows, max_size=8), values)
def test_good_rows_survive_bad_ones(given_rows: list[Any], note: Any) -> None:
    """Null takes the place of each bad row; good ones stay where they are, and each hole is named."""
    good = {
        place: row
        for place, row in enumerate(given_rows)
        if isinstance(row, dict) and isinstance(row.get("id"), int) and isinstance(row.get("name"), str)
    }
    table, holes = mend({"rows": [*given_rows], "note": note}, Table)
    assert len(table.rows) == len(given_rows)
    for place, row in enumerate(table.rows):
        assert (row is not None) == (place in good)
        if row is None and given_rows[place] is not None:
            assert ("rows", place) in holes
    assert table.note == (note if isinstance(note, str) else None)


def test_a_value_with_nothing_right_is_unreadable() -> None:
    for value in (5, {}, {"rows": None, "note": ""}, {"rows": [1] * (MOST_HOLES + 1), "note": None}):
        with pytest.raises(UnreadableError):
            mend(value, Table)
