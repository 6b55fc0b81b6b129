"""Who a repository is: asked of GitHub and stored with its contributor count; how waits are borne is the caller's."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final, Protocol, TypeVar

from progressive_capture.capture.results import Stopped
from progressive_capture.capture.room import with_room
from progressive_capture.capture.session import Answered, Pause, Session, Tools, failure
from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.jobs import JobType
from progressive_capture.domain.kinds import Source
from progressive_capture.domain.scope import SourceChoice, moment
from progressive_capture.github.outcomes import Broken, Outcome, Page, Partial, TooHeavy
from progressive_capture.github.results import RepoRef, RepositoryLookUp
from progressive_capture.store import repositories

T = TypeVar("T")

CONTRIBUTORS_FRESH: Final = timedelta(hours=24)
"""How long a repository's contributor count is good enough."""


FRESH: Final = timedelta(minutes=10)
"""How long it is known well enough who a repository is, and how many pull requests it has, to begin a walk."""


class Ask(Protocol):
    """Sends a request and bears the limits that GitHub sets."""

    async def __call__(self, call: Callable[[], Awaitable[Outcome[T]]]) -> Answered[T]:
        """Give the answer that came in the end."""
        ...


async def find(tools: Tools, owner_name: str, choice: SourceChoice, ask: Ask) -> Answered[RepositoryLookUp]:
    """Ask who the repository is; nothing is stored."""
    source = Source.REST if choice is SourceChoice.REST or tools.api.anonymous else Source.GRAPHQL
    answer = await ask(lambda: tools.api.look_up_repository(owner_name, source))
    if isinstance(answer, TooHeavy | Broken) and source is Source.GRAPHQL and choice is SourceChoice.AUTO:
        answer = await ask(lambda: tools.api.look_up_repository(owner_name, Source.REST))
    return answer


async def keep(tools: Tools, found: RepositoryLookUp, choice: SourceChoice, ask: Ask) -> None:
    """Store a repository that was found, with its contributor count (a request, unless a fresh count is stored).

    Where all else can go by GraphQL, the count waits for no budget of REST's: a later capture asks for it.
    """
    known = await asyncio.to_thread(_save_repository, tools, found)
    if not known and choice is not SourceChoice.GRAPHQL:
        count = partial(tools.api.count_contributors, f"{found.row.owner_login}/{found.row.name}")
        is_needless = choice is SourceChoice.AUTO and not tools.api.anonymous
        counted = await ask(partial(with_room, count, tools.clock) if is_needless else count)
        if isinstance(counted, Page | Partial) and counted.data is not None:
            await asyncio.to_thread(_save_contributors, tools, found, counted.data)


async def refresh(session: Session) -> None:
    """Ask again who the repository is before a walk over all of it begins, unless that was asked just now.

    Raises:
        Pause: a limit ends too late, or the repository is not to be had under its name.
    """
    whole = not session.scope.is_narrowed or session.job.job_type is JobType.REPOSITORY_SYNC
    if session.checkpoint.walk is not None or not whole:
        return
    stored = await asyncio.to_thread(_stored, session)
    if session.tools.clock() - moment(stored.captured_at) >= FRESH:
        await look_again(session, stored.owner_name)


async def look_again(session: Session, owner_name: str) -> RepositoryLookUp:
    """Ask again who a shard's repository is, and how many pull requests it has; both are stored.

    Raises:
        Pause: a limit ends too late, or the repository is not to be had under its name.
    """
    answer = await find(session.tools, owner_name, session.scope.source, session.ask)
    if not isinstance(answer, Page | Partial):
        raise failure(answer, f"looking up {owner_name}")
    found = answer.data
    if found.row.id != session.repository_id:
        why = f"{owner_name} is another repository now: track that one by its name, and untrack this one."
        raise Pause(Stopped(why, retryable=False, error_class=ErrorClass.MISSING))
    await keep(session.tools, found, session.scope.source, session.ask)
    session.repo = RepoRef(f"{found.row.owner_login}/{found.row.name}", found.row.node_id, found.row.id)
    return found


def _stored(session: Session) -> repositories.StoredRepository:
    with session.tools.database.reading() as connection:
        return repositories.get(connection, session.tools.host_id, session.repository_id)


def _save_repository(tools: Tools, found: RepositoryLookUp) -> bool:
    """Store who the repository is; True when its contributor count is fresh enough."""
    with tools.database.transaction() as connection:
        host = tools.host_id
        repositories.save_repository(
            connection, host, found.row, found.requested_at, found.source, former_name=found.former_name
        )
        stored = repositories.find_repository(connection, host, f"{found.row.owner_login}/{found.row.name}")
    counted_at = stored.contributors_counted_at if stored is not None else None
    return counted_at is not None and tools.clock() - moment(counted_at) < CONTRIBUTORS_FRESH


def _save_contributors(tools: Tools, found: RepositoryLookUp, total: int) -> None:
    with tools.database.transaction() as connection:
        repositories.set_contributors_total(connection, tools.host_id, found.row.id, total, found.requested_at)
