"""What `pc run` does on a runner, within the test's process: GitHub is a little one without a server."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from progressive_capture.capture import index
from progressive_capture.domain.scope import moment
from progressive_capture.engines.actions.beginning import DONE, NoSuchJob, Nothing
from progressive_capture.engines.actions.keys import RunKey
from progressive_capture.engines.run import Ended, Parked
from tests.support.little_github import START, LittleGitHub
from tests.support.offices import MoodyGitHub, Office
from tests.support.runners import RUN_ID, Runners

LIST = "/repos/o/r/pulls?"


@pytest.fixture
def runners(database_url: str) -> Runners:
    """A repository of seven pull requests: three pages."""
    runners = Runners(Office(MoodyGitHub(pulls=LittleGitHub.of(7).pulls), database_url))
    asyncio.run(runners.office.know())
    runners.office.github.asked.clear()
    return runners


def halted(runners: Runners, at: int) -> Callable[[str], None]:
    """Ask to stop at a request."""
    stopped: list[bool] = []
    runners.office.stop = lambda: bool(stopped)

    def before(_path: str) -> None:
        if len(runners.office.github.asked) == at:
            stopped.append(True)

    return before


def facts(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def test_a_dispatched_job_is_run_to_its_end_and_known_by_its_run(runners: Runners) -> None:
    key = runners.dispatch()
    ran = runners.run(key)
    assert (ran.ending, ran.shards_left) == (Ended(is_settled=True), ())
    job = runners.job()
    assert facts(job, "status", "engine", "attempt") == ("completed", "github_actions", 1)
    assert facts(job, "engine_run_ref", "workflow_run_id") == (str(RUN_ID), RUN_ID)
    assert len(runners.rows("pull_requests")) == 7
    (metrics,) = runners.rows("job_metrics")
    assert facts(metrics, "engine", "requests") == ("github_actions", len(runners.office.github.asked))
    assert runners.run(key).ending == Nothing("The job is completed already.")


def test_a_wait_beyond_two_minutes_ends_the_run_and_is_no_failure(runners: Runners) -> None:
    key = runners.dispatch()
    runners.office.github.moods[LIST] = (429, {"retry-after": "900"})
    ran = runners.run(key)
    assert isinstance(ran.ending, Parked)
    assert runners.office.github.now < START + timedelta(minutes=2)
    job = runners.job()
    assert facts(job, "status", "failures") == ("pending", 0)
    assert moment(job["run_at"]) >= START + timedelta(minutes=15)
    assert {row["claimed_by"] for row in runners.shards().values()} == {None}


def test_a_list_is_shared_out_over_users_not_over_their_tokens(
    runners: Runners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "SHARD_MIN", 2)
    runners.office.settings["PC_GITHUB_TOKENS"] = "one,two"
    assert runners.run(runners.dispatch()).ending == Ended(is_settled=True)
    assert sorted(runners.shards()) == [0, 1]


def test_a_limit_on_who_asks_ends_the_run_too(runners: Runners) -> None:
    runners.office.settings["PC_GITHUB_TOKENS"] = "one,two"
    key = runners.dispatch()
    runners.office.github.moods["/user"] = (429, {"retry-after": "900"})
    ran = runners.run(key)
    assert isinstance(ran.ending, Parked)
    assert not ran.ending.is_stopped
    assert moment(runners.job()["run_at"]) >= START + timedelta(minutes=15)


def test_a_short_wait_is_sat_out(runners: Runners) -> None:
    key = runners.dispatch()
    runners.office.github.moods[LIST] = (429, {"retry-after": "100"})
    runners.office.github.before = lambda _: None

    async def pause(seconds: float) -> None:
        runners.office.github.now += timedelta(seconds=seconds)
        runners.office.github.moods.clear()

    runners.office._pause = pause  # type: ignore[method-assign] # it ends the bad mood
    assert runners.run(key).ending == Ended(is_settled=True)
    assert runners.office.github.now >= START + timedelta(seconds=100)


def test_a_run_whose_time_is_over_leaves_its_checkpoint_to_the_next_one(runners: Runners) -> None:
    key = runners.dispatch()

    def before(_path: str) -> None:
        runners.office.github.now += timedelta(seconds=20)

    runners.office.github.before = before
    ran = runners.run(key, minutes=1)
    assert isinstance(ran.ending, Parked)
    assert (ran.ending.why, ran.ending.is_stopped) == ("its run's time is over", False)
    assert runners.job()["status"] == "pending"
    again = runners.again()
    assert again == RunKey(key.job_id, 2)
    assert runners.run(again).ending == Ended(is_settled=True)
    walked = [each for each in runners.office.github.asked if "sort=" in each]
    assert len(walked) == len(set(walked))
    assert runners.run(key).ending == Nothing("The job is completed already.")


def test_a_run_that_is_told_to_stop_leaves_its_job_in_line(runners: Runners) -> None:
    key = runners.dispatch()
    runners.office.github.before = halted(runners, 4)
    ran = runners.run(key)
    assert isinstance(ran.ending, Parked)
    assert ran.ending.is_stopped
    assert facts(runners.job(), "status", "failures") == ("pending", 0)
    assert {row["claimed_by"] for row in runners.shards().values()} == {None}
    runners.office.stop = lambda: False
    runners.office.github.now += timedelta(minutes=2)
    assert runners.run(runners.again()).ending == Ended(is_settled=True)


def test_what_is_no_longer_this_runs_is_left_alone(runners: Runners) -> None:
    with pytest.raises(NoSuchJob, match="is DATABASE_URL the one"):
        runners.run(RunKey("00000000-0000-4000-8000-000000000000", 1))
    key = runners.dispatch()
    late = runners.run(RunKey(key.job_id, 2))
    assert late.ending == Nothing("This run is attempt 2 at the job, which is at attempt 1 now.")
    assert runners.run(key, 5).ending == DONE
    assert runners.job()["status"] == "dispatched"


def test_refused_credentials_fail_no_job_and_are_not_tried_at_once(runners: Runners) -> None:
    key = runners.dispatch()
    runners.office.github.moods[LIST] = (401, {})
    ran = runners.run(key)
    assert isinstance(ran.ending, Parked)
    assert ran.ending.is_refused
    job = runners.job()
    assert facts(job, "status", "failures") == ("pending", 0)
    assert moment(job["run_at"]) >= START + timedelta(minutes=10)
