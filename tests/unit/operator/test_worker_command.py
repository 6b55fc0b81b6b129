"""What `pc worker` says at its end, and its exit code."""

import pytest

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.jobs import JobState
from progressive_capture.engines.local import Served
from progressive_capture.operator.commands.worker import told


@pytest.mark.parametrize(
    ("ill", "text"),
    [
        ({}, "3 jobs run, 1 put back in line"),
        ({"a": JobState.FAILED}, "3 jobs run, 1 put back in line, 1 failed and tried again later"),
        (
            {"a": JobState.DEAD, "b": JobState.DEAD},
            "3 jobs run, 1 put back in line, 2 dead: pc jobs --state dead shows why",
        ),
    ],
)
def test_jobs_that_failed_are_told_and_end_a_drain_with_one(ill: dict[str, JobState], text: str) -> None:
    served = Served(jobs=3, parked=1, ill=ill)
    drained = told(served, stopped=False, drain=True)
    assert drained.text == text
    assert drained.code == (ExitCode.FAILED if ill else ExitCode.COMPLETE)
    assert drained.document["failed"] == served.count(JobState.FAILED)
    assert drained.document["dead"] == served.count(JobState.DEAD)
    assert told(served, stopped=True, drain=False).code == ExitCode.COMPLETE
