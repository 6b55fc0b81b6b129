"""A clock that waiting moves, here and in the sandbox, so that an hour's wait is over at once; nothing here sleeps."""

import asyncio
from datetime import datetime, timedelta

import httpx

from progressive_capture.github.clock import utc_now


class VirtualTime:
    """Real time, further ahead by every wait that somebody was told to bear."""

    def __init__(self, control: httpx.Client) -> None:
        """Move the clock of the sandbox behind `control` along."""
        self._control = control
        self._ahead = timedelta()
        self.waits: list[float] = []

    def now(self) -> datetime:
        """The time as this machine would have it had it waited."""
        return utc_now() + self._ahead

    async def pause(self, seconds: float) -> None:
        """Let the time pass."""
        self.waits.append(seconds)
        await asyncio.to_thread(self.advance, seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass here and in the sandbox."""
        self._control.post("/_sandbox/clock", json={"advance": seconds}).raise_for_status()
        self._ahead += timedelta(seconds=seconds)
