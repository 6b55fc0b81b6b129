"""The part of the settings that is about one run on a runner: its inputs, its time, where GitHub wants its answers."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints
from pydantic_settings import BaseSettings

from progressive_capture.domain.jobs import JobType
from progressive_capture.domain.scope import SourceChoice

_Input = Annotated[str, StringConstraints(strip_whitespace=True)]


class RunSettings(BaseSettings):
    """What a workflow tells `pc run`.

    https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    """

    run_minutes: float = Field(
        default=355, gt=0, le=7_200, validation_alias="PC_RUN_MINUTES", description="minutes, up to 7200"
    )
    input_job_id: _Input = Field(default="", validation_alias="PC_INPUT_JOB_ID", description="JOB_ID:ATTEMPT")
    input_job_type: JobType = Field(
        default=JobType.HISTORICAL_PR_SYNC,
        validation_alias="PC_INPUT_JOB_TYPE",
        description=f"one of {', '.join(JobType)}",
    )
    input_source: SourceChoice = Field(
        default=SourceChoice.AUTO,
        validation_alias="PC_INPUT_SOURCE",
        description=f"one of {', '.join(SourceChoice)}",
    )
    input_repository_id: int | None = Field(
        default=None, ge=1, validation_alias="PC_INPUT_REPOSITORY_ID", description="GitHub's number of a repository"
    )
    input_repository_name: _Input = Field(
        default="", validation_alias="PC_INPUT_REPOSITORY_NAME", description="a repository as owner/name"
    )
    input_pr_numbers: _Input = Field(
        default="", validation_alias="PC_INPUT_PR_NUMBERS", description="numbers and ranges such as 1,5-9"
    )
    input_time_range: int | None = Field(
        default=None, ge=1, validation_alias="PC_INPUT_TIME_RANGE", description="a number of days from 1"
    )
    input_max_items: int | None = Field(
        default=None, ge=1, validation_alias="PC_INPUT_MAX_ITEMS", description="a whole number from 1"
    )
    github_run_id: int | None = Field(
        default=None, ge=1, validation_alias="GITHUB_RUN_ID", description="GitHub's number of a run"
    )
    github_output: Path | None = Field(default=None, validation_alias="GITHUB_OUTPUT", description="a file's path")
    github_step_summary: Path | None = Field(
        default=None, validation_alias="GITHUB_STEP_SUMMARY", description="a file's path"
    )
