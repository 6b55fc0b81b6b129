"""The first phase of a capture: walk the list of pull requests, store it, and share out what is stale."""

import asyncio
import math
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple

from msgspec.structs import replace

from progressive_capture.capture import lookup, unlisted
from progressive_capture.capture.ahead import ask_while_storing
from progressive_capture.capture.checkpoint import Checkpoint, Spec, Walk, encode
from progressive_capture.capture.index_pages import first_of, joined, judged_rows
from progressive_capture.capture.report import Progress
from progressive_capture.capture.room import A_POINT, WORTH_WAITING, with_room
from progressive_capture.capture.session import Answered, NoAnswer, Session, failure
from progressive_capture.capture.wanted import OVERLAP_SECONDS, to_read
from progressive_capture.domain.forecast import Counts, forecast
from progressive_capture.domain.jobs import Figures
from progressive_capture.domain.kinds import INDEX_KINDS, Source
from progressive_capture.domain.planning import REST_PAGE, Operation
from progressive_capture.domain.records import Records
from progressive_capture.domain.routing import SHARD_ITEMS
from progressive_capture.domain.scope import SourceChoice, earlier
from progressive_capture.github.outcomes import Broken, Missing, Page, Partial, TooHeavy
from progressive_capture.github.results import FollowUpPage, IndexPage, LookUp, Order
from progressive_capture.store import index, jobs, repositories
from progressive_capture.store.database import Connection
from progressive_capture.store.recount import unsound_numbers
from progressive_capture.store.staleness import Filters

REST_RESERVE: Final = 10
"""With fewer requests left, a list by REST would soon have to wait for the next hour."""

SHARD_MIN: Final = 300
"""Sharing out fewer would cost more in half-full queries than it saves in time."""


class Listed(NamedTuple):
    """An answer of the list."""

    answer: Answered[IndexPage]
    size: int
    """How many pull requests were asked for."""


