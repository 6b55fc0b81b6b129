"""API addresses: what is allowed, what follows, and where a redirect may lead."""

import pytest

from progressive_capture.domain.errors import UsageError
from progressive_capture.github.addresses import ApiAddress


@pytest.mark.parametrize(
    ("text", "rest", "graphql"),
    [
        ("https://api.github.com", "https://api.github.com", "https://api.github.com/graphql"),
        ("https://API.github.com/", "https://api.github.com", "https://api.github.com/graphql"),
        ("https://api.octo.ghe.com", "https://api.octo.ghe.com", "https://api.octo.ghe.com/graphql"),
        ("https://git.example/api/v3/", "https://git.example/api/v3", "https://git.example/api/graphql"),
        ("http://127.0.0.1:8901", "http://127.0.0.1:8901", "http://127.0.0.1:8901/graphql"),
        ("http://localhost:8901/api/v3", "http://localhost:8901/api/v3", "http://localhost:8901/api/graphql"),
        ("http://[::1]:8901", "http://[::1]:8901", "http://[::1]:8901/graphql"),
    ],
)
def test_graphql_follows_from_rest(text: str, rest: str, graphql: str) -> None:
    address = ApiAddress.parse(text)
    assert (address.rest, address.graphql) == (rest, graphql)
    assert address.url("/user") == f"{rest}/user"


@pytest.mark.parametrize(
    "text",
    [
        "http://api.github.com",
        "http://192.168.0.4:8901",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "ftp://api.github.com",
        "api.github.com",
        "",
        "https://",
        "https://h:99999",
        "https://me:ghp_x@api.github.com",
        "https://api.github.com?x=1",
        "https://api.github.com#x",
    ],
)
def test_what_is_no_address_or_would_show_the_token_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        ApiAddress.parse(text)
    assert str(refused.value)


@pytest.mark.parametrize(
    ("location", "followed"),
    [
        ("https://api.github.com/repositories/1", "https://api.github.com/repositories/1"),
        ("/repositories/1?x=2", "https://api.github.com/repositories/1?x=2"),
        ("https://evil.example/repositories/1", None),
        ("http://api.github.com/repositories/1", None),
        ("https://api.github.com:444/repositories/1", None),
        ("//evil.example/x", None),
    ],
)
def test_redirects_stay_on_the_server_that_may_see_the_token(location: str, followed: str | None) -> None:
    assert ApiAddress.parse("https://api.github.com").same_origin(location) == followed
