"""Headers of answers: rates, dates, waits and links, in the forms that servers and middlemen send."""

from datetime import UTC, datetime, timedelta

import pytest

from progressive_capture.github.answer import UNNUMBERED, Rate, date, linked_page, rate, retry_after
from progressive_capture.github.headers import request_headers
from progressive_capture.github.secrets import Secret
from tests.unit.github.fakes import NOW


def test_a_rate_is_read_whole() -> None:
    headers = {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "4999",
        "x-ratelimit-used": "1",
        "x-ratelimit-reset": "1763812800",
        "x-ratelimit-resource": "graphql",
    }
    assert rate(headers) == Rate(5000, 4999, 1, datetime.fromtimestamp(1763812800, UTC), "graphql")


@pytest.mark.parametrize("text", ["", "many", "1e3"])
def test_a_rate_that_is_no_number_is_unknown(text: str) -> None:
    assert rate({"x-ratelimit-limit": text, "x-ratelimit-reset": text}) == Rate()


def test_a_rate_of_zero_of_zero_is_not_spent() -> None:
    assert not Rate(limit=0, remaining=0).is_spent
    assert Rate(limit=None, remaining=0).is_spent
    assert not Rate().is_spent


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sun, 22 Nov 2026 12:00:00 GMT", NOW),
        ("Sun, 22 Nov 2026 13:00:00 +0100", NOW),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates(text: str, expected: datetime | None) -> None:
    assert date({"date": text}) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("90", 90), ("1.5", 1.5), ("-3", 0), ("99999999", 86_400), ("nan!", None), ("", None)],
)
def test_waits(text: str, seconds: float | None) -> None:
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert retry_after({"retry-after": text}, NOW) == expected


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ('<https://h/pulls?page=2&per_page=100>; rel="next"', 2),
        ('<https://h/pulls?page=1>; rel="prev", <https://h/pulls?x=1&page=12>; rel="next last"', 12),
        ("<https://h/pulls?page=4>; rel=next", 4),
        ('<https://h/pulls?after=abc>; rel="next"', UNNUMBERED),
        ('<https://h/pulls?page=two>; rel="next"', UNNUMBERED),
        ('<https://h/pulls?page=2>; rel="last"', None),
        ("", None),
        ("<>", None),
    ],
)
def test_links(link: str, page: int | None) -> None:
    assert linked_page({"link": link}, "next") == page


def test_requests_pin_the_version_and_name_themselves() -> None:
    headers = request_headers(Secret("ghp_x"))
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["authorization"] == "Bearer ghp_x"
    assert headers["user-agent"]
    assert "authorization" not in request_headers(None)
