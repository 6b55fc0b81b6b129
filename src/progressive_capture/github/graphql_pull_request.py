"""GraphQL's pull requests, and what the list says of them, into rows; what hangs below a hydrated one lives beside."""

from collections.abc import Iterable, Sequence
from typing import Any

from progressive_capture.domain.records import (
    AssigneeRow,
    LabelRow,
    MilestoneRow,
    PullRequestLabelRow,
    PullRequestRow,
    Records,
    RequestedReviewerRow,
)
from progressive_capture.github.nodes import Actor, Label, Milestone, Oid, PullRequest, ReviewRequest
from progressive_capture.github.people import NOBODY, People

Nodes = Sequence[Any]

Seen = tuple[int, bool]
"""How many different rows a page held, and whether one was missing."""


def commit_hash(node: Oid | None) -> str | None:
    """The hash of a commit that may not be there."""
    return None if node is None else node.oid


def labels(records: Records, _: People, pull_request: int, nodes: Iterable[Label | None]) -> Seen:
    """Rows of labels, and of the pull request's having them."""
    keys: set[str] = set()
    hole = False
    for node in nodes:
        if node is None:
            hole = True
            continue
        keys.add(node.id)
        records.labels.append(LabelRow(node.id, node.name, node.color, node.description))
        records.pr_labels.append(PullRequestLabelRow(pull_request, node.id))
    return len(keys), hole


def assignees(records: Records, people: People, pull_request: int, nodes: Iterable[Actor | None]) -> Seen:
    """Rows of assignees."""
    keys: set[int] = set()
    hole = False
    for node in nodes:
        number, _ = people.actor(node) if node is not None else NOBODY
        if number is None:
            hole = True
            continue
        keys.add(number)
        records.pr_assignees.append(AssigneeRow(pull_request, number))
    return len(keys), hole


def requested_reviewers(
    records: Records, people: People, pull_request: int, nodes: Iterable[ReviewRequest | None]
) -> Seen:
    """Rows of users, bots, mannequins and teams asked for a review."""
    keys: set[tuple[str, int]] = set()
    hole = False
    for node in nodes:
        reviewer = node.requested_reviewer if node is not None else None
        if reviewer is None or reviewer.database_id is None:
            hole = True
            continue
        number, kind = reviewer.database_id, reviewer.typename
        login = reviewer.slug if reviewer.login is None else reviewer.login
        keys.add((kind, number))
        records.pr_requested_reviewers.append(RequestedReviewerRow(pull_request, kind, number, login or ""))
        if kind != "Team":
            people.actor(Actor(kind, login or "", number, reviewer.id, reviewer.name))
    return len(keys), hole


def pull_request_row(records: Records, people: People, node: PullRequest, number: int) -> None:
    """Row of the pull request itself; `number` is its numeric id."""
    author_id, author_login = people.actor(node.author)
    editor_id, editor_login = people.actor(node.editor)
    merged_by_id, merged_by_login = people.actor(node.merged_by)
    head, owner = node.head_repository, node.head_repository_owner
    records.pull_requests.append(
        PullRequestRow(
            number,
            node.id,
            node.number,
            node.title,
            node.body,
            node.body_text,
            node.state,
            node.is_draft,
            node.locked,
            node.active_lock_reason,
            author_id,
            author_login,
            node.author_association,
            editor_id,
            editor_login,
            node.created_at,
            node.updated_at,
            node.published_at,
            node.last_edited_at,
            node.closed_at,
            node.merged_at,
            merged_by_id,
            merged_by_login,
            node.additions,
            node.deletions,
            node.changed_files,
            node.base_ref_name,
            node.base_ref_oid,
            node.head_ref_name,
            node.head_ref_oid,
            None if head is None else head.database_id,
            None if head is None else head.name_with_owner,
            None if owner is None else owner.database_id,
            None if owner is None else owner.login,
            node.is_cross_repository,
            commit_hash(node.merge_commit),
            node.review_decision,
            node.total_comments_count,
            None if node.milestone is None else node.milestone.number,
            node.url,
        )
    )


def milestone_row(records: Records, milestone: Milestone) -> None:
    """Row of a milestone."""
    records.milestones.append(
        MilestoneRow(
            milestone.number,
            milestone.id,
            milestone.title,
            milestone.description,
            milestone.state,
            milestone.due_on,
            milestone.created_at,
            milestone.updated_at,
            milestone.closed_at,
        )
    )
