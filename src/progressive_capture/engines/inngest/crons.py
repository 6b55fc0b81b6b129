"""When Inngest calls a duty, in cron's words; what is called stands elsewhere."""

from datetime import timedelta
from typing import Final

LEAST: Final = timedelta(minutes=10)
"""Between two calls of a duty: each is an execution, of which the free plan has 50,000 a month."""

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_FIRST_MINUTE: Final = 7
"""Not the full hour, which is everybody's."""

_HOUR_OF_DAY: Final = 3


def cron_of(every: timedelta, place: int) -> str:
    """Say when a duty is called (UTC), at another minute for each `place` in the list of duties.

    https://www.inngest.com/docs/guides/scheduled-functions

    Raises:
        ValueError: an hour, or a day, is no multiple of how often it is due.
    """
    if every < _HOUR:
        minutes = _times(max(every, LEAST), timedelta(minutes=1), _HOUR)
        return f"{place % minutes}-59/{minutes} * * * *"
    minute = (_FIRST_MINUTE + place) % 60
    if every < _DAY:
        return f"{minute} */{_times(every, _HOUR, _DAY)} * * *"
    _times(every, _DAY, _DAY)
    return f"{minute} {_HOUR_OF_DAY} * * *"


def _times(every: timedelta, unit: timedelta, whole: timedelta) -> int:
    if every % unit or whole % every:
        raise ValueError(every)
    return every // unit
