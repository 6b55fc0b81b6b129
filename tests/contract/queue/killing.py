"""Workers of the queue that die by SIGKILL before any statement they send, and the parent that follows them up."""

import multiprocessing
import os
import random
import signal
from datetime import timedelta
from multiprocessing import connection as sentinels
from typing import Any, Final

from sqlalchemy import event, insert, select

from progressive_capture.domain.jobs import Counters, Outcome
from progressive_capture.processes import holder, is_gone
from progressive_capture.store import jobs
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.jobs.life import job_values
from progressive_capture.store.tables import JOB_EVENTS, JOB_SHARDS, JOBS
from tests.contract.queue.rows import BULK, LEASE, NOW, routed

PROCESSES: Final = 8
SPAWN: Final = multiprocessing.get_context("forkserver")


def fill(database: Database, count: int, seed: int) -> None:
    """Put jobs of random priorities in line, each of its own repository."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    made = []
    for number in range(count):
        at = NOW - timedelta(seconds=chance.randrange(count))
        new = routed(repository_id=number + 1, priority=chance.randrange(150))
        made.append(job_values(new, at))
    shard = {"k": 0, "spec": "{}", "state": "pending", "attempt": 0, "lease_epoch": 0}
    with database.transaction() as connection:
        connection.execute(insert(JOBS), made)
        none = dict.fromkeys(Counters.__dataclass_fields__, 0)
        connection.execute(insert(JOB_SHARDS), [shard | none | {"job_id": job["id"]} for job in made])


def work_off(database: Database, count: int, seed: int, one_in: int) -> int:
    """Have 8 processes do all jobs, each killed before one statement in so many; how many died."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    url = str(database._engine.url.render_as_string(hide_password=False))
    left = count  # more deaths than jobs: it would not end
    running: dict[Any, Any] = {}
    died = 0
    for _ in range(PROCESSES):
        _start(running, url, chance.random(), one_in)
    while running:
        for ended in sentinels.wait(list(running)):
            process = running.pop(ended)
            process.join()
            if process.exitcode == -signal.SIGKILL:
                died += 1
                assert died < left
                _start(running, url, chance.random(), one_in)
            else:
                assert process.exitcode == 0
            process.close()
    _start(running, url, 0, 0)
    (last,) = running.values()
    last.join()
    assert last.exitcode == 0
    return died


def _start(running: dict[Any, Any], url: str, seed: float, one_in: int) -> None:
    process = SPAWN.Process(target=work, args=(url, seed, one_in))
    process.start()
    running[process.sentinel] = process


def work(url: str, seed: float, one_in: int) -> None:
    """Do jobs until none can be had."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    database = Database.open(url)

    def perhaps_die(*_: object) -> None:
        if one_in and not chance.randrange(one_in):
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database._engine, "before_cursor_execute", perhaps_die)
    event.listen(database._engine, "commit", perhaps_die)
    me = holder()
    while True:
        with database.transaction(durable=False) as connection:
            claims = jobs.claim_jobs(connection, BULK, holder=me, now=NOW, lease_until=NOW + LEASE)
        for taken in claims.jobs:
            with database.transaction(durable=False) as connection:
                jobs.write_checkpoint(connection, taken.claim, "done", Counters(pages=1), NOW + LEASE)
                jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW)
        if not claims.jobs:
            with database.transaction(durable=False) as connection:
                swept = jobs.sweep_local(connection, NOW, is_gone=is_gone, random=lambda: 0.0)
            if not swept:
                return


def jumped(connection: Connection) -> int:
    """Return how many jobs, at most, were taken before one that stood before them in line."""
    job, event_ = JOBS.c, JOB_EVENTS.c
    line = connection.scalars(select(job.id).order_by(job.priority.desc(), job.turn_at, job.id))
    place = {identifier: number for number, identifier in enumerate(line)}
    taken = connection.scalars(select(event_.job_id).where(event_.event == "processing").order_by(event_.id))
    order = [place[identifier] for identifier in dict.fromkeys(taken)]
    return max(number - where for number, where in enumerate(order))


def completed_times(connection: Connection) -> dict[str, int]:
    """Return how often each job was completed."""
    ended: dict[str, int] = {}
    for identifier in connection.scalars(select(JOB_EVENTS.c.job_id).where(JOB_EVENTS.c.event == "completed")):
        ended[identifier] = ended.get(identifier, 0) + 1
    return ended
