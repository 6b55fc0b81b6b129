"""GitHub's Actions of the one repository that has the workflows: limits are sat out, refusals become sentences."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from progressive_capture.domain.scope import github_time
from progressive_capture.engines.actions.keys import RunKey
from progressive_capture.github.actions import Started, Workflow, WorkflowJob, WorkflowRun
from progressive_capture.github.addresses import ApiAddress
from progressive_capture.github.api import GitHubApi
from progressive_capture.github.outcomes import (
    Broken,
    Denied,
    DeniedReason,
    Failure,
    Missing,
    Outcome,
    Page,
    Partial,
    Throttled,
    TooHeavy,
)
from progressive_capture.github.rest_reader import PAGE
from progressive_capture.queue.engine import EngineRefused, EngineUnreachable

T = TypeVar("T")

PATIENCE: Final = timedelta(minutes=1)
"""How long a limit is waited for: others wait to be dispatched, too."""

WRITES: Final = "actions: write"
"""The permission by which workflows are started, followed and stopped."""

PAGES: Final = 10
"""Pages of runs that are searched at most: of a filtered list GitHub shows a thousand."""

_WORKFLOWS: Final = "the workflows"
_RUNS: Final = "the runs"
"""Lists that every repository has."""


class _Absent(EngineRefused):
    """It is not there, or not for this token."""


@dataclass(frozen=True, slots=True)
class ActionsApi:
    """One repository's Actions, by one credential."""

    github: GitHubApi
    owner_name: str
    address: ApiAddress
    ref: str
    """The branch whose workflows are run."""
    pause: Callable[[float], Awaitable[None]]
    clock: Callable[[], datetime]

    async def start(self, file: str, inputs: dict[str, str]) -> Started:
        """Start a workflow, once; its run's id is None where the server does not tell it.

        Raises:
            EngineUnreachable: nobody knows whether it was.
            EngineRefused: it was not.
        """
        return await self._ask(lambda: self.github.actions.dispatch(self.owner_name, file, self.ref, inputs), file)

    async def find(self, key: RunKey, since: datetime) -> int | None:
        """The id of the newest run since a time whose name carries a key; None where no such run is shown.

        Raises:
            EngineUnreachable: there is no answer.
            EngineRefused: GitHub does not show the runs.
        """
        for page in range(1, PAGES + 1):
            runs = await self._dispatched(github_time(since), page)
            for run in runs:
                if key.text in run.display_title.split():
                    return run.id
            if len(runs) < PAGE:
                break
        return None

    async def run(self, run_id: int) -> WorkflowRun | None:
        """One run as it is now; None where there is none any more.

        Raises:
            EngineUnreachable: there is no answer.
            EngineRefused: GitHub does not show it.
        """
        try:
            return await self._ask(lambda: self.github.actions.run(self.owner_name, run_id), f"run {run_id}")
        except _Absent:
            return None

    async def jobs(self, run_id: int) -> list[WorkflowJob]:
        """All jobs of a run.

        Raises:
            EngineUnreachable: there is no answer.
            EngineRefused: GitHub does not show them.
        """
        return await self._ask(lambda: self.github.actions.jobs(self.owner_name, run_id), f"jobs of run {run_id}")

    async def cancel(self, run_id: int) -> None:
        """Ask for the end of a run; one that has ended already, or is no more, is left at that.

        Raises:
            EngineUnreachable: there is no answer.
            EngineRefused: it may not be stopped from here.
        """
        try:
            await self._ask(lambda: self.github.actions.cancel(self.owner_name, run_id), f"run {run_id}")
        except EngineRefused:
            run = await self.run(run_id)
            if run is not None and run.status != "completed":
                raise

    async def workflows(self) -> list[Workflow]:
        """The workflows of the repository.

        Raises:
            EngineUnreachable: there is no answer.
            EngineRefused: GitHub does not show them.
        """
        return await self._ask(lambda: self.github.actions.workflows(self.owner_name), _WORKFLOWS)

    async def get(self, path: str, needs: str) -> Any | None:  # noqa: ANN401 - JSON
        """What a path below the repository holds; None where nothing is. `needs` is the permission that this takes.

        Raises:
            EngineUnreachable: there is no answer.
            EngineRefused: it may not be read.
        """
        try:
            return await self._ask(lambda: self.github.actions.get(self.owner_name, path), path, needs)
        except _Absent:
            return None

    def link(self, run_id: int) -> str:
        """Where people see a run and its logs."""
        return self.address.run_link(self.owner_name, run_id)

    async def _dispatched(self, since: str, page: int) -> list[WorkflowRun]:
        return await self._ask(lambda: self.github.actions.dispatched(self.owner_name, since, page), _RUNS)

    async def _ask(self, call: Callable[[], Awaitable[Outcome[T]]], what: str, needs: str = WRITES) -> T:
        bound = self.clock() + PATIENCE
        try:
            while True:
                outcome = await call()
                if isinstance(outcome, Page):
                    return outcome.data
                if isinstance(outcome, Throttled) and outcome.until <= bound:
                    await self.pause(max(0.0, (outcome.until - self.clock()).total_seconds()))
                    continue
                assert not isinstance(outcome, Partial), "REST has no errors beside data"
                raise self._problem(outcome, what, needs)
        finally:
            await self.github.finish()

    def _problem(self, outcome: Failure, what: str, needs: str) -> EngineRefused | EngineUnreachable:
        match outcome:
            case Throttled() | TooHeavy() | Broken(retryable=True):
                return EngineUnreachable(f"GitHub Actions: {outcome.why}")
            case Missing():
                # An empty list is an answer; of no list GitHub does not tell why there is none.
                if what in {_WORKFLOWS, _RUNS}:
                    return _Absent(
                        f"GitHub shows this token nothing of {what} of {self.owner_name}: check its name, whether "
                        f"Actions are switched on there, and that the token has the permission `{needs}`."
                    )
                return _Absent(
                    f"{self.owner_name} has no {what}, or this token may not see it: "
                    f"`pc workflows check {self.owner_name}` says what is missing."
                )
            case Denied(reason=DeniedReason.PERMISSION):
                return EngineRefused(
                    f"GitHub does not let this token use {what} of {self.owner_name}: "
                    f"it needs the permission `{needs}` there (a classic token: `repo`)."
                )
            case Denied() | Broken():
                return EngineRefused(f"GitHub Actions: {outcome.why}")
            case _:
                return EngineRefused(f"GitHub did not answer for {what} of {self.owner_name}: is that its name still?")
