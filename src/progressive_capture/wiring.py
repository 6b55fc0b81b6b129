"""The one place where the parts are put together, with replacements for tests; nothing is decided here."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import structlog

from progressive_capture import processes
from progressive_capture.capture.budgets import SharedBudgets
from progressive_capture.capture.plan import Plan, plan_repository
from progressive_capture.capture.principals import KnownPrincipals
from progressive_capture.capture.report import Reporter
from progressive_capture.capture.run import Captured, Team, asked, capture_repository, must
from progressive_capture.capture.session import Tools, Waited
from progressive_capture.capture.verify import Verification, verify_repository
from progressive_capture.domain.errors import ProgressiveCaptureError
from progressive_capture.domain.jobs import EngineName, Processor, Resources
from progressive_capture.domain.scope import Scope
from progressive_capture.engine_wiring import CRON, CRONS_FIRST, inngest_engine, open_engines, open_inngest
from progressive_capture.engines.duties import recurring
from progressive_capture.engines.elsewhere import Elsewhere
from progressive_capture.engines.local import Worker
from progressive_capture.engines.reporting import LogReporter
from progressive_capture.engines.run import Bench
from progressive_capture.github.addresses import ApiAddress
from progressive_capture.github.api import GitHubApi
from progressive_capture.github.clock import ServerClock, utc_now
from progressive_capture.github.credentials import Credential
from progressive_capture.github.surroundings import Pace, Surroundings
from progressive_capture.github.transport import HttpTransport, Transport
from progressive_capture.github_wiring import credential_for_actions, credentials_for
from progressive_capture.queue.control import Control
from progressive_capture.queue.engine import Engine
from progressive_capture.queue.following import following
from progressive_capture.queue.manager import HybridQueueManager
from progressive_capture.queue.schedule import Schedule
from progressive_capture.queue.stopping import stop_runs
from progressive_capture.queue.terms import Terms
from progressive_capture.queue.upkeep import Upkeep
from progressive_capture.rollout.rollout import Rollout
from progressive_capture.settings import Settings, SettingsError
from progressive_capture.store import repositories, urls
from progressive_capture.store.database import Database
from progressive_capture.store.jobs import Settling

if TYPE_CHECKING:
    import httpx
    from inngest import Inngest

    from progressive_capture.engines.inngest.api import InngestApi
    from progressive_capture.engines.inngest.app import App


@dataclass(frozen=True, slots=True)
class Overrides:
    """The world outside, replaced piece by piece in tests."""

    clock: Callable[[], datetime] = utc_now
    random: Callable[[], float] = random.random
    transport: Callable[[ApiAddress], Transport] = lambda address: HttpTransport(is_local=address.is_local)
    inngest_transport: Callable[[], "httpx.AsyncBaseTransport"] | None = None


@dataclass(frozen=True, slots=True)
class Wired:
    """Everything in its place, for one GitHub and one database."""

    settings: Settings
    address: ApiAddress
    database: Database
    host_id: int
    clock: ServerClock
    reporter: Reporter
    pause: Callable[[float], Awaitable[None]]
    stopping: Callable[[], bool]
    overrides: Overrides
    meter: processes.Meter = field(default_factory=processes.Meter)
    turns: Iterator[int] = field(default_factory=count)
    """Counts the jobs begun here."""

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing to sign in with is set."""
        return self.settings.is_anonymous

    @property
    def database_name(self) -> str:
        """Where the database is, without user and password."""
        url = urls.parse(_database(self.settings)).url
        port = f":{url.port}" if url.port else ""
        return f"{url.host}{port}/{url.database}" if url.host else str(url.database)

    async def capture(self, owner_name: str, scope: Scope) -> Captured:
        """See `capture.run.capture_repository`."""
        async with self.tools(owner_name) as tools:
            return await capture_repository(tools, owner_name, scope)

    async def plan(self, owner_name: str, scope: Scope) -> Plan:
        """See `capture.plan.plan_repository`."""
        async with self.tools(owner_name) as tools:
            return await Team(tools).ask(lambda each: plan_repository(each, owner_name, scope))

    async def verify(self, owner_name: str, *, live: bool) -> Verification:
        """See `capture.verify.verify_repository`."""
        async with self.tools(owner_name) as tools:
            return await Team(tools).ask(lambda each: verify_repository(each, owner_name, live=live))

    @asynccontextmanager
    async def tools(self, owner_name: str) -> AsyncIterator[tuple[Tools, ...]]:
        """Make one set of tools for each credential; an App signs in where it is installed for the repository."""
        credentials = self._credentials(owner_name)
        holders = [processes.holder(number) for number in range(len(credentials))]
        async with self._opened(credentials, holders, self.reporter) as tools:
            yield tools

    @asynccontextmanager
    async def tools_of_slot(self, owner_name: str, part: str) -> AsyncIterator[tuple[Tools, ...]]:
        """Make the tools of one slot of a worker: the first holds what the slot has claimed, and a wait gives it up.

        Each time another credential comes first: jobs side by side do not all wait for the same one.
        """
        given = self._credentials(owner_name)
        first = next(self.turns) % len(given)
        credentials = given[first:] + given[:first]
        parts = [part, *(f"{part}.{number}" for number in range(1, len(credentials)))]
        async with self._opened(credentials, list(map(processes.holder, parts)), LogReporter()) as tools:
            yield tuple(replace(each, keeps_lease=False) for each in tools)

    @asynccontextmanager
    async def tools_of_shard(self, owner_name: str, part: str) -> AsyncIterator[tuple[Tools, ...]]:
        """Make the tools of a run elsewhere: `part`, no process, is the holder, and keeps the lease through a wait."""
        credentials = self._credentials(owner_name)
        async with self._opened(credentials, [part] * len(credentials), LogReporter()) as tools:
            yield tools

    def inngest_api(self) -> AbstractAsyncContextManager["InngestApi"]:
        """Open the way to Inngest; see `engine_wiring.open_inngest`."""
        return open_inngest(self.settings, self.overrides.inngest_transport)

    def engines(self) -> AbstractAsyncContextManager[Mapping[EngineName, Engine]]:
        """Open the way to engines elsewhere; see `engine_wiring.open_engines`."""
        transport = self.overrides.inngest_transport
        return open_engines(self.settings, self.database, self.clock.now, transport, self.tools_of_actions)

    @asynccontextmanager
    async def tools_of_actions(self) -> AsyncIterator[Tools]:
        """Make the tools by which workflows are started and asked after."""
        credential = credential_for_actions(self.settings, self.address, self.clock)
        async with self._opened([credential], [processes.holder("actions")], LogReporter()) as (tools,):
            yield tools

    def inngest_app(self, client: "Inngest") -> "App":
        """Put together what Inngest calls."""
        from progressive_capture.engines.inngest.app import App  # noqa: PLC0415 - brings the SDK with it
        from progressive_capture.engines.inngest.functions import Pacing  # noqa: PLC0415 - as above

        settings = self.settings
        return App(
            client=client,
            bench=Bench(self.database, self.tools_of_shard, self.clock.now, self.stopping, self.settling),
            database=self.database,
            schedule=self.schedule(CRON),
            rollout=self.rollout(),
            step=timedelta(seconds=settings.inngest_step_seconds),
            pacing=Pacing(
                steps=settings.inngest_steps,
                starts_per_minute=settings.inngest_starts_per_minute,
                per_repository=settings.inngest_per_repository,
            ),
            holder=processes.holder("inngest"),
            clock=self.clock.now,
        )

    @asynccontextmanager
    async def _opened(
        self, credentials: Sequence[Credential], holders: Sequence[str], reporter: Reporter
    ) -> AsyncIterator[tuple[Tools, ...]]:
        async with AsyncExitStack() as stack:
            made = []
            for credential, holder in zip(credentials, holders, strict=True):
                tools = self._tools(credential, holder, len(credentials), reporter)
                stack.push_async_callback(tools.api.close)
                made.append(tools)
            yield tuple(made)

    @property
    def terms(self) -> Terms:
        """What the settings say of the queue.

        Raises:
            SettingsError: a lane is to be run by a service that cannot be used.
        """
        settings = self.settings
        services = [lane for lane, engine in settings.engines.items() if engine not in {None, EngineName.LOCAL}]
        # Stand-ins of both services run what they are given on this machine.
        here = {Processor.INNGEST: settings.inngest_is_dev, Processor.GITHUB_ACTIONS: self.address.is_local}
        elsewhere = [lane for lane in services if not here[lane]]
        if elsewhere and self.database.dialect == "sqlite":
            raise SettingsError(
                f"The {elsewhere[0]} lane runs on another host, which cannot reach a SQLite file: set DATABASE_URL to "
                f"a PostgreSQL database, or PC_{elsewhere[0].upper()}_ENGINE to local."
            )
        return Terms(
            environment=settings.rollout,
            engines=settings.engines,
            quotas=settings.quotas,
            book=settings.price_book,
            local_steps_in=settings.local_steps_in,
        )

    def queue(self) -> HybridQueueManager:
        """The way into the queue."""
        return HybridQueueManager(self.database, self.terms, self.clock.now, processes.is_gone)

    def upkeep(self) -> Upkeep:
        """The queue's own duties."""
        return Upkeep(self.database, self.terms, self.clock.now, self.overrides.random, processes.is_gone)

    def control(self) -> Control:
        """What an operator does to jobs."""
        return Control(self.database, self.terms, self.clock.now, self.overrides.random, self.stop_runs)

    def stop_runs(self, job_ids: Sequence[str]) -> None:
        """Tell engines elsewhere to stop the runs of cancelled jobs; to be called where no event loop runs.

        What goes wrong is logged: the jobs are cancelled, and their runs end at the next page in any case.
        """
        if job_ids:
            asyncio.run(self._stop_runs(job_ids))

    async def _stop_runs(self, job_ids: Sequence[str]) -> None:
        try:
            # The program's own pause belongs to the loop that it began with.
            async with replace(self, pause=asyncio.sleep).engines() as engines:
                await stop_runs(self.database, engines, job_ids)
        except (ProgressiveCaptureError, ModuleNotFoundError) as error:
            structlog.stdlib.get_logger(__name__).warning(
                "runs not stopped: they end at their next page", error=str(error)
            )

    def rollout(self) -> Rollout:
        """The rollout of this database, under these settings."""
        return Rollout(
            database=self.database,
            host_id=self.host_id,
            environment=self.settings.rollout,
            lanes_local=self.terms.lanes_local,
            clock=self.clock.now,
            book=self.settings.price_book,
            follow=following(lambda: self.terms),
        )

    def worker(self, slots: Mapping[Processor, int] | None = None) -> Worker:
        """Make a worker with so many slots of each lane, as many as the settings say by default."""
        terms, settings = self.terms, self.settings
        wanted = slots or {Processor.INNGEST: settings.realtime_slots, Processor.GITHUB_ACTIONS: settings.bulk_slots}
        return Worker(
            bench=Bench(self.database, self.tools_of_slot, self.clock.now, self.stopping, self.settling),
            terms=terms,
            slots={lane: slots for lane, slots in wanted.items() if slots and lane in terms.lanes_here},
            holder=processes.holder,
            pause=self.pause,
            random=self.overrides.random,
            schedule=self.schedule(),
        )

    def inngest_engine(self, api: "InngestApi") -> Engine:
        """Inngest, as the queue hands jobs to it."""
        return inngest_engine(api, self.settings, self.database, self.clock.now)

    def elsewhere(self) -> Elsewhere:
        """What hands jobs over to engines elsewhere, and asks after them."""
        return Elsewhere(
            database=self.database,
            terms=self.terms,
            engines=self.engines,
            principals=self.principals_of,
            clock=self.clock.now,
            random=self.overrides.random,
            holder=processes.holder,
        )

    async def principals_of(self, owner_name: str) -> list[str]:
        """Whose budgets work on a repository may use, each once.

        Raises:
            CaptureFailed: GitHub does not say whose a token is.
        """
        async with self.tools_of_shard(owner_name, processes.holder("principals")) as every:
            found = []
            for tools in every:
                found.append(must(await asked(tools, tools.api.principal), "asking whose token it is"))
                await tools.api.finish()
        return list(dict.fromkeys(found))

    def schedule(self, part: str = "worker") -> Schedule:
        """The recurring duties, for whichever process, or part of one, leads."""
        book, reconcile = self.settings.price_book, self.elsewhere().reconcile
        duties = recurring(self.upkeep(), self.rollout(), book, self.clock.now, reconcile)
        has_crons = self.terms.engines[Processor.INNGEST] is EngineName.INNGEST
        patience = CRONS_FIRST if has_crons and part != CRON else timedelta()
        return Schedule(self.database, duties, processes.holder(part), self.clock.now, processes.is_gone, patience)

    def settling(self) -> Settling:
        """Prices and randomness for settling a job, and what this process used since somebody last asked."""
        used = Resources(cpu_ms=self.meter.take_cpu_ms(), peak_memory_bytes=self.meter.memory_bytes())
        return Settling(self.settings.price_book, self.overrides.random(), used, following(lambda: self.terms))

    def _credentials(self, owner_name: str) -> list[Credential]:
        return credentials_for(self.settings, self.address, self.clock, owner_name)

    def _tools(self, credential: Credential, holder: str, runners: int, reporter: Reporter) -> Tools:
        settings, clock, chance = self.settings, self.clock, self.overrides.random
        world = Surroundings(
            budgets=SharedBudgets(self.database, self.host_id, clock.now, chance, processes.is_gone),
            holder=holder,
            pause=self.pause,
            random=chance,
            clock=clock,
            principals=KnownPrincipals(self.database, self.host_id, clock),
            pace=Pace(rest=settings.rest_per_minute, graphql=settings.graphql_per_minute),
            note=reporter.note,
        )
        return Tools(
            database=self.database,
            api=GitHubApi(self.address, credential, world, self.overrides.transport(self.address)),
            host_id=self.host_id,
            holder=holder,
            is_gone=processes.is_gone,
            clock=clock.now,
            pause=self.pause,
            stopping=self.stopping,
            reporter=reporter,
            waited=Waited(),
            runners=runners,
            settling=self.settling,
        )


