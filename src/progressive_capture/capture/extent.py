"""How far a capture would have to go: what it would list and read of what GitHub has now; nothing is stored."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from progressive_capture.capture.run import asked, must
from progressive_capture.capture.session import Tools
from progressive_capture.capture.wanted import OVERLAP_SECONDS, to_read
from progressive_capture.domain.kinds import INDEX_KINDS, Source
from progressive_capture.domain.planning import REST_PAGE, Operation, Sizes
from progressive_capture.domain.records import IndexRow
from progressive_capture.domain.scope import Scope, SourceChoice, earlier, moment, stamp
from progressive_capture.github.results import IndexPage, Order, RepoRef
from progressive_capture.store import index, repositories

PAGES: Final = 5
"""Pages of the list that are looked at one by one; where they do not reach is found by halving."""

POINTS: Final = 2
"""Points after which no more of the list is looked at by GraphQL."""

DOING: Final = "looking at what changed last"


@dataclass(frozen=True, slots=True)
class Extent:
    """Pull requests that a capture would list, and read."""

    listed: int
    hydrated: int
    some: tuple[int, ...] = ()
    """Numbers of some of those to read, where they are known."""
    assumptions: tuple[str, ...] = ()
    by_updates: bool = False
    """They are listed by the newest updates."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What is stored of the repository."""

    watermark: str | None
    stamps: dict[int, str]
    """`updated_at` of all that is listed, by number."""
    stale: frozenset[int]

    @property
    def fresh(self) -> set[int]:
        """Listed, and read as they were listed."""
        return self.stamps.keys() - self.stale

    def is_fresh(self, row: IndexRow) -> bool:
        """Whether a pull request need not be read as the list shows it now."""
        return self.stamps.get(row.number) == row.updated_at and row.number not in self.stale


@dataclass(slots=True)
class _Look:
    """The newest updates, as far as they were looked at."""

    rows: list[IndexRow] = field(default_factory=list)
    pages: int = 0
    points: int = 0
    is_whole: bool = False
    """They reach as far back as the walk will go."""


async def extent(tools: Tools, repo: RepoRef, scope: Scope, total: int, sizes: Sizes) -> Extent:
    """Find out what a capture of `scope` would list and read; of `total` pull requests.

    Costs at most 3 points, or about fifteen requests by REST.

    Raises:
        CaptureFailed: GitHub refused.
    """
    now = stamp(tools.clock())
    held = await asyncio.to_thread(_held, tools, repo, scope, now)
    if scope.numbers:
        return await _by_number(tools, repo, scope, sizes, held)
    floor = earlier(held.watermark, OVERLAP_SECONDS) if held.watermark else scope.updated_after(now)
    if held.watermark is None and not scope.is_narrowed:
        return Extent(total, max(0, total - len(held.fresh)) if _hydrates(scope) else 0)
    source = Source.GRAPHQL if scope.source is SourceChoice.GRAPHQL else Source.REST
    walk = _Walk(tools, repo, source, total, sizes)
    look = await walk.look(floor, scope.limit)
    if scope.limit is not None:
        reach, above = min(scope.limit, total), 0
        look.rows = look.rows[: scope.limit]
    else:
        reach = total if floor is None else await walk.updated_since(look, floor)
        above = 0 if scope.updated_to is None else await walk.updated_since(look, scope.updated_to, after=True)
    listed = min(total, reach if scope.limit is not None else reach + 1)
    some, hydrated = _read(held, look, reach - above, floor, scope.updated_to) if _hydrates(scope) else ([], 0)
    return Extent(listed, hydrated, tuple(some), tuple(walk.assumptions), by_updates=True)


def _read(held: _Held, look: _Look, within: int, floor: str | None, until: str | None) -> tuple[list[int], int]:
    """What is to be read of `within` pull requests in a span: those seen that are not fresh, and how many in all."""

    def is_within(at: str) -> bool:
        return (floor is None or at >= floor) and (until is None or at <= until)

    seen = {row.number for row in look.rows}
    inside = [row for row in look.rows if is_within(row.updated_at)]
    judged = look.rows if held.watermark else inside
    changed = [row.number for row in judged if not held.is_fresh(row)]
    others = held.stamps.keys() - seen
    unseen = max(0, within - len(inside))
    newest = sorted(filter(is_within, map(held.stamps.__getitem__, others)), reverse=True)[:unseen]
    oldest = newest[-1] if newest else ""
    known = sum(is_within(held.stamps[number]) and held.stamps[number] >= oldest for number in others & held.fresh)
    below = sum(not is_within(held.stamps[number]) for number in others - held.fresh) if held.watermark else 0
    return changed, len(changed) + max(0, unseen - known) + below


