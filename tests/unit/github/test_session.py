"""One request: leave from the budget, headers, settlement, repetition, redirects, usage."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from progressive_capture.domain.budget import Settlement, Wait, WaitKind
from progressive_capture.domain.kinds import Source
from progressive_capture.domain.scope import moment
from progressive_capture.github.api import GitHubApi
from progressive_capture.github.credentials import Anonymous, Token
from progressive_capture.github.outcomes import (
    Broken,
    Denied,
    DeniedReason,
    Missing,
    Moved,
    Page,
    Throttled,
    ThrottleKind,
    TooHeavy,
)
from progressive_capture.github.results import Order, RepoRef, RepositoryLookUp
from progressive_capture.github.secrets import Secret
from progressive_capture.github.transport import Lack, NoAnswer, Received, Request
from tests.unit.github.fakes import (
    NOW,
    RESET,
    FakeClock,
    Grants,
    Memory,
    Script,
    http_date,
    make_api,
    rated,
    reply,
    run,
)

REPO = RepoRef("o/r", "R_1", 1)
COST = {"cost": 1, "limit": 5000, "remaining": 4998, "resetAt": "2026-11-22T12:30:00Z", "used": 2, "nodeCount": 0}
VIEWER = {"data": {"rateLimit": COST, "viewer": {"databaseId": 7}}}
EMPTY_LIST = {
    "data": {
        "rateLimit": COST,
        "node": {"pullRequests": {"totalCount": 0, "pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": []}},
    }
}
REPOSITORY = {
    "id": 1, "node_id": "R_1", "name": "r", "full_name": "o/r", "private": False,
    "owner": {"login": "o", "id": 2, "type": "Organization"},
    "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
}  # fmt: skip


def test_a_request_is_reserved_sent_and_settled_with_the_next() -> None:
    budgets = Grants()
    script = Script(reply(200, EMPTY_LIST, **rated(4_998)), reply(200, [], **rated(59, 60)))
    api = make_api(script, budgets)
    page = run(_list_by_both(api))
    assert page.data.total == 0
    first, second = budgets.wanted
    assert (first.resource, first.cost, first.holder, first.per_minute) == ("graphql", 1, "here:1", 2_000)
    assert (second.resource, second.cost, second.per_minute) == ("core", 1, 900)
    one, two = budgets.settled
    assert (one.cost, one.limit, one.remaining) == (1, 5_000, 4_998)
    assert one.reset_at is not None
    assert one.reset_at.timestamp() == RESET
    assert (two.cost, two.limit, two.remaining, two.refused_until) == (1, 60, 59, None)
    usage = api.usage
    assert (usage.graphql.requests, usage.graphql.points, usage.graphql.left) == (1, 1, 4_998)
    assert (usage.rest.requests, usage.rest.points, usage.rest.left) == (1, 1, 59)
    counters = usage.counters()
    assert (counters.graphql_requests, counters.rest_requests, counters.points) == (1, 1, 1)
    assert counters.bytes_in == usage.graphql.bytes_in + usage.rest.bytes_in > 0


def test_a_server_that_rounds_up_is_reserved_more_from_then_on() -> None:
    dear = msgspec.json.decode(msgspec.json.encode(EMPTY_LIST))
    dear["data"]["rateLimit"]["cost"] = 2
    budgets = Grants()
    api = make_api(Script(reply(200, dear), reply(200, dear)), budgets)

    async def twice() -> None:
        for _ in range(2):
            await api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.GRAPHQL, 49)

    run(twice())
    assert [want.cost for want in budgets.wanted] == [1, 2]


async def _list_by_both(api: GitHubApi) -> Any:
    await api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.GRAPHQL, 49)
    outcome = await api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.REST)
    await api.finish()
    await api.finish()
    return outcome


@pytest.mark.parametrize("kind", WaitKind)
def test_no_leave_is_a_throttle_that_costs_nothing(kind: WaitKind) -> None:
    until = NOW + timedelta(seconds=3)
    api = make_api(Script(), Grants(Wait(until, kind, "because")))
    outcome = run(api.list_numbers(REPO, [1], Source.REST))
    assert outcome == Throttled(until, "because", ThrottleKind(kind.value))
    assert api.usage.rest.requests == 0


@pytest.mark.parametrize(
    ("text", "everything"),
    [("API rate limit exceeded", False), ("You have exceeded a secondary rate limit", True)],
)
def test_a_refusal_is_told_to_everybody_and_not_slept_on(text: str, *, everything: bool) -> None:
    clock, budgets = FakeClock(), Grants()
    api = make_api(Script(reply(403, {"message": text}, **rated(0))), budgets, clock=clock)
    outcome = run(_then_finish(api))
    assert isinstance(outcome, Throttled)
    assert clock.slept == []
    (settled,) = budgets.settled
    assert (settled.cost, settled.refused_until, settled.refused_all) == (0, outcome.until, everything)
    assert settled.reason == outcome.why
    assert (api.usage.rest.points, api.usage.rest.waits) == (0, 1)


async def _then_finish(api: GitHubApi) -> Any:
    outcome = await api.list_pull_requests(REPO, Order.UPDATED_DESC, None, Source.REST)
    await api.finish()
    return outcome


def test_refusals_without_an_end_grow_until_an_answer_comes() -> None:
    refusal = reply(403, {"message": "secondary rate limit"})
    api = make_api(Script(refusal, refusal, reply(200, []), refusal))

    async def ask() -> list[float]:
        waits = []
        for _ in range(4):
            outcome = await api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.REST)
            if isinstance(outcome, Throttled):
                waits.append((outcome.until - api.clock.now()).total_seconds())
        return waits

    assert run(ask()) == [60, 120, 60]


def test_passing_faults_are_repeated_with_growing_pauses_and_the_slot_is_free_meanwhile() -> None:
    clock, budgets = FakeClock(), Grants()
    lost = NoAnswer(Lack.CONNECTION, "The connection to GitHub failed: reset.")
    script = Script(lost, reply(500), reply(200, b"{"), reply(503), reply(200, []))
    notes: list[str] = []
    api = make_api(script, budgets, clock=clock, note=notes.append)
    outcome = run(api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.REST))
    assert isinstance(outcome, Page)
    assert clock.slept == [0.5, 1.0, 2.0, 4.0]
    assert notes[0] == "The connection to GitHub failed: reset. Trying again (2 of 5)."
    assert len(notes) == 4, "nobody waits in silence"
    assert len(budgets.settled) == 4, "each is settled before its pause"
    assert budgets.settled[0] == Settlement(budgets.settled[0].lease), "nothing is known of what it cost"


@pytest.mark.parametrize(
    ("place", "begin"), [("", "GitHub does not"), ("token 2 of 3", "Token 2 of 3: GitHub does not")]
)
def test_of_several_tokens_the_refused_one_is_named_by_its_place(place: str, begin: str) -> None:
    credential = Token(Secret("ghp_made_up"), place=place)
    api = make_api(Script(reply(401, {"message": "Bad credentials"})), credential=credential)
    outcome = run(api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.REST))
    assert isinstance(outcome, Denied)
    assert outcome.why.startswith(begin)


def test_of_several_tokens_the_one_without_the_scope_is_named_too() -> None:
    error = {"type": "INSUFFICIENT_SCOPES", "message": "Your token has not been granted the required scopes."}
    credential = Token(Secret("ghp_made_up"), place="token 2 of 3")
    api = make_api(Script(reply(200, {"data": None, "errors": [error]})), credential=credential)
    outcome = run(api.look_up_repository("o/r", Source.GRAPHQL))
    assert isinstance(outcome, Denied)
    assert outcome.why == "Token 2 of 3: Your token has not been granted the required scopes."


def test_faults_that_stay_end_the_repetition() -> None:
    clock = FakeClock()
    api = make_api(Script(*[reply(500, {"message": "Server Error"})] * 5), clock=clock)
    outcome = run(api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.REST))
    assert outcome == Broken("GitHub answered 500 (Server Error).", retryable=True)
    assert len(clock.slept) == 4


def test_what_the_environment_names_wrongly_is_not_tried_again() -> None:
    clock = FakeClock()
    api = make_api(Script(NoAnswer(Lack.ENVIRONMENT, "Correct it.")), clock=clock)
    outcome = run(api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.REST))
    assert outcome == Broken("Correct it.", retryable=True, unreached=True, by_environment=True)
    assert clock.slept == []


@pytest.mark.parametrize(
    "heavy",
    [reply(502), reply(504, b"<html>"), NoAnswer(Lack.TIMEOUT, "No whole answer came within 25 s.")],
)
def test_a_heavy_query_is_never_sent_twice(heavy: object) -> None:
    api = make_api(Script(heavy))  # type: ignore[arg-type] # one of its replies
    outcome = run(api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.GRAPHQL, 49))
    assert isinstance(outcome, TooHeavy)
    assert api.usage.graphql.timeouts == 1


def test_a_query_that_cannot_be_lighter_is_tried_again() -> None:
    api = make_api(Script(reply(502), reply(200, {"data": {"viewer": None, "repository": _graphql_repository()}})))
    assert isinstance(run(api.look_up_repository("o/r", Source.GRAPHQL)), Page)


def test_an_answer_of_endless_size_is_too_heavy() -> None:
    api = make_api(Script(NoAnswer(Lack.TOO_LARGE, "The answer is larger than 128 MiB.")))
    assert isinstance(run(api.list_numbers(REPO, [1], Source.REST)), TooHeavy)


def test_without_a_token_graphql_is_not_even_asked() -> None:
    api = make_api(Script(), credential=Anonymous())
    outcome = run(api.look_up_repository("o/r", Source.GRAPHQL))
    assert isinstance(outcome, Denied)
    assert outcome.reason is DeniedReason.PERMISSION
    assert api.anonymous


def test_a_given_token_that_is_refused_is_refused() -> None:
    api = make_api(Script(reply(401, {"message": "Bad credentials"})))
    assert isinstance(run(api.count_contributors("o/r")), Denied)


def test_redirects_are_followed_on_the_same_server_only() -> None:
    moved = reply(301, location="https://api.github.com/repositories/1/pulls")
    script = Script(moved, reply(200, []), reply(301, location="https://evil.example/x"))
    api = make_api(script)

    async def ask() -> tuple[object, object]:
        return (
            await api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.REST),
            await api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.REST),
        )

    first, second = run(ask())
    assert isinstance(first, Page)
    assert second == Moved("https://evil.example/x", permanent=True)
    assert [request.url.split("?")[0] for request in script.sent] == [
        "https://api.github.com/repos/o/r/pulls",
        "https://api.github.com/repositories/1/pulls",
        "https://api.github.com/repos/o/r/pulls",
    ]


def test_redirects_in_a_circle_end() -> None:
    around = reply(302, location="/repos/o/r/pulls")
    api = make_api(Script(*[around] * 4))
    assert isinstance(run(api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.REST)), Moved)


def test_time_is_the_servers_and_that_of_the_beginning() -> None:
    clock = FakeClock()
    ahead = NOW + timedelta(hours=3)
    api = make_api(Script(reply(200, EMPTY_LIST, date=http_date(ahead))), clock=clock)
    outcome = run(api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.GRAPHQL, 49))
    assert isinstance(outcome, Page)
    assert outcome.data.requested_at == "2026-11-22T15:00:00.000000Z"


def _graphql_repository() -> dict[str, object]:
    return {
        "id": "R_1", "databaseId": 1, "name": "r", "owner": {"login": "o", "__typename": "User", "databaseId": 2},
        "description": None, "isPrivate": False, "isFork": False, "isArchived": False, "isDisabled": False,
        "isEmpty": False, "visibility": "PUBLIC", "defaultBranchRef": {"name": "main"}, "primaryLanguage": None,
        "stargazerCount": 1, "forkCount": 0, "createdAt": "2020-01-01T00:00:00Z", "pushedAt": None,
        "updatedAt": "2020-01-01T00:00:00Z", "archivedAt": None, "pullRequests": {"totalCount": 3},
        "newest": {"nodes": [{"number": 12}]},
    }  # fmt: skip


def test_graphql_names_the_user_in_the_same_request() -> None:
    memory, script = (
        Memory(),
        Script(
            reply(200, {"data": {"rateLimit": None, "viewer": {"databaseId": 7}, "repository": _graphql_repository()}})
        ),
    )
    api = make_api(script, memory=memory)
    outcome = run(api.look_up_repository("O/Then", Source.GRAPHQL))
    assert isinstance(outcome, Page)
    assert outcome.data.newest == 12
    found: RepositoryLookUp = outcome.data
    assert (found.principal, found.former_name, found.row.pull_requests_total) == ("user:7", "O/Then", 3)
    assert list(memory.known.values()) == ["user:7"]
    assert run(api.principal()) == Page("user:7")
    assert len(script.sent) == 1


def test_rest_asks_who_it_is_once_and_then_remembers() -> None:
    memory = Memory()
    total = '<https://api.github.com/x?per_page=1&page=9>; rel="last"'
    look_up = [reply(200, REPOSITORY), reply(200, [{}], link=total)]
    budgets = Grants()
    script = Script(reply(200, {"login": "me", "id": 7}), *look_up)
    outcome = run(make_api(script, budgets, memory=memory).look_up_repository("o/r", Source.REST))
    assert outcome.data.principal == "user:7"
    assert outcome.data.row.pull_requests_total == 9
    assert [want.principal[:6] for want in budgets.wanted] == ["token:", "user:7", "user:7"]
    again = Script(*look_up)
    outcome = run(make_api(again, memory=memory).look_up_repository("o/r", Source.REST))
    assert outcome.data.principal == "user:7"


def test_a_count_by_rest_is_as_old_as_its_own_request() -> None:
    clock = FakeClock()

    def slowly(_: Request) -> Received:
        clock.time += timedelta(minutes=10)
        return reply(200, REPOSITORY)

    script = Script(reply(200, {"login": "me", "id": 7}), slowly, reply(200, [{}]))
    found = run(make_api(script, clock=clock).look_up_repository("o/r", Source.REST)).data
    assert (moment(found.requested_at), moment(found.counted_at)) == (NOW, NOW + timedelta(minutes=10))


def test_an_installation_token_is_its_own_principal() -> None:
    api = make_api(Script(), credential=Token(Secret("ghs_x")))
    principal = run(api.principal())
    assert principal.data.startswith("token:")


def test_a_token_that_may_not_ask_who_it_is() -> None:
    api = make_api(Script(reply(403, {"message": "Resource not accessible by integration"})))
    assert run(api.principal()).data.startswith("token:")


def test_nobody_is_anonymous() -> None:
    assert run(make_api(Script(), credential=Anonymous()).principal()) == Page("anonymous")


@pytest.mark.parametrize("source", Source)
def test_a_repository_that_is_not_found_is_looked_for_twice(source: Source) -> None:
    missing = {
        "data": {"viewer": None, "repository": None},
        "errors": [{"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve to a Repository."}],
    }
    absent = reply(200, missing) if source is Source.GRAPHQL else reply(404, {"message": "Not Found"})
    clock, script = FakeClock(), Script(absent, absent)
    api = make_api(script, credential=Token(Secret("ghs_x")), clock=clock)
    outcome = run(api.look_up_repository("o/r", source))
    assert isinstance(outcome, Missing)
    assert outcome.permanent
    assert "o/r" in outcome.why
    assert clock.slept == [2.0]


def test_a_repository_found_the_second_time_is_found() -> None:
    script = Script(reply(404), reply(200, REPOSITORY), reply(200, []))
    api = make_api(script, credential=Token(Secret("ghs_x")))
    assert run(api.look_up_repository("o/r", Source.REST)).data.row.pull_requests_total == 0


def test_a_list_with_holes_is_asked_for_again() -> None:
    holed = msgspec.json.decode(msgspec.json.encode(EMPTY_LIST))
    holed["data"]["node"]["pullRequests"]["nodes"] = [None]
    api = make_api(Script(reply(200, holed), reply(200, EMPTY_LIST)))
    assert isinstance(run(api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.GRAPHQL, 49)), Page)


def test_a_list_that_does_not_move_on_is_broken() -> None:
    stuck = msgspec.json.decode(msgspec.json.encode(EMPTY_LIST))
    stuck["data"]["node"]["pullRequests"]["pageInfo"] = {"hasNextPage": True, "endCursor": "c"}
    api = make_api(Script(*[reply(200, stuck)] * 5))
    outcome = run(api.list_pull_requests(REPO, Order.CREATED_ASC, "c", Source.GRAPHQL, 49))
    assert isinstance(outcome, Broken)


def test_closing_settles_and_closes() -> None:
    script, budgets = Script(reply(200, [])), Grants()
    api = make_api(script, budgets)

    async def use() -> None:
        await api.list_pull_requests(REPO, Order.CREATED_ASC, None, Source.REST)
        await api.close()

    run(use())
    assert script.closed
    assert len(budgets.settled) == 1


def test_headers_of_another_resource_are_not_taken_for_this_one() -> None:
    script, budgets = Script(reply(200, [], **rated(3), x_ratelimit_resource="search")), Grants()
    api = make_api(script, budgets)
    run(_then_finish(api))
    assert budgets.settled[0].remaining is None
    assert api.usage.rest.left is None
