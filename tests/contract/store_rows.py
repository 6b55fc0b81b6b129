"""Rows to store in tests: every field has a value that fits, and what a test is about is given."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table, select

from progressive_capture.domain.kinds import Kind, Proof, State
from progressive_capture.domain.records import (
    CommitRow,
    CompletenessRow,
    ContributorRow,
    FileRow,
    IndexRow,
    IssueCommentRow,
    PullRequestRow,
    RepositoryRow,
    ReviewCommentRow,
    ReviewRow,
    ReviewThreadRow,
)
from progressive_capture.store.closing import count_read, mark_absent

HOST = 1
REPOSITORY = 77

T0 = "2026-01-01T00:00:00.000000Z"
T1 = "2026-01-02T00:00:00.000000Z"
T2 = "2026-01-03T00:00:00.000000Z"
T3 = "2026-01-04T00:00:00.500000Z"
OLD = "2025-12-01T00:00:00Z"
NEW = "2025-12-02T00:00:00Z"


def repository(**fields: Any) -> RepositoryRow:
    row = RepositoryRow(
        id=REPOSITORY,
        node_id="R_77",
        owner_login="Octo",
        owner_id=9,
        owner_type="Organization",
        name="Hello",
        description=None,
        is_private=False,
        is_fork=False,
        is_archived=False,
        is_disabled=False,
        is_empty=False,
        visibility="PUBLIC",
        default_branch="main",
        primary_language="Python",
        stars=5,
        forks=1,
        created_at=OLD,
        pushed_at=NEW,
        updated_at=NEW,
        archived_at=None,
        pull_requests_total=3,
    )
    return row._replace(**fields)


def contributor(number: int = 9, **fields: Any) -> ContributorRow:
    return ContributorRow(number, f"U_{number}", f"login{number}", "User", f"Name {number}")._replace(**fields)


def index_row(number: int, **fields: Any) -> IndexRow:
    return IndexRow(number, 1000 + number, f"PR_{number}", "OPEN", OLD, OLD)._replace(**fields)


def pull_request(number: int, **fields: Any) -> PullRequestRow:
    row = PullRequestRow(
        id=1000 + number,
        node_id=f"PR_{number}",
        number=number,
        title=f"Title {number}",
        body='Body with "quotes", a \\ and, {braces}\nand a newline',
        body_text="Body",
        state="OPEN",
        is_draft=False,
        is_locked=False,
        active_lock_reason=None,
        author_id=9,
        author_login="login9",
        author_association="MEMBER",
        editor_id=None,
        editor_login=None,
        created_at=OLD,
        updated_at=OLD,
        published_at=OLD,
        last_edited_at=None,
        closed_at=None,
        merged_at=None,
        merged_by_id=None,
        merged_by_login=None,
        additions=10,
        deletions=2,
        changed_files=1,
        base_ref="main",
        base_sha="b" * 40,
        head_ref="topic",
        head_sha="a" * 40,
        head_repository_id=REPOSITORY,
        head_repository_name="Octo/Hello",
        head_owner_id=9,
        head_owner_login="Octo",
        is_cross_repository=False,
        merge_commit_sha=None,
        review_decision=None,
        total_comments_count=1,
        milestone_number=None,
        url=f"https://github.com/Octo/Hello/pull/{number}",
    )
    return row._replace(**fields)


def review(identity: int, number: int, **fields: Any) -> ReviewRow:
    row = ReviewRow(
        id=identity,
        node_id=f"PRR_{identity}",
        pull_request_id=1000 + number,
        author_id=9,
        author_login="login9",
        author_association="MEMBER",
        state="APPROVED",
        body="fine",
        submitted_at=OLD,
        created_at=OLD,
        updated_at=OLD,
        published_at=OLD,
        last_edited_at=None,
        commit_sha="a" * 40,
        is_minimized=False,
        url="https://github.com/x",
    )
    return row._replace(**fields)


def thread(node_id: str, number: int, **fields: Any) -> ReviewThreadRow:
    row = ReviewThreadRow(
        node_id=node_id,
        pull_request_id=1000 + number,
        is_resolved=False,
        is_outdated=False,
        is_collapsed=False,
        resolved_by_id=None,
        resolved_by_login=None,
        path="src/a.py",
        line=3,
        start_line=None,
        original_line=3,
        original_start_line=None,
        diff_side="RIGHT",
        start_diff_side=None,
        subject_type="LINE",
    )
    return row._replace(**fields)


def review_comment(identity: int, number: int, **fields: Any) -> ReviewCommentRow:
    row = ReviewCommentRow(
        id=identity,
        node_id=f"PRRC_{identity}",
        pull_request_id=1000 + number,
        thread_node_id="T1",
        review_id=1,
        reply_to_id=None,
        author_id=None,
        author_login=None,
        author_association="NONE",
        state="SUBMITTED",
        body="look here",
        path="src/a.py",
        diff_hunk="@@ -1 +1 @@",
        line=3,
        start_line=None,
        original_line=3,
        original_start_line=None,
        side=None,
        start_side=None,
        subject_type="line",
        is_outdated=False,
        commit_sha="a" * 40,
        original_commit_sha="a" * 40,
        created_at=OLD,
        updated_at=OLD,
        published_at=OLD,
        last_edited_at=None,
        is_minimized=False,
        minimized_reason=None,
        url="https://github.com/x",
    )
    return row._replace(**fields)


def issue_comment(identity: int, number: int, **fields: Any) -> IssueCommentRow:
    row = IssueCommentRow(
        id=identity,
        node_id=f"IC_{identity}",
        pull_request_id=1000 + number,
        author_id=9,
        author_login="login9",
        author_association="MEMBER",
        body="first",
        created_at=OLD,
        updated_at=OLD,
        published_at=OLD,
        last_edited_at=None,
        is_minimized=False,
        url="https://github.com/x",
    )
    return row._replace(**fields)


def commit(sha: str, number: int, **fields: Any) -> CommitRow:
    row = CommitRow(
        pull_request_id=1000 + number,
        sha=sha,
        position=0,
        message="work",
        authored_at=OLD,
        committed_at=OLD,
        author_name="A",
        author_email="a@example.org",
        author_id=9,
        author_login="login9",
        committer_name="A",
        committer_email="a@example.org",
        committer_id=9,
        committer_login="login9",
        co_authors="[]",
    )
    return row._replace(**fields)


def file(path: str, number: int, **fields: Any) -> FileRow:
    return FileRow(1000 + number, path, None, "modified", 3, 1, None, None)._replace(**fields)


def known(number: int, kind: Kind, state: State = State.COMPLETE, **fields: Any) -> CompletenessRow:
    row = CompletenessRow(1000 + number, kind, 1, 1, Proof.TOTAL, state, 0)
    return row._replace(**fields)


def stored(connection: Connection, table: Table, **where: Any) -> list[dict[str, Any]]:
    """Read whole rows back, as the tables' types give them."""
    conditions = [table.c[name] == value for name, value in where.items()]
    rows = connection.execute(select(table).where(*conditions).order_by(*table.primary_key.columns))
    return [dict(row._mapping) for row in rows]


def close_kinds(
    connection: Connection, host_id: int, closings: Iterable[tuple[int, Kind, str]]
) -> dict[tuple[int, Kind], int]:
    """What a capture does with readings that are whole: count what they brought, mark what they did not."""
    wanted = list(closings)
    counted = count_read(connection, host_id, wanted)
    mark_absent(connection, host_id, wanted)
    return counted
