"""Captures of whole repositories on this machine: look up, open the job, run its shards, say what came of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

from progressive_capture.capture import lookup
from progressive_capture.capture.advance import advance
from progressive_capture.capture.opening import Opened, counted, open_job, refuse_if_held
from progressive_capture.capture.prove import prove, stored_walk
from progressive_capture.capture.results import Done, Stopped, WaitUntil
from progressive_capture.capture.session import Answered, Pause, Tools, bear, class_of, used, why
from progressive_capture.domain.errors import (
    CaptureFailed,
    Delayed,
    ErrorClass,
    Interrupted,
    LeaseHeld,
    ProgressiveCaptureError,
)
from progressive_capture.domain.jobs import Counters, Figures, Job, Shard, ShardState
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.scope import Scope, stamp
from progressive_capture.github.outcomes import Outcome, Page, Partial
from progressive_capture.github.results import RepositoryLookUp
from progressive_capture.store import jobs
from progressive_capture.store.database import Connection
from progressive_capture.store.errors import StoreError
from progressive_capture.store.extent import extent
from progressive_capture.store.gaps import Gap

T = TypeVar("T")

UNFINISHED: Final = frozenset({ShardState.PENDING, ShardState.PROCESSING, ShardState.FAILED})

FAR: Final = timedelta(days=365)
"""The deadline of work that has none."""


@dataclass(frozen=True, slots=True)
class Captured:
    """What a capture came to."""

    repository: str
    repository_id: int
    job_id: str
    mode: str
    """`first`, `incremental`, `full` or `part` (a narrowed scope): of the job that was begun or resumed."""
    resumed: bool
    """Whether an earlier run had begun it."""
    interrupted: bool
    held: dict[str, int]
    """Rows that the database now holds of this repository, by table, without those that GitHub no longer shows."""
    held_before: bool
    """Whether earlier captures had brought some of them."""
    rows: int
    """Rows that this run stored, in the job that was resumed and in the one after it together, as all below."""
    requests: int
    rest_requests: int
    points: int
    bytes_received: int
    waits: int
    waited_seconds: float
    seconds: float
    pull_requests: int
    """Pull requests that were hydrated."""
    gaps: list[Gap] = field(default_factory=list)
    gap_count: int = 0
    short_count: int = 0
    truncated_count: int = 0
    unavailable: dict[Kind, int] = field(default_factory=dict)
    """Pull requests by kind that the API used could not give."""
    unlisted: int = 0
    """Pull requests that GitHub counted and did not list: each is a gap."""
    missing_numbers: list[int] = field(default_factory=list)
    nothing_meant: bool = False
    """Whether the scope has bounds of time, and no pull request lies within them."""
    forecast: Figures | None = None
    """What the work was expected to use when its extent was known, earlier runs of it included."""


async def capture_repository(tools: Sequence[Tools], owner_name: str, scope: Scope) -> Captured:
    """Capture one repository as far as `scope` asks, resuming the open job of the same work.

    `tools` holds one set for each credential; they work side by side. One that GitHub refuses is left out, with a note
    that names it, as long as another is left.

    Raises:
        LeaseHeld: somebody else runs the same job; nothing was recorded.
        CaptureFailed: GitHub refused; what is stored stays, and the same call resumes it.
        StoreError: the database refused.
    """
    began = time.monotonic()
    first = tools[0]
    before = sum(map(used, tools), Counters())
    await asyncio.to_thread(refuse_if_held, first, owner_name, scope)
    team = Team(tools)
    try:
        found = await team.ask(lambda each: look_up(each, owner_name, scope))
        opened = [await asyncio.to_thread(open_job, first, found, scope)]
        interrupted = await _run_or_give_back(team, opened[0].job)
        if opened[0].walk_passed and not interrupted and not scope.numbers:
            # What changed since that walk is in the next one: whoever asks after a walk is served by its successor.
            opened.append(await asyncio.to_thread(open_job, first, found, replace(scope, full=False)))
            interrupted = await _run_or_give_back(team, opened[-1].job)
    finally:
        for each in tools:
            await each.api.finish()
    spent = sum(map(used, tools), Counters()) - before
    seconds = time.monotonic() - began
    return await asyncio.to_thread(_captured, first, opened, spent, interrupted=interrupted, seconds=seconds)


class Team:
    """The credentials of one piece of work: those that GitHub does not refuse, the last one in any case."""

    def __init__(self, tools: Sequence[Tools]) -> None:
        """Begin with all of them."""
        self.accepted = list(tools)

    async def ask(self, call: Callable[[Tools], Awaitable[T]]) -> T:
        """Do something with the first credential that GitHub accepts.

        Raises:
            CaptureFailed: it failed otherwise, or GitHub refuses them all.
        """
        while True:
            tools = self.accepted[0]
            try:
                return await call(tools)
            except CaptureFailed as failed:
                if not self.leave_out(tools, str(failed), failed.error_class):
                    raise

    async def one_for_each_principal(self) -> list[Tools]:
        """Leave out all but one token of each user: they share one budget.

        Raises:
            CaptureFailed: GitHub does not say whose a token is.
        """
        by_principal: dict[str, Tools] = {}
        for each in tuple(self.accepted):
            answer = await asked(each, each.api.principal) if len(self.accepted) > 1 else Page("")
            await each.api.finish()
            try:
                principal = must(answer, "asking whose token it is")
            except CaptureFailed as failed:
                if not self.leave_out(each, str(failed), failed.error_class):
                    raise
            else:
                by_principal.setdefault(principal, each)
        return list(by_principal.values())

    def leave_out(self, tools: Tools, why: str, error_class: ErrorClass) -> bool:
        """Go on without a credential that GitHub refuses; False for any other failure, and for the last credential."""
        if error_class is not ErrorClass.CREDENTIALS or len(self.accepted) == 1:
            return False
        self.accepted = [each for each in self.accepted if each is not tools]
        tools.reporter.note(f"{why} The work goes on without it.")
        return True


async def look_up(tools: Tools, owner_name: str, scope: Scope) -> RepositoryLookUp:
    """Ask who the repository is, and store it with its contributor count (one or two requests).

    Raises:
        CaptureFailed: it does not exist, or may not be read.
    """
    found = await find(tools, owner_name, scope)
    await keep(tools, found, scope)
    return found


async def find(tools: Tools, owner_name: str, scope: Scope) -> RepositoryLookUp:
    """Ask who the repository is; nothing is stored.

    Raises:
        CaptureFailed: it does not exist, or may not be read.
    """
    answer = await lookup.find(tools, owner_name, scope.source, partial(asked, tools))
    return must(answer, f"looking up {owner_name}")


async def keep(tools: Tools, found: RepositoryLookUp, scope: Scope) -> None:
    """Store a repository that was found, with its contributor count (a request, unless a fresh count is stored)."""
    await lookup.keep(tools, found, scope.source, partial(asked, tools))


async def asked(tools: Tools, call: Callable[[], Awaitable[Outcome[T]]]) -> Answered[T]:
    """Ask outside any shard, bearing limits.

    Raises:
        Delayed: a limit lasts longer than these tools bear.
        Interrupted: somebody asked to stop while waiting.
    """
    try:
        return await bear(tools, call, deadline=tools.clock() + FAR)
    except Pause as pause:
        if isinstance(pause.answer, WaitUntil):
            raise Delayed(pause.answer.until, pause.answer.why) from pause
        raise Interrupted("Stopped before the capture began; the same command begins it.") from pause


async def _run_or_give_back(team: Team, job: Job) -> bool:
    """Run a job as `run_job` does; what the queue opened goes back in line when this stops before its end."""
    tools, is_settled = team.accepted[0], False
    holders = [each.holder for each in team.accepted]
    try:
        interrupted = await run_job(team, job)
        is_settled = not interrupted
        return interrupted
    finally:
        if not is_settled:
            await asyncio.to_thread(_give_back, tools, job, holders)


def _give_back(tools: Tools, job: Job, holders: Sequence[str]) -> None:
    # What stopped the capture is what is to be told; and a sweep sees to what cannot be given back.
    with suppress(StoreError), tools.database.transaction() as connection:
        why = "`pc capture` stopped"
        jobs.give_back(connection, job.id, holders, tools.clock(), attempt=job.attempt, why=why)


async def run_job(team: Team, job: Job) -> bool:
    """Run all shards of a job on this machine until it is settled; True when somebody asked to stop first.

    Raises:
        CaptureFailed: a shard cannot go on.
    """
    while True:
        unsettled = await asyncio.to_thread(_unsettled, team.accepted[0], job.id)
        if not unsettled:
            return False
        if unsettled[0].k == 0:
            unsettled = unsettled[:1]
        waiting = asyncio.Queue[int]()
        for shard in unsettled:
            waiting.put_nowait(shard.k)
        tools = await team.one_for_each_principal()
        if any(await together([_run_shards(team, each, job, waiting) for each in tools[: len(unsettled)]])):
            return True


async def together(runners: Sequence[Coroutine[None, None, T]]) -> list[T]:
    """Run side by side; the first failure ends the others, and carries a note of each that failed besides."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(runner) for runner in runners]
    except BaseExceptionGroup as failed:
        first, *others = failed.exceptions
        for other in others:
            # What foreign exceptions say is not repeated: it may hold an address with its password.
            said = f": {other}" if isinstance(other, ProgressiveCaptureError) else ""
            first.add_note(f"Besides, {type(other).__name__}{said}")
        raise first from None
    return [task.result() for task in tasks]


