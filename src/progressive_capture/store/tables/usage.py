"""The table of what paid engines used each month; adding to it is `store.jobs.spending`'s."""

from typing import Final

from sqlalchemy import Column, Table, Text

from progressive_capture.domain.jobs import EngineName
from progressive_capture.store.tables.base import METADATA, big, one_of

ENGINE_USAGE: Final = Table(
    "engine_usage",
    METADATA,
    Column("engine", Text, primary_key=True),
    Column("month", Text, primary_key=True, info={"doc": "Year and month in UTC, as 2026-01, in which it was told."}),
    big("runner_minutes"),
    big("executions"),
    big("cost_microusd", info={"doc": "Millionths of a US dollar; a cost that is not known counts as nothing."}),
    one_of("engine", EngineName),
    info={
        "doc": "What paid engines used: runner minutes are GitHub Actions', executions Inngest's, whichever engine "
        "ends the job, and from the moment they are told, not only once it has settled."
    },
)
