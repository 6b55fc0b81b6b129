"""A budget without room counts as an API that does not work, where the wait for it is long."""

from datetime import UTC, datetime, timedelta

import pytest

from progressive_capture.capture.room import with_room
from progressive_capture.github.outcomes import Broken, Outcome, Page, Throttled, ThrottleKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def answered(outcome: Outcome[int], patience: timedelta = timedelta(minutes=1)) -> Outcome[int]:
    async def call() -> Outcome[int]:
        return outcome

    return await with_room(call, lambda: NOW, patience)


@pytest.mark.parametrize("kind", ThrottleKind)
@pytest.mark.parametrize("seconds", [60, 61])
async def test_only_a_budget_that_is_spent_for_long_is_passed_by(kind: ThrottleKind, seconds: int) -> None:
    throttled = Throttled(NOW + timedelta(seconds=seconds), "Spent.", kind)
    passed_by = seconds > 60 and kind in {ThrottleKind.BUDGET, ThrottleKind.PRIMARY}
    assert await answered(throttled) == (Broken("Spent.", retryable=True) if passed_by else throttled)


async def test_what_was_answered_is_the_answer() -> None:
    assert await answered(Page(1)) == Page(1)


async def test_who_loses_more_by_going_another_way_waits_longer() -> None:
    spent = Throttled(NOW + timedelta(minutes=5), "Spent.", ThrottleKind.BUDGET)
    assert await answered(spent, timedelta(minutes=5)) == spent
    assert await answered(spent, timedelta(minutes=4)) == Broken("Spent.", retryable=True)
