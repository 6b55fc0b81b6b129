"""Names of repositories: what people paste is understood, what cannot be one is refused before anything is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.operator.names import repository_names, web_host

GITHUB = "https://api.github.com"
ENTERPRISE = "https://git.example.com/api/v3"
RESIDENT = "https://api.octo.ghe.com"
LOCAL = "http://127.0.0.1:8080"

LETTERS = st.sampled_from("abcXYZ019-_")
OWNERS = st.text(LETTERS, min_size=1, max_size=39)
REPOSITORIES = st.text(st.sampled_from("abcXYZ019-_."), min_size=1, max_size=100).filter(
    lambda name: name not in {".", ".."} and not name.endswith(".git")
)


@given(OWNERS, REPOSITORIES)
def test_every_name_and_every_address_of_it_is_the_same_repository(owner: str, name: str) -> None:
    full = f"{owner}/{name}"
    forms = [
        full,
        f" {full}\n",
        f"https://github.com/{full}",
        f"https://github.com/{full}.git",
        f"https://www.github.com/{full}/",
        f"https://github.com/{full}/tree/main?w=1#top",
        f"github.com/{full}",
        f"git@github.com:{full}.git",
        f"ssh://git@github.com/{full}.git",
        f"git://github.com/{full}",
    ]
    assert repository_names(forms, GITHUB) == [full]


@pytest.mark.parametrize(
    ("given", "api_url"),
    [
        ("https://git.example.com/o/n", ENTERPRISE),
        ("git@git.example.com:o/n", ENTERPRISE),
        ("https://octo.ghe.com/o/n", RESIDENT),
        ("http://127.0.0.1:8080/o/n", LOCAL),
        ("https://github.com/o/n", LOCAL),
    ],
)
def test_addresses_of_the_github_in_use(given: str, api_url: str) -> None:
    assert repository_names([given], api_url) == ["o/n"]


def test_each_repository_once_in_the_order_given_whatever_the_case() -> None:
    assert repository_names(["b/b", "A/a", "a/A", "B/B", "c/c"], GITHUB) == ["b/b", "A/a", "c/c"]


@pytest.mark.parametrize(
    "given",
    [
        "",
        "owner",
        "owner/",
        "/name",
        "owner/name/more",
        "owner/..",
        "owner/.",
        "../name",
        "owner/na me",
        "owner/name?",
        "owner/n\u00e4me",
        "owner/na\nme",
        "owner/" + "x" * 101,
        "https://github.com/owner",
        "https://github.com/",
        "https://[::1/o/n",
        "https:///o/n",
        "github.com/owner",
        "$(id)/name",
        "undefined",
    ],
)
def test_what_is_no_name_is_refused_in_one_sentence(given: str) -> None:
    with pytest.raises(UsageError, match=r"is no repository name: give it as owner/name") as caught:
        repository_names([given], GITHUB)
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("page", ["pull/3", "pull/3/files?w=1#top", "issues/3", "pull/3/"])
@pytest.mark.parametrize("before", ["https://github.com", "github.com"])
def test_one_pull_request_is_never_taken_for_all(page: str, before: str) -> None:
    with pytest.raises(UsageError, match=r"is the address of one pull .* give o/r for the whole .* --numbers 3 where"):
        repository_names([f"{before}/o/r/{page}"], GITHUB)


def test_an_address_of_another_github_is_not_asked_of_this_one() -> None:
    with pytest.raises(UsageError, match=r"is an address at git.example.com, but https://api.github.com serves"):
        repository_names(["https://git.example.com/o/n"], GITHUB)


@pytest.mark.parametrize(
    ("api_url", "host"),
    [(GITHUB, "github.com"), (ENTERPRISE, "git.example.com"), (RESIDENT, "octo.ghe.com"), (LOCAL, None)],
)
def test_the_host_whose_pages_people_see(api_url: str, host: str | None) -> None:
    assert web_host(api_url) == host
