"""Paid engines' use counts from the moment it is told, under the engine that bills it: sums of before are made anew."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_MONTH: Final = {"sqlite": "substr({0}, 1, 7)", "postgresql": "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM')"}
_TRIGGERS: Final = ("job_metrics_inserted", "job_metrics_updated", "job_metrics_deleted")

_PRICED: Final = """UPDATE job_shards SET cost_microusd = (
        SELECT metric.cost_microusd FROM job_metrics AS metric WHERE metric.job_id = job_shards.job_id)
    WHERE k = 0 AND EXISTS (
        SELECT 1 FROM job_metrics AS metric
        WHERE metric.job_id = job_shards.job_id AND (metric.cost_microusd IS NULL OR metric.cost_microusd <> 0))"""
"""A settled job's cost, which was reckoned as a whole, stands with its first shard."""

_UNPRICED: Final = """UPDATE job_shards SET cost_microusd = NULL
    WHERE (runner_minutes > 0 OR executions > 0) AND NOT EXISTS (
        SELECT 1 FROM job_metrics AS metric
        WHERE metric.job_id = job_shards.job_id AND metric.runner_minutes + metric.executions >= (
            SELECT sum(own.runner_minutes + own.executions) FROM job_shards AS own
            WHERE own.job_id = job_shards.job_id))"""
"""What was told of a job since it last settled, if it ever did, was never priced: its cost is unknown, not nothing."""

_SETTLED: Final = """SELECT '{engine}' AS engine, {finished} AS month, {minutes} AS minutes, {executions} AS executions,
        CASE WHEN engine = '{engine}' THEN coalesce(cost_microusd, 0) ELSE 0 END AS cost
    FROM job_metrics WHERE runner_minutes > 0 OR executions > 0 OR cost_microusd > 0"""
"""What was reckoned with when jobs settled; what one cost that had used both is its last engine's, as it was."""

_SINCE: Final = """SELECT '{engine}' AS engine, {heard} AS month, {minutes} AS minutes, {executions} AS executions,
        0 AS cost
    FROM (
        SELECT shard.job_id, max(event.at) AS heard,
            max(shard.minutes) - coalesce(max(metric.runner_minutes), 0) AS minutes,
            max(shard.executions) - coalesce(max(metric.executions), 0) AS executions
        FROM (
            SELECT job_id, sum(runner_minutes) AS minutes, sum(executions) AS executions FROM job_shards
            WHERE runner_minutes > 0 OR executions > 0 GROUP BY job_id
        ) AS shard
        JOIN job_events AS event ON event.job_id = shard.job_id
        LEFT JOIN job_metrics AS metric ON metric.job_id = shard.job_id
        GROUP BY shard.job_id
    ) AS job"""
"""What was told of jobs beyond that, not settled or told later. It counts for when they were last heard of."""


def upgrade() -> None:
    """Drop what kept the sums equal to settled jobs' figures, and make them anew of all that was told."""
    op.add_column("job_shards", sa.Column("cost_microusd", sa.BigInteger(), nullable=True, server_default="0"))
    connection = op.get_bind()
    dialect = connection.dialect.name
    for name in _TRIGGERS:
        on = " ON job_metrics" if dialect == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")
        if dialect == "postgresql":
            connection.exec_driver_sql(f"DROP FUNCTION {name}()")
    connection.exec_driver_sql(_PRICED)
    connection.exec_driver_sql(_UNPRICED)
    connection.exec_driver_sql("DELETE FROM engine_usage")
    connection.exec_driver_sql(_summed(dialect))


def _summed(dialect: str) -> str:
    month = _MONTH[dialect]
    of_engine = (
        {"engine": "github_actions", "executions": 0},
        {"engine": "inngest", "minutes": 0},
    )
    parts = []
    for each in of_engine:
        settled = {"minutes": "runner_minutes", "executions": "executions", "finished": month.format("finished_at")}
        since = {"minutes": "minutes", "executions": "executions", "heard": month.format("heard")}
        parts += [_SETTLED.format(**settled | each), _SINCE.format(**since | each)]
    union = "\n    UNION ALL ".join(parts)
    return f"""INSERT INTO engine_usage (engine, month, runner_minutes, executions, cost_microusd)
    SELECT engine, month, sum(minutes), sum(executions), sum(cost) FROM (
    {union}
    ) AS told GROUP BY engine, month HAVING sum(minutes) <> 0 OR sum(executions) <> 0 OR sum(cost) <> 0"""  # noqa: S608 - all constants
