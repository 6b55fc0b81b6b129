"""Hydrated pages: whose rows, which readings, what is broken and what failed."""

import typing
from typing import Any

import pytest

from progressive_capture.domain import records as rows
from progressive_capture.domain.kinds import Kind, Proof, Source
from progressive_capture.domain.records import Reading, Records, Target
from progressive_capture.domain.withheld import Withheld
from progressive_capture.github.outcomes import Page, Partial
from progressive_capture.github.results import Failed, HydratePage, RepoRef
from progressive_capture.github.withheld import BELOW, PULL_REQUEST
from tests.unit.github.bodies import (
    changed_file,
    commit,
    connection,
    data,
    issue_comment,
    pull_request,
    review,
    thread,
)
from tests.unit.github.fakes import Script, make_api, reply, run, variables

REPO = RepoRef("o/r", "R_1", 1)
ALL = frozenset(Kind)
RESOLVED = {"resolved_by_id", "resolved_by_login"}
FLAT = [Kind.REVIEWS, Kind.REVIEW_THREADS, Kind.ISSUE_COMMENTS, Kind.COMMITS, Kind.FILES]


def target(number: int) -> Target:
    return Target(number * 1000, f"PR_{number}", number)


def hydrate(
    nodes: list[Any], targets: list[Target] | None = None, kinds: frozenset[Kind] = ALL, errors: Any = None
) -> Page[HydratePage] | Partial[HydratePage]:
    body = data(nodes=nodes) | ({} if errors is None else {"errors": errors})
    script = Script(reply(200, body))
    outcome = run(make_api(script).hydrate(REPO, targets or [target(1)], kinds, Source.GRAPHQL))
    assert isinstance(outcome, Page | Partial), outcome
    assert variables(script.sent[0])["ids"] == [each.node_id for each in targets or [target(1)]]
    return outcome


def full(number: int) -> dict[str, Any]:
    return pull_request(
        number,
        reviews=connection([review(1), review(2, author=None, submittedAt=None, commit=None)]),
        reviewThreads=connection([thread("T_1"), thread("T_2", resolvedBy=None)]),
        comments=connection([issue_comment(2**40)]),
        commits=connection([commit("c1"), commit("c2", author=None, message="m\n\nCo-authored-by: B <b@x>")]),
        files=connection([changed_file("a"), changed_file("b", "DELETED"), changed_file("c", "NEW_WORD")]),
    )


def test_everything_that_a_page_holds_becomes_rows() -> None:
    outcome = hydrate([full(1)])
    assert isinstance(outcome, Page)
    page = outcome.data
    records = page.records
    assert [row.id for row in records.pull_requests] == [1000]
    assert [(row.id, row.author_id) for row in records.pr_reviews] == [(1, 7), (2, None)]
    assert [(row.node_id, row.resolved_by_login) for row in records.pr_review_threads] == [
        ("T_1", "ann"),
        ("T_2", None),
    ]
    assert [row.id for row in records.pr_issue_comments] == [2**40]
    assert [(row.sha, row.position) for row in records.pr_commits] == [("c1", 0), ("c2", 1)]
    assert records.pr_commits[1].co_authors == '[{"name": "B", "email": "b@x"}]'
    assert [row.status for row in records.pr_files] == ["modified", "removed", "new_word"]
    assert [row.number for row in records.milestones] == [1]
    assert [row.id for row in records.contributors] == [7]
    assert [(each.kind, each.total, each.seen) for each in page.readings] == [
        (Kind.REVIEWS, 2, 2),
        (Kind.REVIEW_THREADS, 2, 2),
        (Kind.ISSUE_COMMENTS, 1, 1),
        (Kind.COMMITS, 2, 2),
        (Kind.FILES, 3, 3),
    ]
    assert not any(each.broken or each.truncated or each.cursor for each in page.readings)
    assert (page.cost, page.lookups, page.source) == (1, 5, Source.GRAPHQL)


@pytest.mark.parametrize(
    "table", ["pull_requests", "pr_reviews", "pr_review_threads", "pr_issue_comments", "pr_commits", "pr_files"]
)
def test_every_column_has_its_type(table: str) -> None:
    """Rows are made from bare tuples for speed: no column may be forgotten or out of its place."""
    for row in getattr(hydrate([full(1)]).data.records, table):
        columns = typing.get_type_hints(type(row))
        assert len(row) == len(columns)
        for value, (name, kind) in zip(row, columns.items(), strict=True):
            assert isinstance(value, kind), name


