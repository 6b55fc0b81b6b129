"""From options to the jobs that a list or a bulk command means; no job is read or changed here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.jobs import JobState, JobType, Processor, Trigger
from progressive_capture.operator.subjects import subjects

if TYPE_CHECKING:
    from progressive_capture.store.jobs import JobFilter
    from progressive_capture.wiring import Wired

States: TypeAlias = Annotated[list[JobState] | None, typer.Option("--state", help="In these states only.")]
Processors: TypeAlias = Annotated[list[Processor] | None, typer.Option("--processor", help="Of these lanes only.")]
Types: TypeAlias = Annotated[list[JobType] | None, typer.Option("--type", help="Of these types only.")]
Triggers: TypeAlias = Annotated[list[Trigger] | None, typer.Option("--trigger", help="Asked for by these only.")]
Errors: TypeAlias = Annotated[ErrorClass | None, typer.Option("--error", help="That failed in this way only.")]
Repository: TypeAlias = Annotated[
    str | None, typer.Option("--repository", metavar="NAME", help="Of this repository only: owner/name, or its number.")
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of a filter, as given."""

    states: Sequence[JobState] | None = None
    processors: Sequence[Processor] | None = None
    job_types: Sequence[JobType] | None = None
    triggers: Sequence[Trigger] | None = None
    error: ErrorClass | None = None
    repository: str | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing narrows it."""
        return not any((self.states, self.processors, self.job_types, self.triggers, self.error, self.repository))

    def filter(self, works: "Wired") -> "JobFilter":
        """Make the filter, among the jobs of the host at hand.

        Raises:
            UsageError: the repository is not known.
        """
        from progressive_capture.store.jobs import JobFilter  # noqa: PLC0415 - not needed for --help

        repository = subjects(works, [self.repository])[0].repository_id if self.repository is not None else None
        return JobFilter(
            host_id=works.host_id,
            repository_id=repository,
            states=frozenset(self.states or ()),
            processors=frozenset(self.processors or ()),
            job_types=frozenset(self.job_types or ()),
            triggers=frozenset(self.triggers or ()),
            error_class=self.error,
        )
