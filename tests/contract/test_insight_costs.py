from datetime import UTC, datetime
from typing import Any

import pytest

from progressive_capture.domain.cost import BOOKS
from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.domain.periods import Period
from progressive_capture.domain.savings import executions_instead
from progressive_capture.insight.costs import costs
from progressive_capture.store.database import Database
from progressive_capture.store.insight.money import executions_instead as stored_instead
from tests.contract.insight_rows import add_job, ago, settle

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
BOOK = BOOKS["2026"]


def done(database: Database, day: datetime, **figures: Any) -> None:
    with database.transaction() as connection:
        settle(connection, add_job(connection, day, route_rule="recent"), day, **figures)


def test_days_hold_what_settled_in_them_by_engine(database: Database) -> None:
    inngest = {"engine": "inngest", "executions": 40, "requests": 3, "points": 2, "ms": 1500, "cost_microusd": 10}
    done(database, ago(NOW, days=1), **inngest, peak_memory_bytes=700, price_book="brief-2025")
    done(database, ago(NOW, hours=1), **inngest, peak_memory_bytes=900, price_book="2026")
    bulk = {"engine": "github_actions", "runner_minutes": 7, "outcome": "dead"}
    done(database, ago(NOW, hours=2), **bulk)
    done(database, ago(NOW, hours=2), engine=None, outcome="cancelled")
    done(database, ago(NOW, days=2), engine="local")
    found = costs(database, BOOK, Period.DAY, NOW, count=2)
    assert [(span.name, span.is_over, len(span.engines)) for span in found.spans] == [
        ("2026-03-03", True, 1),
        ("2026-03-04", False, 3),
    ]
    one, other, none = found.spans[1].engines
    assert (one.engine, one.jobs, one.completed, one.executions, one.busy_seconds) == (
        EngineName.INNGEST,
        1,
        1,
        40,
        1.5,
    )
    assert (one.peak_memory_bytes, one.recorded_micro_usd, one.unpriced) == (900, 10, 0)
    assert (other.dead, other.runner_minutes, other.unpriced) == (1, 7, 1)
    assert (none.engine, none.cancelled) == (None, 1)
    assert found.recorded_books == ("2026", "brief-2025")
    assert [(tier.engine, tier.used, tier.left) for tier in found.free_tiers] == [
        (EngineName.INNGEST, 80, 49_920),
        (EngineName.GITHUB_ACTIONS, 7, 1_993),
    ]


def test_a_free_part_is_used_up_by_what_settles_first_and_begins_anew_each_month(database: Database) -> None:
    for day, minutes in ((datetime(2026, 2, 27, tzinfo=UTC), 1_990), (datetime(2026, 2, 28, tzinfo=UTC), 30)):
        done(database, day, processor=Processor.GITHUB_ACTIONS, engine="github_actions", runner_minutes=minutes)
    done(database, datetime(2026, 3, 1, tzinfo=UTC), engine="github_actions", runner_minutes=30)
    days = costs(database, BOOK, Period.DAY, NOW, count=6).spans
    assert [day.saving.micro_usd for day in days] == [0, 20 * 6_000, 0, 0, 0, 0]
    (week, _present) = costs(database, BOOK, Period.WEEK, NOW, count=2).spans
    assert (week.name, week.begin, week.saving.micro_usd) == ("2026-W09", "2026-02-23T00:00:00.000000Z", 120_000)
    (month,) = costs(database, BOOK, Period.MONTH, datetime(2026, 2, 28, 12, tzinfo=UTC)).spans
    assert (month.name, month.saving.micro_usd) == ("2026-02", 120_000)


def test_savings_are_reckoned_by_the_book_that_is_named(database: Database) -> None:
    done(database, ago(NOW, hours=1), engine="github_actions", runner_minutes=2, ms=100_000)
    (day,) = costs(database, BOOKS["brief-2025"], Period.DAY, NOW).spans
    assert day.saving.inngest_only_executions == 6
    assert (day.saving.micro_usd, day.saving.inngest_only_micro_usd) == (16_000, 600)
    assert day.saving.saved_micro_usd == -15_400
    assert day.saving.saved_percent == pytest.approx(-2566.7, abs=0.1)


def test_what_lies_beyond_a_plan_has_no_known_cost(database: Database) -> None:
    done(database, ago(NOW, hours=2), engine="inngest", executions=50_000)
    done(database, ago(NOW, hours=1), engine="local", ms=60_000)
    found = costs(database, BOOK, Period.DAY, NOW)
    assert (found.price_book, found.spans[0].saving.micro_usd) == ("2026", 0)
    assert (found.spans[0].saving.inngest_only_micro_usd, found.spans[0].saving.saved_micro_usd) == (None, None)
    assert "50000 executions" in found.spans[0].saving.why


def test_the_database_counts_executions_as_the_rule_does(database: Database) -> None:
    works = [(0, 0), (20_000, 1), (20_001, 0), (1_999_999, 2), (5_000_000, 7)]
    for ms, waits in works:
        done(database, ago(NOW, hours=1), engine="local", ms=ms, waits=waits)
    done(database, ago(NOW, hours=1), engine="inngest", executions=17, ms=10**9)
    done(database, ago(NOW, hours=1), engine=None, outcome="cancelled")
    with database.transaction() as connection:  # what `pc capture` ran is none of the queue's
        settle(connection, add_job(connection, NOW), ago(NOW, hours=1), ms=10**9)
    with database.reading() as connection:
        counted = stored_instead(connection, ago(NOW, days=1), NOW)
    assert counted == sum(executions_instead(*work) for work in works) + 17


@pytest.mark.parametrize("count", [0, 401])
def test_a_report_is_bounded(database: Database, count: int) -> None:
    with pytest.raises(UsageError, match="1 to 400"):
        costs(database, BOOK, Period.DAY, NOW, count=count)