async def _run_shards(team: Team, tools: Tools, job: Job, waiting: asyncio.Queue[int]) -> bool:
    """Run shards one after the other; True when somebody asked to stop. A refused credential leaves its to others."""
    while not waiting.empty():
        k = waiting.get_nowait()
        answer = await _run_shard(tools, job, k)
        if answer is None:
            return True
        if isinstance(answer, Stopped):
            if not team.leave_out(tools, answer.error, answer.error_class):
                raise CaptureFailed(answer.error, answer.error_class)
            waiting.put_nowait(k)
            return False
    return False


async def _run_shard(tools: Tools, job: Job, k: int) -> Done | Stopped | None:
    """Run a shard until it is settled or cannot go on; None when somebody asked to stop first."""
    while True:
        answer = await advance(tools, job.id, k, job.attempt, tools.clock() + FAR)
        if isinstance(answer, Done | Stopped):
            return answer
        if isinstance(answer, WaitUntil) and answer.holder is not None:
            raise LeaseHeld(answer.holder, stamp(answer.until))
        if isinstance(answer, WaitUntil):
            await _sit_out(tools, answer)
        if tools.stopping():
            return None


async def _sit_out(tools: Tools, wait: WaitUntil) -> None:
    tools.reporter.waiting(wait.until, wait.why)
    while (left := (wait.until - tools.clock()).total_seconds()) > 0 and not tools.stopping():
        await tools.pause(left)


