"""The list of pull requests by both APIs: rows, readings, numbers that are none, and samples."""

from typing import Any

import pytest

from progressive_capture.domain.kinds import INDEX_KINDS, Kind, Proof, Source
from progressive_capture.domain.records import AssigneeRow, IndexRow, PullRequestLabelRow, RequestedReviewerRow
from progressive_capture.github.outcomes import Broken, Missing, Page, Partial, Throttled
from progressive_capture.github.results import (
    CommentSample,
    IndexPage,
    Order,
    RepoRef,
    SampledPullRequest,
    SeenPullRequest,
)
from tests.unit.github.bodies import ACTOR, T0, connection, data, indexed, rest_pull_request
from tests.unit.github.fakes import Script, make_api, reply, run, variables

REPO = RepoRef("o/r", "R_1", 1)
LABEL = {"id": "LA_1", "name": "bug", "color": "f00", "description": None}
TEAM = {"__typename": "Team", "databaseId": 3, "id": "T_3", "slug": "core"}
BOT = {"__typename": "Bot", "databaseId": 4, "id": "BOT_4", "login": "helper"}


def listed(nodes: list[Any], errors: Any = None, cursor: str | None = None) -> Page[IndexPage] | Partial[IndexPage]:
    body = data(node={"pullRequests": connection(nodes, 250, cursor)}) | ({"errors": errors} if errors else {})
    outcome = run(
        make_api(Script(reply(200, body))).list_pull_requests(REPO, Order.UPDATED_DESC, None, Source.GRAPHQL, 49)
    )
    assert isinstance(outcome, Page | Partial), outcome
    return outcome


def busy(number: int) -> dict[str, Any]:
    requests = [{"requestedReviewer": each} for each in (TEAM, BOT)]
    return indexed(
        number,
        labels=connection([LABEL]),
        assignees=connection([ACTOR]),
        reviewRequests=connection(requests),
    )


def test_a_graphql_page_of_the_list() -> None:
    page = listed([busy(1), indexed(2)], cursor="c").data
    records = page.records
    assert records.index[0] == IndexRow(1, 1000, "PR_1", "OPEN", T0, T0)
    assert records.pr_labels == [PullRequestLabelRow(1000, "LA_1")]
    assert records.pr_assignees == [AssigneeRow(1000, 7)]
    assert records.pr_requested_reviewers == [
        RequestedReviewerRow(1000, "Team", 3, "core"),
        RequestedReviewerRow(1000, "Bot", 4, "helper"),
    ]
    assert [row.id for row in records.contributors] == [7, 4], "a team is nobody"
    assert {(each.pull_request_id, each.kind) for each in page.readings} == {
        (number, kind) for number in (1000, 2000) for kind in INDEX_KINDS
    }
    assert {each.proof for each in page.readings} == {Proof.TOTAL}
    assert (page.total, page.next_cursor, page.cost, page.lookups) == (250, "c", 1, 148)


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ({"labels": None}, Kind.LABELS),
        ({"labels": connection([None], 1)}, Kind.LABELS),
        ({"assignees": connection([{**ACTOR, "databaseId": None}], 1)}, Kind.ASSIGNEES),
        ({"assignees": connection([None], 1)}, Kind.ASSIGNEES),
        ({"reviewRequests": connection([{"requestedReviewer": None}], 1)}, Kind.REQUESTED_REVIEWERS),
        ({"reviewRequests": connection([None], 1)}, Kind.REQUESTED_REVIEWERS),
    ],
)
def test_holes_in_what_the_list_carries_break_that_kind(part: dict[str, Any], kind: Kind) -> None:
    assert [each.kind for each in listed([indexed(1, **part)]).data.readings if each.broken] == [kind]


