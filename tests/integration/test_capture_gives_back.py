"""A `pc capture` that takes a job of the queue, and stops before its end, gives it back; on both databases."""

import asyncio
import re
from typing import Any

import pytest

from progressive_capture.domain.errors import CaptureFailed
from progressive_capture.domain.requests import Queued
from tests.support.little_github import NAME
from tests.support.offices import BY_REST, Office, office_of_seven

FIRST_PAGE = re.compile(r"[?&]page=1(&|$)")


@pytest.fixture
def office(database_url: str) -> Office:
    return office_of_seven(database_url)


def queued(office: Office) -> str:
    answer = asyncio.run(office.ask())
    assert isinstance(answer, Queued)
    return answer.job_id


async def capture(office: Office) -> bool:
    async with office.wired() as wired:
        return (await wired.capture(NAME, BY_REST)).interrupted


def only_job(office: Office) -> dict[str, Any]:
    (job,) = office.rows("progressive_capture_jobs")
    return job


def is_back(office: Office, before: dict[str, Any]) -> bool:
    """Whether the job is in line where it was before a capture took it, with its pages and no lease."""
    job = only_job(office)
    assert (job["status"], job["processor_type"], job["route_rule"]) == (
        "pending",
        before["processor_type"],
        before["route_rule"],
    )
    shards = office.rows("job_shards")
    assert {shard["claimed_by"] for shard in shards} == {None}
    return any(shard["checkpoint"] for shard in shards)


def ends_by_a_worker(office: Office) -> bool:
    """Whether a worker that begins at once completes the job without reading the first page a second time."""
    office.github.asked.clear()
    assert asyncio.run(office.work()).jobs == 1
    read_again = any(FIRST_PAGE.search(each) for each in office.github.pages("created"))
    return only_job(office)["status"] == "completed" and not read_again


def test_a_queued_job_whose_capture_is_stopped_is_back_in_line_at_once(office: Office) -> None:
    queued(office)
    before = only_job(office)
    office.stop = lambda: any("/pulls/3" in each for each in office.github.asked)
    assert asyncio.run(capture(office))
    office.stop = lambda: False
    assert is_back(office, before)
    assert office.rows("job_events")[-1]["detail"] == "`pc capture` stopped"
    assert ends_by_a_worker(office)


def test_a_queued_job_whose_capture_fails_is_back_in_line_at_once(office: Office) -> None:
    queued(office)
    before = only_job(office)
    office.github.moods["&page=2"] = (403, {})
    with pytest.raises(CaptureFailed):
        asyncio.run(capture(office))
    office.github.moods.clear()
    assert is_back(office, before)
    assert ends_by_a_worker(office)


def test_a_capture_of_its_own_waits_for_its_next_run(office: Office) -> None:
    office.stop = lambda: any("/pulls/3" in each for each in office.github.asked)
    assert asyncio.run(capture(office))
    office.stop = lambda: False
    assert asyncio.run(office.work()).jobs == 0
    assert {run["outcome"] for run in office.rows("duty_runs") if run["duty"] == "sweep"} == {"done"}
    assert only_job(office)["status"] == "processing"
    assert not asyncio.run(capture(office))
    assert {each["status"] for each in office.rows("progressive_capture_jobs")} == {"completed"}
