from typing import Any

import pytest
from sqlalchemy import Connection

from progressive_capture.domain.kinds import Source
from progressive_capture.domain.records import Records, ThreadTotalRow
from progressive_capture.domain.withheld import Withheld
from progressive_capture.store.closing import thread_totals
from progressive_capture.store.database import Database
from progressive_capture.store.rows import save_followed, save_hydrated
from progressive_capture.store.tables import (
    CONTRIBUTOR_LOGINS,
    CONTRIBUTORS,
    PR_COMMITS,
    PR_FILES,
    PR_ISSUE_COMMENTS,
    PR_REVIEW_COMMENTS,
    PR_REVIEW_THREADS,
    PR_REVIEWS,
    PULL_REQUESTS,
)
from tests.contract.store_rows import (
    HOST,
    NEW,
    OLD,
    REPOSITORY,
    T0,
    T1,
    T2,
    commit,
    contributor,
    file,
    issue_comment,
    pull_request,
    review,
    review_comment,
    stored,
    thread,
)


def hydrate(
    connection: Connection, captured_at: str, source: Source = Source.GRAPHQL, **rows: list[Any]
) -> dict[int, bool]:
    records = Records(**rows)
    return save_hydrated(connection, HOST, REPOSITORY, source=source, captured_at=captured_at, records=records)


def follow(
    connection: Connection, generations: dict[int, str], source: Source = Source.GRAPHQL, **rows: list[Any]
) -> dict[int, bool]:
    records = Records(**rows)
    return save_followed(connection, HOST, REPOSITORY, source=source, generations=generations, records=records)


def test_everything_comes_back_as_it_was_given(database: Database) -> None:
    given: dict[Any, list[Any]] = {
        PULL_REQUESTS: [pull_request(1), pull_request(2, body="", author_id=None, merged_at=NEW, body_text=None)],
        PR_REVIEWS: [review(1, 1, submitted_at=None), review(2, 2, body="NULL")],
        PR_REVIEW_THREADS: [thread("T1", 1)],
        PR_REVIEW_COMMENTS: [review_comment(5, 1)],
        PR_ISSUE_COMMENTS: [issue_comment(6, 1, body="ünï\x01\U0001f600")],
        PR_COMMITS: [commit("c1", 1, committed_at="2025-12-01T00:00:00.250000Z")],
        PR_FILES: [file("a,b\"c\\'.py", 1)],
    }
    with database.transaction() as connection:
        everything = {table.name: rows for table, rows in given.items()}
        accepted = hydrate(connection, T0, Source.GRAPHQL, **everything)
    assert accepted == {1001: False, 1002: False}
    with database.reading() as connection:
        for table, rows in given.items():
            back = [tuple(row[name] for name in rows[0]._fields) for row in stored(connection, table)]
            assert sorted(back, key=str) == sorted(map(tuple, rows), key=str)
            shared = {(row["host_id"], row["repository_id"], row["captured_at"]) for row in stored(connection, table)}
            assert shared == {(HOST, REPOSITORY, T0)}
            assert {(row["source"], row["deleted_at"]) for row in stored(connection, table)} == {("graphql", None)}


def test_a_row_given_twice_in_one_page_is_stored_once(database: Database) -> None:
    with database.transaction() as connection:
        hydrate(
            connection,
            T0,
            pull_requests=[pull_request(1), pull_request(1)],
            pr_reviews=[review(1, 1), review(1, 1)],
            contributors=[contributor(), contributor()],
        )
        assert len(stored(connection, PULL_REQUESTS)) == len(stored(connection, PR_REVIEWS)) == 1


