"""`pc status`: the queue as it is now, and all that holds work back; what it rests on is read elsewhere."""

from typing import TYPE_CHECKING

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator import options
from progressive_capture.operator.desk import Desk, at_store
from progressive_capture.operator.rolling import rollout_of, stopped
from progressive_capture.operator.tables import table
from progressive_capture.operator.telling import Told, tell_one
from progressive_capture.operator.wording import count, moment

if TYPE_CHECKING:
    from progressive_capture.insight.queue import BudgetLeft, Lane, Queue
    from progressive_capture.rollout.rollout import InForce
    from progressive_capture.wiring import Wired


def status(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Show the queue now: lanes, workers, what jobs wait for, budgets and quotas."""
    from progressive_capture.insight.queue import queue  # noqa: PLC0415 - not needed for --help
    from progressive_capture.queue.openings import standings  # noqa: PLC0415 - as above
    from progressive_capture.rollout import manage  # noqa: PLC0415 - as above
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    desk: Desk = context.obj

    def read(works: "Wired") -> Told:
        now = works.clock.now()
        with works.database.reading() as connection:
            found, quotas = queue(connection, works.host_id, now), standings(connection, works.terms, now)
        rollout = manage.in_force(rollout_of(works))
        lines = [*in_words(found, rollout), *(f"quota of {engine}: {each.why}" for engine, each in quotas.items())]
        return Told.of("\n".join(lines), {"queue": found, "rollout": rollout, "quotas": quotas})

    return tell_one(desk, at_store(desk, Settings.read(), read, create=False), as_json=json)


def in_words(found: "Queue", rollout: "InForce") -> list[str]:
    """The queue in lines."""
    heads = ("lane", "due", "later", "held", "at work", "oldest waits since (UTC)")
    alive = [each for each in found.workers if not each.is_silent]
    silent = len(found.workers) - len(alive)
    workers = count(len(alive), "worker") if alive else "no worker: `pc worker` runs what is queued"
    return [
        *table(heads, [_lane(lane) for lane in found.lanes]),
        *(f"  {each.jobs:,} held: {each.reason}" for each in found.held),
        *(
            [f"  {count(len(found.stuck), 'job')} should have moved on; the next sweep takes them up"]
            if found.stuck
            else []
        ),
        workers + (f", and {silent:,} not heard of for two minutes" if silent else ""),
        f"rollout: {rollout.percentage:g} % by {rollout.strategy} (version {rollout.version})",
        *([stopped(rollout)] if rollout.stopped_by else []),
        *(_budget(each) for each in found.budgets),
    ]


def _lane(lane: "Lane") -> list[object]:
    at_work = sum(number for state, number in lane.states.items() if state in {"dispatched", "processing"})
    return [lane.processor, lane.due, lane.later, lane.held, at_work, moment(lane.oldest_pending_at)]


def _budget(budget: "BudgetLeft") -> str:
    if budget.paused_until is not None:
        return f"{budget.principal}, {budget.resource}: paused until {moment(budget.paused_until)} UTC. {budget.reason}"
    if budget.remaining is None or budget.limit is None:
        return f"{budget.principal}, {budget.resource}: nothing known yet"
    until = f" until {moment(budget.reset_at)} UTC" if budget.reset_at else ""
    return f"{budget.principal}, {budget.resource}: {budget.remaining:,} of {budget.limit:,} left{until}"
