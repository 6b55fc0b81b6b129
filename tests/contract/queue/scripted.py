"""An engine that says what a test wants, and keeps what it was told; no tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.queue.breaker import Breakers
from progressive_capture.queue.dispatch import Dispatcher
from progressive_capture.queue.engine import (
    EngineRefused,
    EngineUnreachable,
    EngineUsage,
    Handover,
    Reachable,
    RunRef,
    RunState,
)
from progressive_capture.queue.reconcile import Reconciled, Reconciler
from progressive_capture.store.jobs import Settling
from tests.contract.queue.bureau import Bureau


@dataclass
class Scripted:
    """Stands for an engine elsewhere."""

    name: EngineName = EngineName.GITHUB_ACTIONS
    unknown_for: timedelta = timedelta(minutes=15)
    queued_for: timedelta = timedelta(hours=6)
    runs_for_small: int | None = None
    meters_itself: bool = False
    is_silent: bool = False
    refuses: bool = False
    state: RunState = RunState.UNKNOWN
    used: EngineUsage | None = None
    before: Callable[[], None] = lambda: None
    """Runs within each question after a run."""
    given: list[Handover] = field(default_factory=list)
    tried: int = 0
    """Times that somebody wanted to hand a job over."""
    asked: list[RunRef] = field(default_factory=list)
    cancelled: list[RunRef] = field(default_factory=list)
    pings: int = 0

    async def dispatch(self, handovers: Sequence[Handover]) -> RunRef | None:
        self.tried += 1
        self._answer()
        if self.refuses:
            raise EngineRefused("no such workflow")
        self.given += handovers
        return f"run {handovers[0].job_id}:{handovers[0].attempt}"

    async def status(self, ref: RunRef, handover: Handover) -> RunState:  # noqa: ARG002 - of the protocol
        self.asked.append(ref)
        self._answer()
        self.before()
        return self.state

    async def cancel(self, ref: RunRef) -> None:
        self._answer()
        self.cancelled.append(ref)

    async def usage(self, ref: RunRef) -> EngineUsage | None:  # noqa: ARG002 - of the protocol
        self._answer()
        return self.used

    async def ping(self) -> Reachable:
        self.pings += 1
        return Reachable(not self.is_silent, "no route" if self.is_silent else "there")

    def _answer(self) -> None:
        if self.is_silent:
            raise EngineUnreachable("no route")


@dataclass
class Elsewhere:
    """The bulk lane of a bureau, run by a scripted engine."""

    bureau: Bureau
    engine: Scripted = field(default_factory=Scripted)

    @property
    def breakers(self) -> Breakers:
        return Breakers(self.bureau.database, lambda: self.bureau.now)

    @property
    def dispatcher(self) -> Dispatcher:
        return Dispatcher(
            database=self.bureau.database,
            terms=self.bureau.terms,
            lane=Processor.GITHUB_ACTIONS,
            engine=self.engine,
            breakers=self.breakers,
            principals=_nobody,
            clock=lambda: self.bureau.now,
            random=lambda: 0.5,
            holder="dispatcher",
        )

    def reconciler(self, *, is_set_up: bool = True) -> Reconciler:
        return Reconciler(
            database=self.bureau.database,
            breakers=self.breakers,
            dispatchers=[self.dispatcher] if is_set_up else [],
            engines={self.engine.name: self.engine} if is_set_up else {},
            clock=lambda: self.bureau.now,
            settling=lambda: Settling(self.bureau.terms.book, 0.5),
        )

    async def reconcile(self) -> Reconciled:
        return await self.reconciler().reconcile()


async def _nobody(_name: str) -> list[str]:
    return []
