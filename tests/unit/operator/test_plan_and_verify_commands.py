"""`pc plan` and `pc verify`: what is asked of the works, what is told, and the exit code."""

import json
from typing import Any

import pytest

from progressive_capture.capture.plan import Plan
from progressive_capture.capture.verify import Verification
from progressive_capture.domain.errors import CaptureFailed
from progressive_capture.domain.forecast import Counts, Forecast
from progressive_capture.domain.jobs import Counters
from progressive_capture.domain.kinds import Kind, State
from progressive_capture.domain.scope import Scope
from progressive_capture.store.gaps import Gap
from tests.unit.operator.conftest import Office, Works

GAP = Gap(12, 1012, Kind.ISSUE_COMMENTS, State.PENDING, None, 0, "it was never read")
CUT = Gap(13, 1013, Kind.FILES, State.TRUNCATED, 4_100, 3_000, "GitHub itself ends this list early")
SPENT = Counters(rest_requests=18, graphql_requests=2, points=4)


async def planned(_works: Works, name: str) -> Plan:
    counts = Counts(listed=1_850, hydrated=1_800, threads=5_400.0)
    return Plan(name, counts, Forecast(120, 100, 250.0, 20), SPENT, ("files renamed in 1.6% of pull requests",))


def verification(**changes: Any) -> Verification:
    values: dict[str, Any] = {
        "repository": "o/n",
        "live": False,
        "pull_requests": 1_850,
        "gaps": [],
        "gap_count": 0,
        "short_count": 0,
        "truncated_count": 0,
        "unavailable": {},
        "unlisted": 0,
        "whole": True,
        "listed": 1_850,
        "incomplete": 0,
        "unread": 0,
        "unread_gaps": 0,
        "total": 1_850,
        "spent": SPENT,
    }
    return Verification(**(values | changes))


def test_a_plan_tells_its_cost_its_counts_and_what_it_assumed(office: Office) -> None:
    assert office.run("plan", "o/n", "--since", "30d", answer=planned) == 0
    assert office.asked == [("plan", "o/n", Scope(since_days=30))]
    assert office.out.getvalue() == (
        "o/n: about 120 requests (20 by REST), 100 points, 4 min 10 s\n"
        "  1,850 pull requests to list, 1,800 to read\n"
        "  assumed: files renamed in 1.6% of pull requests\n"
        "  this forecast itself took 20 requests (18 by REST), 4 points\n"
    )


def test_a_plan_without_a_token_says_so_beside_the_answer(office: Office) -> None:
    office.is_anonymous = True
    assert office.run("plan", "o/n", "--json", answer=planned) == 0
    assert "No token is set" in office.err.getvalue()


def test_a_plan_as_json(office: Office) -> None:
    assert office.run("plan", "o/n", "--json", answer=planned) == 0
    (document,) = json.loads(office.out.getvalue())["repositories"]
    assert (document["requests"], document["points"], document["review_threads"]) == (120, 100, 5_400.0)
    assert (document["requests_spent"], document["rest_requests_spent"], document["points_spent"]) == (20, 18, 4)


def test_nothing_missing_exits_0_and_no_database_is_made(office: Office) -> None:
    async def answer(_works: Works, _name: str) -> Verification:
        return verification()

    assert office.run("verify", "o/n", answer=answer) == 0
    assert office.out.getvalue() == "o/n: no gaps in 1,850 pull requests\n"
    assert office.asked == [("verify", "o/n", False)]
    assert office.opened == [False]


@pytest.mark.parametrize("live", [True, False])
def test_asking_again_without_a_token_says_so(office: Office, *, live: bool) -> None:
    async def verified(_works: Works, _name: str) -> Verification:
        return verification(live=live)

    office.is_anonymous = True
    assert office.run("verify", "o/n", *(["--live"] if live else []), answer=verified) == 0
    assert ("No token is set" in office.err.getvalue()) is live


