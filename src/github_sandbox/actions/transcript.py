"""What `act --json` says, line by line, turned into a run's jobs, steps and logs; never a process.

Lines are those of act 0.2.89: a job's lines carry its name, id and matrix, a step's its stage and id.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from github_sandbox.actions.runs import Conclusion, Job, Run, Step, end_job
from github_sandbox.world.records import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from github_sandbox.actions.job_names import JobNames

BEGINS = "⭐ Run "
TOLERATED = "Failed but continue next step"
MASK = "***"
_DECORATION = re.compile(r"^\W*(Success|Failure) - ")


def masks_of(secrets: Mapping[str, str]) -> tuple[str, ...]:
    """Give the texts that a log never shows, longest first: each secret, and each line of those with several."""
    texts = {text for value in secrets.values() for text in (value, *value.splitlines()) if text.strip()}
    return tuple(sorted(texts, key=len, reverse=True))


class Transcript:
    """Fills in the jobs of one run."""

    def __init__(
        self, run: Run, names: JobNames, masks: tuple[str, ...], now: Callable[[], float], number: Callable[[], int]
    ) -> None:
        """Fill in `run`; `number` gives the id of each new job, `masks` is what its logs must not show."""
        self._run = run
        self._names = names
        self._masks = masks
        self._now = now
        self._number = number
        self._jobs: dict[str, Job] = {}
        self._steps: dict[tuple[str, str], Step] = {}

    def take(self, line: bytes) -> None:
        """Take one line of output; what is no JSON object of a job is act's own talk, which GitHub has not."""
        try:
            said = json.loads(line)
        except ValueError:
            return
        if not isinstance(said, dict) or not isinstance(said.get("job"), str):
            return
        job = self._job(said)
        if job is None:
            return
        step = self._step(job, said)
        self._write(job, step, said)
        if step is not None:
            _end_step(step, said, self._now())
        if "jobResult" in said:
            self._end(job, str(said["jobResult"]))

    def _job(self, said: Mapping[str, Any]) -> Job | None:
        """Give the job of a line: a new one where it is set up, or where something is wrong with it."""
        key = said["job"] + json.dumps(said.get("matrix"), sort_keys=True)
        known = self._jobs.get(key)
        if known is None and (said.get("stepid") or said.get("level") == "error"):
            name, label = self._names.of(said["job"], str(said.get("jobID", "")), said.get("matrix") or {})
            known = self._jobs[key] = Job(self._number(), key, name, label, self._now())
            self._run.jobs.append(known)
        return known

    def _step(self, job: Job, said: Mapping[str, Any]) -> Step | None:
        """Give the step of a line; the steps inside a composite action belong to the one that uses it."""
        ids = _ids(said)
        if not ids:
            return None
        key = job.key, f"{said.get('stage', '')} {ids[0]}"
        text = str(said.get("msg", ""))
        if len(ids) == 1 and text.startswith(BEGINS) and key not in self._steps:
            name = self._names.step(str(said.get("step", "")), str(said.get("stage", "")))
            step = self._steps[key] = Step(key[1], self._hidden(name), len(job.steps) + 1, self._now())
            job.steps.append(step)
        return self._steps.get(key)

    def _write(self, job: Job, step: Step | None, said: Mapping[str, Any]) -> None:
        text = self._hidden(str(said.get("msg", "")).rstrip("\r\n"))
        if not said.get("raw_output"):
            if text.startswith(BEGINS) and step is not None:
                own = len(_ids(said)) == 1
                text = f"##[group]{step.name if own else text.removeprefix(BEGINS)}"
            elif _DECORATION.match(text):
                text = "##[endgroup]"
            elif said.get("level") == "error":
                text = f"##[error]{text}"
                job.broken = job.broken or step is None
        stamp = iso(int(self._now())).replace("Z", ".0000000Z")
        for line in text.splitlines() or [""]:
            job.write(f"{stamp} {line}", step)

    def _hidden(self, text: str) -> str:
        for mask in self._masks:
            text = text.replace(mask, MASK)
        return text

    def _end(self, job: Job, result: str) -> None:
        """End a job by what its own steps did: act calls all of a matrix failed once one of it has failed."""
        failed = result != "success" and (job.broken or any(step.conclusion == "failure" for step in job.steps))
        ended: Conclusion = "failure" if failed else "success"
        end_job(job, "cancelled" if self._run.stopping else ended, self._now())


def _ids(said: Mapping[str, Any]) -> list[str]:
    """Give the ids of a line's step: more than one inside a composite action; none where it is of no step."""
    ids = said.get("stepID") or said.get("stepid")
    return ids if isinstance(ids, list) else []


def _end_step(step: Step, said: Mapping[str, Any], now: float) -> None:
    if said.get("msg") == TOLERATED:
        step.tolerated = True
    if "stepResult" not in said or len(_ids(said)) != 1 or step.completed is not None:
        return
    failed = said["stepResult"] == "failure" and not step.tolerated
    step.conclusion, step.completed = "failure" if failed else "success", now
