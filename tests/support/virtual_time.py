"""A clock that waiting moves, here and in the sandbox, so that an hour's wait is over at once; nothing here sleeps."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from progressive_capture.github.addresses import ApiAddress
from progressive_capture.github.clock import utc_now
from progressive_capture.github.transport import HttpTransport, NoAnswer, Received, Request, Transport


class VirtualTime:
    """Real time, further ahead by every wait that somebody was told to bear."""

    def __init__(self, control: httpx.Client) -> None:
        """Move the clock of the sandbox behind `control` along."""
        self._control = control
        self._ahead = timedelta()
        self._owed = 0.0
        self.waits: list[float] = []

    def now(self) -> datetime:
        """The time as this machine would have it had it waited."""
        return utc_now() + self._ahead

    async def pause(self, seconds: float) -> None:
        """Let the time pass."""
        self.waits.append(seconds)
        await asyncio.to_thread(self.advance, seconds)

    async def pause_here(self, seconds: float) -> None:
        """Let the time pass; the sandbox is told before it is asked next, by `transport` or `settle`."""
        self.waits.append(seconds)
        self._ahead += timedelta(seconds=seconds)
        self._owed += seconds
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Let time pass here and in the sandbox."""
        self._ahead += timedelta(seconds=seconds)
        self._owed += seconds
        self.settle()

    def settle(self) -> None:
        """Let all time pass in the sandbox that has passed here."""
        owed, self._owed = self._owed, 0.0
        if owed:
            self._control.post("/_sandbox/clock", json={"advance": owed}).raise_for_status()

    def transport(self, address: ApiAddress) -> Transport:
        """Make the program's own way to GitHub, by which no request arrives before its time."""
        return _Punctual(self, HttpTransport(is_local=address.is_local))


@dataclass(frozen=True)
class _Punctual:
    time: VirtualTime
    inner: Transport

    async def send(self, request: Request) -> Received | NoAnswer:
        self.time.settle()
        return await self.inner.send(request)

    async def close(self) -> None:
        await self.inner.close()
