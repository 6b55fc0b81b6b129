"""Events and timelines worked out from a record's own times: what is not stored (who labelled when) is not told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from github_sandbox.world.records import Record, connection, shown
from github_sandbox.world.stable import number_of

if TYPE_CHECKING:
    from github_sandbox.rest.call import Shapes

_EVENT_IDS = 2**40


def events_of(record: Record, shapes: Shapes) -> list[dict[str, object]]:
    """Give the events of an issue or pull request, oldest first."""
    made, base = [], shapes.repositories.url(record["repository"])

    def event(name: str, at: str, actor: Record | None, about: str = "", **more: object) -> None:
        number = number_of("event", record["id"], name, about) % _EVENT_IDS
        commit = more.pop("commit_id", None)
        made.append(
            {
                "id": number,
                "node_id": f"EV_sandbox{number}",
                "url": f"{base}/issues/events/{number}",
                "actor": shapes.people.author(actor),
                "event": name,
                "commit_id": commit,
                "commit_url": f"{base}/commits/{commit}" if commit else None,
                "created_at": at,
                **more,
                "performed_via_github_app": None,
            }
        )

    for label in connection(record, "labels"):
        tag = {"name": label["name"], "color": label["color"]}
        event("labeled", record["createdAt"], record["author"], label["id"], label=tag)
    for person in connection(record, "assignees"):
        by = shapes.people.author(record["author"])
        whom = {"assignee": shapes.people.actor(person), "assigner": by}
        event("assigned", record["createdAt"], record["author"], person["id"], **whom)
    for asked in _requests(record):
        by = shapes.people.author(record["author"])
        team = asked["__typename"] == "Team"
        one = (
            {"requested_team": shapes.people.team(asked)}
            if team
            else {"requested_reviewer": shapes.people.actor(asked)}
        )
        event("review_requested", record["createdAt"], record["author"], asked["id"], review_requester=by, **one)
    if record.get("merged"):
        event("merged", record["mergedAt"], record["mergedBy"], commit_id=record["_restMergeCommitSha"])
    if record["closedAt"]:
        event("closed", record["closedAt"], record.get("mergedBy"), state_reason=None)
    return made


def _requests(record: Record) -> list[Record]:
    if record["__typename"] != "PullRequest":
        return []
    asked = [each["requestedReviewer"] for each in connection(record, "reviewRequests")]
    return [each for each in asked if each is not None]


def timeline_of(record: Record, shapes: Shapes, viewer: str) -> list[dict[str, object]]:
    """Give everything that happened, in order of time: events, comments and, for pull requests, commits and reviews."""
    rows = [(str(each["created_at"]), each) for each in events_of(record, shapes)]
    for comment in shown(record, "comments", viewer):
        written = {**shapes.issues.comment(comment), "event": "commented"}
        rows.append((comment["createdAt"], {**written, "actor": written["user"]}))
    if record["__typename"] == "PullRequest":
        commits = [each["commit"] for each in connection(record, "commits")]
        rows += [(each["committedDate"], _committed(each, shapes)) for each in commits]
        reviews = [each for each in shown(record, "reviews", viewer) if each["submittedAt"]]
        rows += [(each["submittedAt"], {**shapes.pulls.review(each), "event": "reviewed"}) for each in reviews]
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _committed(commit: Record, shapes: Shapes) -> dict[str, object]:
    written = shapes.commits.commit(commit)
    inner = written["commit"]
    assert isinstance(inner, dict)
    facts = {key: inner[key] for key in ("author", "committer", "tree", "message", "verification")}
    links = {key: written[key] for key in ("sha", "node_id", "html_url", "parents")}
    return {**links, "url": inner["url"], **facts, "event": "committed"}
