"""What work would have cost in the real-time lane alone, reckoned from what was measured; reading it is the store's."""

import math
from collections.abc import Iterable
from typing import Final

from progressive_capture.domain.cost import Cost

STEP_MS: Final = 20_000
"""Work that one step of a run takes at most: what is in a longer one is lost with it."""

STEPS_A_RUN: Final = 100
"""Steps after which a run is continued by a new one: all steps' results are sent along with each."""


def executions_instead(busy_ms: int, waits: int) -> int:
    """Executions as which Inngest would have counted work: its steps, a sleep for each wait, and the runs around them.

    https://www.inngest.com/docs/usage-limits/inngest
    """
    steps = max(1, math.ceil(busy_ms / STEP_MS)) + waits
    return steps + math.ceil(steps / STEPS_A_RUN)


def together(costs: Iterable[Cost]) -> Cost:
    """The sum of costs, not known as soon as one is not; why, is said once for each reason."""
    told = list(costs)
    unknown = [each for each in told if each.micro_usd is None]
    amount = None if unknown else sum(each.micro_usd or 0 for each in told)
    return Cost(amount, " ".join(dict.fromkeys(each.why for each in unknown or told)))
