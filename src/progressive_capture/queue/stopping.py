"""Telling engines elsewhere to stop the runs of cancelled jobs; the jobs are settled before, in the store."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from progressive_capture.domain.jobs import EngineName
from progressive_capture.queue.engine import Engine, EngineRefused, EngineUnreachable, RunRef
from progressive_capture.store import jobs
from progressive_capture.store.database import Database

AT_ONCE: Final = 8
"""Runs that one engine is told of at a time."""


async def stop_runs(database: Database, engines: Mapping[EngineName, Engine], job_ids: Sequence[str]) -> int:
    """Ask the engines to stop the runs of cancelled jobs; how many were told.

    That spares what those runs would still use. One that is not told of ends all the same, at its next page: the
    database shuts it out. So an engine that does not answer is asked no further, and that is logged.

    Args:
        database: where the jobs are.
        engines: those that can be reached from here.
        job_ids: jobs that were cancelled; those that no engine elsewhere has run are passed over.

    Raises:
        StoreError: the database cannot be read.
    """
    told = 0
    for name, runs in (await asyncio.to_thread(_runs, database, job_ids)).items():
        if name in engines:
            told += await _stop(engines[name], runs)
    return told


def _runs(database: Database, job_ids: Sequence[str]) -> dict[EngineName, list[RunRef]]:
    found: dict[EngineName, list[RunRef]] = {}
    with database.reading() as connection:
        for engine, ref in jobs.cancelled_runs(connection, job_ids):
            found.setdefault(engine, []).append(ref)
    return found


async def _stop(engine: Engine, runs: Sequence[RunRef]) -> int:
    log = structlog.stdlib.get_logger(__name__).bind(engine=engine.name.value)
    told = 0
    for first in range(0, len(runs), AT_ONCE):
        asked = await asyncio.gather(
            *(engine.cancel(ref) for ref in runs[first : first + AT_ONCE]), return_exceptions=True
        )
        told += sum(each is None for each in asked)
        for error in asked:
            if isinstance(error, EngineRefused | EngineUnreachable):
                log.warning("runs not stopped: they end at their next page", runs=len(runs) - told, error=str(error))
                return told
            if error is not None:
                raise error
    return told
