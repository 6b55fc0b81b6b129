"""The operations of this room by GraphQL: one query each, composed for what is asked; rows are made elsewhere."""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from progressive_capture.domain.kinds import Kind, Source
from progressive_capture.domain.records import RepositoryRow, Target
from progressive_capture.github import documents, graphql_data, nodes
from progressive_capture.github.graphql_answer import GraphQLShape, meaning
from progressive_capture.github.graphql_pages import Followed, Hydrated, Indexed, split_cursor
from progressive_capture.github.outcomes import Broken, Failure, Outcome, Page, Partial, QueryError
from progressive_capture.github.results import (
    FollowUpPage,
    Glance,
    HydratePage,
    IndexPage,
    LookUp,
    Order,
    RepoRef,
    RepositoryLookUp,
    SampledPullRequest,
    SeenPullRequest,
    ThreadSample,
)
from progressive_capture.github.session import Session

T = TypeVar("T")

MOST_LOOKUPS: Final = 149

_LOOK_UP: Final = GraphQLShape[graphql_data.LookUpData](graphql_data.LookUpData)
_INDEX: Final = GraphQLShape[graphql_data.IndexData](graphql_data.IndexData)
_NUMBERS: Final = GraphQLShape[graphql_data.NumbersData](graphql_data.NumbersData)
_SAMPLE: Final = GraphQLShape[graphql_data.SampleData](graphql_data.SampleData)
_GLANCE: Final = GraphQLShape[graphql_data.GlanceData](graphql_data.GlanceData)
_HYDRATE: Final = GraphQLShape[graphql_data.HydrateData](graphql_data.HydrateData)
_FOLLOW_UP: Final = GraphQLShape[Any](graphql_data.FollowUpData)


def _errors(outcome: Page[T] | Partial[T]) -> tuple[QueryError, ...]:
    return outcome.errors if isinstance(outcome, Partial) else ()


def _as(outcome: Page[Any] | Partial[Any], data: T) -> Page[T] | Partial[T]:
    """The same outcome with other data."""
    return Partial(data, outcome.errors) if isinstance(outcome, Partial) else Page(data)


def _cost(data: Any) -> int | None:  # noqa: ANN401 - any answer's data
    return None if data.rate_limit is None else int(data.rate_limit.cost)


