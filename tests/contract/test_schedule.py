"""Duties that several processes look after: each is run once when it is due, by whoever leads."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from progressive_capture.queue.schedule import LEADER, LEASE, Duty, Schedule
from progressive_capture.store import duties
from progressive_capture.store.database import Database
from tests.contract.queue.rows import MINUTE, NOW, gone, lives
from tests.contract.waiting import until_waiting


@dataclass
class Office:
    """A process with one duty, and a clock that the test moves."""

    database: Database
    name: str
    now: datetime = NOW
    runs: list[datetime] = field(default_factory=list)

    def schedule(self, **fields: Any) -> Schedule:
        values: dict[str, Any] = {"holder": self.name, "clock": lambda: self.now, "is_gone": lives}
        return Schedule(self.database, [Duty("sweep", MINUTE, self._sweep)], **(values | fields))

    async def _sweep(self) -> dict[str, object]:
        self.runs.append(self.now)
        return {}


async def test_a_duty_is_run_when_it_is_due_by_who_leads(database: Database) -> None:
    mine, yours = Office(database, "me"), Office(database, "you")
    assert await mine.schedule().tend() == ["sweep"]
    assert await mine.schedule().tend() == []
    yours.now = NOW + MINUTE - timedelta(seconds=1)
    assert await yours.schedule().tend() == []
    mine.schedule().resign()
    assert await yours.schedule().tend() == []
    yours.now = mine.now = NOW + MINUTE
    assert await yours.schedule().tend() == ["sweep"]
    mine.now += MINUTE
    assert await mine.schedule(is_gone=gone).tend() == ["sweep"]
    assert (mine.runs, yours.runs) == ([NOW, NOW + 2 * MINUTE], [NOW + MINUTE])


def test_of_two_that_look_at_once_the_second_sees_the_run_of_the_first(pg_tables_url: str) -> None:
    """SQLite has one writer at a time."""
    database = Database.open(pg_tables_url)
    mine = Office(database, "me")
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            assert duties.lead(connection, LEADER, "you", NOW, NOW + LEASE)
            ran = pool.submit(lambda: asyncio.run(mine.schedule(is_gone=gone).tend()))
            until_waiting(pg_tables_url, 1)
            duties.begin_run(connection, "sweep", "you", NOW)
        assert ran.result(timeout=60) == []
    database.close()
    assert mine.runs == []
