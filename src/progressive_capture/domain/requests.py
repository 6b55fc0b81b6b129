"""What may be asked of the queue and what it answers, as values; deciding and storing are done elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.jobs import JobType, Trigger
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.priority import PriorityLevel
from progressive_capture.domain.routing import Route
from progressive_capture.domain.scope import Scope

ALL_KINDS: Final = frozenset(Kind)

KINDS_OF: Final[Mapping[JobType, frozenset[Kind]]] = {
    JobType.HISTORICAL_PR_SYNC: ALL_KINDS,
    JobType.RECENT_PRS: ALL_KINDS,
    JobType.PR_DETAILS: frozenset({Kind.COMMITS, Kind.FILES}),
    JobType.PR_REVIEWS: frozenset({Kind.REVIEWS, Kind.REVIEW_THREADS, Kind.REVIEW_COMMENTS}),
    JobType.PR_COMMENTS: frozenset({Kind.ISSUE_COMMENTS}),
    JobType.FILE_CHANGES: frozenset({Kind.FILES}),
    JobType.REPOSITORY_SYNC: ALL_KINDS,
    JobType.RECONCILE: ALL_KINDS,
}
"""The kinds that each type of job is for; the pull request itself comes with every one of them."""

HIGHEST_ATTEMPTS: Final = 20
"""As many as Inngest allows; more would only hide a failure. https://www.inngest.com/docs/usage-limits/inngest"""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A wish for work on one repository; what becomes of it, a `Submitted` says."""

    host_id: int
    repository_id: int
    repository_name: str
    """`owner/name`."""
    job_type: JobType
    scope: Scope
    trigger: Trigger
    who: str
    """Who asks: a person, or the duty or program that does."""
    level: PriorityLevel | None = None
    """None leaves it to `priority.level_of`."""
    reason: str | None = None
    max_attempts: int = 3

    def __post_init__(self) -> None:
        """Refuse what nobody could work on.

        Raises:
            UsageError: no repository, kinds that are not of this type, no bound where the type wants one.
        """
        owner, _, name = self.repository_name.partition("/")
        if not owner.strip() or not name.strip() or "/" in name or self.repository_id < 1:
            raise UsageError(f"A job wants a repository as owner/name, not {self.repository_name!r}.")
        if not self.who.strip():
            raise UsageError("A job wants to know who asks for it.")
        if not self.scope.kinds <= KINDS_OF[self.job_type]:
            kinds = ", ".join(sorted(KINDS_OF[self.job_type]))
            raise UsageError(f"A {self.job_type} job captures only {kinds}: ask for these, or take another type.")
        if self.job_type is JobType.RECENT_PRS and not self.scope.is_narrowed:
            raise UsageError("A recent-prs job wants a bound: give --since, or take historical-pr-sync.")
        if not 1 <= self.max_attempts <= HIGHEST_ATTEMPTS:
            raise UsageError(f"A job is attempted 1 to {HIGHEST_ATTEMPTS} times, not {self.max_attempts}.")


@dataclass(frozen=True, slots=True)
class Queued:
    """A job was opened for it."""

    job_id: str
    route: Route


@dataclass(frozen=True, slots=True)
class Joined:
    """An open job whose walk has not begun will serve it."""

    job_id: str


@dataclass(frozen=True, slots=True)
class RerunAsked:
    """An open job's walk has begun: when it settles, one successor is queued."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """The same work was completed a short while ago: ask again from `until` on."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It cannot be done; `why` is a sentence that says what to do."""

    why: str


Submitted = Queued | Joined | RerunAsked | Throttled | Refused
"""What became of a request."""
