"""A capture that was broken off, after another one has come to its end."""

from datetime import timedelta

import pytest

from progressive_capture.domain.scope import moment
from tests.support.little_github import LittleGitHub, Visitor

T0 = "2026-01-01T00:00:00Z"


@pytest.fixture
async def visitor(sqlite_url: str) -> Visitor:
    """Broke a capture off after three of nine pull requests."""
    github = LittleGitHub.of(9)
    for number in range(1, 10):
        github.change(number, moment(T0))
    visitor = Visitor(github, sqlite_url)
    visitor.stop_when = lambda: sum("/files" in each for each in github.asked) == 3
    assert (await visitor.capture()).interrupted
    visitor.stop_when = lambda: False
    github.now += timedelta(hours=1)
    return visitor


async def test_nothing_is_read_again_after_a_full_capture(visitor: Visitor) -> None:
    assert (await visitor.capture(full=True)).pull_requests == 9
    github = visitor.github
    github.now += timedelta(hours=1)
    github.change(4, github.now - timedelta(minutes=1))
    captured = await visitor.capture()
    assert (captured.pull_requests, captured.gap_count, captured.mode) == (1, 0, "incremental")
    github.now += timedelta(hours=1)
    assert (await visitor.capture()).pull_requests == 0


async def test_a_full_capture_goes_on_with_what_it_has_not_read_whatever_was_captured_since(visitor: Visitor) -> None:
    github = visitor.github
    begun = len(github.asked)
    visitor.stop_when = lambda: sum("/files" in each for each in github.asked[begun:]) == 3
    assert (await visitor.capture(full=True)).interrupted
    visitor.stop_when = lambda: False
    github.now += timedelta(hours=1)
    assert (await visitor.capture()).gap_count == 0
    github.now += timedelta(hours=1)
    captured = await visitor.capture(full=True)
    assert (captured.mode, captured.resumed, captured.pull_requests < 9) == ("full", True, True)
