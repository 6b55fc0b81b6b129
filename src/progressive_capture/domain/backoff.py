"""How long a failed job waits for its next attempt; when that is, and whose failure it was, is known elsewhere."""

from datetime import timedelta
from typing import Final

BASE: Final = timedelta(seconds=60)
CAP: Final = timedelta(hours=1)
"""Source of both: the original system's retry service, https://github.com/bdougie/contributor.info."""

LOST_BASE: Final = timedelta(seconds=5)
LOST_CAP: Final = timedelta(minutes=5)
"""For work that a lost runner left: no failure, but a job that kills its runners must not do so without a pause.
The cap is the lease that an engine leaves when it waits."""

DOUBLINGS: Final = 20
"""More doublings change nothing below any cap, and their numbers would grow for ever."""


def full_jitter(failures: int, random: float, *, base: timedelta = BASE, cap: timedelta = CAP) -> timedelta:
    """Up to `base`, doubled at each failure after the first, at most `cap`; `random` lies in [0, 1).

    All of the wait is random, so that jobs that failed together do not come back together.
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    doublings = min(max(failures, 1) - 1, DOUBLINGS)
    return min(cap, base * (1 << doublings)) * random


def after_loss(attempt: int, random: float) -> timedelta:
    """The wait after a runner was lost."""
    return full_jitter(attempt, random, base=LOST_BASE, cap=LOST_CAP)
