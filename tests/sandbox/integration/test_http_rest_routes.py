"""Every REST route over a real socket: shapes by githubkit's models, paging, conditional requests, errors."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Running, Start

DEMO = "/repos/sandbox/demo"


@pytest.fixture(scope="module")
def client(demo: Running) -> Iterator[httpx.Client]:
    with demo.client() as made:
        yield made


def walk(client: httpx.Client, path: str) -> list[Any]:
    rows: list[Any] = []
    url: str | None = path
    while url:
        answer = client.get(url)
        assert answer.status_code == 200, answer.text
        rows += answer.json()
        url = answer.links.get("next", {}).get("url")
    return rows


@pytest.fixture(scope="module")
def truth(client: httpx.Client) -> dict[str, list[Any]]:
    kinds: dict[str, list[Any]] = {}
    for line in client.get("/_sandbox/truth/sandbox/demo").iter_lines():
        row = httpx.Response(200, content=line.encode()).json()
        kinds.setdefault(row["kind"], []).append(row)
    return kinds


def test_the_list_of_pull_requests_is_whole_and_ordered(client: httpx.Client, truth: dict[str, list[Any]]) -> None:
    rows = walk(client, f"{DEMO}/pulls?state=all&sort=created&direction=asc&per_page=7")
    assert [row["number"] for row in rows] == sorted(row["number"] for row in truth["pullRequest"])
    assert [row["created_at"] for row in rows] == sorted(row["created_at"] for row in rows)
    newest = walk(client, f"{DEMO}/pulls?state=all&per_page=100")
    assert [row["number"] for row in newest] == [row["number"] for row in rows][::-1]


@pytest.mark.parametrize("sort", ["updated", "popularity", "long-running"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_sorted_lists_hold_the_same_pull_requests(client: httpx.Client, sort: str, direction: str) -> None:
    rows = walk(client, f"{DEMO}/pulls?state=all&sort={sort}&direction={direction}&per_page=9")
    every = walk(client, f"{DEMO}/pulls?state=all&per_page=100")
    assert {row["id"] for row in rows} == {row["id"] for row in every}
    assert len(rows) == len(every)
    if sort == "updated":
        stamps = [row["updated_at"] for row in rows]
        assert stamps == sorted(stamps, reverse=direction == "desc")


def test_states_part_the_list(client: httpx.Client) -> None:
    parts = {state: walk(client, f"{DEMO}/pulls?state={state}&per_page=100") for state in ("open", "closed", "all")}
    assert len(parts["open"]) + len(parts["closed"]) == len(parts["all"])
    assert {row["state"] for row in parts["open"]} <= {"open"}
    assert {row["state"] for row in parts["closed"]} == {"closed"}
    assert walk(client, f"{DEMO}/pulls?per_page=100") == parts["open"]


def test_list_items_lack_what_only_one_pull_request_tells(client: httpx.Client) -> None:
    item = client.get(f"{DEMO}/pulls?state=all").json()[0]
    whole = client.get(f"{DEMO}/pulls/{item['number']}").json()
    only = {
        "merged", "mergeable", "rebaseable", "mergeable_state", "merged_by", "comments", "review_comments",
        "maintainer_can_modify", "commits", "additions", "deletions", "changed_files",
    }  # fmt: skip
    assert set(whole) - set(item) == only
    assert {key: whole[key] for key in item} == item


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("review", "pulls/{}/reviews"),
        ("reviewComment", "pulls/{}/comments"),
        ("issueComment", "issues/{}/comments"),
        ("commit", "pulls/{}/commits"),
        ("file", "pulls/{}/files"),
    ],
)
def test_what_hangs_on_a_pull_request_is_whole(
    client: httpx.Client, truth: dict[str, list[Any]], kind: str, path: str
) -> None:
    expected: dict[int, int] = {}
    for row in truth[kind]:
        expected[row["pullRequest"]] = expected.get(row["pullRequest"], 0) + 1
    for row in truth["pullRequest"]:
        found = walk(client, f"{DEMO}/{path.format(row['number'])}?per_page=3")
        assert len(found) == expected.get(row["number"], 0), row["number"]


def test_repository_wide_comments_are_whole_sorted_and_cut_by_since(
    client: httpx.Client, truth: dict[str, list[Any]]
) -> None:
    rows = walk(client, f"{DEMO}/pulls/comments?sort=updated&direction=asc&per_page=50")
    assert len(rows) == len(truth["reviewComment"])
    stamps = [row["updated_at"] for row in rows]
    assert stamps == sorted(stamps)
    middle = stamps[len(stamps) // 2]
    later = walk(client, f"{DEMO}/pulls/comments?since={middle}&per_page=100")
    assert {row["id"] for row in later} == {row["id"] for row in rows if row["updated_at"] >= middle}


def test_comments_mix_issues_and_pull_requests(client: httpx.Client, truth: dict[str, list[Any]]) -> None:
    rows = walk(client, f"{DEMO}/issues/comments?per_page=100")
    on_pulls = [row for row in rows if "/pull/" in row["html_url"]]
    assert len(on_pulls) == len(truth["issueComment"])
    assert client.get(f"{DEMO}/issues/comments/{rows[0]['id']}").json() == rows[0]
    assert client.get(f"{DEMO}/issues/comments/{rows[-1]['id']}").json() == rows[-1]


def test_issues_hold_pull_requests_too(client: httpx.Client, truth: dict[str, list[Any]]) -> None:
    rows = walk(client, f"{DEMO}/issues?state=all&per_page=100&sort=created&direction=asc")
    numbers = [row["number"] for row in rows]
    assert sorted(numbers) == list(range(1, max(numbers) + 1))
    assert sum("pull_request" in row for row in rows) == len(truth["pullRequest"])
    opened = walk(client, f"{DEMO}/issues?per_page=100")
    assert client.get(DEMO).json()["open_issues_count"] == len(opened)
    some = next(row for row in rows if row["labels"])
    wanted = some["labels"][0]["name"]
    chosen = walk(client, f"{DEMO}/issues?state=all&labels={wanted}&per_page=100")
    assert [row["number"] for row in chosen] == [
        row["number"] for row in rows[::-1] if wanted in {label["name"] for label in row["labels"]}
    ]


def test_link_leads_forward_and_back_under_the_repositorys_id(client: httpx.Client, demo: Running) -> None:
    answer = client.get(f"{DEMO}/pulls?state=all&per_page=10&page=2")
    assert set(answer.links) == {"prev", "next", "last", "first"}
    number = client.get(DEMO).json()["id"]
    for link in answer.links.values():
        assert link["url"].startswith(f"{demo.url}/repositories/{number}/pulls?state=all&per_page=10&page=")
    assert "next" not in client.get(answer.links["last"]["url"]).links


def test_a_page_past_the_end_is_empty(client: httpx.Client) -> None:
    assert client.get(f"{DEMO}/pulls?page=99").json() == []


@pytest.mark.parametrize(("per_page", "count"), [("1000", 60), ("0", 30), ("abc", 30), ("-1", 30)])
def test_odd_page_sizes_count_as_github_counts_them(client: httpx.Client, per_page: str, count: int) -> None:
    assert len(client.get(f"{DEMO}/pulls?state=all&per_page={per_page}").json()) == count


def test_object_urls_differ_by_root_and_link_never_does(demo: Running) -> None:
    with demo.client() as plain, demo.client(enterprise=True) as enterprise:
        one = plain.get(f"{DEMO}/pulls?per_page=1&state=all")
        other = enterprise.get(f"{DEMO}/pulls?per_page=1&state=all")
    assert one.json()[0]["url"].startswith("https://api.github.com/repos/sandbox/demo/pulls/")
    assert other.json()[0]["url"].startswith(f"{demo.url}/api/v3/repos/sandbox/demo/pulls/")
    assert one.links["next"]["url"].startswith(f"{demo.url}/repositories/")
    assert other.links["next"]["url"].startswith(f"{demo.url}/api/v3/repositories/")


def test_a_304_costs_no_point_for_a_token(demo: Running) -> None:
    with demo.client("etag-reader") as client:
        first = client.get(f"{DEMO}/pulls")
        again = client.get(f"{DEMO}/pulls", headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"] == "1"
        one = client.get(f"{DEMO}/pulls/1")
        dated = client.get(f"{DEMO}/pulls/1", headers={"if-modified-since": one.headers["last-modified"]})
        assert dated.status_code == 304
    with demo.client("another") as client:
        other = client.get(f"{DEMO}/pulls", headers={"if-none-match": first.headers["etag"]})
        assert other.status_code == 200, "an ETag is one token's own"


def test_a_304_costs_a_point_without_a_token(demo: Running) -> None:
    with demo.client("") as client:
        first = client.get(f"{DEMO}/labels")
        again = client.get(f"{DEMO}/labels", headers={"if-none-match": first.headers["etag"]})
        assert again.status_code == 304
        assert int(again.headers["x-ratelimit-used"]) == int(first.headers["x-ratelimit-used"]) + 1
        assert first.headers["x-ratelimit-limit"] == "60"


def test_a_head_request_has_headers_and_no_body(client: httpx.Client) -> None:
    answer = client.head(f"{DEMO}/pulls")
    assert answer.content == b""
    assert int(answer.headers["content-length"]) > 1_000


def test_a_diff_is_given_by_its_media_type(client: httpx.Client, truth: dict[str, list[Any]]) -> None:
    row = next(row for row in truth["pullRequest"] if 0 < row["changedFiles"] < 20)
    answer = client.get(f"{DEMO}/pulls/{row['number']}", headers={"accept": "application/vnd.github.diff"})
    assert answer.headers["content-type"].startswith("application/vnd.github.diff")
    assert answer.text.count("diff --git ") == row["changedFiles"]


def test_versions_differ_by_what_the_new_one_removed(client: httpx.Client) -> None:
    old = client.get(f"{DEMO}/pulls/1")
    new = client.get(f"{DEMO}/pulls/1", headers={"x-github-api-version": "2026-03-10"})
    assert set(old.json()) - set(new.json()) == {"merge_commit_sha", "assignee"}
    assert new.headers["x-github-api-version-selected"] == "2026-03-10"
    assert "rate" in client.get("/rate_limit").json()
    assert "rate" not in client.get("/rate_limit", headers={"x-github-api-version": "2026-03-10"}).json()
    assert client.get(DEMO, headers={"x-github-api-version": "2021-01-01"}).status_code == 400


def test_search_finds_and_ends_at_a_thousand(client: httpx.Client, truth: dict[str, list[Any]]) -> None:
    found = client.get("/search/issues", params={"q": "repo:sandbox/demo is:pr", "per_page": "10"})
    assert found.json()["total_count"] == len(truth["pullRequest"])
    assert len(found.json()["items"]) == 10
    assert found.headers["x-ratelimit-resource"] == "search"
    assert client.get("/search/issues?q=x&page=11&per_page=100").status_code == 422
    assert client.get("/search/issues").status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/repos/sandbox/none",
        f"{DEMO}/pulls/99999",
        f"{DEMO}/pulls/abc",
        f"{DEMO}/issues/99999",
        f"{DEMO}/pulls/1/reviews/1",
        f"{DEMO}/issues/comments/1",
        f"{DEMO}/pulls/comments/1",
        f"{DEMO}/labels/none",
        f"{DEMO}/milestones/999",
        "/users/nobody-at-all",
        "/orgs/nobody-at-all",
        "/repositories/1",
        "/repositories/x",
        "/nothing/here",
        "/repos/hostile/private",
        "/repos/hostile/deleted",
    ],
)
def test_what_is_missing_or_hidden_is_404(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["message"] == "Not Found"


@pytest.mark.parametrize("since", ["yesterday", "2026-13-45", "2026-02-30T00:00:00Z", "2026-01-01T24:61:00Z"])
@pytest.mark.parametrize("route", ["issues/comments?since", "commits?since", "commits?until"])
def test_a_bad_time_is_422(client: httpx.Client, since: str, route: str) -> None:
    answer = client.get(f"{DEMO}/{route}={since}")
    assert answer.status_code == 422
    assert answer.json()["message"] == "Validation Failed"
    assert answer.json()["errors"][0]["field"] == route.partition("?")[2]


def test_commits_between_two_moments(client: httpx.Client) -> None:
    dates = [each["commit"]["committer"]["date"] for each in walk(client, f"{DEMO}/commits?per_page=100")]
    late, early = dates[len(dates) // 3], dates[2 * len(dates) // 3]
    between = walk(client, f"{DEMO}/commits?since={early}&until={late}&per_page=100")
    assert [each["commit"]["committer"]["date"] for each in between] == [x for x in dates if early <= x <= late]
    day = walk(client, f"{DEMO}/commits?since={early[:10]}&per_page=100")
    assert len(day) == sum(each >= early[:10] for each in dates)


def test_a_blocked_repository_is_451(client: httpx.Client) -> None:
    answer = client.get("/repos/hostile/blocked/pulls")
    assert answer.status_code == 451
    assert answer.json()["block"]["reason"] == "dmca"


@pytest.mark.parametrize("name", ["renamed", "transferred"])
def test_a_moved_repository_leads_to_its_id(demo: Running, name: str) -> None:
    with demo.client() as client:
        answer = client.get(f"/repos/hostile/{name}/pulls?per_page=1")
        assert answer.status_code == 301, "served under its former name"
        location = answer.headers["location"]
        assert re.fullmatch(rf"{demo.url}/repositories/\d+/pulls\?per_page=1", location)
        assert client.get(location).status_code == 200


def test_secrets_and_agents_are_wanted(demo: Running) -> None:
    with demo.client("") as client:
        assert client.get("/user").status_code == 401
        assert client.get("/user", headers={"authorization": "Digest x"}).json()["message"] == "Bad credentials"
        assert client.get(DEMO, headers={"user-agent": ""}).status_code == 403


def test_the_viewer_has_one_node_id_in_both_apis(client: httpx.Client) -> None:
    viewer = client.post("/graphql", json={"query": "{ viewer { id databaseId } }"}).json()["data"]["viewer"]
    user = client.get("/user").json()
    assert (user["node_id"], user["id"]) == (viewer["id"], viewer["databaseId"])


def test_private_repositories_open_for_those_named(serve: Start, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("tokens") / "tokens.json"
    path.write_text('{"tokens": {"in": {"user": "insider", "private": ["hostile/private"]}, "out": {"user": "o"}}}')
    running = serve("--repo", "hostile", "--tokens", path)
    with running.client("in") as client:
        assert client.get("/repos/hostile/private").json()["private"] is True
        assert client.get("/user").json()["login"] == "insider"
    with running.client("out") as client:
        assert client.get("/repos/hostile/private").status_code == 404
    with running.client("unknown") as client:
        assert client.get("/repos/hostile/private").status_code == 401


def test_every_other_route_answers(client: httpx.Client) -> None:
    closed = client.get(f"{DEMO}/pulls?state=closed").json()
    number = next(each["number"] for each in closed if each["labels"])
    sha = client.get(f"{DEMO}/commits").json()[0]["sha"]
    for path in (
        "/", "/meta", "/user", "/rate_limit", "/orgs/sandbox/repos", f"{DEMO}/contributors", f"{DEMO}/assignees",
        f"{DEMO}/issues/events", f"{DEMO}/issues/{number}/events", f"{DEMO}/issues/{number}/timeline",
        f"{DEMO}/issues/{number}/labels", f"{DEMO}/pulls/{number}/requested_reviewers", f"{DEMO}/commits/{sha}",
        f"{DEMO}/commits/{sha}/pulls", f"{DEMO}/labels", f"{DEMO}/milestones?state=all",
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.text[:300])
        assert answer.json(), path


@pytest.mark.parametrize("path", ["commits/0000000", "commits/no-such-branch/pulls"])
def test_a_commit_that_is_not_there_is_refused_by_its_name(client: httpx.Client, path: str) -> None:
    answer = client.get(f"{DEMO}/{path}")
    assert answer.status_code == 422
    assert answer.json()["message"] == f"No commit found for SHA: {path.split('/')[1]}"
