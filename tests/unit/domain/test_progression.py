"""Each gate of the staged progression refuses by itself, and says so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.progression import RUNNER_MEMORY, Savings, advance, next_step
from progressive_capture.domain.rollout import STEPS, Origin, RolloutEnvironment, RolloutRow, Strategy, effective
from progressive_capture.domain.verdict import Outcomes, could_not_measure, judge

NOW = datetime(2026, 3, 2, tzinfo=UTC)
AT_TEN = effective(RolloutRow(rollout_percentage=10), RolloutEnvironment(), lanes_local=False)
GOOD = Outcomes(successes=99, errors=1, uncounted=1, peak_memory_bytes=100 * 1024**2)
SAVED = Savings(micro_usd=1_000_000, inngest_only_micro_usd=3_500_000, executions=10, inngest_only_executions=35)
SPARED = Savings(0, 0, 10, 11)


def refusals(outcomes: Outcomes = GOOD, savings: Savings = SAVED, rolled_back_at: datetime | None = None) -> list[str]:
    found = advance(AT_TEN, judge(outcomes, AT_TEN.max_error_rate), savings, rolled_back_at, NOW)
    assert found.percentage is None
    return list(found.reasons)


def test_a_good_window_goes_one_step_and_shows_the_savings() -> None:
    found = advance(AT_TEN, judge(GOOD, 5), SAVED, None, NOW)
    assert found.percentage == 25
    assert found.reasons == (
        "1 of 100 finished jobs failed: 1.00 %, not above 5 %.",
        "The rollout saved $2.50 in the window.",
    )


def test_where_all_is_free_the_executions_that_were_spared_are_the_savings() -> None:
    found = advance(AT_TEN, judge(GOOD, 5), SPARED, None, NOW)
    assert (found.percentage, found.reasons[1]) == (
        25,
        "The rollout spared 1 of Inngest's executions in the window, at the same cost.",
    )


@given(st.floats(0, 100))
def test_steps_only_rise(percentage: float) -> None:
    step = next_step(percentage)
    assert step is None if percentage == 100 else step is not None
    assert step is None or (step > percentage and all(each <= percentage or each >= step for each in STEPS))


def test_there_is_nothing_above_a_hundred() -> None:
    found = advance(replace(AT_TEN, percentage=100), judge(GOOD, 5), SAVED, None, NOW)
    assert (found.percentage, found.reasons) == (None, ("The rollout is at 100 % already.",))


@pytest.mark.parametrize(
    ("outcomes", "refusal"),
    [
        (replace(GOOD, successes=95, errors=5), "The error rate is 5.00 %, and must be below 5 %."),
        (replace(GOOD, successes=85, errors=0, uncounted=15), "The success rate is 85.00 %, and must be above 85 %."),
        (replace(GOOD, timed_out=1), "1 jobs did not end within their time."),
        (replace(GOOD, peak_memory_bytes=RUNNER_MEMORY * 4 // 5 + 1), "A runner used 5734 MiB of memory"),
        (Outcomes(9, 1), "Only 10 jobs finished in the window"),
        (Outcomes(1, 0), "Only 1 job finished in the window"),
        (Outcomes(0, 0), "Only 0 jobs finished in the window"),
    ],
)
def test_each_measure_refuses_by_itself(outcomes: Outcomes, refusal: str) -> None:
    (found,) = refusals(outcomes)
    assert found.startswith(refusal)


def test_just_inside_every_bound_is_good_enough() -> None:
    outcomes = Outcomes(successes=86, errors=4, uncounted=10, peak_memory_bytes=RUNNER_MEMORY * 4 // 5 - 1)
    assert advance(AT_TEN, judge(outcomes, 5), SPARED, None, NOW).percentage == 25
    unmeasured = replace(outcomes, peak_memory_bytes=None)
    assert advance(AT_TEN, judge(unmeasured, 5), SPARED, None, NOW).percentage == 25


def test_a_failing_window_is_refused_also_where_the_bound_of_rollbacks_is_higher() -> None:
    found = advance(AT_TEN, judge(Outcomes(90, 10), 20), SAVED, None, NOW)
    assert found.reasons == ("The error rate is 10.00 %, and must be below 5 %.",)


def test_what_the_monitor_would_roll_back_takes_no_step() -> None:
    found = advance(AT_TEN, judge(Outcomes(97, 3), 2), SAVED, None, NOW)
    assert (found.percentage, found.reasons) == (None, ("3 of 100 finished jobs failed: 3.00 %, above 2 %.",))


def test_what_was_not_measured_is_no_reason_to_advance() -> None:
    found = advance(AT_TEN, could_not_measure("The database did not answer.", 5), SAVED, None, NOW)
    assert (found.percentage, found.reasons) == (None, ("The database did not answer.",))


@pytest.mark.parametrize(
    ("savings", "refusal"),
    [
        (Savings(None, 5, 1, 1), "What the rollout saves is not known"),
        (Savings(5, None, 1, 1), "What the rollout saves is not known"),
        (Savings(6, 5, 0, 9), "The rollout costs $0.000001 more"),
        (Savings(0, 0, 0, 0), "No job of the window shows whether"),
        (Savings(0, 0, 9, 9), "The rollout saved nothing in the window"),
        (Savings(5, 5, 9, 9), "The rollout saved nothing in the window"),
    ],
)
def test_savings_are_shown_or_there_is_no_step(savings: Savings, refusal: str) -> None:
    (found,) = refusals(savings=savings)
    assert found.startswith(refusal)


def test_after_a_rollback_a_window_passes_first() -> None:
    (found,) = refusals(rolled_back_at=NOW - timedelta(hours=23, minutes=59))
    assert "wait until 2026-03-02 00:01 UTC" in found
    assert advance(AT_TEN, judge(GOOD, 5), SAVED, NOW - timedelta(hours=24), NOW).percentage == 25


def test_a_step_that_would_admit_nobody_is_not_taken() -> None:
    listed = replace(AT_TEN, strategy=Strategy.WHITELIST)
    found = advance(listed, judge(GOOD, 5), SAVED, None, NOW)
    assert found.percentage is None
    assert found.reasons == (
        "The strategy whitelist admits its list whatever the percentage: set another strategy first.",
    )


def test_all_that_stands_in_the_way_is_told_at_once() -> None:
    stopped = replace(AT_TEN, is_active=False, stopped_by=(Origin.ENVIRONMENT,))
    found = advance(stopped, judge(Outcomes(0, 11, timed_out=3), 5), Savings(None, None, 0, 0), NOW, NOW)
    assert found.percentage is None
    assert len(found.reasons) == 7
