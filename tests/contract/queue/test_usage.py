"""What engines used each month stays equal to the figures of their jobs, whoever writes these; on both databases."""

import random
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from progressive_capture.domain.jobs import EngineName
from progressive_capture.domain.quotas import Usage
from progressive_capture.domain.scope import moment
from progressive_capture.store import metrics
from progressive_capture.store.jobs.metering import _put
from progressive_capture.store.tables import ENGINE_USAGE, JOB_METRICS
from tests.contract.queue.rows import queued

MONTHS = ("2025-12", "2026-01", "2026-02")
SUMS = ("runner_minutes", "executions", "cost_microusd")
NOTHING = dict.fromkeys(("requests", "points", "ms", "cpu_ms", "peak_memory_bytes", "timeouts", "waits"), 0)


def figures(chance: random.Random, job_id: str, **fixed: Any) -> dict[str, Any]:
    """Figures of a job of any engine, near either end of any month."""
    moment_of = chance.choice(["01T00:00:00.000000Z", "28T23:59:59.999999Z"])
    return {
        "job_id": job_id,
        "outcome": "completed",
        "processor_type": "github_actions",
        "engine": chance.choice([*EngineName, None]),
        "runner_minutes": chance.randrange(9),
        "executions": chance.randrange(9),
        "cost_microusd": chance.choice([None, chance.randrange(9)]),
        "rows": 0,
        "bytes_in": 0,
        "finished_at": f"{chance.choice(MONTHS)}-{moment_of}",
    } | NOTHING | fixed  # fmt: skip


def added_up(connection: Connection) -> dict[tuple[str, str], list[int]]:
    """Add up the jobs' own figures, as the sums should be."""
    sums: dict[tuple[str, str], list[int]] = {}
    for row in connection.execute(select(JOB_METRICS).where(JOB_METRICS.c.engine != "local")):
        each = sums.setdefault((row.engine, row.finished_at[:7]), [0, 0, 0])
        used = [getattr(row, name) or 0 for name in SUMS]
        sums[row.engine, row.finished_at[:7]] = [have + more for have, more in zip(each, used, strict=True)]
    return sums


def stored(connection: Connection) -> dict[tuple[str, str], list[int]]:
    rows = connection.execute(select(ENGINE_USAGE))
    return {(row.engine, row.month): [getattr(row, name) for name in SUMS] for row in rows}


@pytest.mark.parametrize("seed", range(3))
def test_the_sums_follow_whatever_becomes_of_the_figures(connection: Connection, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    ids = [queued(connection).id for _ in range(5)]
    for _ in range(40):
        job_id = chance.choice(ids)
        if chance.random() < 0.2:
            connection.execute(JOB_METRICS.update().where(JOB_METRICS.c.job_id == job_id).values(runner_minutes=7))
        _put(connection, JOB_METRICS, figures(chance, job_id))
    expected = added_up(connection)
    sums = stored(connection)
    assert {key: each for key, each in sums.items() if any(each)} == {k: e for k, e in expected.items() if any(e)}
    for engine in (EngineName.INNGEST, EngineName.GITHUB_ACTIONS):
        now = moment("2026-01-31T12:00:00Z")
        assert metrics.month_usage(connection, engine, now) == Usage(*expected.get((engine, "2026-01"), ()))
    connection.execute(JOB_METRICS.delete())
    assert connection.scalar(select(func.sum(ENGINE_USAGE.c.runner_minutes + ENGINE_USAGE.c.executions))) == 0
