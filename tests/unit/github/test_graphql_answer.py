"""Every form in which GitHub's GraphQL API was seen to answer, and what it means."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from progressive_capture.github.answer import Answer
from progressive_capture.github.graphql_answer import GraphQLShape, decode_graphql
from progressive_capture.github.limits import Refusals
from progressive_capture.github.outcomes import (
    Broken,
    Denied,
    DeniedReason,
    Missing,
    Outcome,
    Page,
    Partial,
    QueryError,
    Throttled,
    ThrottleKind,
    TooHeavy,
)
from tests.unit.github.fakes import NOW, RESET, answer, rated

HTML = b"<!DOCTYPE html><html><head><title>Unicorn! &middot; GitHub</title></head></html>"
TIMEOUT = (
    "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub "
    "bug. Please include `8A1E:3F2B` when reporting this issue."
)
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
AT_RESET = datetime.fromtimestamp(RESET, tz=NOW.tzinfo) + timedelta(seconds=1)


class Thing(msgspec.Struct):
    id: int
    names: list[str | None] | None


class Data(msgspec.Struct):
    thing: Thing | None


SHAPE = GraphQLShape[Data](Data)


def decoded(given: Answer, refused_before: int = 0) -> Outcome[Data]:
    return decode_graphql(given, SHAPE, NOW, Refusals(refused_before))


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"data": None, "errors": [{"message": message, **more}]}


def test_data_without_errors_is_a_page() -> None:
    good = answer(200, {"data": {"thing": {"id": 1, "names": ["a"]}}}, **rated(0))
    assert decoded(good) == Page(Data(Thing(1, ["a"])))


def test_data_with_errors_at_paths_is_partial() -> None:
    body = {
        "data": {"thing": {"id": 1, "names": [None]}},
        "errors": [{"type": "NOT_FOUND", "path": ["thing", "names", 0], "message": "gone"}],
    }
    assert decoded(answer(200, body)) == Partial(
        Data(Thing(1, [None])), (QueryError("gone", "NOT_FOUND", ("thing", "names", 0)),)
    )


def test_an_error_of_no_place_makes_all_data_doubtful() -> None:
    body = {"data": {"thing": None}, "errors": [{"message": "odd"}]}
    assert decoded(answer(200, body)) == Broken("odd", retryable=True)


@pytest.mark.parametrize(
    "errors",
    [
        [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}],
        [
            {
                "type": "RATE_LIMIT",
                "code": "graphql_rate_limit",
                "message": "API rate limit already exceeded for user ID 1.",
            }
        ],
        [{"type": "RATE_LIMITED"}],
        [{"message": "no type", "extensions": {"code": "graphql_rate_limit"}}],
    ],
)
@pytest.mark.parametrize("status", [200, 403, 429])
@pytest.mark.parametrize("data", [{}, {"data": None}, {"data": {"thing": None}}])
def test_the_primary_limit_in_every_form(status: int, errors: list[Any], data: dict[str, Any]) -> None:
    outcome = decoded(answer(status, {**data, "errors": errors}, **rated(0)))
    assert isinstance(outcome, Throttled)
    assert (outcome.kind, outcome.until) == (ThrottleKind.PRIMARY, AT_RESET)


def test_headers_that_disagree_with_the_primary_limit_are_not_believed() -> None:
    limited = error("API rate limit exceeded for user ID 1.", type="RATE_LIMITED")
    outcome = decoded(answer(200, limited, **rated(4_999)))
    assert isinstance(outcome, Throttled)
    assert outcome.until == NOW + timedelta(seconds=60)


@pytest.mark.parametrize("status", [200, 403, 429])
@pytest.mark.parametrize("form", [error(SECONDARY, type="RATE_LIMITED"), {"message": SECONDARY}])
@pytest.mark.parametrize(("header", "seconds"), [({"retry_after": "17"}, 17), ({}, 60)])
def test_the_secondary_limit_in_every_form(
    status: int, form: dict[str, Any], header: dict[str, str], seconds: int
) -> None:
    outcome = decoded(answer(status, form, **rated(4_000), **header))
    assert isinstance(outcome, Throttled)
    assert (outcome.kind, outcome.until) == (ThrottleKind.SECONDARY, NOW + timedelta(seconds=seconds))


def test_a_limit_without_an_end_is_waited_for_longer_each_time() -> None:
    waits = [decoded(answer(403, {"message": "was submitted too quickly"}), before) for before in range(6)]
    minutes = [(wait.until - NOW).total_seconds() / 60 for wait in waits if isinstance(wait, Throttled)]
    assert minutes == [1, 2, 4, 8, 16, 16]


@pytest.mark.parametrize(
    "given",
    [
        answer(502, error(TIMEOUT)),
        answer(504, error(TIMEOUT)),
        answer(200, error(TIMEOUT)),
        answer(200, error("Something went wrong while executing your query on 2026-07-16T01:02:03Z.")),
        answer(502, error("We couldn't respond to your request in time.")),
        answer(502, HTML, content_type="text/html"),
        answer(504, HTML),
        answer(502, b""),
        answer(502, {"message": "Server Error"}),
        answer(200, error("Resource limits for this query exceeded.", type="RESOURCE_LIMITS_EXCEEDED", path=["a"])),
        answer(
            200,
            {
                "data": {"thing": {"id": 1, "names": [None]}},
                "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "path": ["thing", "names", 0], "message": "exceeded"}],
            },
        ),
        answer(200, {"errors": [{"type": "MAX_NODE_LIMIT_EXCEEDED", "message": "up to 1,050,100 possible nodes"}]}),
    ],
)
def test_queries_that_github_could_not_finish_are_too_heavy(given: Answer) -> None:
    assert isinstance(decoded(given), TooHeavy)


@pytest.mark.parametrize(
    "given",
    [
        answer(500, HTML),
        answer(503, {"code": "503", "message": "Service unavailable"}),
        answer(200, b'{"data":{"thing":{"id":1,"na'),
        answer(200, b""),
        answer(200, HTML),
        answer(200, b"null"),
        answer(200, {"data": None}),
        answer(200, {"data": None, "errors": []}),
        answer(200, {"data": None, "errors": [None]}),
        answer(200, {"message": "A query attribute must be specified and must be a string."}),
        answer(400, {"message": "A query attribute must be specified and must be a string."}),
        answer(200, error("Unavailable", type="SERVICE_UNAVAILABLE")),
        answer(200, error("An internal error", type="INTERNAL")),
        answer(200, {"data": {"thing": "not a thing", "errors": None}, "errors": [{}]}),
    ],
)
def test_passing_faults_may_be_tried_again(given: Answer) -> None:
    outcome = decoded(given)
    assert isinstance(outcome, Broken)
    assert outcome.retryable
    assert not outcome.cursor_lost


@pytest.mark.parametrize(
    "given",
    [
        answer(200, {"errors": [{"message": "Field 'x' doesn't exist", "extensions": {"code": "undefinedField"}}]}),
        answer(200, error("first must be at most 100", type="EXCESSIVE_PAGINATION")),
        answer(400, {"message": "Problems parsing JSON"}),
        answer(406, b""),
        answer(422, {"message": "Validation Failed", "errors": [{"resource": "Query", "code": "invalid"}]}),
        answer(301, b"", location="https://elsewhere/graphql"),
    ],
)
def test_our_own_mistakes_are_never_repeated(given: Answer) -> None:
    outcome = decoded(given)
    assert isinstance(outcome, Broken)
    assert not outcome.retryable


@pytest.mark.parametrize(
    "fault",
    [
        error("`abc` does not appear to be a valid cursor.", type="INVALID_CURSOR_ARGUMENTS"),
        error("`abc` does not appear to be a valid cursor."),
    ],
)
def test_a_cursor_that_github_forgot_is_told_apart(fault: dict[str, Any]) -> None:
    outcome = decoded(answer(200, fault))
    assert isinstance(outcome, Broken)
    assert (outcome.retryable, outcome.cursor_lost) == (False, True)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (answer(401, {"message": "Bad credentials", "documentation_url": "https://docs"}), DeniedReason.CREDENTIALS),
        (answer(401, {"message": "This endpoint requires you to be authenticated."}), DeniedReason.CREDENTIALS),
        (answer(403, {"message": "Resource not accessible by integration"}), DeniedReason.PERMISSION),
        (answer(403, {"message": "Forbidden"}, **rated(1)), DeniedReason.PERMISSION),
        (answer(200, error("Resource not accessible by integration", type="FORBIDDEN")), DeniedReason.PERMISSION),
        (answer(200, error("Must have read:org.", type="INSUFFICIENT_SCOPES")), DeniedReason.SCOPES),
        (answer(200, error("no", type="FORBIDDEN", extensions={"saml_failure": True})), DeniedReason.SAML),
        (
            answer(200, error("Resource protected by organization SAML enforcement.", type="FORBIDDEN")),
            DeniedReason.SAML,
        ),
        (answer(403, b"", x_github_sso="required; url=https://github.com/orgs/o/sso"), DeniedReason.SAML),
        (answer(200, error("Repository access blocked", type="FORBIDDEN")), DeniedReason.BLOCKED),
    ],
)
def test_refusals_for_good(given: Answer, reason: DeniedReason) -> None:
    outcome = decoded(given)
    assert isinstance(outcome, Denied)
    assert outcome.reason is reason


def test_a_server_without_limits_is_never_out_of_points() -> None:
    forbidden = answer(403, b"", x_ratelimit_limit="0", x_ratelimit_remaining="0")
    assert isinstance(decoded(forbidden), Denied)


def test_what_cannot_be_seen_is_missing() -> None:
    absent = error("Could not resolve to a Repository with the name 'o/r'.", type="NOT_FOUND", path=["repository"])
    assert decoded(answer(200, absent)) == Missing(
        "Could not resolve to a Repository with the name 'o/r'.", permanent=False
    )
    assert isinstance(decoded(answer(404, {"message": "Not Found"})), Missing)


def test_one_wrong_value_spoils_its_parent_and_no_more() -> None:
    outcome = decoded(answer(200, {"data": {"thing": {"id": "x", "names": []}}}))
    assert isinstance(outcome, Partial)
    assert outcome.data == Data(None)
    assert [each.path for each in outcome.errors] == [("thing", "id"), ("thing",)]


def test_tokens_never_reach_a_message() -> None:
    leaking = error("token ghs_12_eyJhbGciOi.x-y_z was refused")
    outcome = decoded(answer(200, leaking))
    assert isinstance(outcome, Broken)
    assert "eyJ" not in outcome.why