class Index:
    """The walk over one repository's pull requests, resumable at each page.

    While a page of the list is being stored the next one is already asked for.
    """

    def __init__(self, session: Session) -> None:
        """Take the session of shard 0."""
        self.session = session
        self.ahead: asyncio.Task[Listed] | None = None

    async def finish(self) -> None:
        """Walk on from the checkpoint until the list has passed, then write the shards that hydrate it.

        Raises:
            Pause: time is up, a limit ends too late, or GitHub refused for good.
        """
        while True:
            walk = self.session.checkpoint.walk
            if walk is not None and walk.passed:
                return
            if walk is not None and walk.read_again_to is not None:
                await self._page_again(walk)
            elif self.session.scope.numbers:
                await self._numbers_page(walk)
            else:
                await self._list_page(walk)

    async def _list_page(self, walk: Walk | None) -> None:
        session = self.session
        if walk is None:
            walk = await asyncio.to_thread(self._new_walk)
        elif walk.second and walk.cursor is None and not walk.counted_at:
            await self._count_again(walk)
        ahead, self.ahead = self.ahead, None
        answer, size = await (ahead or self._ask(walk))
        if isinstance(answer, TooHeavy) and walk.source is Source.GRAPHQL and size > 1:
            session.sizes.too_heavy(Operation.INDEX, size)
            return
        if not isinstance(answer, Page | Partial):
            self._restart(walk, answer)
            return
        page = answer.data
        if walk.source is Source.GRAPHQL:
            session.sizes.succeeded(Operation.INDEX, page.lookups, page.cost)
        last = self._is_last(walk, page)
        if session.scope.limit is not None:
            page = first_of(page, session.scope.limit - walk.listed)
        whole = await self._whole(page)
        if last:
            await self._store(walk, whole, last=True)
        else:
            await self._store_and_ask(walk, whole)

    async def _count_again(self, walk: Walk) -> None:
        """Ask how many there are before the second walk: some may have vanished, or been opened, since the first."""
        found = await lookup.look_again(self.session, self.session.repo.owner_name)
        walk.total, walk.newest = found.row.pull_requests_total, found.newest
        walk.counted_at = found.counted_at or found.requested_at

    async def _ask(self, walk: Walk) -> Listed:
        session = self.session
        size = REST_PAGE if walk.source is Source.REST else session.sizes.size(Operation.INDEX)
        order = Order.UPDATED_DESC if walk.updated_order else Order.CREATED_ASC
        api = session.tools.api
        call = partial(api.list_pull_requests, session.repo, order, walk.cursor, walk.source, size)
        if walk.source is Source.REST and session.fallback.can_fall_back() and not session.trouble.graphql_list_broke:
            call = partial(with_room, call, session.tools.clock, self._patience(walk))
        return Listed(await session.ask(call), size)

    def _patience(self, walk: Walk) -> timedelta:
        """How long to wait for REST rather than list by GraphQL, at points, what is listed already."""
        queries = walk.listed // self.session.sizes.size(Operation.INDEX)
        return max(WORTH_WAITING, queries * A_POINT)

    async def _store_and_ask(self, walk: Walk, page: IndexPage) -> None:
        """Store a page that is not the last while the one after it is asked for."""
        following = replace(walk, cursor=page.next_cursor)
        self.session.has_page = True
        self.ahead, _ = await ask_while_storing(self._ask(following), self._store(walk, page, last=False))

    async def _whole(self, page: IndexPage) -> IndexPage:
        """Fetch the labels, assignees and reviewers that the page cut off; what GitHub cannot give breaks its kind."""
        session = self.session
        numbers = {row.pull_request_id: row.number for row in page.records.index}
        while owed := [reading for reading in page.readings if reading.cursor is not None]:
            lookups = [
                LookUp(each.pull_request_id, numbers[each.pull_request_id], each.node_id, each.kind, each.cursor)
                for each in owed[: session.sizes.size(Operation.FOLLOW_UP)]
            ]
            answer = await session.ask(partial(session.tools.api.follow_up, session.repo, lookups))
            if isinstance(answer, TooHeavy) and len(lookups) > 1:
                session.sizes.too_heavy(Operation.FOLLOW_UP, len(lookups))
            elif isinstance(answer, TooHeavy) or (isinstance(answer, Broken) and answer.cursor_lost):
                nothing = FollowUpPage(Records(), [], [], page.requested_at, Source.GRAPHQL)
                page = joined(page, nothing, lookups)
            elif isinstance(answer, Page | Partial):
                page = joined(page, answer.data, lookups)
            else:
                raise failure(answer, "reading further labels, assignees and reviewers")
        return page

    async def _numbers_page(self, walk: Walk | None) -> None:
        wanted = self.session.scope.numbers
        source, size = self._numbers_way()
        begin = walk.listed if walk else 0
        batch = wanted[begin : begin + size]
        page = await self._looked_up(batch, source, each=True)
        if page is None:
            return
        if isinstance(page, Broken):
            raise failure(page, "looking pull requests up by number")
        if walk is None:
            walk = Walk(started_at=page.requested_at, source=source, updated_order=False, total=len(wanted))
        walk.missing = [*walk.missing, *page.missing]
        await self._store(walk, await self._whole(page), last=begin + len(batch) >= len(wanted), advanced=len(batch))

    async def _page_again(self, walk: Walk) -> None:
        """Look up by number some whose labels, assignees or reviewers are gaps: the list may not show them again.

        What GitHub does not give now either stays a gap.
        """
        source, size = self._numbers_way()
        batch = await asyncio.to_thread(self._next_again, walk, size)
        page = await self._looked_up(batch, source, each=False) if batch else None
        if batch and page is None:
            return
        if not isinstance(page, IndexPage):
            page = IndexPage(Records(), [], None, walk.started_at, source, None)
        walk.read_again_to = batch[-1] if batch else walk.read_again_to
        await self._store(walk, await self._whole(page), last=True, advanced=0)

    def _next_again(self, walk: Walk, size: int) -> Sequence[int]:
        with self.session.tools.database.reading() as connection:
            return self._listed_with_gaps(connection, walk, size)

    def _numbers_way(self) -> tuple[Source, int]:
        """By which API to look up numbers now, and how many at once."""
        source = self.session.source(Operation.NUMBERS)
        return source, 1 if source is Source.REST else self.session.sizes.size(Operation.NUMBERS)

    async def _looked_up(self, batch: Sequence[int], source: Source, *, each: bool) -> IndexPage | Broken | None:
        """Look numbers up, `each` of them or those that GitHub answers.

        None when that only taught us to ask for less, or elsewhere.

        Raises:
            Pause: a limit ends too late, or GitHub refused for good.
        """
        session = self.session
        answer = await session.ask(lambda: session.tools.api.list_numbers(session.repo, batch, source))
        if isinstance(answer, Page | Partial) and not (each and answer.data.unanswered):
            if source is Source.GRAPHQL:
                session.sizes.succeeded(Operation.NUMBERS, answer.data.lookups, answer.data.cost)
            return answer.data
        fewer = isinstance(answer, TooHeavy | Page | Partial)
        if fewer and source is Source.GRAPHQL and len(batch) > 1:
            session.sizes.too_heavy(Operation.NUMBERS, len(batch))
            return None
        if source is Source.GRAPHQL and session.fallback.can_fall_back():
            session.fallback.graphql_broke(Operation.NUMBERS, session.tools.clock())
            return None
        if isinstance(answer, Page | Partial):
            return Broken("GitHub gives no answer to one number.", retryable=True)
        if isinstance(answer, TooHeavy | Broken):
            return Broken(answer.why, retryable=isinstance(answer, TooHeavy) or answer.retryable)
        raise failure(answer, "looking pull requests up by number")

    def _new_walk(self) -> Walk:
        session = self.session
        scope = session.scope
        with session.tools.database.reading() as connection:
            stored = repositories.get(connection, session.tools.host_id, session.repository_id)
        watermark = stored.watermark if scope.moves_watermark and not scope.full else None
        return Walk(
            started_at="",
            source=self._list_source(),
            updated_order=watermark is not None or scope.is_narrowed,
            total=stored.pull_requests_total,
            counted_at=stored.captured_at if stored.pull_requests_total is not None else "",
            floor=earlier(watermark, OVERLAP_SECONDS) if watermark else None,
        )

    def _list_source(self) -> Source:
        """REST lists a hundred for a request and no points; GraphQL where only it may be used, or REST cannot now."""
        session = self.session
        if not session.fallback.can_fall_back():
            return session.source(Operation.INDEX)
        left = session.tools.api.usage.rest.left
        is_spent = left is not None and left < REST_RESERVE and bool(session.tools.api.usage.rest.limit)
        return Source.GRAPHQL if is_spent or session.trouble.rest_list_broke else Source.REST

    def _only_rest(self) -> bool:
        """Whether what REST cannot give must be left at that."""
        return self.session.scope.source is SourceChoice.REST or self.session.tools.api.anonymous

    def _restart(self, walk: Walk, answer: NoAnswer) -> None:
        """Walk from the beginning by the other API, or once more where the cursor is not known any more.

        Raises:
            Pause: neither is possible.
        """
        session, trouble = self.session, self.session.trouble
        lost = isinstance(answer, Broken) and answer.cursor_lost and not trouble.cursor_was_lost
        other = session.fallback.can_fall_back() and isinstance(answer, TooHeavy | Broken)
        if other and walk.source is Source.REST and not trouble.rest_list_broke:
            trouble.rest_list_broke = True
        elif other and walk.source is Source.GRAPHQL and not trouble.graphql_list_broke:
            trouble.graphql_list_broke, trouble.rest_list_broke = True, False
        elif not lost:
            gone = Missing.repository(session.repo.owner_name)
            raise failure(gone if isinstance(answer, Missing) else answer, "listing pull requests")
        trouble.cursor_was_lost = trouble.cursor_was_lost or lost
        session.checkpoint.walk = None

    def _is_last(self, walk: Walk, page: IndexPage) -> bool:
        scope = self.session.scope
        if page.next_cursor is None:
            return True
        if scope.limit is not None and walk.listed + len(page.records.index) >= scope.limit:
            return True
        floor = walk.floor or scope.updated_after(walk.started_at or page.requested_at)
        oldest = min((row.updated_at for row in page.records.index), default=None)
        return walk.updated_order and floor is not None and oldest is not None and oldest < floor

    async def _store(self, walk: Walk, page: IndexPage, *, last: bool, advanced: int | None = None) -> None:
        session = self.session
        if not walk.started_at:
            walk.started_at = page.requested_at
        if walk.total is None and not walk.listed:
            walk.total, walk.counted_at = page.total, page.requested_at
        # A process that takes a walk over may know the server's clock less well, and take it for a second behind.
        listed_at = max(page.requested_at, walk.since)
        listed = walk.listed + (len(page.records.index) if advanced is None else advanced)
        total, floor = walk.total, walk.floor or session.scope.updated_after(walk.started_at)
        after = replace(walk, cursor=page.next_cursor, listed=listed, floor=floor, passed=last)
        rows = judged_rows(page.readings)

        def work(connection: Connection) -> None:
            host = session.tools.host_id
            repository = session.repository_id
            index.save_index(
                connection,
                host,
                repository,
                listed_at=listed_at,
                source=page.source,
                records=page.records,
                completeness=rows,
            )
            if last:
                self._passed(connection, after)

        checkpoint = Checkpoint(walk=after)
        await session.commit(work, lambda _: checkpoint, page.records)
        session.checkpoint = checkpoint
        session.tools.reporter.progress(Progress("index", listed, total, len(page.records.index), *session.budget_left))

    def _passed(self, connection: Connection, walk: Walk) -> None:
        """End the walk, unless some of what it met is to be looked up once more.

        One over everything that listed less than GitHub counts begins anew, once, with a new count.
        """
        session = self.session
        if not session.scope.is_narrowed and walk.total is not None and walk.read_again_to is None:
            missing = unlisted.by_updates if walk.updated_order else unlisted.by_walk
            place = (connection, session.tools.host_id, session.repository_id)
            walk.unlisted = missing(*place, walk, walk.total)
            if walk.unlisted and not walk.updated_order and not walk.second:
                walk.cursor, walk.listed, walk.passed, walk.second = None, 0, False, True
                walk.counted_at, walk.newest = "", None
                return
        if self._listed_with_gaps(connection, walk, 1):
            walk.passed, walk.read_again_to = False, walk.read_again_to or 0
            return
        self._share_out(connection, walk)

    def _listed_with_gaps(self, connection: Connection, walk: Walk, count: int) -> Sequence[int]:
        """Numbers, ascending, that have a gap in what the list carries and were not looked up again in this walk."""
        scope = self.session.scope
        filters = Filters(
            updated_from=scope.updated_after(walk.started_at),
            updated_to=scope.updated_to,
            numbers=scope.numbers or None,
            listed_since=walk.started_at if scope.limit is not None else None,
        )
        return unsound_numbers(
            connection,
            self.session.tools.host_id,
            self.session.repository_id,
            kinds=scope.kinds & INDEX_KINDS,
            filters=filters,
            after=walk.read_again_to or 0,
            limit=count,
        )

    def _share_out(self, connection: Connection, walk: Walk) -> None:
        """Write the shards: each an explicit list of stale pull requests, in the order of their numbers."""
        session = self.session
        scope = session.scope
        host, repository = session.tools.host_id, session.repository_id
        over_everything = not scope.is_narrowed and not walk.updated_order and walk.total is not None
        if scope.full and over_everything and not walk.unlisted:
            index.mark_unlisted(connection, host, repository, walk.since, unlisted.counted(walk))
        if not scope.kinds - INDEX_KINDS:
            self._forecast(connection, walk, 0)
            return
        stale = to_read(
            connection,
            host,
            repository,
            scope,
            started_at=walk.started_at,
            only_rest=self._only_rest(),
            is_incremental=walk.updated_order and not scope.is_narrowed,
        )
        self._forecast(connection, walk, len(stale))
        if stale:
            lists = shard_lists(stale, session.tools.runners, SHARD_ITEMS[session.job.processor])
            jobs.add_shards(connection, session.claim, [encode(Spec(scope=scope, numbers=each)) for each in lists])

    def _forecast(self, connection: Connection, walk: Walk, stale: int) -> None:
        """Keep beside the job what it is expected to use, now that its extent is known."""
        session = self.session
        rest_index = walk.source is Source.REST
        counts = Counts(
            listed=walk.listed,
            hydrated=stale,
            by_number=bool(session.scope.numbers),
            by_updates=walk.updated_order,
        )
        source = SourceChoice.REST if self._only_rest() else session.scope.source
        expected = forecast(counts, session.sizes, source, patches=session.scope.patches, rest_index=rest_index)
        figures = Figures(expected.requests, expected.points, expected.seconds)
        jobs.set_forecast(connection, session.claim.job_id, figures)


def shard_lists(numbers: Sequence[int], runners: int, most: int) -> Iterator[list[int]]:
    """Share numbers out over runners in runs of neighbours: at most `most` each, else none below `SHARD_MIN`."""
    shards = max(min(runners, len(numbers) // SHARD_MIN), math.ceil(len(numbers) / most), 1)
    size = math.ceil(len(numbers) / shards)
    return (list(numbers[begin : begin + size]) for begin in range(0, len(numbers), size))
