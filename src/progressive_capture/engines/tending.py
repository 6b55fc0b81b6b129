"""What a worker does beside its jobs: it says that it lives, and runs what is due; jobs are run elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from progressive_capture.queue.schedule import Schedule
from progressive_capture.store.errors import StoreError

TEND_SECONDS: Final = 15.0
"""How often a worker says that it lives, and looks whether a duty is due: a quarter of the leader's lease."""


async def tend(
    schedule: Schedule, beat: Callable[[], None], over: asyncio.Event, *, every: float = TEND_SECONDS
) -> None:
    """Beat and run what is due, until it is over and the duties at hand have come to their ends.

    Each duty has a line of its own: one that takes hours holds up neither the others nor the beat.

    Args:
        schedule: the duties.
        beat: says that the worker lives; it is called in a thread, also while the last duties end.
        over: set when no further duty is to begin.
        every: seconds from one look to the next.
    """
    ended = asyncio.Event()

    async def alive() -> None:
        await asyncio.to_thread(beat)

    async def line(name: str) -> None:
        async def due() -> None:
            await schedule.tend([name])

        await _again_and_again(due, over, every)

    beating = asyncio.create_task(_again_and_again(alive, ended, every))
    try:
        # A duty at hand is done to its end: a thread cannot be broken off.
        await asyncio.gather(over.wait(), *(line(duty.name) for duty in schedule.duties))
    finally:
        ended.set()
        await beating


async def _again_and_again(act: Callable[[], Awaitable[None]], until: asyncio.Event, every: float) -> None:
    while not until.is_set():
        try:
            await act()
        except StoreError as error:
            structlog.stdlib.get_logger(__name__).warning("database", error=str(error))
        with suppress(TimeoutError):
            await asyncio.wait_for(until.wait(), every)
