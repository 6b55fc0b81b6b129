"""A run, its jobs and their steps as the API tells of them; never how they are run.

https://docs.github.com/en/rest/actions/workflow-runs
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from github_sandbox.actions.workflows import Workflow

Status = Literal["queued", "in_progress", "completed"]
Conclusion = Literal["success", "failure", "cancelled", "startup_failure"]
LONGEST_LOG = 4_000_000
CUT = "##[warning]The stand-in keeps no more of this log."


@dataclass(slots=True)
class Step:
    """One step; times are seconds of the stand-in's clock."""

    key: str
    name: str
    number: int
    started: float
    completed: float | None = None
    conclusion: Conclusion | None = None
    tolerated: bool = False
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Job:
    """One job; `lines` is its whole log, each line with its time."""

    id: int
    key: str
    name: str
    label: str
    started: float
    completed: float | None = None
    conclusion: Conclusion | None = None
    broken: bool = False
    steps: list[Step] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    logged: int = 0

    @property
    def status(self) -> Status:
        """Tell how far it is."""
        return "in_progress" if self.completed is None else "completed"

    def write(self, line: str, step: Step | None) -> None:
        """Add a line to the log, which ends where it is too long to be kept."""
        if self.logged > LONGEST_LOG:
            return
        self.logged += len(line)
        kept = CUT if self.logged > LONGEST_LOG else line
        self.lines.append(kept)
        if step is not None:
            step.lines.append(kept)


@dataclass(slots=True)
class Run:
    """One run of a workflow; `stopping` says that its end was asked for, and `revision` is its commit."""

    id: int
    number: int
    repository: str
    workflow: Workflow
    title: str
    inputs: dict[str, str]
    actor: str
    actor_id: int
    branch: str
    revision: str
    created: float
    updated: float
    started: float | None = None
    completed: float | None = None
    conclusion: Conclusion | None = None
    stopping: bool = False
    jobs: list[Job] = field(default_factory=list)

    @property
    def status(self) -> Status:
        """Tell how far it is."""
        if self.completed is not None:
            return "completed"
        return "queued" if self.started is None else "in_progress"

    def start(self, now: float) -> None:
        """Note that a runner took it."""
        self.started = self.updated = now

    def finish(self, conclusion: Conclusion, now: float) -> None:
        """Note how it ended; jobs and steps that have not ended end with it."""
        for job in self.jobs:
            end_job(job, conclusion if conclusion != "success" else "failure", now)
        self.conclusion, self.completed, self.updated = conclusion, now, now


def end_job(job: Job, conclusion: Conclusion, now: float) -> None:
    """End `job` and what is open in it, unless it has ended."""
    for step in job.steps:
        if step.completed is None:
            step.conclusion, step.completed = conclusion, now
    if job.completed is None:
        job.conclusion, job.completed = conclusion, now
