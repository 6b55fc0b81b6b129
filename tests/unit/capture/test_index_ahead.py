"""The next page of the list is asked for while the one before is stored."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from progressive_capture.capture import lookup
from progressive_capture.capture.checkpoint import Checkpoint, Trouble, Walk
from progressive_capture.capture.index import Index, Listed
from progressive_capture.capture.results import More
from progressive_capture.capture.session import Pause
from progressive_capture.domain.kinds import Kind, Source
from progressive_capture.domain.planning import Sizes
from progressive_capture.domain.records import Records
from progressive_capture.domain.scope import Scope
from progressive_capture.github.outcomes import Broken, Page, Throttled, ThrottleKind
from progressive_capture.github.results import IndexPage
from progressive_capture.store.errors import LeaseLost

PAGES = 3
AT = "2025-12-02T00:00:00.000000Z"
LATER = "2025-12-02T00:10:00.000000Z"
NOW = datetime(2025, 12, 2, tzinfo=UTC)


class Scripted(Index):
    """Walks a list of three pages; storing a page ends once `asked` says that the next one was asked for."""

    def __init__(self, *, refused: int | None = None, paused: int | None = None) -> None:
        walk = Walk(started_at="", source=Source.REST, updated_order=False, cursor="0")
        session = SimpleNamespace(scope=Scope(), checkpoint=Checkpoint(walk=walk))
        super().__init__(cast("Any", session))
        self.refused, self.paused = refused, paused
        self.log: list[str] = []
        self.asked = [asyncio.Event() for _ in range(PAGES)]

    async def _ask(self, walk: Walk) -> Listed:
        place = int(walk.cursor or "")
        self.log.append(f"ask {place}")
        self.asked[place].set()
        if place == self.paused:
            raise Pause(More())
        if self.refused is not None and place == self.refused + 1:
            try:
                await asyncio.Event().wait()
            finally:
                self.log.append(f"left {place}")
        following = str(place + 1) if place + 1 < PAGES else None
        page = IndexPage(Records(), [], following, AT, Source.REST, None)
        return Listed(Page(page), 100)

    async def _store(self, walk: Walk, page: IndexPage, *, last: bool, advanced: int | None = None) -> None:
        assert advanced is None
        place = int(walk.cursor or "")
        if not last:
            await self.asked[place + 1].wait()
        if place == self.refused:
            raise LeaseLost("Lost.")
        self.log.append(f"stored {place}")
        self.session.checkpoint.walk = Walk(
            started_at="", source=Source.REST, updated_order=False, cursor=page.next_cursor, passed=last
        )


async def test_each_page_is_asked_for_once_before_the_one_before_is_stored() -> None:
    work = Scripted()
    await asyncio.wait_for(work.finish(), 10)
    assert work.log == ["ask 0", "ask 1", "stored 0", "ask 2", "stored 1", "stored 2"]


async def test_a_page_that_cannot_be_stored_ends_the_asking() -> None:
    work = Scripted(refused=1)
    with pytest.raises(LeaseLost):
        await asyncio.wait_for(work.finish(), 10)
    assert work.log[-2:] == ["ask 2", "left 2"]


async def test_a_pause_lets_the_page_before_be_stored() -> None:
    work = Scripted(paused=1)
    with pytest.raises(Pause):
        await asyncio.wait_for(work.finish(), 10)
    assert work.log == ["ask 0", "ask 1", "stored 0"]


@pytest.mark.parametrize(("listed", "minutes", "waits"), [(0, 1, True), (0, 2, False), (99_000, 2, True)])
async def test_a_list_by_rest_that_is_nearly_whole_is_worth_waiting_for(
    listed: int, minutes: int, *, waits: bool
) -> None:
    """A hundred thousand listed by GraphQL take two thousand points."""
    until = NOW + timedelta(minutes=minutes)

    async def spent(*_: object) -> Throttled:
        return Throttled(until, "Spent.", ThrottleKind.BUDGET)

    async def ask(call: Any) -> Any:
        return await call()

    session = SimpleNamespace(
        ask=ask,
        repo=None,
        sizes=Sizes(kinds=frozenset(Kind)),
        fallback=SimpleNamespace(can_fall_back=lambda: True),
        trouble=Trouble(),
        tools=SimpleNamespace(api=SimpleNamespace(list_pull_requests=spent), clock=lambda: NOW),
    )
    walk = Walk(started_at=AT, source=Source.REST, updated_order=False, cursor="2" if listed else None, listed=listed)
    answer, _ = await Index(cast("Any", session))._ask(walk)
    assert isinstance(answer, Throttled if waits else Broken)


@pytest.mark.parametrize(("own", "kept"), [(LATER, LATER), ("", AT)], ids=["by REST", "by GraphQL"])
async def test_a_second_walk_counts_from_when_the_count_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, own: str, kept: str
) -> None:
    async def look_again(*_: object) -> Any:
        row = SimpleNamespace(pull_requests_total=9)
        return SimpleNamespace(row=row, newest=None, requested_at=AT, counted_at=own)

    monkeypatch.setattr(lookup, "look_again", look_again)
    walk = Walk(started_at=AT, source=Source.REST, updated_order=False, second=True)
    session = SimpleNamespace(repo=SimpleNamespace(owner_name="o/r"))
    await Index(cast("Any", session))._count_again(walk)
    assert (walk.total, walk.counted_at, walk.since) == (9, kept, kept)
