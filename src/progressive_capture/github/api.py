"""GitHub as the capture sees it: each operation by the API asked for, outcomes as values; never SQL, never a plan."""

from collections.abc import Sequence

from progressive_capture.domain.kinds import Kind, Source
from progressive_capture.domain.records import Target
from progressive_capture.github.actions import Actions
from progressive_capture.github.addresses import ApiAddress
from progressive_capture.github.clock import ServerClock
from progressive_capture.github.credentials import Credential
from progressive_capture.github.directory import Directory
from progressive_capture.github.graphql_operations import GraphQLOperations
from progressive_capture.github.outcomes import Denied, DeniedReason, Missing, Outcome, Page
from progressive_capture.github.rest_operations import RestOperations
from progressive_capture.github.rest_reader import Between, nothing
from progressive_capture.github.results import (
    CommentSample,
    FilesPage,
    FollowUpPage,
    Glance,
    HydratePage,
    IndexPage,
    LookUp,
    Order,
    RepoRef,
    RepositoryLookUp,
    ThreadSample,
)
from progressive_capture.github.session import Session
from progressive_capture.github.surroundings import Surroundings
from progressive_capture.github.totals import Totals
from progressive_capture.github.transport import HttpTransport, Transport
from progressive_capture.github.usage import Usage

RECHECK_SECONDS = 2.0
"""A repository that is not found is asked for once more: GitHub's copies differ for a moment after changes."""


