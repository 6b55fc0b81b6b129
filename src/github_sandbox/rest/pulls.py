"""Pull requests, reviews and review comments in REST's shapes."""

from github_sandbox.rest.issues import reactions
from github_sandbox.rest.people import People
from github_sandbox.rest.repositories import API_VERSION_WITHOUT_DOWNLOADS, Repositories
from github_sandbox.world.records import Record, connection, total


class Pulls:
    """Writes pull requests and their reviews for one API address and version."""

    def __init__(self, people: People, repositories: Repositories, version: str) -> None:
        """Write with these writers; `version` 2026-03-10 has neither `assignee` nor `merge_commit_sha`."""
        self._people = people
        self._repositories = repositories
        self._old_fields = version != API_VERSION_WITHOUT_DOWNLOADS

    def url(self, record: Record) -> str:
        """Give a pull request's own address in the API."""
        return f"{self._repositories.url(record['repository'])}/pulls/{record['number']}"

    def simple(self, record: Record) -> dict[str, object]:
        """Give a pull request as lists hold it: without counts, `merged` and `merged_by`."""
        base, url, html = self._repositories.url(record["repository"]), self.url(record), record["url"]
        issue, statuses = f"{base}/issues/{record['number']}", f"{base}/statuses/{record['headRefOid']}"
        assignees = [self._people.actor(each) for each in connection(record, "assignees")]
        old: dict[str, object] = {}
        if self._old_fields:
            old = {
                "merge_commit_sha": record["_restMergeCommitSha"],
                "assignee": assignees[0] if assignees else None,
            }
        lock = record["activeLockReason"]
        return {
            "url": url,
            "id": int(record["fullDatabaseId"]),
            "node_id": record["id"],
            "html_url": html,
            "diff_url": html + ".diff",
            "patch_url": html + ".patch",
            "issue_url": issue,
            "number": record["number"],
            "state": "open" if record["state"] == "OPEN" else "closed",
            "locked": record["locked"],
            "title": record["title"],
            "user": self._people.author(record["author"]),
            "body": record["body"] or None,
            "created_at": record["createdAt"],
            "updated_at": record["updatedAt"],
            "closed_at": record["closedAt"],
            "merged_at": record["mergedAt"],
            **old,
            "assignees": assignees,
            **self.requested(record),
            "labels": [self._repositories.label(each) for each in connection(record, "labels")],
            "milestone": self._repositories.milestone(record["milestone"]),
            "draft": record["isDraft"],
            "commits_url": url + "/commits",
            "review_comments_url": url + "/comments",
            "review_comment_url": f"{base}/pulls/comments{{/number}}",
            "comments_url": issue + "/comments",
            "statuses_url": statuses,
            "head": self._branch(record, "head"),
            "base": self._branch(record, "base"),
            "_links": _links(base, url, html, issue, statuses),
            "author_association": record["authorAssociation"],
            "auto_merge": None,
            "active_lock_reason": lock.lower() if lock else None,
        }

    def _branch(self, record: Record, side: str) -> dict[str, object]:
        name = record[f"{side}RefName"]
        repository = record[f"{side}Repository"]
        owner = record["headRepositoryOwner"] if side == "head" else record["repository"]["owner"]
        return {
            "label": f"{owner['login'] if owner else 'unknown'}:{name}",
            "ref": name,
            "sha": record[f"{side}RefOid"],
            "user": self._people.actor(owner),
            "repo": self._repositories.embedded(repository),
        }

    def full(self, record: Record) -> dict[str, object]:
        """Give the answer of /pulls/NUMBER."""
        mergeable = {"MERGEABLE": True, "CONFLICTING": False}.get(record["mergeable"])
        return {
            **self.simple(record),
            "merged": record["merged"],
            "mergeable": mergeable,
            "rebaseable": record["canBeRebased"] if mergeable is not None else None,
            "mergeable_state": record["_restMergeableState"],
            "merged_by": self._people.actor(record["mergedBy"]),
            "comments": total(record, "comments"),
            "review_comments": record["_restReviewComments"],
            "maintainer_can_modify": record["maintainerCanModify"],
            "commits": total(record, "commits"),
            "additions": record["additions"],
            "deletions": record["deletions"],
            "changed_files": record["changedFiles"],
        }

    def requested(self, record: Record) -> dict[str, object]:
        """Give the reviewers asked for, people and teams apart."""
        asked = [each["requestedReviewer"] for each in connection(record, "reviewRequests")]
        known = [each for each in asked if each is not None]
        return {
            "requested_reviewers": [self._people.actor(each) for each in known if each["__typename"] != "Team"],
            "requested_teams": [self._people.team(each) for each in known if each["__typename"] == "Team"],
        }

    def review(self, record: Record) -> dict[str, object]:
        """Give a review; one that is pending has no `submitted_at`, and a deleted author is null here."""
        pull = self.url(record["pullRequest"])
        submitted = {} if record["submittedAt"] is None else {"submitted_at": record["submittedAt"]}
        return {
            "id": int(record["fullDatabaseId"]),
            "node_id": record["id"],
            "user": self._people.actor(record["author"]),
            "body": record["body"],
            "state": record["state"],
            "html_url": record["url"],
            "pull_request_url": pull,
            "author_association": record["authorAssociation"],
            "_links": {"html": {"href": record["url"]}, "pull_request": {"href": pull}},
            **submitted,
            "commit_id": record["commit"]["oid"] if record["commit"] else None,
        }

    def review_comment(self, record: Record) -> dict[str, object]:
        """Give a review comment with its place in the diff."""
        reply = record["replyTo"]
        place = {
            "start_line": record["startLine"],
            "original_start_line": record["originalStartLine"],
            "start_side": record["_restStartSide"],
            "line": record["line"],
            "original_line": record["originalLine"],
            "side": record["_restSide"],
        }
        place["subject_type"] = record["subjectType"].lower()
        common = self.embedded_comment(record)
        return {**common, **place, **({"in_reply_to_id": int(reply["fullDatabaseId"])} if reply else {})}

    def embedded_comment(self, record: Record) -> dict[str, object]:
        """Give a review comment as a review's own list holds it: without lines and sides."""
        base = self._repositories.url(record["repository"])
        url, pull = f"{base}/pulls/comments/{record['fullDatabaseId']}", self.url(record["pullRequest"])
        review, commit, original = record["pullRequestReview"], record["commit"], record["originalCommit"]
        return {
            "url": url,
            "pull_request_review_id": int(review["fullDatabaseId"]) if review else None,
            "id": int(record["fullDatabaseId"]),
            "node_id": record["id"],
            "diff_hunk": record["diffHunk"],
            "path": record["path"],
            "commit_id": (commit or original or {}).get("oid", ""),
            "original_commit_id": (original or commit or {}).get("oid", ""),
            "user": self._people.author(record["author"]),
            "body": record["body"],
            "created_at": record["createdAt"],
            "updated_at": record["updatedAt"],
            "html_url": record["url"],
            "pull_request_url": pull,
            "_links": {"self": {"href": url}, "html": {"href": record["url"]}, "pull_request": {"href": pull}},
            "reactions": reactions(url),
            "author_association": record["authorAssociation"],
            "original_position": record["originalPosition"],
            "position": record["position"],
        }


def _links(base: str, url: str, html: str, issue: str, statuses: str) -> dict[str, object]:
    addresses = {
        "self": url,
        "html": html,
        "issue": issue,
        "comments": issue + "/comments",
        "review_comments": url + "/comments",
        "review_comment": f"{base}/pulls/comments{{/number}}",
        "commits": url + "/commits",
        "statuses": statuses,
    }
    return {name: {"href": address} for name, address in addresses.items()}
