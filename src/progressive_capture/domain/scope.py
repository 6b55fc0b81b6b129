"""What a capture is asked to cover, as a value with one canonical text; how it is fetched never stands here."""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.kinds import Kind


class SourceChoice(StrEnum):
    """Which API may be used: one alone, or whichever suits each operation and has budget left."""

    AUTO = "auto"
    GRAPHQL = "graphql"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Scope:
    """The pull requests and kinds that a job covers.

    At most one of `since_days`, `updated_from`/`updated_to`, `numbers` and `limit` narrows the pull requests; none
    means all. `since_days` counts back from the moment the walk begins.
    Times are ISO 8601 text in UTC ending in `Z`, compared with GitHub's own `updated_at`.
    """

    kinds: frozenset[Kind] = frozenset(Kind)
    since_days: int | None = None
    updated_from: str | None = None
    updated_to: str | None = None
    numbers: tuple[int, ...] = ()
    limit: int | None = None
    full: bool = False
    patches: bool = False
    source: SourceChoice = SourceChoice.AUTO

    def __post_init__(self) -> None:
        """Refuse what no capture could mean.

        Raises:
            UsageError: contradicting or impossible bounds.
        """
        narrowed = [
            self.since_days is not None,
            bool(self.updated_from or self.updated_to),
            bool(self.numbers),
            self.limit is not None,
        ]
        if sum(narrowed) > 1:
            raise UsageError("Give only one of --since/--until, --numbers and --limit.")
        if self.since_days is not None and self.since_days < 1:
            raise UsageError("--since wants at least one day.")
        if self.limit is not None and self.limit < 1:
            raise UsageError("--limit wants a whole number from 1.")
        if any(number < 1 for number in self.numbers):
            raise UsageError("--numbers wants pull-request numbers from 1.")
        if self.updated_from and self.updated_to and self.updated_from > self.updated_to:
            raise UsageError("--since lies after --until: swap them.")
        if self.patches and self.source is SourceChoice.GRAPHQL:
            # https://docs.github.com/en/graphql/reference/objects#pullrequestchangedfile
            raise UsageError("GitHub's GraphQL API gives no patches: leave out --patches, or --source graphql.")
        if not self.kinds:
            raise UsageError("--only names no kind: leave it out to capture all kinds.")

    @property
    def text(self) -> str:
        """The canonical text that the unique key of an open job holds: equal texts are the same work."""
        if self.numbers:
            extent = "numbers:" + hashlib.sha256(",".join(map(str, self.numbers)).encode()).hexdigest()[:16]
        elif self.limit is not None:
            extent = f"limit:{self.limit}"
        elif self.since_days is not None:
            extent = f"since:{self.since_days}"
        elif self.updated_from or self.updated_to:
            extent = f"updated:{self.updated_from or ''}..{self.updated_to or ''}"
        else:
            extent = "all"
        kinds = "all" if self.covers_all_kinds else "+".join(sorted(self.kinds))
        flags = "".join(f";{name}" for name, on in (("full", self.full), ("patches", self.patches)) if on)
        return f"{extent};kinds={kinds};source={self.source}{flags}"

    @property
    def covers_all_kinds(self) -> bool:
        """Whether no kind is left out."""
        return self.kinds == frozenset(Kind)

    @property
    def moves_watermark(self) -> bool:
        """Whether finishing this proves the whole repository fresh: only scope `all` with all kinds does."""
        return not self.is_narrowed and self.covers_all_kinds

    @property
    def is_narrowed(self) -> bool:
        """Whether some pull requests are left out."""
        return bool(self.since_days or self.numbers or self.limit or self.updated_from or self.updated_to)

    @property
    def fetches_patches(self) -> bool:
        """Whether patches are asked for of files that are."""
        return self.patches and Kind.FILES in self.kinds

    def updated_after(self, walk_started_at: str) -> str | None:
        """The oldest `updated_at` that is wanted, None for no bound."""
        if self.since_days is not None:
            return earlier(walk_started_at, self.since_days * 86_400)
        return self.updated_from


def unique_numbers(numbers: Iterable[int]) -> tuple[int, ...]:
    """The numbers sorted, each once: the form in which a scope holds them."""
    return tuple(sorted(set(numbers)))


STAMP_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def stamp(moment: datetime) -> str:
    """Our own times as text: UTC, always six digits of a second, so that texts sort as times do."""
    return moment.strftime(STAMP_FORMAT)


def github_time(moment: datetime) -> str:
    """A time as GitHub writes it: UTC, whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """The time that a text of ours or of GitHub's means."""
    return datetime.fromisoformat(text)


def earlier(text: str, seconds: float) -> str:
    """A GitHub-style time the given seconds before another."""
    return github_time(moment(text) - timedelta(seconds=seconds))


def asked_age(scope: Scope, now: datetime) -> timedelta | None:
    """How far back a request reaches, for want of a stored index; without a lower bound as far as time goes.

    None where it says nothing about age: pull requests asked for by number, or a number of the newest.
    """
    if scope.numbers or scope.limit is not None:
        return None
    if scope.since_days is not None:
        return timedelta(days=min(scope.since_days, timedelta.max.days))
    return timedelta.max if not scope.updated_from else now - moment(scope.updated_from)


def time_range_days(scope: Scope, now: datetime) -> int | None:
    """Whole days back from `now` that a request reaches, as the job's row keeps them; None without such a bound."""
    if scope.since_days is not None:
        return scope.since_days
    if not scope.updated_from:
        return None
    return max(0, math.ceil((now - moment(scope.updated_from)) / timedelta(days=1)))
