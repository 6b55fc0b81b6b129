"""GitHub Actions as the queue sees it: each attempt at a job is one run of a workflow, found again by its name."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from progressive_capture.domain.cost import billed_minutes
from progressive_capture.domain.jobs import EngineName, JobType
from progressive_capture.domain.scope import moment
from progressive_capture.engines.actions.api import ActionsApi
from progressive_capture.engines.actions.catalog import workflow_for
from progressive_capture.engines.actions.keys import RunKey
from progressive_capture.engines.actions.matrix import ITEMS, parts_left
from progressive_capture.github.actions import WorkflowJob, WorkflowRun
from progressive_capture.queue.engine import (
    EngineRefused,
    EngineUnreachable,
    EngineUsage,
    Handover,
    Reachable,
    RunRef,
    RunState,
)
from progressive_capture.store import jobs
from progressive_capture.store.database import Database

COMPLETED: Final = "completed"

_UNDER_WAY: Final = {"in_progress": RunState.RUNNING}
"""All other states of a run that has not ended are some way to wait for a runner."""

_ENDED: Final = {"success": RunState.SUCCEEDED, "cancelled": RunState.CANCELLED}
"""All other conclusions are some way to fail.
https://docs.github.com/en/rest/actions/workflow-runs#get-a-workflow-run"""

OWN_MACHINE: Final = "self-hosted"
"""A label of runners that GitHub does not bill.
https://docs.github.com/en/billing/concepts/product-billing/github-actions"""

CLOCKS_DIFFER: Final = timedelta(minutes=2)
"""How far what we know of GitHub's clock may be from it."""

LOOKS: Final = 4
LOOK_EVERY: Final = 2.0
"""Seconds between looks for a run that may have been started: GitHub's lists are a little behind."""


