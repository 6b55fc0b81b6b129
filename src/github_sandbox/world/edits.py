"""Adds to, and removes from, a pull request in place, and keeps its counts true; it moves no `updatedAt` by itself."""

from dataclasses import dataclass

from github_sandbox.world.commits import git_actor_of, new_base_commit, new_commit, new_pull_request_commit
from github_sandbox.world.conversation import new_issue_comment, new_review, new_review_comment, new_thread
from github_sandbox.world.fields import PULL_REQUEST_CONNECTIONS
from github_sandbox.world.pull_records import Branches, Scalars, new_file, new_pull
from github_sandbox.world.pulls import PullRequest
from github_sandbox.world.records import FILES_SHOWN, Record
from github_sandbox.world.repository import Repository
from github_sandbox.world.stable import hex_of


@dataclass(frozen=True)
class Line:
    """Where a review thread stands: a `line` of None is the whole file."""

    path: str
    line: int | None = 1
    start: int | None = None
    side: str = "RIGHT"


def open_pull(repository: Repository, title: str, body: str, author: Record | None, stamp: str) -> PullRequest:
    """Open a pull request without commits and files; it is not yet among the repository's (`Pulls.add`)."""
    number = repository.take_number()
    base = hex_of(40, repository.record["id"], "base", number)
    scalars = Scalars(
        number=number,
        database_id=_next_id(repository, "PullRequest"),
        issue_id=repository.issue_base + number,
        title=title,
        body=body,
        author=author,
        created=stamp,
        updated=stamp,
    )
    branches = Branches(
        base_name="main",
        base_oid=base,
        head_name=f"change-{number}",
        head_oid=base,
        head_repository=repository.record,
    )
    record = new_pull(repository.record, scalars, branches)
    record["_connections"] = {name: [] for name in PULL_REQUEST_CONNECTIONS}
    pull = PullRequest(repository, record)
    _join(pull, author)
    return pull


def replace_commits(pull: PullRequest, count: int, author: Record | None, stamp: str, salt: object) -> None:
    """Let the pull request hold `count` new commits instead of what it held; `salt` makes their ids differ."""
    repository, record = pull.repository, pull.record
    for old in record["_connections"]["commits"]:
        repository.keep_commit(old["commit"])
    record["_connections"]["commits"].clear()
    append_commits(pull, count, author, stamp, salt)


def append_commits(pull: PullRequest, count: int, author: Record | None, stamp: str, salt: object) -> None:
    """Push `count` commits on top of the head."""
    repository, record, held = pull.repository, pull.record, pull.record["_connections"]["commits"]
    parent = held[-1]["commit"] if held else new_base_commit(repository.record, record["baseRefOid"], stamp)
    for place in range(len(held), len(held) + count):
        oid = hex_of(40, record["id"], "commit", salt, place)
        who = git_actor_of(author, stamp)
        message = f"Change part {place + 1}"
        parent = new_commit(repository.record, oid, message, who, who, parents=[parent], changes=(1, 0, 1))
        held.append(new_pull_request_commit(record, parent))
        repository.pulls.register("Commit", oid, pull)
    record["headRefOid"] = parent["oid"]
    if record["headRef"] is not None:
        record["headRef"]["target"] |= {"oid": parent["oid"], "id": parent["id"]}


def replace_files(pull: PullRequest, files: list[Record]) -> None:
    """Let the pull request change these files, by path; additions, deletions and their number follow.

    No API shows more than 3,000 of them: https://docs.github.com/rest/pulls/pulls#list-pull-requests-files
    """
    files.sort(key=lambda each: each["path"])
    pull.record["_connections"]["files"] = files[:FILES_SHOWN]
    pull.record |= {
        "additions": sum(each["additions"] for each in files),
        "deletions": sum(each["deletions"] for each in files),
        "changedFiles": len(files),
    }