def test_an_error_below_one_of_the_list_breaks_its_kind() -> None:
    error = {"type": "INTERNAL", "message": "x", "path": ["node", "pullRequests", "nodes", 1, "labels", "nodes", 0]}
    outcome = listed([indexed(1), indexed(2)], [error])
    assert isinstance(outcome, Partial)
    assert [(each.pull_request_id, each.kind) for each in outcome.data.readings if each.broken] == [(2000, Kind.LABELS)]


@pytest.mark.parametrize("node", [None, {}, {"pullRequests": None}])
def test_no_list_is_no_page(node: Any) -> None:
    script = Script(*[reply(200, data(node=node))] * 5)
    assert isinstance(run(make_api(script).list_pull_requests(REPO, "created_asc", None, Source.GRAPHQL, 9)), Broken)


def test_a_repository_that_vanished_is_missing() -> None:
    error = {"type": "NOT_FOUND", "message": "gone", "path": ["node"]}
    script = Script(reply(200, data(node=None) | {"errors": [error]}))
    outcome = run(make_api(script).list_pull_requests(REPO, "created_asc", None, Source.GRAPHQL, 9))
    assert outcome == Missing("gone", permanent=False)


def rest_list(count: int, first: int = 1) -> list[Any]:
    return [rest_pull_request(number) for number in range(first, first + count)]


def test_a_rest_walk_follows_the_links() -> None:
    link = '<https://api.github.com/x?page=2>; rel="next", <https://api.github.com/x?page=2>; rel="last"'
    script = Script(reply(200, rest_list(100), link=link), reply(200, rest_list(7, 101)))
    api = make_api(script)

    async def walk() -> tuple[IndexPage, IndexPage]:
        first = await api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.REST)
        assert isinstance(first, Page)
        second = await api.list_pull_requests(REPO, Order.CREATED_ASC, first.data.next_cursor, Source.REST)
        assert isinstance(second, Page)
        return first.data, second.data

    first, second = run(walk())
    assert (first.next_cursor, first.total, second.next_cursor, second.total) == ("2", None, None, 107)
    assert "sort=created&direction=asc" in script.sent[0].url
    assert script.sent[1].url.endswith("per_page=100&page=2")


MORE = '<https://api.github.com/x?page=3>; rel="next"'


def updated(*numbers: int) -> list[Any]:
    """Updated in the order of their numbers, the highest last."""
    return [rest_pull_request(number, updated_at=f"2026-01-01T00:{number:02}:00Z") for number in numbers]


def updates(script: Script, cursor: str | None) -> Any:
    return run(make_api(script).list_pull_requests(REPO, Order.UPDATED_DESC, cursor, Source.REST))


def test_a_walk_by_updates_reaches_back_to_what_it_listed_last() -> None:
    script = Script(reply(200, updated(9, 8), link=MORE), reply(200, updated(8, 7)))
    first = updates(script, None).data
    second = updates(script, first.next_cursor).data
    assert [[row.number for row in page.records.index] for page in (first, second)] == [[9, 8], [7]]
    assert {each.pull_request_id for each in second.readings} == {7000}
    assert (first.total, second.next_cursor, second.total) == (None, None, 96 + 2)
    asked = "https://api.github.com/repos/o/r/pulls?state=all&sort=updated&direction=desc"
    assert [sent.url for sent in script.sent] == [f"{asked}&per_page=100&page=1", f"{asked}&per_page=96&page=2"]


def test_where_some_may_have_slipped_by_a_walk_by_updates_steps_back() -> None:
    script = Script(reply(200, updated(6), link=MORE), reply(200, updated(8, 7, 6), link=MORE))
    page = updates(script, "100 0 0 2026-01-01T00:08:00Z 8000").data
    assert [row.number for row in page.records.index] == [7, 6]
    assert [sent.url.partition("desc&")[2] for sent in script.sent] == ["per_page=96&page=2", "per_page=100&page=1"]
    assert page.next_cursor == "100 1 0 2026-01-01T00:06:00Z 6000"


