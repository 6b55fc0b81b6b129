"""Pages that reach back over the one before: where they lie, and how many a list takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.overlap import ListPage, overlapping_pages, page_over


@given(passed=st.integers(1, 2_000_000))
def test_a_page_begins_before_the_edge_and_brings_at_least_49_more(passed: int) -> None:
    page = page_over(passed)
    assert page.begin <= passed - 1
    assert page.end >= passed + 49
    assert 50 <= page.size <= 100


@given(passed=st.integers(1, 2_000_000), size=st.integers(1, 100))
def test_no_page_over_the_edge_reaches_further_or_as_far_with_less_in_common(passed: int, size: int) -> None:
    page, other = page_over(passed), ListPage((passed - 1) // size + 1, size)
    assert (page.end, page.begin) >= (other.end, other.begin)


def test_the_first_page_is_a_full_one() -> None:
    assert page_over(0) == ListPage(1, 100)


@pytest.mark.parametrize(
    ("listed", "pages"),
    [(0, 0), (1, 1), (100, 1), (101, 2), (198, 2), (199, 3), (480, 5), (481, 6), (1_000, 11), (10_000, 114)],
)
def test_how_many_pages_a_list_takes(listed: int, pages: int) -> None:
    assert overlapping_pages(listed) == pages