def test_rows_are_told_apart_by_number_whatever_their_order() -> None:
    page = hydrate([pull_request(2), pull_request(1)], [target(1), target(2)]).data
    assert {row.id for row in page.records.pull_requests} == {1000, 2000}
    assert page.failed == []


def test_a_node_id_in_another_form_is_the_same_pull_request() -> None:
    page = hydrate([pull_request(1, id="MDExOlB1bGxSZXF1ZXN0MQ==")]).data
    assert page.failed == []
    assert {each.node_id for each in page.readings} == {"PR_1"}


def test_only_the_kinds_asked_for_are_read() -> None:
    bare = {key: value for key, value in pull_request(1).items() if key not in {"reviews", "comments", "commits"}}
    page = hydrate([bare], kinds=frozenset({Kind.FILES, Kind.REVIEW_COMMENTS})).data
    assert [each.kind for each in page.readings] == [Kind.REVIEW_THREADS, Kind.FILES]
    assert page.lookups == 2


def test_a_page_that_goes_on_says_where() -> None:
    page = hydrate(
        [
            pull_request(
                1,
                commits=connection([commit("c1"), commit("c2")], 150, "Y3"),
                files=connection([changed_file("a")], 120, "Zz"),
            )
        ]
    ).data
    cursors = {each.kind: each.cursor for each in page.readings}
    assert cursors[Kind.COMMITS] == "2|Y3", "commits remember their place"
    assert cursors[Kind.FILES] == "Zz"


def test_rows_given_twice_are_seen_once() -> None:
    page = hydrate([pull_request(1, reviews=connection([review(1), review(1)], 2))]).data
    assert (page.readings[0].total, page.readings[0].seen) == (2, 1)


@pytest.mark.parametrize(
    "reviews",
    [
        None,
        connection(None, 3),
        connection([review(1), None], 2),
        connection([review(1, fullDatabaseId=None)], 1),
        connection([review(1)], 200) | {"pageInfo": {"hasNextPage": True, "endCursor": None}},
        connection([review(1, body=None)], 1),
    ],
)
def test_nulls_where_rows_should_be_break_the_reading_and_no_other(reviews: Any) -> None:
    page = hydrate([pull_request(1, reviews=reviews)]).data
    broken = {each.kind for each in page.readings if each.broken}
    assert broken == {Kind.REVIEWS}
    assert page.failed == []


@pytest.mark.parametrize(
    ("type_", "broken"), [("SERVICE_UNAVAILABLE", True), ("NOT_FOUND", True), ("", True), ("FORBIDDEN", False)]
)
def test_errors_inside_a_connection_break_it_unless_only_a_field_is_forbidden(type_: str, *, broken: bool) -> None:
    signed = {"name": "A", "email": "a", "user": None}
    error = {"type": type_, "message": "x", "path": ["nodes", 0, "commits", "nodes", 0, "commit", "author", "user"]}
    page = hydrate([pull_request(1, commits=connection([commit("c1", author=signed)]))], errors=[error]).data
    assert {each.kind for each in page.readings if each.broken} == ({Kind.COMMITS} if broken else set())
    assert len(page.records.pr_commits) == 1
    unseen = Withheld("pr_commits", 1000, "c1", frozenset({"author_id", "author_login"}))
    assert page.records.withheld == ([] if broken else [unseen])


def test_a_forbidden_node_breaks_its_list() -> None:
    error = {"type": "FORBIDDEN", "message": "x", "path": ["nodes", 0, "reviews", "nodes", 0]}
    page = hydrate([pull_request(1, reviews=connection([None], 1))], errors=[error]).data
    assert [each.kind for each in page.readings if each.broken] == [Kind.REVIEWS]


@pytest.mark.parametrize(("type_", "permanent"), [("NOT_FOUND", True), ("FORBIDDEN", False), ("INTERNAL", False)])
def test_a_null_pull_request_has_failed_and_the_others_have_not(type_: str, *, permanent: bool) -> None:
    error = {"type": type_, "message": "why", "path": ["nodes", 0]}
    page = hydrate([None, pull_request(2)], [target(1), target(2)], errors=[error]).data
    assert page.failed == [Failed(target(1), "why", permanent)]
    assert [row.id for row in page.records.pull_requests] == [2000]


