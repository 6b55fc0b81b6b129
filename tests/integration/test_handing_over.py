"""A worker's process where all lanes run elsewhere: it sees to duties until it is stopped."""

import asyncio

import pytest

from tests.support.little_github import LittleGitHub
from tests.support.offices import MoodyGitHub, Office, rows

pytestmark = pytest.mark.anyio

SETTINGS = {"PC_INNGEST_ENGINE": "auto", "INNGEST_DEV": "1", "PC_GITHUB_ACTIONS_ENGINE": "off"}


@pytest.fixture
async def office(sqlite_url: str) -> Office:
    """An installation whose real-time lane runs on Inngest, and whose bulk lane is off."""
    office = Office(MoodyGitHub(pulls=LittleGitHub.of(7).pulls), sqlite_url, dict(SETTINGS))
    await office.know()
    return office


async def at_once(_seconds: float) -> None:
    await asyncio.sleep(0.001)


async def test_a_worker_without_slots_sees_to_duties_until_it_is_stopped(office: Office) -> None:
    looks = 0

    def stop() -> bool:
        nonlocal looks
        looks += 1
        return looks > 200

    office.stop = stop
    async with office.wired() as wired:
        worker = wired.worker()
        worker.pause = at_once
        assert not worker.slots
        assert (await worker.run()).jobs == 0
        assert {row["duty"] for row in rows(wired.database, "duty_runs")} >= {"sweep", "reconcile"}
        (seen,) = rows(wired.database, "workers")
        assert seen["stopped_at"] is not None
