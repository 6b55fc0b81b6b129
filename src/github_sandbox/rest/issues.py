"""Issues, their comments and events in REST's shapes; a pull request is an issue here too."""

from github_sandbox.rest.people import People
from github_sandbox.rest.repositories import Repositories
from github_sandbox.world.records import Record, connection, total

REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def reactions(url: str) -> dict[str, object]:
    """Give the summary of reactions to what stands at `url`: the sandbox knows none."""
    return {"url": url + "/reactions", "total_count": 0, **dict.fromkeys(REACTIONS, 0)}


class Issues:
    """Writes issues and what hangs on them for one API address."""

    def __init__(self, people: People, repositories: Repositories) -> None:
        """Write with these writers of people and repositories."""
        self._people = people
        self._repositories = repositories

    def issue(self, record: Record) -> dict[str, object]:
        """Give an issue as lists hold it, for the record of an issue or of a pull request."""
        base = self._repositories.url(record["repository"])
        url = f"{base}/issues/{record['number']}"
        assignees = [self._people.actor(each) for each in connection(record, "assignees")]
        is_pull = record["__typename"] == "PullRequest"
        return {
            "url": url,
            "repository_url": base,
            "labels_url": url + "/labels{/name}",
            "comments_url": url + "/comments",
            "events_url": url + "/events",
            "html_url": record["url"],
            "id": record["_restIssueId"] if is_pull else int(record["fullDatabaseId"]),
            "node_id": record["id"],
            "number": record["number"],
            "title": record["title"],
            "user": self._people.author(record["author"]),
            "labels": [self._repositories.label(each) for each in connection(record, "labels")],
            "state": "open" if record["state"] == "OPEN" else "closed",
            "locked": record["locked"],
            "assignee": assignees[0] if assignees else None,
            "assignees": assignees,
            "milestone": self._repositories.milestone(record["milestone"]),
            "comments": total(record, "comments"),
            "created_at": record["createdAt"],
            "updated_at": record["updatedAt"],
            "closed_at": record["closedAt"],
            "author_association": record["authorAssociation"],
            "type": None,
            "active_lock_reason": _lower(record["activeLockReason"]),
            **(self._pull_part(record, base) if is_pull else {}),
            "body": record["body"] or None,
            "reactions": reactions(url),
            "timeline_url": url + "/timeline",
            "performed_via_github_app": None,
            "state_reason": None if is_pull else _lower(record["stateReason"]),
        }

    def _pull_part(self, record: Record, base: str) -> dict[str, object]:
        html = record["url"]
        part = {
            "url": f"{base}/pulls/{record['number']}",
            "html_url": html,
            "diff_url": html + ".diff",
            "patch_url": html + ".patch",
            "merged_at": record["mergedAt"],
        }
        return {"draft": record["isDraft"], "pull_request": part}

    def closed_by(self, record: Record) -> object:
        """Give who closed it: for a merged pull request its merger; otherwise unknown to the sandbox."""
        return self._people.actor(record["mergedBy"]) if record.get("mergedBy") else None

    def comment(self, record: Record) -> dict[str, object]:
        """Give a comment on an issue or a pull request."""
        base = self._repositories.url(record["repository"])
        url = f"{base}/issues/comments/{record['fullDatabaseId']}"
        return {
            "url": url,
            "html_url": record["url"],
            "issue_url": f"{base}/issues/{record['issue']['number']}",
            "id": int(record["fullDatabaseId"]),
            "node_id": record["id"],
            "user": self._people.author(record["author"]),
            "created_at": record["createdAt"],
            "updated_at": record["updatedAt"],
            "body": record["body"],
            "author_association": record["authorAssociation"],
            "pin": None,
            "reactions": reactions(url),
            "performed_via_github_app": None,
        }


def _lower(text: str | None) -> str | None:
    return text.lower() if text else None
