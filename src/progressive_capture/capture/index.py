"""The first phase of a capture: walk the list of pull requests, store it, and share out what is stale."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from progressive_capture.capture.checkpoint import Checkpoint, Spec, Walk, encode
from progressive_capture.capture.report import Progress
from progressive_capture.capture.session import NoAnswer, Session, failure
from progressive_capture.domain.completeness import judge
from progressive_capture.domain.forecast import Counts, forecast
from progressive_capture.domain.jobs import Figures
from progressive_capture.domain.kinds import INDEX_KINDS, SETTLED, Source, State
from progressive_capture.domain.planning import REST_PAGE, Operation
from progressive_capture.domain.records import CompletenessRow, Reading, Records
from progressive_capture.domain.scope import SourceChoice, earlier
from progressive_capture.github.outcomes import Broken, Page, Partial, TooHeavy
from progressive_capture.github.results import FollowUpPage, IndexPage, LookUp, Order
from progressive_capture.store import index, jobs, repositories, staleness
from progressive_capture.store.database import Connection
from progressive_capture.store.gaps import gaps

OVERLAP_SECONDS: Final = 300
"""How far a walk goes back behind the watermark: changes whose stamps were set late are met again."""


REST_RESERVE: Final = 10
"""With fewer requests left, a list by REST would soon have to wait for the next hour."""

SHARD_MAX: Final = 30_000
"""Pull requests of one shard: the longest list that one runner is handed."""

SHARD_MIN: Final = 300
"""Sharing out fewer would cost more in half-full queries than it saves in time."""


class Index:
    """The walk over one repository's pull requests, resumable at each page."""

    def __init__(self, session: Session) -> None:
        """Take the session of shard 0."""
        self.session = session
        self.cursor_was_lost = False
        self.rest_was_broken = False
        self.graphql_was_broken = False

    async def finish(self) -> None:
        """Walk on from the checkpoint until the list has passed, then write the shards that hydrate it.

        Raises:
            Pause: time is up, a limit ends too late, or GitHub refused for good.
        """
        while True:
            walk = self.session.checkpoint.walk
            if walk is not None and walk.passed:
                return
            if self.session.scope.numbers:
                await self._numbers_page(walk)
            else:
                await self._list_page(walk)

    async def _list_page(self, walk: Walk | None) -> None:
        session = self.session
        if walk is None:
            walk = await asyncio.to_thread(self._new_walk)
        size = REST_PAGE if walk.source is Source.REST else session.sizes.size(Operation.INDEX)
        order = Order.UPDATED_DESC if walk.updated_order else Order.CREATED_ASC
        answer = await session.ask(
            lambda: session.tools.api.list_pull_requests(session.repo, order, walk.cursor, walk.source, size)
        )
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
        await self._store(walk, await self._whole(page), last=last)

    async def _whole(self, page: IndexPage) -> IndexPage:
        """Fetch the labels, assignees and reviewers that the page cut off."""
        session = self.session
        numbers = {row.pull_request_id: row.number for row in page.records.index}
        while owed := [reading for reading in page.readings if reading.cursor is not None]:
            lookups = [
                LookUp(each.pull_request_id, numbers[each.pull_request_id], each.node_id, each.kind, each.cursor)
                for each in owed[: session.sizes.size(Operation.FOLLOW_UP)]
            ]
            answer = await session.ask(partial(session.tools.api.follow_up, session.repo, lookups))
            if not isinstance(answer, Page | Partial):
                raise failure(answer, "reading further labels, assignees and reviewers")
            page = joined(page, answer.data, lookups)
        return page

    async def _numbers_page(self, walk: Walk | None) -> None:
        session = self.session
        source = session.source(Operation.NUMBERS)
        wanted = session.scope.numbers
        size = 1 if source is Source.REST else session.sizes.size(Operation.NUMBERS)
        begin = walk.listed if walk else 0
        batch = wanted[begin : begin + size]
        answer = await session.ask(lambda: session.tools.api.list_numbers(session.repo, batch, source))
        if isinstance(answer, TooHeavy) and source is Source.GRAPHQL and len(batch) > 1:
            session.sizes.too_heavy(Operation.NUMBERS, len(batch))
            return
        if not isinstance(answer, Page | Partial):
            if source is Source.GRAPHQL and session.fallback.can_fall_back():
                session.fallback.graphql_broke(Operation.NUMBERS, session.tools.clock())
                return
            raise failure(answer, "looking pull requests up by number")
        page = answer.data
        if page.unanswered:
            self._ask_for_fewer(source, len(batch))
            return
        if walk is None:
            walk = Walk(started_at=page.requested_at, source=source, updated_order=False, total=len(wanted))
        walk.missing = [*walk.missing, *page.missing]
        await self._store(walk, page, last=begin + len(batch) >= len(wanted), advanced=len(batch))

    def _ask_for_fewer(self, source: Source, asked: int) -> None:
        """React to numbers that GitHub left unanswered among others.

        Raises:
            Pause: one alone stays unanswered, and no other API may be asked.
        """
        session = self.session
        if asked > 1:
            session.sizes.too_heavy(Operation.NUMBERS, asked)
        elif source is Source.GRAPHQL and session.fallback.can_fall_back():
            session.fallback.graphql_broke(Operation.NUMBERS, session.tools.clock())
        else:
            raise failure(Broken("GitHub gives no answer to one number.", retryable=True), "looking a pull request up")

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
            floor=earlier(watermark, OVERLAP_SECONDS) if watermark else None,
        )

    def _list_source(self) -> Source:
        """REST lists a hundred for a request and no points; GraphQL where only it may be used, or REST cannot now."""
        session = self.session
        if not session.fallback.can_fall_back():
            return session.source(Operation.INDEX)
        left = session.tools.api.usage.rest.left
        is_spent = left is not None and left < REST_RESERVE and bool(session.tools.api.usage.rest.limit)
        return Source.GRAPHQL if is_spent or self.rest_was_broken else Source.REST

    def _only_rest(self) -> bool:
        """Whether what REST cannot give must be left at that."""
        return self.session.scope.source is SourceChoice.REST or self.session.tools.api.anonymous

    def _restart(self, walk: Walk, answer: NoAnswer) -> None:
        """Walk from the beginning by the other API, or once more where the cursor is not known any more.

        Raises:
            Pause: neither is possible.
        """
        session = self.session
        lost = isinstance(answer, Broken) and answer.cursor_lost and not self.cursor_was_lost
        other = session.fallback.can_fall_back() and isinstance(answer, TooHeavy | Broken)
        if other and walk.source is Source.REST and not self.rest_was_broken:
            self.rest_was_broken = True
        elif other and walk.source is Source.GRAPHQL and not self.graphql_was_broken:
            self.graphql_was_broken, self.rest_was_broken = True, False
        elif not lost:
            raise failure(answer, "listing pull requests")
        self.cursor_was_lost = self.cursor_was_lost or lost
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
        # A process that takes a walk over may know the server's clock less well, and take it for a second behind.
        listed_at = max(page.requested_at, walk.started_at)
        listed = walk.listed + (len(page.records.index) if advanced is None else advanced)
        total = walk.total if walk.total is not None else page.total
        after = Walk(
            started_at=walk.started_at,
            source=walk.source,
            updated_order=walk.updated_order,
            cursor=page.next_cursor,
            listed=listed,
            total=total,
            floor=walk.floor or session.scope.updated_after(walk.started_at),
            passed=last,
            missing=walk.missing,
            second=walk.second,
        )
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
        """End the walk; one over everything that listed less than GitHub counts begins anew, once."""
        session = self.session
        if not session.scope.is_narrowed and not walk.updated_order and walk.total is not None:
            host, repository = session.tools.host_id, session.repository_id
            walk.unlisted = max(0, walk.total - index.count_listed(connection, host, repository, walk.started_at))
            if walk.unlisted and not walk.second:
                walk.cursor, walk.listed, walk.passed, walk.second = None, 0, False, True
                return
        self._share_out(connection, walk)

    def _share_out(self, connection: Connection, walk: Walk) -> None:
        """Write the shards: each an explicit list of stale pull requests, in the order of their numbers."""
        session = self.session
        scope = session.scope
        host, repository = session.tools.host_id, session.repository_id
        if scope.full and not scope.is_narrowed and not walk.updated_order and not walk.unlisted:
            index.mark_unlisted(connection, host, repository, walk.started_at)
        kinds = scope.kinds - INDEX_KINDS
        if not kinds:
            self._forecast(connection, walk, 0)
            return
        stale = staleness.stale_numbers(
            connection,
            host,
            repository,
            kinds=kinds,
            updated_from=scope.updated_after(walk.started_at),
            updated_to=scope.updated_to,
            numbers=scope.numbers or None,
            listed_since=None if not scope.limit else walk.started_at,
            limit=scope.limit,
            full_before=walk.started_at if scope.full else None,
            settled=SETTLED if self._only_rest() else SETTLED - {State.UNAVAILABLE},
            patches=scope.fetches_patches,
        )
        if walk.updated_order and not scope.is_narrowed:
            lost = {gap.number for gap in gaps(connection, host, repository, kinds=kinds) if gap.is_gap}
            stale = sorted(lost.union(stale))
        self._forecast(connection, walk, len(stale))
        if stale:
            lists = shard_lists(stale, session.tools.runners)
            jobs.add_shards(connection, session.claim, [encode(Spec(scope=scope, numbers=each)) for each in lists])

    def _forecast(self, connection: Connection, walk: Walk, stale: int) -> None:
        """Keep beside the job what it is expected to use, now that its extent is known."""
        session = self.session
        rest_index = walk.source is Source.REST
        counts = Counts(listed=walk.listed, hydrated=stale)
        source = SourceChoice.REST if self._only_rest() else session.scope.source
        expected = forecast(counts, session.sizes, source, patches=session.scope.patches, rest_index=rest_index)
        figures = Figures(expected.requests, expected.points, expected.seconds)
        jobs.set_forecast(connection, session.claim.job_id, figures)


