"""The next page is asked for while the one before is stored: what each of the two does to the other."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from progressive_capture.capture.checkpoint import Again, Checkpoint
from progressive_capture.capture.hydrate import Hydration, PageToStore, Request, Stored
from progressive_capture.capture.ledger import Absorbed
from progressive_capture.capture.results import More
from progressive_capture.capture.session import Pause
from progressive_capture.domain.kinds import Source
from progressive_capture.domain.records import Records
from progressive_capture.domain.scope import Scope
from progressive_capture.store.errors import LeaseLost

Step = Callable[["Scripted"], Awaitable[None]]


class Scripted(Hydration):
    """Hydrates a list of names; asking and storing do what a test says, by the page's place from 0."""

    def __init__(
        self, pages: int, *, asking: dict[int, Step] | None = None, storing: dict[int, Step] | None = None
    ) -> None:
        session = SimpleNamespace(
            scope=Scope(), checkpoint=Checkpoint(), tools=SimpleNamespace(api=SimpleNamespace(anonymous=False))
        )
        super().__init__(cast("Any", session))
        self.left = list(range(pages))
        self.asking, self.storing = asking or {}, storing or {}
        self.log: list[str] = []
        self.happened: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.checkpoints: list[int] = []
        self.found_again: dict[int, Again] = {}

    def note(self, words: str) -> None:
        self.log.append(words)
        self.happened[words].set()

    async def _next_request(self) -> Request | None:
        if not self.left and self.ledger.again:
            self.left.append(self.ledger.again.pop(0).number)
        return cast("Any", self.left.pop(0)) if self.left else None

    async def _answer(self, request: Request) -> PageToStore | None:
        place = cast("int", request)
        self.note(f"ask {place}")
        try:
            await self.asking.get(place, _turn)(self)
        except asyncio.CancelledError:
            self.note(f"cancelled {place}")
            raise
        self.note(f"answer {place}")
        self.done += 1
        return PageToStore(Records(), Source.GRAPHQL, str(place), Absorbed())

    async def _store(self, page: PageToStore, done: int, checkpoint: Checkpoint) -> Stored:
        assert page.generation is not None
        place = int(page.generation)
        self.note(f"store {place}")
        await self.storing.get(place, _turn)(self)
        self.note(f"stored {place}")
        assert checkpoint.done == done
        self.checkpoints.append(done)
        return Stored([self.found_again.pop(place)] if place in self.found_again else [], {})


async def _turn(_: Scripted) -> None:
    await asyncio.sleep(0)


def after(*words: str) -> Step:
    """Wait until these have happened."""

    async def step(work: Scripted) -> None:
        for each in words:
            await work.happened[each].wait()

    return step


def fails(error: BaseException, *words: str) -> Step:
    """Fail, once these have happened."""

    async def step(work: Scripted) -> None:
        await after(*words)(work)
        raise error

    return step


async def forever(_: Scripted) -> None:
    await asyncio.Event().wait()


async def test_the_next_page_is_asked_for_before_the_one_before_is_stored() -> None:
    work = Scripted(3, storing={0: after("answer 1")})
    await work.finish()
    assert work.log.index("ask 1") < work.log.index("store 0") < work.log.index("answer 1") < work.log.index("stored 0")
    assert work.log.index("stored 0") < work.log.index("ask 2")


async def test_a_checkpoint_covers_its_page_and_nothing_that_was_answered_meanwhile() -> None:
    work = Scripted(3, storing={0: after("answer 1"), 1: after("answer 2")})
    await work.finish()
    assert work.checkpoints == [1, 2, 3]


async def test_what_storing_the_last_page_finds_to_be_read_again_is_asked_for() -> None:
    work = Scripted(2)
    work.found_again[1] = Again(7, 1)
    await work.finish()
    assert "stored 7" in work.log


async def test_a_pause_lets_the_page_before_be_stored() -> None:
    work = Scripted(3, asking={1: fails(Pause(More()))}, storing={0: after("ask 1")})
    with pytest.raises(Pause):
        await work.finish()
    assert work.log[-1] == "stored 0"


async def test_a_page_that_cannot_be_stored_ends_the_asking_at_once() -> None:
    work = Scripted(3, asking={1: forever}, storing={0: fails(LeaseLost("Lost."), "ask 1")})
    with pytest.raises(LeaseLost):
        await asyncio.wait_for(work.finish(), 10)
    assert work.log[-1] == "cancelled 1"


async def test_of_two_failures_the_stores_is_raised_and_the_other_is_its_cause() -> None:
    broken = AssertionError("a defect")
    work = Scripted(3, asking={1: fails(broken)}, storing={0: fails(LeaseLost("Lost."), "ask 1")})
    with pytest.raises(LeaseLost) as caught:
        await work.finish()
    assert caught.value.__cause__ is broken


async def test_a_pause_is_no_cause_of_a_page_that_could_not_be_stored() -> None:
    work = Scripted(3, asking={1: fails(Pause(More()))}, storing={0: fails(LeaseLost("Lost."), "ask 1")})
    with pytest.raises(LeaseLost) as caught:
        await work.finish()
    assert caught.value.__cause__ is None


async def test_whoever_cancels_waits_for_the_page_being_stored() -> None:
    work = Scripted(3, asking={1: forever}, storing={0: after("cancelled 1")})
    whole = asyncio.create_task(work.finish())
    await after("store 0")(work)
    whole.cancel()
    with pytest.raises(asyncio.CancelledError):
        await whole
    assert work.log[-1] == "stored 0"
