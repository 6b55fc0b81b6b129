"""The operations of this room by REST: whole lists, page by page, kept over waits; rows are made elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import quote

from progressive_capture.domain.kinds import FILES_CAP, REST_COMMITS_CAP, Kind, Proof, Source
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

PAGE: Final = 100
"""https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api"""

_USER: Final = Shape[rest.User](rest.User)
_REPOSITORY: Final = Shape[rest.Repository](rest.Repository)
_COUNTED: Final = Shape[list[rest.Something]](list[rest.Something])
_LISTED: Final = Shape[list[rest.ListedPullRequest]](list[rest.ListedPullRequest])
_PULL_REQUEST: Final = Shape[rest.PullRequest](rest.PullRequest)
_MARKS: Final = Shape[list[rest.ReplyMark]](list[rest.ReplyMark])
_FILES: Final = Shape[list[rest.ChangedFile]](list[rest.ChangedFile])

_SORT: Final = {
    Order.CREATED_ASC: "sort=created&direction=asc",
    Order.UPDATED_DESC: "sort=updated&direction=desc",
}


class _List(NamedTuple):
    """How a kind is read by REST."""

    path: str
    shape: Shape[Any]
    rows: Callable[[Records, People, int, Sequence[Any]], None]
    total: Callable[[rest.PullRequest], int] | None
    """GitHub's count in the pull request itself."""
    key: Callable[[Any], object]
    cap: int | None = None


def _plain_files(records: Records, _: People, pull_request_id: int, bodies: Sequence[rest.ChangedFile]) -> None:
    records.pr_files.extend(rest_rows.file_row(pull_request_id, body, patches=False) for body in bodies)


def _patched_files(records: Records, _: People, pull_request_id: int, bodies: Sequence[rest.ChangedFile]) -> None:
    records.pr_files.extend(rest_rows.file_row(pull_request_id, body, patches=True) for body in bodies)


def _shape(kind: type[T]) -> Shape[list[T]]:
    return Shape(list[kind])  # type: ignore[valid-type] # a type made at run time


LISTS: Final = {
    Kind.REVIEWS: _List("pulls/{}/reviews", _shape(rest.Review), rest_rows.reviews, None, lambda body: body.id),
    Kind.REVIEW_COMMENTS: _List(
        *("pulls/{}/comments", _shape(rest.ReviewComment), rest_rows.review_comments),
        *(lambda body: body.review_comments, lambda body: body.id),
    ),
    Kind.ISSUE_COMMENTS: _List(
        *("issues/{}/comments", _shape(rest.IssueComment), rest_rows.issue_comments),
        *(lambda body: body.comments, lambda body: body.id),
    ),
    Kind.COMMITS: _List(
        *("pulls/{}/commits", _shape(rest.Commit), rest_rows.commits),
        *(lambda body: body.commits, lambda body: body.sha, REST_COMMITS_CAP),
    ),
    Kind.FILES: _List(
        *(
            "pulls/{}/files",
            _FILES,
            _plain_files,
            lambda body: body.changed_files,
            lambda body: body.filename,
            FILES_CAP,
        )
    ),
}
"""Every kind that REST has lists of: all but threads."""


class _Wanted(NamedTuple):
    """One pull request that is read whole, and where its rows go."""

    repo: RepoRef
    target: Target
    patches: bool
    records: Records
    people: People

    def finished(self) -> Records:
        """The records with everybody met."""
        self.records.contributors = self.people.rows()
        return self.records


@dataclass(slots=True)
class _Kept:
    """Pages of one operation that a limit broke off: it goes on with them, as begun when the first was asked for."""

    key: tuple[Any, ...] = ()
    pages: dict[str, RestAnswered[Any]] | None = None


