"""What happened, as a webhook will tell it; the payload itself is written in `webhook_payloads`."""

from dataclasses import dataclass, field

from github_sandbox.model import Record, Repository


@dataclass(frozen=True, kw_only=True)
class Event:
    """One webhook event: its name and action, and the records that its payload shows."""

    name: str
    action: str
    repository: Repository
    sender: Record
    pull: Record | None = None
    review: Record | None = None
    comment: Record | None = None
    thread: Record | None = None
    label: Record | None = None
    changes: Record | None = None
    more: Record = field(default_factory=dict)