def first_of(page: IndexPage, wanted: int) -> IndexPage:
    """The first pull requests of a page, with what belongs to them."""
    records = page.records
    kept = {row.pull_request_id for row in records.index[:wanted]}
    first = Records(
        contributors=records.contributors,
        labels=records.labels,
        index=records.index[:wanted],
        pr_labels=[row for row in records.pr_labels if row.pull_request_id in kept],
        pr_assignees=[row for row in records.pr_assignees if row.pull_request_id in kept],
        pr_requested_reviewers=[row for row in records.pr_requested_reviewers if row.pull_request_id in kept],
    )
    return replace(page, records=first, readings=[each for each in page.readings if each.pull_request_id in kept])


def joined(page: IndexPage, further: FollowUpPage, asked: Sequence[LookUp]) -> IndexPage:
    """A page of the list with what was fetched for its cut-off readings; a look-up without answer breaks its kind."""
    records = page.records
    for name in ("contributors", "labels", "pr_labels", "pr_assignees", "pr_requested_reviewers"):
        getattr(records, name).extend(getattr(further.records, name))
    answers = {(each.node_id, each.kind): each for each in further.readings}
    keys = {(each.node_id, each.kind) for each in asked}
    readings = []
    for reading in page.readings:
        key = (reading.node_id, reading.kind)
        if reading.cursor is None or key not in keys:
            readings.append(reading)
        elif (answer := answers.get(key)) is None:
            readings.append(reading._replace(cursor=None, broken=True))
        else:
            seen, broken = reading.seen + answer.seen, reading.broken or answer.broken
            readings.append(answer._replace(seen=seen, broken=broken))
    return replace(page, readings=readings)


def judged_rows(readings: list[Reading]) -> list[CompletenessRow]:
    """The completeness of what the list itself carries: labels, assignees, requested reviewers."""
    rows = []
    for reading in readings:
        verdict = judge(
            expected=reading.total,
            stored=reading.seen,
            proof=reading.proof,
            broken=reading.broken or reading.cursor is not None,
            truncated=reading.truncated,
            reads=0,
        )
        expected = reading.seen if reading.total is None else reading.total
        identity = (reading.pull_request_id, reading.kind, expected, reading.seen, reading.proof)
        rows.append(CompletenessRow(*identity, verdict.state, verdict.reads))
    return rows


def shard_lists(numbers: list[int], runners: int) -> list[list[int]]:
    """Share numbers out over runners in runs of neighbours: at most `SHARD_MAX` each, and none below `SHARD_MIN`."""
    shards = max(min(runners, len(numbers) // SHARD_MIN), math.ceil(len(numbers) / SHARD_MAX), 1)
    size = math.ceil(len(numbers) / shards)
    return [numbers[begin : begin + size] for begin in range(0, len(numbers), size)]
