"""Every form in which GitHub's REST API was seen to answer, and what it means."""

from datetime import datetime, timedelta

import msgspec
import pytest

from progressive_capture.github.answer import Answer
from progressive_capture.github.limits import Refusals
from progressive_capture.github.outcomes import (
    Broken,
    Denied,
    DeniedReason,
    Missing,
    Moved,
    NotModified,
    Outcome,
    Page,
    Throttled,
    ThrottleKind,
)
from progressive_capture.github.payload import Shape
from progressive_capture.github.rest_answer import RestPage, decode_rest
from tests.unit.github.fakes import NOW, RESET, answer, rated

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
PRIMARY = (
    "API rate limit exceeded for user ID 1. (But here's the good news: Authenticated requests get a higher limit.)"
)
AT_RESET = datetime.fromtimestamp(RESET, tz=NOW.tzinfo) + timedelta(seconds=1)


class Item(msgspec.Struct):
    id: int


SHAPE = Shape[list[Item]](list[Item])


def decoded(given: Answer) -> Outcome[RestPage[list[Item]]]:
    return decode_rest(given, SHAPE, NOW, Refusals())


def test_a_page_knows_where_the_list_goes_on() -> None:
    link = (
        '<https://api.github.com/repositories/1/pulls?state=all&page=3>; rel="next", '
        '<https://api.github.com/repositories/1/pulls?state=all&page=9>; rel="last"'
    )
    assert decoded(answer(200, [{"id": 2**40}], link=link)) == Page(RestPage([Item(2**40)], 3, 9))
    assert decoded(answer(200, [])) == Page(RestPage([], None, None))


def test_nothing_is_an_answer_only_where_it_may_be() -> None:
    assert decode_rest(answer(204), SHAPE, NOW, Refusals(), empty=[]) == Page(RestPage([], None, None))
    assert isinstance(decoded(answer(204)), Broken)


def test_the_last_good_answer_before_the_limit_is_good() -> None:
    assert isinstance(decoded(answer(200, [], **rated(0))), Page)


@pytest.mark.parametrize("status", [403, 429])
def test_the_primary_limit(status: int) -> None:
    outcome = decoded(answer(status, {"message": PRIMARY}, **rated(0)))
    assert isinstance(outcome, Throttled)
    assert (outcome.kind, outcome.until) == (ThrottleKind.PRIMARY, AT_RESET)
    assert "5000" in outcome.why


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("headers", "until"),
    [
        ({"retry_after": "60"}, NOW + timedelta(seconds=60)),
        ({"retry_after": "Sun, 22 Nov 2026 12:05:00 GMT"}, NOW + timedelta(minutes=5)),
        ({"retry_after": "soon"}, NOW + timedelta(seconds=60)),
        ({}, NOW + timedelta(seconds=60)),
    ],
)
@pytest.mark.parametrize("text", [SECONDARY, "You have triggered an abuse detection mechanism."])
def test_the_secondary_limit(status: int, headers: dict[str, str], until: datetime, text: str) -> None:
    outcome = decoded(answer(status, {"message": text}, **rated(4_990), **headers))
    assert isinstance(outcome, Throttled)
    assert (outcome.kind, outcome.until) == (ThrottleKind.SECONDARY, until)


@pytest.mark.parametrize(
    "headers",
    [
        {"retry_after": "0"},
        {"retry_after": "-5"},
        {"retry_after": "Sun, 22 Nov 2025 12:00:00 GMT"},
        rated(0) | {"x_ratelimit_reset": "1000"},
    ],
)
@pytest.mark.parametrize("text", [PRIMARY, SECONDARY, ""])
@pytest.mark.parametrize(("refused_before", "seconds"), [(0, 1), (1, 2), (5, 32), (99, 960)])
def test_an_end_that_is_over_is_no_leave_to_ask_at_once(
    headers: dict[str, str], text: str, refused_before: int, seconds: int
) -> None:
    """Else a server that always says so would be asked as fast as it answers."""
    given = answer(429, {"message": text}, **headers)
    outcome = decode_rest(given, SHAPE, NOW, Refusals(refused_before))
    assert isinstance(outcome, Throttled)
    states_none = text == SECONDARY and "retry_after" not in headers
    wait = min(60 * seconds, 960) if states_none else seconds
    assert outcome.until == NOW + timedelta(seconds=wait)


