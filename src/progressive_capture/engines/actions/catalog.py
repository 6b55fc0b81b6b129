"""The workflows by name: which file captures what, how long, with which settings; their text stands in templates."""

from dataclasses import dataclass
from typing import Final

from progressive_capture.domain.jobs import JobType
from progressive_capture.domain.scope import SourceChoice

SPARE_MINUTES: Final = 5
"""What a capture leaves of its time for installing before it and for keeping its log after it."""

DATABASE: Final = "DATABASE_URL"
CAPTURE_SECRETS: Final = (DATABASE, "PC_APP_PRIVATE_KEY", "PC_GITHUB_TOKENS")
"""GitHub allows no secret and no variable whose name begins with `GITHUB_`.
https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/use-secrets"""

INSTALL: Final = "PC_INSTALL"
"""The variable that holds the command which makes `pc` and `rollout` available on a runner."""

COMMAND_VARIABLES: Final = (
    "PC_GITHUB_API_URL",
    "PC_GITHUB_ACTIONS_ENGINE",
    "PC_INNGEST_ENGINE",
    "PC_HYBRID_ROLLOUT_PERCENTAGE",
    "PC_HYBRID_ROLLOUT_STRATEGY",
    "PC_HYBRID_EMERGENCY_STOP",
    "PC_HYBRID_AUTO_ROLLBACK",
    "PC_HYBRID_MAX_ERROR_RATE",
    "PC_QUOTA_MODE",
    "PC_QUOTA_INNGEST_EXECUTIONS",
    "PC_QUOTA_INNGEST_USD",
    "PC_QUOTA_ACTIONS_MINUTES",
    "PC_QUOTA_ACTIONS_USD",
    "PC_PRICE_BOOK",
    "PC_PRICE_EXECUTION_USD",
    "PC_PRICE_EXECUTIONS_INCLUDED",
    "PC_PRICE_MINUTE_USD",
    "PC_PRICE_MINUTES_INCLUDED",
    "PC_LOG_FORMAT",
    "PC_DEBUG",
)
"""Settings that every run takes from the repository's variables, where they are set."""

CAPTURE_VARIABLES: Final = (
    *COMMAND_VARIABLES,
    "PC_APP_ID",
    "PC_APP_INSTALLATION_ID",
    "PC_REST_PER_MINUTE",
    "PC_GRAPHQL_PER_MINUTE",
)
"""Those of a run that asks GitHub."""

JOB_INPUTS: Final = ("repository_id", "repository_name", "pr_numbers", "time_range", "max_items", "job_id")


@dataclass(frozen=True, slots=True)
class CaptureWorkflow:
    """A workflow that runs one job."""

    name: str
    purpose: str
    job_type: JobType
    minutes: int
    source: SourceChoice = SourceChoice.AUTO
    is_sharded: bool = False
    """Whether several runners take the parts of the job side by side."""

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.yml"


@dataclass(frozen=True, slots=True)
class CommandWorkflow:
    """A workflow that runs a command of the operator's; its inputs are its template's."""

    name: str
    cron: str | None = None
    """When it runs by itself, if schedules are wanted; not at the full hour, when GitHub is late most."""

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.yml"


CAPTURES: Final = (
    CaptureWorkflow("capture-pr-details", "Commits and files of pull requests", JobType.PR_DETAILS, 30),
    CaptureWorkflow(
        "capture-pr-details-graphql",
        "Commits and files of pull requests, by GraphQL alone",
        JobType.PR_DETAILS,
        30,
        SourceChoice.GRAPHQL,
    ),
    CaptureWorkflow("capture-pr-reviews", "Reviews and review threads of pull requests", JobType.PR_REVIEWS, 30),
    CaptureWorkflow("capture-pr-comments", "Comments of pull requests", JobType.PR_COMMENTS, 30),
    CaptureWorkflow(
        "historical-pr-sync", "Pull requests with all that belongs to them", JobType.HISTORICAL_PR_SYNC, 120
    ),
    CaptureWorkflow(
        "historical-pr-sync-graphql",
        "Pull requests with all that belongs to them, by GraphQL alone",
        JobType.HISTORICAL_PR_SYNC,
        120,
        SourceChoice.GRAPHQL,
    ),
    CaptureWorkflow("historical-reviews-sync", "Reviews and review threads of a range", JobType.PR_REVIEWS, 120),
    CaptureWorkflow("historical-comments-sync", "Comments of a range", JobType.PR_COMMENTS, 120),
    CaptureWorkflow("bulk-file-changes", "Changed files of pull requests", JobType.FILE_CHANGES, 120),
    CaptureWorkflow(
        "bulk-capture",
        "A whole repository, on as many runners as there are principals",
        JobType.HISTORICAL_PR_SYNC,
        120,
        is_sharded=True,
    ),
)

COMMANDS: Final = (
    CommandWorkflow("rollout-health-monitor", "3-59/15 * * * *"),
    CommandWorkflow("rollout-metrics-collector", "33 * * * *"),
    CommandWorkflow("rollout-performance-dashboard", "27 8 * * *"),
    CommandWorkflow("rollout-emergency-rollback"),
    CommandWorkflow("pc-test"),
)

TEST: Final = COMMANDS[-1]
"""The one that does nothing but leave a row."""

REUSABLE: Final = ("pc-capture", "pc-bulk", "pc-command")
"""What the others call."""

_OF_TYPE: Final = {
    JobType.PR_DETAILS: "capture-pr-details.yml",
    JobType.PR_REVIEWS: "historical-reviews-sync.yml",
    JobType.PR_COMMENTS: "historical-comments-sync.yml",
    JobType.FILE_CHANGES: "bulk-file-changes.yml",
    JobType.HISTORICAL_PR_SYNC: "historical-pr-sync.yml",
    JobType.RECENT_PRS: "historical-pr-sync.yml",
    JobType.REPOSITORY_SYNC: "historical-pr-sync.yml",
    JobType.RECONCILE: "historical-pr-sync.yml",
}


def workflow_for(job_type: JobType, *, is_sharded: bool = False) -> str:
    """Name the file of the workflow that runs a job: it reads in its row what it is to do, the file says how long.

    Args:
        job_type: the job's.
        is_sharded: whether its parts are to run side by side.
    """
    return "bulk-capture.yml" if is_sharded else _OF_TYPE[job_type]
