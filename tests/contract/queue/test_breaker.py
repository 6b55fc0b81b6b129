"""Breakers in the database: what one process hears holds for all, and one alone tries an engine that was silent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from progressive_capture.domain.breaker import FIRST, THRESHOLD, TRIAL, Breaker, Phase
from progressive_capture.domain.jobs import EngineName
from progressive_capture.queue.breaker import Breakers
from progressive_capture.store import breakers
from progressive_capture.store.database import Database
from tests.contract.queue.rows import NOW

ENGINE = EngineName.INNGEST


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def heard(database: Database, clock: Clock) -> Breakers:
    """Breakers that have heard three silences of Inngest."""
    heard = Breakers(database, clock)
    for _ in range(THRESHOLD):
        heard.unreachable(ENGINE, "no route")
    return heard


def stored(database: Database, engine: EngineName = ENGINE) -> Breaker:
    with database.reading() as connection:
        return breakers.find(connection, engine)


def test_silence_opens_it_for_every_process_and_no_other_engine(database: Database, heard: Breakers) -> None:
    assert heard.may_try(ENGINE) is Phase.OPEN
    assert stored(database) == Breaker(failures=THRESHOLD, trips=1, until=NOW + FIRST, why="no route")
    assert heard.may_try(EngineName.GITHUB_ACTIONS) is Phase.CLOSED
    assert stored(database, EngineName.GITHUB_ACTIONS) == Breaker()


def test_of_many_that_look_at_once_one_tries_it(database: Database, heard: Breakers, clock: Clock) -> None:
    clock.now = NOW + FIRST
    with ThreadPoolExecutor(8) as pool:
        phases = list(pool.map(lambda _: heard.may_try(ENGINE), range(16)))
    assert sorted(phases) == [Phase.HALF_OPEN] + [Phase.OPEN] * 15
    clock.now += TRIAL
    assert heard.may_try(ENGINE) is Phase.HALF_OPEN
    heard.unreachable(ENGINE, "still no route")
    assert stored(database).until == clock.now + 2 * FIRST


def test_an_answer_closes_it(database: Database, heard: Breakers) -> None:
    heard.answered(ENGINE)
    assert heard.may_try(ENGINE) is Phase.CLOSED
    assert stored(database) == Breaker()


def test_that_it_is_there_lets_it_be_tried_with_jobs(database: Database, heard: Breakers, clock: Clock) -> None:
    clock.now = NOW + timedelta(minutes=1)
    assert heard.may_try(ENGINE) is Phase.HALF_OPEN
    heard.is_there(ENGINE)
    assert heard.may_try(ENGINE) is Phase.CLOSED
    heard.unreachable(ENGINE, "no route")
    assert stored(database).trips == 2
