"""Read models must not scan what grows: settled jobs, captured rows, history."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, event, insert, select

from progressive_capture.domain.cost import BOOKS
from progressive_capture.domain.periods import Period
from progressive_capture.domain.rollout import RolloutEnvironment
from progressive_capture.domain.scope import stamp
from progressive_capture.insight.costs import costs
from progressive_capture.insight.jobs import list_jobs, show_job
from progressive_capture.insight.monitoring import monitoring
from progressive_capture.insight.routing import routing_analysis
from progressive_capture.insight.stats import stats
from progressive_capture.insight.status import status
from progressive_capture.rollout.measure import metrics
from progressive_capture.store.database import Database
from progressive_capture.store.jobs import JobFilter
from progressive_capture.store.tables import JOB_EVENTS, JOB_METRICS, JOB_SHARDS, JOBS, ROLLOUT_METRICS
from tests.contract.insight_rows import add_job, ago, judge, settle
from tests.contract.rollout_rows import rollout_of
from tests.contract.store_rows import HOST
from tests.contract.test_store_jobs import NOW
from tests.contract.test_store_plans import plans, scans

SETTLED = 300
GROWING = (
    (JOBS, "id", "created_at"),
    (JOB_SHARDS, "job_id", None),
    (JOB_EVENTS, "job_id", "at"),
    (JOB_METRICS, "job_id", "finished_at"),
    (ROLLOUT_METRICS, "job_id", "created_at"),
)
IN_ORDER = (
    "USING INDEX ix_progressive_capture_jobs_created_at",
    "COVERING INDEX ix_progressive_capture_jobs",
    "anon_1",
)
"""Read as far as a page goes, and as far as jobs are counted beside it: 100,000 lines of an index."""
SMALL = (
    "rollout_configuration",
    "workers",
    "principals",
    "budgets",
    "tracked_repositories",
    "slots",
    "engine_breakers",
)
"""Tables that are read whole: a row for each feature, worker, principal, repository or engine."""


@pytest.fixture
def filled(database: Database) -> Database:
    """Store many jobs that settled in the last hundred days, and a few that are open."""
    with database.transaction() as connection:
        one = add_job(connection, ago(NOW, days=99), route_rule="small")
        settle(connection, one, ago(NOW, days=99))
        judge(connection, one, ago(NOW, days=99))
        for table, key, time in GROWING:
            row = dict(connection.execute(select(table).limit(1)).one()._mapping)
            rows = []
            for number in range(SETTLED):
                at = stamp(ago(NOW, hours=8 * number))
                own = {key: f"00000000-0000-4000-8000-{number:012}", **({time: at} if time else {})}
                more = {"dedupe_key": str(number), "completed_at": at} if table is JOBS else {}
                rows.append(
                    {name: value for name, value in row.items() if table is not JOB_EVENTS or name != "id"} | own | more
                )
            connection.execute(insert(table), rows)
        add_job(connection, NOW, route_rule="small")
    return database


@pytest.fixture
def index_wherever_one_serves(database: Database) -> Iterator[None]:
    """Ask PostgreSQL only whether an index serves: so few rows are read whole sooner."""
    if database.dialect == "sqlite":
        yield
        return

    def prefer(connection: Connection) -> None:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")

    event.listen(database._engine, "begin", prefer)
    yield
    event.remove(database._engine, "begin", prefer)  # other tests use the same engine


def big_scans(lines: list[str]) -> list[str]:
    return [line for line in scans(lines) if not any(word in line for word in (*SMALL, *IN_ORDER))]


@pytest.mark.usefixtures("nothing_known_to_planners", "index_wherever_one_serves")
def test_read_models_scan_nothing_that_grows(filled: Database) -> None:
    since = ago(NOW, days=1)
    rollout = rollout_of(filled)
    with filled.reading() as connection:
        job_id = connection.scalar(select(JOBS.c.id).limit(1)) or ""
    with plans(filled) as lines:
        status(
            filled,
            HOST,
            NOW,
            environment=RolloutEnvironment(),
            lanes_local=True,
            standings=lambda _connection, _now: {},
            shut=lambda _connection, _now: {},
        )
        stats(filled, HOST, since, NOW)
        monitoring(filled, HOST, since, NOW, max_error_rate=5)
        routing_analysis(filled, HOST, since)
        costs(filled, BOOKS["2026"], Period.DAY, NOW)
        list_jobs(filled, JobFilter(host_id=HOST), size=10)
        show_job(filled, HOST, job_id)
        metrics(rollout)
    assert len(lines) > 20
    assert big_scans(lines) == []