async def _by_number(tools: Tools, repo: RepoRef, scope: Scope, sizes: Sizes, held: _Held) -> Extent:
    """Look the first up by number, where that is cheap; of the others believe what is stored."""
    wanted = scope.numbers
    changed = [number for number in wanted if number not in held.fresh]
    if scope.source is not SourceChoice.REST and not tools.api.anonymous:
        batch = wanted[: sizes.size(Operation.NUMBERS)]
        page = must(await asked(tools, lambda: tools.api.list_numbers(repo, batch, Source.GRAPHQL)), DOING)
        sizes.prices.observe(page.lookups, page.cost)
        seen = [row.number for row in page.records.index if not held.is_fresh(row)]
        changed = [*seen, *(number for number in changed if number not in set(batch))]
    return Extent(len(wanted), len(changed) if _hydrates(scope) else 0, tuple(changed))


class _Walk:
    """The list by newest update, of which as little as possible is asked for."""

    def __init__(self, tools: Tools, repo: RepoRef, source: Source, total: int, sizes: Sizes) -> None:
        self.tools, self.repo, self.source, self.total, self.sizes = tools, repo, source, total, sizes
        self.assumptions: list[str] = []

    async def look(self, floor: str | None, limit: int | None) -> _Look:
        """Look at the first pages, down to `floor` or as many as `limit` where that comes first."""
        look, cursor = _Look(), None
        while not look.is_whole and look.pages < PAGES and look.points < POINTS:
            page = await self._page(cursor)
            look.rows += page.records.index
            look.pages += 1
            look.points += page.cost or 0
            cursor = page.next_cursor
            reached = floor is not None and any(row.updated_at < floor for row in page.records.index)
            look.is_whole = cursor is None or reached or (limit is not None and len(look.rows) >= limit)
        return look

    async def updated_since(self, look: _Look, at: str, *, after: bool = False) -> int:
        """How many pull requests were updated at a time or later; `after`: later."""
        found = _count(look.rows, at, after=after)
        if look.is_whole or found < len(look.rows):
            return found
        if self.source is Source.REST:
            return await self._halved(len(look.rows) // REST_PAGE + 1, at, after=after)
        return self._extrapolated(look.rows, at)

    async def _halved(self, low: int, at: str, *, after: bool) -> int:
        """Find the page of the list on which a time lies; REST's pages have numbers."""
        high = max(low, math.ceil(self.total / REST_PAGE))
        while low < high:
            middle = (low + high) // 2
            rows = (await self._page(str(middle))).records.index
            if _count(rows, at, after=after) < len(rows) or not rows:
                high = middle
            else:
                low = middle + 1
        rows = (await self._page(str(low))).records.index
        return min(self.total, (low - 1) * REST_PAGE + _count(rows, at, after=after))

    def _extrapolated(self, rows: Sequence[IndexRow], at: str) -> int:
        """Believe that updates were as frequent before those seen as among them."""
        self.assumptions.append(f"updates as frequent as among the last {len(rows):,}")
        newest, oldest = moment(rows[0].updated_at), moment(rows[-1].updated_at)
        span = max(1.0, (newest - oldest).total_seconds())
        return min(self.total, round(len(rows) * (newest - moment(at)).total_seconds() / span))

    async def _page(self, cursor: str | None) -> IndexPage:
        size = REST_PAGE if self.source is Source.REST else self.sizes.size(Operation.INDEX)
        tools = self.tools
        page = must(
            await asked(
                tools,
                lambda: tools.api.list_pull_requests(self.repo, Order.UPDATED_DESC, cursor, self.source, size),
            ),
            DOING,
        )
        self.sizes.prices.observe(page.lookups, page.cost)
        return page


def _count(rows: Sequence[IndexRow], at: str, *, after: bool) -> int:
    return sum(row.updated_at > at if after else row.updated_at >= at for row in rows)


def _hydrates(scope: Scope) -> bool:
    return bool(scope.kinds - INDEX_KINDS)


def _held(tools: Tools, repo: RepoRef, scope: Scope, now: str) -> _Held:
    with tools.database.reading() as connection:
        stored = repositories.get(connection, tools.host_id, repo.id)
        watermark = stored.watermark if scope.moves_watermark and not scope.full else None
        if not _hydrates(scope):
            return _Held(watermark, {}, frozenset())
        stale = to_read(
            connection,
            tools.host_id,
            repo.id,
            replace(scope, limit=None, since_days=None, updated_from=None, updated_to=None, numbers=()),
            started_at=now,
            only_rest=scope.source is SourceChoice.REST or tools.api.anonymous,
            is_incremental=watermark is not None,
        )
        return _Held(watermark, index.stamps(connection, tools.host_id, repo.id), frozenset(stale))
