"""A wish to stop: once it waits for the page, twice it does not."""

import asyncio
import os
import signal

from progressive_capture.operator.stopping import Stop, listening


def stop_with_log() -> tuple[Stop, list[str]]:
    log: list[str] = []
    return Stop(lambda: log.append("first"), lambda: log.append("second")), log


async def test_the_second_time_is_told_apart() -> None:
    stop, log = stop_with_log()
    assert not stop.requested()
    stop.ask()
    assert stop.requested()
    stop.ask()
    assert log == ["first", "second"]


async def test_a_pause_ends_at_once_when_asked_to_stop() -> None:
    stop, _ = stop_with_log()
    pausing = asyncio.create_task(stop.pause(3_600))
    await asyncio.sleep(0)
    stop.ask()
    await pausing
    await stop.pause(3_600)  # and every later one


async def test_a_pause_ends_by_itself() -> None:
    stop, _ = stop_with_log()
    await stop.pause(0.001)
    assert not stop.requested()


async def test_signals_are_heard_while_listening_only() -> None:
    stop, log = stop_with_log()
    before = signal.getsignal(signal.SIGTERM)
    with listening(stop):
        os.kill(os.getpid(), signal.SIGTERM)
        await stop.pause(60)
    assert log == ["first"]
    assert signal.getsignal(signal.SIGTERM) == before
