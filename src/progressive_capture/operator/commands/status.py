"""`pc status`: the queue as it is now, and all that holds work back; what it rests on is read elsewhere."""

from typing import TYPE_CHECKING, Final

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator import options
from progressive_capture.operator.desk import Desk, at_store
from progressive_capture.operator.rolling import stopped
from progressive_capture.operator.tables import table
from progressive_capture.operator.telling import Told, tell_one
from progressive_capture.operator.wording import count, lane_name, moment

if TYPE_CHECKING:
    from progressive_capture.insight.queue import BudgetLeft, Lane, Queue
    from progressive_capture.insight.status import SilentEngine, Status
    from progressive_capture.wiring import Wired


_OFF: Final = "  switched off, so that every job goes to the real-time lane: rollout activate"


def status(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Show the queue now: lanes, workers, what jobs wait for, budgets and quotas."""
    from progressive_capture.insight.status import status as insight  # noqa: PLC0415 - not needed for --help
    from progressive_capture.queue.openings import doors, standings  # noqa: PLC0415 - as above
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    desk: Desk = context.obj

    def read(works: "Wired") -> Told:
        terms = works.terms
        found = insight(
            works.database,
            works.host_id,
            works.clock.now(),
            environment=terms.environment,
            lanes_local=terms.lanes_local,
            standings=lambda connection, now: standings(connection, terms, now),
            shut=lambda connection, now: doors(connection, terms, now).shut_lanes,
        )
        return Told.of("\n".join(in_words(found)), {"status": found})

    return tell_one(desk, at_store(desk, Settings.read(), read, create=False), as_json=json)


def in_words(status: "Status") -> list[str]:
    """All of it in lines."""
    found, rollout = status.queue, status.rollout
    heads = ("lane", "due", "later", "held", "at work", "oldest waits since (UTC)")
    alive = [each for each in found.workers if not each.is_silent]
    silent = len(found.workers) - len(alive)
    workers = count(len(alive), "worker") if alive else "no worker: `pc worker` runs what is queued"
    return [
        *table(heads, [_lane(lane) for lane in found.lanes]),
        *(f"  {each.jobs:,} held: {each.reason}" for each in found.held),
        *([f"  {status.failed:,} failed and await their retry: pc jobs --state failed"] if status.failed else []),
        *([_dead(status.dead)] if status.dead else []),
        *_stopped(found),
        *(
            [f"  {count(len(found.stuck), 'job')} should have moved on; the next sweep of a worker sees to that"]
            if found.stuck
            else []
        ),
        workers + (f", and {silent:,} not heard of for two minutes" if silent else ""),
        f"rollout: {rollout.percentage:g} % by {rollout.strategy} (version {rollout.version})",
        *([] if rollout.is_active else [_OFF]),
        *([stopped(rollout.stopped_by)] if rollout.stopped_by else []),
        *(in_a_sentence(each) for each in status.silent_engines),
        *(_budget(each) for each in found.budgets),
        *(f"quota of {each.engine}: {each.why}" for each in status.quotas),
    ]


def in_a_sentence(engine: "SilentEngine") -> str:
    """What is known of an engine that gives no answer."""
    return f"{engine.engine.called} gives no answer, and is asked again at {moment(engine.until)} UTC. {engine.why}"


def _dead(jobs: int) -> str:
    return f"  {jobs:,} dead in the last 24 hours: pc jobs --state dead says why, pc retry --all opens them anew"


def _stopped(found: "Queue") -> list[str]:
    """What stopped captures left, and what goes on with it: named for the first, as one line has room."""
    number = sum(lane.stopped for lane in found.lanes)
    if not number:
        return []
    again = f"`pc capture {found.stopped_captures[0].repository}`"
    if number == 1:
        return [f"  1 capture was stopped: {again}, with the options it had, goes on with it"]
    return [f"  {number:,} captures were stopped: the same command, such as {again}, goes on with each"]


def _lane(lane: "Lane") -> list[object]:
    taken = sum(number for state, number in lane.states.items() if state in {"dispatched", "processing"})
    at_work = taken - lane.stopped
    return [lane_name(lane.processor), lane.due, lane.later, lane.held, at_work, moment(lane.oldest_pending_at)]


def _budget(budget: "BudgetLeft") -> str:
    whose = f"{budget.resource} budget of {budget.principal}"
    if budget.paused_until is not None:
        return f"{whose}: paused until {moment(budget.paused_until)} UTC. {budget.reason}"
    if budget.remaining is None or budget.limit is None:
        return f"{whose}: nothing known yet"
    unit = "points" if budget.resource == "graphql" else "requests"
    until = f" until {moment(budget.reset_at)} UTC" if budget.reset_at else ""
    return f"{whose}: {budget.remaining:,} of {budget.limit:,} {unit} left{until}"
