"""Which refusals are limits, and until when they last; permissions and faults are told apart elsewhere."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from progressive_capture.github.answer import Answer, Rate, rate, retry_after
from progressive_capture.github.outcomes import Throttled, ThrottleKind

UNSTATED: Final = timedelta(seconds=60)
"""GitHub asks for at least a minute where it states no end, and longer each time.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit"""

LONGEST_UNSTATED: Final = timedelta(minutes=16)
LONGEST_WINDOW: Final = timedelta(minutes=65)
"""Windows last an hour; a reset further away is a mistake, and asking again then costs nothing."""

MARGIN: Final = timedelta(seconds=1)
"""Reset times have whole seconds."""

PRIMARY_TYPES: Final = frozenset({"RATE_LIMITED", "RATE_LIMIT"})
"""Both are sent. https://github.com/octokit/core.js/issues/848"""

_SECONDARY: Final = re.compile(r"secondary rate limit|abuse detection|submitted too quickly", re.IGNORECASE)
_PRIMARY: Final = re.compile(r"rate limit (?:already )?exceeded", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refusals:
    """How often in a row GitHub refused before; given from outside, as decoding keeps no state."""

    in_a_row: int = 0

    @property
    def wait(self) -> timedelta:
        """Where no end is stated: twice as long each time, up to a bound."""
        return self._doubled(UNSTATED)

    @property
    def least(self) -> timedelta:
        """Where the end that is stated is no wait, or GitHub does not keep to it: the same, from a second on."""
        return self._doubled(MARGIN)

    def _doubled(self, first: timedelta) -> timedelta:
        return min(first * (1 << min(self.in_a_row, 10)), LONGEST_UNSTATED)


def throttled(
    answer: Answer, messages: Iterable[str], now: datetime, refusals: Refusals, *, primary: bool = False
) -> Throttled | None:
    """The limit that this answer tells of, None when it is no matter of limits.

    `messages` are the body's; `primary` says that an error's type already named the primary limit; `now` is the
    server's time.
    """
    texts = list(messages)
    known = rate(answer.headers)
    stated = retry_after(answer.headers, now)
    if any(_SECONDARY.search(text) for text in texts):
        return _secondary(stated, now, refusals)
    if primary or any(_PRIMARY.search(text) for text in texts):
        return _primary(known, stated, now, refusals)
    forbidden = answer.status == HTTPStatus.FORBIDDEN
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or (forbidden and stated is not None):
        return _primary(known, stated, now, refusals) if known.is_spent else _secondary(stated, now, refusals)
    if forbidden and known.is_spent:
        return _primary(known, stated, now, refusals)
    return None


def _primary(known: Rate, stated: datetime | None, now: datetime, refusals: Refusals) -> Throttled:
    """Until the reset where the headers agree that nothing is left: they sometimes do not.

    https://github.com/octokit/plugin-throttling.js/issues
    """
    if known.is_spent and known.reset_at is not None:
        until = min(max(known.reset_at, now) + MARGIN, now + LONGEST_WINDOW)
    else:
        until = stated or now + refusals.wait
    until = max(until, now + refusals.least)
    limit = f" of {known.limit} points" if known.limit else ""
    return Throttled(until, f"GitHub's hourly limit{limit} is used up.", ThrottleKind.PRIMARY)


def _secondary(stated: datetime | None, now: datetime, refusals: Refusals) -> Throttled:
    why = "GitHub asks for a pause: too many requests in a short time (its secondary limit)."
    until = max(stated or now + refusals.wait, now + refusals.least)
    return Throttled(until, why, ThrottleKind.SECONDARY)