class GitHubApi:
    """One credential's way to GitHub. Limits are never slept on: they come back as `Throttled`.

    A request that failed in passing was repeated already when its failure is returned.
    """

    def __init__(
        self,
        address: ApiAddress,
        credential: Credential,
        world: Surroundings,
        transport: Transport | None = None,
    ) -> None:
        """Open nothing yet; without a transport, one of its own."""
        transport = transport or HttpTransport(is_local=address.is_local)
        self._world = world
        self._session = Session(address, credential, transport, world)
        self._graphql = GraphQLOperations(self._session)
        self._rest = RestOperations(self._session)
        self.totals = Totals(self._session)
        self.directory = Directory(self._session)
        self.actions = Actions(self._session)

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        return self._session.usage

    @property
    def clock(self) -> ServerClock:
        """GitHub's clock as far as its answers tell."""
        return self._world.clock

    @property
    def anonymous(self) -> bool:
        """Whether there is no token: REST only."""
        return self._session.credential.is_anonymous

    async def finish(self) -> None:
        """Settle the last request: nothing more will be asked for now."""
        await self._session.finish()

    async def close(self) -> None:
        """Settle the last request and close the connections."""
        await self._session.close()

    async def principal(self) -> Outcome[str]:
        """Whose budget is used: `user:<id>`, `installation:<id>`, `token:<fingerprint>` or `anonymous`."""
        if await self._session.known_principal() is None:
            outcome = await self._rest.user()
            is_nobody = isinstance(outcome, Denied) and outcome.reason is DeniedReason.PERMISSION
            if not isinstance(outcome, Page) and not is_nobody:
                return outcome  # type: ignore[return-value] # no data in it
            if isinstance(outcome, Page) and outcome.data is not None:
                await self._session.learn_user(outcome.data)
        return Page(await self._session.budget_principal())

    async def look_up_repository(self, owner_name: str, source: Source) -> Outcome[RepositoryLookUp]:
        """The repository of that name, and who asks; one that is not found is asked for twice."""
        outcome = await self._look_up(owner_name, source)
        if not isinstance(outcome, Missing) or outcome.permanent:
            return outcome
        await self.finish()
        await self._world.pause(RECHECK_SECONDS)
        outcome = await self._look_up(owner_name, source)
        if not isinstance(outcome, Missing):
            return outcome
        return Missing.repository(owner_name)

    async def _look_up(self, owner_name: str, source: Source) -> Outcome[RepositoryLookUp]:
        if source is Source.GRAPHQL:
            return await self._graphql.look_up(owner_name)
        principal = await self.principal()
        if not isinstance(principal, Page):
            return principal  # type: ignore[return-value] # no data in it
        return await self._rest.look_up(owner_name)

    async def count_contributors(self, owner_name: str) -> Outcome[int | None]:
        """How many people contributed commits, by REST; None where GitHub cannot say."""
        return await self._rest.count_contributors(owner_name)

    async def list_pull_requests(
        self, repo: RepoRef, order: Order | str, cursor: str | None, source: Source, size: int = 100
    ) -> Outcome[IndexPage]:
        """A page of the list; `size` is GraphQL's, REST gives a hundred."""
        if source is Source.GRAPHQL:
            return await self._graphql.list_pull_requests(repo, Order(order), cursor, size)
        return await self._rest.list_pull_requests(repo, Order(order), cursor)

    async def list_numbers(self, repo: RepoRef, numbers: Sequence[int], source: Source) -> Outcome[IndexPage]:
        """What the list would say of some numbers: at most 100 by GraphQL, one request each by REST."""
        if source is Source.GRAPHQL:
            return await self._graphql.list_numbers(repo, numbers)
        return await self._rest.list_numbers(repo, numbers)

    async def hydrate(
        self,
        repo: RepoRef,
        targets: Sequence[Target],
        kinds: frozenset[Kind],
        source: Source,
        *,
        patches: bool = False,
        between: Between = nothing,
    ) -> Outcome[HydratePage]:
        """Pull requests with the kinds asked for: first pages by GraphQL, everything of exactly one by REST.

        After `Throttled` by REST, the same call goes on where it was broken off. `between` runs before each page of
        a list by REST, of which there may be many.
        """
        if source is Source.GRAPHQL:
            return await self._graphql.hydrate(targets, kinds)
        (target,) = targets
        return await self._rest.hydrate(repo, target, kinds, patches=patches, between=between)

    async def follow_up(self, repo: RepoRef, lookups: Sequence[LookUp]) -> Outcome[FollowUpPage]:  # noqa: ARG002 - nodes know theirs
        """Comments of threads and further pages, at most 149 in all, by GraphQL."""
        return await self._graphql.follow_up(lookups)

    async def follow_up_rest(
        self, repo: RepoRef, target: Target, kind: Kind, *, patches: bool = False, between: Between = nothing
    ) -> Outcome[FollowUpPage]:
        """The whole list of one kind of one pull request by REST, which has every kind but threads."""
        return await self._rest.follow_up(repo, target, kind, patches=patches, between=between)

    async def file_details(
        self, repo: RepoRef, target: Target, *, patches: bool = False, between: Between = nothing
    ) -> Outcome[FilesPage]:
        """All files of one pull request by REST: with previous paths, and patches where wanted."""
        return await self._rest.files(repo, target, patches=patches, between=between)

    async def sample_threads(self, repo: RepoRef, numbers: Sequence[int]) -> Outcome[ThreadSample]:
        """Totals of the pull requests among some numbers, at most 149 for a point, by GraphQL."""
        return await self._graphql.sample(repo, numbers)

    async def glance(self, repo: RepoRef, numbers: Sequence[int], node_ids: Sequence[str]) -> Outcome[Glance]:
        """Which numbers are pull requests, and the threads of at most 149 others, for a point, by GraphQL."""
        return await self._graphql.glance(repo, numbers, node_ids)

    async def count_review_comments(self, repo: RepoRef) -> Outcome[int]:
        """How many review comments the repository has, by REST."""
        return await self._rest.count_review_comments(repo)

    async def sample_review_comments(self, repo: RepoRef, page: int) -> Outcome[CommentSample]:
        """How many of a page of review comments began a thread, by REST."""
        return await self._rest.sample_review_comments(repo, page)


__all__ = ["GitHubApi", "Order", "RepoRef"]
