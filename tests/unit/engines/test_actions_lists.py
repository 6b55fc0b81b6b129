"""What is said where GitHub shows no list of workflows or runs."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from progressive_capture.engines.actions.api import ActionsApi
from progressive_capture.engines.actions.keys import RunKey
from progressive_capture.github.addresses import ApiAddress
from progressive_capture.github.outcomes import Missing
from progressive_capture.queue.engine import EngineRefused

NOW = datetime(2026, 6, 1, tzinfo=UTC)


async def nothing(*_: object) -> None:
    """No pause, and nothing to finish."""


async def absent(*_: object) -> Missing:
    return Missing("GitHub answered 404.", permanent=False)


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (ActionsApi.workflows, "the workflows of o/jobs"),
        (lambda api: api.find(RunKey("4f1f7d7e-8f2a-4f4e-9d3b-0a1b2c3d4e5f"), NOW), "the runs of o/jobs"),
    ],
)
async def test_a_list_that_is_not_shown_is_no_proof_against_the_repository(
    ask: Callable[[ActionsApi], Awaitable[Any]], what: str
) -> None:
    github = SimpleNamespace(actions=SimpleNamespace(workflows=absent, dispatched=absent), finish=nothing)
    address = ApiAddress.parse("https://api.github.com")
    api = ActionsApi(cast("Any", github), "o/jobs", address, "main", nothing, lambda: NOW)
    with pytest.raises(EngineRefused) as refused:
        await ask(api)
    assert str(refused.value).startswith(f"GitHub shows this token nothing of {what}: check its name, ")
    assert "the permission `actions: write`" in str(refused.value)
    assert "pc workflows check" not in str(refused.value)
