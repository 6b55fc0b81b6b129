"""One call of `advance`: the lease it holds, the waits it bears, the commits it fences; what is asked lives beside."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias, TypeVar

from progressive_capture.capture.checkpoint import Checkpoint, Trouble, copied, decode_checkpoint, decode_spec, encode
from progressive_capture.capture.report import Reporter
from progressive_capture.capture.results import Advanced, More, Stopped, WaitUntil
from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.fallback import Fallback
from progressive_capture.domain.jobs import Claim, Counters, Job
from progressive_capture.domain.kinds import Source
from progressive_capture.domain.planning import Operation, Sizes
from progressive_capture.domain.records import Records
from progressive_capture.domain.scope import Scope
from progressive_capture.github.api import GitHubApi
from progressive_capture.github.outcomes import (
    OF_THE_TOKEN,
    Broken,
    Denied,
    DeniedReason,
    Missing,
    Moved,
    NotModified,
    Outcome,
    Page,
    Partial,
    Throttled,
    ThrottleKind,
    TooHeavy,
)
from progressive_capture.github.results import RepoRef
from progressive_capture.store import jobs
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.jobs.values import Settling

LEASE: Final = timedelta(minutes=2)
"""How long a shard stays ours without a commit; renewed at each one and while waiting."""

T = TypeVar("T")

NoAnswer: TypeAlias = TooHeavy | Broken | Missing | Moved | Denied | NotModified
"""An outcome without data."""

Answered: TypeAlias = Page[T] | Partial[T] | NoAnswer
"""What is left of an outcome once every limit was waited for."""

RENEW_EVERY: Final = timedelta(seconds=30)

OF_THE_PACE: Final = frozenset({ThrottleKind.SLOT, ThrottleKind.PACING})
"""Waits as long as somebody's request, or the time between two of ours: no budget is used up, and nobody refused."""

WORTH_TELLING: Final = timedelta(seconds=1)
"""Shorter waits are part of the pace."""

LEASE_AFTER_WAIT: Final = timedelta(minutes=5)
"""A shard that waits until a time is kept this long beyond it."""


class Pause(Exception):
    """Ends this call of `advance` with an answer; everything stored stays."""

    def __init__(self, answer: Advanced) -> None:
        """Carry the answer."""
        super().__init__(answer)
        self.answer = answer


@dataclass(slots=True)
class Waited:
    """Time that one principal's work spent waiting for limits."""

    milliseconds: int = 0
    counted: Counters = field(default_factory=Counters)
    """What was already written to a shard of all that this principal's work used."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a capture works with; made in the composition root, replaced piece by piece in tests."""

    database: Database
    api: GitHubApi
    host_id: int
    holder: str
    is_gone: Callable[[str], bool]
    """Whether the process that a holder's text names exists no more."""
    clock: Callable[[], datetime]
    pause: Callable[[float], Awaitable[None]]
    """Sleeps for seconds, and wakes at once when asked to stop."""
    stopping: Callable[[], bool]
    reporter: Reporter
    waited: Waited
    runners: int = 1
    """Principals that work side by side: a long list is shared out over them."""
    patience: timedelta | None = None
    """The longest wait borne in place; None bears any that ends before the deadline."""
    keeps_lease: bool = True
    """Whether the lease is kept between two calls of `advance`: not where the job may go back in line meanwhile."""
    settling: Callable[[], Settling] = Settling
    """Prices and randomness for settling a job, and what this process used since somebody last asked."""


