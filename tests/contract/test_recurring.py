"""What the recurring duties come to, each run as it is when it is due; when that is stands elsewhere."""

from datetime import timedelta
from typing import Any

from progressive_capture.domain.cost import BOOKS
from progressive_capture.engines.duties import recurring
from progressive_capture.store.database import Database
from tests.contract.insight_rows import add_job, settle
from tests.contract.queue.bureau import Bureau
from tests.contract.rollout_rows import rollout_of
from tests.contract.test_store_jobs import NOW


async def nothing() -> dict[str, Any]:
    return {}


async def test_the_daily_report_tells_all_of_the_day_that_is_over(database: Database) -> None:
    with database.transaction() as connection:
        for before in (timedelta(), timedelta(days=1), timedelta(days=2)):
            settle(connection, add_job(connection, NOW - before), NOW - before)
    made = recurring(Bureau(database).upkeep, rollout_of(database), BOOKS["2026"], lambda: NOW, nothing)
    (report,) = [each for each in made if each.name == "report"]
    found: Any = await report.run()
    told = [(each["is_over"], [use["jobs"] for use in each["engines"]]) for each in found["spans"]]
    assert told == [(True, [1]), (False, [1])]
