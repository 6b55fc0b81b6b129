"""Captures through everything that GitHub was seen to do wrong: each ends, without a gap, equal to the truth."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from github_sandbox.refusals import FORMS
from progressive_capture.capture.report import Progress
from progressive_capture.domain.errors import CaptureFailed
from progressive_capture.domain.kinds import Kind
from progressive_capture.github.transport import HttpTransport, Lack, NoAnswer, Received, Request
from tests.support.capturing import Desk
from tests.support.other_answers import answer_about, newest
from tests.support.stand_ins import Running, Start

if TYPE_CHECKING:
    from progressive_capture.capture.run import Captured

NAME = "sandbox/few"
SIZE = 34
"""More than are hydrated at once."""
LONG = "sandbox/demo"
LONGER = 62
"""More than a page of the list by GraphQL."""

Rule = dict[str, Any]


def fault(effect: Rule, **match: Any) -> Rule:
    return {"name": "fault", "match": match, "effect": effect}


FORGOTTEN = {
    "errors": [{"type": "INVALID_CURSOR_ARGUMENTS", "message": "`Y3Vy` does not appear to be a valid cursor."}],
}
"""What GitHub says of a cursor that it does not know; the sandbox's own form looks for cursors named so."""

BROKEN_ANSWERS = {
    "truncated": fault({"truncate": 0.6}, nth=[2, 5, 6]),
    "closed before": fault({"disconnect": "before"}, nth=[1, 4, 5]),
    "closed within": fault({"disconnect": "within"}, nth=[2, 4, 7]),
    "HTML 502": fault({"html": True}, nth=[2, 4]),
    "JSON 504": fault({"status": 504}, nth=[3, 5]),
    "500": fault({"status": 500}, nth=[1, 3]),
    "a wrong date": fault({"date_offset_s": 7_200}, nth={"every": 3}),
    "null nodes": fault({"null_nodes": {"every": 7}}, operation="Hydrate", nth=[1, 3]),
    "null reviews": fault(
        {"null_nodes": {"path": ["nodes", "reviews", "nodes"], "every": 2}}, operation="Hydrate", nth=1
    ),
    "null comments": fault({"null_nodes": {"path": ["t0", "comments", "nodes"]}}, operation="FollowUp", nth=1),
    "an error in a connection": fault({"errors": [{"path": ["nodes", 3, "reviews"]}]}, operation="Hydrate", nth=1),
    "an error in a field": fault({"errors": [{"path": ["nodes", 2, "title"]}]}, operation="Hydrate", nth=1),
    "a reordered page": fault({"page": "reorder"}, operation="Hydrate", nth={"every": 1}),
}
OF_THE_LIST = {
    "an expired cursor": fault({"expire_cursor": True}, operation="Index", nth=2),
    "a page twice": fault({"page": "duplicate"}, operation="Index", nth=2),
    "a reordered page": fault({"page": "reorder"}, operation="Index", nth={"every": 1}),
    "null nodes": fault(
        {"null_nodes": {"path": ["node", "pullRequests", "nodes"], "every": 5}}, operation="Index", nth=1
    ),
}


@pytest.fixture(scope="module")
def running(serve: Start) -> Running:
    """Repositories for all tests of this module, none of which changes them."""
    generated = (f"--repo={NAME}=generate:{SIZE}", f"--repo={LONG}=generate:{LONGER}")
    return serve(*generated, "--repo", "hostile", "--points", "1000000")


@pytest.fixture
def desk(running: Running, sqlite_url: str) -> Iterator[Desk]:
    """A desk whose sandbox has counted nothing yet; its faults end with the test."""
    with Desk(running, sqlite_url) as made:
        made.reset_stats()
        yield made
        made.spoil()


def survives(desk: Desk, source: str, *rules: Rule, name: str = NAME) -> None:
    """Capture through faults that do happen; the result is whole."""
    desk.spoil(*rules)
    captured = desk.capture(name, source)
    assert sum(desk.stats()["faults"].values()) >= 1
    assert captured.gap_count == 0, captured.gaps
    assert desk.differences(name, source) == []


@pytest.mark.parametrize("case", BROKEN_ANSWERS)
def test_a_capture_survives(desk: Desk, case: str) -> None:
    survives(desk, "auto", BROKEN_ANSWERS[case])


def test_a_capture_survives_the_answer_to_another_question(desk: Desk) -> None:
    another = answer_about(desk.sandbox, newest(desk.sandbox, NAME, 3))
    survives(desk, "auto", fault({"body": another}, operation="Hydrate", nth=2))
    assert len(desk.rows("pull_requests")) == SIZE


@pytest.mark.parametrize("case", OF_THE_LIST)
def test_a_capture_by_graphql_alone_survives_in_its_list(desk: Desk, case: str) -> None:
    survives(desk, "graphql", OF_THE_LIST[case], name=LONG)


@pytest.mark.parametrize("source", ["graphql", "auto"])
@pytest.mark.parametrize(
    ("turns", "name"), [([1], NAME), ([1, 2], "hostile/everything")], ids=["once", "twice, of every kind"]
)
def test_further_pages_survive_cursors_that_expired(desk: Desk, source: str, turns: object, name: str) -> None:
    rule = fault({"body": FORGOTTEN}, operation="FollowUp", nth=turns)
    survives(desk, source, rule, name=name)


