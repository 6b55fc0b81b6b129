"""The queue's hot statements, as ratios: claims by 8 processes and by one, claims and submissions among a million jobs.

Run as `make bench-claims`, or `python -m bench.claims --only sqlite --stored 100000`. A claim takes one job with its
event row in a transaction of its own; a submission looks for an open job, for completed work, and opens a job.
"""

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, text

from bench import serving
from progressive_capture.domain.jobs import Counters, JobType, NewJob, Processor, Trigger
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.scope import SourceChoice
from progressive_capture.store import jobs
from progressive_capture.store.database import Database
from progressive_capture.store.jobs.life import job_values
from progressive_capture.store.tables import JOB_SHARDS, JOBS

PROCESSES: Final = 8
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
LEASE: Final = timedelta(minutes=2)
SAMPLES: Final = 400
"""Claims, and submissions, of which the middle one is told; the first quarter of them only warms up."""
REPOSITORIES: Final = 1_000
LONGEST: Final = {"sqlite": 30, "postgresql": 5}
"""Seconds that no claim may take: SQLite's busy timeout, and what people wait for without asking."""
SPAWN: Final = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Worked:
    """What one process came to."""

    claims: int
    longest: float
    began: float
    ended: float


def new_job(repository_id: int, **fields: Any) -> NewJob:  # noqa: ANN401 - of many types
    """A job as the queue opens it."""
    values: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "job_type": JobType.HISTORICAL_PR_SYNC,
        "host_id": 1,
        "repository_id": repository_id,
        "repository_name": f"octo/r{repository_id}",
        "processor": Processor.GITHUB_ACTIONS,
        "trigger": Trigger.SCHEDULED,
        "scope": "all;kinds=all;source=auto",
        "kinds": frozenset(Kind),
        "source": SourceChoice.AUTO,
        "spec": "{}",
        "route_rule": "historical",
    }
    return NewJob(**(values | fields))


def fill_line(database: Database, count: int, first: int) -> None:
    """Put jobs in line, each of its own repository."""
    made = [job_values(new_job(first + number, priority=number % 150), NOW) for number in range(count)]
    none = dict.fromkeys(Counters.__dataclass_fields__, 0)
    shard = {"k": 0, "spec": "{}", "state": "pending", "attempt": 0, "lease_epoch": 0} | none
    with database.transaction() as connection:
        connection.execute(insert(JOBS), made)
        connection.execute(insert(JOB_SHARDS), [shard | {"job_id": job["id"]} for job in made])
        connection.execute(text("ANALYZE"))


def claim_all(url: str, number: int, ready: Any, results: Any) -> None:  # noqa: ANN401 - of multiprocessing
    """Claim one job at a time until none is left; all processes begin together."""
    database = Database.open(url)
    longest, claims = 0.0, 0
    ready.wait()
    began = time.time()
    while True:
        asked = time.perf_counter()
        with database.transaction() as connection:
            found = jobs.claim_jobs(
                connection, Processor.GITHUB_ACTIONS, holder=f"w{number}", now=NOW, lease_until=NOW + LEASE
            )
        longest = max(longest, time.perf_counter() - asked)
        if not found.jobs:
            break
        claims += 1
    results.put(Worked(claims, longest, began, time.time()))
    database.close()


def rate(url: str, processes: int) -> tuple[float, float]:
    """Return claims a second by so many processes, and the longest claim in seconds."""
    ready, results = SPAWN.Barrier(processes), SPAWN.Queue()
    running = [SPAWN.Process(target=claim_all, args=(url, number, ready, results)) for number in range(processes)]
    for process in running:
        process.start()
    worked = [results.get() for _ in running]
    for process in running:
        process.join()
    seconds = max(each.ended for each in worked) - min(each.began for each in worked)
    return sum(each.claims for each in worked) / seconds, max(each.longest for each in worked)


def submit(database: Database, repository_id: int) -> float:
    """Submit one job as the queue does; milliseconds."""
    new = new_job(repository_id, scope=f"limit:{uuid.uuid4().int % 10**12};kinds=all;source=auto")
    began = time.perf_counter()
    with database.transaction(durable=False) as connection:
        jobs.find_for_submit(connection, new.dedupe_key, NOW, lambda _: False)
        jobs.last_completed(connection, new.dedupe_key)
        jobs.insert_job(connection, new, NOW)
    return (time.perf_counter() - began) * 1_000


IDENTIFIER: Final = {
    "sqlite": "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8'"
    " || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))",
    "postgresql": "gen_random_uuid()",
}
SERIES: Final = {
    "sqlite": "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n)",
    "postgresql": "(SELECT i FROM generate_series(1, {count}) AS n(i))",
}
STORED: Final = {
    "status": "CASE n.i % 100 WHEN 0 THEN 'pending' WHEN 1 THEN 'dead' ELSE 'completed' END",
    "completed_at": "CASE n.i % 100 WHEN 0 THEN NULL ELSE t.created_at END",
    "repository_id": f"n.i % {REPOSITORIES}",
}


SETTLED: Final = {
    "status": "CASE n.i % 50 WHEN 1 THEN 'dead' ELSE 'completed' END",
    "completed_at": "t.created_at",
    "repository_id": f"1 + n.i % {REPOSITORIES}",
}
HISTORY: Final = (
    """INSERT INTO job_shards (job_id, k, spec, state, attempt, lease_epoch, {counters})
    SELECT id, 0, '{{}}', 'completed', 1, 1, {zeros} FROM progressive_capture_jobs WHERE completed_at IS NOT NULL""",
    """INSERT INTO job_events (job_id, at, event)
    SELECT id, created_at, event FROM progressive_capture_jobs
    CROSS JOIN (SELECT 'opened' AS event UNION ALL SELECT 'processing' UNION ALL SELECT 'completed') AS told
    WHERE completed_at IS NOT NULL""",
)
"""What settled jobs leave: a shard and three lines each."""