def test_a_step_back_that_is_refused_ends_as_the_refusal_says() -> None:
    limit = reply(429, {"message": "secondary rate limit"})
    outcome = updates(Script(reply(200, updated(6)), limit), "100 0 0 2026-01-01T00:08:00Z 8000")
    assert isinstance(outcome, Throttled)


def test_a_walk_by_updates_of_an_earlier_version_goes_on_at_its_page() -> None:
    script = Script(reply(200, updated(6), link='<https://api.github.com/x?page=4>; rel="next"'))
    assert updates(script, "3").data.next_cursor == "300 0 0 2026-01-01T00:06:00Z 6000"
    assert script.sent[0].url.endswith("per_page=100&page=3")


def test_a_rest_list_that_goes_on_nobody_knows_where_is_not_at_its_end() -> None:
    link = '<https://api.github.com/x?after=Y3Vyc29y&per_page=100>; rel="next"'
    script = Script(*[reply(200, rest_list(1), link=link)] * 2)
    walk = make_api(script).list_pull_requests(REPO, Order.CREATED_ASC, None, Source.REST)
    assert isinstance(run(walk), Broken)
    assert isinstance(run(make_api(script).count_review_comments(REPO)), Broken), "one on each page, and more"


def test_a_rest_page_embeds_what_the_list_carries() -> None:
    label = {"node_id": "LA_1", "name": "bug", "color": "f00", "description": None}
    ghost = {"login": "ghost", "id": 10_137}
    body = rest_pull_request(
        1,
        merged_at=T0,
        labels=[label],
        assignees=[{"login": "ann", "id": 7, "node_id": "U_7"}, ghost],
        requested_reviewers=[{"login": "helper[bot]", "id": 4, "node_id": "BOT_4", "type": "Bot"}],
        requested_teams=[{"id": 3, "slug": "core"}],
    )
    outcome = run(make_api(Script(reply(200, [body]))).list_pull_requests(REPO, Order.UPDATED_DESC, None, Source.REST))
    page = outcome.data
    assert page.records.index == [IndexRow(1, 1000, "PR_1", "MERGED", T0, T0)]
    assert page.records.pr_requested_reviewers == [
        RequestedReviewerRow(1000, "Bot", 4, "helper"),
        RequestedReviewerRow(1000, "Team", 3, "core"),
    ]
    assert [(each.kind, each.total, each.seen, each.proof) for each in page.readings] == [
        (Kind.LABELS, 1, 1, Proof.EMBEDDED),
        (Kind.ASSIGNEES, 1, 1, Proof.EMBEDDED),
        (Kind.REQUESTED_REVIEWERS, 2, 2, Proof.EMBEDDED),
    ]
    assert {each.name for each in page.records.contributors} == {None}


@pytest.mark.parametrize("order", Order)
def test_a_rest_list_that_does_not_move_on_is_broken(order: Order) -> None:
    stuck = reply(200, [], link='<https://api.github.com/x?page=2>; rel="next"')
    assert isinstance(run(make_api(Script(stuck)).list_pull_requests(REPO, order, "2", Source.REST)), Broken)


def test_numbers_that_are_no_pull_requests_are_told_apart_from_those_that_failed() -> None:
    errors = [
        {"type": "NOT_FOUND", "message": "no", "path": ["node", "p1"]},
        {"type": "INTERNAL", "message": "later", "path": ["node", "p2"]},
    ]
    script = Script(reply(200, data(node={"p0": indexed(5), "p1": None, "p2": None}) | {"errors": errors}))
    page = run(make_api(script).list_numbers(REPO, [5, 6, 7], Source.GRAPHQL)).data
    assert [row.number for row in page.records.index] == [5]
    assert (page.missing, page.unanswered, page.lookups) == ([6], [7], 9)
    assert variables(script.sent[0])["n2"] == 7


