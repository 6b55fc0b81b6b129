"""The one primitive that every engine runs: take a shard's lease, work until a deadline, say how far it came."""

import asyncio
from datetime import datetime

from progressive_capture.capture.hydrate import Hydration
from progressive_capture.capture.index import Index
from progressive_capture.capture.lookup import refresh
from progressive_capture.capture.prove import settle
from progressive_capture.capture.results import Advanced, Done, More, Stopped, WaitUntil
from progressive_capture.capture.session import LEASE, LEASE_AFTER_WAIT, Pause, Session, Tools
from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.holders import called
from progressive_capture.domain.jobs import Claim, Held, Settled
from progressive_capture.domain.scope import moment
from progressive_capture.github.results import RepoRef
from progressive_capture.store import jobs, repositories
from progressive_capture.store.errors import LeaseLost, StoreError


async def advance(tools: Tools, job_id: str, k: int, attempt: int, deadline: datetime) -> Advanced:
    """Work on one shard until `deadline`, committing page by page.

    `attempt` is the job's attempt that this call belongs to: once a later one has begun, it changes nothing.

    `Done`: the shard is settled. `More`: time is up. `WaitUntil`: a limit, or somebody else's lease, lasts longer
    than the deadline. `Stopped`: GitHub or the database refused; everything committed stays for the next attempt.
    A holder who lost its lease changes nothing.
    """
    try:
        claim = await asyncio.to_thread(_claim, tools, job_id, k, attempt)
        if isinstance(claim, Held):
            return WaitUntil(moment(claim.until), f"{called(claim.holder)} is at work on this shard.", claim.holder)
        if isinstance(claim, Settled):
            return Done(job_settled=False)
        session = await asyncio.to_thread(_begin, tools, claim, deadline)
        return await _work(session)
    except LeaseLost as lost:
        return Stopped(str(lost), retryable=True, error_class=ErrorClass.LOST)
    except StoreError as error:
        return Stopped(str(error), retryable=error.retryable, error_class=ErrorClass.STORE)


async def _work(session: Session) -> Advanced:
    try:
        if session.claim.k == 0:
            await refresh(session)
            await Index(session).finish()
        else:
            await Hydration(session).finish()
        return Done(job_settled=await asyncio.to_thread(settle, session))
    except Pause as pause:
        await asyncio.to_thread(_let_go, session, pause.answer)
        return pause.answer
    finally:
        await session.tools.api.finish()


def _claim(tools: Tools, job_id: str, k: int, attempt: int) -> Claim | Held | Settled:
    now = tools.clock()
    with tools.database.transaction() as connection:
        return jobs.claim_shard(
            connection,
            job_id,
            k,
            attempt=attempt,
            holder=tools.holder,
            now=now,
            lease_until=now + LEASE,
            is_gone=tools.is_gone,
        )


def _begin(tools: Tools, claim: Claim, deadline: datetime) -> Session:
    with tools.database.reading() as connection:
        job = jobs.get(connection, claim.job_id)
        stored = repositories.get(connection, tools.host_id, job.repository_id)
        sizes = repositories.page_sizes(connection, tools.host_id, job.repository_id)
    repo = RepoRef(stored.owner_name, stored.node_id, stored.id)
    session = Session.begin(tools, job, claim, repo, deadline)
    session.sizes.restore(sizes)
    return session


def _let_go(session: Session, answer: Advanced) -> None:
    """Leave the lease as the answer wants it: kept for the next step, kept through a wait, or released."""
    tools, claim = session.tools, session.claim
    now = tools.clock()
    with tools.database.transaction() as connection:
        for operation, size in session.sizes.remembered().items():
            repositories.remember_page_size(connection, tools.host_id, session.repository_id, operation, size)
        # Requests without a page cost as much as others: those of a failed attempt too.
        if (checkpoint := session.troubled(is_over=isinstance(answer, Stopped))) is None:
            jobs.count_use(connection, claim, session.counted_since())
        else:
            jobs.write_checkpoint(connection, claim, checkpoint, session.counted_since(), now + LEASE)
        if isinstance(answer, WaitUntil) and tools.keeps_lease:
            jobs.renew(connection, claim, answer.until + LEASE_AFTER_WAIT)
        elif isinstance(answer, More) and tools.keeps_lease and not tools.stopping():
            jobs.renew(connection, claim, now + LEASE)
        else:
            jobs.release(connection, claim, now)
