"""What becomes of silent jobs: one that may be at work is never taken away, and none waits for ever."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.queue.engine import RunState
from progressive_capture.queue.judging import FORGOTTEN, Limits, Verdict, judge, of_job, told

STATES = st.sampled_from(list(RunState))
SPANS = st.timedeltas(timedelta(), timedelta(days=30))
LIMITS = st.builds(Limits, unknown_for=SPANS, queued_for=SPANS)
SECOND = timedelta(seconds=1)


@given(STATES, SPANS, LIMITS)
def test_a_job_is_taken_away_only_when_nobody_can_be_at_work(state: RunState, span: timedelta, limits: Limits) -> None:
    verdict = judge(state, span, limits)
    match state:
        case RunState.RUNNING:
            assert verdict is Verdict.LEFT
        case RunState.QUEUED:
            assert verdict is (Verdict.LEFT if span < limits.queued_for else Verdict.STOPPED)
        case RunState.UNKNOWN:
            assert verdict is (Verdict.LEFT if span < limits.unknown_for else Verdict.BACK)
        case RunState.GONE | RunState.CANCELLED:
            assert verdict is Verdict.BACK
        case _:
            assert verdict is Verdict.FAILED


@pytest.mark.parametrize(("span", "verdict"), [(FORGOTTEN - SECOND, Verdict.LEFT), (FORGOTTEN, Verdict.BACK)])
def test_an_engine_that_is_not_set_up_any_more_is_waited_for_two_hours(span: timedelta, verdict: Verdict) -> None:
    assert judge(RunState.UNKNOWN, span, Limits()) is verdict


@given(st.lists(STATES, min_size=1))
def test_while_one_shard_may_be_at_work_the_job_may_be(states: list[RunState]) -> None:
    found = of_job(states)
    assert found in states
    for alive in (RunState.RUNNING, RunState.QUEUED, RunState.UNKNOWN):
        if alive in states:
            assert judge(found, timedelta(), Limits()) is Verdict.LEFT
    assert (found is RunState.GONE) == (set(states) == {RunState.GONE})


def test_of_no_shard_nothing_is_known() -> None:
    assert of_job([]) is RunState.UNKNOWN


def test_each_state_is_told_in_a_sentence_of_its_own() -> None:
    sentences = {told(state, "GitHub Actions") for state in RunState if state is not RunState.RUNNING}
    assert len(sentences) == len(RunState) - 1
    assert all("GitHub Actions" in each and each.endswith(".") for each in sentences)