@dataclass(slots=True)
class Session:
    """The claim on one shard, with everything decided for it."""

    tools: Tools
    job: Job
    """As it was when the shard was claimed."""
    claim: Claim
    scope: Scope
    repo: RepoRef
    deadline: datetime
    sizes: Sizes
    fallback: Fallback
    trouble: Trouble
    checkpoint: Checkpoint
    stored: str | None
    """The text of the checkpoint that is stored."""
    numbers: list[int]
    renewed_at: datetime
    has_page: bool = False
    """Whether a page was stored since it was begun, or is at hand to be stored."""

    @classmethod
    def begin(cls, tools: Tools, job: Job, claim: Claim, repo: RepoRef, deadline: datetime) -> "Session":
        """Take up a claimed shard where its checkpoint ends."""
        spec = decode_spec(claim.spec)
        scope = spec.scope
        checkpoint = decode_checkpoint(claim.checkpoint)
        trouble = copied(checkpoint.trouble)
        return cls(
            tools=tools,
            job=job,
            claim=claim,
            scope=scope,
            repo=repo,
            deadline=deadline,
            sizes=Sizes(kinds=scope.kinds),
            fallback=Fallback(scope.source, anonymous=tools.api.anonymous, broken_until=trouble.broken_until),
            trouble=trouble,
            checkpoint=checkpoint,
            stored=claim.checkpoint,
            numbers=spec.numbers,
            renewed_at=tools.clock(),
        )

    @property
    def budget_left(self) -> tuple[int | None, int | None]:
        """Points of GraphQL and requests of REST that are left in this window, as far as known."""
        usage = self.tools.api.usage
        return usage.graphql.left, usage.rest.left

    @property
    def repository_id(self) -> int:
        """GitHub's numeric id of the repository."""
        return self.repo.id

    def source(self, operation: Operation) -> Source:
        """The API that serves an operation now."""
        return self.fallback.source(operation, self.tools.clock())

    async def ask(self, call: Callable[[], Awaitable[Outcome[T]]]) -> Answered[T]:
        """Send one request, bearing every wait that GitHub or the shared budget asks for, and keeping the lease.

        Raises:
            Pause: the deadline is over and a page is at hand, a limit ends after the deadline, somebody asked to
                stop, or GitHub could not be reached at all.
        """

        async def kept() -> Outcome[T]:
            # No page may come for long, and no wait either.
            await self.between()
            return await call()

        # Whoever ended without a page would begin with the same requests again, and never come further.
        answer = await bear(self.tools, kept, self.deadline, self._keep, at_once=not self.has_page)
        if isinstance(answer, Broken) and answer.unreached:
            # That says nothing against GraphQL, nor against what was asked for: REST is at the same address.
            raise Pause(Stopped(answer.why, answer.retryable, class_of(answer)))
        return answer

    async def commit(
        self, work: Callable[[Connection], T], checkpoint: Callable[[T], Checkpoint], records: Records
    ) -> T:
        """Store one page: its rows, completeness and the checkpoint that covers them, in one fenced transaction.

        `checkpoint` makes the new checkpoint from what `work` came to; `records` is what the page brought.

        Raises:
            LeaseLost: somebody else holds the shard; nothing of this page is stored.
            StoreError: the database refused; nothing of this page is stored.
        """
        self.has_page = True
        trouble = copied(self.trouble)
        brought = Counters(pages=1, rows=records.count, pull_requests=len(records.pull_requests))
        counters = self.counted_since() + brought
        resources = self.tools.settling().resources

        def write() -> T:
            now = self.tools.clock()
            with self.tools.database.transaction() as connection:
                result = work(connection)
                covering = checkpoint(result)
                covering.trouble = trouble
                text = encode(covering)
                jobs.write_checkpoint(connection, self.claim, text, counters, now + LEASE, resources=resources)
            self.renewed_at, self.stored = now, text
            return result

        return await asyncio.to_thread(write)

    def troubled(self, *, is_over: bool) -> str | None:
        """The stored checkpoint with what is in the way now, as text; None where that is what is stored.

        A walk that was given up is left out. Once it `is_over`, another attempt tries everything again.
        """
        checkpoint = decode_checkpoint(self.stored)
        trouble = Trouble(broken_until=self.trouble.broken_until) if is_over else self.trouble
        if checkpoint.trouble == trouble:
            return None
        checkpoint.trouble = trouble
        if self.checkpoint.walk is None:
            checkpoint.walk = None
        return encode(checkpoint)

    async def between(self) -> None:
        """Keep the lease from one request to the next, those of one operation too.

        Raises:
            Pause: somebody asked to stop.
            LeaseLost: somebody else holds the shard.
        """
        if self.tools.stopping():
            raise Pause(More())
        if self.tools.clock() - self.renewed_at >= RENEW_EVERY:
            await asyncio.to_thread(self._keep)

    def _keep(self) -> None:
        now = self.tools.clock()
        if now - self.renewed_at < RENEW_EVERY:
            return
        with self.tools.database.transaction() as connection:
            jobs.renew(connection, self.claim, now + LEASE)
        self.renewed_at = now

    def counted_since(self) -> Counters:
        """What was used since this was asked last; it is to be written to the shard."""
        total = used(self.tools)
        delta = total - self.tools.waited.counted
        self.tools.waited.counted = total
        return delta


