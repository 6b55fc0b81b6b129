"""The operations of this room by REST: requests in their order; lists are read, and rows made, elsewhere."""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from progressive_capture.domain.kinds import FILES_CAP, Kind, Proof, Source
from progressive_capture.domain.overlap import ListPage
from progressive_capture.domain.records import Reading, Records, Target
from progressive_capture.github import rest_bodies as rest
from progressive_capture.github import rest_rows
from progressive_capture.github.outcomes import (
    Broken,
    Denied,
    DeniedReason,
    Failure,
    Missing,
    Outcome,
    Page,
    Throttled,
)
from progressive_capture.github.payload import Shape
from progressive_capture.github.people import People
from progressive_capture.github.rest_overlap import Listed, Reached
from progressive_capture.github.rest_reader import (
    FILES,
    LISTS,
    PAGE,
    Between,
    RestReader,
    Wanted,
    list_path,
    no_threads,
    nothing,
    readable,
    repository_path,
)
from progressive_capture.github.results import (
    CommentSample,
    Failed,
    FilesPage,
    FollowUpPage,
    HydratePage,
    IndexPage,
    Order,
    RepoRef,
    RepositoryLookUp,
)
from progressive_capture.github.session import RestAnswered, Session

T = TypeVar("T")

_USER: Final = Shape[rest.User](rest.User)
_REPOSITORY: Final = Shape[rest.Repository](rest.Repository)
_COUNTED: Final = Shape[list[rest.Something]](list[rest.Something])
_LISTED: Final = Shape[list[rest.ListedPullRequest]](list[rest.ListedPullRequest])
_PULL_REQUEST: Final = Shape[rest.PullRequest](rest.PullRequest)
_MARKS: Final = Shape[list[rest.ReplyMark]](list[rest.ReplyMark])

_SORT: Final = {
    Order.CREATED_ASC: "sort=created&direction=asc",
    Order.UPDATED_DESC: "sort=updated&direction=desc",
}


