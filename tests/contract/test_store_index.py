from typing import Any

import pytest
from sqlalchemy import Connection

from progressive_capture.domain.kinds import HYDRATE_KINDS, Kind, Source, State
from progressive_capture.domain.records import (
    AssigneeRow,
    LabelRow,
    PullRequestLabelRow,
    Records,
    RequestedReviewerRow,
    Target,
)
from progressive_capture.store.closing import mark_absent
from progressive_capture.store.completeness import save_completeness
from progressive_capture.store.database import Database
from progressive_capture.store.index import (
    Counted,
    count_listed,
    listed_after,
    mark_unlisted,
    save_index,
    targets,
)
from progressive_capture.store.rows import save_followed, save_hydrated
from progressive_capture.store.staleness import stale_numbers
from progressive_capture.store.tables import (
    LABELS,
    PR_ASSIGNEES,
    PR_LABELS,
    PR_REQUESTED_REVIEWERS,
    PULL_REQUEST_INDEX,
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
    file,
    index_row,
    known,
    pull_request,
    stored,
)

BUG = LabelRow("L1", "bug", "ff0000", None)
WISH = LabelRow("L2", "wish", "00ff00", "later")


def listing(
    connection: Connection, listed_at: str, *, state: State = State.COMPLETE, **rows: list[Any]
) -> frozenset[int]:
    kinds = (Kind.LABELS, Kind.ASSIGNEES, Kind.REQUESTED_REVIEWERS)
    completeness = [known(row.number, kind, state) for row in rows["index"] for kind in kinds]
    return save_index(
        connection,
        HOST,
        REPOSITORY,
        listed_at=listed_at,
        source=Source.REST,
        records=Records(**rows),
        completeness=completeness,
    )


def live(connection: Connection, table: Any) -> set[tuple[Any, ...]]:
    names = [column.name for column in table.primary_key if column.name != "host_id"]
    return {tuple(row[name] for name in names) for row in stored(connection, table) if row["deleted_at"] is None}


def test_labels_and_people_are_whole_sets(database: Database) -> None:
    with database.transaction() as connection:
        listing(
            connection,
            T0,
            index=[index_row(1)],
            labels=[BUG, WISH],
            pr_labels=[PullRequestLabelRow(1001, "L1"), PullRequestLabelRow(1001, "L2")],
            pr_assignees=[AssigneeRow(1001, 9)],
            pr_requested_reviewers=[
                RequestedReviewerRow(1001, "Team", 9, "core"),
                RequestedReviewerRow(1001, "User", 9, "x"),
            ],
        )
        listing(connection, T1, index=[index_row(1)], labels=[BUG], pr_labels=[PullRequestLabelRow(1001, "L1")])
        assert live(connection, PR_LABELS) == {(1001, "L1")}
        assert live(connection, PR_ASSIGNEES) == live(connection, PR_REQUESTED_REVIEWERS) == set()
        assert len(stored(connection, PR_REQUESTED_REVIEWERS)) == 2
        assert {row["name"] for row in stored(connection, LABELS)} == {"bug", "wish"}
        listing(connection, T2, index=[index_row(1)], labels=[WISH], pr_labels=[PullRequestLabelRow(1001, "L2")])
        assert live(connection, PR_LABELS) == {(1001, "L2")}


def test_a_set_that_was_not_seen_whole_deletes_nothing(database: Database) -> None:
    with database.transaction() as connection:
        listing(connection, T0, index=[index_row(1)], labels=[BUG], pr_labels=[PullRequestLabelRow(1001, "L1")])
        rows: dict[str, Any] = {
            "index": [index_row(1)],
            "labels": [WISH],
            "pr_labels": [PullRequestLabelRow(1001, "L2")],
        }
        listing(connection, T1, state=State.PENDING, **rows)
        assert live(connection, PR_LABELS) == {(1001, "L1"), (1001, "L2")}


@pytest.mark.parametrize(("updated_at", "listed_at"), [(OLD, T2), (NEW, T0)], ids=["older stamp", "older listing"])
def test_an_older_listing_changes_nothing(database: Database, updated_at: str, listed_at: str) -> None:
    with database.transaction() as connection:
        listing(connection, T1, index=[index_row(1, updated_at=NEW, state="MERGED")])
        rows: dict[str, Any] = {"labels": [BUG], "pr_labels": [PullRequestLabelRow(1001, "L1")]}
        assert listing(connection, listed_at, index=[index_row(1, updated_at=updated_at)], **rows) == frozenset()
        assert [row["state"] for row in stored(connection, PULL_REQUEST_INDEX)] == ["MERGED"]
        assert live(connection, PR_LABELS) == set()


