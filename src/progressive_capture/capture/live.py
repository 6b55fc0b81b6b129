"""GitHub's counts of now against the rows stored: the live part of a proof; nothing is stored here."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from progressive_capture.capture.run import asked, must
from progressive_capture.capture.session import Tools
from progressive_capture.domain.kinds import HYDRATE_KINDS, Kind, State
from progressive_capture.domain.planning import IDS_IN_A_LIST, Operation, Sizes
from progressive_capture.domain.records import Target
from progressive_capture.github.results import RepoRef
from progressive_capture.github.totals import PullRequestTotals
from progressive_capture.store import index
from progressive_capture.store.closing import count_rows, threads_of
from progressive_capture.store.gaps import Gap

WINDOW: Final = 500
"""Pull requests whose rows are counted together: what bounds the memory of a whole proof."""

DOING: Final = "asking for GitHub's totals again"


class _Window(NamedTuple):
    """Some pull requests, and what is stored of them."""

    targets: list[Target]
    rows: dict[Kind, dict[int, int]]
    threads: dict[str, int]


async def live_gaps(tools: Tools, repo: RepoRef) -> AsyncIterator[Gap]:
    """Ask GitHub's counts of every stored pull request again, and tell where the rows differ.

    Costs a point for 29 pull requests and one for 100 threads; without a token a request for each pull request,
    which then tells nothing of reviews and threads.

    Raises:
        CaptureFailed: GitHub refused.
    """
    after = 0
    while (window := await asyncio.to_thread(_window, tools, repo, after)).targets:
        after = window.targets[-1].number
        for counted in await _totals(tools, repo, window):
            for gap in _differences(counted, window):
                yield gap


def _window(tools: Tools, repo: RepoRef, after: int) -> _Window:
    with tools.database.reading() as connection:
        targets = index.listed_after(connection, tools.host_id, repo.id, after, WINDOW)
        ids = [target.pull_request_id for target in targets]
        rows = {kind: count_rows(connection, tools.host_id, kind, ids) for kind in sorted(HYDRATE_KINDS)}
        return _Window(targets, rows, threads_of(connection, tools.host_id, ids))


async def _totals(tools: Tools, repo: RepoRef, window: _Window) -> list[PullRequestTotals]:
    if tools.api.anonymous:
        return await _totals_by_rest(tools, repo, window.targets)
    size = Sizes(kinds=HYDRATE_KINDS).size(Operation.HYDRATE)
    found: list[PullRequestTotals] = []
    for begin in range(0, len(window.targets), size):
        batch = window.targets[begin : begin + size]
        found += must(await asked(tools, partial(tools.api.totals.of_pull_requests, batch)), DOING).pull_requests
    comments = await _comments(tools, window.threads)
    for totals in found:
        totals.totals[Kind.REVIEW_COMMENTS] = comments[totals.target.pull_request_id]
    return found


async def _comments(tools: Tools, threads: dict[str, int]) -> Counter[int]:
    """Comments that GitHub counts in the threads of each pull request."""
    comments: Counter[int] = Counter()
    nodes = list(threads)
    for begin in range(0, len(nodes), IDS_IN_A_LIST):
        batch = nodes[begin : begin + IDS_IN_A_LIST]
        page = must(await asked(tools, partial(tools.api.totals.of_threads, batch)), DOING)
        for node, total in page.totals.items():
            comments[threads[node]] += total
    return comments


async def _totals_by_rest(tools: Tools, repo: RepoRef, targets: Sequence[Target]) -> list[PullRequestTotals]:
    found: list[PullRequestTotals] = []
    for target in targets:
        found += must(await asked(tools, partial(tools.api.totals.of_one_by_rest, repo, target)), DOING).pull_requests
    return found


def _differences(counted: PullRequestTotals, window: _Window) -> list[Gap]:
    target, found = counted.target, []
    for kind, total in counted.totals.items():
        stored = window.rows[kind].get(target.pull_request_id, 0)
        if stored != total:
            why = f"GitHub counts {total} now, {stored} are stored"
            found.append(Gap(target.number, target.pull_request_id, kind, State.GAP, total, stored, why))
    return found
