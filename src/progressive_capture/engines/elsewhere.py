"""The lanes that run elsewhere, as any process sees to them: their jobs are handed over, and asked after."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from progressive_capture.capture.run import together
from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.queue.breaker import Breakers
from progressive_capture.queue.dispatch import Dispatcher
from progressive_capture.queue.engine import Engine
from progressive_capture.queue.following import settling
from progressive_capture.queue.reconcile import Reconciled, Reconciler
from progressive_capture.queue.terms import Terms
from progressive_capture.store.database import Database
from progressive_capture.store.errors import StoreError

IDLE_SECONDS: Final = 1.0
"""Between two looks for jobs to hand over; a random half is added or taken away."""

TROUBLE_SECONDS: Final = 5.0
"""The same after the database refused."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What one process does for lanes whose jobs it does not run; all processes may do the same at once."""

    database: Database
    terms: Terms
    engines: Callable[[], AbstractAsyncContextManager[Mapping[EngineName, Engine]]]
    """Opens the way to them."""
    principals: Callable[[str], Awaitable[Sequence[str]]]
    clock: Callable[[], datetime]
    random: Callable[[], float]
    holder: Callable[[str], str]
    """Names this process, with a part of it."""

    @property
    def breakers(self) -> Breakers:
        """Whether the engines answer."""
        return Breakers(self.database, self.clock)

    def dispatcher(self, engine: Engine, lane: Processor) -> Dispatcher:
        """What hands the jobs of a lane to an engine."""
        return Dispatcher(
            database=self.database,
            terms=self.terms,
            lane=lane,
            engine=engine,
            breakers=self.breakers,
            principals=self.principals,
            clock=self.clock,
            random=self.random,
            holder=self.holder(f"dispatch-{lane.value}"),
        )

    def dispatchers(self, engines: Mapping[EngineName, Engine]) -> list[Dispatcher]:
        """One for each lane that runs elsewhere, as far as its engine can be reached from here."""
        lanes = self.terms.remote_lanes.items()
        return [self.dispatcher(engines[name], lane) for lane, name in lanes if name in engines]

    async def hand_over(
        self, *, stopping: Callable[[], bool], pause: Callable[[float], Awaitable[None]], drain: bool = False
    ) -> int:
        """Hand jobs over until asked to stop, or with `drain` until no job is due; how many engines took.

        Raises:
            StoreError: the database cannot be used, and waiting would not help.
            UsageError: a key cannot be used.
        """
        if not self.terms.remote_lanes:
            return 0
        async with self.engines() as engines:
            dispatchers = self.dispatchers(engines)
            return sum(await together([self._keep_on(each, stopping, pause, drain=drain) for each in dispatchers]))

    async def reconcile(self) -> Reconciled:
        """Ask engines after jobs that nobody has heard of, and after what runs have used.

        Raises:
            StoreError: the database refused.
            UsageError: a key cannot be used.
        """
        async with self.engines() as engines:
            works = Reconciler(
                database=self.database,
                breakers=self.breakers,
                dispatchers=self.dispatchers(engines),
                engines=engines,
                clock=self.clock,
                settling=lambda: settling(self.terms, self.random()),
            )
            return await works.reconcile()

    async def _keep_on(
        self,
        dispatcher: Dispatcher,
        stopping: Callable[[], bool],
        pause: Callable[[float], Awaitable[None]],
        *,
        drain: bool,
    ) -> int:
        total = 0
        while not stopping():
            taken, wait = 0, IDLE_SECONDS
            try:
                taken = await dispatcher.dispatch()
            except StoreError as error:
                if not error.retryable:
                    raise
                structlog.stdlib.get_logger(__name__).warning("database", error=str(error))
                wait = TROUBLE_SECONDS
            total += taken
            if not taken and drain and wait == IDLE_SECONDS:
                break
            if not taken:
                await pause(wait * (0.5 + self.random()))
        return total
