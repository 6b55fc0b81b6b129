"""Workflows and their runs by REST: requests and the parts of answers that are used; what runs do is not known."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from progressive_capture.github.outcomes import Broken, Outcome, Page
from progressive_capture.github.payload import Shape
from progressive_capture.github.rest_reader import PAGE, repository_path
from progressive_capture.github.session import Session

T = TypeVar("T")


class Started(msgspec.Struct, frozen=True):
    """What a dispatch is answered with; nothing where a server tells nothing."""

    workflow_run_id: int | None = None
    html_url: str | None = None


class WorkflowRun(msgspec.Struct, frozen=True):
    """One run of a workflow."""

    id: int
    status: str | None = None
    conclusion: str | None = None
    display_title: str = ""
    html_url: str | None = None


class WorkflowJob(msgspec.Struct, frozen=True):
    """One job of a run, which has a runner of its own."""

    status: str
    conclusion: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    labels: list[str] = []


class Workflow(msgspec.Struct, frozen=True):
    """One workflow of a repository."""

    path: str
    state: str


class _Runs(msgspec.Struct):
    workflow_runs: list[WorkflowRun]


class _Jobs(msgspec.Struct):
    jobs: list[WorkflowJob]


class _Workflows(msgspec.Struct):
    workflows: list[Workflow]


_STARTED: Final = Shape[Started](Started)
_RUN: Final = Shape[WorkflowRun](WorkflowRun)
_RUNS: Final = Shape[_Runs](_Runs)
_JOBS: Final = Shape[_Jobs](_Jobs)
_WORKFLOWS: Final = Shape[_Workflows](_Workflows)
_ANYTHING: Final = Shape[Any](Any)

DETAILS: Final = "return_run_details"
"""Asks for the run's id, which older servers do not know.
https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event"""


class Actions:
    """Asks one session about one repository at a time."""

    def __init__(self, session: Session) -> None:
        """Take the session; it is not closed here."""
        self._session = session

    async def dispatch(self, owner_name: str, file: str, ref: str, inputs: Mapping[str, str]) -> Outcome[Started]:
        """Start a workflow, once: an answer that does not come is not asked for again."""
        path = f"{_path(owner_name)}/workflows/{quote(file, safe='')}/dispatches"
        body: dict[str, Any] = {"ref": ref, "inputs": dict(inputs)}
        outcome = await self._send(path, body | {DETAILS: True}, _STARTED, Started(), repeats=False)
        if isinstance(outcome, Broken) and not outcome.retryable and DETAILS in outcome.why:
            return await self._send(path, body, _STARTED, Started(), repeats=False)
        return outcome

    async def cancel(self, owner_name: str, run_id: int) -> Outcome[Any]:
        """Ask for the end of a run; of one that has ended, GitHub refuses it."""
        return await self._send(f"{_path(owner_name)}/runs/{run_id}/cancel", None, _ANYTHING, {})

    async def run(self, owner_name: str, run_id: int) -> Outcome[WorkflowRun]:
        """One run, as it is now."""
        return await self._get(f"{_path(owner_name)}/runs/{run_id}", _RUN)

    async def dispatched(self, owner_name: str, since: str, page: int) -> Outcome[list[WorkflowRun]]:
        """A hundred of a repository's dispatched runs since a time of GitHub's, the newest first; pages from 1."""
        bounds = f"event=workflow_dispatch&created={quote(f'>={since}', safe='')}"
        path = f"{_path(owner_name)}/runs?{bounds}&per_page={PAGE}&page={page}"
        outcome = await self._get(path, _RUNS)
        return Page(outcome.data.workflow_runs) if isinstance(outcome, Page) else outcome  # type: ignore[return-value] # no data in it

    async def jobs(self, owner_name: str, run_id: int) -> Outcome[list[WorkflowJob]]:
        """All jobs of a run, those of its earlier attempts too."""
        found: list[WorkflowJob] = []
        page: int | None = 1
        while page is not None:
            path = f"{_path(owner_name)}/runs/{run_id}/jobs?filter=all&per_page={PAGE}&page={page}"
            outcome = (await self._session.rest(path, _JOBS)).outcome
            if not isinstance(outcome, Page):
                return outcome
            found += outcome.data.body.jobs
            following = outcome.data.next_page
            if following is not None and following <= page:
                return Broken("GitHub's list does not move on.", retryable=True)
            page = following
        return Page(found)

    async def workflows(self, owner_name: str) -> Outcome[list[Workflow]]:
        """The first hundred workflows of a repository."""
        outcome = await self._get(f"{_path(owner_name)}/workflows?per_page={PAGE}", _WORKFLOWS)
        return Page(outcome.data.workflows) if isinstance(outcome, Page) else outcome  # type: ignore[return-value] # no data in it

    async def get(self, owner_name: str, path: str) -> Outcome[Any]:
        """Whatever stands at a path below the repository."""
        return await self._get(f"{repository_path(owner_name)}/{path}", _ANYTHING)

    async def _get(self, path: str, shape: Shape[T]) -> Outcome[T]:
        outcome = (await self._session.rest(path, shape)).outcome
        return Page(outcome.data.body) if isinstance(outcome, Page) else outcome

    async def _send(
        self, path: str, body: Mapping[str, Any] | None, shape: Shape[T], empty: T, *, repeats: bool = True
    ) -> Outcome[T]:
        outcome = (await self._session.post(path, body, shape, empty=empty, repeats=repeats)).outcome
        return Page(outcome.data.body) if isinstance(outcome, Page) else outcome


def _path(owner_name: str) -> str:
    return f"{repository_path(owner_name)}/actions"
