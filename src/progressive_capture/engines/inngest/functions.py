"""The functions that Inngest calls, made with its SDK: steps around plain functions, and nothing that is decided here.

They are replayed from the top at each step: whatever stands outside of a step follows from the event and from the
answers of the steps before it. https://www.inngest.com/docs/learn/how-functions-are-executed
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

import inngest
import structlog

from progressive_capture.domain.errors import ProgressiveCaptureError
from progressive_capture.domain.scope import moment
from progressive_capture.engines.inngest.events import (
    ClassificationAsked,
    Event,
    EventRefused,
    JobCancelled,
    ShardHandedOver,
    TestAsked,
    data_of,
    read,
)
from progressive_capture.engines.inngest.runner import ENDED, WAIT, ShardRunner, StepAnswer

APP_ID: Final = "progressive-capture"
RETRIES: Final = 1
"""For a lost process only: what GitHub or the database refuses is answered by the queue's own retries."""

Result: TypeAlias = Mapping[str, Any]
Functions: TypeAlias = list[inngest.Function[Any]]

Kind = TypeVar("Kind", bound=Event)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Pacing:
    """How runs are paced; see the settings of the same names."""

    steps: int = 100
    """Steps after which a run is continued by a new one: a run keeps the answers of all of its steps."""
    starts_per_minute: int = 75
    """Of each principal; 0: as many as come."""
    per_repository: int = 2


@dataclass(frozen=True, slots=True)
class Recurring:
    """A duty as Inngest is to call it."""

    name: str
    cron: str
    """In UTC. https://www.inngest.com/docs/guides/scheduled-functions"""


@dataclass(frozen=True, slots=True)
class Hands:
    """The plain functions behind the functions."""

    runner: ShardRunner
    duties: Sequence[Recurring]
    do_duty: Callable[[str], Awaitable[Result]]
    classify: Callable[[], Awaitable[Result]]
    note_test: Callable[[str], Awaitable[Result]]
    """Leaves the row that a test waits for."""


def all_functions(client: inngest.Inngest, hands: Hands, pacing: Pacing) -> Functions:
    """Make every function of the app."""
    duties = [_duty(client, hands, duty) for duty in hands.duties]
    return [_capture(client, hands.runner, pacing), _classify(client, hands), _test(client, hands), *duties]


def names_of(functions: Functions) -> list[str]:
    """The functions as Inngest lists them, those that hear of failures included, without the app's name."""
    found = []
    for function in functions:
        config = function.get_config("http://127.0.0.1")
        found += [each.id for each in (config.main, config.on_failure) if each is not None]
    return sorted(name.removeprefix(f"{APP_ID}-") for name in found)


