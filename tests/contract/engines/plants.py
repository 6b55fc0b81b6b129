"""Each engine with what truly executes its jobs, within the test's process; no tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import select

from progressive_capture.domain.jobs import EngineName, JobType, Processor
from progressive_capture.domain.requests import Queued
from progressive_capture.domain.scope import Scope
from progressive_capture.engines.actions.keys import RunKey
from progressive_capture.engines.actions.runner import Order
from progressive_capture.operator.run_account import account_of, said
from progressive_capture.queue.dispatch import Dispatcher
from progressive_capture.queue.engine import Engine, Handover
from progressive_capture.queue.following import settling
from progressive_capture.queue.reconcile import Reconciled, Reconciler
from progressive_capture.run_wiring import runner
from progressive_capture.store.tables import METADATA
from progressive_capture.wiring import Wired
from tests.support.little_actions import SETTINGS, LittleActions
from tests.support.little_github import NAME, LittleGitHub
from tests.support.little_inngest import LittleInngest
from tests.support.offices import BY_REST, MoodyGitHub, Office
from tests.support.served import served

PULLS = 7


@dataclass
class Plant:
    """One installation whose jobs, of both lanes, one engine executes; here it is this machine."""

    wired: Wired
    office: Office
    name: EngineName = EngineName.LOCAL
    told: list[object] = field(default_factory=list)
    """What runs gave to their engine beside rows: summaries, events, answers of steps."""

    async def ask(self, scope: Scope = BY_REST) -> str:
        """Ask for all pull requests; the job."""
        answer = await self.office.ask(scope)
        assert isinstance(answer, Queued)
        return answer.job_id

    async def dispatch(self) -> int:
        """Hand over what is due; how many jobs were taken. Workers of this machine take theirs themselves."""
        return 1

    async def work(self) -> None:
        """Execute what was handed over, to its end."""
        await self.office.drain(self.wired)

    async def cancel(self, job_id: str) -> None:
        """Cancel a job, as an operator does."""
        await asyncio.to_thread(self.wired.control().cancel, job_id, who="test", reason="enough")

    async def reconcile(self) -> Reconciled | None:
        """Settle what was left; a sweep does so on this machine."""
        self.wired.upkeep().sweep()
        return None

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table."""
        with self.wired.database.reading() as connection:
            return [dict(row) for row in connection.execute(select(METADATA.tables[table])).mappings()]

    def job(self) -> dict[str, Any]:
        """The only job."""
        (job,) = self.rows("progressive_capture_jobs")
        return job

    def later(self, span: timedelta) -> None:
        """Let time pass."""
        self.office.github.now += span


@dataclass
class Remote(Plant):
    """The same with an engine elsewhere."""

    engine: Engine = field(kw_only=True)

    def dispatchers(self) -> list[Dispatcher]:
        """One for each lane."""
        works = self.wired.elsewhere()
        works = replace(works, terms=replace(works.terms, engines=dict.fromkeys(Processor, self.name)))
        return [works.dispatcher(self.engine, lane) for lane in Processor]

    async def dispatch(self) -> int:
        """Hand over what is due in either lane."""
        return sum([await each.dispatch() for each in self.dispatchers()])

    async def reconcile(self) -> Reconciled:
        """Ask the engine after what is due."""
        works = self.wired.elsewhere()
        reconciler = Reconciler(
            database=self.wired.database,
            breakers=works.breakers,
            dispatchers=self.dispatchers(),
            engines={self.name: self.engine},
            clock=self.wired.clock.now,
            settling=lambda: settling(self.wired.terms, 0.5),
        )
        return await reconciler.reconcile()

    def handover(self, k: int = 0) -> Handover:
        """A shard of the only job as it was handed over."""
        job = self.job()
        return Handover(
            job_id=job["id"],
            k=k,
            attempt=job["attempt"],
            part=0,
            principal=None,
            job_type=JobType(job["job_type"]),
            repository_name=NAME,
            host_id=job["host_id"],
            priority=job["priority"],
        )

    def ref(self) -> str:
        """What the engine knows the only job's run by."""
        ref = self.job()["engine_run_ref"]
        assert isinstance(ref, str)
        return ref

    def begun(self) -> int:
        """How many runs the engine was made to begin for shard 0."""
        raise NotImplementedError

    def lose(self) -> None:
        """Let the engine forget the run that it was handed."""
        raise NotImplementedError

    def fall_silent(self) -> None:
        """Let the engine give no answer."""
        raise NotImplementedError

    def refuse(self) -> None:
        """Let the engine take nothing."""
        raise NotImplementedError