@pytest.mark.parametrize(("updated_at", "captured_at"), [(OLD, T2), (NEW, T0)], ids=["older stamp", "older reading"])
def test_an_older_reading_changes_nothing(database: Database, updated_at: str, captured_at: str) -> None:
    with database.transaction() as connection:
        hydrate(connection, T1, pull_requests=[pull_request(1, title="now", updated_at=NEW)])
        late = hydrate(
            connection,
            captured_at,
            pull_requests=[pull_request(1, title="then", updated_at=updated_at)],
            pr_reviews=[review(1, 1)],
        )
        assert late == {}
        assert [row["title"] for row in stored(connection, PULL_REQUESTS)] == ["now"]
        assert stored(connection, PR_REVIEWS) == []


def test_a_newer_reading_replaces_and_keeps_the_first_time(database: Database) -> None:
    with database.transaction() as connection:
        hydrate(connection, T0, pull_requests=[pull_request(1)], pr_reviews=[review(1, 1, body="a")])
        assert hydrate(
            connection, T1, pull_requests=[pull_request(1, title="new")], pr_reviews=[review(1, 1, body="b")]
        ) == {1001: True}
        (row,) = stored(connection, PULL_REQUESTS)
        assert (row["title"], row["captured_at"], row["first_captured_at"]) == ("new", T1, T0)
        assert [row["body"] for row in stored(connection, PR_REVIEWS)] == ["b"]


def test_a_source_leaves_what_it_cannot_give(database: Database) -> None:
    with database.transaction() as connection:
        hydrate(
            connection,
            T0,
            pull_requests=[pull_request(1, review_decision="APPROVED")],
            pr_review_comments=[review_comment(5, 1)],
            contributors=[contributor(9)],
        )
        hydrate(
            connection,
            T1,
            Source.REST,
            pull_requests=[pull_request(1, review_decision=None, title="by REST")],
            pr_review_comments=[review_comment(5, 1, thread_node_id=None, side="LEFT", body="by REST")],
            contributors=[contributor(9, name=None)],
        )
        (pull,) = stored(connection, PULL_REQUESTS)
        assert (pull["title"], pull["review_decision"], pull["source"]) == ("by REST", "APPROVED", "rest")
        hydrate(
            connection, T2, pull_requests=[pull_request(1)], pr_review_comments=[review_comment(5, 1, body="again")]
        )
        (comment,) = stored(connection, PR_REVIEW_COMMENTS)
        assert (comment["thread_node_id"], comment["side"], comment["body"]) == ("T1", "LEFT", "again")
        assert [row["name"] for row in stored(connection, CONTRIBUTORS)] == ["Name 9"]


def test_details_of_files_last_as_long_as_the_head(database: Database) -> None:
    details = {"previous_path": "old.py", "blob_sha": "f" * 40, "patch": "@@"}
    with database.transaction() as connection:
        hydrate(connection, T0, pull_requests=[pull_request(1), pull_request(2)])
        rows = [file("new.py", 1, **details), file("new.py", 2, **details)]
        follow(connection, {1001: T0, 1002: T0}, Source.REST, pr_files=rows)
        hydrate(
            connection,
            T1,
            pull_requests=[pull_request(1), pull_request(2, head_sha="c" * 40)],
            pr_files=[file("new.py", 1), file("new.py", 2)],
        )
        same, moved = stored(connection, PR_FILES)
        assert {name: same[name] for name in details} == details
        assert {name: moved[name] for name in details} == dict.fromkeys(details)


