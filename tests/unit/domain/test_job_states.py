"""The table of transitions as a state machine, the diagram made from it, and the values that jobs gained."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.jobs import (
    FINAL,
    OPEN,
    TRANSITIONS,
    JobState,
    Resources,
    states_before,
)
from scripts import life_cycle
from tests.support.examples import examples

RESOURCES = st.builds(Resources, *[st.integers(0, 10**9)] * 4)


class Life(RuleBasedStateMachine):
    """A job moved by guards alone, as the statements of the store move it: never by looking at the table forwards."""

    @initialize()
    def open_one(self) -> None:
        self.state = JobState.PENDING
        self.settled: JobState | None = None
        self.path = [self.state]

    @rule(wanted=st.sampled_from(JobState))
    def try_to_move(self, wanted: JobState) -> None:
        if self.state in states_before(wanted):
            self.state = wanted
            self.path.append(wanted)
        if self.state in FINAL and self.settled is None:
            self.settled = self.state

    @invariant()
    def a_settled_job_stays_what_it_is(self) -> None:
        assert self.settled is None or self.state is self.settled

    @invariant()
    def every_step_is_in_the_table(self) -> None:
        assert all(after in TRANSITIONS[before] for before, after in pairwise(self.path))

    @invariant()
    def only_work_under_way_settles_otherwise_than_by_cancelling(self) -> None:
        if self.state in FINAL - {JobState.CANCELLED}:
            assert self.path[-2] is JobState.PROCESSING

    @invariant()
    def whoever_is_open_can_be_cancelled(self) -> None:
        assert (JobState.CANCELLED in TRANSITIONS[self.state]) == (self.state in OPEN)


# Not measured: hundreds of steps over the lines that the others walk once.
Life.TestCase.settings = settings(Life.TestCase.settings, max_examples=examples(30))
TestLife = pytest.mark.no_cover(Life.TestCase)


def test_the_diagram_is_the_table() -> None:
    text = life_cycle.DOCUMENT.read_text(encoding="utf-8")
    assert text == life_cycle.rendered()
    drawn = set(re.findall(r"^    (\w+) --> (\w+):", text, re.MULTILINE))
    assert drawn == {(before.value, after.value) for before in TRANSITIONS for after in TRANSITIONS[before]}
    ends = set(re.findall(r"^    (\w+) --> \[\*\]$", text, re.MULTILINE))
    assert ends == {state.value for state in FINAL}
    assert set(life_cycle.WAYS) == {(before, after) for before in TRANSITIONS for after in TRANSITIONS[before]}


def test_what_github_keeps_from_us_is_not_retried_and_not_the_rollouts_fault() -> None:
    beyond = {each for each in ErrorClass if not each.retryable}
    assert beyond == {ErrorClass.MISSING, ErrorClass.DENIED, ErrorClass.CREDENTIALS, ErrorClass.BLOCKED}
    assert beyond == {each for each in ErrorClass if not each.counts_against_rollout}


@given(RESOURCES, RESOURCES)
def test_resources_add_up_and_memory_is_the_largest(one: Resources, other: Resources) -> None:
    both = one + other
    assert both == other + one
    assert both.peak_memory_bytes == max(one.peak_memory_bytes, other.peak_memory_bytes)
    assert (both.cpu_ms, both.executions, both.runner_minutes) == (
        one.cpu_ms + other.cpu_ms,
        one.executions + other.executions,
        one.runner_minutes + other.runner_minutes,
    )
    assert one + Resources() == one