def test_what_a_full_walk_does_not_list_is_marked_until_it_is_listed_again(database: Database) -> None:
    with database.transaction() as connection:
        listing(connection, T0, index=[index_row(1), index_row(2)])
        records = Records(pull_requests=[pull_request(1), pull_request(2)])
        save_hydrated(connection, HOST, REPOSITORY, source=Source.REST, captured_at=T0, records=records)
        listing(connection, T1, index=[index_row(1)])
        assert mark_unlisted(connection, HOST, REPOSITORY, T1, Counted(T1)) == 1
        assert mark_unlisted(connection, HOST, REPOSITORY, T1, Counted(T1)) == 0
        assert live(connection, PULL_REQUESTS) == {(1001,)}
        assert stale(connection) == [1]
        listing(connection, T2, index=[index_row(2)])
        assert live(connection, PULL_REQUESTS) == {(1001,), (1002,)}
        assert live(connection, PULL_REQUEST_INDEX) == {(REPOSITORY, 1), (REPOSITORY, 2)}


@pytest.mark.parametrize(
    ("counted", "covered"),
    [
        (Counted("2025-12-02T00:00:00.900000Z"), [1]),
        (Counted("2025-12-02T00:00:01.000000Z"), [1, 2]),
        (Counted("2025-12-02T00:00:00.900000Z", newest=2), [1, 2]),
        (Counted("2025-12-03T00:00:00.000000Z", newest=1), [1]),
        (Counted("2025-12-02T00:00:00.900000Z", newest=3), [1, 2]),
    ],
)
def test_a_walk_proves_nothing_of_what_was_opened_about_when_github_counted_or_later(
    database: Database, counted: Counted, covered: list[int]
) -> None:
    place = (HOST, REPOSITORY)
    with database.transaction() as connection:
        listing(connection, T0, index=[index_row(1), index_row(2, created_at=NEW)])
        assert count_listed(connection, *place) == 2
        assert count_listed(connection, *place, counted=counted) == len(covered)
        assert count_listed(connection, *place, since=T1, counted=counted) == 0
        assert mark_unlisted(connection, *place, T1, counted) == len(covered)
        assert count_listed(connection, *place) == 2 - len(covered)


@pytest.mark.parametrize(("opened", "newest", "covered"), [(T0, 1, 2), (T0, 2, 1), (NEW, 1, 1), (NEW, 2, 2)])
def test_what_was_opened_last_may_have_a_low_number(database: Database, opened: str, newest: int, covered: int) -> None:
    """An issue that became a pull request keeps its number; those of one second are told apart by theirs."""
    place = (HOST, REPOSITORY)
    counted = Counted(T0, newest)
    with database.transaction() as connection:
        listing(connection, T0, index=[index_row(1, created_at=opened), index_row(2, created_at=NEW)])
        assert count_listed(connection, *place, counted=counted) == covered
        assert mark_unlisted(connection, *place, T1, counted) == covered


def test_targets_come_by_number(database: Database) -> None:
    with database.transaction() as connection:
        listing(connection, T0, index=[index_row(3), index_row(1), index_row(2)])
        assert targets(connection, HOST, REPOSITORY, [3, 1, 99]) == [Target(1001, "PR_1", 1), Target(1003, "PR_3", 3)]


def test_a_page_of_the_stored_list_has_so_many_after_a_number(database: Database) -> None:
    with database.transaction() as connection:
        listing(connection, T0, index=[index_row(number) for number in (5, 4, 3, 2, 1)])
        pages = {
            (after, count): [target.number for target in listed_after(connection, HOST, REPOSITORY, after, count)]
            for after, count in ((0, 2), (2, 2), (4, 2), (5, 2), (2, 9))
        }
    assert pages == {(0, 2): [1, 2], (2, 2): [3, 4], (4, 2): [5], (5, 2): [], (2, 9): [3, 4, 5]}


def stale(connection: Connection, **filters: Any) -> list[int]:
    return list(stale_numbers(connection, HOST, REPOSITORY, **{"kinds": HYDRATE_KINDS, **filters}))


def capture(connection: Connection, at: str, *numbers: int, kinds: Any = HYDRATE_KINDS, **fields: Any) -> None:
    """Hydrate pull requests and find the kinds complete."""
    records = Records(pull_requests=[pull_request(number, **fields) for number in numbers])
    accepted = save_hydrated(connection, HOST, REPOSITORY, source=Source.GRAPHQL, captured_at=at, records=records)
    rows = [known(number, kind) for number in numbers for kind in kinds]
    save_completeness(connection, HOST, REPOSITORY, dict.fromkeys(accepted, at), rows)


