"""A walk by the newest updates through a list that changes between two requests."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from progressive_capture.domain.overlap import OVERLAPS, ListPage
from progressive_capture.github.rest_overlap import MOST_ALIKE, MOST_STEPS, Edge, Listed, Reached

Change = tuple[str, int, int]
"""What happens, from which thousandth of the list on, to how many."""


@dataclass
class Shelf:
    """A list, newest update first, of those of one time the youngest; and what befell it."""

    rows: list[Listed]
    stirred: set[int] = field(default_factory=set)
    """Ids of those that were moved, or were not there for a while."""
    away: list[Listed] = field(default_factory=list)
    updates: int = 0
    unshown: set[int] = field(default_factory=set)
    """Ids of those that have a place, and are left out of the page."""

    def page(self, asked: ListPage) -> list[Listed]:
        """What a request is answered with."""
        return [row for row in self.rows[asked.begin : asked.end] if row.id not in self.unshown]

    @classmethod
    def of(cls, count: int, alike: int = 1) -> "Shelf":
        """A list in which `alike` neighbours have one time in common."""
        return cls([Listed(count - place, f"2026-{(count - place) // alike:06}") for place in range(count)])

    def change(self, kind: str, begin: int, count: int) -> None:
        """Hide some, show what is hidden, or let some be updated."""
        place = begin * len(self.rows) // 1_000
        some = self.rows[place : place + count]
        if kind == "show":
            self.rows = sorted([*self.rows, *self.away], key=lambda row: (row.updated_at, row.id), reverse=True)
            self.away = []
            return
        self.stirred |= {row.id for row in some}
        del self.rows[place : place + count]
        if kind == "hide":
            self.away += some
            return
        for row in some:
            self.updates += 1
            self.rows.insert(0, Listed(row.id, f"2027-{self.updates:06}"))


def walk(shelf: Shelf, between: Iterable[Callable[[], None]]) -> tuple[list[int], Reached, int]:
    """Walk as the operation does: what was listed, where it ended, and how many requests it took."""
    happens = iter(between)
    reached, listed, requests = Reached.of(None), list[int](), 0
    while True:
        asked = reached.page()
        rows, is_last = shelf.page(asked), asked.end >= len(shelf.rows)
        requests += 1
        assert requests < 500, "it does not end"
        next(happens, lambda: None)()
        news = reached.news(asked, rows)
        if news is None:
            reached = reached.stepped_back()
            continue
        listed += [rows[place].id for place in news]
        if is_last:
            return listed, reached, requests
        reached = Reached.of(reached.beyond(asked, rows, news).cursor())


changes = st.lists(
    st.tuples(st.sampled_from(["hide", "update", "show"]), st.integers(0, 999), st.integers(1, 160)), max_size=3
)


@given(count=st.integers(0, 900), alike=st.sampled_from([1, 1, 3, 60, 1_000]), befalls=st.lists(changes, max_size=5))
@example(count=250, alike=1, befalls=[[("hide", 0, 1)]]).via("one vanishes from the page before")
@example(count=250, alike=1, befalls=[[("hide", 396, 1)]]).via("the edge itself vanishes")
@example(count=250, alike=3, befalls=[[("update", 396, 1)]]).via("the edge itself is updated, with neighbours alike")
@example(count=450, alike=1, befalls=[[], [("hide", 0, 160), ("hide", 0, 160)]]).via("most of a list vanishes")
@example(count=450, alike=1_000, befalls=[[("update", 0, 150), ("hide", 900, 20)]]).via("all at one time")
def test_whatever_stays_as_it_is_gets_listed(count: int, alike: int, befalls: list[list[Change]]) -> None:
    shelf = Shelf.of(count, alike)
    every = {row.id for row in shelf.rows}

    def befall(some: list[Change]) -> Callable[[], None]:
        def happen() -> None:
            for each in some:
                shelf.change(*each)

        return happen

    listed, reached, _ = walk(shelf, map(befall, befalls))
    assert every - shelf.stirred <= set(listed)
    assert reached.steps < MOST_STEPS
    if alike <= 60:
        quiet = [each for each in listed if each not in shelf.stirred]
        assert len(quiet) == len(set(quiet)), "none is listed twice, since what is listed counts for a limit"


@pytest.mark.parametrize("alike", [1, 7, MOST_ALIKE])
def test_a_list_that_stays_as_it_is_is_listed_once_in_its_order(alike: int) -> None:
    shelf = Shelf.of(2_000, alike)
    listed, reached, requests = walk(shelf, [])
    assert listed == [row.id for row in shelf.rows]
    assert (reached.steps, requests) == (0, 23)


@pytest.mark.parametrize(("unshown", "steps"), [(1, 0), (3, 0), (4, 1), (15, 1), (16, 2), (60, 3)])
def test_places_that_are_not_shown_cost_few_steps_back(unshown: int, steps: int) -> None:
    """And it is still noticed when others vanish afterwards."""
    shelf = Shelf.of(1_000)
    shelf.unshown = {row.id for row in shelf.rows[100 - unshown : 100]}
    later: list[Callable[[], None]] = [lambda: None] * 9 + [lambda: shelf.change("hide", 0, 10)]
    listed, reached, _ = walk(shelf, later)
    assert sorted(listed) == sorted({row.id for row in Shelf.of(1_000).rows} - shelf.unshown)
    assert reached.steps == steps + 1


def test_a_few_of_one_time_may_come_in_another_order_on_pages_of_another_size() -> None:
    shelf = Shelf.of(150)
    for place in (98, 99, 100):
        shelf.rows[place] = Listed(shelf.rows[place].id, shelf.rows[98].updated_at)
    whole = shelf.rows[:]

    def turned() -> None:
        shelf.rows = [*whole[:98], whole[100], whole[98], whole[99], *whole[101:]]

    listed, reached, requests = walk(shelf, [turned])
    assert sorted(listed) == list(range(1, 151))
    assert (reached.steps, requests) == (0, 2)


@pytest.mark.parametrize(("vanished", "steps", "requests"), [(1, 0, 12), (3, 0, 12), (4, 1, 14), (60, 1, 13)])
def test_a_few_that_vanished_cost_nothing_and_more_two_requests(vanished: int, steps: int, requests: int) -> None:
    shelf = Shelf.of(1_000)
    listed, reached, asked = walk(shelf, [lambda: shelf.change("hide", 0, vanished)])
    assert listed == list(range(1_000, 0, -1))
    assert (reached.steps, asked) == (steps, requests)


def test_the_beginning_of_the_list_always_joins() -> None:
    shelf = Shelf.of(150, 1_000)
    listed, reached, requests = walk(shelf, [lambda: shelf.change("hide", 600, 10)])
    assert set(listed) == set(range(1, 151))
    assert (reached.steps, requests) == (1, 4)


def test_an_empty_page_is_no_end_of_the_list() -> None:
    shelf = Shelf.of(150)
    listed, _, _ = walk(shelf, [lambda: shelf.change("hide", 0, 60)])
    assert listed == list(range(150, 0, -1))


def test_a_list_that_was_emptied_ends() -> None:
    shelf = Shelf.of(150)
    listed, _, requests = walk(shelf, [lambda: shelf.change("hide", 0, 150)])
    assert (len(listed), requests) == (100, 3)


def test_a_walk_ends_where_equal_times_come_in_another_order_each_time() -> None:
    shelf = Shelf.of(1_000, 10_000)
    turns = [lambda: shelf.rows.append(shelf.rows.pop(0)), shelf.rows.reverse] * 100
    _, reached, requests = walk(shelf, turns)
    assert reached.steps == MOST_STEPS
    assert requests < 100


EDGE = Edge("2026-01-05", frozenset({9}))
SECOND = ListPage(2, 96)


def test_an_update_of_the_edge_takes_no_further_request() -> None:
    """What comes before it is newer, and was listed."""
    rows = [Listed(10, "2026-01-06"), Listed(8, "2026-01-04")]
    assert Reached(100, EDGE).news(SECOND, rows) == [1]


def test_of_one_time_with_the_edge_all_but_what_was_listed_is_news() -> None:
    rows = [Listed(7, "2026-01-05"), Listed(9, "2026-01-05"), Listed(8, "2026-01-05")]
    assert Reached(100, EDGE).news(SECOND, rows) == [0, 2]


@pytest.mark.parametrize("first", ["2026-01-05", "2026-01-04"])
def test_a_page_without_the_edge_that_begins_no_newer_does_not_join(first: str) -> None:
    """Of those of one time some may have been before, and some behind."""
    reached, rows = Reached(100, EDGE), [Listed(8, first)]
    assert reached.news(SECOND, rows) is None
    assert reached.news(SECOND, []) is None
    assert Reached(100, EDGE, MOST_STEPS).news(SECOND, rows) == [0]
    assert Reached(100, EDGE, 3, len(OVERLAPS)).news(SECOND, rows) == [0]
    assert Reached(100, EDGE, 2, len(OVERLAPS) - 1).news(SECOND, rows) is None


def test_a_page_without_news_leaves_the_edge_where_it_was() -> None:
    newer = Listed(10, "2026-01-06")
    assert Reached(150, EDGE, 1).beyond(ListPage(1, 100), [newer], []) == Reached(100, EDGE, 1)


def test_after_a_step_back_without_news_the_next_page_has_more_in_common() -> None:
    back = Reached(100, EDGE).stepped_back()
    assert (back.passed, back.page()) == (50, ListPage(1, 100))
    again = back.beyond(back.page(), [Listed(9, "2026-01-05")], [])
    assert (again, again.page()) == (Reached(100, EDGE, 1, 1), ListPage(2, 84))
    assert back.beyond(back.page(), [Listed(8, "2026-01-04")], [0]).tries == 0


def test_what_was_listed_of_one_time_is_remembered_over_pages() -> None:
    row = Listed(8, "2026-01-05")
    assert Reached(100, EDGE).beyond(SECOND, [row], [0]).edge == Edge("2026-01-05", frozenset({8, 9}))
    many = Edge("2026-01-05", frozenset(range(1_000, 1_000 + MOST_ALIKE)))
    assert Reached(100, many).beyond(SECOND, [row], [0]).edge == Edge("2026-01-05", frozenset({8}))


@pytest.mark.parametrize(
    ("cursor", "page"), [(None, ListPage(1, 100)), ("1", ListPage(1, 100)), ("7", ListPage(7, 100))]
)
def test_a_cursor_that_is_a_number_names_a_page_of_a_hundred(cursor: str | None, page: ListPage) -> None:
    reached = Reached.of(cursor)
    assert reached.page() == page
    assert reached.news(page, []) == []
    assert reached.beyond(page, [], []).cursor() == str(page.number + 1)
    assert reached.beyond(page, [Listed(9, "2026")], [0]).cursor() == f"{page.end} 0 0 2026 9"


def test_a_cursor_tells_all() -> None:
    reached = Reached(192, Edge("2026-01-05T00:00:00Z", frozenset({9, 8})), 3, 1)
    assert Reached.of(reached.cursor()) == reached
    assert Reached.of(reached.stepped_back().stepped_back().cursor()) == Reached(42, reached.edge, 5, 1)
