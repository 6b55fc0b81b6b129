"""Prices of both books, the rounding that GitHub bills by, and what is not known."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.cost import BOOKS, PRO_EXECUTIONS, PriceBook, billed_minutes, cost, monthly
from progressive_capture.domain.jobs import EngineName
from progressive_capture.domain.quotas import Usage

BRIEF, NOW = BOOKS["brief-2025"], BOOKS["2026"]
PRO = replace(NOW, executions=PRO_EXECUTIONS)
COUNT = st.integers(0, 3_000_000)


@pytest.mark.parametrize(
    ("book", "engine", "executions", "minutes", "month", "micro_usd"),
    [
        (BRIEF, EngineName.INNGEST, 6, None, Usage(), 600),
        (BRIEF, EngineName.GITHUB_ACTIONS, None, 2, Usage(), 16_000),
        (NOW, EngineName.INNGEST, 6, None, Usage(), 0),
        (NOW, EngineName.INNGEST, 6, None, Usage(executions=49_994), 0),
        (NOW, EngineName.INNGEST, 6, None, Usage(executions=49_995), None),
        (PRO, EngineName.INNGEST, 6, None, Usage(executions=999_996), 100),
        (NOW, EngineName.GITHUB_ACTIONS, None, 10, Usage(), 0),
        (NOW, EngineName.GITHUB_ACTIONS, None, 10, Usage(runner_minutes=1_995), 30_000),
        (NOW, EngineName.GITHUB_ACTIONS, None, 1_000, Usage(runner_minutes=2_000), 6_000_000),
        (NOW, EngineName.GITHUB_ACTIONS, 5, None, Usage(), None),
        (NOW, EngineName.INNGEST, None, 5, Usage(), None),
        (NOW, EngineName.LOCAL, None, None, Usage(), 0),
    ],
)
def test_what_a_job_adds_to_the_month(  # noqa: PLR0917 - parametrised
    book: PriceBook,
    engine: EngineName,
    executions: int | None,
    minutes: int | None,
    month: Usage,
    micro_usd: int | None,
) -> None:
    found = cost(book, engine, executions, minutes, month)
    assert found.micro_usd == micro_usd
    assert found.why.endswith(".")


@given(st.sampled_from([BRIEF, PRO]), st.lists(COUNT, max_size=6), st.sampled_from(EngineName))
def test_jobs_add_up_to_the_month_s_bill(book: PriceBook, counts: list[int], engine: EngineName) -> None:
    month, total = Usage(), 0
    for count in counts:
        added = cost(book, engine, count, count, month).micro_usd
        assert added is not None
        assert added >= 0
        total += added
        month += Usage(executions=count, runner_minutes=count)
    bill = monthly(book, month)[engine].micro_usd
    fee = book.executions.monthly_fee_micro_usd if engine is EngineName.INNGEST else 0
    assert bill == total + fee


def test_a_plan_that_ends_has_no_price_beyond_its_end() -> None:
    assert monthly(NOW, Usage(executions=50_000))[EngineName.INNGEST].micro_usd == 0
    beyond = monthly(NOW, Usage(executions=50_001))[EngineName.INNGEST]
    assert beyond.micro_usd is None
    assert beyond.why == "The plan ends at 50000 executions a month: what more would cost is not known."


def test_runners_of_public_repositories_cost_nothing() -> None:
    public = replace(NOW, minutes=replace(NOW.minutes, public_repository=True))
    assert cost(public, EngineName.GITHUB_ACTIONS, None, 10**6, Usage(runner_minutes=10**6)).micro_usd == 0


def test_the_monthly_fee_of_a_plan_is_in_its_bill_alone() -> None:
    assert monthly(PRO, Usage())[EngineName.INNGEST].micro_usd == 99_000_000
    assert cost(PRO, EngineName.INNGEST, 1, None, Usage()).micro_usd == 0


@pytest.mark.parametrize(
    ("seconds", "minutes"), [([], 0), ([0.1], 1), ([60], 1), ([60.001], 2), ([10] * 256, 256), ([0], 0), ([61, 59], 3)]
)
def test_every_job_of_a_run_is_rounded_up_by_itself(seconds: list[float], minutes: int) -> None:
    assert billed_minutes(seconds) == minutes


@pytest.mark.parametrize("name", BOOKS)
def test_a_book_says_when_and_where_from(name: str) -> None:
    book = BOOKS[name]
    assert book.name == name
    assert book.dated
    assert book.sources