def test_numbers_by_rest_are_asked_one_by_one() -> None:
    limit = reply(429, {"message": "secondary rate limit"})
    script = Script(reply(200, rest_pull_request(5)), reply(404), limit)
    api = make_api(script)
    page = run(api.list_numbers(REPO, [5, 6, 7, 8], Source.REST)).data
    assert [row.number for row in page.records.index] == [5]
    assert (page.missing, page.unanswered) == ([6], [7, 8])
    script.replies.append(limit)
    assert isinstance(run(api.list_numbers(REPO, [7, 8], Source.REST)), Throttled)


def test_a_sample_leaves_out_what_is_no_pull_request() -> None:
    node = {"p0": {"number": 5, "changedFiles": 9, "reviewThreads": {"totalCount": 4}}, "p1": None}
    error = {"type": "NOT_FOUND", "message": "no", "path": ["node", "p1"]}
    script = Script(reply(200, data(node=node) | {"errors": [error]}))
    sample = run(make_api(script).sample_threads(REPO, [5, 6])).data
    assert sample.pull_requests == [SampledPullRequest(5, 4, 9)]
    assert (sample.cost, sample.lookups) == (1, 2)


def test_a_glance_tells_pull_requests_by_number_and_threads_by_id() -> None:
    """Issues, what is no pull request any more, and a count that GitHub leaves out are no zeros."""
    below = {
        "p0": {"id": "PR_5", "totalCommentsCount": 9},
        "p1": None,
        "p2": {"id": "PR_7", "totalCommentsCount": None},
    }
    one, two = [{"id": "PR_1", "reviewThreads": {"totalCount": 4}}, None, {}], [{"id": "PR_2", "reviewThreads": None}]
    error = {"type": "NOT_FOUND", "message": "no", "path": ["node", "p1"]}
    script = Script(reply(200, data(node=below, t0=one, t1=two) | {"errors": [error]}))
    ids = [f"PR_{number}" for number in range(101)]
    glance = run(make_api(script).glance(REPO, [5, 6, 7], ids)).data
    assert glance.seen == [SeenPullRequest("PR_5", 9), SeenPullRequest("PR_7", 0)]
    assert glance.threads == {"PR_1": 4}
    assert (glance.cost, glance.lookups) == (1, 101)
    sent = variables(script.sent[0])
    assert (sent["n1"], sent["t0"], sent["t1"]) == (6, ids[:100], ids[100:])


def test_a_glance_at_threads_alone_names_no_repository() -> None:
    script = Script(reply(200, data(t0=[{"id": "PR_1", "reviewThreads": {"totalCount": 4}}])))
    assert run(make_api(script).glance(REPO, [], ["PR_1"])).data.threads == {"PR_1": 4}
    assert variables(script.sent[0]) == {"t0": ["PR_1"]}


def test_a_glance_at_a_repository_that_is_not_there_is_no_glance() -> None:
    error = {"type": "NOT_FOUND", "message": "no", "path": ["node"]}
    assert isinstance(
        run(make_api(Script(reply(200, data(node=None) | {"errors": [error]}))).glance(REPO, [1], [])), Missing
    )


def test_comments_are_counted_and_sampled_by_rest() -> None:
    last = '<https://api.github.com/x?per_page=1&page=321>; rel="last"'
    script = Script(reply(200, [{"id": 1}], link=last), reply(200, [{"id": 1}, {"id": 2, "in_reply_to_id": 1}]))
    api = make_api(script)
    assert run(api.count_review_comments(REPO)) == Page(321)
    sample = run(api.sample_review_comments(REPO, 2))
    assert isinstance(sample.data, CommentSample)
    assert (sample.data.comments, sample.data.roots) == (2, 1)


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        (reply(200, [{}], link='<https://h/x?page=47>; rel="last"'), 47),
        (reply(200, [{}]), 1),
        (reply(204), 0),
        (reply(403, {"message": "The history or contributor list is too large to list contributors."}), None),
        (reply(404), None),
        (reply(422), None),
    ],
)
def test_contributors_are_counted_where_github_can(answer: Any, count: int | None) -> None:
    assert run(make_api(Script(answer)).count_contributors("o/r")) == Page(count)
