"""The Actions of every repository that has workflow files: what is known of runs, and starting them; never a route."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from github_sandbox.actions.archive import Downloads
from github_sandbox.actions.checkout import Order, revision_of
from github_sandbox.actions.runner import Machine, Runner
from github_sandbox.actions.runs import Run
from github_sandbox.actions.titles import title_of
from github_sandbox.actions.vault import Vault
from github_sandbox.world.stable import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from github_sandbox.actions.workflows import Folder, Workflow

KEPT = 1_000
_FIRST_RUN, _FIRST_JOB, _SPREAD = 10**10, 5 * 10**10, 10**9


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for a run of what: `api` and `graphql` are the addresses of the stand-in that its steps are told."""

    repository_id: int
    repository: str
    branch: str
    actor: str
    actor_id: int
    inputs: Mapping[str, str]
    api: str
    graphql: str


@dataclass(slots=True)
class Actions:
    """All Actions; `folders` are the workflow files by the repository's id, and others have no Actions."""

    folders: Mapping[int, Folder]
    machine: Machine
    seed: int
    now: Callable[[], float]
    vault: Vault = field(init=False)
    downloads: Downloads = field(init=False)
    _runs: dict[int, Run] = field(default_factory=dict)
    _owners: dict[int, int] = field(default_factory=dict)
    _runner: Runner | None = None
    _run_ids: Iterator[int] = field(init=False)
    _job_ids: Iterator[int] = field(init=False)

    def __post_init__(self) -> None:
        """Begin without runs."""
        self.vault, self.downloads = Vault(self.seed, self.now), Downloads(self.now)
        offset = number_of("workflow runs", self.seed) % _SPREAD
        self._run_ids, self._job_ids = itertools.count(_FIRST_RUN + offset), itertools.count(_FIRST_JOB + offset)

    def runs(self, repository_id: int) -> list[Run]:
        """List the runs of a repository, newest first."""
        return [run for run in reversed(self._runs.values()) if self._owners[run.id] == repository_id]

    def run(self, repository_id: int, number: int) -> Run | None:
        """Give one run of a repository."""
        return self._runs.get(number) if self._owners.get(number) == repository_id else None

    def dispatch(self, folder: Folder, workflow: Workflow, request: Request) -> Run:
        """Queue a run of `workflow`."""
        now, context = self.now(), self._context(workflow, request)
        run = Run(
            id=next(self._run_ids),
            number=1 + sum(each.workflow.id == workflow.id for each in self.runs(request.repository_id)),
            repository=request.repository,
            workflow=workflow,
            title=title_of(workflow.run_name, workflow.name, request.inputs, context),
            inputs=dict(request.inputs),
            actor=request.actor,
            actor_id=request.actor_id,
            branch=request.branch,
            revision=revision_of(folder.path),
            created=now,
            updated=now,
        )
        self._keep(run, request.repository_id)
        self._carrying().submit(run, folder, self._order(run, request))
        return run

    def cancel(self, run: Run, *, force: bool) -> None:
        """Have a run ended."""
        self._carrying().cancel(run, force=force)

    async def stop(self) -> None:
        """End all runs."""
        if self._runner is not None:
            await self._runner.stop()

    def _carrying(self) -> Runner:
        """Give the runner, which is made within the loop that it works in."""
        if self._runner is None:
            self._runner = Runner(self.machine, self.now, self._job_ids.__next__)
        return self._runner

    def _keep(self, run: Run, repository_id: int) -> None:
        self._runs[run.id], self._owners[run.id] = run, repository_id
        ended = [each.id for each in self._runs.values() if each.completed is not None]
        for number in ended[: max(0, len(self._runs) - KEPT)]:
            del self._runs[number], self._owners[number]

    def _context(self, workflow: Workflow, request: Request) -> dict[str, str]:
        variables = self.vault.variables(request.repository_id).values()
        return {
            "github.actor": request.actor,
            "github.event_name": "workflow_dispatch",
            "github.ref": f"refs/heads/{request.branch}",
            "github.ref_name": request.branch,
            "github.repository": request.repository,
            "github.workflow": workflow.name,
            **{f"vars.{name}".lower(): value for name, value in variables.items()},
        }

    def _order(self, run: Run, request: Request) -> Order:
        owner, _, name = request.repository.partition("/")
        environment = {
            "GITHUB_API_URL": request.api,
            "GITHUB_GRAPHQL_URL": request.graphql,
            "GITHUB_REPOSITORY": request.repository,
            "GITHUB_REPOSITORY_OWNER": owner,
            "GITHUB_RUN_ID": str(run.id),
            "GITHUB_RUN_NUMBER": str(run.number),
            "GITHUB_RUN_ATTEMPT": "1",
        }
        event = {
            "inputs": run.inputs,
            "ref": f"refs/heads/{run.branch}",
            "workflow": run.workflow.path,
            "repository": {"id": request.repository_id, "name": name, "full_name": request.repository},
            "sender": {"login": run.actor},
        }
        vault, number = self.vault, request.repository_id
        return Order(vault.secrets(number).values(), vault.variables(number).values(), event, environment)