@dataclass
class OnInngest(Remote):
    """Inngest, by the protocol of its SDK."""

    inngest: LittleInngest = field(kw_only=True)
    http: httpx.AsyncClient = field(kw_only=True)

    async def work(self) -> None:
        """Call the functions until every run has ended."""
        for run in await self.inngest.work():
            self.told.append((run.event, run.steps, run.output, run.names))

    def begun(self) -> int:
        """Count the runs: an event whose id came before begins none."""
        return sum(event["data"].get("k") == 0 for event in self.inngest.sent)

    def lose(self) -> None:
        """Drop the runs that wait."""
        self.inngest.waiting.clear()

    def fall_silent(self) -> None:
        """Be where no server is."""

        def nobody(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("nobody there", request=request)

        self.http._transport = httpx.MockTransport(nobody)

    def refuse(self) -> None:
        """Know no such key."""
        self.inngest.refuses = 401


@dataclass
class OnActions(Remote):
    """GitHub Actions, by its REST API; a run does what `pc run` does."""

    github: LittleActions = field(kw_only=True)
    worked: set[int] = field(default_factory=set)

    async def work(self) -> None:
        """Do what each workflow run does that has not been carried out."""
        for number, run in list(self.github.runs.items()):
            if number in self.worked:
                continue
            self.worked.add(number)
            self.office.settings["GITHUB_RUN_ID"] = number
            key = RunKey.parse(next(word for word in run["display_title"].split() if ":" in word))
            async with self.office.wired() as wired:
                ran = await runner(wired, turn=0, minutes=60).run(Order(key))
                self.told.append((run, said(account_of(wired, None, ran))))
            run |= {"status": "completed", "conclusion": "success"}
            times = {"started_at": "2026-06-01T12:00:00Z", "completed_at": "2026-06-01T12:01:01Z"}
            self.github.jobs = [
                {"id": 1, "status": "completed", "conclusion": "success", "labels": ["ubuntu-latest"]} | times
            ]

    def begun(self) -> int:
        """Count the dispatches that began a run."""
        return len(self.github.started)

    def lose(self) -> None:
        """Forget all runs."""
        self.github.runs.clear()

    def fall_silent(self) -> None:
        """Answer nothing but errors of the server."""
        self.github.moods["/actions/"] = (502, {})

    def refuse(self) -> None:
        """Let the token start nothing."""
        self.github.moods["dispatches"] = (403, {})


@asynccontextmanager
async def plant(name: EngineName, database_url: str, **settings: Any) -> AsyncIterator[Plant]:
    """Put one together, over a repository of seven pull requests."""
    pulls = LittleGitHub.of(PULLS).pulls
    match name:
        case EngineName.LOCAL:
            office = Office(MoodyGitHub(pulls=pulls), database_url, settings)
            await office.know()
            async with office.wired() as wired:
                yield Plant(wired, office)
        case EngineName.INNGEST:
            office = Office(MoodyGitHub(pulls=pulls), database_url, settings)
            await office.know()
            async with served(office) as all_of_it:
                wired, engine = all_of_it.wired, all_of_it.engine
                tied = OnInngest(wired, office, name, engine=engine, inngest=all_of_it.inngest, http=all_of_it.api.http)
                yield tied
        case EngineName.GITHUB_ACTIONS:
            github = LittleActions(pulls=pulls)
            office = Office(github, database_url, SETTINGS | {"PC_GITHUB_API_URL": "http://127.0.0.1:1"} | settings)
            await office.know()
            async with office.wired() as wired, wired.engines() as engines:
                yield OnActions(wired, office, name, engine=engines[name], github=github)
