"""`pc engines`: what runs each lane, and whether it answers; nothing is handed to any engine here."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.operator import options
from progressive_capture.operator.desk import Desk, at_store
from progressive_capture.operator.telling import Told, tell_one
from progressive_capture.operator.wording import count

if TYPE_CHECKING:
    from progressive_capture.wiring import Wired


class Action(StrEnum):
    """What can be done with engines."""

    PING = "ping"


class Answer(NamedTuple):
    """What is known of the engine of one lane."""

    processor: Processor
    engine: EngineName | None
    answers: bool
    why: str


def engines(
    context: typer.Context,
    _action: Annotated[Action, typer.Argument(metavar="ping", help="Ask whether they answer.")] = Action.PING,
    *,
    json: options.Json = False,
) -> ExitCode:
    """Ask what runs each lane whether it answers.

    This machine answers when a worker with a slot of the lane was heard of in the last two minutes. Exit code 1 when
    a lane that is not off has no answer.
    """
    from progressive_capture.settings import Settings  # noqa: PLC0415 - not needed for --help

    desk: Desk = context.obj
    found = at_store(desk, Settings.read(), _ping, create=False)
    lines = [f"{each.processor}: {each.engine or 'off'}: {each.why}" for each in found]
    silent = any(each.engine is not None and not each.answers for each in found)
    code = ExitCode.FAILED if silent else ExitCode.COMPLETE
    return tell_one(desk, Told.of("\n".join(lines), {"engines": found}, code), as_json=json)


def _ping(works: "Wired") -> list[Answer]:
    from progressive_capture.insight.queue import queue  # noqa: PLC0415 - not needed for --help

    engine_of = works.terms.engines
    with works.database.reading() as connection:
        workers = [each for each in queue(connection, works.host_id, works.clock.now()).workers if not each.is_silent]
    answers = []
    for processor in Processor:
        slots = sum(each.lanes.get(processor, 0) for each in workers)
        why = f"{count(slots, 'slot')} in {count(len(workers), 'worker')}" if slots else "no worker: run `pc worker`"
        engine = engine_of[processor]
        answers.append(Answer(processor, engine, slots > 0, why if engine is not None else "nothing is run"))
    return answers
