"""What a page of the list cut off: in halves where that is too heavy, and a gap where GitHub gives nothing."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from progressive_capture.capture.index import Index
from progressive_capture.capture.index_pages import judged_rows
from progressive_capture.capture.session import Pause
from progressive_capture.domain.kinds import Kind, Proof, Source, State
from progressive_capture.domain.planning import Operation, Sizes
from progressive_capture.domain.records import IndexRow, PullRequestLabelRow, Reading, Records
from progressive_capture.github.outcomes import Broken, Outcome, Page, TooHeavy
from progressive_capture.github.results import FollowUpPage, IndexPage, LookUp

AT = "2026-01-01T00:00:00.000000Z"


class Further:
    """Gives one more label to each look-up, but for the outcomes that a test puts before; keeps what was asked."""

    def __init__(self, *first: Outcome[Any]) -> None:
        self.first = list(first)
        self.asked: list[list[int]] = []

    async def follow_up(self, _: object, lookups: list[LookUp]) -> Outcome[FollowUpPage]:
        self.asked.append([each.number for each in lookups])
        if self.first:
            return self.first.pop(0)
        records = Records(pr_labels=[PullRequestLabelRow(each.pull_request_id, "M") for each in lookups])
        readings = [Reading(*each[:1], Kind.LABELS, each.node_id, 2, 1, None, Proof.TOTAL) for each in lookups]
        return Page(FollowUpPage(records, readings, [], AT, Source.GRAPHQL))


def cut_off(*numbers: int) -> IndexPage:
    records = Records(
        index=[IndexRow(number, number, f"P{number}", "OPEN", AT, AT) for number in numbers],
        pr_labels=[PullRequestLabelRow(number, "L") for number in numbers],
    )
    readings = [Reading(number, Kind.LABELS, f"P{number}", 2, 1, "c", Proof.TOTAL) for number in numbers]
    return IndexPage(records, readings, None, AT, Source.GRAPHQL, None)


async def states(further: Further, *numbers: int) -> tuple[list[State], Sizes]:
    sizes = Sizes(kinds=frozenset(Kind))

    async def ask(call: Any) -> Any:
        return await call()

    session = SimpleNamespace(ask=ask, sizes=sizes, repo=None, tools=SimpleNamespace(api=further))
    page = await Index(cast("Any", session))._whole(cut_off(*numbers))
    return [row.state for row in judged_rows(page.readings)], sizes


async def test_what_is_too_heavy_is_asked_for_in_halves() -> None:
    further = Further(TooHeavy("ten seconds"), TooHeavy("ten seconds"))
    assert (await states(further, *range(1, 9)))[0] == [State.COMPLETE] * 8
    assert list(map(len, further.asked)) == [8, 4, 2, 2, 2, 2]


async def test_one_that_stays_too_heavy_is_a_gap_and_no_other() -> None:
    further = Further(TooHeavy("ten seconds"), TooHeavy("ten seconds"))
    found, sizes = await states(further, 1, 2)
    assert found == [State.GAP, State.COMPLETE]
    assert sizes.size(Operation.FOLLOW_UP) == 1


async def test_a_cursor_that_is_lost_leaves_a_gap() -> None:
    further = Further(Broken("`Yw==` does not appear to be a valid cursor.", retryable=False, cursor_lost=True))
    assert (await states(further, 1))[0] == [State.GAP]


async def test_a_github_out_of_order_ends_the_walk() -> None:
    with pytest.raises(Pause):
        await states(Further(Broken("500", retryable=True)), 1)