def store_settled(connection: Connection, count: int) -> None:
    """Insert settled jobs with their shards and histories."""
    store_many(connection, count, SETTLED)
    connection.execute(delete(JOBS).where(JOBS.c.repository_id == 0, JOBS.c.status == "pending"))
    names = list(Counters.__dataclass_fields__)
    figures = {"counters": ", ".join(names), "zeros": ", ".join("0" for _ in names)}
    for statement in HISTORY:
        connection.execute(text(statement.format(**figures)))
    connection.execute(text("ANALYZE"))


def store_many(connection: Connection, count: int, columns_made: dict[str, str] = STORED) -> None:
    """Insert jobs of a past by SQL alone, each a copy of one: 98 % completed, 1 % dead, 1 % in line."""
    template = job_values(new_job(0), NOW - timedelta(days=1)) | {"dedupe_key": str(uuid.uuid4())}
    connection.execute(insert(JOBS).values(template))
    dialect = connection.dialect.name
    made = columns_made | {"id": IDENTIFIER[dialect], "dedupe_key": f"'{uuid.uuid4()}/' || n.i"}
    columns = [column.name for column in JOBS.c]
    quoted = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(made.get(name, f't."{name}"') for name in columns)
    series = SERIES[dialect].format(count=count)
    connection.execute(
        text(f"INSERT INTO progressive_capture_jobs ({quoted}) SELECT {values} FROM {series} AS n"  # noqa: S608 - ours
             " CROSS JOIN progressive_capture_jobs AS t WHERE t.id = :template"),
        {"template": template["id"]},
    )  # fmt: skip
    connection.execute(text("ANALYZE"))


def measure_claims(url: str, count: int) -> None:
    """Print how many claims 8 processes make for each of one process."""
    database = Database.open(url)
    database.migrate()
    rates = []
    for processes in (1, PROCESSES):
        fill_line(database, count, first=processes * 10**6)
        rates.append(rate(url, processes))
    (alone, _), (together, longest) = rates
    bound = LONGEST[database.dialect]
    print(
        f"{database.dialect}: {alone:.0f} claims/s by one process, {together:.0f} by {PROCESSES}: "
        f"{together / alone:.2f} (at least 0.5); the longest took {longest:.2f} s (at most {bound})"
    )
    database.close()


def claim(database: Database) -> float:
    """Claim one job as a worker's slot does; milliseconds."""
    began = time.perf_counter()
    with database.transaction(durable=False) as connection:
        found = jobs.claim_jobs(connection, Processor.GITHUB_ACTIONS, holder="me", now=NOW, lease_until=NOW + LEASE)
    assert len(found.jobs) == 1, "there is a job for each claim"
    return (time.perf_counter() - began) * 1_000


def measure_claims_beside(url: str, stored: int) -> None:
    """Print what a claim costs beside many settled jobs for each of its cost beside none."""
    database = Database.open(url)
    database.migrate()
    costs = []
    for count in (0, stored):
        if count:
            with database.transaction() as connection:
                store_settled(connection, count)
        fill_line(database, SAMPLES, first=10**8 + count)
        costs.append(middle([claim(database) for _ in range(SAMPLES)]))
    none, many = costs
    print(
        f"{database.dialect}: a claim takes {none:.2f} ms beside no settled job, {many:.2f} ms beside {stored:,}: "
        f"{many / none:.2f} (at most 2)"
    )
    database.close()


def middle(taken: list[float]) -> float:
    """Return the middle one of what was measured once warm."""
    return statistics.median(taken[len(taken) // 4 :])


def measure_submissions(url: str, stored: int) -> None:
    """Print what a submission costs among many jobs for each of its cost among few."""
    database = Database.open(url)
    database.migrate()
    costs = []
    for count in (1_000, stored):
        with database.transaction() as connection:
            store_many(connection, count)
        costs.append(middle([submit(database, number % REPOSITORIES) for number in range(SAMPLES)]))
    few, many = costs
    print(
        f"{database.dialect}: a submission takes {few:.2f} ms with 1,000 stored jobs, {many:.2f} ms with {stored:,}: "
        f"{many / few:.2f} (at most 2)"
    )
    database.close()


@contextmanager
def places(only: str | None) -> Iterator[dict[str, Any]]:
    """Make what opens new databases, by kind."""
    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, Any] = {}
        if only != "postgresql":
            found["sqlite"] = lambda: _file(Path(folder))
        if only == "sqlite":
            yield found
            return
        with serving.postgresql() as server:
            found["postgresql"] = lambda: serving.database(server)
            yield found


@contextmanager
def _file(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / f'{uuid.uuid4().hex}.db'}"


def main() -> None:
    """Measure both kinds of databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--jobs", type=int, default=2_000, help="jobs to claim")
    parser.add_argument("--stored", type=int, default=1_000_000, help="jobs among which is claimed and submitted")
    arguments = parser.parse_args()
    with places(arguments.only) as found:
        for opening in found.values():
            with opening() as url:
                measure_claims(url, arguments.jobs)
            with opening() as url:
                measure_claims_beside(url, arguments.stored)
            with opening() as url:
                measure_submissions(url, arguments.stored)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
