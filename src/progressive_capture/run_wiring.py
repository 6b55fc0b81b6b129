"""What one run on a runner is put together from; a part of the composition root, and nothing is decided here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count

from progressive_capture import processes
from progressive_capture.capture.session import Tools
from progressive_capture.engines.actions.beginning import Beginning
from progressive_capture.engines.actions.runner import PATIENCE, Runner
from progressive_capture.engines.run import Bench
from progressive_capture.wiring import Wired


def runner(works: Wired, *, turn: int, minutes: float) -> Runner:
    """Make what works on jobs in one run.

    Args:
        works: everything in its place.
        turn: which of the credentials comes first: runs side by side do not all use the same one.
        minutes: how long it works.
    """
    settings = works.settings
    name = f"run-{settings.github_run_id}" if settings.github_run_id is not None else "run"
    placed = replace(works, turns=count(turn))

    @asynccontextmanager
    async def tools(owner_name: str, part: str) -> AsyncIterator[tuple[Tools, ...]]:
        async with placed.tools_of_slot(owner_name, part) as every:
            yield tuple(replace(each, patience=PATIENCE) for each in every)

    return Runner(
        bench=Bench(works.database, tools, works.clock.now, works.stopping, works.settling),
        beginning=Beginning(
            works.database, processes.holder(name), settings.github_run_id, works.clock.now, processes.is_gone
        ),
        part=name,
        pause=works.pause,
        end=works.clock.now() + timedelta(minutes=minutes),
    )
