"""While an engine is silent: what is wanted soon goes to bulk where the rollout lets it; all else waits and is told."""

from typing import Any

import pytest

from progressive_capture.domain.breaker import THRESHOLD
from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.domain.priority import HIGHEST
from progressive_capture.domain.quotas import Quota
from progressive_capture.domain.rollout import RolloutEnvironment
from progressive_capture.domain.scope import Scope
from progressive_capture.queue.breaker import Breakers
from progressive_capture.queue.staying import STANDS_IN, ask_again
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs
from progressive_capture.store.database import Database
from tests.contract.queue.bureau import EVERYBODY, HISTORY, NOBODY, Bureau
from tests.contract.queue.rows import BULK, REAL_TIME

INNGEST, ACTIONS = EngineName.INNGEST, EngineName.GITHUB_ACTIONS
REMOTE = {Processor.INNGEST: INNGEST, Processor.GITHUB_ACTIONS: ACTIONS}
SOON = Scope(numbers=(1, 2))
INNGEST_SILENT = "Inngest gives no answer: `pc engines` tells when it is asked again."
ACTIONS_SILENT = "GitHub Actions gives no answer: `pc engines` tells when it is asked again."


def office(database: Database, environment: RolloutEnvironment = EVERYBODY, **terms: Any) -> Bureau:
    return Bureau(database, Terms(environment, engines=REMOTE, **terms))


def silence(bureau: Bureau, *engines: EngineName) -> None:
    heard = Breakers(bureau.database, lambda: bureau.now)
    for engine in engines:
        for _ in range(THRESHOLD):
            heard.unreachable(engine, "no route")


def answer(bureau: Bureau, engine: EngineName) -> None:
    """Have an engine answer again; what upkeep then lets go."""
    Breakers(bureau.database, lambda: bureau.now).answered(engine)
    bureau.upkeep.release()


def place(bureau: Bureau, job_id: str) -> tuple[str, str | None]:
    row = bureau.row(job_id)
    return row.processor_type, row.held_reason


def dispatched(bureau: Bureau, lane: Processor) -> list[str]:
    """What would be handed over now."""
    with bureau.database.transaction() as connection:
        decide = ask_again(connection, bureau.terms, lane, bureau.now)
        times = {"now": bureau.now, "deadline": bureau.now}
        found = jobs.dispatch_jobs(connection, lane, REMOTE[lane], who="me", n=9, decide=decide, **times)
    return [each.job.id for each in found.jobs]


def test_what_is_wanted_soon_goes_to_bulk_before_all_history(database: Database) -> None:
    bureau = office(database)
    history = bureau.queued(HISTORY)
    silence(bureau, INNGEST)
    soon = bureau.queued(SOON)
    row = bureau.row(soon)
    assert (row.processor_type, row.route_rule, row.held_reason) == (BULK, STANDS_IN, None)
    assert row.route_reason.startswith(INNGEST_SILENT)
    assert row.priority == HIGHEST > bureau.row(history).priority
    assert bureau.row(history).route_rule != STANDS_IN
    assert dispatched(bureau, BULK) == [soon, history]
    answer(bureau, INNGEST)
    assert place(bureau, bureau.queued(Scope(numbers=(3,)))) == (REAL_TIME, None)


def test_what_the_rollout_keeps_from_bulk_waits_and_is_told_why(database: Database) -> None:
    bureau = office(database, NOBODY)
    in_line = bureau.queued(Scope(numbers=(3,)))
    silence(bureau, INNGEST)
    soon = bureau.queued(SOON)
    assert dispatched(bureau, REAL_TIME) == []
    assert place(bureau, soon) == place(bureau, in_line) == (REAL_TIME, INNGEST_SILENT)
    assert bureau.upkeep.release() == []
    answer(bureau, INNGEST)
    assert place(bureau, soon) == place(bureau, in_line) == (REAL_TIME, None)
    assert sorted(dispatched(bureau, REAL_TIME)) == sorted([soon, in_line])


