"""Follow-ups: one query for comments of many threads and for pages that were cut off."""

from typing import Any

import pytest

from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.records import ThreadTotalRow
from progressive_capture.domain.withheld import Withheld
from progressive_capture.github.outcomes import Page, Partial
from progressive_capture.github.results import FailedLookUp, FollowUpPage, LookUp, RepoRef
from tests.unit.github.bodies import (
    changed_file,
    commit,
    connection,
    data,
    review,
    review_comment,
    thread,
)
from tests.unit.github.fakes import Script, make_api, reply, run, variables

REPO = RepoRef("o/r", "R_1", 1)


def of_thread(name: str, cursor: str | None = None) -> LookUp:
    return LookUp(1000, 1, name, Kind.REVIEW_COMMENTS, cursor)


def of_pull_request(kind: Kind, cursor: str) -> LookUp:
    return LookUp(1000, 1, "PR_1", kind, cursor)


def follow(lookups: list[LookUp], errors: Any = None, **parts: Any) -> tuple[FollowUpPage, Script]:
    script = Script(reply(200, data(**parts) | ({} if errors is None else {"errors": errors})))
    outcome = run(make_api(script).follow_up(REPO, lookups))
    assert isinstance(outcome, Page | Partial), outcome
    return outcome.data, script


def comments(name: str, *numbers: int, total: int | None = None, cursor: str | None = None) -> dict[str, Any]:
    return {"id": name, "comments": connection([review_comment(number) for number in numbers], total, cursor)}


def test_threads_are_asked_for_in_lists_of_a_hundred() -> None:
    lookups = [of_thread(f"T_{place}") for place in range(149)]
    first = [comments(f"T_{place}", place) for place in range(100)]
    second = [comments(f"T_{place}", place) for place in range(100, 149)]
    page, script = follow(lookups, t0=first, t1=second)
    sent = variables(script.sent[0])
    assert (len(sent["t0"]), len(sent["t1"])) == (100, 49)
    assert len(page.records.pr_review_comments) == len(page.readings) == 149
    assert page.records.thread_totals[3] == ThreadTotalRow("T_3", 1)
    assert (page.lookups, page.cost, page.failed) == (149, 1, [])


@pytest.mark.parametrize(
    ("lookup", "path", "parts", "row"),
    [
        (
            of_thread("T_1"),
            ["t0", 0, "comments", "nodes", 1, "replyTo"],
            {"t0": [comments("T_1", 5, 6)]},
            Withheld("pr_review_comments", 1000, 6, frozenset({"reply_to_id"})),
        ),
        (
            of_thread("T_1", "c"),
            ["o0", "reviewComments", "nodes", 0, "author"],
            {"o0": {"id": "T_1", "reviewComments": connection([review_comment(7)])}},
            Withheld("pr_review_comments", 1000, 7, frozenset({"author_id", "author_login"})),
        ),
        (
            of_pull_request(Kind.REVIEWS, "c"),
            ["o0", "reviews", "nodes", 0, "commit"],
            {"o0": {"id": "PR_1", "reviews": connection([review(3)])}},
            Withheld("pr_reviews", 1000, 3, frozenset({"commit_sha"})),
        ),
    ],
)
def test_what_a_null_says_nothing_of_is_told(
    lookup: LookUp, path: list[Any], parts: dict[str, Any], row: Withheld
) -> None:
    page, _ = follow([lookup], [{"type": "FORBIDDEN", "message": "x", "path": path}], **parts)
    assert page.records.withheld == [row]
    assert not page.readings[0].broken


def test_a_comment_knows_its_thread_review_and_what_it_answers() -> None:
    page, _ = follow([of_thread("T_1")], t0=[comments("T_1", 2**40)])
    (row,) = page.records.pr_review_comments
    assert (row.id, row.thread_node_id, row.review_id, row.reply_to_id, row.pull_request_id) == (
        2**40,
        "T_1",
        2,
        1,
        1000,
    )
    assert (row.side, row.start_side) == (None, None), "GraphQL has no sides of comments"
    assert len(row) == len(row._fields)
    (reading,) = page.readings
    assert (reading.node_id, reading.kind, reading.total, reading.seen) == ("T_1", Kind.REVIEW_COMMENTS, 1, 1)