async def bear(
    tools: Tools,
    call: Callable[[], Awaitable[Outcome[T]]],
    deadline: datetime,
    keep: Callable[[], None] | None = None,
    *,
    at_once: bool = False,
) -> Answered[T]:
    """Send one request, and again after every limit that GitHub or the shared budget sets.

    `keep` is called in a worker thread now and then while waiting, to keep what would otherwise be lost. What is asked
    `at_once` is asked though time is up, after waits of the pace as well: work that has only time to begin would never
    come to its end.

    Raises:
        Pause: with `WaitUntil` when a wait ends too late, with `More` when time is up or somebody asked to stop.
    """
    while True:
        if tools.stopping() or (tools.clock() >= deadline and not at_once):
            raise Pause(More())
        outcome = await call()
        if not isinstance(outcome, Throttled):
            return outcome
        is_borne = at_once and outcome.kind in OF_THE_PACE
        await _wait(tools, outcome, None if is_borne else deadline, keep)


async def _wait(tools: Tools, throttled: Throttled, deadline: datetime | None, keep: Callable[[], None] | None) -> None:
    until = throttled.until
    if (deadline is not None and until > deadline) or (
        tools.patience is not None and until > tools.clock() + tools.patience
    ):
        raise Pause(WaitUntil(until, throttled.why))
    if until - tools.clock() > WORTH_TELLING:
        tools.reporter.waiting(until, throttled.why)
    while (left := (until - tools.clock()).total_seconds()) > 0:
        planned, began = min(left, RENEW_EVERY.total_seconds()), tools.clock()
        await tools.pause(planned)
        if tools.stopping():
            # That ends a pause early. Else the clock says less than the pause: GitHub's answers set it, back as well.
            slept = min(planned, max(0.0, (tools.clock() - began).total_seconds()))
            tools.waited.milliseconds += round(slept * 1_000)
            raise Pause(More())
        tools.waited.milliseconds += round(planned * 1_000)
        if keep is not None:
            await asyncio.to_thread(keep)


def used(tools: Tools) -> Counters:
    """Everything that one principal's work has used since it began."""
    return replace(tools.api.usage.counters(), waited_ms=tools.waited.milliseconds)


def failure(outcome: NoAnswer, doing: str) -> Pause:
    """The end of this call after an answer that no retry will mend: the sentence says what was being done."""
    retryable = isinstance(outcome, TooHeavy) or (isinstance(outcome, Broken) and outcome.retryable)
    return Pause(Stopped(f"While {doing}: {why(outcome)}", retryable, class_of(outcome)))


def class_of(outcome: NoAnswer) -> ErrorClass:
    """What kind of failure an answer without data is."""
    match outcome:
        case TooHeavy():
            return ErrorClass.TIMEOUT
        case Missing():
            return ErrorClass.MISSING
        case Denied(reason=DeniedReason.BLOCKED):
            return ErrorClass.BLOCKED
        case Denied(reason=reason) if reason in OF_THE_TOKEN:
            return ErrorClass.CREDENTIALS
        case Denied():
            return ErrorClass.DENIED
        case Broken() | Moved() | NotModified():
            return ErrorClass.BROKEN


def why(outcome: NoAnswer) -> str:
    """What an answer without data says, for people."""
    return "GitHub says that nothing changed." if isinstance(outcome, NotModified) else outcome.why