def test_gaps_exit_3_and_stand_apart_from_what_github_ends(office: Office) -> None:
    async def answer(_works: Works, _name: str) -> Verification:
        return verification(live=True, gaps=[GAP, CUT], gap_count=1, truncated_count=1, incomplete=1)

    assert office.run("verify", "o/n", "--live", answer=answer) == 3
    assert office.asked == [("verify", "o/n", True)]
    assert office.out.getvalue().splitlines() == [
        "o/n: 1 gap in 1 of 1,850 pull requests, 1 list cut off by GitHub",
        "  #12 issue comments: it was never read",
        "  of these GitHub gives no more:",
        "  #13 files: 3,000 of 4,100 stored; GitHub itself ends this list early",
        "  asking GitHub again took 20 requests (18 by REST), 4 points",
    ]


def test_pull_requests_that_were_never_listed_are_gaps_without_a_number(office: Office) -> None:
    async def answer(_works: Works, _name: str) -> Verification:
        return verification(live=True, gaps=[GAP], gap_count=3, unlisted=2, unavailable={Kind.REVIEW_THREADS: 7})

    assert office.run("verify", "o/n", "--live", answer=answer) == 3
    assert office.out.getvalue().splitlines()[1:] == [
        "  #12 issue comments: it was never read",
        "  2 pull requests that GitHub counts now, never listed here: capture again, or with --full",
        "  unavailable from the API that was used: review threads of 7 pull requests",
        "  asking GitHub again took 20 requests (18 by REST), 4 points",
    ]


def test_a_repository_that_was_never_captured_whole_exits_3(office: Office) -> None:
    async def answer(_works: Works, _name: str) -> Verification:
        return verification(pull_requests=2, listed=2, whole=False, total=60, gap_count=58, unlisted=58)

    assert office.run("verify", "o/n", answer=answer) == 3
    assert office.out.getvalue().splitlines() == [
        "o/n: 58 gaps in 58 of 60 pull requests",
        "  never captured whole: 2 of 60 pull requests are stored, 58 were never listed; `pc capture o/n` captures all",
    ]


def test_pull_requests_that_were_never_read_are_one_line_and_hide_no_other_gap(office: Office) -> None:
    unread = [Gap(7, 1007, kind, State.PENDING, None, 0, "never read", is_unread=True) for kind in list(Kind)[:6]]

    async def answer(_works: Works, _name: str) -> Verification:
        counts = {"pull_requests": 232, "listed": 3_000, "incomplete": 2_769, "unread": 2_768, "unread_gaps": 16_608}
        return verification(gaps=[*unread, GAP], gap_count=16_609, whole=False, total=3_000, **counts)

    assert office.run("verify", "o/n", answer=answer) == 3
    assert office.out.getvalue().splitlines()[:-1] == [
        "o/n: 16,609 gaps in 2,769 of 3,000 pull requests",
        "  #12 issue comments: it was never read",
        "  2,768 pull requests are listed and were never read: 16,608 gaps; `pc capture o/n` goes on",
    ]


def test_parts_that_add_up_to_all_prove_no_whole(office: Office) -> None:
    async def answer(_works: Works, _name: str) -> Verification:
        return verification(whole=False)

    assert office.run("verify", "o/n", "--json", answer=answer) == 3
    (document,) = json.loads(office.out.getvalue())["repositories"]
    assert (document["complete"], document["captured_whole"], document["pull_requests_total"]) == (False, False, 1_850)


def test_what_github_ends_alone_exits_0(office: Office) -> None:
    async def answer(_works: Works, _name: str) -> Verification:
        return verification(gaps=[CUT], truncated_count=1)

    assert office.run("verify", "o/n", "--json", answer=answer) == 0
    (document,) = json.loads(office.out.getvalue())["repositories"]
    assert document["complete"]
    assert [finding["state"] for finding in document["findings"]] == ["truncated"]


def test_a_repository_that_was_never_captured_exits_1(office: Office) -> None:
    async def answer(_works: Works, _name: str) -> Verification:
        raise CaptureFailed("Nothing is stored of o/n: run `pc capture o/n` first.")

    assert office.run("verify", "o/n", answer=answer) == 1
    assert office.err.getvalue() == "o/n: Nothing is stored of o/n: run `pc capture o/n` first.\n"
