"""Recurring duties: when each is due, and that one process alone does it; what is done stands elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from progressive_capture.domain.errors import ProgressiveCaptureError
from progressive_capture.domain.scope import moment
from progressive_capture.store import duties
from progressive_capture.store.database import Connection, Database

LEADER: Final = "duties"
"""The name of the lease of whoever runs them."""

LEASE: Final = timedelta(seconds=60)
"""How long a leader stays it without a word."""

DONE: Final = "done"
FAILED: Final = "failed"

Result = Mapping[str, object]
"""What a run came to, fit for JSON; kept with the run."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to be done again and again."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class Schedule:
    """The duties of an installation, as one process may run them."""

    database: Database
    duties: Sequence[Duty]
    holder: str
    clock: Callable[[], datetime]
    is_gone: Callable[[str], bool]
    patience: timedelta = timedelta()
    """How late a duty must be before this process sees to it, where others come first; one that is due more often than
    that is everybody's."""

    async def tend(self, names: Collection[str] | None = None, *, early: timedelta = timedelta()) -> list[str]:
        """Run what is due, if this process leads; the names of what was run.

        A duty that fails is noted with its error, and due again after its time.

        Args:
            names: these duties only; all of them by default.
            early: how long before its time a duty may be run.

        Raises:
            StoreError: the database refused.
        """
        ran = []
        for duty in self.duties:
            if names is not None and duty.name not in names:
                continue
            run = await asyncio.to_thread(self._begin, duty, early)
            if run is not None:
                await self._do(duty, run)
                ran.append(duty.name)
        return ran

    async def _do(self, duty: Duty, run: int) -> None:
        log = structlog.stdlib.get_logger(__name__).bind(duty=duty.name)
        work = asyncio.ensure_future(duty.run())
        try:
            while not (await asyncio.wait({work}, timeout=LEASE.total_seconds() / 3))[0]:
                await asyncio.to_thread(self._keep_leading)
            outcome, result = DONE, work.result()
        except ProgressiveCaptureError as error:
            outcome, result = FAILED, {"error": str(error)}
        except Exception as error:
            log.exception("duty broken")
            outcome, result = FAILED, {"error": f"The program failed ({type(error).__name__}); its log tells where."}
        finally:
            work.cancel()
        log.info("duty", outcome=outcome)
        await asyncio.to_thread(self._end, run, outcome, result)

    def _keep_leading(self) -> None:
        with self.database.transaction() as connection:
            self._leads(connection, self.clock())

    def _leads(self, connection: Connection, now: datetime) -> bool:
        return duties.lead(connection, LEADER, self.holder, now, now + LEASE, is_gone=self.is_gone)

    def resign(self) -> None:
        """Let another process lead at once."""
        with self.database.transaction() as connection:
            duties.resign(connection, LEADER, self.holder)

    def _begin(self, duty: Duty, early: timedelta) -> int | None:
        """Note that a duty begins; None while it is not due, or another process leads."""
        now = self.clock()
        with self.database.transaction() as connection:
            waits = timedelta() < self.patience < duty.every
            if waits and not self._is_due(connection, duty, now - self.patience):
                return None
            # The lease's row stays locked until the run is noted: of two that look at once, one sees the other's.
            if not self._leads(connection, now):
                return None
            if not self._is_due(connection, duty, now + early):
                return None
            return duties.begin_run(connection, duty.name, self.holder, now)

    def is_due(self, name: str, early: timedelta = timedelta()) -> bool:
        """Whether a duty waits for somebody, also for a leader who is at another one.

        Raises:
            StoreError: the database cannot be read.
        """
        (duty,) = [each for each in self.duties if each.name == name]
        with self.database.reading() as connection:
            return self._is_due(connection, duty, self.clock() + early)

    @staticmethod
    def _is_due(connection: Connection, duty: Duty, at: datetime) -> bool:
        last = duties.last_run(connection, duty.name)
        return last is None or moment(last.started_at) + duty.every <= at

    def _end(self, run: int, outcome: str, result: Result) -> None:
        with self.database.transaction() as connection:
            duties.end_run(connection, run, outcome, self.clock(), result)