def test_null_for_what_a_token_may_not_see_leaves_what_is_known(database: Database) -> None:
    """Of other columns and other rows null is what GitHub says now."""
    seen: dict[str, Any] = {"author_id": 9, "author_login": "ann"}
    unseen: dict[str, Any] = dict.fromkeys(seen)
    with database.transaction() as connection:
        hydrate(
            connection,
            T0,
            pull_requests=[pull_request(1, **seen, closed_at=NEW), pull_request(2, **seen)],
            pr_commits=[commit("c1", 1, **seen), commit("c2", 1, **seen)],
            pr_reviews=[review(1, 1, **seen)],
        )
        withheld = [
            Withheld("pull_requests", 1001, 1001, frozenset(seen)),
            Withheld("pr_commits", 1001, "c1", frozenset({"author_id"})),
            Withheld("pr_commits", 1001, "c1", frozenset({"author_login"})),
            Withheld("pr_reviews", 1001, 1, frozenset(seen)),
        ]
        again = Records(
            pull_requests=[pull_request(1, **unseen, closed_at=None, title="new"), pull_request(2, **unseen)],
            pr_commits=[commit("c1", 1, **unseen, message="new"), commit("c2", 1, **unseen)],
            pr_reviews=[review(1, 1, **unseen)],
            withheld=withheld,
        )
        save_hydrated(connection, HOST, REPOSITORY, source=Source.GRAPHQL, captured_at=T1, records=again)
        partly, whole = stored(connection, PULL_REQUESTS)
        assert (partly["author_login"], partly["closed_at"], partly["title"]) == ("ann", None, "new")
        assert whole["author_login"] is None
        commits = [(row["author_id"], row["author_login"], row["message"]) for row in stored(connection, PR_COMMITS)]
        assert commits == [(9, "ann", "new"), (None, None, commit("c2", 1).message)]
        assert [row["author_id"] for row in stored(connection, PR_REVIEWS)] == [9]
        shown = Records(pull_requests=[pull_request(1, author_id=8, author_login="bob")], withheld=withheld)
        save_hydrated(connection, HOST, REPOSITORY, source=Source.GRAPHQL, captured_at=T2, records=shown)
        assert stored(connection, PULL_REQUESTS)[0]["author_login"] == "bob"


def test_patches_outlive_a_reading_that_did_not_ask_for_them(database: Database) -> None:
    blob, other = "f" * 40, "e" * 40
    with database.transaction() as connection:
        first = [file("same.py", 1, blob_sha=blob, patch="@@ a"), file("changed.py", 1, blob_sha=blob, patch="@@ b")]
        hydrate(connection, T0, Source.REST, pull_requests=[pull_request(1)], pr_files=first)
        bare = [file("same.py", 1, blob_sha=blob, patch=None), file("changed.py", 1, blob_sha=other, patch=None)]
        hydrate(connection, T1, Source.REST, pull_requests=[pull_request(1)], pr_files=bare)
        patches = {row["path"]: row["patch"] for row in stored(connection, PR_FILES)}
        assert patches == {"same.py": "@@ a", "changed.py": None}


@pytest.mark.parametrize("source", list(Source))
@pytest.mark.parametrize(
    "change",
    [{"base_sha": "d" * 40}, {"head_sha": "d" * 40}, {"additions": 11}, {"deletions": 3}, {"changed_files": 2}],
    ids=lambda change: next(iter(change)),
)
def test_patches_of_another_diff_are_forgotten(database: Database, change: dict[str, Any], source: Source) -> None:
    """Where nobody asks for patches then, who asks for them next finds them missing, and has them read."""
    patched = [file("a.py", number, blob_sha="f" * 40, patch="@@ a") for number in (1, 2)]
    bare = [file("a.py", number, blob_sha="f" * 40) for number in (1, 2)]
    with database.transaction() as connection:
        hydrate(connection, T0, Source.REST, pull_requests=[pull_request(1), pull_request(2)], pr_files=patched)
        hydrate(connection, T1, source, pull_requests=[pull_request(1, **change), pull_request(2)], pr_files=bare)
        assert [row["patch"] for row in stored(connection, PR_FILES)] == [None, "@@ a"]
        blobs = [row["blob_sha"] for row in stored(connection, PR_FILES)]
        assert blobs == [None if source is Source.GRAPHQL else "f" * 40, "f" * 40]


