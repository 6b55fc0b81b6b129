"""How jobs leave the line: the first that are due, the gates asked again about each; where they go is the caller's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, bindparam, func, not_
from sqlalchemy import text as clause

from progressive_capture.domain.jobs import JobState, Processor
from progressive_capture.domain.routing import SMALL_ITEMS
from progressive_capture.domain.scope import stamp
from progressive_capture.store.jobs.life import move_job
from progressive_capture.store.jobs.reading import line_of, lines, turn
from progressive_capture.store.jobs.routing import move_lane
from progressive_capture.store.jobs.shards import retry_shards
from progressive_capture.store.jobs.values import Decide, JobLine, Split
from progressive_capture.store.tables import IS_CLAIMABLE, JOBS

MOST_REROUTED: Final = 100
"""Jobs that one call moves to another lane at most: a transaction stays short."""

_JOB: Final = JOBS.c
_Left = TypeVar("_Left")


@dataclass(frozen=True, slots=True)
class Among:
    """Which jobs of a line are meant; as it is, all."""

    job_id: str | None = None
    is_small: bool | None = None
    """Known to be about no more than `SMALL_ITEMS` pull requests, or not."""

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """What it asks of a job."""
        found = [] if self.job_id is None else [_JOB.id == self.job_id]
        if self.is_small is not None:
            small = func.coalesce(_JOB.item_count, SMALL_ITEMS + 1) <= SMALL_ITEMS
            found.append(small if self.is_small else not_(small))
        return found


ALL: Final = Among()

_NEXT: Final = (
    lines()
    # In the index's own words: bound parameters would keep SQLite from using a partial index.
    .where(
        clause(IS_CLAIMABLE),
        _JOB.processor_type == bindparam("of_lane"),
        _JOB.run_at <= bindparam("due_at", type_=_JOB.run_at.type),
    )
    .order_by(*turn())
    .limit(bindparam("most"))
    .with_for_update(key_share=True, skip_locked=True)
)
"""The first in line that nobody else is about to take; SQLite's writers exclude each other anyway."""


def leave_line(
    connection: Connection,
    lane: Processor,
    begin: Callable[[JobLine, dict[str, Any]], _Left | None],
    *,
    who: str,
    now: datetime,
    n: int,
    decide: Decide | None,
    split: Split,
    among: Among = ALL,
) -> tuple[list[_Left], list[str]]:
    """Take up to `n` jobs out of the line of a lane, the first that are due first.

    Args:
        connection: within a transaction.
        lane: which line.
        begin: takes a job, with the columns that its new attempt begins with; None when nothing of it is left to do.
        who: who takes them.
        now: the server's time.
        n: how many at most.
        decide: asks the gates again about each job; one that may not stay goes where it says.
        split: cuts the shards of such a job to what its new lane takes.
        among: which jobs are meant.

    Returns:
        What `begin` made of them, and the ids of those that went elsewhere.
    """
    taken: list[_Left] = []
    moved: list[str] = []
    following = _NEXT.where(*conditions) if (conditions := among.conditions) else _NEXT
    while len(taken) < n and len(moved) < MOST_REROUTED:
        wanted = {"of_lane": lane.value, "due_at": stamp(now), "most": n - len(taken)}
        found = [line_of(row) for row in connection.execute(following, wanted)]
        if not found:
            break
        for job in found:
            routing = None if decide is None else decide(job)
            if routing is not None:
                move_lane(connection, job.id, routing, now, who=who, split=split)
                moved.append(job.id)
            elif (one := begin(job, _next_attempt(connection, job, now, who))) is not None:
                taken.append(one)
    return taken, moved


def _next_attempt(connection: Connection, job: JobLine, now: datetime, who: str) -> dict[str, Any]:
    """Let what failed of a job be tried again; the columns with which an attempt begins."""
    if job.state is JobState.FAILED:
        move_job(connection, job.id, JobState.PENDING, now, who=who, detail="its next attempt begins")
        retry_shards(connection, job.id)
    return {"attempt": job.attempt + 1, "completed_at": None, "error": None, "error_class": None}