class RestOperations:
    """Asks one session."""

    def __init__(self, session: Session) -> None:
        """Take the session; it is not closed here."""
        self._session = session
        self._kept = _Kept()

    async def user(self) -> Outcome[int | None]:
        """The numeric id of who asks."""
        outcome = (await self._session.rest("/user", _USER)).outcome
        return Page(outcome.data.body.id) if isinstance(outcome, Page) else outcome

    async def look_up(self, owner_name: str) -> Outcome[RepositoryLookUp]:
        """The repository of that name, followed through renames, with its count of pull requests."""
        key = ("look-up", owner_name)
        answered = await self._page(key, _repository(owner_name), _REPOSITORY)
        outcome = answered.outcome
        if not isinstance(outcome, Page):
            return self._ended(outcome)
        body = outcome.data.body
        total = await self._count(key, f"{_repository(body.full_name)}/pulls?state=all")
        if not isinstance(total, int):
            return self._ended(total)
        self._forget()
        former = owner_name if body.full_name.lower() != owner_name.lower() else None
        row = rest_rows.repository_row(body, total)
        principal = await self._session.budget_principal()
        return Page(RepositoryLookUp(row, principal, answered.requested_at, former, Source.REST))

    async def count_contributors(self, owner_name: str) -> Outcome[int | None]:
        """How many people contributed commits; None where GitHub cannot say, as for the largest histories."""
        count = await self._count(("contributors", owner_name), f"{_repository(owner_name)}/contributors?anon=0")
        if isinstance(count, Throttled) or (isinstance(count, Denied) and count.reason is DeniedReason.CREDENTIALS):
            return count
        self._forget()
        return Page(count if isinstance(count, int) else None)

    async def list_pull_requests(self, repo: RepoRef, order: Order, cursor: str | None) -> Outcome[IndexPage]:
        """A hundred pull requests; the cursor is the page's number."""
        number = int(cursor) if cursor else 1
        path = f"{_repository(repo.owner_name)}/pulls?state=all&{_SORT[order]}&per_page={PAGE}&page={number}"
        answered = await self._session.rest(path, _LISTED)
        outcome = answered.outcome
        if not isinstance(outcome, Page):
            return outcome
        page = outcome.data
        if page.next_page is not None and page.next_page <= number:
            return Broken("GitHub's list does not move on.", retryable=True)
        is_last = page.next_page is None
        return Page(
            _index_page(
                page.body,
                answered.requested_at,
                next_cursor=None if is_last else str(page.next_page),
                total=(number - 1) * PAGE + len(page.body) if is_last else None,
            )
        )

    async def list_numbers(self, repo: RepoRef, numbers: Sequence[int]) -> Outcome[IndexPage]:
        """The pull requests of some numbers, one request each; those after a failure are left unanswered."""
        bodies: list[rest.ListedPullRequest] = []
        missing: list[int] = []
        requested_at = ""
        for place, number in enumerate(numbers):
            answered = await self._session.rest(f"{_repository(repo.owner_name)}/pulls/{number}", _PULL_REQUEST)
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
        self, repo: RepoRef, target: Target, kinds: frozenset[Kind], *, patches: bool
    ) -> Outcome[HydratePage]:
        """One pull request with all pages of the kinds asked for."""
        key = ("hydrate", repo.id, target.number, kinds, patches)
        answered = await self._page(key, f"{_repository(repo.owner_name)}/pulls/{target.number}", _PULL_REQUEST)
        outcome = answered.outcome
        if not isinstance(outcome, Page):
            return self._lost(outcome, target, answered.requested_at)
        body = outcome.data.body
        wanted = _Wanted(repo, target, patches, Records(), People())
        rest_rows.pull_request(wanted.records, wanted.people, body)
        readings = [_no_threads(target)] if Kind.REVIEW_THREADS in kinds else []
        for kind in _readable(kinds):
            reading = await self._read(key, wanted, kind, body)
            if not isinstance(reading, Reading):
                return self._lost(reading, target, answered.requested_at)
            readings.append(reading)
        self._forget()
        return Page(HydratePage(wanted.finished(), readings, [], answered.requested_at, Source.REST))

    async def follow_up(self, repo: RepoRef, target: Target, kind: Kind, *, patches: bool) -> Outcome[FollowUpPage]:
        """The whole list of one kind of one pull request."""
        key = ("follow-up", repo.id, target.number, kind, patches)
        body = None
        if LISTS[kind].cap is not None:
            answered = await self._page(key, f"{_repository(repo.owner_name)}/pulls/{target.number}", _PULL_REQUEST)
            if not isinstance(answered.outcome, Page):
                return self._ended(answered.outcome)
            body = answered.outcome.data.body
        wanted = _Wanted(repo, target, patches, Records(), People())
        reading = await self._read(key, wanted, kind, body)
        if not isinstance(reading, Reading):
            return self._ended(reading)
        requested_at = self._began()
        self._forget()
        return Page(FollowUpPage(wanted.finished(), [reading], [], requested_at, Source.REST))

    async def files(self, repo: RepoRef, target: Target, *, patches: bool) -> Outcome[FilesPage]:
        """All files of one pull request."""
        key = ("files", repo.id, target.number, patches)
        bodies = await self._whole(key, _path(repo, target, LISTS[Kind.FILES]), _FILES)
        if not isinstance(bodies, list):
            return self._ended(bodies)
        requested_at = self._began()
        self._forget()
        rows = [rest_rows.file_row(target.pull_request_id, body, patches=patches) for body in bodies]
        return Page(FilesPage(rows, requested_at, truncated=len(rows) >= FILES_CAP))

    async def count_review_comments(self, repo: RepoRef) -> Outcome[int]:
        """How many review comments the repository has."""
        count = await self._count(("comments", repo.id), f"{_repository(repo.owner_name)}/pulls/comments?sort=created")
        if not isinstance(count, int):
            return self._ended(count)
        self._forget()
        return Page(count)

    async def sample_review_comments(self, repo: RepoRef, page: int) -> Outcome[CommentSample]:
        """One page of the repository's review comments, in the order of their creation."""
        path = f"{_repository(repo.owner_name)}/pulls/comments?sort=created&direction=asc&per_page={PAGE}&page={page}"
        answered = await self._session.rest(path, _MARKS)
        outcome = answered.outcome
        if not isinstance(outcome, Page):
            return outcome
        marks = outcome.data.body
        roots = sum(mark.in_reply_to_id is None for mark in marks)
        return Page(CommentSample(len(marks), roots, answered.requested_at))

    async def _count(self, key: tuple[Any, ...], path: str) -> int | Failure:
        """How many items a list has: with one on each page, the last page's number."""
        answered = await self._page(key, f"{path}&per_page=1", _COUNTED, empty=[])
        outcome = answered.outcome
        if not isinstance(outcome, Page):
            return outcome
        return outcome.data.last_page or len(outcome.data.body)

    async def _read(
        self,
        key: tuple[Any, ...],
        wanted: _Wanted,
        kind: Kind,
        body: rest.PullRequest | None,
    ) -> Reading | Failure:
        """Read one kind to its end, and add its rows."""
        how, target = LISTS[kind], wanted.target
        bodies = await self._whole(key, _path(wanted.repo, target, how), how.shape)
        if not isinstance(bodies, list):
            return bodies
        rows = _patched_files if kind is Kind.FILES and wanted.patches else how.rows
        rows(wanted.records, wanted.people, target.pull_request_id, bodies)
        total = how.total(body) if body is not None and how.total is not None else None
        return Reading(
            pull_request_id=target.pull_request_id,
            kind=kind,
            node_id=target.node_id,
            total=total,
            seen=len({how.key(each) for each in bodies}),
            cursor=None,
            proof=Proof.END_OF_LIST if total is None else Proof.TOTAL,
            truncated=how.cap is not None and total is not None and total > how.cap,
        )

    async def _whole(self, key: tuple[Any, ...], path: str, shape: Shape[list[T]]) -> list[T] | Failure:
        items: list[T] = []
        number = 1
        while True:
            answered = await self._page(key, f"{path}?per_page={PAGE}&page={number}", shape)
            if not isinstance(answered.outcome, Page):
                return answered.outcome
            page = answered.outcome.data
            items += page.body
            if page.next_page is None:
                return items
            if page.next_page <= number:
                return Broken("GitHub's list does not move on.", retryable=True)
            number = page.next_page

    async def _page(
        self, key: tuple[Any, ...], path: str, shape: Shape[T], *, empty: T | None = None
    ) -> RestAnswered[T]:
        """One page of an operation, from what was kept of it if a limit broke it off."""
        if self._kept.key != key or self._kept.pages is None:
            self._kept = _Kept(key, {})
        pages = self._kept.pages
        assert pages is not None
        if path not in pages:
            answered = await self._session.rest(path, shape, empty=empty)
            if not isinstance(answered.outcome, Page):
                return answered
            pages[path] = answered
        return pages[path]

    def _began(self) -> str:
        """When the operation's first request began."""
        assert self._kept.pages
        return next(iter(self._kept.pages.values())).requested_at

    def _forget(self) -> None:
        self._kept = _Kept()

    def _ended(self, failure: Failure) -> Failure:
        """Keep what was read only over a wait."""
        if not isinstance(failure, Throttled):
            self._forget()
        return failure

    def _lost(self, failure: Failure, target: Target, requested_at: str) -> Outcome[HydratePage]:
        """A pull request that is not there is no failure of the others."""
        self._ended(failure)
        if not isinstance(failure, Missing):
            return failure
        failed = [Failed(target, failure.why, permanent=True)]
        return Page(HydratePage(Records(), [], failed, requested_at, Source.REST))


def _repository(owner_name: str) -> str:
    return f"/repos/{quote(owner_name)}"


def _path(repo: RepoRef, target: Target, how: _List) -> str:
    return f"{_repository(repo.owner_name)}/{how.path.format(target.number)}"


def _readable(kinds: frozenset[Kind]) -> list[Kind]:
    return [kind for kind in LISTS if kind in kinds]


def _no_threads(target: Target) -> Reading:
    return Reading(*(target.pull_request_id, Kind.REVIEW_THREADS, target.node_id, None, 0, None, Proof.UNAVAILABLE))


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
