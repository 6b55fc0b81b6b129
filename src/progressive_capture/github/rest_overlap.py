"""How far a walk by the newest updates has come in REST's list, and whether its next page joins; nothing is asked here.

What is deleted or hidden between two requests draws all that is behind it one place forward: the first of the page
after would slip onto the page before and never be listed. So each page reaches back to what was listed last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from progressive_capture.domain.overlap import ListPage, page_over
from progressive_capture.domain.planning import REST_PAGE

STRIDE: Final = 50
"""Places that the first step back takes; each one after it takes twice as many as the one before."""

MOST_STEPS: Final = 20
"""Steps back in one walk, after which each page is taken as it comes.

The order among equal times is GitHub's own affair. Were it another at each request, a walk through more of them than a
page holds would never find where it was, and not end.
"""


class Listed(NamedTuple):
    """A pull request in the list."""

    id: int
    updated_at: str


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a walk has come: all that a cursor tells, so that a page can be asked for while another is stored."""

    passed: int = 0
    """Places of the list behind which the walk goes on."""
    edge: Listed | None = None
    """The last one listed, as it was then; None before the first, and where the cursor is but a page's number."""
    steps: int = 0
    """How often the walk has stepped back."""
    stride: int = STRIDE
    """Places that the next step back takes; no part of the cursor."""

    @classmethod
    def of(cls, cursor: str | None) -> "Reached":
        """Read a cursor, also one that is the number of a page of a hundred."""
        if cursor is None:
            return cls()
        if cursor.isdecimal():
            return cls((int(cursor) - 1) * REST_PAGE)
        passed, steps, identifier, updated_at = cursor.split()
        return cls(int(passed), Listed(int(identifier), updated_at), int(steps))

    def cursor(self) -> str:
        """Write the cursor."""
        if self.edge is None:
            return str(self.passed // REST_PAGE + 1)
        return f"{self.passed} {self.steps} {self.edge.id} {self.edge.updated_at}"

    def page(self) -> ListPage:
        """The page to ask for: over the edge, where there is one."""
        return ListPage(self.passed // REST_PAGE + 1, REST_PAGE) if self.edge is None else page_over(self.passed)

    def known(self, page: ListPage, rows: Sequence[Listed]) -> int | None:
        """How many of a page's first rows are no news; None where others may have slipped by unseen before them.

        Nothing has slipped by where the edge is on the page, or the page begins with a newer one: what was behind the
        edge and stayed as it was still is. What is newer than the edge was listed, or has been updated since, which
        the next capture will see.
        """
        if self.edge is None:
            return 0
        edge = self.edge
        newer = next((place for place, row in enumerate(rows) if row.updated_at <= edge.updated_at), len(rows))
        through = next((place for place, row in enumerate(rows, 1) if row.id == edge.id), 0)
        joins = newer or through or page.begin == 0 or self.steps >= MOST_STEPS
        return max(newer, through) if joins else None

    def stepped_back(self) -> "Reached":
        """Begin again before a page that did not join."""
        return replace(self, passed=max(0, self.passed - self.stride), steps=self.steps + 1, stride=2 * self.stride)

    def beyond(self, page: ListPage, rows: Sequence[Listed], known: int) -> "Reached":
        """Go on behind a page; one without news leaves the edge where it was."""
        return Reached(page.end, rows[-1] if len(rows) > known else self.edge, self.steps)
