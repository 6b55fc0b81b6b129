"""The worker within the test's process: claims, runs, parks, fails, stops; GitHub is a little one without a server."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from progressive_capture.domain.errors import CredentialsRefused, ErrorClass
from progressive_capture.domain.jobs import JobState, Processor
from progressive_capture.domain.requests import Joined, Queued, RerunAsked
from progressive_capture.domain.scope import Scope, SourceChoice
from progressive_capture.github.answer import Answer
from progressive_capture.github.transport import Received, Request
from progressive_capture.store import jobs
from tests.support.little_github import START
from tests.support.offices import BY_REST, MoodyGitHub, Office, office_of_seven, wish

LIST = "/repos/o/r/pulls?"


@pytest.fixture
def office(database_url: str) -> Office:
    return office_of_seven(database_url)


def jobs_of(office: Office) -> list[dict[str, Any]]:
    return sorted(office.rows("progressive_capture_jobs"), key=lambda row: str(row["created_at"]))


def work(office: Office) -> tuple[int, int]:
    served = asyncio.run(office.work())
    return served.jobs, served.parked


def queued(office: Office, scope: Scope = BY_REST) -> str:
    answer = asyncio.run(office.ask(scope))
    assert isinstance(answer, Queued)
    return answer.job_id


def when(office: Office, part: str, count: int, act: Callable[[], None]) -> None:
    """Act at the `count`-th request of a path."""
    seen = Counter[str]()

    def before(path: str) -> None:
        seen[part] += part in path
        if part in path and seen[part] == count:
            act()

    office.github.before = before


def test_a_job_is_run_to_its_end_and_booked(office: Office) -> None:
    queued(office)
    assert work(office) == (1, 0)
    (job,) = jobs_of(office)
    assert (job["status"], job["engine"], job["attempt"], job["failures"]) == ("completed", "local", 1, 0)
    assert len(office.rows("pull_requests")) == 7
    (used,) = office.rows("job_metrics")
    assert used["requests"] == len(office.github.asked)
    assert used["cost_microusd"] == 0
    assert used["peak_memory_bytes"] > 1_000_000
    assert used["cpu_ms"] > 0
    (outcome,) = office.rows("rollout_metrics")
    assert (outcome["success_count"], outcome["error_count"], outcome["counted"]) == (1, 0, True)
    (worker,) = office.rows("workers")
    assert worker["stopped_at"] is not None
    assert office.rows("leader_leases") == []


def test_a_limit_that_lasts_gives_the_slot_away_and_is_no_failure(office: Office) -> None:
    queued(office)
    office.github.moods[LIST] = (429, {"retry-after": "900"})
    assert work(office) == (0, 1)
    (job,) = jobs_of(office)
    assert (job["status"], job["failures"]) == ("pending", 0)
    assert "2026-06-01T12:15:0" in job["run_at"]
    assert {row["claimed_by"] for row in office.rows("job_shards")} == {None}
    assert isinstance(asyncio.run(office.ask()), Joined)
    assert work(office) == (0, 0)
    office.github.moods.clear()
    office.github.now = START + timedelta(minutes=16)
    assert work(office) == (1, 0)
    assert [row["status"] for row in jobs_of(office)] == ["completed"]


def test_what_may_pass_is_tried_again_until_the_attempts_are_spent(office: Office) -> None:
    queued(office)
    office.github.moods[LIST] = (500, {})
    seen = []
    for _ in range(4):
        work(office)
        seen += [(job["status"], job["failures"], job["error_class"]) for job in jobs_of(office)]
        office.github.now += timedelta(hours=2)
    assert seen == [("failed", 1, "broken"), ("failed", 2, "broken"), ("dead", 3, "broken"), ("dead", 3, "broken")]
    assert "While looking up o/r: GitHub answered 500" in jobs_of(office)[0]["error"]
    (used,) = office.rows("job_metrics")
    assert used["requests"] == len(office.github.asked) > 3
    (outcome,) = office.rows("rollout_metrics")
    assert (outcome["success_count"], outcome["error_count"], outcome["counted"]) == (0, 1, True)


@pytest.mark.parametrize(
    ("status", "error_class"), [(404, ErrorClass.MISSING), (403, ErrorClass.DENIED), (451, ErrorClass.BLOCKED)]
)
def test_what_will_not_pass_is_dead_at_once_and_no_failure_of_the_lane(
    office: Office, status: int, error_class: ErrorClass
) -> None:
    queued(office)
    office.github.moods["/repos/o/r"] = (status, {})
    work(office)
    (job,) = jobs_of(office)
    assert (job["status"], job["error_class"]) == ("dead", error_class)
    (outcome,) = office.rows("rollout_metrics")
    assert (outcome["error_count"], outcome["counted"]) == (1, False)


def test_a_refused_token_stops_the_worker_and_no_job_is_lost(office: Office) -> None:
    queued(office)
    queued(office, Scope(numbers=(1,), source=SourceChoice.REST))
    office.github.moods[LIST] = (401, {})
    with capture_logs() as logged, pytest.raises(CredentialsRefused, match=r"back in line. While .* does not accept"):
        asyncio.run(office.work({Processor.INNGEST: 1}))
    assert {row["status"] for row in jobs_of(office)} <= {"pending", "completed"}
    assert {row["failures"] for row in jobs_of(office)} == {0}
    assert {row["claimed_by"] for row in office.rows("job_shards")} == {None}
    assert "credentials refused" in {line["event"] for line in logged if line["log_level"] == "error"}
    (worker,) = office.rows("workers")
    assert worker["stopped_at"] is not None
    office.github.moods = {"/": (401, {})}
    with pytest.raises(CredentialsRefused):
        work(office)
    office.github.moods.clear()
    work(office)
    assert [row["status"] for row in jobs_of(office)] == ["completed", "completed"]


@dataclass
class TwoTokens(MoodyGitHub):
    """Knows whose the second token is, and may refuse the first."""

    user: int = 7
    refuses: bool = False

    async def send(self, request: Request) -> Received:
        """Answer as that token may be answered."""
        is_first = request.headers["authorization"].endswith(" one")
        if is_first and self.refuses:
            return Received(Answer(401, {}, b'{"message": "Bad credentials"}'), 20)
        if not is_first and request.url.endswith("/user"):
            return Received(Answer(200, {}, b'{"login": "bob", "id": %d}' % self.user), 20)
        return await super().send(request)


@pytest.mark.parametrize("user", [7, 8], ids=["of the same user", "of another"])
def test_a_known_token_that_is_refused_leaves_the_job_to_the_other(office: Office, user: int) -> None:
    """Whose it is was stored by an earlier job: nothing is asked before the work begins."""
    office.settings["PC_GITHUB_TOKENS"] = "one,two"
    office.github = github = TwoTokens(pulls=office.github.pulls, user=user)
    queued(office, Scope(numbers=(1,), source=SourceChoice.REST))
    assert work(office) == (1, 0)
    github.refuses = True
    queued(office)
    with capture_logs() as logged:
        assert work(office) == (1, 0)
    assert {row["status"] for row in jobs_of(office)} == {"completed"}
    assert len(office.rows("pull_requests")) == 7
    assert any("The work goes on without it." in str(line) for line in logged)


def test_a_dead_job_is_told_as_an_error_and_counted(office: Office) -> None:
    queued(office)
    office.github.moods["/repos/o/r"] = (404, {})
    with capture_logs() as logged:
        served = asyncio.run(office.work())
    assert (served.count(JobState.DEAD), served.count(JobState.FAILED)) == (1, 0)
    (line,) = [line for line in logged if line["event"] == "dead"]
    assert line["log_level"] == "error"
    assert line["error"] == (
        "While listing pull requests: GitHub has no repository o/r, or this token may not see it: "
        "check the name and the token."
    )


def test_a_mistake_of_ours_ends_one_job_and_not_the_worker(office: Office) -> None:
    queued(office)
    queued(office, Scope(numbers=(1,), source=SourceChoice.REST))

    def blow() -> None:
        raise ZeroDivisionError

    when(office, "/repos/o/r/pulls/1", 1, blow)
    with capture_logs() as logged:
        work(office)
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["broken"]
    assert sorted(row["status"] for row in jobs_of(office)) == ["completed", "failed"]
    (failed,) = [row for row in jobs_of(office) if row["status"] == "failed"]
    assert failed["error_class"] == "unknown"
    assert "ZeroDivisionError" in failed["error"]


def test_a_mistake_of_ours_behind_the_index_spends_the_jobs_attempts_too(office: Office) -> None:
    queued(office)

    def blow() -> None:
        raise ZeroDivisionError

    when(office, "/repos/o/r/pulls/1", 1, blow)
    with capture_logs():
        work(office)
    (job,) = jobs_of(office)
    assert (job["status"], job["failures"], job["error_class"]) == ("failed", 1, "unknown")
    assert {row["k"]: row["state"] for row in office.rows("job_shards")} == {0: "completed", 1: "failed"}
    office.github.now += timedelta(hours=2)
    assert work(office) == (1, 0)
    assert [row["status"] for row in jobs_of(office)] == ["completed"]


def test_a_stop_puts_the_job_back_after_its_page_and_another_worker_goes_on(office: Office) -> None:
    queued(office)
    stopped: list[bool] = []
    office.stop = lambda: bool(stopped)
    when(office, "/repos/o/r/pulls", 2, lambda: stopped.append(True))
    assert work(office) == (0, 1)
    (job,) = jobs_of(office)
    assert (job["status"], job["failures"], job["attempt"]) == ("pending", 0, 1)
    assert {row["claimed_by"] for row in office.rows("job_shards")} == {None}
    stopped.clear()
    office.github.before = lambda _: None
    assert work(office) == (1, 0)
    assert len(office.github.pages("created")) == 3
    (job,) = jobs_of(office)
    assert (job["status"], job["attempt"]) == ("completed", 2)


def test_a_cancelled_job_stops_at_its_next_page(office: Office) -> None:
    job_id = queued(office)

    async def run() -> None:
        async with office.wired() as wired:

            def cancel() -> None:
                with wired.database.transaction() as connection:
                    jobs.cancel(connection, job_id, office.github.now, who="test")

            when(office, "/repos/o/r/pulls", 3, cancel)
            await office.drain(wired)

    asyncio.run(run())
    (job,) = jobs_of(office)
    assert job["status"] == "cancelled"
    assert len(office.rows("pull_requests")) < 7
    assert {row["state"] for row in office.rows("job_shards")} <= {"cancelled", "completed"}
    (used,) = office.rows("job_metrics")
    assert used["outcome"] == "cancelled"


def test_slots_that_were_idle_at_once_are_done_whatever_comes_later(office: Office) -> None:
    async def run() -> int:
        async with office.wired() as wired:
            worker = wired.worker()
            slots = sum(worker.slots.values())

            async def pause(_seconds: float) -> None:
                while len(worker.idle) < slots:  # noqa: ASYNC110 - the worker tells nobody when a slot is idle
                    await asyncio.sleep(0.005)
                await asyncio.to_thread(wired.queue().submit, wish(wired))

            worker.pause = pause
            return (await asyncio.wait_for(worker.run(drain=True), 20)).jobs

    assert asyncio.run(run()) == 0
    assert [row["status"] for row in jobs_of(office)] == ["pending"]


def test_who_asks_while_the_walk_runs_is_served_by_its_successor(office: Office) -> None:
    first = queued(office)
    answers: list[object] = []

    async def run() -> None:
        async with office.wired() as wired:
            loop = asyncio.get_running_loop()
            pending: list[asyncio.Task[None]] = []

            async def ask() -> None:
                office.github.change(1, START + timedelta(seconds=5))
                answers.append(await office.ask())

            when(office, "/repos/o/r/pulls", 2, lambda: pending.append(loop.create_task(ask())))
            await office.drain(wired)
            await asyncio.gather(*pending)

    office.github.now = START + timedelta(seconds=10)
    asyncio.run(run())
    assert answers == [RerunAsked(first)]
    assert [row["status"] for row in jobs_of(office)] == ["completed", "completed"]
    assert {row["number"]: row["updated_at"] for row in office.rows("pull_requests")}[1] == "2026-06-01T12:00:05Z"


def test_a_long_job_lets_others_of_its_lane_go_between(office: Office) -> None:
    long, short = queued(office), queued(office, Scope(numbers=(1,), source=SourceChoice.REST))

    def later(_path: str) -> None:
        office.github.now += timedelta(seconds=10)

    office.github.before = later
    asyncio.run(office.work({Processor.INNGEST: 1}))
    while any(row["status"] != "completed" for row in jobs_of(office)):
        office.github.now += timedelta(seconds=5)
        asyncio.run(office.work({Processor.INNGEST: 1}))
    ended = {row["id"]: row for row in jobs_of(office)}
    assert ended[short]["completed_at"] < ended[long]["completed_at"]
    assert (ended[short]["attempt"], ended[long]["failures"]) == (1, 0)
    assert ended[long]["attempt"] > 1


def test_the_repository_is_looked_up_again_before_a_walk_over_all_of_it(office: Office) -> None:
    queued(office)
    office.github.now = START + timedelta(hours=1)
    work(office)
    assert [path for path in office.github.asked if path.startswith("/repos/o/r?")] == ["/repos/o/r?"]
    (job,) = jobs_of(office)
    assert job["status"] == "completed"
