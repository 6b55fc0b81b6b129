"""The closed set of what a request to GitHub can come to, as values; nothing here reads an answer or sends one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Generic, TypeAlias, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class ThrottleKind(StrEnum):
    """Who says that a request has to wait."""

    PRIMARY = "primary"
    """GitHub: the hour's points are spent."""
    SECONDARY = "secondary"
    """GitHub: too much at once, whatever the points say."""
    SLOT = "slot"
    """Our own budget: a request of the same principal is in flight."""
    BUDGET = "budget"
    """Our own budget: the points are spent or reserved, or GitHub said so to another process."""
    PACING = "pacing"
    """Our own budget: requests are spread over the minute."""
    PAUSED = "paused"
    """Our own budget: GitHub refused this token's owner for too much at once, whatever the API."""


class DeniedReason(StrEnum):
    """Why GitHub refuses for good, until somebody changes something."""

    CREDENTIALS = "credentials"
    """The token is unknown to GitHub, revoked, or missing where one is needed."""
    EXPIRED = "expired"
    """GitHub says that the token's life is over."""
    PERMISSION = "permission"
    SCOPES = "scopes"
    """A classic token lacks a scope, which the sentence names."""
    SAML = "saml"
    """The organisation wants the token authorised for single sign-on."""
    BLOCKED = "blocked"
    """GitHub closed the repository (DMCA, terms of service)."""


OF_THE_TOKEN: Final = frozenset({DeniedReason.CREDENTIALS, DeniedReason.EXPIRED, DeniedReason.SCOPES})
"""The token itself is refused, whatever it is used for: another one may do."""


@dataclass(frozen=True, slots=True)
class QueryError:
    """One entry of a GraphQL answer's `errors`."""

    message: str
    type: str = ""
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """Everything that was asked for."""

    data: T_co


@dataclass(frozen=True, slots=True)
class Partial(Generic[T_co]):
    """What was asked for, with holes that `errors` explain: never to be stored as complete."""

    data: T_co
    errors: tuple[QueryError, ...]


@dataclass(frozen=True, slots=True)
class Throttled:
    """Not now. `until` is a time by the server's clock; nothing was spent on asking again before it."""

    until: datetime
    why: str
    kind: ThrottleKind


@dataclass(frozen=True, slots=True)
class TooHeavy:
    """GitHub could not finish the query in its time or resources: ask for less, never for the same again.

    https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
    """

    why: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Not there, or not visible to this token: GitHub does not tell which."""

    why: str
    permanent: bool
    """GitHub says that it is gone for good, or said twice that it is not there."""

    @classmethod
    def repository(cls, owner_name: str) -> "Missing":
        """Tell of a whole repository that is not shown."""
        why = f"GitHub has no repository {owner_name}, or this token may not see it: check the name and the token."
        return cls(why, permanent=True)


@dataclass(frozen=True, slots=True)
class Moved:
    """It has another address now."""

    location: str
    permanent: bool

    @property
    def why(self) -> str:
        """The sentence for people."""
        return f"GitHub answers that it moved to {self.location}."


@dataclass(frozen=True, slots=True)
class Denied:
    """Refused for good, until a person changes something."""

    why: str
    reason: DeniedReason


@dataclass(frozen=True, slots=True)
class Broken:
    """No usable answer."""

    why: str
    retryable: bool
    """The same request may succeed later; the retries of one request are used up when this is returned."""
    cursor_lost: bool = False
    """GitHub no longer knows the cursor: the list has to begin again."""
    unreached: bool = False
    """There was no connection to GitHub, whatever was to be asked."""
    by_environment: bool = False
    """What this process was told of the way there cannot be used: asking again is no use here, elsewhere it may be."""


@dataclass(frozen=True, slots=True)
class NotModified:
    """What was read before still holds (304)."""


Failure: TypeAlias = Throttled | TooHeavy | Missing | Moved | Denied | Broken | NotModified
"""Every outcome without data."""

Outcome: TypeAlias = Page[T] | Partial[T] | Failure
"""What a request came to."""