def test_an_empty_diff_of_the_same_commits_is_not_believed(database: Database) -> None:
    empty = {"additions": 0, "deletions": 0, "changed_files": 0}
    with database.transaction() as connection:
        hydrate(connection, T0, pull_requests=[pull_request(1), pull_request(2)])
        hydrate(connection, T1, pull_requests=[pull_request(1, **empty), pull_request(2, **empty, head_sha="c" * 40)])
        sizes = [
            (row["additions"], row["deletions"], row["changed_files"]) for row in stored(connection, PULL_REQUESTS)
        ]
        assert sizes == [(10, 2, 1), (0, 0, 0)]


def test_a_comment_newer_than_what_comes_in_keeps_its_content_and_is_seen(database: Database) -> None:
    with database.transaction() as connection:
        hydrate(
            connection,
            T0,
            pull_requests=[pull_request(1)],
            pr_issue_comments=[issue_comment(6, 1, body="edited", updated_at=NEW), issue_comment(7, 1, body="same")],
        )
        hydrate(
            connection,
            T1,
            pull_requests=[pull_request(1)],
            pr_issue_comments=[
                issue_comment(6, 1, body="before the edit", updated_at=OLD),
                issue_comment(7, 1, body="same stamp wins"),
            ],
        )
        rows = stored(connection, PR_ISSUE_COMMENTS)
        assert [(row["body"], row["captured_at"]) for row in rows] == [("edited", T1), ("same stamp wins", T1)]


def test_a_follow_up_belongs_to_its_reading(database: Database) -> None:
    with database.transaction() as connection:
        hydrate(connection, T0, pull_requests=[pull_request(1), pull_request(2)])
        hydrate(connection, T1, pull_requests=[pull_request(2)])
        accepted = follow(
            connection,
            {1001: T0, 1002: T0, 1003: T0},
            pr_review_comments=[review_comment(5, 1), review_comment(6, 2), review_comment(7, 3), review_comment(8, 4)],
        )
        assert accepted == {1001: False}
        assert [(row["id"], row["captured_at"]) for row in stored(connection, PR_REVIEW_COMMENTS)] == [(5, T0)]
        assert follow(connection, {1002: T1}, pr_review_comments=[review_comment(6, 2)]) == {1002: True}


def test_thread_totals_belong_to_a_reading(database: Database) -> None:
    with database.transaction() as connection:
        threads = [thread("T1", 1), thread("T2", 1)]
        hydrate(connection, T0, pull_requests=[pull_request(1), pull_request(2)], pr_review_threads=threads)
        follow(connection, {1001: T0}, thread_totals=[ThreadTotalRow("T1", 2)])
        assert thread_totals(connection, HOST, [1001, 1002]) == {1001: None, 1002: 0}
        follow(connection, {1001: T0}, thread_totals=[ThreadTotalRow("T2", 3), ThreadTotalRow("elsewhere", 9)])
        assert thread_totals(connection, HOST, [1001]) == {1001: 5}
        hydrate(connection, T1, pull_requests=[pull_request(1)], pr_review_threads=threads)
        assert thread_totals(connection, HOST, [1001]) == {1001: None}


def test_people_are_known_by_id_through_renames(database: Database) -> None:
    def seen(at: str, **fields: Any) -> None:
        hydrate(connection, at, contributors=[contributor(9, **fields)])

    with database.transaction() as connection:
        seen(T1, login="second")
        seen(T0, login="first")  # an older answer that comes late
        hydrate(connection, T2, contributors=[contributor(10, login="first")])  # the old login is another's now
        assert [row["login"] for row in stored(connection, CONTRIBUTORS)] == ["second", "first"]
        history = {
            (row["contributor_id"], row["login"], row["first_seen_at"])
            for row in stored(connection, CONTRIBUTOR_LOGINS)
        }
        assert history == {(9, "first", T0), (9, "second", T1), (10, "first", T2)}
        seen(T2, login="second")
        (_, second, _) = stored(connection, CONTRIBUTOR_LOGINS)
        assert (second["first_seen_at"], second["last_seen_at"]) == (T1, T2)
