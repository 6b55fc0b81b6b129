"""Whoever asks after a change is served, however submits, claims, pages, settling and crashes fall together (I6)."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from progressive_capture.domain.jobs import Trigger
from progressive_capture.domain.requests import Joined, Queued, RerunAsked
from progressive_capture.domain.scope import moment
from progressive_capture.wiring import Wired
from tests.support.examples import examples
from tests.support.little_github import START, LittleGitHub
from tests.support.offices import MoodyGitHub, Office, rows, wish

PULLS = 4
MOMENTS = 50
"""Two for each request of two walks, about: an action falls before an answer is made, or while it is on its way."""

BEGINNING = st.integers(1, 8)
"""Where the list is walked."""

ROUNDS = 12


class Killed(BaseException):
    """Ends a worker at once, as SIGKILL would: nothing is parked, no lease is given back."""


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that holds all of the repository, to be copied: only what changes is read again."""
    path = tmp_path_factory.mktemp("known") / "known.db"
    office = Office(github(START), str(path))
    asyncio.run(office.know())
    asyncio.run(office.ask())
    asyncio.run(office.work())
    return path


def github(now: datetime) -> MoodyGitHub:
    return MoodyGitHub(now=now, pulls=LittleGitHub.of(PULLS).pulls)


@settings(max_examples=examples(6), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.dictionaries(BEGINNING | st.integers(1, MOMENTS), st.integers(1, PULLS + 1), min_size=1, max_size=4),
    crashes=st.sets(BEGINNING | st.integers(1, MOMENTS), max_size=2),
)
@example(changes={6: 1}, crashes=set()).via("asked while the only page is on its way, which does not hold the change")
@example(changes={5: 2, 8: 1}, crashes={10}).via("asked when the walk is over, and the worker dies")
def test_what_was_asked_for_is_stored_once_all_is_settled(
    known: Path, tmp_path: Path, changes: dict[int, int], crashes: set[int]
) -> None:
    path = shutil.copy(known, tmp_path / "capture.db")
    for leftover in tmp_path.glob("capture.db-*"):
        leftover.unlink()
    office = Office(github(START + timedelta(hours=1)), f"sqlite:///{path}")
    asyncio.run(_live(office, changes, crashes))


async def _live(office: Office, changes: dict[int, int], crashes: set[int]) -> None:
    async with office.wired() as wired:
        act = _actions(office, wired, changes, crashes)
        office.github.before, office.github.after = lambda _: act(), act
        _ask(wired)
        for _ in range(ROUNDS):
            try:
                await office.drain(wired)
            except Killed:
                continue
            if {row["status"] for row in rows(wired.database, "progressive_capture_jobs")} == {"completed"}:
                break
            office.github.now += timedelta(minutes=3)
            wired.upkeep().sweep()
            office.github.now += timedelta(minutes=1)
        assert {row["status"] for row in rows(wired.database, "progressive_capture_jobs")} == {"completed"}
        stored = {row["number"]: moment(row["updated_at"]) for row in rows(wired.database, "pull_requests")}
    assert stored == {number: moment(pull["updated_at"]) for number, pull in office.github.pulls.items()}


def _actions(office: Office, wired: Wired, changes: dict[int, int], crashes: set[int]) -> Callable[[], None]:
    """At given moments: a pull request changes and somebody asks, or the worker dies."""
    seen = 0

    def act() -> None:
        nonlocal seen
        seen += 1
        office.github.now += timedelta(seconds=seen % 2)
        if (number := changes.get(seen)) is not None:
            office.github.change(number, office.github.now)
            _ask(wired)
        if seen in crashes:
            raise Killed

    return act


def _ask(wired: Wired) -> None:
    answer = wired.queue().submit(wish(wired, trigger=Trigger.WEBHOOK))
    assert isinstance(answer, Queued | Joined | RerunAsked)
