"""Whether engines elsewhere answer, as all processes hear of it; when one is tried again is the domain's rule."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from progressive_capture.domain import breaker as rules
from progressive_capture.domain.breaker import Breaker, Phase
from progressive_capture.domain.jobs import EngineName
from progressive_capture.domain.scope import stamp
from progressive_capture.store import breakers
from progressive_capture.store.database import Database


@dataclass(frozen=True, slots=True)
class Breakers:
    """The breakers of an installation."""

    database: Database
    clock: Callable[[], datetime]

    def may_try(self, engine: EngineName) -> Phase:
        """Ask leave to hand something over.

        `HALF_OPEN` goes to one process at a time, which has to tell what came of its one try.

        Raises:
            StoreError: the database refused.
        """
        phase = self.phase(engine)
        if phase is not Phase.HALF_OPEN:
            return phase
        now = self.clock()
        with self.database.transaction() as connection:
            before, _ = breakers.change(connection, engine, partial(_try, now=now), now)
        return before.phase(now)

    def phase(self, engine: EngineName) -> Phase:
        """Say how an engine stands, for whoever would not try it first.

        Raises:
            StoreError: the database refused.
        """
        with self.database.reading() as connection:
            return breakers.find(connection, engine).phase(self.clock())

    def unreachable(self, engine: EngineName, why: str) -> None:
        """Hear that an engine gave no answer.

        Raises:
            StoreError: the database refused.
        """
        self._change(engine, lambda breaker: rules.without_answer(breaker, self.clock(), why))

    def answered(self, engine: EngineName) -> None:
        """Hear that an engine took a job, or refused it.

        Raises:
            StoreError: the database refused.
        """
        with self.database.reading() as connection:
            if breakers.find(connection, engine) == Breaker():
                return
        self._change(engine, rules.with_answer)

    def is_there(self, engine: EngineName) -> None:
        """Hear that an engine answers, though it was given nothing.

        Raises:
            StoreError: the database refused.
        """
        self._change(engine, rules.on_probation)

    def _change(self, engine: EngineName, rule: Callable[[Breaker], Breaker]) -> None:
        with self.database.transaction() as connection:
            before, after = breakers.change(connection, engine, rule, self.clock())
        log = structlog.stdlib.get_logger(__name__).bind(engine=engine.value)
        if after.until is not None and after.trips != before.trips:
            log.warning("engine gives no answer", why=after.why, tried_again_at=stamp(after.until))
        elif before.is_down and not after.is_down:
            log.info("engine answers again")


def _try(breaker: Breaker, now: datetime) -> Breaker:
    return rules.on_trial(breaker, now) if breaker.phase(now) is Phase.HALF_OPEN else breaker
