"""What work costs, by dated price books whose sources stand beside the figures; no price is ever fetched."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from progressive_capture.domain.jobs import EngineName
from progressive_capture.domain.money import MICRO_USD, in_dollars
from progressive_capture.domain.quotas import Usage


@dataclass(frozen=True, slots=True)
class ExecutionPrices:
    """One plan of Inngest.

    https://www.inngest.com/pricing
    """

    monthly_fee_micro_usd: int = 0
    included: int = 0
    """Executions a month."""
    micro_usd_each: int | None = None
    """Of each further execution; None: there are none, functions stop."""


@dataclass(frozen=True, slots=True)
class MinutePrices:
    """One kind of runner under one plan of GitHub.

    https://docs.github.com/en/billing/reference/actions-runner-pricing
    """

    micro_usd_a_minute: int
    included: int = 0
    """Minutes a month."""
    public_repository: bool = False
    """Standard runners cost nothing for workflows of public repositories."""


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Prices as they were at a time."""

    name: str
    dated: str
    executions: ExecutionPrices
    minutes: MinutePrices
    sources: tuple[str, ...]
    assumptions: tuple[str, ...] = ()
    """What no first-hand source says."""


FREE_EXECUTIONS: Final = ExecutionPrices(included=50_000)
"""The free plan of Inngest: at its end functions stop. https://www.inngest.com/docs/usage-limits/inngest"""

PRO_EXECUTIONS: Final = ExecutionPrices(monthly_fee_micro_usd=99 * MICRO_USD, included=1_000_000, micro_usd_each=50)
"""The Pro plan of Inngest."""

BOOKS: Final[Mapping[str, PriceBook]] = {
    "brief-2025": PriceBook(
        name="brief-2025",
        dated="2025-07",
        executions=ExecutionPrices(micro_usd_each=100),
        minutes=MinutePrices(micro_usd_a_minute=8_000),
        sources=("The description of the original system: $0.0001 an execution, $0.008 a runner minute.",),
        assumptions=("It names no free tiers in its prices, so none are reckoned with.",),
    ),
    "2026": PriceBook(
        name="2026",
        dated="2026-11",
        executions=FREE_EXECUTIONS,
        minutes=MinutePrices(micro_usd_a_minute=6_000, included=2_000),
        sources=(
            "https://docs.github.com/en/billing/reference/actions-runner-pricing",
            "https://docs.github.com/en/billing/concepts/product-billing/github-actions",
            "https://www.inngest.com/docs/usage-limits/inngest",
        ),
        assumptions=(
            "Workflows run in a private repository on 2-core Linux runners, on GitHub's Free plan.",
            "Inngest's free plan.",
            "Its Pro plan (99 dollars a month, 1,000,000 executions, then 50 a million) is known at second hand.",
            "Whether Inngest bills repeated attempts is not documented; they are counted.",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount, or that it is not known; `why` is a sentence."""

    micro_usd: int | None
    why: str


_FREE: Final = Cost(0, "This machine has no price.")


def billed_minutes(seconds_of_jobs: Iterable[float]) -> int:
    """Runner minutes as GitHub bills them: every job of a workflow run is rounded up to whole minutes by itself."""
    return sum(math.ceil(seconds / 60) for seconds in seconds_of_jobs)


def cost(book: PriceBook, engine: EngineName, executions: int | None, runner_minutes: int | None, month: Usage) -> Cost:
    """What one job adds to the month's bill: the month with it less the month so far.

    So the free part of a month is used by the jobs that settle first. A monthly fee is no job's; see `monthly`.
    """
    if engine is EngineName.INNGEST:
        if executions is None:
            return Cost(None, "Its executions are not known.")
        return _difference(
            _executions(book.executions, month.executions), _executions(book.executions, month.executions + executions)
        )
    if engine is EngineName.GITHUB_ACTIONS:
        if runner_minutes is None:
            return Cost(None, "Its runner minutes are not known.")
        return _difference(
            _minutes(book.minutes, month.runner_minutes), _minutes(book.minutes, month.runner_minutes + runner_minutes)
        )
    return _FREE


def monthly(book: PriceBook, month: Usage) -> Mapping[EngineName, Cost]:
    """The bill of a whole month for each engine, with monthly fees."""
    executions = _executions(book.executions, month.executions)
    if executions.micro_usd is not None:
        executions = Cost(executions.micro_usd + book.executions.monthly_fee_micro_usd, executions.why)
    return {
        EngineName.LOCAL: _FREE,
        EngineName.INNGEST: executions,
        EngineName.GITHUB_ACTIONS: _minutes(book.minutes, month.runner_minutes),
    }


def _difference(before: Cost, after: Cost) -> Cost:
    if after.micro_usd is None:
        return after
    return Cost(after.micro_usd - (before.micro_usd or 0), after.why)


def _executions(prices: ExecutionPrices, count: int) -> Cost:
    further = max(0, count - prices.included)
    if further == 0:
        return Cost(0, f"Within the {prices.included:,} executions that a month includes.")
    if prices.micro_usd_each is None:
        return Cost(None, f"The plan ends at {prices.included} executions a month: what more would cost is not known.")
    return Cost(
        further * prices.micro_usd_each, f"{in_dollars(prices.micro_usd_each)} an execution beyond {prices.included}."
    )


def _minutes(prices: MinutePrices, count: int) -> Cost:
    if prices.public_repository:
        return Cost(0, "Runners of public repositories cost nothing.")
    further = max(0, count - prices.included)
    if further == 0:
        return Cost(0, f"Within the {prices.included:,} minutes that a month includes.")
    return Cost(
        further * prices.micro_usd_a_minute,
        f"{in_dollars(prices.micro_usd_a_minute)} a minute beyond {prices.included}.",
    )