@dataclass(frozen=True, slots=True)
class ActionsEngine:
    """Hands jobs over as dispatches of workflows.

    A run's reference is GitHub's id of it; where GitHub did not tell, `JOB_ID:ATTEMPT`, which is part of its name.
    """

    api: ActionsApi
    database: Database

    @property
    def name(self) -> EngineName:
        """GitHub Actions."""
        return EngineName.GITHUB_ACTIONS

    @property
    def unknown_for(self) -> timedelta:
        """A run that was started is in GitHub's lists within minutes."""
        return timedelta(minutes=15)

    @property
    def queued_for(self) -> timedelta:
        """A busy account's runs may wait for hours; begun anew, a run would stand behind all others again."""
        return timedelta(hours=6)

    @property
    def meters_itself(self) -> bool:
        """What GitHub bills is known once a run has ended."""
        return False

    @property
    def runs_for_small(self) -> int | None:
        """Each run bills its begun minute, and small jobs seldom take one: they are taken from the line by few."""
        return 2

    async def dispatch(self, handovers: Sequence[Handover]) -> RunRef | None:
        """Start a workflow for one job, which takes all shards that are left; see `Engine.dispatch`."""
        if not handovers:
            return None
        first = handovers[0]
        key = RunKey(first.job_id, first.attempt)
        found = await self._find(key)
        if found is None:
            found = await self._start(first, key)
        return key.text if found is None else str(found)

    async def status(self, ref: RunRef, handover: Handover) -> RunState:  # noqa: ARG002 - the run tells of all shards
        """Ask GitHub for the run of a job; see `Engine.status`."""
        run_id = await self._run_id(ref)
        if run_id is None:
            return RunState.UNKNOWN
        run = await self.api.run(run_id)
        return RunState.GONE if run is None else state_of(run)

    async def cancel(self, ref: RunRef) -> None:
        """Stop a run at GitHub; see `Engine.cancel`."""
        run_id = await self._run_id(ref)
        if run_id is not None:
            await self.api.cancel(run_id)

    async def usage(self, ref: RunRef) -> EngineUsage | None:
        """Add up the minutes of the jobs of a run, once it has ended; see `Engine.usage`."""
        run_id = await self._run_id(ref)
        run = None if run_id is None else await self.api.run(run_id)
        if run is None or run.status != COMPLETED:
            return None
        return EngineUsage(runner_minutes=minutes_of(await self.api.jobs(run.id)), executions=0)

    async def ping(self) -> Reachable:
        """Ask for the workflows, without which nothing can be handed over."""
        try:
            workflows = await self.api.workflows()
        except (EngineRefused, EngineUnreachable) as error:
            return Reachable(answers=False, why=str(error))
        active = {each.path.rpartition("/")[2] for each in workflows if each.state == "active"}
        missing = sorted(WANTED - active)
        if missing:
            where = self.api.owner_name
            why = f"{where} lacks {', '.join(missing)}, or has switched them off: run `pc workflows install {where}`."
            return Reachable(answers=False, why=why)
        return Reachable(answers=True, why=f"GitHub Actions of {self.api.owner_name} answers.")

    async def _run_id(self, ref: RunRef) -> int | None:
        return int(ref) if ref.isdecimal() else await self._find(RunKey.parse(ref))

    async def _find(self, key: RunKey) -> int | None:
        """Look for the run of an attempt: none was begun before the attempt was."""
        since = await asyncio.to_thread(self._begun_after, key)
        return None if since is None else await self.api.find(key, since - CLOCKS_DIFFER)

    def _begun_after(self, key: RunKey) -> datetime | None:
        with self.database.reading() as connection:
            at = jobs.begun_after(connection, key.job_id, key.attempt or 0)
        return None if at is None else moment(at)

    async def _start(self, handover: Handover, key: RunKey) -> int | None:
        file, inputs = await asyncio.to_thread(self._what, handover, key)
        try:
            started = await self.api.start(file, inputs)
        except EngineUnreachable:
            # It may have arrived: whoever repeats it would pay for two runs.
            found = await self._look(key)
            if found is None:
                raise
            return found
        return started.workflow_run_id or await self._look(key)

    async def _look(self, key: RunKey) -> int | None:
        """Look for a run that was started, or may have been, until it must be in GitHub's list."""
        for look in range(LOOKS):
            if look:
                await self.api.pause(LOOK_EVERY)
            with suppress(EngineUnreachable):
                found = await self._find(key)
                if found is not None:
                    return found
        return None

    def _what(self, handover: Handover, key: RunKey) -> tuple[str, dict[str, str]]:
        """Which workflow runs a job, and with which inputs; several runners for what takes one of them too long."""
        with self.database.reading() as connection:
            job = jobs.find_line(connection, handover.job_id)
        assert job is not None, "a job that was dispatched is stored"
        left = sum(parts_left(self.database, job.id).values())
        file = workflow_for(handover.job_type, is_sharded=max(left, job.item_count or 0) > ITEMS)
        repository = {"repository_id": str(job.repository_id), "repository_name": handover.repository_name}
        return file, {"job_id": key.text, **repository}


WANTED: Final = frozenset(workflow_for(job_type) for job_type in JobType) | {
    workflow_for(JobType.HISTORICAL_PR_SYNC, is_sharded=True)
}
"""The workflows that jobs are handed to."""


def state_of(run: WorkflowRun) -> RunState:
    """What became of a run, in the queue's words."""
    if run.status == COMPLETED:
        return _ENDED.get(run.conclusion or "", RunState.FAILED)
    return _UNDER_WAY.get(run.status or "", RunState.QUEUED)


def minutes_of(jobs_of_run: Sequence[WorkflowJob]) -> int:
    """Minutes as GitHub bills the jobs of a run: each begun one of each job, none of machines of one's own."""
    return billed_minutes(
        max(1.0, (moment(job.completed_at) - moment(job.started_at)).total_seconds())
        for job in jobs_of_run
        if job.started_at and job.completed_at and job.conclusion != "skipped" and OWN_MACHINE not in job.labels
    )