class RestOperations:
    """Asks one session."""

    def __init__(self, session: Session) -> None:
        """Take the session; it is not closed here."""
        self._session = session
        self._reader = RestReader(session)

    async def user(self) -> Outcome[int | None]:
        """The numeric id of who asks."""
        outcome = (await self._session.rest("/user", _USER)).outcome
        return Page(outcome.data.body.id) if isinstance(outcome, Page) else outcome

    async def look_up(self, owner_name: str) -> Outcome[RepositoryLookUp]:
        """The repository of that name, followed through renames, with its count of pull requests."""
        key = ("look-up", owner_name)
        answered = await self._reader.page(key, repository_path(owner_name), _REPOSITORY)
        outcome = answered.outcome
        if not isinstance(outcome, Page):
            return self._reader.ended(outcome)
        body = outcome.data.body
        total = await self._count(key, f"{repository_path(body.full_name)}/pulls?state=all")
        if not isinstance(total, int):
            return self._reader.ended(total)
        counted_at = self._reader.went_on()
        self._reader.forget()
        former = owner_name if body.full_name.lower() != owner_name.lower() else None
        row = rest_rows.repository_row(body, total)
        principal = await self._session.budget_principal()
        found = RepositoryLookUp(row, principal, answered.requested_at, former, Source.REST, counted_at=counted_at)
        return Page(found)

    async def count_contributors(self, owner_name: str) -> Outcome[int | None]:
        """How many people contributed commits; None where GitHub cannot say, as for the largest histories."""
        count = await self._count(("contributors", owner_name), f"{repository_path(owner_name)}/contributors?anon=0")
        if isinstance(count, Throttled) or (
            isinstance(count, Denied) and count.reason in {DeniedReason.CREDENTIALS, DeniedReason.EXPIRED}
        ):
            return count
        self._reader.forget()
        return Page(count if isinstance(count, int) else None)

    async def list_pull_requests(self, repo: RepoRef, order: Order, cursor: str | None) -> Outcome[IndexPage]:
        """Up to a hundred pull requests; in the order of their creation the cursor is the page's number."""
        if order == Order.UPDATED_DESC:
            return await self._list_updates(repo, Reached.of(cursor))
        asked = ListPage(int(cursor) if cursor else 1, PAGE)
        answered = await self._list_page(repo, order, asked)
        outcome = answered.outcome
        if not isinstance(outcome, Page):
            return outcome
        page = outcome.data
        is_last = page.next_page is None
        return Page(
            _index_page(
                page.body,
                answered.requested_at,
                next_cursor=None if is_last else str(page.next_page),
                total=asked.begin + len(page.body) if is_last else None,
            )
        )

    async def _list_updates(self, repo: RepoRef, reached: Reached) -> Outcome[IndexPage]:
        """What comes after the edge: one request, and one more for each step back."""
        while True:
            asked = reached.page()
            answered = await self._list_page(repo, Order.UPDATED_DESC, asked)
            outcome = answered.outcome
            if not isinstance(outcome, Page):
                return outcome
            page = outcome.data
            rows = [Listed(body.id, body.updated_at) for body in page.body]
            news = reached.news(asked, rows)
            if news is not None:
                break
            reached = reached.stepped_back()
        is_last = page.next_page is None
        return Page(
            _index_page(
                [page.body[place] for place in news],
                answered.requested_at,
                next_cursor=None if is_last else reached.beyond(asked, rows, news).cursor(),
                total=asked.begin + len(rows) if is_last else None,
            )
        )

    async def _list_page(
        self, repo: RepoRef, order: Order, asked: ListPage
    ) -> RestAnswered[list[rest.ListedPullRequest]]:
        place = f"per_page={asked.size}&page={asked.number}"
        path = f"{repository_path(repo.owner_name)}/pulls?state=all&{_SORT[order]}&{place}"
        answered = await self._session.rest(path, _LISTED)
        outcome = answered.outcome
        following = outcome.data.next_page if isinstance(outcome, Page) else None
        if following is not None and following <= asked.number:
            return answered._replace(outcome=Broken("GitHub's list does not move on.", retryable=True))
        return answered

    async def list_numbers(self, repo: RepoRef, numbers: Sequence[int]) -> Outcome[IndexPage]:
        """The pull requests of some numbers, one request each; those after a failure are left unanswered."""
        bodies: list[rest.ListedPullRequest] = []
        missing: list[int] = []
        requested_at = ""
        for place, number in enumerate(numbers):
            answered = await self._session.rest(f"{repository_path(repo.owner_name)}/pulls/{number}", _PULL_REQUEST)
            requested_at = requested_at or answered.requested_at
            outcome = answered.outcome
            if isinstance(outcome, Page):
                bodies.append(outcome.data.body)
            elif isinstance(outcome, Missing):
                missing.append(number)
            elif place == 0:
                return outcome
            else:
                return Page(_index_page(bodies, requested_at, missing=missing, unanswered=list(numbers[place:])))
        return Page(_index_page(bodies, requested_at, missing=missing))

    async def hydrate(
        self, repo: RepoRef, target: Target, kinds: frozenset[Kind], *, patches: bool, between: Between = nothing
    ) -> Outcome[HydratePage]:
        """One pull request with all pages of the kinds asked for; `between` runs before each page."""
        key = ("hydrate", repo.id, target.number, kinds, patches)
        answered = await self._reader.page(
            key, f"{repository_path(repo.owner_name)}/pulls/{target.number}", _PULL_REQUEST
        )
        outcome = answered.outcome
        if not isinstance(outcome, Page):
            return self._lost(outcome, target, answered.requested_at)
        body = outcome.data.body
        wanted = Wanted(repo, target, patches, Records(), People(), between)
        rest_rows.pull_request(wanted.records, wanted.people, body)
        readings = [no_threads(target)] if Kind.REVIEW_THREADS in kinds else []
        for kind in readable(kinds):
            reading = await self._reader.read(key, wanted, kind, body)
            if not isinstance(reading, Reading):
                return self._lost(reading, target, answered.requested_at)
            readings.append(reading)
        self._reader.forget()
        return Page(HydratePage(wanted.finished(), readings, [], answered.requested_at, Source.REST))

    async def follow_up(
        self, repo: RepoRef, target: Target, kind: Kind, *, patches: bool, between: Between = nothing
    ) -> Outcome[FollowUpPage]:
        """The whole list of one kind of one pull request; `between` runs before each page."""
        key = ("follow-up", repo.id, target.number, kind, patches)
        body = None
        if LISTS[kind].cap is not None:
            answered = await self._reader.page(
                key, f"{repository_path(repo.owner_name)}/pulls/{target.number}", _PULL_REQUEST
            )
            if not isinstance(answered.outcome, Page):
                return self._reader.ended(answered.outcome)
            body = answered.outcome.data.body
        wanted = Wanted(repo, target, patches, Records(), People(), between)
        reading = await self._reader.read(key, wanted, kind, body)
        if not isinstance(reading, Reading):
            return self._reader.ended(reading)
        requested_at = self._reader.began()
        self._reader.forget()
        return Page(FollowUpPage(wanted.finished(), [reading], [], requested_at, Source.REST))

    async def files(
        self, repo: RepoRef, target: Target, *, patches: bool, between: Between = nothing
    ) -> Outcome[FilesPage]:
        """All files of one pull request; `between` runs before each page."""
        key = ("files", repo.id, target.number, patches)
        bodies = await self._reader.whole(key, list_path(repo, target, LISTS[Kind.FILES]), FILES, between)
        if not isinstance(bodies, list):
            return self._reader.ended(bodies)
        requested_at = self._reader.began()
        self._reader.forget()
        rows = [rest_rows.file_row(target.pull_request_id, body, patches=patches) for body in bodies]
        return Page(FilesPage(rows, requested_at, truncated=len(rows) >= FILES_CAP))

    async def count_review_comments(self, repo: RepoRef) -> Outcome[int]:
        """How many review comments the repository has."""
        count = await self._count(
            ("comments", repo.id), f"{repository_path(repo.owner_name)}/pulls/comments?sort=created"
        )
        if not isinstance(count, int):
            return self._reader.ended(count)
        self._reader.forget()
        return Page(count)

    async def sample_review_comments(self, repo: RepoRef, page: int) -> Outcome[CommentSample]:
        """One page of the repository's review comments, in the order of their creation."""
        path = (
            f"{repository_path(repo.owner_name)}/pulls/comments?sort=created&direction=asc&per_page={PAGE}&page={page}"
        )
        answered = await self._session.rest(path, _MARKS)
        outcome = answered.outcome
        if not isinstance(outcome, Page):
            return outcome
        marks = outcome.data.body
        roots = sum(mark.in_reply_to_id is None for mark in marks)
        return Page(CommentSample(len(marks), roots, answered.requested_at))

    async def _count(self, key: tuple[Any, ...], path: str) -> int | Failure:
        """How many items a list has: with one on each page, the last page's number."""
        answered = await self._reader.page(key, f"{path}&per_page=1", _COUNTED, empty=[])
        outcome = answered.outcome
        if not isinstance(outcome, Page):
            return outcome
        page = outcome.data
        if page.next_page is not None and not page.last_page:
            return Broken("GitHub does not tell how long its list is.", retryable=True)
        return page.last_page or len(page.body)

    def _lost(self, failure: Failure, target: Target, requested_at: str) -> Outcome[HydratePage]:
        """A pull request that is not there is no failure of the others."""
        self._reader.ended(failure)
        if not isinstance(failure, Missing):
            return failure
        failed = [Failed(target, failure.why, permanent=True)]
        return Page(HydratePage(Records(), [], failed, requested_at, Source.REST))


def _index_page(
    bodies: Sequence[rest.ListedPullRequest],
    requested_at: str,
    *,
    next_cursor: str | None = None,
    total: int | None = None,
    missing: Sequence[int] = (),
    unanswered: Sequence[int] = (),
) -> IndexPage:
    records, people, readings = Records(), People(), list[Reading]()
    for body in bodies:
        rest_rows.index_row(records, body)
        counts = {
            Kind.LABELS: rest_rows.labels(records, body),
            Kind.ASSIGNEES: rest_rows.assignees(records, people, body),
            Kind.REQUESTED_REVIEWERS: rest_rows.requested_reviewers(records, people, body),
        }
        readings += [
            Reading(body.id, kind, body.node_id, count, count, None, Proof.EMBEDDED) for kind, count in counts.items()
        ]
    records.contributors = people.rows()
    return IndexPage(
        records=records,
        readings=readings,
        next_cursor=next_cursor,
        requested_at=requested_at,
        source=Source.REST,
        total=total,
        missing=list(missing),
        unanswered=list(unanswered),
    )
