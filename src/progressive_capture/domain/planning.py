"""How much to ask of GitHub in one query: sizes from the price model, corrected by what answers report; no I/O."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from progressive_capture.domain.kinds import CONNECTIONS, INDEX_KINDS, Kind

LOOKUPS_NEAREST: Final = 149
"""Look-ups that still cost one point: GitHub divides them by 100 and rounds to the nearest whole number, at least 1.
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api"""

LOOKUPS_UP: Final = 100
"""The same were GitHub to round up; the reported cost tells which holds."""

REST_PAGE: Final = 100
"""Items on a REST page. https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api"""

IDS_IN_A_LIST: Final = 100
"""Ids that one `nodes(ids:)` takes."""

GROW_AFTER: Final = 8
"""Good answers in a row before a shrunken page grows again."""


class Operation(StrEnum):
    """What is asked of GitHub; sizes and fallbacks are remembered per operation."""

    LOOK_UP = "look-up"
    INDEX = "index"
    NUMBERS = "numbers"
    HYDRATE = "hydrate"
    FOLLOW_UP = "follow-up"
    FILES = "files"


@dataclass(slots=True)
class PriceModel:
    """How many look-ups one point buys, learnt from the answers.

    It begins with rounding to the nearest and turns to rounding up when a query of 101 to 149 look-ups is reported
    to cost 2; a cheaper report turns it back.
    """

    lookups: int = LOOKUPS_NEAREST

    def observe(self, lookups: int, cost: int | None) -> None:
        """Learn from one answer: the look-ups that were asked for and the points that GitHub says they cost."""
        if cost is None or not LOOKUPS_UP < lookups <= LOOKUPS_NEAREST:
            return
        self.lookups = LOOKUPS_NEAREST if cost <= 1 else LOOKUPS_UP


@dataclass(slots=True)
class PageSize:
    """Items to ask for in one query of one operation, at most `ceiling`: halved when too heavy, grown back slowly."""

    allowed: int = LOOKUPS_NEAREST
    """What the last failures left; the price model may ask for less."""
    good: int = 0
    refused: int | None = None
    """The smallest size that was too heavy of late: never asked for again until growth has earned it."""

    def current(self, ceiling: int) -> int:
        """The size to ask for now, from 1."""
        return max(1, min(self.allowed, ceiling))

    def succeeded(self, ceiling: int) -> None:
        """Count a good answer; after `GROW_AFTER` of them ask for a quarter more, but below what was refused."""
        if self.allowed >= ceiling:
            self.good = 0
            return
        self.good += 1
        if self.good < GROW_AFTER:
            return
        self.good = 0
        grown = self.allowed + max(1, self.allowed // 4)
        if self.refused is not None and grown >= self.refused:
            grown = max(self.allowed, self.refused - 1)
            self.refused = None
        self.allowed = grown if grown < ceiling else LOOKUPS_NEAREST

    def too_heavy(self, asked: int) -> None:
        """Halve after a query of `asked` items was too heavy, so that the same one is never sent twice."""
        self.good = 0
        self.refused = asked if self.refused is None else min(self.refused, asked)
        self.allowed = max(1, asked // 2)


@dataclass(slots=True)
class Sizes:
    """The page size of every GraphQL operation for one repository."""

    kinds: frozenset[Kind]
    prices: PriceModel = field(default_factory=PriceModel)
    pages: dict[Operation, PageSize] = field(default_factory=dict)

    def ceiling(self, operation: Operation) -> int:
        """The most items that one point buys: pull requests, or look-ups for a follow-up."""
        if operation is Operation.HYDRATE:
            return min(IDS_IN_A_LIST, self.prices.lookups // max(1, self.connections))
        if operation is Operation.INDEX:
            return min(IDS_IN_A_LIST, (self.prices.lookups - 1) // len(INDEX_KINDS))
        if operation is Operation.NUMBERS:
            return min(IDS_IN_A_LIST, self.prices.lookups // len(INDEX_KINDS))
        return self.prices.lookups

    @property
    def connections(self) -> int:
        """Flat connections of one hydrated pull request: thread comments need their threads."""
        threads = bool(self.kinds & {Kind.REVIEW_THREADS, Kind.REVIEW_COMMENTS})
        others = sum(kind in self.kinds for kind in CONNECTIONS if kind is not Kind.REVIEW_THREADS)
        return others + threads

    def size(self, operation: Operation) -> int:
        """How many items to ask for now."""
        ceiling = self.ceiling(operation)
        return self._page(operation).current(ceiling)

    def succeeded(self, operation: Operation, lookups: int, cost: int | None) -> None:
        """Learn from a good answer."""
        self.prices.observe(lookups, cost)
        self._page(operation).succeeded(self.ceiling(operation))

    def too_heavy(self, operation: Operation, asked: int) -> None:
        """Learn from a query that GitHub could not finish."""
        self._page(operation).too_heavy(asked)

    def restore(self, remembered: dict[str, int]) -> None:
        """Begin with the sizes that were found for this repository before; 0 stands for the full size."""
        for operation in Operation:
            if size := remembered.get(operation.value, 0):
                self.pages[operation] = PageSize(allowed=size)

    def remembered(self) -> dict[str, int]:
        """The sizes worth remembering, 0 where nothing had to be shrunk."""
        return {
            operation.value: page.allowed if page.allowed < self.ceiling(operation) else 0
            for operation, page in self.pages.items()
        }

    def _page(self, operation: Operation) -> PageSize:
        return self.pages.setdefault(operation, PageSize())
