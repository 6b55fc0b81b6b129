"""What paid engines used, added to its month and priced when it is told, whatever becomes of the job that used it."""

from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Executable, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite

from progressive_capture.domain.cost import PriceBook, cost
from progressive_capture.domain.jobs import EngineName, Resources
from progressive_capture.domain.quotas import Usage
from progressive_capture.store.database import Connection
from progressive_capture.store.metrics import month_of
from progressive_capture.store.tables import ENGINE_USAGE

_USAGE: Final = ENGINE_USAGE.c


def spend(connection: Connection, used: Resources, now: datetime, book: PriceBook | None) -> int | None:
    """Add to the sums of this month what was used since it was last told.

    Until the transaction ends nobody else adds to the same sum: a price rests on what the month had before. Jobs are
    locked before that, never after.

    Returns:
        What it adds to the month's bill, in millionths of a dollar; None when that is not known.
    """
    # Always in this order: two that add to both sums cannot wait for each other.
    paid = (
        (EngineName.GITHUB_ACTIONS, Usage(runner_minutes=used.runner_minutes)),
        (EngineName.INNGEST, Usage(executions=used.executions)),
    )
    prices = [_spend(connection, engine, usage, now, book) for engine, usage in paid if usage != Usage()]
    known = [price for price in prices if price is not None]
    return sum(known) if len(known) == len(prices) else None


def _spend(
    connection: Connection, engine: EngineName, usage: Usage, now: datetime, book: PriceBook | None
) -> int | None:
    sums = {"runner_minutes": usage.runner_minutes, "executions": usage.executions}
    of = {"engine": engine.value, "month": month_of(now)}
    total = connection.execute(_adding(connection.dialect.name), {**of, **sums, "cost_microusd": 0}).one()
    if book is None:
        return None
    before = Usage(total.runner_minutes, total.executions) - usage
    price = cost(book, engine, usage.executions, usage.runner_minutes, before).micro_usd
    if price:
        connection.execute(_PRICED, {"of_engine": engine.value, "of_month": of["month"], "more": price})
    return price


_PRICED: Final = (
    update(ENGINE_USAGE)
    .where(_USAGE.engine == bindparam("of_engine"), _USAGE.month == bindparam("of_month"))
    .values(cost_microusd=_USAGE.cost_microusd + bindparam("more", type_=_USAGE.cost_microusd.type))
)


@cache
def _adding(dialect: str) -> Executable:
    insertion: Any = postgresql.insert(ENGINE_USAGE) if dialect == "postgresql" else sqlite.insert(ENGINE_USAGE)
    more = {name: _USAGE[name] + insertion.excluded[name] for name in ("runner_minutes", "executions")}
    return insertion.on_conflict_do_update(index_elements=["engine", "month"], set_=more).returning(  # type: ignore[no-any-return] # of either dialect
        _USAGE.runner_minutes, _USAGE.executions
    )
