"""Rows of two API hosts that have the same ids: what one host's answers say changes nothing of the other's."""

from sqlalchemy import Connection

from progressive_capture.domain.kinds import Source
from progressive_capture.domain.records import IssueCommentRow, PullRequestRow, Records
from progressive_capture.store.database import Database
from progressive_capture.store.index import Counted, mark_unlisted, save_index
from progressive_capture.store.rows import save_hydrated
from progressive_capture.store.tables import PR_ISSUE_COMMENTS, PULL_REQUESTS
from tests.contract.store_rows import (
    HOST,
    NEW,
    OLD,
    REPOSITORY,
    T0,
    T1,
    T2,
    index_row,
    issue_comment,
    pull_request,
    stored,
)

OTHER = HOST + 1


def hydrate(connection: Connection, host_id: int, at: str, pull: PullRequestRow, *comments: IssueCommentRow) -> None:
    records = Records(pull_requests=[pull], pr_issue_comments=list(comments))
    save_hydrated(connection, host_id, REPOSITORY, source=Source.GRAPHQL, captured_at=at, records=records)


def list_one(connection: Connection, host_id: int, at: str) -> None:
    records = Records(index=[index_row(1)])
    save_index(connection, host_id, REPOSITORY, listed_at=at, source=Source.REST, records=records, completeness=[])


def test_a_comment_seen_at_one_host_was_not_seen_at_another(database: Database) -> None:
    with database.transaction() as connection:
        for host_id in (HOST, OTHER):
            hydrate(connection, host_id, T0, pull_request(1), issue_comment(6, 1))
        hydrate(connection, HOST, T1, pull_request(1), issue_comment(6, 1))
        seen = {row["host_id"]: row["captured_at"] for row in stored(connection, PR_ISSUE_COMMENTS)}
    assert seen == {HOST: T1, OTHER: T0}


def test_a_comment_given_again_by_an_earlier_reading_was_still_seen_later(database: Database) -> None:
    """That reading is accepted since it brings a newer state of the pull request."""
    with database.transaction() as connection:
        hydrate(connection, HOST, T2, pull_request(1), issue_comment(6, 1, body="edited", updated_at=NEW))
        hydrate(connection, HOST, T1, pull_request(1, updated_at=NEW), issue_comment(6, 1, updated_at=OLD))
        assert [row["captured_at"] for row in stored(connection, PULL_REQUESTS)] == [T1]
        (comment,) = stored(connection, PR_ISSUE_COMMENTS)
    assert (comment["body"], comment["captured_at"]) == ("edited", T2)


def test_a_pull_request_listed_again_at_one_host_stays_deleted_at_another(database: Database) -> None:
    with database.transaction() as connection:
        for host_id in (HOST, OTHER):
            list_one(connection, host_id, T0)
            hydrate(connection, host_id, T0, pull_request(1))
            assert mark_unlisted(connection, host_id, REPOSITORY, T1, Counted(T1)) == 1
        list_one(connection, HOST, T2)
        deleted = {row["host_id"]: row["deleted_at"] for row in stored(connection, PULL_REQUESTS)}
    assert deleted == {HOST: None, OTHER: T1}