def _capture(client: inngest.Inngest, runner: ShardRunner, pacing: Pacing) -> inngest.Function[Any]:
    async def work(ctx: inngest.Context) -> Result:
        return await capture_run(ctx, runner, pacing.steps)

    async def failed(ctx: inngest.Context) -> Result:
        return await settle_failure(ctx, runner)

    throttle = inngest.Throttle(
        limit=max(pacing.starts_per_minute, 1),
        period=timedelta(minutes=1),
        key="event.data.principal",
        burst=max(pacing.starts_per_minute // 10, 1),
    )
    make = client.create_function(
        fn_id="capture",
        trigger=inngest.TriggerEvent(event=ShardHandedOver.NAME),
        retries=RETRIES,
        on_failure=failed,
        concurrency=[
            inngest.Concurrency(limit=1, key="event.data.principal"),
            inngest.Concurrency(limit=pacing.per_repository, key="event.data.repository"),
        ],
        throttle=throttle if pacing.starts_per_minute else None,
        priority=inngest.Priority(run="event.data.head_start"),
        cancel=[inngest.Cancel(event=JobCancelled.NAME, if_exp=_SAME_ATTEMPT)],
    )
    return make(work)


_SAME_ATTEMPT: Final = "event.data.job_id == async.data.job_id && event.data.attempt == async.data.attempt"


async def capture_run(ctx: inngest.Context, runner: ShardRunner, steps: int) -> Result:
    """Work on one shard, step by step, until it has ended or a new run is to go on.

    Raises:
        NonRetriableError: the event is not of our schema.
    """
    handed = _read(ShardHandedOver, ctx.event)
    # The run itself is an execution, and so is every step: a wait too, and what sent the event of a later part.
    executions = 2 if handed.part else 1
    for n in range(steps):
        answer = await step(ctx, f"advance-{n}", partial(runner.advance, handed, executions + 1))
        executions = 0
        if answer["outcome"] == ENDED:
            await _hand_on(ctx, answer)
            return {"steps": n + 1, "handed_on": len(answer["hand_on"]), "why": answer["why"]}
        if answer["outcome"] == WAIT and answer["until"] is not None:
            await ctx.step.sleep_until(f"wait-{n}", moment(answer["until"]))
            executions = 1
    await ctx.step.send_event("continue", [sendable(handed.on(part=handed.part + 1))])
    return {"steps": steps, "continued": handed.part + 1}


async def _hand_on(ctx: inngest.Context, answer: StepAnswer) -> None:
    """Begin the runs of the shards that come next, if any."""
    if following := [read(ShardHandedOver, data) for data in answer["hand_on"]]:
        await ctx.step.send_event("hand-on", [sendable(each) for each in following])


async def settle_failure(ctx: inngest.Context, runner: ShardRunner) -> Result:
    """Settle the shard of a run on which Inngest gave up, and begin what comes after it.

    Raises:
        NonRetriableError: the event is not of our schema.
    """
    failed, error = ctx.event.data, ctx.event.data.get("error")
    original = failed.get("event")
    if not isinstance(original, dict) or not isinstance(data := original.get("data"), dict):
        raise inngest.NonRetriableError("Inngest told of a failure without the event that failed.", quiet=True)
    handed = _read(ShardHandedOver, inngest.Event(name=ShardHandedOver.NAME, data=data))
    what = error.get("name") if isinstance(error, dict) else None
    # Its message may quote what a library was given; its name cannot.
    why = f"Inngest gave the run up ({what or 'no reason told'}): its page of this run tells more."
    answer = await step(ctx, "settle", partial(runner.give_up, handed, why))
    await _hand_on(ctx, answer)
    return {"settled": answer["why"]}


def _classify(client: inngest.Inngest, hands: Hands) -> inngest.Function[Any]:
    async def work(ctx: inngest.Context) -> Result:
        _read(ClassificationAsked, ctx.event)
        return await step(ctx, "classify", hands.classify)

    trigger = inngest.TriggerEvent(event=ClassificationAsked.NAME)
    return client.create_function(fn_id="classify-repositories", trigger=trigger, retries=RETRIES)(work)


def _test(client: inngest.Inngest, hands: Hands) -> inngest.Function[Any]:
    async def work(ctx: inngest.Context) -> Result:
        asked = _read(TestAsked, ctx.event)
        return await step(ctx, "note", partial(hands.note_test, asked.nonce))

    trigger = inngest.TriggerEvent(event=TestAsked.NAME)
    return client.create_function(fn_id="test", trigger=trigger, retries=RETRIES)(work)


def _duty(client: inngest.Inngest, hands: Hands, duty: Recurring) -> inngest.Function[Any]:
    async def work(_: inngest.Context) -> Result:
        # Without a step it is one execution in place of two, several times an hour.
        return await told(partial(hands.do_duty, duty.name))

    trigger = inngest.TriggerCron(cron=duty.cron)
    alone = [inngest.Concurrency(limit=1)]
    return client.create_function(fn_id=f"duty-{duty.name}", trigger=trigger, retries=RETRIES, concurrency=alone)(work)


class StepFailed(Exception):
    """What Inngest is to repeat; it keeps the message and the traceback, so that neither may quote anything."""


async def step(ctx: inngest.Context, name: str, work: Callable[[], Awaitable[Value]]) -> Value:
    """Run a step; see `told`.

    Raises:
        StepFailed: the work raised something, again and again.
    """
    return await ctx.step.run(name, partial(told, work))


async def told(work: Callable[[], Awaitable[Value]]) -> Value:
    """Do something whose error, if it has one, says no more to Inngest than a sentence of ours.

    Raises:
        StepFailed: the work raised something.
    """
    try:
        return await work()
    except ProgressiveCaptureError as error:
        raise StepFailed(str(error)) from None
    except Exception as error:  # noqa: BLE001 - as above, whatever it is
        structlog.stdlib.get_logger(__name__).exception("broken")
        raise StepFailed(f"The program failed ({type(error).__name__}); its log tells where.") from None


def sendable(event: Event) -> inngest.Event:
    """Make of an event of ours what the SDK sends."""
    return inngest.Event(name=event.NAME, data=data_of(event), id=event.event_id)


def _read(kind: type[Kind], event: inngest.Event) -> Kind:
    try:
        return read(kind, event.data)
    except EventRefused as refused:
        raise inngest.NonRetriableError(str(refused), quiet=True) from None
