"""Names of jobs and steps as GitHub shows them, from those that act gives; never how they end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from github_sandbox.actions.workflows import WHERE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from github_sandbox.actions.workflows import Workflow

LOCAL = f"./{WHERE}/"
SELF_HOSTED = "self-hosted"


class JobNames:
    """The names that one workflow, and the local ones that it calls, give to jobs and steps."""

    def __init__(self, workflow: Workflow, every: Sequence[Workflow]) -> None:
        """Know `workflow`, and in `every` those that its jobs may call."""
        self._workflow = workflow
        self._by_file = {each.file: each for each in every}
        self._named = {
            str(step["name"]) for each in every for job in each.jobs.values() for step in _steps(job) if "name" in step
        }

    def of(self, said: str, job_id: str, matrix: Mapping[str, Any]) -> tuple[str, str]:
        """Give the name of a job that act calls `said`, and the label that it runs on.

        A called workflow's job is `CALLER / JOB`; one of a matrix ends with its values, unless its own name has them.
        """
        for caller, job in self._workflow.jobs.items():
            called = self._by_file.get(str(job.get("uses", "")).removeprefix(LOCAL))
            prefix = "" if called is None else f"{job.get('name', caller)}/{called.name}/"
            if called is not None and said.startswith(prefix):
                inner = _name(said.removeprefix(prefix), called.jobs.get(job_id, {}), matrix)
                return f"{job.get('name', caller)} / {inner}", _label(called.jobs.get(job_id, {}))
        spec = self._workflow.jobs.get(job_id, {})
        return _name(said.removeprefix(f"{self._workflow.name}/"), spec, matrix), _label(spec)

    def step(self, said: str, stage: str) -> str:
        """Give the name of a step: its own, or `Run` and the first line of what it runs."""
        first = said.strip().partition("\n")[0]
        if stage in {"Pre", "Post"}:
            return f"{stage} {first}" if stage == "Pre" else f"Post Run {first}"
        return first if not stage or said in self._named else f"Run {first}"


def _steps(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    steps = job.get("steps")
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _name(said: str, spec: Mapping[str, Any], matrix: Mapping[str, Any]) -> str:
    if not matrix:
        return said
    bare = re.sub(r"-\d+$", "", said)
    if "matrix." in str(spec.get("name", "")):
        return bare
    return f"{bare} ({', '.join(str(value) for value in matrix.values())})"


def _label(spec: Mapping[str, Any]) -> str:
    label = spec.get("runs-on", SELF_HOSTED)
    return str(label[0] if isinstance(label, list) and label else label)
