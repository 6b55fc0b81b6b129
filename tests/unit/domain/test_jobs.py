from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.jobs import (
    CLAIMABLE,
    FINAL,
    OPEN,
    TRANSITIONS,
    UNSETTLED,
    Counters,
    EngineName,
    Figures,
    JobState,
    JobType,
    NewJob,
    Outcome,
    Processor,
    ShardState,
    Trigger,
    states_before,
    worst,
)
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.scope import SourceChoice

COUNTERS = st.builds(Counters, *[st.integers(0, 1_000)] * 11)


def test_no_path_leaves_a_final_state() -> None:
    assert {JobState.COMPLETED, JobState.DEAD, JobState.CANCELLED} == FINAL
    assert set(TRANSITIONS) == set(JobState) == OPEN | FINAL
    assert not OPEN & FINAL


@given(st.sampled_from(sorted(OPEN)))
def test_every_open_job_can_be_cancelled_and_completed(state: JobState) -> None:
    assert JobState.CANCELLED in TRANSITIONS[state]
    reached, frontier = {state}, [state]
    while frontier:
        for following in TRANSITIONS[frontier.pop()] - reached:
            reached.add(following)
            frontier.append(following)
    assert JobState.COMPLETED in reached


@given(st.sampled_from(JobState), st.sampled_from(JobState))
def test_guards_are_the_table_turned_round(before: JobState, after: JobState) -> None:
    assert (before in states_before(after)) == (after in TRANSITIONS[before])


def test_work_is_left_until_a_shard_is_completed_or_given_up() -> None:
    assert set(ShardState) - CLAIMABLE == {ShardState.COMPLETED, ShardState.DEAD, ShardState.CANCELLED}
    assert UNSETTLED < CLAIMABLE
    assert {outcome.value for outcome in Outcome} == {state.value for state in set(ShardState) - UNSETTLED}
    assert {outcome.value for outcome in Outcome} <= {state.value for state in JobState}


@given(st.lists(st.sampled_from(Outcome), min_size=1))
def test_a_job_is_as_its_worst_shard(outcomes: list[Outcome]) -> None:
    found = worst(outcomes)
    assert found in outcomes
    assert worst([*outcomes, Outcome.COMPLETED]) is found
    assert worst([*outcomes, Outcome.DEAD]) is Outcome.DEAD


@given(COUNTERS, COUNTERS)
def test_counters_add_up(one: Counters, other: Counters) -> None:
    assert one + other == other + one
    assert one + other - other == one
    assert one + Counters() == one
    assert (one + other).requests == one.requests + other.requests


def test_forecasts_add_up() -> None:
    assert Figures(3, 1, 0.5) + Figures(44, 30, 20.0) == Figures(47, 31, 20.5)


def test_the_key_tells_host_repository_type_and_scope() -> None:
    def job(host: int = 1, repository: int = 2, scope: str = "all") -> NewJob:
        return NewJob(
            id="x",
            job_type=JobType.RECENT_PRS,
            host_id=host,
            repository_id=repository,
            repository_name="o/n",
            processor=Processor.INNGEST,
            trigger=Trigger.MANUAL,
            scope=scope,
            kinds=frozenset(Kind),
            source=SourceChoice.AUTO,
            spec="{}",
            engine=EngineName.LOCAL,
        )

    assert job().dedupe_key == "1/2/recent-prs/all"
    assert len({each.dedupe_key for each in (job(), job(host=3), job(repository=3), job(scope="limit:1"))}) == 4
