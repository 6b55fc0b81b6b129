"""The one schema of the events that we send to Inngest and handle from it; nothing is sent here."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, Final, Literal, TypeVar

import msgspec

from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.jobs import JobType
from progressive_capture.queue.engine import Handover

VERSION: Final = 1
"""Of the schema: an event of another version is refused in words, never half understood."""

NO_PRINCIPAL: Final = "unknown"
"""Runs whose principal nobody knows yet take their turn together."""


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all events have."""

    NAME: ClassVar[str]

    version: Literal[1] = VERSION

    @property
    def event_id(self) -> str:
        """Inngest drops a second event of an id for a day: what must not be dropped needs another.

        https://www.inngest.com/docs/events#deduplication
        """
        raise NotImplementedError


class ShardHandedOver(Event, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A shard is somebody's to work on; flow control reads `principal`, `repository` and `head_start`."""

    NAME: ClassVar[str] = "progressive-capture/shard.handed-over"

    job_id: str
    k: int
    attempt: int
    part: int
    principal: str
    repository: str
    """Host number and owner/name: one text for one repository."""
    job_type: JobType
    head_start: int
    """Seconds by which a run goes before others. https://www.inngest.com/docs/guides/priority"""

    @property
    def shard_id(self) -> str:
        """Names the shard."""
        return f"{self.job_id}.{self.k}"

    @property
    def holder(self) -> str:
        """Who takes the shard's lease: the same through all parts of one attempt, so that the next goes on at once."""
        return f"inngest:{self.shard_id}:{self.attempt}"

    @property
    def event_id(self) -> str:
        """Rises with attempt and part: an attempt within a day of the last is not dropped as its repetition."""
        return f"{self.shard_id}:{self.attempt}:{self.part}"

    def on(self, **changes: int) -> "ShardHandedOver":
        """The event of the run that goes on from this one."""
        return msgspec.structs.replace(self, **changes)


class JobCancelled(Event, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The runs of one attempt of a job are to stop."""

    NAME: ClassVar[str] = "progressive-capture/job.cancelled"

    job_id: str
    attempt: int

    @property
    def event_id(self) -> str:
        """Cancelling twice is cancelling once."""
        return f"cancel:{self.job_id}:{self.attempt}"


class ClassificationAsked(Event, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The categories of all tracked repositories are to be reckoned anew."""

    NAME: ClassVar[str] = "progressive-capture/classification.asked"

    nonce: str

    @property
    def event_id(self) -> str:
        """Each asking counts."""
        return f"classify:{self.nonce}"


class TestAsked(Event, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A job that does nothing is to leave its row, to show that events arrive."""

    NAME: ClassVar[str] = "progressive-capture/test.asked"

    nonce: str

    @property
    def event_id(self) -> str:
        """Each asking counts."""
        return f"test:{self.nonce}"


Kind = TypeVar("Kind", bound=Event)


class EventRefused(UsageError):
    """An event is not of this program's schema; no repetition makes it so."""


def data_of(event: Event) -> dict[str, Any]:
    """Give an event's data as JSON values."""
    data: dict[str, Any] = msgspec.to_builtins(event)
    return data


def read(kind: type[Kind], data: Mapping[str, Any]) -> Kind:
    """Read an event's data.

    Raises:
        EventRefused: it is of another version, or of no event of ours.
    """
    if data.get("version") != VERSION:
        raise EventRefused(
            f"An event {kind.NAME} of schema version {data.get('version')} came, and this program reads version "
            f"{VERSION}: let sender and app be of one release."
        )
    try:
        return msgspec.convert(dict(data), kind)
    except msgspec.ValidationError as error:
        raise EventRefused(f"An event {kind.NAME} is not as its schema says: {error}.") from None


def handed_over(handover: Handover, most: timedelta, highest: int) -> ShardHandedOver:
    """Make the event of a handover.

    Args:
        handover: the shard.
        most: the head start of the highest priority.
        highest: the highest priority that there is.
    """
    share = min(max(handover.priority, 0), highest) / highest
    return ShardHandedOver(
        job_id=handover.job_id,
        k=handover.k,
        attempt=handover.attempt,
        part=handover.part,
        principal=handover.principal or NO_PRINCIPAL,
        repository=f"{handover.host_id}/{handover.repository_name.lower()}",
        job_type=handover.job_type,
        head_start=round(most.total_seconds() * share),
    )
