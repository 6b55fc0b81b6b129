"""What jobs used and cost by day, week or month, beside Inngest alone; counted from what settled, not forecast."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from progressive_capture.domain.cost import PriceBook
from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.jobs import EngineName, Outcome
from progressive_capture.domain.periods import Period, Span, span_of
from progressive_capture.domain.quotas import Usage
from progressive_capture.domain.scope import stamp
from progressive_capture.store import metrics
from progressive_capture.store.database import Database
from progressive_capture.store.insight.money import Money, money
from progressive_capture.store.insight.outcomes import Totals

MOST_SPANS: Final = 400
"""Spans of one report: a year of days and more."""


@dataclass(frozen=True, slots=True)
class EngineUse:
    """What the jobs of one engine used."""

    engine: EngineName | None
    """None: they were cancelled before any engine had them."""
    jobs: int
    completed: int
    failed: int
    """They await a retry: their figures still grow."""
    dead: int
    cancelled: int
    requests: int
    points: int
    busy_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    timeouts: int
    waits: int
    runner_minutes: int
    executions: int
    rows: int
    bytes_in: int
    recorded_micro_usd: int
    """The sum of what each job was reckoned to cost when it settled."""
    unpriced: int
    """Jobs whose cost is not known: they are not in that sum."""


@dataclass(frozen=True, slots=True)
class Saving:
    """What the hybrid queue cost beside what Inngest alone would have cost, in millionths of a US dollar."""

    micro_usd: int | None
    """None: not known; `why` says what is missing."""
    inngest_only_micro_usd: int | None
    saved_micro_usd: int | None
    saved_percent: float | None
    executions: int
    inngest_only_executions: int
    """Counted where Inngest ran the job, else one for each 20 s of work, each wait and each 100 of these."""
    why: str


@dataclass(frozen=True, slots=True)
class FreeTier:
    """The part of this month that costs nothing."""

    engine: EngineName
    unit: str
    included: int
    used: int
    left: int


@dataclass(frozen=True, slots=True)
class SpanCosts:
    """One day, week or month."""

    name: str
    """`2026-11-23`, `2026-W48` or `2026-11`."""
    begin: str
    end: str
    is_over: bool
    """False: figures of the present span still grow."""
    engines: tuple[EngineUse, ...]
    saving: Saving


@dataclass(frozen=True, slots=True)
class Costs:
    """A report of what was used and what it cost."""

    period: Period
    spans: tuple[SpanCosts, ...]
    """The oldest first; the present one is the last."""
    free_tiers: tuple[FreeTier, ...]
    price_book: str
    dated: str
    sources: tuple[str, ...]
    assumptions: tuple[str, ...]
    recorded_books: tuple[str, ...]
    """Price books by which the jobs themselves were reckoned."""


def costs(database: Database, book: PriceBook, period: Period, now: datetime, *, count: int = 1) -> Costs:
    """Report the last `count` days, weeks or months in UTC, over all API hosts: prices are per engine.

    Raises:
        UsageError: no span, or more than 400 are asked for.
        StoreError: the database cannot be read.
    """
    if not 1 <= count <= MOST_SPANS:
        raise UsageError(f"A report covers 1 to {MOST_SPANS} spans, and {count} were asked for.")
    spans = _spans(period, now, count)
    with database.reading() as connection:
        found = money(connection, book, [spans[0].begin, *(span.end for span in spans)])
        month = {engine: metrics.month_usage(connection, engine, now) for engine in EngineName}
    return Costs(
        period=period,
        spans=tuple(_told(period, each, now) for each in found),
        free_tiers=_free_tiers(book, month),
        price_book=book.name,
        dated=book.dated,
        sources=book.sources,
        assumptions=book.assumptions,
        recorded_books=tuple(sorted({row.price_book for each in found for row in each.totals if row.price_book})),
    )


def span_name(period: Period, begin: datetime) -> str:
    """Name a span; weeks are counted as ISO 8601 does."""
    match period:
        case Period.DAY:
            return f"{begin:%Y-%m-%d}"
        case Period.WEEK:
            year, week, _ = begin.isocalendar()
            return f"{year}-W{week:02}"
        case Period.MONTH:
            return f"{begin:%Y-%m}"


def _spans(period: Period, now: datetime, count: int) -> list[Span]:
    spans = [span_of(period, now)]
    while len(spans) < count:
        spans.append(span_of(period, spans[-1].begin - datetime.resolution))
    return spans[::-1]


def _told(period: Period, each: Money, now: datetime) -> SpanCosts:
    engines = (*EngineName, None)
    return SpanCosts(
        name=span_name(period, each.begin),
        begin=stamp(each.begin),
        end=stamp(each.end),
        is_over=each.end <= now,
        engines=tuple(
            _use(engine, rows) for engine in engines if (rows := [row for row in each.totals if row.engine is engine])
        ),
        saving=_saving(each),
    )


def _use(engine: EngineName | None, rows: list[Totals]) -> EngineUse:
    def total(of: Callable[[Totals], int]) -> int:
        return sum(map(of, rows))

    def ended(outcome: Outcome) -> int:
        return sum(row.jobs for row in rows if row.outcome is outcome)

    return EngineUse(
        engine=engine,
        jobs=total(lambda row: row.jobs),
        completed=ended(Outcome.COMPLETED),
        failed=ended(Outcome.FAILED),
        dead=ended(Outcome.DEAD),
        cancelled=ended(Outcome.CANCELLED),
        requests=total(lambda row: row.requests),
        points=total(lambda row: row.points),
        busy_seconds=total(lambda row: row.ms) / 1000,
        cpu_seconds=total(lambda row: row.cpu_ms) / 1000,
        peak_memory_bytes=max(row.peak_memory_bytes for row in rows),
        timeouts=total(lambda row: row.timeouts),
        waits=total(lambda row: row.waits),
        runner_minutes=total(lambda row: row.runner_minutes),
        executions=total(lambda row: row.executions),
        rows=total(lambda row: row.rows),
        bytes_in=total(lambda row: row.bytes_in),
        recorded_micro_usd=total(lambda row: row.cost_microusd),
        unpriced=total(lambda row: row.unpriced),
    )


def _saving(each: Money) -> Saving:
    spent, alone = each.cost.micro_usd, each.inngest_only.micro_usd
    saved = None if spent is None or alone is None else alone - spent
    return Saving(
        micro_usd=spent,
        inngest_only_micro_usd=alone,
        saved_micro_usd=saved,
        saved_percent=100 * saved / alone if saved is not None and alone else None,
        executions=sum(row.executions for row in each.totals),
        inngest_only_executions=each.executions_instead,
        why=f"Spent: {each.cost.why} Inngest alone: {each.inngest_only.why}",
    )


def _free_tiers(book: PriceBook, month: Mapping[EngineName, Usage]) -> tuple[FreeTier, ...]:
    inngest, actions = EngineName.INNGEST, EngineName.GITHUB_ACTIONS
    tiers = (
        (inngest, "executions", book.executions.included, month[inngest].executions),
        (actions, "runner minutes", book.minutes.included, month[actions].runner_minutes),
    )
    return tuple(
        FreeTier(engine, unit, included, used, max(0, included - used))
        for engine, unit, included, used in tiers
        if included
    )
