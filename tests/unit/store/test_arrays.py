import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.store.arrays import plain, texts

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


def read(literal: str) -> list[str | None]:
    """Read an array literal as PostgreSQL's manual describes it."""
    values: list[str | None] = []
    rest = literal[1:-1]
    while rest:
        if not rest.startswith('"'):
            word, _, rest = rest.partition(",")
            values.append(None if word == "NULL" else word)
            continue
        value, at = "", 1
        while rest[at] != '"':
            at += rest[at] == "\\"
            value += rest[at]
            at += 1
        values.append(value)
        rest = rest[at + 2 :]
    return values


@given(st.lists(st.none() | TEXT | st.sampled_from(["NULL", '"', "\\", ",", "{}", "N", '","', ""])))
def test_texts_are_read_back(values: list[str | None]) -> None:
    assert read(texts(values)) == values


@given(st.lists(TEXT, min_size=1), st.sampled_from(["\x00", "\x00N", "\x00,", "a\x00b"]))
def test_nul_is_refused(values: list[str], bad: str) -> None:
    with pytest.raises(ValueError, match="NUL"):
        texts([*values, bad])


def test_numbers_and_truth_values() -> None:
    assert plain([1, None, -(2**63)]) == "{1, NULL, -9223372036854775808}"
    assert plain((True, False, None)) == "{True, False, NULL}"
    assert plain([]) == texts([]) == "{}"