def test_what_was_read_completely_after_its_last_change_is_fresh(database: Database) -> None:
    with database.transaction() as connection:
        listing(connection, T0, index=[index_row(number) for number in (4, 3, 2, 1)])
        capture(connection, T0, 1)
        capture(connection, T0, 2, kinds=HYDRATE_KINDS - {Kind.FILES})
        capture(connection, T0, 3)
        place = (HOST, REPOSITORY)
        save_completeness(connection, *place, {1003: T0}, [known(3, Kind.REVIEWS, State.PENDING)])
        assert stale(connection) == [2, 3, 4]
        assert stale(connection, kinds={Kind.REVIEWS}) == [3, 4]
        assert stale(connection, kinds={Kind.FILES}) == [2, 4]
        listing(connection, T1, index=[index_row(1, updated_at=NEW)])
        assert stale(connection) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("captured_at", "fresh"),
    [
        ("2025-12-02T00:00:01.999999Z", False),
        ("2025-12-02T00:00:02.000000Z", True),
        ("2025-12-02T00:00:02.000001Z", True),
    ],
)
def test_a_reading_within_two_seconds_of_a_change_may_have_missed_it(
    database: Database, captured_at: str, *, fresh: bool
) -> None:
    with database.transaction() as connection:
        listing(connection, T0, index=[index_row(1, updated_at=NEW)])
        capture(connection, captured_at, 1, updated_at=NEW)
        assert stale(connection) == ([] if fresh else [1])


def test_files_of_which_no_patch_was_asked_for_are_stale_where_patches_are(database: Database) -> None:
    with database.transaction() as connection:
        listing(connection, T0, index=[index_row(number) for number in (1, 2, 3, 4)])
        capture(connection, T0, 1, 2, 3, 4)
        files = [file("a", 1, patch="@@"), file("b", 1, patch=None), file("a", 2, patch="@@"), file("b", 2, patch="")]
        whole = {1001: T0, 1002: T0, 1004: T0}
        place = (connection, HOST, REPOSITORY)
        save_followed(*place, source=Source.REST, generations=whole, records=Records(pr_files=files))
        gone = Records(pr_files=[file("gone", 4, patch=None)])
        save_followed(*place, source=Source.REST, generations=whole, records=gone)
        capture(connection, T1, 4)
        mark_absent(connection, HOST, [(1004, Kind.FILES, T1)])
        assert stale(connection) == []
        assert stale(connection, patches=True) == [1]


def test_a_kind_read_before_the_last_change_is_stale_though_another_is_not(database: Database) -> None:
    with database.transaction() as connection:
        listing(connection, T0, index=[index_row(1, updated_at=NEW)])
        capture(connection, "2025-12-01T12:00:00.000000Z", 1)
        capture(connection, T0, 1, kinds={Kind.REVIEWS}, updated_at=NEW)
        assert stale(connection, kinds={Kind.REVIEWS}) == []
        assert stale(connection, kinds={Kind.REVIEWS, Kind.FILES}) == [1]


def test_filters_of_the_index(database: Database) -> None:
    with database.transaction() as connection:
        listing(connection, T0, index=[index_row(1), index_row(2, updated_at=NEW)])
        listing(connection, T1, index=[index_row(3, updated_at="2025-12-03T00:00:00Z")])
        assert stale(connection, updated_from=NEW) == [2, 3]
        assert stale(connection, updated_to=NEW) == [1, 2]
        assert stale(connection, updated_from=NEW, updated_to=NEW) == [2]
        assert stale(connection, numbers=[1, 3, 77]) == [1, 3]
        assert stale(connection, numbers=[]) == []
        assert stale(connection, listed_since=T1) == [3]
        assert stale(connection, limit=2) == [1, 2]


def test_a_full_capture_reads_all_again_once(database: Database) -> None:
    with database.transaction() as connection:
        listing(connection, T0, index=[index_row(1), index_row(2)])
        capture(connection, T0, 1, 2)
        assert stale(connection) == []
        assert stale(connection, full_before=T1) == [1, 2]
        capture(connection, T1, 1)
        capture(connection, T1, 2, kinds={Kind.FILES})
        assert stale(connection, full_before=T1) == [2]


def test_what_another_api_could_give_is_stale_when_that_is_asked(database: Database) -> None:
    with database.transaction() as connection:
        listing(connection, T0, index=[index_row(1)])
        capture(connection, T0, 1)
        save_completeness(connection, HOST, REPOSITORY, {1001: T0}, [known(1, Kind.REVIEW_THREADS, State.UNAVAILABLE)])
        assert stale(connection) == []
        assert stale(connection, settled={State.COMPLETE}) == [1]