def test_what_github_never_gave_is_a_gap_until_it_does(desk: Desk) -> None:
    desk.spoil(fault({"body": FORGOTTEN}, operation="FollowUp"))
    captured = desk.capture(NAME, "graphql")
    assert captured.gap_count == desk.verify(NAME).gap_count > 0
    assert {gap.kind for gap in captured.gaps} >= {Kind.REVIEW_COMMENTS}
    desk.spoil()
    assert desk.capture(NAME, "graphql").gap_count == 0
    assert desk.differences(NAME, "graphql") == []


def test_what_rest_stood_in_for_is_read_again_by_graphql(desk: Desk) -> None:
    """REST tells no thread of a comment, and less of reviews and comments besides."""
    desk.spoil(fault({"status": 500}, operation="FollowUp"))
    captured = desk.capture(NAME, "auto")
    assert captured.gap_count == desk.verify(NAME).gap_count == 0
    lacking = {row["pull_request_id"] for row in desk.rows("pr_review_comments", thread_node_id=None)}
    assert captured.unavailable[Kind.REVIEW_COMMENTS] == desk.verify(NAME).unavailable[Kind.REVIEW_COMMENTS]
    assert captured.unavailable[Kind.REVIEW_COMMENTS] == len(lacking) > 0
    assert desk.differences(NAME, "auto") == []
    assert desk.capture(NAME, "rest").pull_requests == 0
    desk.spoil()
    again = desk.capture(NAME, "auto")
    assert len(lacking) <= again.pull_requests < SIZE
    assert (again.gap_count, again.unavailable) == (0, {})
    assert not desk.rows("pr_review_comments", thread_node_id=None)
    assert desk.differences(NAME, "auto") == []
    assert desk.capture(NAME, "auto").pull_requests == 0


def test_what_rest_stood_in_for_twice_is_left_until_everything_is_read(desk: Desk) -> None:
    """However long GraphQL stays broken for it; each capture tries once, and so does one after a change."""
    desk.spoil(fault({"status": 500}, operation="FollowUp"))
    first = desk.capture(NAME, "auto")
    lacking = {row["pull_request_id"] for row in desk.rows("pr_review_comments", thread_node_id=None)}
    assert len(lacking) <= desk.capture(NAME, "auto").pull_requests < SIZE
    for _ in range(2):
        left = desk.capture(NAME, "auto")
        assert (left.pull_requests, left.unavailable) == (0, first.unavailable)
    assert desk.differences(NAME, "auto") == []
    desk.spoil()
    assert desk.capture(NAME, "auto", full=True).unavailable == {}
    assert not desk.rows("pr_review_comments", thread_node_id=None)


@pytest.mark.parametrize("everything", [False, True], ids=["fewer kinds", "all kinds"])
def test_what_another_job_read_meanwhile_is_read_again_where_it_left_kinds_out(
    desk: Desk,
    everything: bool,  # noqa: FBT001 - parametrised
) -> None:
    kinds = {} if everything else {"kinds": frozenset({Kind.ISSUE_COMMENTS})}
    others: list[Captured] = []

    def read_meanwhile(step: Progress) -> None:
        if step.phase == "hydrate" and not others:
            desk.time.advance(2)  # or the page that is on its way may be of the same second as what the other reads
            with Desk(desk.sandbox, desk.database_url, tokens="another") as beside, ThreadPoolExecutor() as threads:
                scope = {"numbers": tuple(range(1, LONGER + 1)), "full": True, **kinds}
                others.append(threads.submit(beside.capture, LONG, "auto", **scope).result())

    desk.told.on_step = read_meanwhile
    captured = desk.capture(LONG, "auto")
    assert (captured.gap_count, others[0].gap_count) == (0, 0), captured.gaps
    assert desk.differences(LONG) == []
    assert desk.capture(LONG, "auto").pull_requests == 0
    again = captured.pull_requests - LONGER
    assert again == 0 if everything else 0 < again <= LONGER


def test_a_list_whose_cursors_always_expire_is_given_up_in_words(desk: Desk) -> None:
    desk.spoil(fault({"expire_cursor": True}, operation="Index"))
    with pytest.raises(CaptureFailed, match=r"While listing pull requests: .*valid cursor"):
        desk.capture(LONG, "graphql")
    desk.spoil()
    assert desk.capture(LONG, "graphql").gap_count == 0
    assert desk.differences(LONG, "graphql") == []


@pytest.mark.parametrize("form", FORMS)
def test_a_refusal_is_waited_for_and_not_failed_on(desk: Desk, form: str) -> None:
    of_graphql = "200" in form
    survives(desk, "graphql" if of_graphql else "auto", fault({"refusal": form}, nth=[1, 3, 6]))
    assert desk.told.waits
    assert sum(desk.time.waits) >= 1


def test_a_network_that_goes_away_is_nothing_against_graphql(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """REST is at the same address: a look there costs a request for each pull request once the network is back."""
    sent = 0
    by_network = HttpTransport.send

    async def send(transport: HttpTransport, request: Request) -> Received | NoAnswer:
        nonlocal sent
        sent += 1
        if sent > 3:
            return NoAnswer(Lack.UNREACHED, "The connection to GitHub failed: it is not there.")
        return await by_network(transport, request)

    with monkeypatch.context() as patch:
        patch.setattr(HttpTransport, "send", send)
        with pytest.raises(CaptureFailed, match="it is not there"):
            desk.capture(NAME)
    assert not [note for note in desk.told.notes if "left alone" in note]
    captured = desk.capture(NAME)
    assert captured.gap_count == 0
    assert captured.rest_requests < captured.pull_requests
    assert desk.differences(NAME, "auto") == []