def test_what_was_in_line_goes_to_bulk_too(database: Database) -> None:
    bureau = office(database)
    soon = bureau.queued(SOON)
    silence(bureau, INNGEST)
    assert dispatched(bureau, REAL_TIME) == []
    row = bureau.row(soon)
    assert (row.processor_type, row.route_rule, row.priority) == (BULK, STANDS_IN, HIGHEST)
    assert dispatched(bureau, BULK) == [soon]


def test_history_waits_for_actions_and_is_not_sent_to_real_time(database: Database) -> None:
    bureau = office(database)
    in_line = bureau.queued(HISTORY)
    silence(bureau, ACTIONS)
    assert dispatched(bureau, BULK) == []
    assert bureau.upkeep.release() == []
    assert place(bureau, in_line) == (BULK, ACTIONS_SILENT)
    assert place(bureau, bureau.queued(SOON)) == (REAL_TIME, None)
    answer(bureau, ACTIONS)
    assert dispatched(bureau, BULK) == [in_line]


@pytest.mark.parametrize(("back", "lane"), [(INNGEST, REAL_TIME), (ACTIONS, BULK)])
def test_with_both_silent_all_wait_and_run_when_one_is_back(
    database: Database, back: EngineName, lane: Processor
) -> None:
    bureau = office(database)
    in_line = bureau.queued(Scope(numbers=(3,)))
    silence(bureau, INNGEST, ACTIONS)
    soon, history = bureau.queued(SOON), bureau.queued(HISTORY)
    assert dispatched(bureau, REAL_TIME) == dispatched(bureau, BULK) == []
    assert place(bureau, soon) == place(bureau, in_line) == (REAL_TIME, INNGEST_SILENT)
    assert place(bureau, history) == (BULK, ACTIONS_SILENT)
    answer(bureau, back)
    assert place(bureau, soon) == place(bureau, in_line) == (lane, None)
    stands_in = [(bureau.row(each).route_rule, bureau.row(each).priority) for each in (soon, in_line)]
    assert (stands_in == [(STANDS_IN, HIGHEST)] * 2) is (back is ACTIONS)
    assert place(bureau, history) == (BULK, None if back is ACTIONS else ACTIONS_SILENT)


def test_what_stood_in_and_waits_goes_back_when_its_own_engine_answers_first(database: Database) -> None:
    bureau = office(database)
    silence(bureau, INNGEST)
    soon = bureau.queued(SOON)
    silence(bureau, ACTIONS)
    assert dispatched(bureau, BULK) == []
    assert place(bureau, soon) == (BULK, ACTIONS_SILENT)
    answer(bureau, INNGEST)
    assert place(bureau, soon) == (REAL_TIME, None)


def test_bulk_does_not_stand_in_beyond_its_quota(database: Database) -> None:
    bureau = office(database, quotas={ACTIONS: Quota(runner_minutes=0)})
    silence(bureau, INNGEST)
    assert place(bureau, bureau.queued(SOON)) == (REAL_TIME, INNGEST_SILENT)


def test_this_machine_steps_in_only_where_it_is_to_and_only_meanwhile(database: Database) -> None:
    bureau = office(database, local_steps_in=True)
    soon, history = bureau.queued(SOON), bureau.queued(HISTORY)
    assert bureau.take(REAL_TIME) is None
    silence(bureau, INNGEST, ACTIONS)
    assert place(bureau, bureau.queued(Scope(numbers=(3,)))) == (REAL_TIME, None)
    taken = bureau.take(REAL_TIME)
    assert taken is not None
    assert (taken.job.id, bureau.row(soon).engine) == (soon, "local")
    answer(bureau, ACTIONS)
    assert bureau.take(BULK) is None
    bureau.terms = Terms(EVERYBODY, engines=REMOTE)
    assert bureau.take(REAL_TIME) is None
    assert dispatched(bureau, BULK) == [history]
