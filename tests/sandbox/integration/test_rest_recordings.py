"""Recorded answers of GitHub against the stand-in's answers to like requests: the same keys and JSON types.

What differs is listed with reasons in tests/sandbox/rest_differences.toml, and nothing else may differ.
"""

import gzip
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Running, Start
from tests.sandbox.shapes import Shape, differences, shape_of

REPOSITORY = r"/repos/[^/]+/[^/]+|/repositories/\d+"
ROUTES = {
    "repo": r"/repos/[^/]+/[^/]+",
    "pulls": rf"(?:{REPOSITORY})/pulls",
    "pull": rf"(?:{REPOSITORY})/pulls/\d+",
    "pull comments": rf"(?:{REPOSITORY})/pulls/\d+/comments",
    "pull commits": rf"(?:{REPOSITORY})/pulls/\d+/commits",
    "reviews": rf"(?:{REPOSITORY})/pulls/\d+/reviews",
    "review comments": rf"(?:{REPOSITORY})/pulls/\d+/reviews/\d+/comments",
    "comment": rf"(?:{REPOSITORY})/pulls/comments/\d+",
    "issues": rf"(?:{REPOSITORY})/issues",
    "issue": rf"(?:{REPOSITORY})/issues/\d+",
    "issue comments": rf"(?:{REPOSITORY})/issues/\d+/comments",
    "issue events": rf"(?:{REPOSITORY})/issues/\d+/events",
    "events": rf"(?:{REPOSITORY})/issues/events",
    "commits": rf"(?:{REPOSITORY})/commits",
    "commit": rf"(?:{REPOSITORY})/commits/\w+",
    "commit pulls": rf"(?:{REPOSITORY})/commits/\w+/pulls",
    "contributors": rf"(?:{REPOSITORY})/contributors",
    "search": r"/search/issues",
    "user": r"/user",
    "users": r"/users/[^/]+",
    "org": r"/orgs/[^/]+",
    "rate_limit": r"/rate_limit",
}
NOT_SERVED = {
    r".*/branches|.*/git/refs/.*|.*/compare/.*": "contents of the git repository",
    r"/orgs/[^/]+/teams/.*|/organizations/\d+/team/\d+": "teams",
    r"/search/repositories": "search for repositories",
    r".*/issues/events/\d+": "single events",
    r".*/reactions": "reactions, of which the stand-in knows none",
}
DIFFERENCES = Path(__file__).parent.parent / "rest_differences.toml"


def recorded_gets(folder: Path) -> Iterator[tuple[str, Any]]:
    for name in ("hub4j_exchanges", "octokit_fixtures_exchanges"):
        with gzip.open(folder / "rest" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                body = row["response"]["body"]
                answered = row["request"]["method"] == "GET" and row["response"]["status"] == 200
                if answered and isinstance(body, dict | list):
                    yield row["request"]["url"].partition("?")[0], body


@pytest.fixture(scope="module")
def recorded(data: Path) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    for url, body in recorded_gets(data):
        name = next((name for name, pattern in ROUTES.items() if re.fullmatch(pattern, url)), None)
        if name is not None:
            shape_of(body, shapes.setdefault(name, defaultdict(set)))
        else:
            assert any(re.fullmatch(pattern, url) for pattern in NOT_SERVED), f"{url} is neither served nor listed"
    return shapes


class Asker:
    """Asks the stand-in, and keeps the shapes of its answers by route."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.shapes: dict[str, Shape] = {}

    def ask(self, name: str, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.text[:300])
        assert re.fullmatch(ROUTES[name], path.partition("?")[0])
        shape_of(answer.json(), self.shapes.setdefault(name, defaultdict(set)))
        return answer.json()

    def repository(self, base: str) -> None:
        self.ask("repo", base)
        for row in self.ask("pulls", f"{base}/pulls?state=all&per_page=100")[:60]:
            self.pull(base, row["number"])
        for row in self.client.get(f"{base}/pulls/comments").json()[:20]:
            self.ask("comment", f"{base}/pulls/comments/{row['id']}")
        self.ask("issues", f"{base}/issues?state=all&per_page=100")
        self.ask("events", f"{base}/issues/events?per_page=100")
        for row in self.ask("commits", f"{base}/commits")[:10]:
            self.ask("commit", f"{base}/commits/{row['sha']}")
            self.ask("commit pulls", f"{base}/commits/{row['sha']}/pulls")
        for row in self.ask("contributors", f"{base}/contributors")[:5]:
            self.ask("users", f"/users/{row['login']}")

    def pull(self, base: str, number: int) -> None:
        pull, issue = f"{base}/pulls/{number}", f"{base}/issues/{number}"
        self.ask("pull", pull)
        self.ask("pull comments", f"{pull}/comments")
        self.ask("pull commits", f"{pull}/commits")
        for review in self.ask("reviews", f"{pull}/reviews")[:3]:
            self.ask("review comments", f"{pull}/reviews/{review['id']}/comments")
        self.ask("issue", issue)
        self.ask("issue comments", f"{issue}/comments")
        self.ask("issue events", f"{issue}/events")


@pytest.fixture(scope="module")
def ours(serve: Start) -> dict[str, Shape]:
    running: Running = serve("--repo", "octo/demo=generate:300", "--repo", "hostile")
    with running.client() as client:
        asker = Asker(client)
        asker.repository("/repos/octo/demo")
        asker.repository("/repos/hostile/everything")
        asker.ask("search", "/search/issues?q=repo:octo/demo")
        asker.ask("user", "/user")
        asker.ask("rate_limit", "/rate_limit")
        asker.ask("org", "/orgs/octo")
    return asker.shapes


def test_every_difference_is_listed_with_a_reason_and_none_is_listed_in_vain(
    recorded: dict[str, Shape], ours: dict[str, Shape]
) -> None:
    listed = tomllib.loads(DIFFERENCES.read_text(encoding="utf-8"))["difference"]
    assert all(entry["reason"] for entry in listed)
    patterns = {
        (entry["kind"], route, pattern) for entry in listed for route in entry["routes"] for pattern in entry["paths"]
    }
    used, unlisted = set(), []
    assert recorded.keys() == ROUTES.keys()
    for route, shape in recorded.items():
        for kind, path in sorted(differences(shape, ours[route])):
            fitting = {
                entry
                for entry in patterns
                if entry[0] == kind and entry[1] in {"*", route} and fnmatchcase(path, entry[2])
            }
            used |= fitting
            if not fitting:
                unlisted.append((route, kind, path))
    assert unlisted == []
    needed = {(kind, pattern) for kind, _, pattern in used}
    assert [entry for entry in patterns - used if (entry[0], entry[2]) not in needed] == []


def test_shapes_tell_missing_extra_and_changed_keys() -> None:
    one, other = shape_of({"a": 1, "b": [{"c": "x"}]}), shape_of({"a": "1", "b": [{"d": None}]})
    assert differences(one, other) == {("type", "$.a"), ("missing", "$.b[].c"), ("extra", "$.b[].d")}
    assert differences(shape_of({"a": {"b": 1}}), shape_of({"a": None})) == set()
