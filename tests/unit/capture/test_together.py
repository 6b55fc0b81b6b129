"""Several runners of one capture: the first failure ends the others, and none is lost without a word."""

import asyncio

import pytest

from progressive_capture.capture.run import together
from progressive_capture.domain.errors import CaptureFailed


async def answer(value: int) -> int:
    return value


async def failing(error: Exception) -> int:
    raise error


async def test_answers_come_in_order() -> None:
    assert await together([answer(1), answer(2)]) == [1, 2]


async def test_the_others_failures_are_noted_and_foreign_ones_without_what_they_say() -> None:
    runners = [
        failing(CaptureFailed("One.")),
        failing(CaptureFailed("Two.")),
        failing(ValueError("postgresql://u:secret@h")),
    ]
    with pytest.raises(CaptureFailed) as caught:
        await together(runners)
    assert str(caught.value) == "One."
    assert caught.value.__notes__ == ["Besides, CaptureFailed: Two.", "Besides, ValueError"]


async def test_one_that_waits_ends_with_the_first_failure() -> None:
    async def waiting() -> int:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(CaptureFailed) as caught:
        await together([waiting(), failing(CaptureFailed("One."))])
    assert not hasattr(caught.value, "__notes__")
