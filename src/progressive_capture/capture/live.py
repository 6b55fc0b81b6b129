"""GitHub's counts of now against the rows stored: the live part of a proof; nothing is stored here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple, TypeAlias, TypeVar

from progressive_capture.capture.run import asked, must
from progressive_capture.capture.session import Tools
from progressive_capture.domain.kinds import HYDRATE_KINDS, SETTLED, Kind, State
from progressive_capture.domain.planning import IDS_IN_A_LIST, Operation, PageSize, Sizes
from progressive_capture.domain.records import Target
from progressive_capture.github.outcomes import Missing, Outcome, TooHeavy
from progressive_capture.github.results import RepoRef
from progressive_capture.github.totals import REST_TOTALS, PullRequestTotals
from progressive_capture.store import index
from progressive_capture.store.closing import count_rows, threads_of
from progressive_capture.store.completeness import Counted, Dated, dated_completeness
from progressive_capture.store.gaps import Gap

T = TypeVar("T")
Item = TypeVar("Item")

WINDOW: Final = 500
"""Pull requests whose rows are counted together: what bounds the memory of a whole proof."""

DOING: Final = "asking for GitHub's totals again"

PULL_REQUESTS_AT_ONCE: Final = Sizes(kinds=HYDRATE_KINDS).ceiling(Operation.HYDRATE)

NOT_SHOWN: Final = "GitHub does not say now how many there are"

Ask: TypeAlias = Callable[[Sequence[Item]], Awaitable[Outcome[T]]]

Known: TypeAlias = Mapping[tuple[int, Kind], Dated]


class Difference(NamedTuple):
    """A gap that only GitHub's counts of now show."""

    gap: Gap
    counted: Counted | None
    """None where GitHub does not say how many there are."""


class _Window(NamedTuple):
    """Some pull requests, and what is stored of them."""

    targets: list[Target]
    rows: dict[Kind, dict[int, int]]
    threads: dict[str, int]
    known: Known


@dataclass(frozen=True, slots=True)
class Lists:
    """How many pull requests and threads to ask for at once: fewer once GitHub could not count them in its time."""

    pull_requests: PageSize = field(default_factory=PageSize)
    threads: PageSize = field(default_factory=PageSize)


async def live_gaps(tools: Tools, repo: RepoRef) -> AsyncIterator[Difference]:
    """Ask GitHub's counts of every stored pull request again, and tell where the rows differ or GitHub says nothing.

    Only what is known to be settled is compared, all else being a gap already; and nothing that the API used for the
    capture could not give.

    Costs a point for 29 pull requests and one for 100 threads; without a token a request for each pull request,
    which then tells nothing of reviews and threads.

    Raises:
        CaptureFailed: GitHub refused.
    """
    after, lists = 0, Lists()
    while (window := await asyncio.to_thread(_window, tools, repo, after)).targets:
        after = window.targets[-1].number
        meant = [(target, kinds) for target in window.targets if (kinds := _comparable(tools, target, window.known))]
        totals = await _totals(tools, repo, [target for target, _ in meant], window.threads, lists)
        for target, kinds in meant:
            for found in _differences(target, kinds, totals.get(target.pull_request_id, {}), window):
                yield found


def _window(tools: Tools, repo: RepoRef, after: int) -> _Window:
    with tools.database.reading() as connection:
        targets = index.listed_after(connection, tools.host_id, repo.id, after, WINDOW)
        ids = [target.pull_request_id for target in targets]
        # Before the rows: PostgreSQL shows each query what is stored by then; rows of before say nothing of later.
        known = dated_completeness(connection, tools.host_id, ids)
        rows = {kind: count_rows(connection, tools.host_id, kind, ids) for kind in sorted(HYDRATE_KINDS)}
        threads = threads_of(connection, tools.host_id, ids)
        return _Window(targets, rows, threads, known)


