"""A desk whose works are made up: commands are run whole, without database and network."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from progressive_capture.capture.report import Reporter
from progressive_capture.domain.scope import Scope
from progressive_capture.operator.cli import run
from progressive_capture.operator.desk import Desk
from progressive_capture.settings import Settings, names

Answer = Callable[["Works", str], Awaitable[Any]]


@dataclass
class Works:
    """Stands in for the wired works: each call is written down, and answered as the test says."""

    answer: Answer
    reporter: Reporter
    pause: Callable[[float], Awaitable[None]]
    stopping: Callable[[], bool]
    is_anonymous: bool = False
    database_name: str = "made-up.db"
    asked: list[tuple[str, str, object]] = field(default_factory=list)

    async def capture(self, owner_name: str, scope: Scope) -> Any:
        self.asked.append(("capture", owner_name, scope))
        return await self.answer(self, owner_name)

    async def plan(self, owner_name: str, scope: Scope) -> Any:
        self.asked.append(("plan", owner_name, scope))
        return await self.answer(self, owner_name)

    async def verify(self, owner_name: str, *, live: bool) -> Any:
        self.asked.append(("verify", owner_name, live))
        return await self.answer(self, owner_name)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass
class Office:
    """Runs commands at a desk of its own, and keeps what they wrote and asked."""

    is_anonymous: bool = False
    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)
    asked: list[tuple[str, str, object]] = field(default_factory=list)
    opened: list[bool] = field(default_factory=list)
    """Whether a database might have been made, once for each time the works were opened."""

    def run(self, *arguments: str, answer: Answer | None = None, program: str = "pc", typed: str | None = None) -> int:
        """Run a command; `typed` is what somebody types at the terminal, None where there is none."""
        return run(arguments, self.desk(answer, typed), program)

    def desk(self, answer: Answer | None = None, typed: str | None = None) -> Desk:
        async def nothing(_works: Works, name: str) -> Any:
            raise AssertionError(f"nobody should be asked about {name}")

        @asynccontextmanager
        async def wire(
            _settings: Settings,
            *,
            create: bool,
            reporter: Reporter,
            pause: Callable[[float], Awaitable[None]],
            stopping: Callable[[], bool],
        ) -> AsyncIterator[Any]:
            self.opened.append(create)
            yield Works(answer or nothing, reporter, pause, stopping, self.is_anonymous, asked=self.asked)

        made: Callable[..., AbstractAsyncContextManager[Any]] = wire
        if typed is not None:
            self.err = Terminal()
        return Desk(self.out, self.err, made, inp=io.StringIO() if typed is None else Terminal(typed))


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office in a bare environment."""
    for setting in Settings.model_fields:
        for name in names(setting):
            monkeypatch.delenv(name, raising=False)
    return Office()
