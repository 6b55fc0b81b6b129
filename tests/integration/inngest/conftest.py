"""An installation that a little Inngest calls, within the test's process."""

from collections.abc import AsyncIterator

import pytest

from tests.support.little_github import LittleGitHub
from tests.support.offices import MoodyGitHub, Office
from tests.support.served import Served, served


@pytest.fixture
async def office(sqlite_url: str) -> Office:
    """A repository of seven pull requests, three to a page."""
    office = Office(MoodyGitHub(pulls=LittleGitHub.of(7).pulls), sqlite_url)
    await office.know()
    office.github.asked.clear()
    return office


@pytest.fixture
async def running(office: Office) -> AsyncIterator[Served]:
    """The same with Inngest."""
    async with served(office) as all_of_it:
        yield all_of_it
