"""GitHub's own counts without the rows: what a proof asks again; nothing here is stored or judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from progressive_capture.domain.kinds import CONNECTIONS, FILES_CAP, Kind
from progressive_capture.domain.records import Target
from progressive_capture.github import rest_bodies
from progressive_capture.github.documents import CONNECTION, Document, composed
from progressive_capture.github.graphql_answer import GraphQLShape
from progressive_capture.github.nodes import Node, RateLimit
from progressive_capture.github.outcomes import Outcome, Page, Partial
from progressive_capture.github.payload import Shape
from progressive_capture.github.rest_reader import repository_path
from progressive_capture.github.results import RepoRef
from progressive_capture.github.session import Session


class _Count(Node):
    total_count: int


class _PullRequestTotals(Node):
    id: str = ""
    updated_at: str = ""
    changed_files: int = 0
    reviews: _Count | None = None
    review_threads: _Count | None = None
    comments: _Count | None = None
    commits: _Count | None = None
    files: _Count | None = None


class _PullRequestsData(Node):
    nodes: list[_PullRequestTotals | None] | None = None
    rate_limit: RateLimit | None = None


class _ThreadTotals(Node):
    id: str = ""
    comments: _Count | None = None


class _ThreadsData(Node):
    nodes: list[_ThreadTotals | None] | None = None
    rate_limit: RateLimit | None = None


_PULL_REQUESTS: Final = GraphQLShape[_PullRequestsData](_PullRequestsData)
_THREADS: Final = GraphQLShape[_ThreadsData](_ThreadsData)
_PULL_REQUEST: Final = Shape[rest_bodies.PullRequest](rest_bodies.PullRequest)

REST_TOTALS: Final = frozenset({Kind.COMMITS, Kind.ISSUE_COMMENTS, Kind.REVIEW_COMMENTS, Kind.FILES})
"""Kinds that REST counts in a pull request."""


class PullRequestTotals(NamedTuple):
    """What GitHub counts of one pull request now; kinds that could not be told are left out."""

    target: Target
    updated_at: str
    totals: dict[Kind, int]


@dataclass(frozen=True, slots=True)
class TotalsPage:
    """Counts of several pull requests; those that GitHub did not show are missing."""

    pull_requests: list[PullRequestTotals]


@dataclass(frozen=True, slots=True)
class ThreadTotalsPage:
    """How many comments GitHub counts in each thread that it showed, by node id."""

    totals: dict[str, int]


class Totals:
    """Asks one session for counts."""

    def __init__(self, session: Session) -> None:
        """Take the session; it is not closed here."""
        self._session = session

    async def of_pull_requests(self, targets: Sequence[Target]) -> Outcome[TotalsPage]:
        """Counts of at most 29 pull requests for a point, by GraphQL."""
        fields = " ".join(f"{CONNECTION[kind].field} {{ totalCount }}" for kind in CONNECTIONS)
        below = f"... on PullRequest {{ id updatedAt changedFiles {fields} }}"
        document = _nodes("PullRequestTotals", below, len(CONNECTIONS))
        lookups = document.lookups * len(targets)
        variables = {"ids": [target.node_id for target in targets]}
        outcome = (
            await self._session.graphql(document, variables, _PULL_REQUESTS, lookups, small=len(targets) == 1)
        ).outcome
        if not isinstance(outcome, Page | Partial):
            return outcome
        by_id = {target.node_id: target for target in targets}
        shown = [node for node in outcome.data.nodes or () if node is not None and node.id in by_id]
        return Page(TotalsPage([_totals(by_id[node.id], node) for node in shown]))

    async def of_threads(self, threads: Sequence[str]) -> Outcome[ThreadTotalsPage]:
        """Counts of comments of at most 100 threads, a point, by GraphQL."""
        document = _nodes("ThreadTotals", "... on PullRequestReviewThread { id comments { totalCount } }", 1)
        small, variables = len(threads) == 1, {"ids": list(threads)}
        outcome = (await self._session.graphql(document, variables, _THREADS, len(threads), small=small)).outcome
        if not isinstance(outcome, Page | Partial):
            return outcome
        shown = [node for node in outcome.data.nodes or () if node is not None]
        return Page(ThreadTotalsPage({node.id: node.comments.total_count for node in shown if node.comments}))

    async def of_one_by_rest(self, repo: RepoRef, target: Target) -> Outcome[TotalsPage]:
        """Counts that REST embeds in one pull request: all but reviews and threads."""
        path = f"{repository_path(repo.owner_name)}/pulls/{target.number}"
        outcome = (await self._session.rest(path, _PULL_REQUEST)).outcome
        if not isinstance(outcome, Page):
            return outcome
        body = outcome.data.body
        totals = {
            Kind.COMMITS: body.commits,
            Kind.ISSUE_COMMENTS: body.comments,
            Kind.REVIEW_COMMENTS: body.review_comments,
            Kind.FILES: body.changed_files,
        }
        return Page(TotalsPage([PullRequestTotals(target, body.updated_at, totals)]))


def _nodes(name: str, below: str, lookups: int) -> Document:
    return Document(
        composed(f"query {name}($ids: [ID!]!) {{\n  ...Cost\n  nodes(ids: $ids) {{ {below} }}\n}}"), lookups
    )


def _totals(target: Target, node: _PullRequestTotals) -> PullRequestTotals:
    counts = {
        Kind.REVIEWS: node.reviews,
        Kind.REVIEW_THREADS: node.review_threads,
        Kind.ISSUE_COMMENTS: node.comments,
        Kind.COMMITS: node.commits,
        Kind.FILES: node.files,
    }
    totals = {kind: count.total_count for kind, count in counts.items() if count is not None}
    if node.changed_files > FILES_CAP:
        totals[Kind.FILES] = node.changed_files
    return PullRequestTotals(target, node.updated_at, totals)
