"""When Inngest calls duties: never more often than they are due, or than is worth an execution."""

from datetime import timedelta

import pytest

from progressive_capture.engines.inngest.crons import cron_of

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("every", "place", "cron"),
    [
        (MINUTE, 0, "0-59/10 * * * *"),
        (5 * MINUTE, 11, "1-59/10 * * * *"),
        (15 * MINUTE, 1, "1-59/15 * * * *"),
        (HOUR, 2, "9 */1 * * *"),
        (6 * HOUR, 60, "7 */6 * * *"),
        (DAY, 3, "10 3 * * *"),
    ],
)
def test_a_duty_is_called_as_often_as_it_is_due_and_not_with_the_one_beside_it(
    every: timedelta, place: int, cron: str
) -> None:
    assert cron_of(every, place) == cron
    assert cron_of(every, place + 1) != cron


@pytest.mark.parametrize("every", [13 * MINUTE, 5 * HOUR, 90 * MINUTE, 2 * DAY])
def test_what_no_cron_says_evenly_is_refused(every: timedelta) -> None:
    with pytest.raises(ValueError, match=r"day|:"):
        cron_of(every, 0)
