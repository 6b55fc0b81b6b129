"""The server's clock: never believed later than it is, and not moved by one wrong Date."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.github.clock import ServerClock
from tests.unit.github.fakes import NOW

S = timedelta(seconds=1)


class Ours:
    time = NOW

    def __call__(self) -> datetime:
        return self.time


def dated(true_time: datetime) -> datetime:
    return true_time.replace(microsecond=0)


def test_until_an_answer_came_our_own_clock_stands_in() -> None:
    clock = ServerClock(Ours())
    clock.observe(None, NOW, NOW)
    assert clock.now() == NOW
    assert clock.stamp(NOW) == "2026-11-22T12:00:00.000000Z"


@given(
    offset=st.floats(-100_000, 100_000),
    requests=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1), st.floats(0, 600)), min_size=1, max_size=30),
)
def test_the_server_is_never_believed_ahead_nor_far_behind(
    offset: float, requests: list[tuple[float, float, float]]
) -> None:
    """Whatever the offset and the delays: a true Date is at most its own second and the way back behind."""
    clock, ours, ahead = ServerClock(Ours()), NOW, timedelta(seconds=offset)
    for took, share, later in requests:
        sent, received = ours, ours + timedelta(seconds=took)
        clock.observe(dated(sent + ahead + timedelta(seconds=took * share)), sent, received)
        behind = (received + ahead) - clock.at(received)
        assert timedelta(0) <= behind <= S + timedelta(seconds=took)
        ours = received + timedelta(seconds=later)


def test_many_answers_find_the_offset_closely() -> None:
    clock, ahead = ServerClock(Ours()), timedelta(seconds=7.3)
    for tenth in range(30):
        moment = NOW + timedelta(seconds=tenth * 1.1)
        clock.observe(dated(moment + ahead), moment, moment)
    assert timedelta(0) <= NOW + ahead - clock.at(NOW) <= timedelta(seconds=0.11)


def test_one_wrong_date_is_not_believed() -> None:
    clock = ServerClock(Ours())
    clock.observe(NOW, NOW, NOW)
    clock.observe(NOW + timedelta(days=1), NOW, NOW)
    assert clock.now() == NOW
    clock.observe(NOW, NOW, NOW)
    clock.observe(NOW - timedelta(days=1), NOW, NOW)
    assert clock.now() == NOW


def test_two_that_agree_are() -> None:
    clock, hour = ServerClock(Ours()), timedelta(hours=1)
    clock.observe(NOW, NOW, NOW)
    clock.observe(NOW + hour, NOW, NOW)
    clock.observe(NOW + hour, NOW, NOW)
    assert clock.now() == NOW + hour


def test_two_wrong_dates_that_disagree_are_not() -> None:
    clock = ServerClock(Ours())
    clock.observe(NOW, NOW, NOW)
    clock.observe(NOW + timedelta(hours=1), NOW, NOW)
    clock.observe(NOW + timedelta(hours=5), NOW, NOW)
    assert clock.now() == NOW


@given(offset=st.floats(-1_000, 1_000), took=st.floats(0, 3), gap=st.floats(0.001, 2))
def test_what_comes_after_anothers_request_is_stamped_later(offset: float, took: float, gap: float) -> None:
    """Another process knew the server's clock exactly; this one has seen one Date, before or after it heard of that."""
    ahead = timedelta(seconds=offset)
    for hears_first in (True, False):
        ours = Ours()
        clock = ServerClock(ours)
        received = NOW + timedelta(seconds=took)
        theirs = received + ahead
        ours.time = received + timedelta(seconds=gap)
        sample = (dated(NOW + ahead), NOW, received)
        if hears_first:
            clock.not_before(theirs)
            clock.observe(*sample)
        else:
            clock.observe(*sample)
            clock.not_before(theirs)
        asked_at = ours.time + timedelta(microseconds=1)
        assert theirs < clock.at(asked_at) <= asked_at + ahead


def test_a_stamp_that_the_dates_contradict_is_not_believed() -> None:
    clock = ServerClock(Ours())
    clock.observe(NOW, NOW, NOW)
    clock.not_before(NOW + timedelta(days=1))
    assert clock.now() == NOW
