"""Pages by number, and the Link header that leads through them; never knows what is listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

T = TypeVar("T")
DEFAULT_PER_PAGE = 30
MAX_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Which page is asked for: `number` from 1, `size` at most 100."""

    number: int
    size: int

    @property
    def start(self) -> int:
        """Give the position of the first item."""
        return (self.number - 1) * self.size

    def of(self, items: Sequence[T]) -> Sequence[T]:
        """Cut the page out of all items."""
        return items[self.start : self.start + self.size]


def page_of(query: dict[str, str]) -> Page:
    """Read `page` and `per_page`; what is no number, or out of range, counts as GitHub counts it."""
    size = _number(query.get("per_page"), DEFAULT_PER_PAGE)
    return Page(max(1, _number(query.get("page"), 1)), min(MAX_PER_PAGE, size) if size > 0 else DEFAULT_PER_PAGE)


def link(address: str, query: str, page: Page, total: int) -> dict[str, str]:
    """Write the Link header for `address` with the client's own `query`; nothing when all fits on one page.

    https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
    """
    last = max(1, -(-total // page.size))
    wanted = {"prev": page.number - 1, "next": page.number + 1, "last": last, "first": 1}
    if page.number <= 1:
        del wanted["prev"], wanted["first"]
    if page.number >= last:
        del wanted["next"], wanted["last"]
    if not wanted:
        return {}
    pairs = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "page"]
    parts = [f'<{address}?{urlencode([*pairs, ("page", number)])}>; rel="{rel}"' for rel, number in wanted.items()]
    return {"link": ", ".join(parts)}


def _number(text: str | None, default: int) -> int:
    try:
        return int(text) if text else default
    except ValueError:
        return default