def test_an_end_that_is_ahead_is_believed_though_it_was_not_kept_before() -> None:
    given = answer(429, {"message": SECONDARY}, retry_after="60")
    outcome = decode_rest(given, SHAPE, NOW, Refusals(3))
    assert isinstance(outcome, Throttled)
    assert outcome.until == NOW + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (answer(429, b""), ThrottleKind.SECONDARY),
        (answer(429, b"<html>", **rated(0)), ThrottleKind.PRIMARY),
        (answer(403, b"<html>", retry_after="5"), ThrottleKind.SECONDARY),
        (answer(403, b"<html>", **rated(0)), ThrottleKind.PRIMARY),
        (answer(403, {"message": "Must have push access"}, **rated(0)), ThrottleKind.PRIMARY),
    ],
)
def test_limits_without_their_words(given: Answer, kind: ThrottleKind) -> None:
    outcome = decoded(given)
    assert isinstance(outcome, Throttled)
    assert outcome.kind is kind


def test_a_reset_that_is_past_or_absurdly_far_is_bounded() -> None:
    past = decoded(answer(403, {"message": PRIMARY}, x_ratelimit_remaining="0", x_ratelimit_reset="1000"))
    far = decoded(answer(403, {"message": PRIMARY}, x_ratelimit_remaining="0", x_ratelimit_reset="99999999999"))
    none = decoded(answer(403, {"message": PRIMARY}, x_ratelimit_remaining="0", x_ratelimit_reset="never"))
    untils = [outcome.until - NOW for outcome in (past, far, none) if isinstance(outcome, Throttled)]
    assert untils == [timedelta(seconds=1), timedelta(minutes=65), timedelta(seconds=60)]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (answer(401, {"message": "Bad credentials"}), DeniedReason.CREDENTIALS),
        (answer(401, {"message": "Requires authentication"}), DeniedReason.CREDENTIALS),
        (answer(401, {"message": "This token has expired."}), DeniedReason.EXPIRED),
        (answer(403, {"message": "Resource not accessible by integration"}), DeniedReason.PERMISSION),
        (answer(403, {"message": "Must have admin rights to Repository."}, **rated(1)), DeniedReason.PERMISSION),
        (answer(403, {"message": "Resource protected by organization SAML enforcement."}), DeniedReason.SAML),
        (answer(403, {"message": "Forbidden"}, x_github_sso="required; url=https://x"), DeniedReason.SAML),
        (answer(451, {"message": "Repository access blocked", "block": {"reason": "dmca"}}), DeniedReason.BLOCKED),
        (answer(403, {"message": "Repository access blocked", "block": {"reason": "tos"}}), DeniedReason.BLOCKED),
        (answer(451, b""), DeniedReason.BLOCKED),
    ],
)
def test_refusals_for_good(given: Answer, reason: DeniedReason) -> None:
    outcome = decoded(given)
    assert isinstance(outcome, Denied)
    assert outcome.reason is reason


def test_a_blocked_repository_says_why() -> None:
    outcome = decoded(answer(451, {"message": "Repository access blocked", "block": {"reason": "dmca"}}))
    assert isinstance(outcome, Denied)
    assert "(dmca)" in outcome.why


def test_what_is_gone_and_what_is_not_found() -> None:
    gone, absent = (
        decoded(answer(410, {"message": "Issues are disabled"})),
        decoded(answer(404, {"message": "Not Found"})),
    )
    assert isinstance(gone, Missing)
    assert isinstance(absent, Missing)
    assert (gone.permanent, absent.permanent) == (True, False)


@pytest.mark.parametrize(("status", "permanent"), [(301, True), (308, True), (302, False), (307, False)])
def test_what_moved(status: int, permanent: bool) -> None:  # noqa: FBT001 - a table's column
    moved = decoded(answer(status, {"message": "Moved Permanently"}, location="https://api.github.com/repositories/1"))
    assert moved == Moved("https://api.github.com/repositories/1", permanent)
    assert isinstance(decoded(answer(status)), Broken)


def test_not_modified() -> None:
    assert decoded(answer(304)) == NotModified()


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
@pytest.mark.parametrize("body", [b"", b"<html>", {"message": "Server Error"}])
def test_servers_in_trouble_may_be_asked_again(status: int, body: object) -> None:
    outcome = decoded(answer(status, body))
    assert isinstance(outcome, Broken)
    assert outcome.retryable


def test_a_wrong_request_is_told_in_full_and_never_repeated() -> None:
    errors = [{"resource": "PullRequest", "field": "page", "code": "invalid"}, "In order to keep the API fast"]
    outcome = decoded(answer(422, {"message": "Validation Failed", "errors": errors}))
    assert outcome == Broken(
        "GitHub answered 422 (Validation Failed; PullRequest page invalid; In order to keep the API fast).",
        retryable=False,
    )
    assert decoded(answer(422, {"message": "No", "errors": "spammed"})) == Broken(
        "GitHub answered 422 (No; spammed).", retryable=False
    )


@pytest.mark.parametrize("body", [b"", b"[{", b"{}", [{"id": None}], {"message": "?"}])
def test_a_body_that_cannot_be_read_is_broken(body: object) -> None:
    outcome = decoded(answer(200, body))
    assert isinstance(outcome, Broken)
    assert outcome.retryable