def plain_files(count: int, salt: object) -> list[Record]:
    """`count` modified files; another `salt` gives other line counts."""
    seeds = (int(hex_of(4, "lines", salt, place), 16) for place in range(count))
    return [new_file(f"src/module_{k:05d}.py", "MODIFIED", 1 + x % 50, x // 50 % 30) for k, x in enumerate(seeds)]


def add_review(pull: PullRequest, author: Record | None, state: str, stamp: str, body: str = "") -> Record:
    """Add a review of the present head."""
    commits = pull.connection("commits")
    commit = commits[-1]["commit"] if commits else None
    database_id = _next_id(pull.repository, "PullRequestReview")
    review = new_review(pull.record, database_id, author, state, stamp, body=body, commit=commit)
    pull.connection("reviews").append(review)
    pull.repository.pulls.register("PullRequestReview", database_id, pull)
    if state == "PENDING":
        pull.record["_holdsPending"] = True
    else:
        _join(pull, author)
    decide(pull)
    return review


def add_thread(pull: PullRequest, at: Line, stamp: str) -> Record:
    """Add a review thread without comments."""
    database_id = _next_id(pull.repository, "PullRequestReviewThread")
    thread = new_thread(pull.record, database_id, at.path, at.line, stamp, side=at.side, start=at.start)
    pull.connection("reviewThreads").append(thread)
    pull.repository.pulls.register("PullRequestReviewThread", database_id, pull)
    return thread


def add_review_comment(
    pull: PullRequest, thread: Record, author: Record | None, stamp: str, body: str, *, review: Record | None = None
) -> Record:
    """Add a comment to a thread, as part of `review` or of a new review that says nothing else."""
    review = review or add_review(pull, author, "COMMENTED", stamp)
    database_id = _next_id(pull.repository, "PullRequestReviewComment")
    hunk = f"@@ -1,1 +1,1 @@\n+{thread['path']}"
    comment = new_review_comment(thread, database_id, author, stamp, body=body, hunk=hunk, review=review)
    thread["_restUpdatedAt"] = stamp
    pull.repository.pulls.register("PullRequestReviewComment", database_id, pull)
    if comment["state"] == "PENDING":
        review["_holdsPending"] = thread["_holdsPending"] = True
        if thread["_connections"]["comments"] == [comment]:
            thread["_visibleTo"] = comment["_visibleTo"]
    count_comments(pull)
    return comment


def add_comment(pull: PullRequest, author: Record | None, stamp: str, body: str) -> Record:
    """Add a comment to the pull request's conversation."""
    database_id = _next_id(pull.repository, "IssueComment")
    comment = new_issue_comment(pull.record, database_id, author, stamp, body=body)
    pull.connection("comments").append(comment)
    pull.repository.pulls.register("IssueComment", database_id, pull)
    _join(pull, author)
    count_comments(pull)
    return comment


def remove_review_comment(pull: PullRequest, comment: Record) -> None:
    """Delete a review comment; an empty thread goes with it, and answers to it answer nothing any more."""
    thread, review = comment["_thread"], comment["pullRequestReview"]
    _drop(thread["_connections"]["comments"], comment)
    for other in thread["_connections"]["comments"]:
        if other["replyTo"] is comment:
            other["replyTo"] = None
    if review is not None:
        _drop(review["_connections"]["comments"], comment)
    if not thread["_connections"]["comments"]:
        _drop(pull.connection("reviewThreads"), thread)
    count_comments(pull)


def remove_comment(pull: PullRequest, comment: Record) -> None:
    """Delete a comment of the conversation."""
    _drop(pull.connection("comments"), comment)
    count_comments(pull)


def count_comments(pull: PullRequest) -> None:
    """Count the comments that everyone sees."""
    spoken = sum(each["state"] == "SUBMITTED" for each in pull.review_comments_of_all())
    pull.record["_restReviewComments"] = spoken
    pull.record["totalCommentsCount"] = spoken + len(pull.connection("comments"))


def mark_edited(record: Record, by: Record | None, stamp: str) -> None:
    """Mark a body as edited by `by` now."""
    record |= {"updatedAt": stamp, "lastEditedAt": stamp, "editor": by, "includesCreatedEdit": True}


def decide(pull: PullRequest) -> None:
    """Work out the review decision from the last review that decides."""
    decisive = [x["state"] for x in pull.connection("reviews") if x["state"] in {"APPROVED", "CHANGES_REQUESTED"}]
    pull.record["reviewDecision"] = decisive[-1] if decisive else None


def pending_of(pull: PullRequest) -> list[Record]:
    """Its pending reviews, with their threads and comments."""
    if "_holdsPending" not in pull.record:
        return []
    held = [*pull.connection("reviews"), *pull.connection("reviewThreads"), *pull.review_comments_of_all()]
    return [each for each in held if "_visibleTo" in each]


def _join(pull: PullRequest, actor: Record | None) -> None:
    people = pull.connection("participants")
    if actor is not None and actor["__typename"] == "User" and all(each is not actor for each in people):
        people.append(actor)


def _drop(records: list[Record], record: Record) -> None:
    """Remove by identity: records may refer to one another in circles, which equality would follow."""
    records[:] = [each for each in records if each is not record]


def _next_id(repository: Repository, kind: str) -> int:
    return repository.world.reserve(kind, wide=repository.wide_ids)
