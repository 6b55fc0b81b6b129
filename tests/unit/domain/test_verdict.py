"""Only a rate above the bound with more than ten finished jobs is failing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.verdict import Health, Outcomes, could_not_measure, judge


@pytest.mark.parametrize(
    ("successes", "errors", "health"),
    [
        (0, 0, Health.INCONCLUSIVE),
        (0, 10, Health.INCONCLUSIVE),
        (0, 11, Health.FAILING),
        (10, 0, Health.INCONCLUSIVE),
        (11, 0, Health.HEALTHY),
        (95, 5, Health.HEALTHY),
        (94, 5, Health.FAILING),
        (19, 1, Health.HEALTHY),
    ],
)
def test_the_edges_of_failing(successes: int, errors: int, health: Health) -> None:
    assert judge(Outcomes(successes, errors), 5.0).health is health


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200), st.floats(0, 100))
def test_jobs_that_do_not_count_change_no_verdict(successes: int, errors: int, uncounted: int, rate: float) -> None:
    verdict = judge(Outcomes(successes, errors, uncounted), rate)
    assert verdict.health is judge(Outcomes(successes, errors), rate).health
    assert (verdict.health is Health.FAILING) == (
        successes + errors > 10 and 100 * errors / (successes + errors) > rate
    )


def test_a_verdict_tells_what_it_rests_on() -> None:
    outcomes = Outcomes(successes=18, errors=2, uncounted=5)
    verdict = judge(outcomes, 5.0)
    assert verdict.reason == "2 of 20 finished jobs failed: 10.00 %, above 5 %."
    assert (verdict.outcomes, verdict.max_error_rate) == (outcomes, 5.0)
    assert (outcomes.error_rate, outcomes.success_rate) == (10.0, 72.0)
    assert judge(outcomes, 10.0).reason == "2 of 20 finished jobs failed: 10.00 %, not above 10 %."
    assert judge(Outcomes(1, 0), 5.0).reason.startswith("Only 1 job finished")


def test_nothing_finished_has_no_rate() -> None:
    assert (Outcomes(0, 0).error_rate, Outcomes(0, 0).success_rate) == (None, None)
    assert Outcomes(0, 0, uncounted=2).success_rate == 0


def test_what_was_not_measured_is_neither_healthy_nor_failing() -> None:
    verdict = could_not_measure("The database did not answer.", 5.0)
    assert (verdict.health, verdict.outcomes) == (Health.ERRORED, None)
