"""Walks over the list: what each may raise, mark and leave out; each guard here was seen to hold something."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from progressive_capture.domain.kinds import Kind
from progressive_capture.store.database import Database
from progressive_capture.store.repositories import find_repository
from progressive_capture.store.tables import PULL_REQUEST_INDEX, PULL_REQUESTS
from tests.support.little_github import NAME, START, LittleGitHub, Visitor

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def github() -> LittleGitHub:
    return LittleGitHub.of(7)


@pytest.fixture
def visitor(github: LittleGitHub, sqlite_url: str) -> Visitor:
    return Visitor(github, sqlite_url)


def watermark(visitor: Visitor) -> str | None:
    database = Database.open(visitor.database_url, create=False)
    try:
        with database.reading() as connection:
            stored = find_repository(connection, 1, NAME)
            assert stored is not None
            return stored.watermark
    finally:
        database.close()


def deleted(visitor: Visitor) -> list[int]:
    """The numbers marked as deleted, in the index and among the pull requests alike."""
    database = Database.open(visitor.database_url, create=False)
    try:
        with database.reading() as connection:
            listed, held = (
                sorted(
                    connection.scalars(
                        table.select().with_only_columns(table.c.number).where(table.c.deleted_at.is_not(None))
                    )
                )
                for table in (PULL_REQUEST_INDEX, PULL_REQUESTS)
            )
    finally:
        database.close()
    assert listed == held
    return listed


@pytest.mark.parametrize(
    "scope",
    [
        {"limit": 7},
        {"numbers": (1, 2, 3, 4, 5, 6, 7)},
        {"since_days": 3_000},
        {"updated_from": "2020-01-01T00:00:00Z"},
        {"updated_to": "2030-01-01T00:00:00Z"},
        {"kinds": frozenset(Kind) - {Kind.LABELS}},
    ],
)
async def test_a_narrowed_capture_moves_no_watermark_though_it_met_everything(
    visitor: Visitor, scope: dict[str, Any]
) -> None:
    captured = await visitor.capture(**scope)
    assert (captured.gap_count, captured.pull_requests, captured.mode) == (0, 7, "part")
    assert not captured.held_before
    assert watermark(visitor) is None
    assert not captured.nothing_meant
    whole = await visitor.capture()
    assert (whole.mode, whole.held_before) == ("first", True)


async def test_a_time_in_which_nothing_was_updated_is_known_from_one_in_which_all_is_read(visitor: Visitor) -> None:
    assert (await visitor.capture(updated_from="2099-01-01T00:00:00Z")).nothing_meant
    assert not (await visitor.capture()).nothing_meant
    again = await visitor.capture(updated_to="2030-01-01T00:00:00Z")
    assert (again.pull_requests, again.nothing_meant) == (0, False)
    assert watermark(visitor) is not None


async def test_a_narrowed_capture_after_a_whole_one_leaves_the_watermark_where_it_was(visitor: Visitor) -> None:
    await visitor.capture()
    before = watermark(visitor)
    visitor.github.now += DAY
    await visitor.capture(limit=3)
    assert watermark(visitor) == before


async def test_only_a_full_capture_of_everything_marks_what_is_gone(visitor: Visitor) -> None:
    await visitor.capture(numbers=(1, 2, 3))
    del visitor.github.pulls[2]
    for scope in ({}, {"full": True, "limit": 6}, {"full": True, "since_days": 3_000}):
        visitor.github.now += DAY
        await visitor.capture(**scope)
        assert deleted(visitor) == []
    visitor.github.now += DAY
    await visitor.capture(full=True)
    assert deleted(visitor) == [2]


async def test_an_incremental_walk_meets_a_stamp_set_late_behind_the_watermark(visitor: Visitor) -> None:
    """The page with newer stamps lies behind the watermark too: only the overlap makes the walk go on."""
    await visitor.capture()
    began = visitor.github.now
    for number, minutes in ((5, 2), (6, 3), (7, 4.5), (1, 4.8)):
        visitor.github.change(number, began - minutes * MINUTE, title="Stamped late")
    visitor.github.now += DAY
    again = await visitor.capture()
    assert (again.mode, again.pull_requests) == ("incremental", 4)
    assert len(visitor.github.pages("updated")) == 2


@pytest.mark.parametrize("vanished", [(1,), (3,), (1, 2, 3)], ids=["one listed", "the last listed", "all listed"])
async def test_an_update_behind_one_that_vanishes_meanwhile_is_read(sqlite_url: str, vanished: tuple[int, ...]) -> None:
    """All that is behind it moves up: the first of the second page to the first page, which was read before."""
    visitor = Visitor(LittleGitHub.of(12), sqlite_url)
    github = visitor.github
    await visitor.capture()
    github.now += 2 * DAY
    for number in range(1, 7):
        github.change(number, github.now - number * MINUTE, title="Changed")
    github.now += DAY

    def hide(path: str) -> None:
        if path.endswith("/pulls") and len(github.pages("updated")) == 2:
            github.hidden = set(vanished)

    github.before = hide
    again = await visitor.capture()
    assert (again.mode, again.pull_requests, again.gap_count) == ("incremental", 6, 0)


async def test_a_walk_ends_behind_the_overlap(visitor: Visitor) -> None:
    await visitor.capture()
    visitor.github.now += DAY
    await visitor.capture()
    assert len(visitor.github.pages("updated")) == 1


async def test_what_the_first_walk_left_out_the_second_finds(visitor: Visitor, github: LittleGitHub) -> None:
    github.hidden = {4}

    def show_in_the_second(path: str) -> None:
        if path.endswith("/pulls") and len(github.pages("created")) > 2:
            github.hidden = set()

    github.before = show_in_the_second
    captured = await visitor.capture()
    assert (captured.unlisted, captured.gap_count, captured.pull_requests) == (0, 0, 7)
    assert watermark(visitor) is not None


async def test_what_two_walks_left_out_is_told_and_moves_no_watermark(visitor: Visitor, github: LittleGitHub) -> None:
    await visitor.capture()
    github.now += DAY
    before = watermark(visitor)
    github.hidden = {4}
    github.asked.clear()
    captured = await visitor.capture(full=True)
    assert (captured.unlisted, captured.gap_count) == (1, 1)
    assert len(github.pages("created")) == 4
    assert watermark(visitor) == before
    assert deleted(visitor) == []


def vanish_and_open(github: LittleGitHub) -> None:
    """Before the second page of the first walk number 2 vanishes, so that 4 slips past, and 8 is opened."""

    def change(path: str) -> None:
        if path.endswith("/pulls") and len(github.pages("created")) == 2 and 2 in github.pulls:
            del github.pulls[2]
            github.now += SECOND
            github.change(8, github.now)
            github.now += SECOND

    github.before = change


async def test_one_opened_in_the_walk_stands_for_none_that_slipped_past(visitor: Visitor, github: LittleGitHub) -> None:
    vanish_and_open(github)
    captured = await visitor.capture()
    assert (captured.unlisted, captured.held["pull_request_index"]) == (0, 8)
    assert {gap.number for gap in captured.gaps} == {2}
    assert len(github.pages("created")) == 6
    assert deleted(visitor) == []
    assert watermark(visitor) is not None


async def test_a_full_capture_marks_no_living_pull_request_that_slipped_past(
    visitor: Visitor, github: LittleGitHub
) -> None:
    await visitor.capture()
    github.now += DAY
    github.asked.clear()
    vanish_and_open(github)
    captured = await visitor.capture(full=True)
    assert (captured.unlisted, captured.gap_count) == (0, 0)
    assert deleted(visitor) == [2]


async def test_one_opened_after_github_counted_hides_none_that_is_never_listed(
    visitor: Visitor, github: LittleGitHub
) -> None:
    github.hidden = {4}

    def open_one(path: str) -> None:
        if path.endswith("/pulls") and github.pages("created") and 8 not in github.pulls:
            github.change(8, github.now)
            github.now += SECOND

    github.before = open_one
    captured = await visitor.capture()
    assert (captured.unlisted, captured.gap_count) == (1, 1)
    assert watermark(visitor) is None


async def test_a_repository_in_which_one_is_opened_before_each_page_of_the_list_is_walked_twice_and_no_more(
    visitor: Visitor, github: LittleGitHub
) -> None:
    github.before = lambda path: github.change(len(github.pulls) + 1, github.now) if path.endswith("/pulls") else None
    captured = await visitor.capture()
    assert captured.unlisted
    assert sum("page=1&" in f"{page}&" for page in github.pages("created")) == 2
    github.before = lambda _: None
    github.now += MINUTE
    assert (await visitor.capture()).gap_count == 0


def open_with_the_list(github: LittleGitHub, number: int, path: str) -> None:
    if path.endswith("/pulls"):
        github.change(number, github.now)


async def test_an_incremental_capture_forgets_none_that_github_counts_and_does_not_list(
    visitor: Visitor, github: LittleGitHub
) -> None:
    await visitor.capture()
    github.now += DAY
    github.change(8, github.now)
    github.hidden = {8}
    github.now += MINUTE
    assert (await visitor.capture(full=True)).unlisted == 1
    marks = [watermark(visitor)]
    for number in (9, 10):
        github.now += DAY
        github.before = partial(open_with_the_list, github, number)
        captured = await visitor.capture()
        assert (captured.mode, captured.unlisted, captured.gap_count) == ("incremental", 1, 1)
        marks.append(watermark(visitor))
    assert None not in marks
    assert marks == sorted(set(filter(None, marks)))
    github.before = lambda _: None
    assert (await visitor.verify()).unlisted == 1
    github.hidden = set()
    github.now += DAY
    assert (await visitor.capture(full=True)).gap_count == 0
    assert (await visitor.verify()).gap_count == 0


async def test_a_walk_taken_over_by_a_process_whose_clock_is_known_less_well_is_one_walk(
    visitor: Visitor, github: LittleGitHub
) -> None:
    """Its pages were asked for after the walk began, whatever its own estimate of the server's time."""

    def list_half_a_second_later(path: str) -> None:
        if path.endswith("/pulls"):
            github.now = START + timedelta(seconds=0.5)

    github.before = list_half_a_second_later
    visitor.stop_when = lambda: bool(github.pages("created"))
    assert (await visitor.capture()).interrupted
    assert len(visitor.steps) == 1
    github.before = lambda _: None
    github.now = START + timedelta(seconds=0.9)
    visitor.stop_when = lambda: False
    github.asked.clear()
    captured = await visitor.capture()
    assert (captured.unlisted, captured.gap_count, captured.pull_requests) == (0, 0, 7)
    assert len(github.pages("created")) == 2
