"""REST's bodies into rows, normalised to GraphQL's words; which page they belong to is not known here.

What REST cannot give stays None; `domain.records.UNAVAILABLE` names those columns.
"""

from collections.abc import Iterable
from typing import Final

from progressive_capture.domain.records import (
    AssigneeRow,
    CommitRow,
    FileRow,
    IndexRow,
    IssueCommentRow,
    LabelRow,
    MilestoneRow,
    PullRequestLabelRow,
    PullRequestRow,
    Records,
    RepositoryRow,
    RequestedReviewerRow,
    ReviewCommentRow,
    ReviewRow,
)
from progressive_capture.github import rest_bodies as rest
from progressive_capture.github.people import NOBODY, People, Who
from progressive_capture.github.trailers import co_authors

STATE: Final = {"open": "OPEN", "closed": "CLOSED"}

UNSIGNED: Final = rest.Signature()


def person(people: People, user: rest.User | None) -> Who:
    """Numeric id and login; nobody for null, `{}` and the ghost."""
    if user is None or user.id is None:
        return NOBODY
    return people.user(user.id, user.node_id, user.login, user.type)


def state(body: rest.ListedPullRequest) -> str:
    """REST says `closed` of merged ones as well."""
    return "MERGED" if body.merged_at is not None else STATE.get(body.state, body.state.upper())


def enum(text: str | None) -> str | None:
    """REST's words in the form of GraphQL's enumerations: `too heated` is TOO_HEATED."""
    return None if text is None else text.upper().replace(" ", "_").replace("-", "_")


def repository_row(body: rest.Repository, pull_requests_total: int | None) -> RepositoryRow:
    """Row of a repository."""
    return RepositoryRow(
        id=body.id,
        node_id=body.node_id,
        owner_login=body.owner.login,
        owner_id=body.owner.id,
        owner_type=body.owner.type,
        name=body.name,
        description=body.description,
        is_private=body.private,
        is_fork=body.fork,
        is_archived=body.archived,
        is_disabled=body.disabled,
        is_empty=None,
        visibility=enum(body.visibility),
        default_branch=body.default_branch,
        primary_language=body.language,
        stars=body.stargazers_count,
        forks=body.forks_count,
        created_at=body.created_at,
        pushed_at=body.pushed_at,
        updated_at=body.updated_at,
        archived_at=None,
        pull_requests_total=pull_requests_total,
    )


def index_row(records: Records, body: rest.ListedPullRequest) -> None:
    """Row of the list."""
    records.index.append(IndexRow(body.number, body.id, body.node_id, state(body), body.created_at, body.updated_at))


def labels(records: Records, body: rest.ListedPullRequest) -> int:
    """Rows of labels, and of the pull request's having them; how many different ones."""
    for label in body.labels:
        records.labels.append(LabelRow(label.node_id, label.name, label.color, label.description))
        records.pr_labels.append(PullRequestLabelRow(body.id, label.node_id))
    return len({label.node_id for label in body.labels})


def assignees(records: Records, people: People, body: rest.ListedPullRequest) -> int:
    """Rows of assignees; how many different ones."""
    found = [number for number, _ in (person(people, user) for user in body.assignees or ()) if number is not None]
    records.pr_assignees.extend(AssigneeRow(body.id, number) for number in found)
    return len(set(found))


def requested_reviewers(records: Records, people: People, body: rest.ListedPullRequest) -> int:
    """Rows of users, bots, mannequins and teams asked for a review; how many different ones."""
    rows = []
    for user in body.requested_reviewers or ():
        number, login = person(people, user)
        if number is not None:
            rows.append(RequestedReviewerRow(body.id, user.type, number, login or ""))
    rows += [RequestedReviewerRow(body.id, "Team", team.id, team.slug) for team in body.requested_teams or ()]
    records.pr_requested_reviewers.extend(rows)
    return len({(row.reviewer_type, row.reviewer_id) for row in rows})


def pull_request(records: Records, people: People, body: rest.PullRequest) -> None:
    """Row of the pull request itself, and of its milestone."""
    author_id, author_login = person(people, body.user)
    merged_by_id, merged_by_login = person(people, body.merged_by)
    head, owner, milestone = body.head.repo, body.head.user, body.milestone
    records.pull_requests.append(
        PullRequestRow(
            id=body.id,
            node_id=body.node_id,
            number=body.number,
            title=body.title,
            body=body.body or "",
            body_text=None,
            state=state(body),
            is_draft=body.draft,
            is_locked=body.locked,
            active_lock_reason=enum(body.active_lock_reason),
            author_id=author_id,
            author_login=author_login,
            author_association=body.author_association,
            editor_id=None,
            editor_login=None,
            created_at=body.created_at,
            updated_at=body.updated_at,
            published_at=None,
            last_edited_at=None,
            closed_at=body.closed_at,
            merged_at=body.merged_at,
            merged_by_id=merged_by_id,
            merged_by_login=merged_by_login,
            additions=body.additions,
            deletions=body.deletions,
            changed_files=body.changed_files,
            base_ref=body.base.ref,
            base_sha=body.base.sha,
            head_ref=body.head.ref,
            head_sha=body.head.sha,
            head_repository_id=None if head is None else head.id,
            head_repository_name=None if head is None else head.full_name,
            head_owner_id=None if owner is None else owner.id,
            head_owner_login=None if owner is None else owner.login,
            is_cross_repository=head is None or body.base.repo is None or head.id != body.base.repo.id,
            merge_commit_sha=body.merge_commit_sha if body.merged_at is not None else None,
            review_decision=None,
            total_comments_count=None,
            milestone_number=None if milestone is None else milestone.number,
            url=body.html_url,
        )
    )
    records.milestones.extend(_milestone(each) for each in (milestone,) if each is not None)


