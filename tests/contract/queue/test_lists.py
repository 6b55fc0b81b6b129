"""Lists of jobs, counts, and commands over all that a filter means."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.jobs import JobState, JobType, Outcome, Trigger
from progressive_capture.store import jobs
from progressive_capture.store.jobs import JobFilter, JobLine
from tests.contract.queue.rows import BULK, MINUTE, NOW, REAL_TIME, claimed, fail, queued, state
from tests.contract.store_rows import HOST

ALL = JobFilter()


def walked(connection: Connection, wanted: JobFilter, size: int) -> list[JobLine]:
    """All pages of a list."""
    found: list[JobLine] = []
    place = None
    while page := jobs.page_of_jobs(connection, wanted, place, size):
        found += page
        place = (page[-1].created_at, page[-1].id)
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_pages_hold_every_job_once_the_newest_first(connection: Connection, size: int) -> None:
    made = [queued(connection, now=NOW + (number // 2) * MINUTE).id for number in range(9)]
    found = walked(connection, ALL, size)
    assert sorted(line.id for line in found) == sorted(made)
    assert [(line.created_at, line.id) for line in found] == sorted((line.created_at, line.id) for line in found)[::-1]
    assert jobs.count_jobs(connection, ALL, None) == 9
    assert jobs.count_jobs(connection, ALL, most=4) == 4


@pytest.fixture
def mixed(connection: Connection) -> dict[str, str]:
    """Jobs that differ in each thing that a filter asks."""
    completed = claimed(connection, repository_id=2, processor=BULK)
    jobs.settle_shard(connection, completed.claim, Outcome.COMPLETED, None, NOW)
    dead = claimed(connection, repository_id=3)
    fail(connection, dead, error_class=ErrorClass.DENIED)
    return {
        "completed": completed.job.id,
        "dead": dead.job.id,
        "bulk": queued(connection, repository_id=1, job_type=JobType.PR_DETAILS).id,
        "late": queued(connection, repository_id=1, processor=REAL_TIME, now=NOW + timedelta(days=1)).id,
        "hook": queued(connection, repository_id=4, trigger=Trigger.WEBHOOK, processor=REAL_TIME).id,
    }


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (JobFilter(host_id=HOST), {"completed", "dead", "bulk", "late", "hook"}),
        (JobFilter(host_id=HOST + 1), set()),
        (JobFilter(repository_id=1), {"bulk", "late"}),
        (JobFilter(states=frozenset({JobState.PENDING})), {"bulk", "late", "hook"}),
        (JobFilter(states=frozenset({JobState.DEAD, JobState.COMPLETED})), {"dead", "completed"}),
        (JobFilter(processors=frozenset({REAL_TIME})), {"late", "hook"}),
        (JobFilter(job_types=frozenset({JobType.PR_DETAILS})), {"bulk"}),
        (JobFilter(triggers=frozenset({Trigger.WEBHOOK})), {"hook"}),
        (JobFilter(error_class="denied"), {"dead"}),
        (JobFilter(created_from=NOW + MINUTE), {"late"}),
        (JobFilter(created_before=NOW), set()),
        (JobFilter(repository_id=1, processors=frozenset({REAL_TIME})), {"late"}),
    ],
    # Named: texts of sets differ from one process to the next, and workers must collect the same tests.
    ids=[
        *("host", "other host", "repository", "state", "states", "processor"),
        *("job type", "trigger", "error class", "created from", "created before", "two at once"),
    ],
)
def test_a_filter_means_what_it_says(
    connection: Connection, mixed: dict[str, str], wanted: JobFilter, found: set[str]
) -> None:
    names = {identifier: name for name, identifier in mixed.items()}
    assert {names[line.id] for line in walked(connection, wanted, 2)} == found
    assert jobs.count_jobs(connection, wanted, None) == len(found)


def test_a_line_tells_what_is_stored(connection: Connection) -> None:
    job = queued(connection, item_count=4, metadata={"figures": {}})
    line = jobs.find_line(connection, job.id)
    assert line is not None
    assert (line.processor, line.state, line.item_count, line.metadata) == (BULK, JobState.PENDING, 4, {"figures": {}})
    assert jobs.find_line(connection, "00000000-0000-0000-0000-000000000000") is None


def test_bulk_cancel_ends_what_is_open_and_no_more_than_asked(connection: Connection, mixed: dict[str, str]) -> None:
    first = jobs.bulk_cancel(connection, ALL, 2, NOW, who="operator", reason="cleaning up")
    rest = jobs.bulk_cancel(connection, ALL, 9, NOW, who="operator")
    assert sorted(first + rest) == sorted(mixed[name] for name in ("bulk", "late", "hook"))
    assert jobs.bulk_cancel(connection, ALL, 9, NOW, who="operator") == []
    assert state(connection, mixed["dead"]) is JobState.DEAD


def test_bulk_retry_makes_one_new_job_of_each_dead_one(connection: Connection) -> None:
    dead = []
    for _ in range(3):
        taken = claimed(connection)
        fail(connection, taken, retryable=False)
        dead.append(taken.job)
    queued(connection, repository_id=dead[0].repository_id)
    made = jobs.bulk_retry(connection, ALL, 1, NOW, who="operator")
    made |= jobs.bulk_retry(connection, ALL, 9, NOW, who="operator")
    assert sorted(made) == sorted(job.id for job in dead[1:])
    assert {state(connection, new) for new in made.values()} == {JobState.PENDING}
    assert jobs.bulk_retry(connection, ALL, 9, NOW, who="operator") == {}