class GraphQLOperations:
    """Asks one session."""

    def __init__(self, session: Session) -> None:
        """Take the session; it is not closed here."""
        self._session = session

    async def look_up(self, owner_name: str) -> Outcome[RepositoryLookUp]:
        """The repository of that name, followed through renames, and who asks."""
        owner, _, name = owner_name.partition("/")
        document = documents.look_up()
        variables = {"owner": owner, "name": name}
        answered = await self._session.graphql(document, variables, _LOOK_UP, document.lookups, small=True)
        outcome = answered.outcome
        if not isinstance(outcome, Page | Partial):
            return outcome
        if outcome.data.viewer is not None and outcome.data.viewer.database_id is not None:
            await self._session.learn_user(outcome.data.viewer.database_id)
        found = outcome.data.repository
        if found is None or found.database_id is None:
            return _nothing(_errors(outcome), f"GitHub gave nothing for {owner_name}.")
        row = _repository_row(found, found.database_id)
        name_now = f"{row.owner_login}/{row.name}"
        former = owner_name if name_now.lower() != owner_name.lower() else None
        principal = await self._session.budget_principal()
        newest = found.newest.nodes if found.newest is not None else None
        result = RepositoryLookUp(
            row,
            principal,
            answered.requested_at,
            former,
            Source.GRAPHQL,
            newest=max((node.number for node in newest or () if node is not None), default=None),
        )
        return _as(outcome, result)

    async def list_pull_requests(
        self, repo: RepoRef, order: Order, cursor: str | None, size: int
    ) -> Outcome[IndexPage]:
        """A page of the list. A null in it is a broken page: nobody could tell which pull request it was."""
        document = documents.index(updated=order is Order.UPDATED_DESC)
        variables = {"repository": repo.node_id, "first": size, "after": cursor}
        lookups = 1 + document.lookups * size

        def flaw(data: graphql_data.IndexData) -> str | None:
            return None if data.node is None else _flaw_of_list(data.node.pull_requests, cursor)

        answered = await self._session.graphql(document, variables, _INDEX, lookups, flaw=flaw)
        outcome = answered.outcome
        if not isinstance(outcome, Page | Partial):
            return outcome
        listing = outcome.data.node
        if listing is None or listing.pull_requests is None or listing.pull_requests.nodes is None:
            return _nothing(_errors(outcome), f"GitHub gave no list for {repo.owner_name}.")
        page = listing.pull_requests
        indexed = Indexed(_errors(outcome))
        for place, node in enumerate(page.nodes or ()):
            if node is not None:
                indexed.add(node, "node", "pullRequests", "nodes", place)
        result = IndexPage(
            records=indexed.finish(),
            readings=indexed.readings,
            next_cursor=page.page_info.end_cursor if page.page_info.has_next_page else None,
            requested_at=answered.requested_at,
            source=Source.GRAPHQL,
            total=page.total_count,
            cost=_cost(outcome.data),
            lookups=lookups,
        )
        return _as(outcome, result)

    async def list_numbers(self, repo: RepoRef, numbers: Sequence[int]) -> Outcome[IndexPage]:
        """The pull requests of some numbers, at most 100."""
        document = documents.numbers(len(numbers))
        variables = {"repository": repo.node_id, **{f"n{place}": number for place, number in enumerate(numbers)}}
        answered = await self._session.graphql(document, variables, _NUMBERS, document.lookups)
        outcome = answered.outcome
        if not isinstance(outcome, Page | Partial):
            return outcome
        if outcome.data.node is None:
            return _nothing(_errors(outcome), f"GitHub gave nothing for {repo.owner_name}.")
        indexed = Indexed(_errors(outcome))
        absent = {error.path: error.type for error in _errors(outcome)}
        missing, unanswered = [], []
        for place, number in enumerate(numbers):
            node = getattr(outcome.data.node, f"p{place}")
            if node is not None and node.full_database_id is not None:
                indexed.add(node, "node", f"p{place}")
            elif absent.get(("node", f"p{place}")) == "NOT_FOUND":
                missing.append(number)
            else:
                unanswered.append(number)
        result = IndexPage(
            records=indexed.finish(),
            readings=indexed.readings,
            next_cursor=None,
            requested_at=answered.requested_at,
            source=Source.GRAPHQL,
            total=None,
            missing=missing,
            unanswered=unanswered,
            cost=_cost(outcome.data),
            lookups=document.lookups,
        )
        return _as(outcome, result)

    async def hydrate(self, targets: Sequence[Target], kinds: frozenset[Kind]) -> Outcome[HydratePage]:
        """Pull requests with the first pages of the kinds asked for, at most 100."""
        document = documents.hydrate(kinds)
        lookups = document.lookups * len(targets)
        variables = {"ids": [target.node_id for target in targets]}
        answered = await self._session.graphql(document, variables, _HYDRATE, lookups)
        outcome = answered.outcome
        if not isinstance(outcome, Page | Partial):
            return outcome
        hydrated = Hydrated(outcome.data, targets, kinds, _errors(outcome))
        result = HydratePage(
            records=hydrated.records,
            readings=hydrated.readings,
            failed=hydrated.failed,
            requested_at=answered.requested_at,
            source=Source.GRAPHQL,
            cost=_cost(outcome.data),
            lookups=lookups,
        )
        return _as(outcome, result)

    async def follow_up(self, lookups: Sequence[LookUp]) -> Outcome[FollowUpPage]:
        """Comments of threads and further pages, at most 149 in all."""
        first_pages = [each for each in lookups if each.kind is Kind.REVIEW_COMMENTS and each.cursor is None]
        further = [each for each in lookups if each.kind is not Kind.REVIEW_COMMENTS or each.cursor is not None]
        size = documents.THREADS_IN_A_LIST
        lists = [first_pages[begin : begin + size] for begin in range(0, len(first_pages), size)]
        document = documents.follow_up(len(lists), tuple(each.kind for each in further))
        variables: dict[str, Any] = {
            f"t{place}": [each.node_id for each in each_list] for place, each_list in enumerate(lists)
        }
        for place, each in enumerate(further):
            variables |= {f"i{place}": each.node_id, f"c{place}": split_cursor(each)[1]}
        answered = await self._session.graphql(document, variables, _FOLLOW_UP, len(lookups))
        outcome = answered.outcome
        if not isinstance(outcome, Page | Partial):
            return outcome
        followed = Followed(_errors(outcome))
        for place, each_list in enumerate(lists):
            followed.add_threads(f"t{place}", each_list, getattr(outcome.data, f"t{place}"))
        for place, each in enumerate(further):
            followed.add_further(f"o{place}", each, getattr(outcome.data, f"o{place}"))
        result = FollowUpPage(
            records=followed.finish(),
            readings=followed.readings,
            failed=followed.failed,
            requested_at=answered.requested_at,
            source=Source.GRAPHQL,
            cost=_cost(outcome.data),
            lookups=len(lookups),
        )
        return _as(outcome, result)

    async def sample(self, repo: RepoRef, numbers: Sequence[int]) -> Outcome[ThreadSample]:
        """Totals of the pull requests among some numbers, at most 149."""
        document = documents.sample(len(numbers))
        variables = {"repository": repo.node_id, **{f"n{place}": number for place, number in enumerate(numbers)}}
        answered = await self._session.graphql(document, variables, _SAMPLE, document.lookups)
        outcome = answered.outcome
        if not isinstance(outcome, Page | Partial):
            return outcome
        if outcome.data.node is None:
            return _nothing(_errors(outcome), f"GitHub gave nothing for {repo.owner_name}.")
        found = [getattr(outcome.data.node, f"p{place}") for place in range(len(numbers))]
        sampled = [
            SampledPullRequest(node.number, node.review_threads.total_count, node.changed_files)
            for node in found
            if node is not None
        ]
        return Page(ThreadSample(sampled, answered.requested_at, _cost(outcome.data), document.lookups))

    async def glance(self, repo: RepoRef, numbers: Sequence[int], node_ids: Sequence[str]) -> Outcome[Glance]:
        """Which numbers are pull requests, and the threads of at most 149 others."""
        size = documents.THREADS_IN_A_LIST
        lists = [list(node_ids[begin : begin + size]) for begin in range(0, len(node_ids), size)]
        document = documents.glance(len(numbers), len(lists))
        variables: dict[str, Any] = {f"t{place}": each for place, each in enumerate(lists)}
        if numbers:
            variables |= {"repository": repo.node_id}
            variables |= {f"n{place}": number for place, number in enumerate(numbers)}
        answered = await self._session.graphql(document, variables, _GLANCE, len(node_ids))
        outcome = answered.outcome
        if not isinstance(outcome, Page | Partial):
            return outcome
        data = outcome.data
        if numbers and data.node is None:
            return _nothing(_errors(outcome), f"GitHub gave nothing for {repo.owner_name}.")
        seen = [
            SeenPullRequest(node.id, node.total_comments_count or 0)
            for node in (data.node or {}).values()
            if node is not None
        ]
        shown = [node for node in (*(data.t0 or ()), *(data.t1 or ())) if node is not None]
        threads = {node.id: node.review_threads.total_count for node in shown if node.review_threads is not None}
        return Page(Glance(seen, threads, _cost(data), len(node_ids)))


