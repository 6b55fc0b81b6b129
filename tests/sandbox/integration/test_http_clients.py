"""Published clients read a repository whole: PyGithub over /api/v3, githubkit over REST and GraphQL."""

import json
from typing import Any

import github
import httpx
import pytest
from githubkit import GitHub, TokenAuthStrategy

from tests.sandbox.conftest import Running, Start

OWNER, NAME = "sandbox", "demo"


@pytest.fixture(scope="module")
def demo(serve: Start) -> Running:
    """A repository that is small, for each client asks for every part of every pull request."""
    return serve("--repo", f"{OWNER}/{NAME}=generate:15", "--repo", "hostile", "--points", "100000")


@pytest.fixture(scope="module")
def truth(demo: Running) -> dict[str, list[Any]]:
    kinds: dict[str, list[Any]] = {}
    with demo.client() as client:
        for line in client.get(f"/_sandbox/truth/{OWNER}/{NAME}").iter_lines():
            row = json.loads(line)
            kinds.setdefault(row["kind"], []).append(row)
    return kinds


def ids(rows: list[Any], number: int) -> list[int]:
    return sorted(int(row["fullDatabaseId"]) for row in rows if row["pullRequest"] == number)


def test_pygithub_reads_it_whole(demo: Running, truth: dict[str, list[Any]]) -> None:
    client = github.Github(
        base_url=f"{demo.url}/api/v3",
        auth=github.Auth.Token("pygithub"),
        per_page=13,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )
    repository = client.get_repo(f"{OWNER}/{NAME}")
    pulls = {pull.number: pull for pull in repository.get_pulls(state="all", sort="created", direction="asc")}
    assert sorted(pulls) == [row["number"] for row in truth["pullRequest"]]
    for row in truth["pullRequest"]:
        number = row["number"]
        pull = pulls[number]
        assert pull.title == row["title"]
        assert pull.merged == row["merged"], "one more request, to the URL inside the object"
        assert (pull.additions, pull.deletions, pull.changed_files) == (
            row["additions"],
            row["deletions"],
            row["changedFiles"],
        )
        assert sorted(review.id for review in pull.get_reviews()) == ids(truth["review"], number)
        assert sorted(each.id for each in pull.get_review_comments()) == ids(truth["reviewComment"], number)
        assert sorted(each.id for each in pull.get_issue_comments()) == ids(truth["issueComment"], number)
        assert sum(1 for _ in pull.get_commits()) == sum(1 for each in truth["commit"] if each["pullRequest"] == number)
        files = [each["path"] for each in truth["file"] if each["pullRequest"] == number]
        assert sorted(each.filename for each in pull.get_files()) == sorted(files)
    assert {label.name for label in repository.get_labels()} == {row["name"] for row in truth["label"] if "name" in row}
    client.close()


def kit(demo: Running) -> GitHub[TokenAuthStrategy]:
    return GitHub("githubkit", base_url=f"{demo.url}/api/v3", auto_retry=False, http_cache=False)


def test_githubkit_validates_every_answer(demo: Running, truth: dict[str, list[Any]]) -> None:
    """Its models are made from the published schema and refuse what does not fit."""
    with kit(demo) as client:
        rest = client.rest
        assert rest.repos.get(OWNER, NAME).parsed_data.full_name == f"{OWNER}/{NAME}"
        listed = list(rest.paginate(rest.pulls.list, owner=OWNER, repo=NAME, state="all", per_page=50))
        assert {pull.number for pull in listed} == {row["number"] for row in truth["pullRequest"]}
        for pull in listed:
            number = pull.number
            assert rest.pulls.get(OWNER, NAME, number).parsed_data.number == number
            reviews = list(rest.paginate(rest.pulls.list_reviews, owner=OWNER, repo=NAME, pull_number=number))
            assert sorted(each.id for each in reviews) == ids(truth["review"], number)
            for review in reviews[:2]:
                rest.pulls.list_comments_for_review(OWNER, NAME, number, review.id).parsed_data  # noqa: B018 - parses
            found = rest.paginate(rest.pulls.list_review_comments, owner=OWNER, repo=NAME, pull_number=number)
            assert sorted(each.id for each in found) == ids(truth["reviewComment"], number)
            comments = rest.paginate(rest.issues.list_comments, owner=OWNER, repo=NAME, issue_number=number)
            assert sorted(each.id for each in comments) == ids(truth["issueComment"], number)
            for path in ("list_commits", "list_files"):
                assert getattr(rest.pulls, path)(OWNER, NAME, number, per_page=100).parsed_data is not None
            assert rest.issues.get(OWNER, NAME, number).parsed_data.number == number


