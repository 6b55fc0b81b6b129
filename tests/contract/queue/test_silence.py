"""Handing over to an engine that gives no answer: it is tried, left alone, then asked whether it is there."""

from typing import Any

import pytest
from sqlalchemy import select

from progressive_capture.domain.breaker import FIRST, THRESHOLD, Phase
from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.queue.terms import Terms
from progressive_capture.store.database import Database
from progressive_capture.store.tables import JOBS
from tests.contract.queue.bureau import EVERYBODY, Bureau
from tests.contract.queue.rows import BULK, queued
from tests.contract.queue.scripted import Elsewhere

pytestmark = pytest.mark.anyio

ACTIONS = EngineName.GITHUB_ACTIONS
MANY = THRESHOLD + 2


def elsewhere(database: Database, **terms: Any) -> Elsewhere:
    """Many jobs in a bulk lane whose engine is silent."""
    engines = {Processor.INNGEST: EngineName.LOCAL, Processor.GITHUB_ACTIONS: ACTIONS}
    made = Elsewhere(Bureau(database, Terms(EVERYBODY, engines=engines, **terms)))
    made.engine.is_silent = True
    with database.transaction() as connection:
        for _ in range(MANY):
            queued(connection, processor=BULK, now=made.bureau.now)
    return made


def states(made: Elsewhere) -> set[tuple[str, int, bool]]:
    """How all jobs stand: state, failures, whether they are held."""
    with made.bureau.database.reading() as connection:
        rows = connection.execute(select(JOBS)).all()
    return {(row.status, row.failures, row.held_reason is not None) for row in rows}


async def test_three_silences_are_enough_for_all_jobs_of_one_look(database: Database) -> None:
    made = elsewhere(database)
    assert await made.dispatcher.dispatch() == 0
    assert made.engine.tried == THRESHOLD
    assert states(made) == {("pending", 0, False)}


async def test_while_it_is_left_alone_nobody_tries_it_and_its_jobs_are_held(database: Database) -> None:
    made = elsewhere(database)
    await made.dispatcher.dispatch()
    made.bureau.now += FIRST / 2
    assert await made.dispatcher.dispatch() == 0
    assert (made.engine.tried, made.engine.pings) == (THRESHOLD, 0)
    assert states(made) == {("pending", 0, True)}


async def test_its_jobs_stay_in_line_for_this_machine_where_that_steps_in(database: Database) -> None:
    made = elsewhere(database, local_steps_in=True)
    await made.dispatcher.dispatch()
    made.bureau.now += FIRST / 2
    assert await made.dispatcher.dispatch() == 0
    assert made.engine.tried == THRESHOLD
    assert states(made) == {("pending", 0, False)}


async def test_after_a_while_it_is_asked_whether_it_is_there_before_it_is_given_anything(database: Database) -> None:
    made = elsewhere(database, local_steps_in=True)
    await made.dispatcher.dispatch()
    made.bureau.now += FIRST
    assert await made.dispatcher.dispatch() == 0
    assert (made.engine.tried, made.engine.pings) == (THRESHOLD, 1)
    assert made.breakers.phase(ACTIONS) is Phase.OPEN
    made.engine.is_silent = False
    made.bureau.now += 2 * FIRST
    assert await made.dispatcher.dispatch() == MANY
    assert (made.engine.tried, made.engine.pings) == (THRESHOLD + MANY, 2)
    assert made.breakers.phase(ACTIONS) is Phase.CLOSED


async def test_a_refusal_between_silences_is_an_answer(database: Database) -> None:
    made = elsewhere(database)
    made.engine.refuses, made.engine.is_silent = True, False
    for _ in range(THRESHOLD - 1):
        made.breakers.unreachable(ACTIONS, "no route")
    await made.dispatcher.dispatch()
    made.breakers.unreachable(ACTIONS, "no route")
    assert made.breakers.phase(ACTIONS) is Phase.CLOSED
