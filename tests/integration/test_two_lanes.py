"""The rollout end to end: forty repositories, both lanes here, against the sandbox."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta

import pytest

from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.requests import Queued
from progressive_capture.domain.scope import Scope
from progressive_capture.rollout import manage
from progressive_capture.rollout.rollout import By
from progressive_capture.rollout.stop import emergency_stop
from progressive_capture.store.jobs import JobFilter
from progressive_capture.wiring import Wired
from tests.support.offices import rows
from tests.support.stand_ins import Start
from tests.support.two_lanes import HISTORY, RECENT, TwoLanes

REPOSITORIES = 40
PERCENTAGE = 25.0
ANN = By("ann", "a test")
BULK, REAL_TIME = Processor.GITHUB_ACTIONS, Processor.INNGEST


@pytest.fixture
def lanes(serve: Start, sqlite_url: str) -> Iterator[TwoLanes]:
    """A sandbox with forty repositories of 11 to 14 pull requests."""
    names = [f"lanes/r{number:02}" for number in range(REPOSITORIES)]
    flags = [part for number, name in enumerate(names) for part in ("--repo", f"{name}=generate:{11 + number % 4}")]
    sandbox = serve(*flags)
    with sandbox.client() as control:
        yield TwoLanes(sandbox, control, sqlite_url, names)


def test_the_rollout_withdraws_stops_and_resumes_and_nothing_is_lost(lanes: TwoLanes) -> None:
    asyncio.run(_all_of_it(lanes))


async def _all_of_it(lanes: TwoLanes) -> None:
    async with lanes.wired() as wired:
        await lanes.know(wired)
        manage.set_percentage(wired.rollout(), PERCENTAGE, ANN)
        eligible = lanes.eligible(wired, PERCENTAGE)
        assert len(eligible) >= 10
        await _exactly_the_eligible_use_both(lanes, wired, eligible)
        await _it_withdraws_by_itself(lanes, wired)
        await _it_stops_midway_and_goes_on(lanes, wired, eligible)
        await _everything_is_there(lanes, wired)


async def _exactly_the_eligible_use_both(lanes: TwoLanes, wired: Wired, eligible: set[str]) -> None:
    lanes.failing = set(sorted(eligible)[:2])
    for name in lanes.names:
        for scope in (RECENT, HISTORY):
            assert isinstance(lanes.ask(wired, name, scope), Queued)
    await lanes.drain(wired)
    while any(job["status"] == "pending" for job in lanes.jobs(wired)):
        lanes.time.advance(timedelta(minutes=1).total_seconds())
        await lanes.drain(wired)
    used = defaultdict[str, set[str]](set)
    for job in lanes.jobs(wired):
        used[job["repository_name"]].add(job["processor_type"])
    assert {name for name, processors in used.items() if len(processors) == 2} == eligible
    assert {processor for name, processors in used.items() if name not in eligible for processor in processors} == {
        REAL_TIME.value
    }
    assert {job["engine"] for job in lanes.jobs(wired)} == {"local"}
    unfinished = {job["repository_name"] for job in lanes.jobs(wired) if job["status"] != "completed"}
    assert unfinished == lanes.failing


async def _it_withdraws_by_itself(lanes: TwoLanes, wired: Wired) -> None:
    assert "health" in await wired.schedule().tend()
    assert manage.in_force(wired.rollout()).percentage == 0
    last = manage.history(wired.rollout())[0]
    assert (last.who, last.after["rollout_percentage"]) == ("monitor", 0)
    assert last.evidence is not None
    assert last.evidence["errors"] == 4
    lanes.failing.clear()


async def _it_stops_midway_and_goes_on(lanes: TwoLanes, wired: Wired, eligible: set[str]) -> None:
    rollout = wired.rollout()
    manage.set_percentage(rollout, PERCENTAGE, ANN)
    for name in sorted(eligible):
        assert isinstance(lanes.ask(wired, name, Scope(full=True)), Queued)
    begun = []

    def stop_at_the_third(part: str) -> None:
        begun.append(part)
        if part.startswith(BULK) and sum(each.startswith(BULK) for each in begun) == 3:
            emergency_stop(rollout, wired.control().leave_bulk, ANN)

    lanes.begins = stop_at_the_third
    await lanes.drain(wired)
    again = Counter(job["processor_type"] for job in lanes.jobs(wired) if job["full"])
    assert again == {BULK.value: 3, REAL_TIME.value: len(eligible) - 3}
    assert sum(part.startswith(BULK) for part in begun) == 3
    assert manage.resume(rollout, ANN).after.percentage == PERCENTAGE
    lanes.time.advance(timedelta(hours=2).total_seconds())
    wired.control().retry_all(JobFilter(), who="ann")
    await lanes.drain(wired)


async def _everything_is_there(lanes: TwoLanes, wired: Wired) -> None:
    completed = {job["id"]: job["retry_of"] for job in lanes.jobs(wired) if job["status"] == "completed"}
    dead = {job["id"] for job in lanes.jobs(wired) if job["status"] == "dead"}
    assert len(completed) + len(dead) == len(lanes.jobs(wired)) == len(rows(wired.database, "job_metrics"))
    assert dead == set(completed.values()) - {None}
    for name in lanes.names:
        assert (await wired.verify(name, live=False)).gap_count == 0
