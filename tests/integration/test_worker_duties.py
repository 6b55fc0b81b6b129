"""The worker's recurring duties within the test's process; GitHub is a little one without a server."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.scope import stamp
from progressive_capture.queue.schedule import Duty
from progressive_capture.store import duties
from progressive_capture.store.errors import StoreError
from tests.support.little_github import START
from tests.support.offices import Office, office_of_seven, rows


@pytest.fixture
def office(database_url: str) -> Office:
    return office_of_seven(database_url)


def test_duties_are_done_by_one(office: Office) -> None:
    async def both() -> None:
        async with office.wired() as one, office.wired() as other:
            second = replace(other.schedule(), holder="another process")
            await asyncio.gather(one.schedule().tend(), second.tend())

    every = ["categories", "health", "metrics", "reconcile", "report", "sweep"]
    asyncio.run(both())
    asyncio.run(both())
    assert sorted(row["duty"] for row in office.rows("duty_runs")) == every
    office.github.now += timedelta(minutes=2)
    asyncio.run(both())
    ran = office.rows("duty_runs")
    assert sorted(row["duty"] for row in ran) == sorted([*every, "reconcile", "sweep"])
    assert {row["outcome"] for row in ran} == {"done"}
    (health,) = [row["result"] for row in ran if row["duty"] == "health"]
    assert health["verdict"]["health"] == "inconclusive"


def test_a_worker_that_was_killed_is_forgotten_when_a_day_has_passed(office: Office) -> None:
    async def tend(*, beats: bool) -> list[str]:
        async with office.wired() as wired:
            if beats:
                with wired.database.transaction() as connection:
                    duties.beat(connection, "killed", {}, office.github.now)
            await wired.schedule().tend(["sweep"])
            return [row["holder"] for row in rows(wired.database, "workers")]

    assert asyncio.run(tend(beats=True)) == ["killed"]
    office.github.now += timedelta(days=1, seconds=1)
    assert asyncio.run(tend(beats=False)) == []


def test_a_duty_that_fails_is_noted_and_due_again(office: Office) -> None:
    async def broken() -> dict[str, object]:
        raise StoreError("no room")

    async def tend() -> list[str]:
        async with office.wired() as wired:
            duty = Duty("broken", timedelta(minutes=1), broken)
            return await replace(wired.schedule(), duties=[duty]).tend()

    assert asyncio.run(tend()) == ["broken"]
    assert asyncio.run(tend()) == []
    office.github.now += timedelta(minutes=1)
    assert asyncio.run(tend()) == ["broken"]
    (first, _) = office.rows("duty_runs")
    assert first["outcome"] == "failed"
    assert "no room" in first["result"]["error"]


def test_a_duty_that_takes_long_holds_up_neither_the_others_nor_the_beat(office: Office) -> None:
    """A virtual quarter of an hour, a minute at each look of one duty; the other lasts until a beat tells of it."""
    heard = asyncio.Event()
    office.stop = heard.is_set

    async def long() -> dict[str, object]:
        await asyncio.wait_for(heard.wait(), timeout=20)
        return {}

    async def short() -> dict[str, object]:
        office.github.now += timedelta(minutes=1)
        return {}

    async def serve() -> None:
        async with office.wired() as wired:
            worker = wired.worker({Processor.INNGEST: 1})
            each = [Duty("long", timedelta(days=30), long), Duty("short", timedelta(minutes=1), short)]
            worker.schedule = replace(worker.schedule, duties=each)
            worker.pause, worker.tend_seconds = listen, 0
            await worker.run()

    async def listen(_seconds: float) -> None:
        (worker,) = office.rows("workers")
        if worker["seen_at"] > stamp(START + timedelta(minutes=15)):
            heard.set()
        await asyncio.sleep(0.005)

    asyncio.run(serve())
    outcomes = Counter((row["duty"], row["outcome"]) for row in office.rows("duty_runs"))
    assert outcomes["long", "done"] == 1
    assert outcomes["short", "done"] >= 15
    (worker,) = office.rows("workers")
    assert worker["stopped_at"] is not None
