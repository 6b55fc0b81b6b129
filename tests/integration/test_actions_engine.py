"""Handing jobs to GitHub Actions, following, stopping and reckoning runs; GitHub is a little one without a server."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from progressive_capture.domain.jobs import EngineName, JobType, Processor
from progressive_capture.domain.requests import Queued
from progressive_capture.domain.scope import github_time, stamp
from progressive_capture.queue.engine import Engine, EngineRefused, EngineUnreachable, EngineUsage, Handover, RunState
from progressive_capture.settings import SettingsError
from progressive_capture.store.tables import JOBS
from tests.support.little_actions import ACTIONS, FLOWS, SETTINGS, LittleActions
from tests.support.little_github import NAME, LittleGitHub
from tests.support.offices import BY_REST, Office

T = TypeVar("T")
BULK = {"processor_type": Processor.GITHUB_ACTIONS.value}
LISTED = f"GET {ACTIONS}/runs"


@pytest.fixture
def github() -> LittleActions:
    return LittleActions(pulls=LittleGitHub.of(3).pulls)


@pytest.fixture
def office(github: LittleActions, sqlite_url: str) -> Office:
    """A known repository, and a repository of workflows."""
    office = Office(github, sqlite_url, dict(SETTINGS) | {"PC_GITHUB_API_URL": "http://127.0.0.1:1"})
    asyncio.run(office.know())
    github.asked.clear()
    return office


def with_engine(office: Office, act: Callable[[Engine], Awaitable[T]]) -> T:
    async def run() -> T:
        async with office.wired() as wired, wired.engines() as engines:
            return await act(engines[EngineName.GITHUB_ACTIONS])

    return asyncio.run(run())


def queued(office: Office, **columns: Any) -> Handover:
    """Ask for work; how its first shard is handed over."""

    async def run() -> Handover:
        answer = await office.ask(BY_REST)
        assert isinstance(answer, Queued)
        async with office.wired() as wired:
            with wired.database.transaction() as connection:
                connection.execute(JOBS.update().values(BULK | columns | {"dispatched_at": stamp(office.github.now)}))
            return Handover(
                job_id=answer.job_id,
                k=0,
                attempt=1,
                part=0,
                principal=None,
                job_type=JobType.HISTORICAL_PR_SYNC,
                repository_name=NAME,
                host_id=wired.host_id,
                priority=0,
            )

    return asyncio.run(run())


def dispatched(office: Office, handover: Handover) -> str | None:
    return with_engine(office, lambda engine: engine.dispatch([handover]))


def test_a_job_becomes_one_run_of_its_workflow(office: Office, github: LittleActions) -> None:
    handover = queued(office)
    assert dispatched(office, handover) == "901"
    ((file, body),) = github.started
    assert file == "historical-pr-sync.yml"
    assert body["ref"] == "main"
    assert body["inputs"] == {"job_id": f"{handover.job_id}:1", "repository_id": "9", "repository_name": NAME}
    assert github.tokens == {"Bearer ghp_starter"}
    assert with_engine(office, lambda engine: engine.dispatch([])) is None


def test_much_work_goes_to_several_runners(office: Office, github: LittleActions) -> None:
    dispatched(office, queued(office, item_count=30_001))
    assert github.started[0][0] == "bulk-capture.yml"


def test_the_same_attempt_is_started_once_however_often_it_is_handed_over(
    office: Office, github: LittleActions
) -> None:
    handover = queued(office)
    github.add(f"capture {handover.job_id}:11")
    github.add(f"capture {handover.job_id}:1", created_at="2026-05-31T12:00:00Z")
    assert dispatched(office, handover) == dispatched(office, handover) == "903"
    assert len(github.started) == 1


def test_a_run_is_found_behind_many_others_and_by_a_clock_that_is_a_little_behind(
    office: Office, github: LittleActions
) -> None:
    handover = queued(office)
    github.add(f"capture {handover.job_id}:1", created_at=github_time(github.now - timedelta(minutes=1)))
    for _ in range(100):
        github.add("capture something else")
    assert dispatched(office, handover) == "901"
    assert github.started == []


@pytest.mark.parametrize("older", ["tells nothing", "refuses to be asked"])
def test_a_run_whose_id_is_not_told_is_found_by_its_name(office: Office, github: LittleActions, older: str) -> None:
    github.tells, github.knows_details = older != "tells nothing", older != "refuses to be asked"
    github.shown_after = 2
    github.add("capture something else")
    assert dispatched(office, queued(office)) == "902"
    assert len(github.started) == 1


def test_a_run_that_is_not_shown_yet_is_known_by_its_name_and_found_later(
    office: Office, github: LittleActions
) -> None:
    github.tells, github.shown_after = False, 100
    handover = queued(office)
    ref = dispatched(office, handover)
    assert ref == f"{handover.job_id}:1"
    assert with_engine(office, lambda engine: engine.status(ref, handover)) is RunState.UNKNOWN
    assert with_engine(office, lambda engine: engine.usage(ref)) is None
    github.shown_after = 0
    assert with_engine(office, lambda engine: engine.status(ref, handover)) is RunState.QUEUED
    with_engine(office, lambda engine: engine.cancel(ref))
    assert with_engine(office, lambda engine: engine.status(ref, handover)) is RunState.CANCELLED


def test_a_dispatch_without_an_answer_is_looked_for_and_never_repeated(office: Office, github: LittleActions) -> None:
    github.loses = True
    assert dispatched(office, queued(office)) == "901"
    assert len(github.started) == 1


def test_a_dispatch_that_did_not_arrive_is_nobodys_run(office: Office, github: LittleActions) -> None:
    handover = queued(office)
    github.moods["dispatches"] = (502, {})
    with pytest.raises(EngineUnreachable, match="GitHub answered 502"):
        dispatched(office, handover)
    assert sum("dispatches" in each for each in github.asked) == 1
    assert github.asked.count(LISTED) == 5


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (403, "does not let this token use historical-pr-sync.yml of team/flows: it needs the permission `actions: w"),
        (404, "team/flows has no historical-pr-sync.yml, or this token may not see it: `pc workflows check team/flow"),
        (401, "GitHub does not accept the token"),
        (422, "GitHub answered 422"),
    ],
)
def test_refusals_say_what_to_do(office: Office, github: LittleActions, status: int, sentence: str) -> None:
    handover = queued(office)
    github.moods["dispatches"] = (status, {})
    with pytest.raises(EngineRefused) as refused:
        dispatched(office, handover)
    assert sentence in str(refused.value)
    assert sum("dispatches" in each for each in github.asked) == 1


def test_a_short_limit_is_sat_out_and_a_long_one_is_not(office: Office, github: LittleActions) -> None:
    handover = queued(office)
    began = github.now
    github.moods["/actions/runs"] = (429, {"retry-after": "3000"})
    with pytest.raises(EngineUnreachable):
        dispatched(office, handover)
    assert (github.now - began).total_seconds() < 60
    assert github.started == []


def test_states_are_those_of_the_run(office: Office, github: LittleActions) -> None:
    handover = queued(office)
    run = github.add("capture x")
    ref = str(run["id"])
    for status, conclusion, state in [
        ("queued", None, RunState.QUEUED),
        ("waiting", None, RunState.QUEUED),
        ("in_progress", None, RunState.RUNNING),
        ("completed", "success", RunState.SUCCEEDED),
        ("completed", "cancelled", RunState.CANCELLED),
        ("completed", "timed_out", RunState.FAILED),
        ("completed", "startup_failure", RunState.FAILED),
    ]:
        run |= {"status": status, "conclusion": conclusion}
        assert with_engine(office, lambda engine: engine.status(ref, handover)) is state
    assert with_engine(office, lambda engine: engine.status("77", handover)) is RunState.GONE


def test_minutes_are_those_that_github_bills(office: Office, github: LittleActions) -> None:
    run = github.add("capture x", status="in_progress")
    ref = str(run["id"])
    begun = {"status": "completed", "conclusion": "success", "started_at": "2026-06-01T12:00:00Z"}
    github.jobs = [
        begun | {"completed_at": "2026-06-01T12:00:00Z"},
        begun | {"completed_at": "2026-06-01T12:01:01Z", "conclusion": "failure"},
        begun | {"completed_at": "2026-06-01T12:30:00Z", "labels": ["self-hosted", "linux"]},
        begun | {"completed_at": "2026-06-01T12:00:00Z", "conclusion": "skipped"},
        {"status": "queued", "started_at": None},
    ]
    assert with_engine(office, lambda engine: engine.usage(ref)) is None
    run |= {"status": "completed", "conclusion": "failure"}
    assert with_engine(office, lambda engine: engine.usage(ref)) == EngineUsage(runner_minutes=3, executions=0)
    assert with_engine(office, lambda engine: engine.usage("77")) is None


def test_a_run_is_stopped_and_one_that_has_ended_is_left_at_that(office: Office, github: LittleActions) -> None:
    run = github.add("capture x")
    for _ in range(2):
        with_engine(office, lambda engine: engine.cancel(str(run["id"])))
        assert run["conclusion"] == "cancelled"
    with_engine(office, lambda engine: engine.cancel("77"))
    other = github.add("capture y")
    github.moods["/cancel"] = (403, {})
    with pytest.raises(EngineRefused, match=r"actions: write"):
        with_engine(office, lambda engine: engine.cancel(str(other["id"])))


def test_an_engine_answers_when_its_workflows_are_there(office: Office, github: LittleActions) -> None:
    assert with_engine(office, lambda engine: engine.ping()).why == f"GitHub Actions of {FLOWS} answers."
    github.workflows[0]["state"] = "disabled_inactivity"
    missing = with_engine(office, lambda engine: engine.ping())
    assert not missing.answers
    assert missing.why.startswith("team/flows lacks bulk-capture.yml, or has switched them off: run `pc workflows i")
    github.moods["/actions/workflows"] = (404, {})
    absent = with_engine(office, lambda engine: engine.ping())
    assert absent.why.startswith(f"GitHub shows this token nothing of the workflows of {FLOWS}: check its name")
    github.moods["/actions/workflows"] = (500, {})
    assert not with_engine(office, lambda engine: engine.ping()).answers


def test_a_file_on_this_machine_is_no_database_for_runners_elsewhere(office: Office) -> None:
    async def terms() -> None:
        async with office.wired() as wired:
            assert wired.terms.engines[Processor.GITHUB_ACTIONS] is EngineName.GITHUB_ACTIONS

    asyncio.run(terms())
    office.settings["PC_GITHUB_API_URL"] = "https://api.github.com"
    with pytest.raises(SettingsError, match=r"The github_actions lane runs on another host.*PC_GITHUB_ACTIONS_ENGINE"):
        asyncio.run(terms())
