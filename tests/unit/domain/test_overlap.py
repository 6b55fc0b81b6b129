"""Pages that reach back over the one before: where they lie, and how many a list takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.overlap import OVERLAPS, ListPage, overlapping_pages, page_over


@given(passed=st.integers(100, 2_000_000))
def test_a_page_begins_before_the_edge_and_brings_at_least_50_more(passed: int) -> None:
    page = page_over(passed)
    assert page.begin <= passed - OVERLAPS[0]
    assert page.end >= passed + 50
    assert 50 <= page.size <= 100


@given(passed=st.integers(100, 2_000_000), size=st.integers(1, 100))
def test_no_page_over_the_edge_reaches_further_or_as_far_with_less_in_common(passed: int, size: int) -> None:
    page, other = page_over(passed), ListPage((passed - OVERLAPS[0]) // size + 1, size)
    assert (page.end, page.begin) >= (other.end, other.begin)


@given(passed=st.integers(100, 2_000_000), overlap=st.sampled_from(OVERLAPS))
def test_a_page_with_more_in_common_still_brings_some(passed: int, overlap: int) -> None:
    page = page_over(passed, overlap)
    assert page.begin <= passed - overlap
    assert page.end > passed


def test_the_first_page_is_a_full_one() -> None:
    assert page_over(0) == page_over(99) == ListPage(1, 100)


@pytest.mark.parametrize(
    ("listed", "pages"),
    [(0, 0), (1, 1), (100, 1), (101, 2), (192, 2), (193, 3), (460, 6), (1_000, 12), (10_000, 118)],
)
def test_how_many_pages_a_list_takes(listed: int, pages: int) -> None:
    assert overlapping_pages(listed) == pages
