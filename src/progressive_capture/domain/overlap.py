"""Pages of a list by number that reach back over the one before them, and how many of those a list takes; no I/O."""

from typing import Final, NamedTuple

from progressive_capture.domain.planning import REST_PAGE

SMALLEST: Final = 50
"""Items on the smallest page that is thought of: another never reaches further than one of these."""


class ListPage(NamedTuple):
    """A page as REST is asked for it: its number, from 1, among pages of one size."""

    number: int
    size: int

    @property
    def begin(self) -> int:
        """The places of the list before it."""
        return (self.number - 1) * self.size

    @property
    def end(self) -> int:
        """The places of the list before it and on it."""
        return self.number * self.size


def page_over(passed: int) -> ListPage:
    """The page that begins before the last of the places `passed`, and of those the one that reaches furthest.

    Pages of one size lie end to end; only those of another begin elsewhere. In lists of up to two million the page
    brings at least 49 places more; a walk gains 87 with each on average. To go as far as possible each time takes the
    fewest pages: whatever page can be had from a place can be had from each further on.
    """
    if passed <= 0:
        return ListPage(1, REST_PAGE)
    pages = [ListPage((passed - 1) // size + 1, size) for size in range(SMALLEST, REST_PAGE + 1)]
    return max(pages, key=lambda page: page.end)  # Of those that end together it takes the first, so the smallest.


def overlapping_pages(listed: int) -> int:
    """How many such pages list so many: as many as without overlap up to 480, later one in seven more."""
    passed = pages = 0
    while passed < listed:
        passed, pages = page_over(passed).end, pages + 1
    return pages