def must(answer: Answered[T], doing: str) -> T:
    """The data of an answer.

    Raises:
        CaptureFailed: there is none; the sentence says what was being done.
    """
    if isinstance(answer, Page | Partial):
        return answer.data
    raise CaptureFailed(f"While {doing}: {why(answer)}", class_of(answer))


def _unsettled(tools: Tools, job_id: str) -> list[Shard]:
    with tools.database.reading() as connection:
        return [shard for shard in jobs.shards(connection, job_id) if shard.state in UNFINISHED]


def _captured(tools: Tools, opened: Sequence[Opened], used: Counters, *, interrupted: bool, seconds: float) -> Captured:
    """Count what is held, and compare it with what GitHub counts, in the extent that was asked for.

    `opened` holds the job that was begun or resumed, then the one after it if there was one: the last tells what is
    complete, all of them together what was done.
    """
    first, last = opened[0], opened[-1]
    with tools.database.reading() as connection:
        done = sum((counted(jobs.shards(connection, each.job.id)) - each.before for each in opened), Counters())
        forecasts = [jobs.get(connection, each.job.id).forecast for each in opened]
        walk = stored_walk(jobs.shards(connection, last.job.id))
        proof = prove(connection, tools.host_id, last.repository_id, last.scope, walk)
        meant = None if walk is None else _meant(connection, tools.host_id, last, walk.started_at)
    known = [each for each in forecasts if each is not None]
    return Captured(
        repository=last.name,
        repository_id=last.repository_id,
        job_id=first.job.id,
        mode=first.mode,
        resumed=first.before.pages > 0,
        interrupted=interrupted,
        held=dict(proof.held),
        held_before=first.held_before,
        rows=done.rows,
        requests=used.requests,
        rest_requests=used.rest_requests,
        points=used.points,
        bytes_received=used.bytes_in,
        waits=used.waits,
        waited_seconds=used.waited_ms / 1_000,
        seconds=seconds,
        pull_requests=done.pull_requests,
        gaps=proof.gaps,
        gap_count=proof.gap_count,
        short_count=proof.short_count,
        truncated_count=proof.truncated_count,
        unavailable=dict(proof.unavailable),
        unlisted=proof.unlisted,
        missing_numbers=list(walk.missing) if walk is not None else [],
        nothing_meant=meant == 0,
        forecast=sum(known[1:], known[0]) if known else None,
    )


def _meant(connection: Connection, host_id: int, opened: Opened, started_at: str) -> int | None:
    """How many listed pull requests lie within the scope's bounds of time; None where it has none."""
    since, until = opened.scope.updated_after(started_at), opened.scope.updated_to
    if since is None and until is None:
        return None
    found = extent(
        connection, host_id, opened.repository_id, updated_from=since, updated_to=until, active_since=started_at
    )
    return found.pull_requests
