"""The schema of events: what is sent is what is read, ids rise, and whatever is not ours is refused in words."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.jobs import JobType
from progressive_capture.domain.priority import HIGHEST
from progressive_capture.engines.inngest import events
from progressive_capture.engines.inngest.events import (
    EventRefused,
    JobCancelled,
    ShardHandedOver,
    data_of,
    handed_over,
    read,
)
from progressive_capture.processes import is_gone
from progressive_capture.queue.engine import Handover

MOST = timedelta(minutes=5)
counts = st.integers(0, 10**6)
handovers = st.builds(
    Handover,
    job_id=st.uuids().map(str),
    k=counts,
    attempt=counts,
    part=counts,
    principal=st.none() | st.just("user:7"),
    job_type=st.sampled_from(JobType),
    repository_name=st.just("Org/Name"),
    host_id=st.integers(1, 9),
    priority=st.integers(-5, HIGHEST + 50),
)


@given(handovers)
def test_what_is_sent_is_what_is_read(handover: Handover) -> None:
    event = handed_over(handover, MOST, HIGHEST)
    assert read(ShardHandedOver, data_of(event)) == event
    assert 0 <= event.head_start <= MOST.total_seconds()


@given(handovers, handovers)
def test_two_events_have_one_id_only_when_they_hand_over_the_same_part_of_the_same_attempt(
    one: Handover, other: Handover
) -> None:
    def identity(handover: Handover) -> tuple[Any, ...]:
        return (handover.job_id, handover.k, handover.attempt, handover.part)

    ids = {handed_over(each, MOST, HIGHEST).event_id for each in (one, other)}
    assert (len(ids) == 1) == (identity(one) == identity(other))


@given(handovers)
def test_a_later_part_has_another_id_and_the_same_holder_whom_no_process_is(handover: Handover) -> None:
    event = handed_over(handover, MOST, HIGHEST)
    later = event.on(part=event.part + 1)
    assert later.event_id != event.event_id
    assert later.holder == event.holder
    assert not is_gone(event.holder)


@given(handovers, handovers)
def test_the_more_urgent_job_never_starts_behind(one: Handover, other: Handover) -> None:
    first, second = sorted((one, other), key=lambda each: each.priority)
    assert handed_over(first, MOST, HIGHEST).head_start <= handed_over(second, MOST, HIGHEST).head_start


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"version": 2}, "let sender and app be of one release"),
        ({"version": None}, "schema version None"),
        ({"attempt": "1"}, r"Expected `int`, got `str` - at `\$.attempt`"),
        ({"job_id": None}, r"at `\$.job_id`"),
        ({"more": 1}, "unknown field `more`"),
    ],
)
def test_what_is_not_of_the_schema_is_refused_in_words(changed: dict[str, Any], said: str) -> None:
    data = data_of(JobCancelled(job_id=str(uuid.uuid4()), attempt=1))
    with pytest.raises(EventRefused, match=said):
        read(JobCancelled, data | changed)


def test_each_asking_for_a_test_counts() -> None:
    assert events.TestAsked(nonce="a").event_id != events.TestAsked(nonce="b").event_id
