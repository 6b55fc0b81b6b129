"""Whoever asks after a change is served, however submits, claims, pages, settling and crashes fall together (I6)."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from progressive_capture.domain.jobs import Trigger
from progressive_capture.domain.requests import Joined, Queued, RerunAsked
from progressive_capture.domain.scope import moment
from progressive_capture.wiring import Wired
from tests.support.little_github import LittleGitHub
from tests.support.offices import MoodyGitHub, Office, rows, wish

PULLS = 4
REQUESTS = 45
"""As many as two walks ask for, about: an action may fall between any two."""

ROUNDS = 12


class Killed(BaseException):
    """Ends a worker at once, as SIGKILL would: nothing is parked, no lease is given back."""


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that knows the repository, to be copied."""
    path = tmp_path_factory.mktemp("known") / "known.db"
    asyncio.run(Office(github(), str(path)).know())
    return path


def github() -> MoodyGitHub:
    return MoodyGitHub(pulls=LittleGitHub.of(PULLS).pulls)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.dictionaries(st.integers(1, REQUESTS), st.integers(1, PULLS + 1), min_size=1, max_size=4),
    crashes=st.sets(st.integers(1, REQUESTS), max_size=2),
)
def test_what_was_asked_for_is_stored_once_all_is_settled(
    known: Path, tmp_path: Path, changes: dict[int, int], crashes: set[int]
) -> None:
    path = shutil.copy(known, tmp_path / "capture.db")
    for leftover in tmp_path.glob("capture.db-*"):
        leftover.unlink()
    office = Office(github(), f"sqlite:///{path}")
    asyncio.run(_live(office, changes, crashes))


async def _live(office: Office, changes: dict[int, int], crashes: set[int]) -> None:
    async with office.wired() as wired:
        office.github.before = _actions(office, wired, changes, crashes)
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


def _actions(office: Office, wired: Wired, changes: dict[int, int], crashes: set[int]) -> Callable[[str], None]:
    """At given requests: a pull request changes and somebody asks, or the worker dies."""
    seen = 0

    def before(_path: str) -> None:
        nonlocal seen
        seen += 1
        office.github.now += timedelta(seconds=1)
        if (number := changes.get(seen)) is not None:
            office.github.change(number, office.github.now)
            _ask(wired)
        if seen in crashes:
            raise Killed

    return before


def _ask(wired: Wired) -> None:
    answer = wired.queue().submit(wish(wired, trigger=Trigger.WEBHOOK))
    assert isinstance(answer, Queued | Joined | RerunAsked)
