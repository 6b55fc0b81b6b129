"""`pc engines`: what runs each lane, whether it answers, what became of jobs there; how stands in other rooms."""

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.operator import options
from progressive_capture.operator.commands.serve import WITHOUT_EXTRA
from progressive_capture.operator.commands.status import in_a_sentence
from progressive_capture.operator.desk import Desk, Shift, work
from progressive_capture.operator.telling import Told, tell_one
from progressive_capture.operator.wording import count

if TYPE_CHECKING:
    from progressive_capture.insight.status import SilentEngine
    from progressive_capture.wiring import Wired


class Action(StrEnum):
    """What can be done with engines."""

    PING = "ping"
    RECONCILE = "reconcile"


class Answer(NamedTuple):
    """What is known of the engine of one lane."""

    processor: Processor
    engine: EngineName | None
    answers: bool
    why: str
    until: str | None = None


def engines(
    context: typer.Context,
    action: Annotated[Action, typer.Argument(metavar="ping|reconcile", help="What to do.")] = Action.PING,
    *,
    json: options.Json = False,
) -> ExitCode:
    """Ask what runs each lane whether it answers, or what became of jobs that run elsewhere.

    ping: this machine answers when a worker with a slot of the lane was heard of in the last two minutes; one that
    gave no answer is told with the time at which it is asked again. Exit code 1 when a lane that is not off has no
    answer. reconcile: asks engines after jobs of which nobody has heard in time, and after what runs have used, as
    workers do each minute.
    """
    from progressive_capture.settings import Settings  # noqa: PLC0415 - not needed for --help

    desk: Desk = context.obj

    async def task(shift: Shift) -> Told:
        try:
            return await (_ping if action is Action.PING else _reconcile)(shift.works)
        except ModuleNotFoundError:
            raise UsageError(WITHOUT_EXTRA) from None

    return tell_one(desk, work(desk, Settings.read(), task, create=False), as_json=json)


async def _reconcile(works: "Wired") -> Told:
    found = await works.elsewhere().reconcile()
    text = f"{count(found.asked, 'job')} asked after"
    for number, what in (
        (found.handed_over, "handed over again"),
        (found.left, "left as they are"),
        (found.back, "back in line"),
        (found.failed, "failed"),
    ):
        text += f", {number:,} {what}" if number else ""
    return Told.of(f"{text}; {count(found.booked, 'run')} booked", {"reconciled": found})


async def _ping(works: "Wired") -> Told:
    local, silent = await asyncio.to_thread(_known, works)
    found = []
    async with works.engines() as elsewhere:
        for processor, name in works.terms.engines.items():
            if name is None:
                found.append(Answer(processor, None, answers=False, why="nothing is run"))
            elif name in elsewhere:
                answer = await elsewhere[name].ping()
                left_alone = silent.get(name)
                why = answer.why if left_alone is None else f"{answer.why} {in_a_sentence(left_alone)}"
                until = None if left_alone is None else left_alone.until
                found.append(Answer(processor, name, answer.answers, why, until))
            else:
                found.append(Answer(processor, name, *local[processor]))
    lines = [f"{each.processor}: {each.engine or 'off'}: {each.why}" for each in found]
    is_silent = any(each.engine is not None and not each.answers for each in found)
    code = ExitCode.FAILED if is_silent else ExitCode.COMPLETE
    return Told.of("\n".join(lines), {"engines": found}, code)


def _known(works: "Wired") -> tuple[dict[Processor, tuple[bool, str]], dict[EngineName, "SilentEngine"]]:
    """Read which lanes this machine's workers have slots of, and which engines are left alone."""
    from progressive_capture.insight.queue import queue  # noqa: PLC0415 - not needed for --help
    from progressive_capture.insight.status import silent_engines  # noqa: PLC0415 - as above

    now = works.clock.now()
    with works.database.reading() as connection:
        workers = [each for each in queue(connection, works.host_id, now).workers if not each.is_silent]
        silent = {each.engine: each for each in silent_engines(connection, now)}
    local = {}
    for processor in Processor:
        slots = sum(each.lanes.get(processor, 0) for each in workers)
        why = f"{count(slots, 'slot')} in {count(len(workers), 'worker')}" if slots else "no worker: run `pc worker`"
        local[processor] = (slots > 0, why)
    return local, silent