def _comparable(tools: Tools, target: Target, known: Known) -> list[Kind]:
    """The kinds of a pull request that GitHub's counts can be compared with."""
    found = {kind: known.get((target.pull_request_id, kind)) for kind in HYDRATE_KINDS}
    states = {kind: each.row.state for kind, each in found.items() if each is not None}
    kinds = {kind for kind, state in states.items() if state in SETTLED and state is not State.UNAVAILABLE}
    if tools.api.anonymous:
        kinds &= REST_TOTALS
    elif states.get(Kind.REVIEW_THREADS) is not State.COMPLETE:
        # GraphQL counts comments by the thread: without all threads their sum says nothing.
        kinds.discard(Kind.REVIEW_COMMENTS)
    return sorted(kinds)


async def _totals(
    tools: Tools, repo: RepoRef, targets: Sequence[Target], threads: Mapping[str, int], lists: Lists
) -> dict[int, dict[Kind, int]]:
    """GitHub's counts by pull request; those that it does not show are left out."""
    if tools.api.anonymous:
        return _by_id(await _by_rest(tools, repo, targets))
    ask = tools.api.totals.of_pull_requests
    pages = await in_batches(tools, targets, lists.pull_requests, PULL_REQUESTS_AT_ONCE, ask)
    found = _by_id([totals for page in pages for totals in page.pull_requests])
    comments = await _comments(tools, {node: of for node, of in threads.items() if of in found}, lists.threads)
    for pull_request_id, totals in found.items():
        count = comments.get(pull_request_id, 0)
        if count is not None:
            totals[Kind.REVIEW_COMMENTS] = count
    return found


def _by_id(found: Sequence[PullRequestTotals]) -> dict[int, dict[Kind, int]]:
    return {each.target.pull_request_id: each.totals for each in found}


async def _comments(tools: Tools, threads: Mapping[str, int], size: PageSize) -> dict[int, int | None]:
    """Comments that GitHub counts in the threads of each pull request; None where it does not show one of them."""
    pages = await in_batches(tools, list(threads), size, IDS_IN_A_LIST, tools.api.totals.of_threads)
    shown = {node: total for page in pages for node, total in page.totals.items()}
    comments: dict[int, int | None] = {}
    for node, pull_request_id in threads.items():
        so_far, total = comments.get(pull_request_id, 0), shown.get(node)
        comments[pull_request_id] = None if so_far is None or total is None else so_far + total
    return comments


async def in_batches(tools: Tools, items: Sequence[Item], size: PageSize, most: int, ask: Ask[Item, T]) -> list[T]:
    """Ask for many in batches that GitHub can finish.

    An item that is too heavy alone is left out; a second one right after it is not, for then it is GitHub that is slow.

    Raises:
        CaptureFailed: GitHub refused.
    """
    found: list[T] = []
    begin, left_out = 0, False
    while begin < len(items):
        batch = items[begin : begin + size.current(most)]
        answer = await asked(tools, partial(ask, batch))
        if isinstance(answer, TooHeavy) and len(batch) > 1:
            size.too_heavy(len(batch))
            continue
        if isinstance(answer, TooHeavy) and not left_out:
            left_out = True
        else:
            found.append(must(answer, DOING))
            size.succeeded(most)
            left_out = False
        begin += len(batch)
    return found


async def _by_rest(tools: Tools, repo: RepoRef, targets: Sequence[Target]) -> list[PullRequestTotals]:
    found: list[PullRequestTotals] = []
    for target in targets:
        answer = await asked(tools, partial(tools.api.totals.of_one_by_rest, repo, target))
        if not isinstance(answer, Missing):
            found += must(answer, DOING).pull_requests
    return found


def _differences(
    target: Target, kinds: Sequence[Kind], totals: Mapping[Kind, int], window: _Window
) -> list[Difference]:
    found = []
    for kind in kinds:
        total, stored = totals.get(kind), window.rows[kind].get(target.pull_request_id, 0)
        known = window.known[target.pull_request_id, kind]
        row = known.row
        if total == stored or (total is not None and row.state is not State.COMPLETE and row.expected == total):
            continue
        why = NOT_SHOWN if total is None else f"GitHub counts {total} now, {stored} are stored"
        gap = Gap(target.number, target.pull_request_id, kind, State.GAP, total, stored, why)
        found.append(Difference(gap, None if total is None else Counted(known, total, stored)))
    return found