def _milestone(body: rest.Milestone) -> MilestoneRow:
    return MilestoneRow(
        number=body.number,
        node_id=body.node_id,
        title=body.title,
        description=body.description,
        state=body.state.upper(),
        due_on=body.due_on,
        created_at=body.created_at,
        updated_at=body.updated_at,
        closed_at=body.closed_at,
    )


def reviews(records: Records, people: People, pull_request_id: int, bodies: Iterable[rest.Review]) -> None:
    """Rows of reviews."""
    for body in bodies:
        author_id, author_login = person(people, body.user)
        records.pr_reviews.append(
            ReviewRow(
                id=body.id,
                node_id=body.node_id,
                pull_request_id=pull_request_id,
                author_id=author_id,
                author_login=author_login,
                author_association=body.author_association,
                state=body.state.upper(),
                body=body.body or "",
                submitted_at=body.submitted_at,
                created_at=None,
                updated_at=None,
                published_at=None,
                last_edited_at=None,
                commit_sha=body.commit_id,
                is_minimized=None,
                url=body.html_url,
            )
        )


def review_comments(
    records: Records, people: People, pull_request_id: int, bodies: Iterable[rest.ReviewComment]
) -> None:
    """Rows of review comments; REST does not tell their thread."""
    for body in bodies:
        author_id, author_login = person(people, body.user)
        records.pr_review_comments.append(
            ReviewCommentRow(
                id=body.id,
                node_id=body.node_id,
                pull_request_id=pull_request_id,
                thread_node_id=None,
                review_id=body.pull_request_review_id,
                reply_to_id=body.in_reply_to_id,
                author_id=author_id,
                author_login=author_login,
                author_association=body.author_association,
                state=None,
                body=body.body or "",
                path=body.path,
                diff_hunk=body.diff_hunk,
                line=body.line,
                start_line=body.start_line,
                original_line=body.original_line,
                original_start_line=body.original_start_line,
                side=body.side,
                start_side=body.start_side,
                subject_type=body.subject_type.upper(),
                is_outdated=None,
                commit_sha=body.commit_id,
                original_commit_sha=body.original_commit_id,
                created_at=body.created_at,
                updated_at=body.updated_at,
                published_at=None,
                last_edited_at=None,
                is_minimized=None,
                minimized_reason=None,
                url=body.html_url,
            )
        )


def issue_comments(records: Records, people: People, pull_request_id: int, bodies: Iterable[rest.IssueComment]) -> None:
    """Rows of comments on the pull request as a whole."""
    for body in bodies:
        author_id, author_login = person(people, body.user)
        records.pr_issue_comments.append(
            IssueCommentRow(
                id=body.id,
                node_id=body.node_id,
                pull_request_id=pull_request_id,
                author_id=author_id,
                author_login=author_login,
                author_association=body.author_association,
                body=body.body or "",
                created_at=body.created_at,
                updated_at=body.updated_at,
                published_at=None,
                last_edited_at=None,
                is_minimized=None,
                url=body.html_url,
            )
        )


def commits(records: Records, people: People, pull_request_id: int, bodies: Iterable[rest.Commit]) -> None:
    """Rows of commits, from the first one on.

    GitHub may not name who signed one. The time of the other signature then stands for both; a commit with neither is
    left out, so that there are fewer than GitHub counts.
    https://docs.github.com/en/rest/pulls/pulls#list-commits-on-a-pull-request
    """
    for position, body in enumerate(bodies):
        author, committer = body.commit.author or UNSIGNED, body.commit.committer or UNSIGNED
        authored_at, committed_at = author.date or committer.date, committer.date or author.date
        if authored_at is None or committed_at is None:
            continue
        author_id, author_login = person(people, body.author)
        committer_id, committer_login = person(people, body.committer)
        records.pr_commits.append(
            CommitRow(
                pull_request_id=pull_request_id,
                sha=body.sha,
                position=position,
                message=body.commit.message,
                authored_at=authored_at,
                committed_at=committed_at,
                author_name=author.name,
                author_email=author.email,
                author_id=author_id,
                author_login=author_login,
                committer_name=committer.name,
                committer_email=committer.email,
                committer_id=committer_id,
                committer_login=committer_login,
                co_authors=co_authors(body.commit.message),
            )
        )


def is_dated(body: rest.Commit) -> bool:
    """Whether a commit has a row: one of its signatures tells a time."""
    return any(each is not None and each.date for each in (body.commit.author, body.commit.committer))


def file_row(pull_request_id: int, body: rest.ChangedFile, *, patches: bool) -> FileRow:
    """Row of a changed file; its patch only where it is wanted, empty where GitHub shows none (binary, too large).

    https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
    """
    patch = body.patch or "" if patches else None
    return FileRow(
        pull_request_id,
        body.filename,
        body.previous_filename,
        body.status,
        body.additions,
        body.deletions,
        body.sha,
        patch,
    )
