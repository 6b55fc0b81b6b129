"""How soon after completed work the same work may be asked for again; finding that work is the store's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from progressive_capture.domain.jobs import Trigger

INTERVAL: Final[Mapping[Trigger, timedelta]] = {
    Trigger.MANUAL: timedelta(minutes=5),
    Trigger.AUTOMATIC: timedelta(hours=4),
    Trigger.SCHEDULED: timedelta(hours=24),
}
"""Triggers that do not stand here are never throttled: a webhook tells of a change, and a repair must not
wait. Going on with a broken job asks for nothing new. Source: the original system's throttle settings,
https://github.com/bdougie/contributor.info."""

INCOMPLETE: Final = timedelta(minutes=5)
"""The longest interval while something of the repository is missing. Source: as `INTERVAL`."""

SHORTEST: Final = timedelta(minutes=5)
"""However active a repository is. Source: the manual interval."""

PILE: Final = 10
"""Pull requests that may change between two captures, so that the next one is a small batch (`routing.Thresholds`).
The original system lost data of repositories with 50 to 80 changes a day to one interval for all."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """What is known of the work that was completed last; None is unknown."""

    completed_at: datetime
    is_complete: bool | None = None
    """Whether nothing of the repository is missing."""
    changes_a_day: float | None = None
    """Pull requests that change there in a day."""


@dataclass(frozen=True, slots=True)
class Again:
    """Too soon: ask again from `until` on."""

    until: datetime
    why: str


def throttled(trigger: Trigger, last: Freshness | None, now: datetime) -> Again | None:
    """Whether a request comes too soon; `last` is the newest *completed* job of the same key, None without one.

    Failed, dead and cancelled jobs throttle nothing.
    """
    base = INTERVAL.get(trigger)
    if base is None or last is None:
        return None
    interval, why = _interval(base, last)
    until = min(last.completed_at, now) + interval
    if until <= now:
        return None
    return Again(until, f"The same was completed at {last.completed_at:%Y-%m-%d %H:%M:%S} UTC; {why}.")


def _interval(base: timedelta, last: Freshness) -> tuple[timedelta, str]:
    intervals = [(base, f"such requests are served every {_told(base)}")]
    if last.is_complete is False:
        intervals.append((INCOMPLETE, f"an incomplete repository is served every {_told(INCOMPLETE)}"))
    if last.changes_a_day:
        active = max(SHORTEST, timedelta(days=min(1, PILE / last.changes_a_day)))
        intervals.append((active, f"a repository as active as this is served every {_told(active)}"))
    return min(intervals, key=lambda each: each[0])


def _told(interval: timedelta) -> str:
    minutes = round(interval / timedelta(minutes=1))
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)
