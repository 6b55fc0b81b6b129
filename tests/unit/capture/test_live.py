"""Counting in batches: what GitHub cannot count at once is asked for by fewer, and what it cannot alone is left out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from progressive_capture.capture.live import in_batches
from progressive_capture.domain.errors import CaptureFailed
from progressive_capture.domain.planning import PageSize
from progressive_capture.github.outcomes import Outcome, Page, TooHeavy

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TOOLS = cast("Any", SimpleNamespace(stopping=lambda: False, clock=lambda: NOW))


class Counted:
    """Counts to whole numbers; too heavy is more than `most` at once, or one of `heavy`."""

    def __init__(self, *heavy: int, most: int = 9) -> None:
        self.heavy, self.most = heavy, most
        self.asked: list[int] = []

    async def ask(self, items: Sequence[int]) -> Outcome[list[int]]:
        self.asked.append(len(items))
        is_heavy = len(items) > self.most or any(item in self.heavy for item in items)
        return TooHeavy("It took too long.") if is_heavy else Page(list(items))


@pytest.mark.anyio
async def test_fewer_are_asked_for_until_github_can_count_them_also_in_the_next_lists() -> None:
    counted, size = Counted(most=3), PageSize()
    assert await in_batches(TOOLS, list(range(7)), size, 10, counted.ask) == [[0, 1, 2], [3, 4, 5], [6]]
    assert counted.asked == [7, 3, 3, 1]
    await in_batches(TOOLS, list(range(7)), size, 10, counted.ask)
    assert counted.asked[4:] == [3, 3, 1]


@pytest.mark.anyio
async def test_what_is_too_heavy_alone_is_left_out() -> None:
    counted = Counted(1, 4)
    assert await in_batches(TOOLS, list(range(6)), PageSize(), 4, counted.ask) == [[0], [2], [3], [5]]


@pytest.mark.anyio
async def test_a_github_that_can_count_nothing_is_not_asked_for_each() -> None:
    counted = Counted(most=0)
    with pytest.raises(CaptureFailed, match="It took too long"):
        await in_batches(TOOLS, list(range(1_000)), PageSize(), 4, counted.ask)
    assert counted.asked == [4, 2, 1, 1]
