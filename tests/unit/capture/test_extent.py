"""How far back the list is worth walking, found with few requests however long it is."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import example, given, settings
from hypothesis import strategies as st

from progressive_capture.capture import extent
from progressive_capture.domain.kinds import Kind, Source
from progressive_capture.domain.planning import Sizes
from progressive_capture.domain.records import IndexRow, Records
from progressive_capture.domain.scope import github_time
from progressive_capture.github.outcomes import Outcome, Page
from progressive_capture.github.rest_overlap import Listed, Reached
from progressive_capture.github.results import IndexPage
from tests.support.examples import examples

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ALL = Sizes(kinds=frozenset(Kind))


def at(seconds: int) -> str:
    """So many seconds ago."""
    return github_time(NOW - timedelta(seconds=seconds))


class List:
    """Pull requests updated so many seconds ago, the newest first."""

    def __init__(self, ages: list[int]) -> None:
        self.rows = [IndexRow(n, n, f"P{n}", "OPEN", at(age), at(age)) for n, age in enumerate(sorted(ages), 1)]
        self.asked = 0

    async def list_pull_requests(
        self, _repo: object, _order: object, cursor: str | None, source: Source, size: int
    ) -> Outcome[IndexPage]:
        self.asked += 1
        if source is Source.REST:
            return self._by_rest(Reached.of(cursor))
        number = int(cursor or 1)
        rows = self.rows[(number - 1) * size : number * size]
        following = str(number + 1) if number * size < len(self.rows) else None
        return Page(IndexPage(Records(index=rows), [], following, at(0), source, None, cost=1))

    def _by_rest(self, reached: Reached) -> Page[IndexPage]:
        asked = reached.page()
        rows = self.rows[asked.begin : asked.end]
        seen = [Listed(row.pull_request_id, row.updated_at) for row in rows]
        news = reached.news(asked, seen) or []
        following = reached.beyond(asked, seen, news).cursor() if asked.end < len(self.rows) else None
        return Page(IndexPage(Records(index=[rows[place] for place in news]), [], following, at(0), Source.REST, None))


def walk(github: List, source: Source) -> extent._Walk:
    tools = SimpleNamespace(api=github, stopping=lambda: False, clock=lambda: NOW)
    return extent._Walk(cast("Any", tools), cast("Any", None), source, len(github.rows), ALL)


@settings(max_examples=examples(40))
@example(total=1_000, step=1, floor=490, until=0).via("behind the pages looked at, which overlap, on the last hundred")
@given(st.integers(0, 1_300), st.integers(1, 40), st.integers(0, 1_400), st.integers(0, 1_400))
async def test_by_rest_a_time_is_found_on_a_list_of_any_length(total: int, step: int, floor: int, until: int) -> None:
    """`step` pull requests share each second."""
    ages = [number // step for number in range(total)]
    github = List(ages)
    looking = walk(github, Source.REST)
    look = await looking.look(at(floor), None)
    assert await looking.updated_since(look, at(floor)) == sum(age <= floor for age in ages)
    if look.is_whole and until <= floor:
        assert await looking.updated_since(look, at(until), after=True) == sum(age < until for age in ages)
    assert github.asked <= extent.PAGES + 6
    assert looking.assumptions == []


async def test_by_graphql_few_pages_stand_for_all() -> None:
    """Pages of 49: two are seen, and the rest is believed to be like them."""
    github = List([10 * number for number in range(1_000)])
    looking = walk(github, Source.GRAPHQL)
    look = await looking.look(at(5_000), None)
    assert (len(look.rows), look.is_whole) == (98, False)
    assert abs(await looking.updated_since(look, at(5_000)) - 501) <= 10
    assert github.asked == 2
    assert looking.assumptions == ["updates as frequent as among the last 98"]


async def test_a_limit_is_walked_as_far_as_it_goes() -> None:
    github = List(list(range(1_000)))
    assert (await walk(github, Source.REST).look(None, 150)).is_whole
    assert github.asked == 2


def held(stamps: dict[int, int], stale: set[int], watermark: int | None = None) -> extent._Held:
    known = {number: at(age) for number, age in stamps.items()}
    return extent._Held(None if watermark is None else at(watermark), known, frozenset(stale))


def rows(ages: dict[int, int]) -> list[IndexRow]:
    return [IndexRow(n, n, f"P{n}", "OPEN", at(age), at(age)) for n, age in ages.items()]


def test_of_rows_seen_the_changed_and_the_unknown_are_read() -> None:
    look = extent._Look(rows({1: 5, 2: 50, 3: 60, 4: 70}), is_whole=True)
    stored = held({1: 500, 2: 50, 3: 60}, {3})
    assert extent._read(stored, look, 4, at(100), None) == ([1, 3, 4], 3)
    assert extent._read(stored, look, 2, at(65), at(20)) == ([3], 1), "outside the span nothing is read"


def test_of_rows_not_seen_those_that_are_held_fresh_are_not_read() -> None:
    """Ten in the span, one seen and changed; of the nine others five are held, one of them stale."""
    stored = held({number: 50 + number for number in range(2, 7)} | {90: 900}, {2, 90})
    assert extent._read(stored, extent._Look(rows({1: 5})), 10, at(100), None) == ([1], 1 + 9 - 4)


def test_an_incremental_walk_reads_what_is_stale_anywhere() -> None:
    stored = held({1: 5, 2: 900, 3: 900}, {2}, watermark=100)
    assert extent._read(stored, extent._Look(rows({1: 5}), is_whole=True), 1, at(400), None) == ([], 1)
