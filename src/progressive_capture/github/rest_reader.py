"""Whole REST lists of one pull request, page by page, kept over waits; what needs which list is not known here."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import quote

from progressive_capture.domain.kinds import FILES_CAP, REST_COMMITS_CAP, Kind, Proof
from progressive_capture.domain.records import Reading, Records, Target
from progressive_capture.github import rest_bodies as rest
from progressive_capture.github import rest_rows
from progressive_capture.github.outcomes import Broken, Failure, Page, Throttled
from progressive_capture.github.payload import Shape
from progressive_capture.github.people import People
from progressive_capture.github.results import RepoRef
from progressive_capture.github.session import RestAnswered, Session

T = TypeVar("T")

Between = Callable[[], Awaitable[None]]
"""Runs between the requests of one operation, which may be many: to keep what would be lost meanwhile, or to stop."""

PAGE: Final = 100
"""https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api"""

FILES: Final = Shape[list[rest.ChangedFile]](list[rest.ChangedFile])


async def nothing() -> None:
    """Do nothing between requests."""


def repository_path(owner_name: str) -> str:
    """Where a repository is."""
    return f"/repos/{quote(owner_name)}"


class ListedKind(NamedTuple):
    """How a kind is read by REST."""

    path: str
    shape: Shape[Any]
    rows: Callable[[Records, People, int, Sequence[Any]], None]
    total: Callable[[rest.PullRequest], int] | None
    """GitHub's count in the pull request itself."""
    key: Callable[[Any], object]
    cap: int | None = None
    has_row: Callable[[Any], bool] = lambda _: True
    """Whether `rows` makes a row of it; what has none is not seen."""


def plain_files(records: Records, _: People, pull_request_id: int, bodies: Sequence[rest.ChangedFile]) -> None:
    """Rows of changed files."""
    records.pr_files.extend(rest_rows.file_row(pull_request_id, body, patches=False) for body in bodies)


def patched_files(records: Records, _: People, pull_request_id: int, bodies: Sequence[rest.ChangedFile]) -> None:
    """Rows of changed files with their patches."""
    records.pr_files.extend(rest_rows.file_row(pull_request_id, body, patches=True) for body in bodies)


def _shape(kind: type[T]) -> Shape[list[T]]:
    return Shape(list[kind])  # type: ignore[valid-type] # a type made at run time


LISTS: Final = {
    Kind.REVIEWS: ListedKind("pulls/{}/reviews", _shape(rest.Review), rest_rows.reviews, None, lambda body: body.id),
    Kind.REVIEW_COMMENTS: ListedKind(
        *("pulls/{}/comments", _shape(rest.ReviewComment), rest_rows.review_comments),
        *(lambda body: body.review_comments, lambda body: body.id),
    ),
    Kind.ISSUE_COMMENTS: ListedKind(
        *("issues/{}/comments", _shape(rest.IssueComment), rest_rows.issue_comments),
        *(lambda body: body.comments, lambda body: body.id),
    ),
    Kind.COMMITS: ListedKind(
        *("pulls/{}/commits", _shape(rest.Commit), rest_rows.commits),
        *(lambda body: body.commits, lambda body: body.sha),
        cap=REST_COMMITS_CAP,
        has_row=rest_rows.is_dated,
    ),
    Kind.FILES: ListedKind(
        *(
            "pulls/{}/files",
            FILES,
            plain_files,
            lambda body: body.changed_files,
            lambda body: body.filename,
            FILES_CAP,
        )
    ),
}
"""Every kind that REST has lists of: all but threads."""


class Wanted(NamedTuple):
    """One pull request that is read whole, and where its rows go."""

    repo: RepoRef
    target: Target
    patches: bool
    records: Records
    people: People
    between: Between = nothing

    def finished(self) -> Records:
        """The records with everybody met."""
        self.records.contributors = self.people.rows()
        return self.records


@dataclass(slots=True)
class _Kept:
    """Pages of one operation that a limit broke off: it goes on with them, as begun when the first was asked for."""

    key: tuple[Any, ...] = ()
    pages: dict[str, RestAnswered[Any]] | None = None


class RestReader:
    """Reads pages and whole lists by one session; of an operation that a limit broke off, it keeps the pages."""

    def __init__(self, session: Session) -> None:
        """Take the session; it is not closed here."""
        self._session = session
        self._kept = _Kept()

    async def read(
        self,
        key: tuple[Any, ...],
        wanted: Wanted,
        kind: Kind,
        body: rest.PullRequest | None,
    ) -> Reading | Failure:
        """Read one kind to its end, and add its rows."""
        how, target = LISTS[kind], wanted.target
        bodies = await self.whole(key, list_path(wanted.repo, target, how), how.shape, wanted.between)
        if not isinstance(bodies, list):
            return bodies
        rows = patched_files if kind is Kind.FILES and wanted.patches else how.rows
        rows(wanted.records, wanted.people, target.pull_request_id, bodies)
        total = how.total(body) if body is not None and how.total is not None else None
        return Reading(
            pull_request_id=target.pull_request_id,
            kind=kind,
            node_id=target.node_id,
            total=total,
            seen=len({how.key(each) for each in bodies if how.has_row(each)}),
            cursor=None,
            proof=Proof.END_OF_LIST if total is None else Proof.TOTAL,
            truncated=how.cap is not None and total is not None and total > how.cap,
        )

    async def whole(
        self, key: tuple[Any, ...], path: str, shape: Shape[list[T]], between: Between = nothing
    ) -> list[T] | Failure:
        """All items of a list; `between` runs before each of its pages."""
        items: list[T] = []
        number = 1
        while True:
            await between()
            answered = await self.page(key, f"{path}?per_page={PAGE}&page={number}", shape)
            if not isinstance(answered.outcome, Page):
                return answered.outcome
            page = answered.outcome.data
            items += page.body
            if page.next_page is None:
                return items
            if page.next_page <= number:
                return Broken("GitHub's list does not move on.", retryable=True)
            number = page.next_page

    async def page(
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

    def began(self) -> str:
        """When the operation's first request began."""
        assert self._kept.pages
        return next(iter(self._kept.pages.values())).requested_at

    def went_on(self) -> str:
        """When the operation's last request began: waits may lie between them."""
        assert self._kept.pages
        return next(reversed(self._kept.pages.values())).requested_at

    def forget(self) -> None:
        """The operation is over."""
        self._kept = _Kept()

    def ended(self, failure: Failure) -> Failure:
        """Keep what was read only over a wait."""
        if not isinstance(failure, Throttled):
            self.forget()
        return failure


def list_path(repo: RepoRef, target: Target, how: ListedKind) -> str:
    """Where a list of a pull request is."""
    return f"{repository_path(repo.owner_name)}/{how.path.format(target.number)}"


def readable(kinds: frozenset[Kind]) -> list[Kind]:
    """Those of the kinds that REST has lists of, in their order."""
    return [kind for kind in LISTS if kind in kinds]


def no_threads(target: Target) -> Reading:
    """REST has no threads."""
    return Reading(*(target.pull_request_id, Kind.REVIEW_THREADS, target.node_id, None, 0, None, Proof.UNAVAILABLE))
