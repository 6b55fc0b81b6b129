"""The whole grid of facts against the table of docs/adr/0004-routing-overlaps.md, row by row."""

from collections import Counter
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from progressive_capture.domain.categories import Category
from progressive_capture.domain.jobs import Processor, Trigger
from progressive_capture.domain.priority import PriorityLevel
from progressive_capture.domain.routing import RULES, RouteFacts, route

ADR: Final = Path(__file__).resolve().parents[3] / "docs" / "adr" / "0004-routing-overlaps.md"
HEADER: Final = ("age", "pull requests", "trigger", "level", "category", "repository", "processor", "rule")
DAY: Final = timedelta(hours=24)
BOTH: Final = frozenset(Processor)

# Each word of the table with the values that stand for it: the edges, and something in between.
AGES: Final[dict[str, list[timedelta | None]]] = {
    "≤24h": [timedelta(), timedelta(hours=3), DAY],
    ">24h": [DAY + timedelta(microseconds=1), timedelta.max],
    "unknown": [None],
}
ITEMS: Final[dict[str, list[int | None]]] = {
    "≤10": [0, 10],
    "11-50": [11, 50],
    "51-100": [51, 100],
    ">100": [101, 10**6],
    "unknown": [None],
}
TOTALS: Final[dict[str, list[int | None]]] = {"≤1000": [0, 1_000], ">1000": [1_001, 10**6], "unknown": [None]}


class Row(NamedTuple):
    words: tuple[frozenset[str] | None, ...]
    """None is any."""
    processor: Processor
    rule: str

    def meets(self, point: tuple[str, ...]) -> bool:
        return all(words is None or word in words for words, word in zip(self.words, point, strict=True))


def cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))


def read_table() -> list[Row]:
    lines = [cells(line) for line in ADR.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    rows = lines[lines.index(HEADER) + 2 :]
    return [
        Row(
            tuple(None if cell == "any" else frozenset(cell.split(", ")) for cell in row[:6]),
            Processor(row[6]),
            row[7],
        )
        for row in rows
    ]


TABLE: Final = read_table()
WORDS: Final[list[list[str]]] = [
    list(AGES),
    list(ITEMS),
    list(Trigger),
    list(PriorityLevel),
    ["unknown", *Category],
    list(TOTALS),
]
POINTS: Final[list[tuple[str, ...]]] = list(product(*WORDS))


def facts_at(point: tuple[str, ...]) -> list[RouteFacts]:
    age, items, trigger, level, category, total = point
    return [
        RouteFacts(
            trigger=Trigger(trigger),
            level=PriorityLevel(level),
            age=an_age,
            items=some,
            category=None if category == "unknown" else Category(category),
            pr_total=a_total,
        )
        for an_age, some, a_total in product(AGES[age], ITEMS[items], TOTALS[total])
    ]


def test_every_point_meets_exactly_one_row_and_the_rules_say_what_it_says() -> None:
    for point in POINTS:
        met = [row for row in TABLE if row.meets(point)]
        assert len(met) == 1, point
        for facts in facts_at(point):
            found = route(facts, BOTH)
            assert (found.processor, found.rule) == (met[0].processor, met[0].rule), facts


def test_the_grid_is_whole() -> None:
    """Were a word misspelt, or a row never met, the table would say less than it seems to."""
    met = Counter(row for row in TABLE for point in POINTS if row.meets(point))
    assert set(met) == set(TABLE)
    known: list[set[str]] = [set(words) for words in WORDS]
    for row in TABLE:
        for words, names in zip(row.words, known, strict=True):
            assert words is None or words <= names


def test_every_rule_but_the_last_decides_somewhere() -> None:
    """`only-bulk-open` is for jobs whose real-time lane is closed."""
    assert {row.rule for row in TABLE} == {rule.name for rule in RULES} - {"only-bulk-open"}


@pytest.mark.parametrize(
    ("allowed", "last"), [(Processor.INNGEST, "otherwise"), (Processor.GITHUB_ACTIONS, "only-bulk-open")]
)
def test_with_one_lane_open_every_point_goes_there_by_the_first_rule_that_says_so(
    allowed: Processor, last: str
) -> None:
    rules = {rule.name: rule for rule in RULES}
    used = set()
    for point in POINTS:
        for facts in facts_at(point)[:1]:
            found = route(facts, frozenset({allowed}))
            assert found.processor is allowed
            assert rules[found.rule].processor is allowed
            used.add(found.rule)
    assert used == {rule.name for rule in RULES if rule.processor is allowed}
    assert last in used
