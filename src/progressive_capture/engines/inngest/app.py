"""The app that Inngest calls, put together: which duties it calls when, and what stands behind each function."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import inngest
import msgspec

from progressive_capture.domain.errors import ProgressiveCaptureError
from progressive_capture.engines import trials
from progressive_capture.engines.inngest.crons import cron_of
from progressive_capture.engines.inngest.functions import Functions, Hands, Pacing, Recurring, Result, all_functions
from progressive_capture.engines.inngest.runner import ShardRunner
from progressive_capture.engines.run import Bench
from progressive_capture.queue.schedule import Schedule
from progressive_capture.rollout.population import categorize_all
from progressive_capture.rollout.rollout import Rollout
from progressive_capture.store.database import Database

TEST: Final = "inngest-test"
"""The duty under whose name tests leave their rows."""

EARLY: Final = timedelta(seconds=30)
"""A cron comes to the second, and the run before was noted a little later than it was due."""


class DutiesTaken(ProgressiveCaptureError):
    """Another process is at its duties: whoever calls is to call again."""


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
            duties=[
                Recurring(duty.name, cron_of(duty.every, place)) for place, duty in enumerate(self.schedule.duties)
            ],
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
        if not ran and await asyncio.to_thread(self.schedule.is_due, name, EARLY):
            raise DutiesTaken("Another process is at its duties, and this one is due: it is called again.")
        return {"ran": bool(ran)}

    async def _classify(self) -> Result:
        classified: Result = msgspec.to_builtins(await asyncio.to_thread(categorize_all, self.rollout))
        return classified

    async def _note_test(self, nonce: str) -> Result:
        await asyncio.to_thread(trials.leave, self.database, TEST, nonce, self.holder, self.clock())
        return {"noted": nonce}
