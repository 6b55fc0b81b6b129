"""Steps with little time: each makes progress that lasts, however slow GitHub is and whatever of it is out of order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from functools import partial

import pytest
from sqlalchemy import func, select

from progressive_capture.capture.advance import advance
from progressive_capture.capture.opening import open_job
from progressive_capture.capture.results import Advanced, Done, More, Stopped, WaitUntil
from progressive_capture.capture.run import look_up
from progressive_capture.capture.session import Tools
from progressive_capture.domain.scope import Scope, SourceChoice
from progressive_capture.github.answer import Answer
from progressive_capture.github.transport import Received, Request
from progressive_capture.store.tables import PULL_REQUESTS
from progressive_capture.wiring import Overrides, wire
from tests.support.given import settings_of
from tests.support.little_github import NAME, LittleGitHub, Visitor

STEP = timedelta(seconds=20)

GRAPHQL = "/graphql"


@dataclass
class Ailing(LittleGitHub):
    """By GraphQL nothing comes but failures; every answer takes its time, and REST may ask for a pause."""

    graphql_takes: timedelta = timedelta(seconds=5)
    rest_takes: timedelta = timedelta(milliseconds=200)
    pauses: dict[str, int] = field(default_factory=dict)
    """Seconds to wait, told once for a path."""
    broken: set[str] = field(default_factory=lambda: {GRAPHQL})

    async def send(self, request: Request) -> Received:
        """Answer as moods and time allow."""
        path = next((each for each in (*self.pauses, *self.broken) if each in request.url), None)
        self.now += self.graphql_takes if path == GRAPHQL else self.rest_takes
        if path is None:
            return await super().send(request)
        self.asked.append(path)
        headers, status = {"date": format_datetime(self.now, usegmt=True)}, 500
        if path in self.pauses:
            status, headers["retry-after"] = 429, str(self.pauses.pop(path))
        return Received(Answer(status, headers, b'{"message":"Not now"}'), 22)


class Patient(Visitor):
    """Hears what is amiss."""

    def note(self, text: str) -> None:
        """Nothing is held against it."""


def ailing(count: int) -> Ailing:
    """Pull requests 1 to `count`."""
    return Ailing(pulls=LittleGitHub.of(count).pulls)


@dataclass
class Work:
    """One open job of the little repository, and what was answered to its steps."""

    tools: Tools
    job_id: str
    github: Ailing

    async def step(self, k: int) -> Advanced:
        """Take one step of a shard, as a process that knows nothing of the one before."""
        self.github.asked.clear()
        return await advance(self.tools, self.job_id, k, 1, self.tools.clock() + STEP)

    async def steps(self, k: int) -> list[Advanced]:
        """Take steps until the shard is settled or cannot go on, sitting waits out: twenty at most."""
        taken: list[Advanced] = []
        while len(taken) < 20 and not any(isinstance(each, Done | Stopped) for each in taken):
            taken.append(answer := await self.step(k))
            if isinstance(answer, WaitUntil):
                self.github.now = max(self.github.now, answer.until)
        return taken

    def stored(self) -> int:
        with self.tools.database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(PULL_REQUESTS)) or 0


@asynccontextmanager
async def at_work(github: Ailing, database_url: str, source: SourceChoice = SourceChoice.AUTO) -> AsyncIterator[Work]:
    """Open a job over everything."""
    settings = settings_of({"PC_GITHUB_TOKENS": "t", "DATABASE_URL": database_url, "PC_REST_PER_MINUTE": 0})
    visitor = Patient(github, database_url)
    overrides = Overrides(clock=lambda: github.now, random=lambda: 0.5, transport=lambda _: github)
    wiring = partial(wire, settings, create=True, reporter=visitor, pause=visitor._pause, stopping=lambda: False)
    async with wiring(overrides=overrides) as wired, wired.tools(NAME) as (tools, *_):
        scope = Scope(source=source)
        job = open_job(tools, await look_up(tools, NAME, scope), scope).job
        yield Work(tools, job.id, github)


async def test_short_steps_come_to_an_end_where_graphql_is_slow_and_broken(sqlite_url: str) -> None:
    async with at_work(ailing(7), sqlite_url) as work:
        assert all(isinstance(each, More | Done) for each in await work.steps(0))
        taken = await work.steps(1)
        assert isinstance(taken[-1], Done)
        assert len(taken) < 5
        assert work.stored() == 7


async def test_the_step_after_a_wait_knows_that_graphql_is_left_alone(sqlite_url: str) -> None:
    async with at_work(ailing(3), sqlite_url) as work:
        await work.steps(0)
        work.github.pauses["/repos/o/r/pulls/1"] = 60
        waits = await work.step(1)
        assert isinstance(waits, WaitUntil)
        assert GRAPHQL in work.github.asked
        work.github.now = waits.until
        assert await work.step(1) == Done(job_settled=True)
        assert GRAPHQL not in work.github.asked


@pytest.mark.parametrize("broken", ["/repos/o/r/pulls?", "page=2"])
async def test_the_step_after_a_wait_walks_the_list_by_the_other_api(sqlite_url: str, broken: str) -> None:
    github = ailing(7)
    async with at_work(github, sqlite_url) as work:
        github.broken.add(broken)
        github.pauses[GRAPHQL] = 60
        waits = await work.step(0)
        assert isinstance(waits, WaitUntil)
        github.now, github.pauses[GRAPHQL] = waits.until, 60
        assert isinstance(await work.step(0), WaitUntil)
        assert github.asked == [GRAPHQL]


async def test_whoever_goes_on_after_a_death_knows_that_graphql_is_left_alone(sqlite_url: str) -> None:
    def die(path: str) -> None:
        if path == "/repos/o/r/pulls/2":
            raise RuntimeError("a death")

    github = ailing(3)
    async with at_work(github, sqlite_url) as work:
        await work.steps(0)
        github.before, github.graphql_takes = die, timedelta(seconds=1)
        with pytest.raises(RuntimeError, match="a death"):
            await work.step(1)
        assert GRAPHQL in github.asked
        github.before = lambda _: None
        assert await work.step(1) == Done(job_settled=True)
        assert GRAPHQL not in github.asked


async def test_a_step_ends_with_the_page_that_its_time_was_over_for(sqlite_url: str) -> None:
    github = ailing(7)
    async with at_work(github, sqlite_url) as work:
        github.rest_takes = timedelta(seconds=21)
        for listed in (3, 6):
            assert await work.step(0) == More()
            assert len(github.asked) == 1, listed
        assert isinstance(await work.step(0), Done)


async def test_a_pull_request_that_takes_longer_than_a_step_is_stored(sqlite_url: str) -> None:
    github = ailing(2)
    async with at_work(github, sqlite_url, SourceChoice.REST) as work:
        await work.steps(0)
        github.rest_takes = timedelta(seconds=9)
        assert await work.step(1) == More()
        assert work.stored() == 1


async def test_pull_requests_that_fail_in_a_row_are_counted_over_steps(sqlite_url: str) -> None:
    """Else an hour in which GitHub is out of order would leave gaps everywhere."""
    github = ailing(9)
    async with at_work(github, sqlite_url, SourceChoice.REST) as work:
        await work.steps(0)
        github.broken, github.rest_takes = {"/pulls/"}, timedelta(seconds=10)
        taken = await work.steps(1)
        assert isinstance(taken[-1], Stopped)
        assert len(taken) == 5
        github.broken = set()
        assert isinstance((await work.steps(1))[-1], Done)
        assert work.stored() == 9


async def test_a_page_that_neither_api_gives_ends_the_walk_over_steps_too(sqlite_url: str) -> None:
    github = ailing(7)
    async with at_work(github, sqlite_url) as work:
        github.broken.add("page=2")
        taken = await work.steps(0)
        assert isinstance(taken[-1], Stopped)
        assert len(taken) == 2
        github.broken.remove("page=2")
        assert isinstance((await work.steps(0))[-1], Done)
