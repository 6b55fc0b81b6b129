"""What steps add up to, over several shards and phases."""

from progressive_capture.capture.report import Progress
from progressive_capture.operator.tally import Tally


class Clock:
    """Seconds that pass only when told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def step(phase: str, done: int, total: int | None, shard: int = 0, rows: int = 10) -> Progress:
    return Progress(phase, done, total, rows, points_left=4_999, requests_left=None, shard=shard)


def test_a_phase_begins_with_its_first_step_only() -> None:
    tally = Tally(Clock())
    assert [tally.add(step("index", 100, 250)), tally.add(step("index", 200, 250))] == [True, False]
    assert tally.add(step("hydrate", 29, 250, shard=1))
    assert tally.doing == "reading"


def test_shards_are_summed_and_each_counts_by_its_latest_step() -> None:
    tally = Tally(Clock())
    for each in (step("hydrate", 29, 100, 1), step("hydrate", 29, 120, 2), step("hydrate", 58, 100, 1)):
        tally.add(each)
    assert (tally.done, tally.total, tally.rows) == (87, 220, 30)


def test_one_shard_that_cannot_say_leaves_the_total_unknown() -> None:
    tally = Tally(Clock())
    tally.add(step("index", 100, None))
    assert tally.total is None
    assert tally.seconds_left is None
    assert tally.sentence() == "listing: 100 pull requests, 10 rows, 4,999 points left"


def test_the_pace_counts_what_was_done_since_the_phase_was_taken_up() -> None:
    clock = Clock()
    tally = Tally(clock)
    tally.add(step("hydrate", 900, 1_000))  # resumed: 900 of them were done before
    assert "a second" not in tally.details()
    clock.now += 10
    tally.add(step("hydrate", 950, 1_000))
    assert (tally.per_second, tally.seconds_left) == (5, 10)
    assert tally.sentence() == (
        "reading: 950 of 1,000 pull requests, 5.0 a second, 20 rows, 4,999 points left, about 10 s to go"
    )


def test_before_any_step_it_is_starting() -> None:
    assert Tally(Clock()).doing == "starting"