def test_githubkit_validates_the_routes_around_it(demo: Running) -> None:
    with kit(demo) as client:
        rest = client.rest
        number = rest.pulls.list(OWNER, NAME, state="closed").parsed_data[0].number
        sha = rest.repos.list_commits(OWNER, NAME).parsed_data[0].sha
        answers = [
            rest.users.get_authenticated(),
            rest.rate_limit.get(),
            rest.repos.list_contributors(OWNER, NAME),
            rest.issues.list_for_repo(OWNER, NAME, state="all", per_page=100),
            rest.issues.list_comments_for_repo(OWNER, NAME),
            rest.pulls.list_review_comments_for_repo(OWNER, NAME),
            rest.pulls.list_requested_reviewers(OWNER, NAME, number),
            rest.issues.list_events_for_repo(OWNER, NAME),
            rest.issues.list_labels_for_repo(OWNER, NAME),
            rest.issues.list_milestones(OWNER, NAME, state="all"),
            rest.issues.list_assignees(OWNER, NAME),
            rest.repos.get_commit(OWNER, NAME, sha),
            rest.repos.list_pull_requests_associated_with_commit(OWNER, NAME, sha),
            rest.search.issues_and_pull_requests(q=f"repo:{OWNER}/{NAME}"),
            rest.repos.list_for_org(OWNER),
            rest.issues.list_events_for_timeline(OWNER, NAME, number),
        ]
        for answer in answers:
            assert answer.parsed_data is not None


def test_githubkit_validates_the_hostile_repository(demo: Running) -> None:
    """All but what holds half a surrogate pair, which its JSON reader refuses, as many do."""
    with demo.client() as plain:
        listed = plain.get("/repos/hostile/everything/pulls?state=all&per_page=100").content
    numbers = [row["number"] for row in json.loads(listed)]
    unreadable = set()
    with kit(demo) as client:
        pulls, issues = client.rest.pulls, client.rest.issues
        for number in numbers:
            reads = (pulls.get, pulls.list_reviews, pulls.list_review_comments, pulls.list_commits, pulls.list_files)
            for read in (*reads, issues.list_comments, issues.get):
                answer = read("hostile", "everything", number)
                try:
                    answer.content.decode("utf-8")
                    json.dumps(answer.json(), ensure_ascii=False).encode("utf-8")
                except UnicodeEncodeError:
                    unreadable.add(number)
                    continue
                assert answer.parsed_data is not None
    assert len(unreadable) == 1
    assert len(numbers) > 20


def test_githubkit_follows_the_new_version(demo: Running) -> None:
    with kit(demo) as client:
        answer = client.rest("2026-03-10").pulls.list(OWNER, NAME)
        assert answer.parsed_data[0].number > 0


def test_githubkit_asks_graphql(demo: Running) -> None:
    query = "query($o: String!, $n: String!) { repository(owner: $o, name: $n) { nameWithOwner } }"
    with GitHub("githubkit", base_url=demo.url, auto_retry=False) as client:
        assert client.graphql(query, variables={"o": OWNER, "n": NAME}) == {
            "repository": {"nameWithOwner": f"{OWNER}/{NAME}"}
        }


@pytest.mark.parametrize(("number_of_files", "route"), [(3_000, "files"), (250, "commits")])
def test_lists_end_where_githubs_end(demo: Running, number_of_files: int, route: str) -> None:
    base = "/repos/hostile/everything/pulls"
    with demo.client() as client:
        most = 0
        for row in client.get(f"{base}?state=all&per_page=100").json():
            last = client.get(f"{base}/{row['number']}/{route}?per_page=100")
            pages = int(httpx.URL(last.links["last"]["url"]).params["page"]) if "last" in last.links else 1
            rows = client.get(f"{base}/{row['number']}/{route}?per_page=100&page={pages}").json()
            most = max(most, (pages - 1) * 100 + len(rows))
    assert most == number_of_files
