"""What jobs cost over spans of time, beside what all of them would have cost on Inngest; reckoned by one price book."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, case, func, select

from progressive_capture.domain.cost import Cost, PriceBook, cost
from progressive_capture.domain.jobs import EngineName
from progressive_capture.domain.periods import Period, span_of
from progressive_capture.domain.quotas import Usage
from progressive_capture.domain.savings import STEP_MS, STEPS_A_RUN, together
from progressive_capture.domain.scope import stamp
from progressive_capture.store.insight.outcomes import Totals, totals
from progressive_capture.store.jobs.values import PC_CAPTURE
from progressive_capture.store.tables import JOB_METRICS, JOBS

_USED: Final = JOB_METRICS.c
_FINISHED: Final = _USED.finished_at.type
# On both databases a quotient of whole numbers is whole, rounded down.
_STEPS: Final = case((_USED.ms > STEP_MS, (_USED.ms + STEP_MS - 1) // STEP_MS), else_=1) + _USED.waits
_EACH: Final = case(
    (_USED.engine == EngineName.INNGEST.value, _USED.executions),
    else_=_STEPS + (_STEPS + STEPS_A_RUN - 1) // STEPS_A_RUN,
)
_INSTEAD: Final = (
    select(func.coalesce(func.sum(_EACH), 0))
    .join(JOBS, JOBS.c.id == _USED.job_id)
    .where(
        _USED.finished_at >= bindparam("begin", type_=_FINISHED),
        _USED.finished_at < bindparam("end", type_=_FINISHED),
        _USED.engine.isnot(None),
        JOBS.c.route_rule.is_distinct_from(PC_CAPTURE),
    )
)
"""Made once: a sum over a month of nothing takes less time than making its statement."""


@dataclass(frozen=True, slots=True)
class Money:
    """One span of time: what was measured, and what it cost."""

    begin: datetime
    end: datetime
    totals: tuple[Totals, ...]
    executions_instead: int
    """Executions, had Inngest run every job of the queue."""
    cost: Cost
    """By the book, free parts of each month used by the jobs that settled first; without monthly fees."""
    inngest_only: Cost
    """The same, had Inngest run every job of the queue."""


def money(connection: Connection, book: PriceBook, cuts: Sequence[datetime]) -> list[Money]:
    """Return what jobs used and cost in each span between neighbouring times; every stored row is read once.

    The month in which the first span begins is read from its first day on: its free part may be used up before.
    """
    months = _months(cuts[0], cuts[-1])
    pieces = []
    so_far = _SoFar()
    for begin, end in pairwise(sorted({*months, *cuts})):
        if begin in months:
            so_far = _SoFar()
        piece = _piece(connection, book, begin, end, so_far)
        instead = Usage(executions=piece.executions_instead)
        so_far = _SoFar(so_far.used + _usage(piece.totals), so_far.instead + instead)
        pieces.append(piece)
    return [_joined([piece for piece in pieces if begin <= piece.begin < end]) for begin, end in pairwise(cuts)]


def executions_instead(connection: Connection, since: datetime, until: datetime) -> int:
    """Sum what `domain.savings.executions_instead` says of jobs of the queue; of Inngest's own, what was counted."""
    return int(connection.scalar(_INSTEAD, {"begin": stamp(since), "end": stamp(until)}) or 0)


class _SoFar(NamedTuple):
    """What the month has used before a piece of it."""

    used: Usage = Usage()
    instead: Usage = Usage()


def _piece(connection: Connection, book: PriceBook, begin: datetime, end: datetime, month: _SoFar) -> Money:
    found = tuple(totals(connection, begin, end))
    instead = executions_instead(connection, begin, end)
    used = _usage(found)
    costs = [
        cost(book, EngineName.INNGEST, used.executions, None, month.used),
        cost(book, EngineName.GITHUB_ACTIONS, None, used.runner_minutes, month.used),
    ]
    inngest_only = cost(book, EngineName.INNGEST, instead, None, month.instead)
    return Money(begin, end, found, instead, together(costs), inngest_only)


def _joined(pieces: Sequence[Money]) -> Money:
    return Money(
        begin=pieces[0].begin,
        end=pieces[-1].end,
        totals=tuple(row for piece in pieces for row in piece.totals),
        executions_instead=sum(piece.executions_instead for piece in pieces),
        cost=together(piece.cost for piece in pieces),
        inngest_only=together(piece.inngest_only for piece in pieces),
    )


def _usage(found: Iterable[Totals]) -> Usage:
    rows = list(found)
    return Usage(sum(row.runner_minutes for row in rows), sum(row.executions for row in rows))


def _months(begin: datetime, end: datetime) -> set[datetime]:
    """Return the first moments of all months that the time touches."""
    months = {span_of(Period.MONTH, begin).begin}
    at = span_of(Period.MONTH, begin).end
    while at < end:
        months.add(at)
        at = span_of(Period.MONTH, at + timedelta(days=1)).end
    return months