def _nothing(errors: Sequence[QueryError], why: str) -> Failure:
    """Null where the thing asked for should stand."""
    return meaning(errors) if errors else Broken(why, retryable=True)


def _flaw_of_list(page: nodes.Connection[nodes.IndexNode] | None, cursor: str | None) -> str | None:
    """Why a page of the list cannot be used."""
    if page is None or page.nodes is None:
        return "GitHub left out the list of pull requests."
    holes = sum(node is None or node.full_database_id is None for node in page.nodes)
    if holes:
        return f"GitHub left out {holes} of {len(page.nodes)} listed pull requests."
    if page.page_info.has_next_page and page.page_info.end_cursor in {None, "", cursor}:
        return "GitHub's list does not move on."
    return None


def _repository_row(node: nodes.Repository, number: int) -> RepositoryRow:
    return RepositoryRow(
        id=number,
        node_id=node.id,
        owner_login=node.owner.login,
        owner_id=node.owner.database_id,
        owner_type=node.owner.typename or None,
        name=node.name,
        description=node.description,
        is_private=node.is_private,
        is_fork=node.is_fork,
        is_archived=node.is_archived,
        is_disabled=node.is_disabled,
        is_empty=node.is_empty,
        visibility=node.visibility,
        default_branch=None if node.default_branch_ref is None else node.default_branch_ref.name,
        primary_language=None if node.primary_language is None else node.primary_language.name,
        stars=node.stargazer_count,
        forks=node.fork_count,
        created_at=node.created_at,
        pushed_at=node.pushed_at,
        updated_at=node.updated_at,
        archived_at=node.archived_at,
        pull_requests_total=node.pull_requests.total_count,
    )
