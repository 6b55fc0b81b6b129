"""Pages of the list as values: cut to a limit, joined with what was cut off, judged, and shared out."""

from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.capture.index import SHARD_MIN, shard_lists
from progressive_capture.capture.index_pages import first_of, joined, judged_rows
from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.kinds import Kind, Proof, Source, State
from progressive_capture.domain.records import IndexRow, PullRequestLabelRow, Reading, Records
from progressive_capture.domain.routing import SHARD_ITEMS
from progressive_capture.github.results import FollowUpPage, IndexPage, LookUp

AT = "2026-01-01T00:00:00.000000Z"


def page(*numbers: int, cursor: str | None = None) -> IndexPage:
    records = Records(
        index=[IndexRow(number, number, f"P{number}", "OPEN", AT, AT) for number in numbers],
        pr_labels=[PullRequestLabelRow(number, "L") for number in numbers],
    )
    readings = [Reading(number, Kind.LABELS, f"P{number}", 2, 1, cursor, Proof.TOTAL) for number in numbers]
    return IndexPage(records, readings, None, AT, Source.GRAPHQL, None)


def test_a_limit_keeps_the_first_with_all_that_is_theirs() -> None:
    cut = first_of(page(9, 8, 7), 2)
    assert [row.number for row in cut.records.index] == [9, 8]
    assert [row.pull_request_id for row in cut.records.pr_labels] == [9, 8]
    assert [each.pull_request_id for each in cut.readings] == [9, 8]


def test_further_labels_complete_their_reading_and_a_missing_answer_breaks_it() -> None:
    listed = page(1, 2, 3, cursor="c")
    asked = [LookUp(number, number, f"P{number}", Kind.LABELS, "c") for number in (1, 2)]
    further = FollowUpPage(
        Records(pr_labels=[PullRequestLabelRow(1, "M")]),
        [Reading(1, Kind.LABELS, "P1", 2, 1, None, Proof.TOTAL)],
        [],
        AT,
        Source.GRAPHQL,
    )
    whole = joined(listed, further, asked)
    assert PullRequestLabelRow(1, "M") in whole.records.pr_labels
    states = {row.pull_request_id: row.state for row in judged_rows(whole.readings)}
    assert states == {1: State.COMPLETE, 2: State.GAP, 3: State.GAP}
    assert {each.pull_request_id for each in whole.readings if each.cursor} == {3}


def test_a_label_that_two_pages_have_in_common_is_counted_once() -> None:
    listed = page(1, cursor="c")
    asked = [LookUp(1, 1, "P1", Kind.LABELS, "c")]
    again = Reading(1, Kind.LABELS, "P1", 2, 1, None, Proof.TOTAL)
    further = FollowUpPage(Records(pr_labels=[PullRequestLabelRow(1, "L")]), [again], [], AT, Source.GRAPHQL)
    (row,) = judged_rows(joined(listed, further, asked).readings)
    assert (row.stored, row.expected, row.state) == (1, 2, State.GAP)


@given(st.integers(1, 90_000), st.integers(1, 9))
def test_bulk_shards_hold_every_number_once_in_order_and_keep_their_bounds(count: int, runners: int) -> None:
    numbers = list(range(count))
    lists = list(shard_lists(numbers, runners, SHARD_ITEMS[Processor.GITHUB_ACTIONS]))
    assert [number for each in lists for number in each] == numbers
    assert all(len(each) <= SHARD_ITEMS[Processor.GITHUB_ACTIONS] for each in lists)
    assert len(lists) == 1 or min(len(each) for each in lists[:-1]) >= SHARD_MIN


@given(st.integers(1, 5_000), st.integers(1, 9))
def test_real_time_shards_are_small(count: int, runners: int) -> None:
    numbers = list(range(count))
    lists = list(shard_lists(numbers, runners, SHARD_ITEMS[Processor.INNGEST]))
    assert [number for each in lists for number in each] == numbers
    assert all(len(each) <= 100 for each in lists)
    assert len(lists) <= -(-count // 100) or min(map(len, lists[:-1])) >= SHARD_MIN