def test_every_kind_of_further_page() -> None:
    lookups = [
        of_thread("T_9", "c0"),
        of_pull_request(Kind.FILES, "c1"),
        of_pull_request(Kind.COMMITS, "100|c2"),
        of_pull_request(Kind.REVIEWS, "c3"),
        of_pull_request(Kind.REVIEW_THREADS, "c4"),
        of_pull_request(Kind.LABELS, "c5"),
        of_thread("T_1"),
    ]
    label = {"id": "LA_1", "name": "bug", "color": "f00", "description": None}
    page, script = follow(
        lookups,
        t0=[comments("T_1", 1)],
        o0={"id": "T_9", "reviewComments": connection([review_comment(5)], 101)},
        o1={"id": "PR_1", "changedFiles": 3_500, "files": connection([changed_file("z")], 3_000, "c9")},
        o2={"id": "PR_1", "commits": connection([commit("x"), commit("y")], 130, "c8")},
        o3={"id": "PR_1", "reviews": connection([review(5)], 101)},
        o4={"id": "PR_1", "reviewThreads": connection([thread("T_5")], 101)},
        o5={"id": "PR_1", "labels": connection([label], 101)},
    )
    sent = variables(script.sent[0])
    assert [sent[f"c{place}"] for place in range(6)] == ["c0", "c1", "c2", "c3", "c4", "c5"]
    assert [sent[f"i{place}"] for place in range(2)] == ["T_9", "PR_1"]
    readings = {(each.kind, each.node_id): each for each in page.readings}
    assert len(readings) == 7
    files = readings[Kind.FILES, "PR_1"]
    assert (files.cursor, files.truncated, files.total) == ("c9", True, 3_500)
    assert readings[Kind.COMMITS, "PR_1"].cursor == "102|c8"
    assert [row.position for row in page.records.pr_commits] == [100, 101]
    assert readings[Kind.REVIEW_COMMENTS, "T_9"].total == 101
    assert [row.label_node_id for row in page.records.pr_labels] == ["LA_1"]


def test_a_thread_that_is_gone_has_failed_for_good() -> None:
    error = {"type": "NOT_FOUND", "message": "no such node", "path": ["t0", 0]}
    page, _ = follow([of_thread("T_1"), of_thread("T_2")], errors=[error], t0=[None, comments("T_2", 1)])
    assert page.failed == [FailedLookUp(of_thread("T_1"), "no such node", permanent=True)]
    assert [each.node_id for each in page.readings] == ["T_2"]


@pytest.mark.parametrize("node", [None, {}])
def test_a_further_page_that_was_left_out_has_failed_for_now(node: Any) -> None:
    lookup = of_pull_request(Kind.REVIEWS, "c")
    page, _ = follow([lookup], o0=node)
    assert [(each.lookup, each.permanent) for each in page.failed] == [(lookup, False)]


def test_answers_to_another_question_fail() -> None:
    page, _ = follow([of_thread("T_1")], t0=[comments("T_8", 1)])
    assert [each.lookup.node_id for each in page.failed] == ["T_1"]
    assert page.records.pr_review_comments == []


@pytest.mark.parametrize(
    "page",
    [
        {"id": "T_1", "comments": None},
        {"id": "T_1", "comments": connection([None], 1)},
        {"id": "T_1", "comments": connection([review_comment(1, fullDatabaseId=None)], 1)},
    ],
)
def test_holes_in_a_thread_break_its_reading(page: Any) -> None:
    result, _ = follow([of_thread("T_1")], t0=[page])
    assert [each.broken for each in result.readings] == [True]


def test_an_error_below_a_thread_breaks_its_reading_only() -> None:
    error = {"type": "INTERNAL", "message": "x", "path": ["t0", 1, "comments", "nodes", 0, "author"]}
    page, _ = follow([of_thread("T_1"), of_thread("T_2")], errors=[error], t0=[comments("T_1", 1), comments("T_2", 2)])
    assert [(each.node_id, each.broken) for each in page.readings] == [("T_1", False), ("T_2", True)]


def test_a_page_that_does_not_move_on_is_broken_and_not_followed() -> None:
    page, _ = follow(
        [of_pull_request(Kind.REVIEWS, "c")], o0={"id": "PR_1", "reviews": connection([review(1)], 300, "c")}
    )
    (reading,) = page.readings
    assert (reading.cursor, reading.broken) == (None, True)
