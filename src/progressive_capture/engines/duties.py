"""The recurring duties of an installation, put together from the rooms that know how each is done."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from progressive_capture.domain.cost import PriceBook
from progressive_capture.domain.periods import Period
from progressive_capture.insight.costs import costs
from progressive_capture.queue.schedule import Duty, Result
from progressive_capture.queue.upkeep import Upkeep
from progressive_capture.rollout.measure import metrics
from progressive_capture.rollout.monitor import check_health
from progressive_capture.rollout.population import categorize_all
from progressive_capture.rollout.rollout import Rollout

HEALTH_EVERY: Final = timedelta(minutes=15)
METRICS_EVERY: Final = timedelta(hours=1)
REPORT_EVERY: Final = timedelta(days=1)
CATEGORIES_EVERY: Final = timedelta(days=1)
SWEEP_EVERY: Final = timedelta(minutes=1)
RECONCILE_EVERY: Final = timedelta(minutes=1)
"""Source of the first three: the workflows of the brief; of the last two, the length of a lease."""

TOLD: Final = 20
"""Ids that the record of a run names; all are counted."""


def recurring(
    upkeep: Upkeep,
    rollout: Rollout,
    book: PriceBook,
    clock: Callable[[], datetime],
    reconcile: Callable[[], Awaitable[object]],
) -> list[Duty]:
    """Every duty, the most urgent first; `reconcile` asks engines elsewhere, each time anew."""

    def sweep() -> Result:
        swept, held, released = upkeep.sweep(), upkeep.hold(), upkeep.release()
        return {
            "swept": swept[:TOLD],
            "swept_count": len(swept),
            "held": held[:TOLD],
            "held_count": len(held),
            "released": released[:TOLD],
            "released_count": len(released),
            "workers_forgotten": upkeep.forget(),
        }

    def report() -> object:
        # The day that is over, and what there is of the present one: no day's figures are left half told.
        return costs(rollout.database, book, Period.DAY, clock(), count=2)

    async def asking() -> Result:
        told: Result = msgspec.to_builtins(await reconcile())
        return told

    return [
        _duty("sweep", SWEEP_EVERY, sweep),
        Duty("reconcile", RECONCILE_EVERY, asking),
        _duty("health", HEALTH_EVERY, lambda: check_health(rollout)),
        _duty("metrics", METRICS_EVERY, lambda: metrics(rollout)),
        _duty("report", REPORT_EVERY, report),
        _duty("categories", CATEGORIES_EVERY, lambda: categorize_all(rollout)),
    ]


def _duty(name: str, every: timedelta, work: Callable[[], object]) -> Duty:
    """Run in a worker thread; what comes of it is kept as JSON."""

    async def run() -> Result:
        result = await asyncio.to_thread(work)
        told: Result = msgspec.to_builtins(result)
        return told

    return Duty(name, every, run)
