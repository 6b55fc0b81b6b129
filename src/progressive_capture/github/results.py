"""What the operations of this room ask for and bring, as values; the rows themselves are the domain's."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from progressive_capture.domain.kinds import Kind, Source
from progressive_capture.domain.records import FileRow, Reading, Records, RepositoryRow, Target


class RepoRef(NamedTuple):
    """A repository to ask about: REST goes by its name, GraphQL by its node."""

    owner_name: str
    node_id: str
    id: int


class Order(StrEnum):
    """How the list of pull requests is walked."""

    CREATED_ASC = "created_asc"
    """Numbers never change: stable, for a whole walk."""
    UPDATED_DESC = "updated_desc"
    """What changed last comes first: for incremental walks."""


class LookUp(NamedTuple):
    """One page of one connection: comments of a thread, or what a pull request's first page cut off."""

    pull_request_id: int
    number: int
    node_id: str
    """The node the connection hangs on: the pull request's, or the thread's for review comments."""
    kind: Kind
    cursor: str | None


class Failed(NamedTuple):
    """A pull request that this answer does not hold."""

    target: Target
    why: str
    permanent: bool
    """GitHub says that it does not exist."""


class FailedLookUp(NamedTuple):
    """A page of a connection that this answer does not hold."""

    lookup: LookUp
    why: str
    permanent: bool
    """GitHub says that the node does not exist (any more)."""


@dataclass(frozen=True, slots=True)
class RepositoryLookUp:
    """A repository as GitHub names it now."""

    row: RepositoryRow
    principal: str
    """`user:<id>`, `installation:<id>`, `token:<fingerprint>` or `anonymous`."""
    requested_at: str
    """When the request began: server's clock, ISO 8601 with six digits. The same in every result below."""
    former_name: str | None
    """The name that was asked for, where GitHub answered with another."""
    source: Source
    newest: int | None = None
    """The number of the pull request that was opened last; None by REST, and where there is none."""
    counted_at: str = ""
    """When its pull requests were counted, where that took a request of its own: by REST."""


@dataclass(frozen=True, slots=True)
class IndexPage:
    """A page of the list of pull requests, or those of some numbers."""

    records: Records
    readings: list[Reading]
    next_cursor: str | None
    requested_at: str
    source: Source
    total: int | None
    """Pull requests of the repository; None where a REST page cannot tell."""
    missing: list[int] = field(default_factory=list)
    """Numbers asked for that are no pull requests."""
    unanswered: list[int] = field(default_factory=list)
    """Numbers asked for that have to be asked for again."""
    cost: int | None = None
    """Points, None by REST."""
    lookups: int = 0
    """Connections asked for, by GitHub's formula; 0 by REST. The same in every result below."""


@dataclass(frozen=True, slots=True)
class HydratePage:
    """Pull requests with the first pages (by REST: all pages) of the kinds asked for."""

    records: Records
    readings: list[Reading]
    failed: list[Failed]
    requested_at: str
    source: Source
    cost: int | None = None
    lookups: int = 0


@dataclass(frozen=True, slots=True)
class FollowUpPage:
    """Further pages and thread comments."""

    records: Records
    readings: list[Reading]
    failed: list[FailedLookUp]
    requested_at: str
    source: Source
    cost: int | None = None
    lookups: int = 0


@dataclass(frozen=True, slots=True)
class FilesPage:
    """All files of one pull request by REST, with previous paths and, where wanted, patches."""

    rows: list[FileRow]
    requested_at: str
    truncated: bool
    """GitHub's cap may have ended the list."""


class SampledPullRequest(NamedTuple):
    """Totals of one pull request that cost nothing more than a look-up."""

    number: int
    threads: int
    changed_files: int


@dataclass(frozen=True, slots=True)
class ThreadSample:
    """Totals of some pull requests; numbers of issues are left out."""

    pull_requests: list[SampledPullRequest]
    requested_at: str
    cost: int | None
    lookups: int


class SeenPullRequest(NamedTuple):
    """What is known of a pull request before its threads are counted."""

    node_id: str
    comments: int
    """Of both kinds."""


@dataclass(frozen=True, slots=True)
class Glance:
    """Which numbers are pull requests, and how many threads some others have."""

    seen: list[SeenPullRequest]
    threads: dict[str, int]
    """Of the pull requests asked about, by node id; those that GitHub did not show are missing."""
    cost: int | None
    lookups: int


@dataclass(frozen=True, slots=True)
class CommentSample:
    """One page of a repository's review comments."""

    comments: int
    roots: int
    """Those that answer no other: each began a thread."""
    requested_at: str


Targets = Sequence[Target]
