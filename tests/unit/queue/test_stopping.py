"""Engines are told of cancelled runs as far as they answer; one that does not holds up no other."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from progressive_capture.domain.jobs import EngineName
from progressive_capture.queue import stopping
from progressive_capture.queue.engine import EngineRefused, EngineUnreachable
from progressive_capture.queue.stopping import AT_ONCE, stop_runs

RUNS = {
    EngineName.INNGEST: [f"job-{number}:1" for number in range(AT_ONCE * 2 + 1)],
    EngineName.GITHUB_ACTIONS: ["run-1"],
}


@dataclass
class Told:
    """An engine that hears of some runs, and gives no answer about the others."""

    name: EngineName
    answers: int = 1_000
    error: Exception = field(default_factory=lambda: EngineUnreachable("away"))
    heard: list[str] = field(default_factory=list)

    async def cancel(self, ref: str) -> None:
        """Hear, or not."""
        if len(self.heard) >= self.answers:
            raise self.error
        self.heard.append(ref)


def told(monkeypatch: pytest.MonkeyPatch, *engines: Told) -> int:
    monkeypatch.setattr(stopping, "_runs", lambda *_: RUNS)
    named: Any = {each.name: each for each in engines}
    database: Any = None
    return asyncio.run(stop_runs(database, named, ["job"]))


def test_every_engine_that_is_at_hand_hears_of_its_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    actions = Told(EngineName.GITHUB_ACTIONS)
    assert told(monkeypatch, actions) == 1
    inngest = Told(EngineName.INNGEST)
    assert told(monkeypatch, inngest, actions) == len(RUNS[EngineName.INNGEST]) + 1
    assert (inngest.heard, actions.heard) == (RUNS[EngineName.INNGEST], ["run-1", "run-1"])


@pytest.mark.parametrize("error", [EngineUnreachable("away"), EngineRefused("no right")])
def test_one_that_does_not_hear_is_asked_no_further_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    silent, actions = Told(EngineName.INNGEST, AT_ONCE + 2, error), Told(EngineName.GITHUB_ACTIONS)
    assert told(monkeypatch, silent, actions) == AT_ONCE + 2 + 1
    assert actions.heard == ["run-1"]


def test_a_mistake_of_ours_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        told(monkeypatch, Told(EngineName.INNGEST, 0, ZeroDivisionError()))
