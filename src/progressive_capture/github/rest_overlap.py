"""How far a walk by the newest updates has come in REST's list, and whether its next page joins; nothing is asked here.

What is deleted or hidden between two requests draws all that is behind it one place forward: the first of the page
after would slip onto the page before and never be listed. So each page reaches back to what was listed last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from progressive_capture.domain.overlap import OVERLAPS, ListPage, page_over
from progressive_capture.domain.planning import REST_PAGE

STRIDE: Final = 50
"""Places that the first step back takes; each one after it takes twice as many as the one before."""

MOST_STEPS: Final = 20
"""Steps back in one walk, after which each page is taken as it comes.

The order among equal times is GitHub's own affair. Were it another at each request, a walk through more of them than a
page holds would step back at nearly each.
"""

MOST_ALIKE: Final = 300
"""Pull requests of one time whose ids a cursor holds; of more, some are listed again."""


class Listed(NamedTuple):
    """A pull request in the list."""

    id: int
    updated_at: str


class Edge(NamedTuple):
    """What a walk listed last: the time of that, and all that it listed of this time."""

    updated_at: str
    ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a walk has come: all that a cursor tells, so that a page can be asked for while another is stored."""

    passed: int = 0
    """Places of the list behind which the walk goes on."""
    edge: Edge | None = None
    """None before the first page, and where the cursor is but a page's number."""
    steps: int = 0
    """How often the walk has stepped back."""
    tries: int = 0
    """How often it did so from here, and found no news: the page after has more in common with those before it."""
    stride: int = STRIDE
    """Places that the next step back takes, more after each in a row; no part of the cursor."""

    @classmethod
    def of(cls, cursor: str | None) -> "Reached":
        """Read a cursor, also one that is the number of a page of a hundred."""
        if cursor is None:
            return cls()
        if cursor.isdecimal():
            return cls((int(cursor) - 1) * REST_PAGE)
        passed, steps, tries, updated_at, ids = cursor.split()
        edge = Edge(updated_at, frozenset(map(int, ids.split(","))))
        return cls(int(passed), edge, int(steps), int(tries))

    def cursor(self) -> str:
        """Write the cursor."""
        if self.edge is None:
            return str(self.passed // REST_PAGE + 1)
        ids = ",".join(map(str, sorted(self.edge.ids)))
        return f"{self.passed} {self.steps} {self.tries} {self.edge.updated_at} {ids}"

    def page(self) -> ListPage:
        """The page to ask for: over the edge, where there is one."""
        if self.edge is None:
            return ListPage(self.passed // REST_PAGE + 1, REST_PAGE)
        return page_over(self.passed, OVERLAPS[min(self.tries, len(OVERLAPS) - 1)])

    def news(self, page: ListPage, rows: Sequence[Listed]) -> list[int] | None:
        """Which of a page's rows are news, by their places on it; None where some may have slipped by before them.

        None has slipped by where the page begins with one newer than the edge: what was behind the edge and stayed as
        it was still is. Nor where it holds the edge, but among equal times, if GitHub gives them another order now.
        What is newer than the edge was listed, or has been updated since, which the next capture will see.
        """
        if self.edge is None:
            return list(range(len(rows)))
        time, ids = self.edge
        if not self._joins(page, rows, time, ids):
            return None
        return [place for place, row in enumerate(rows) if row.updated_at <= time and row.id not in ids]

    def _joins(self, page: ListPage, rows: Sequence[Listed], time: str, ids: frozenset[int]) -> bool:
        if page.begin == 0 or self.steps >= MOST_STEPS or self.tries >= len(OVERLAPS):
            return True
        return any(row.id in ids for row in rows) or bool(rows and rows[0].updated_at > time)

    def stepped_back(self) -> "Reached":
        """Begin again before a page that did not join."""
        return replace(self, passed=max(0, self.passed - self.stride), steps=self.steps + 1, stride=2 * self.stride)

    def beyond(self, page: ListPage, rows: Sequence[Listed], news: Sequence[int]) -> "Reached":
        """Go on behind a page; one without news leaves the edge where it was."""
        if not news:
            return Reached(page.end, self.edge, self.steps, self.tries + (self.stride > STRIDE))
        last = rows[news[-1]].updated_at
        ids = frozenset(row.id for row in rows if row.updated_at == last)
        if self.edge is not None and self.edge.updated_at == last and len(self.edge.ids) < MOST_ALIKE:
            ids |= self.edge.ids
        return Reached(page.end, Edge(last, ids), self.steps)