def test_what_was_left_out_without_a_word_has_failed_for_now() -> None:
    page = hydrate([pull_request(2), {}], [target(1), target(2)]).data
    assert [(each.target.number, each.permanent) for each in page.failed] == [(1, False)]


def test_the_answer_to_another_question_fails_every_target() -> None:
    page = hydrate([pull_request(8), pull_request(9)], [target(1), target(2)]).data
    assert [each.target.number for each in page.failed] == [1, 2]
    assert page.records == Records()


def test_an_error_in_a_field_of_its_own_fails_the_pull_request() -> None:
    """Null would be stored for what is not known."""
    error = {"type": "INTERNAL", "message": "x", "path": ["nodes", 0, "mergeCommit"]}
    page = hydrate([pull_request(1, mergeCommit=None)], errors=[error]).data
    assert [each.permanent for each in page.failed] == [False]
    assert page.records.pull_requests == []


def test_a_forbidden_field_of_its_own_is_null() -> None:
    error = {"type": "FORBIDDEN", "message": "x", "path": ["nodes", 0, "headRepository"]}
    page = hydrate([pull_request(1, headRepository=None)], errors=[error]).data
    assert page.failed == []
    assert page.records.pull_requests[0].head_repository_id is None
    unseen = frozenset({"head_repository_id", "head_repository_name"})
    assert page.records.withheld == [Withheld("pull_requests", 1000, 1000, unseen)]


@pytest.mark.parametrize(
    ("place", "table", "key", "columns"),
    [
        (["author", "name"], "pull_requests", 1000, {"author_id", "author_login"}),
        (["mergeCommit"], "pull_requests", 1000, {"merge_commit_sha"}),
        (["reviews", "nodes", 1, "author"], "pr_reviews", 2, {"author_id", "author_login"}),
        (["reviewThreads", "nodes", 0, "resolvedBy"], "pr_review_threads", "T_1", RESOLVED),
        (["comments", "nodes", 0, "author"], "pr_issue_comments", 2**40, {"author_id", "author_login"}),
        (
            ["commits", "nodes", 1, "commit", "committer"],
            "pr_commits",
            "c2",
            {"committer_id", "committer_login", "committer_name", "committer_email"},
        ),
    ],
)
def test_what_a_null_says_nothing_of_is_told(place: list[Any], table: str, key: int | str, columns: set[str]) -> None:
    error = {"type": "FORBIDDEN", "message": "x", "path": ["nodes", 0, *place]}
    page = hydrate([full(1)], errors=[error]).data
    assert page.records.withheld == [Withheld(table, 1000, key, frozenset(columns))]
    assert not any(each.broken for each in page.readings)


def test_columns_that_may_be_withheld_are_columns() -> None:
    tables = {"pull_requests": PULL_REQUEST, **dict(BELOW.values())}
    row_types: dict[str, Any] = {
        "pull_requests": rows.PullRequestRow,
        "pr_reviews": rows.ReviewRow,
        "pr_review_threads": rows.ReviewThreadRow,
        "pr_issue_comments": rows.IssueCommentRow,
        "pr_commits": rows.CommitRow,
        "pr_review_comments": rows.ReviewCommentRow,
    }
    for table, fields in tables.items():
        assert {column for columns in fields.values() for column in columns} <= set(row_types[table]._fields)


def test_a_value_that_breaks_the_schema_costs_one_pull_request() -> None:
    page = hydrate([pull_request(1, title=None), pull_request(2)], [target(1), target(2)]).data
    assert [each.target.number for each in page.failed] == [1]
    assert len(page.records.pull_requests) == 1


def test_files_beyond_githubs_cap_are_truncated_with_the_true_count() -> None:
    page = hydrate([pull_request(1, changedFiles=3_204, files=connection([changed_file("a")], 3_000, "Zz"))]).data
    files = page.readings[-1]
    assert files == Reading(1000, Kind.FILES, "PR_1", 3_204, 1, "Zz", Proof.TOTAL, truncated=True)


def test_every_row_type_of_a_pull_request_is_covered_above() -> None:
    tables = {"pull_requests", "pr_reviews", "pr_review_threads", "pr_issue_comments", "pr_commits", "pr_files"}
    filled = {name for name in tables if getattr(hydrate([full(1)]).data.records, name)}
    assert filled == tables
    assert rows.PullRequestRow._fields[0] == "id"