@asynccontextmanager
async def wire(
    settings: Settings,
    *,
    create: bool,
    reporter: Reporter,
    pause: Callable[[float], Awaitable[None]],
    stopping: Callable[[], bool],
    overrides: Overrides = Overrides(),
) -> AsyncIterator[Wired]:
    """Open the database and put everything together; closed at the end.

    Args:
        settings: as read.
        create: whether a database that does not exist, or has an older schema, is brought to this program's.
        reporter: hears what happens.
        pause: sleeps for seconds, and wakes at once when asked to stop.
        stopping: whether somebody asked to stop.
        overrides: the world outside.

    Raises:
        StoreError: the database cannot be used.
        SettingsError: a secret cannot be used.
    """
    address = ApiAddress.parse(settings.github_api_url)
    database = await asyncio.to_thread(Database.open, _database(settings), create=create)
    try:
        host_id = await asyncio.to_thread(_prepare, database, address, create=create)
        if not create and (held := await asyncio.to_thread(_other_hosts, database, host_id)):
            reporter.note(f"This database holds nothing of {address.rest}, but of {held}: PC_GITHUB_API_URL chooses.")
        clock = ServerClock(ours=overrides.clock)
        yield Wired(settings, address, database, host_id, clock, reporter, pause, stopping, overrides)
    finally:
        await asyncio.to_thread(database.close)


def _prepare(database: Database, address: ApiAddress, *, create: bool) -> int:
    if create:
        database.migrate()
    else:
        database.check_schema()
    with database.transaction() as connection:
        return repositories.host_id(connection, address.rest)


def _other_hosts(database: Database, host_id: int) -> str:
    with database.reading() as connection:
        return ", ".join(repositories.other_hosts(connection, host_id))


def _database(settings: Settings) -> str:
    return settings.database_url.get_secret_value().strip()
