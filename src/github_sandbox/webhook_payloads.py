"""Webhook payloads of events, in REST's shapes under ``https://api.github.com``; nothing is sent here.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from typing import Final

from github_sandbox.feed.event import Event
from github_sandbox.model import Record, connection
from github_sandbox.rest.call import Shapes

API: Final = "https://api.github.com"
VERSION: Final = "2022-11-28"
INSTALLATION: Final = {"id": 1, "node_id": "MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9uMQ=="}
_ORGANIZATION: Final = (
    "login",
    "id",
    "node_id",
    "url",
    "repos_url",
    "events_url",
    "hooks_url",
    "issues_url",
    "members_url",
    "public_members_url",
    "avatar_url",
    "description",
)


class Payloads:
    """Writes deliveries."""

    def __init__(self) -> None:
        self._shapes = Shapes(API, VERSION)

    def delivery(self, event: Event) -> Record:
        """The event's name and its payload."""
        writers = {
            "pull_request": self._pull,
            "pull_request_review": self._review,
            "pull_request_review_comment": self._review_comment,
            "pull_request_review_thread": self._thread,
            "issue_comment": self._issue_comment,
        }
        writer = writers.get(event.name)
        subject = writer(event) if writer is not None else {}
        changes = {"changes": self._changes(event.changes)} if event.changes is not None else {}
        payload = {"action": event.action, **subject, **changes, **event.more, **self._frame(event)}
        return {"event": event.name, "payload": payload}

    def _frame(self, event: Event) -> Record:
        record, shapes = event.repository.record, self._shapes
        owner = record["owner"]
        organization = {"organization": self._organization(owner)} if _organized(owner) else {}
        repository = {**shapes.repositories.simple(record), "custom_properties": {}}
        frame = {"repository": repository, **organization, "sender": shapes.people.actor(event.sender)}
        return {**frame, "installation": INSTALLATION}

    def _organization(self, owner: Record) -> Record:
        whole = self._shapes.people.organization(owner)
        return {key: whole[key] for key in _ORGANIZATION}

    def _pull(self, event: Event) -> Record:
        assert event.pull is not None
        pull = {"number": event.pull["number"], "pull_request": self._shapes.pulls.full(event.pull)}
        label = {"label": self._shapes.repositories.label(event.label)} if event.label is not None else {}
        return {**pull, **label}

    def _review(self, event: Event) -> Record:
        assert event.pull is not None
        assert event.review is not None
        review = self._shapes.pulls.review(event.review)
        # Lower case here, upper case in the API.
        review |= {"state": event.review["state"].lower(), "body": event.review["body"] or None}
        return {"review": review, "pull_request": self._shapes.pulls.simple(event.pull)}

    def _review_comment(self, event: Event) -> Record:
        assert event.pull is not None
        assert event.comment is not None
        comment = self._shapes.pulls.review_comment(event.comment)
        return {"comment": comment, "pull_request": self._shapes.pulls.simple(event.pull)}

    def _thread(self, event: Event) -> Record:
        assert event.pull is not None
        assert event.thread is not None
        comments = [self._shapes.pulls.review_comment(each) for each in connection(event.thread, "comments")]
        thread = {"node_id": event.thread["id"], "comments": comments}
        return {"thread": thread, "pull_request": self._shapes.pulls.simple(event.pull)}

    def _issue_comment(self, event: Event) -> Record:
        assert event.pull is not None
        assert event.comment is not None
        return {"issue": self._shapes.issues.issue(event.pull), "comment": self._shapes.issues.comment(event.comment)}

    def _changes(self, changes: Record) -> Record:
        old_owner = changes.get("owner")
        if old_owner is None:
            return changes
        owner = old_owner["from"]
        kind = "organization" if _organized(owner) else "user"
        return {"owner": {"from": {kind: self._shapes.people.actor(owner)}}}


def _organized(owner: Record) -> bool:
    return bool(owner["__typename"] == "Organization")
