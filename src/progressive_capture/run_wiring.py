"""What one run on a runner is put together from; a part of the composition root, and nothing is decided here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count

from progressive_capture import processes
from progressive_capture.capture.session import Tools
from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.engines.actions.asking import Asking
from progressive_capture.engines.actions.beginning import Beginning
from progressive_capture.engines.actions.runner import PATIENCE, Runner
from progressive_capture.engines.run import Bench
from progressive_capture.queue.terms import Terms
from progressive_capture.wiring import Wired


def runner(works: Wired, *, turn: int, minutes: float) -> Runner:
    """Make what works on jobs in one run.

    Args:
        works: everything in its place.
        turn: which of the credentials comes first: runs side by side do not all use the same one.
        minutes: how long it works.
    """
    run_id = works.settings.github_run_id
    name = "run" if run_id is None else f"run-{run_id}"
    placed = replace(works, turns=count(turn))

    @asynccontextmanager
    async def tools(owner_name: str, part: str) -> AsyncIterator[tuple[Tools, ...]]:
        async with placed.tools_of_slot(owner_name, part) as every:
            yield tuple(replace(each, patience=PATIENCE) for each in every)

    clock = works.clock.now
    return Runner(
        bench=Bench(works.database, tools, clock, works.stopping, works.settling),
        beginning=Beginning(works.database, _terms(works), processes.holder(name), run_id, clock, processes.is_gone),
        part=name,
        pause=works.pause,
        end=clock() + timedelta(minutes=minutes),
    )


def asking(works: Wired) -> Asking:
    """Make what asks for work that somebody started a workflow for."""
    clock, is_gone = works.clock.now, processes.is_gone
    return Asking(works.database, _terms(works), works.host_id, clock, is_gone, works.tools)


def _terms(works: Wired) -> Terms:
    """What the settings say; on GitHub's runners the bulk lane is theirs, though they were told of no engine."""
    terms = works.terms
    if works.settings.github_run_id is None:
        return terms
    return replace(terms, engines={**terms.engines, Processor.GITHUB_ACTIONS: EngineName.GITHUB_ACTIONS})
