"""Repositories that are to be kept: all looked up first, then stored, tracked and their first capture queued."""

import asyncio
from collections.abc import Callable, Container, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from progressive_capture.capture.run import asked, find, keep, must
from progressive_capture.capture.session import Tools
from progressive_capture.domain.errors import CaptureFailed, ErrorClass
from progressive_capture.domain.jobs import JobType, Trigger
from progressive_capture.domain.requests import JobRequest, Submitted
from progressive_capture.domain.scope import Scope
from progressive_capture.github.results import RepositoryLookUp
from progressive_capture.queue.manager import HybridQueueManager
from progressive_capture.store import categories, tracking
from progressive_capture.store.tracking import Tracking

T = TypeVar("T")

OpenTools = Callable[[str], AbstractAsyncContextManager[Sequence[Tools]]]
"""Gives the tools for an owner, or for a repository as `owner/name`: a GitHub App signs in where it is installed."""


@dataclass(frozen=True, slots=True)
class NowTracked:
    """What tracking came to for one repository."""

    repository_id: int
    name: str
    former_name: str | None
    """The name that was asked for, where GitHub answered with another."""
    state_before: Tracking | None
    """None: it was never tracked."""
    submitted: Submitted
    """What became of its first capture."""


OF_ONE: Final = frozenset({ErrorClass.MISSING, ErrorClass.DENIED, ErrorClass.BLOCKED})
"""What keeps one repository from us says nothing of its account's others."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """Repositories that can be kept, and those of an account's list that cannot."""

    found: list[RepositoryLookUp]
    skipped: dict[str, str]
    """Why, by name."""


async def listed(open_tools: OpenTools, accounts: Iterable[str]) -> list[str]:
    """List the repositories of accounts as `owner/name`, without those that GitHub has shut.

    Raises:
        CaptureFailed: an account does not exist, or cannot be read.
    """
    names = []
    for account in accounts:
        async with open_tools(account) as tools:
            first = tools[0]
            answer = await asked(first, partial(first.api.directory.repositories_of, account))
            await first.api.finish()
            names += [each.owner_name for each in must(answer, f"listing {account}/*") if not each.is_disabled]
    return names


async def looked_up(
    open_tools: OpenTools, names: Iterable[str], begin: Callable[[str], None], optional: Container[str] = ()
) -> LookedUp:
    """Look all of them up, each once also when asked for by two names; nothing is stored.

    Args:
        open_tools: gives the way to GitHub.
        names: as `owner/name`.
        begin: hears which one is asked about.
        optional: those that are skipped when GitHub keeps just them from us: nobody asked for them by name.

    Raises:
        CaptureFailed: one does not exist, or may not be read; the sentence names it.
    """
    found: dict[int, RepositoryLookUp] = {}
    skipped: dict[str, str] = {}
    for group in _by_owner(names, lambda name: name):
        async with open_tools(group[0]) as tools:
            for name in group:
                begin(name)
                try:
                    looked = await find(tools[0], name, Scope())
                except CaptureFailed as failed:
                    if name not in optional or failed.error_class not in OF_ONE:
                        raise CaptureFailed(f"{failed} Nothing was tracked.", failed.error_class) from failed
                    skipped[name] = str(failed)
                else:
                    found.setdefault(looked.row.id, looked)
            await tools[0].api.finish()
    return LookedUp(list(found.values()), skipped)


async def track(
    open_tools: OpenTools, found: Iterable[RepositoryLookUp], manager: HybridQueueManager, who: str
) -> list[NowTracked]:
    """Store and track repositories that were looked up, and queue the first capture of each.

    One after the other, so that a failure leaves those before it tracked; the same call goes on.

    Raises:
        CaptureFailed: GitHub does not let count a repository's contributors now.
        StoreError: the database refused.
    """
    tracked = []
    for group in _by_owner(found, name_of):
        async with open_tools(name_of(group[0])) as tools:
            for looked in group:
                await keep(tools[0], looked, Scope())
                tracked.append(await asyncio.to_thread(_track, tools[0], looked, manager, who))
            await tools[0].api.finish()
    return tracked


def name_of(looked: RepositoryLookUp) -> str:
    """The name that GitHub gave."""
    return f"{looked.row.owner_login}/{looked.row.name}"


def _track(tools: Tools, looked: RepositoryLookUp, manager: HybridQueueManager, who: str) -> NowTracked:
    number, name = looked.row.id, name_of(looked)
    now = manager.clock()
    with tools.database.transaction() as connection:
        before = tracking.find(connection, tools.host_id, number)
        tracking.track(connection, tools.host_id, number, name, now, who=who)
        sizes = categories.known_sizes(connection, tools.host_id, number)
        categories.save(connection, tools.host_id, number, sizes, now)
    request = JobRequest(
        host_id=tools.host_id,
        repository_id=number,
        repository_name=name,
        job_type=JobType.HISTORICAL_PR_SYNC,
        scope=Scope(),
        trigger=Trigger.AUTOMATIC,
        who=who,
        reason="first capture of a repository that is tracked now",
    )
    submitted = manager.submit(request)
    return NowTracked(number, name, looked.former_name, None if before is None else before.state, submitted)


def _by_owner(items: Iterable[T], name: Callable[[T], str]) -> list[list[T]]:
    """Items whose repositories have one owner together, in the order given."""
    groups: dict[str, list[T]] = {}
    for item in items:
        groups.setdefault(name(item).partition("/")[0].lower(), []).append(item)
    return list(groups.values())
