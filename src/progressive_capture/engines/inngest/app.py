"""The app that Inngest calls, put together: which duties it calls when, and what stands behind each function."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import inngest
import msgspec

from progressive_capture.engines.inngest.functions import Functions, Hands, Pacing, Recurring, Result, all_functions
from progressive_capture.engines.inngest.runner import ShardRunner
from progressive_capture.engines.run import Bench
from progressive_capture.queue.schedule import DONE, Schedule
from progressive_capture.rollout.population import categorize_all
from progressive_capture.rollout.rollout import Rollout
from progressive_capture.store import duties
from progressive_capture.store.database import Database

TEST: Final = "inngest-test"
"""The duty under whose name tests leave their rows."""

EARLY: Final = timedelta(seconds=20)
"""A cron comes to the second, and the run before was noted a little later than it was due."""

_CRONS: Final[Mapping[timedelta, str]] = {
    timedelta(minutes=1): "* * * * *",
    timedelta(minutes=15): "*/15 * * * *",
    timedelta(hours=1): "7 * * * *",
    timedelta(days=1): "23 3 * * *",
}
"""By how often a duty is due; not all at the full hour."""


@dataclass(frozen=True, slots=True)
class App:
    """What an installation needs to be called by Inngest."""

    client: inngest.Inngest
    bench: Bench
    database: Database
    schedule: Schedule
    """Of a holder of its own: a worker within the same process may lead as well."""
    rollout: Rollout
    step: timedelta
    pacing: Pacing
    holder: str
    clock: Callable[[], datetime]

    def functions(self) -> Functions:
        """Make every function."""
        hands = Hands(
            runner=ShardRunner(self.bench, self.step),
            duties=[Recurring(duty.name, _CRONS[duty.every]) for duty in self.schedule.duties],
            do_duty=self._do_duty,
            classify=self._classify,
            note_test=self._note_test,
        )
        return all_functions(self.client, hands, self.pacing)

    async def _do_duty(self, name: str) -> Result:
        try:
            ran = await self.schedule.tend({name}, early=EARLY)
        finally:
            await asyncio.to_thread(self.schedule.resign)
        return {"ran": bool(ran)}

    async def _classify(self) -> Result:
        classified: Result = msgspec.to_builtins(await asyncio.to_thread(categorize_all, self.rollout))
        return classified

    async def _note_test(self, nonce: str) -> Result:
        await asyncio.to_thread(self._note, nonce)
        return {"noted": nonce}

    def _note(self, nonce: str) -> None:
        now = self.clock()
        with self.database.transaction() as connection:
            run = duties.begin_run(connection, TEST, self.holder, now)
            duties.end_run(connection, run, DONE, now, {"nonce": nonce})
