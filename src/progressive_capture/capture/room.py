"""What to make of a budget without room where the work can be done without it; waits are borne elsewhere."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from progressive_capture.github.outcomes import Broken, Outcome, Throttled, ThrottleKind

T = TypeVar("T")

WORTH_WAITING: Final = timedelta(minutes=1)
"""A shorter wait costs less than going another way."""

A_POINT: Final = timedelta(hours=1) / 5_000
"""How long GitHub takes to give a point of GraphQL's back.
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#primary-rate-limit
"""

_SPENT: Final = frozenset({ThrottleKind.BUDGET, ThrottleKind.PRIMARY})
"""No room in this API's budget: by GitHub's word, by our own count, or as another process was told.

What GitHub refuses for too much at once has no room by the other API either.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
"""


async def with_room(
    call: Callable[[], Awaitable[Outcome[T]]], now: Callable[[], datetime], patience: timedelta = WORTH_WAITING
) -> Outcome[T]:
    """Ask, and take a budget without room for longer than `patience` for an API that does not work."""
    outcome = await call()
    if isinstance(outcome, Throttled) and outcome.kind in _SPENT and outcome.until - now() > patience:
        return Broken(outcome.why, retryable=True)
    return outcome
