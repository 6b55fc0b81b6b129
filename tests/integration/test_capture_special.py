"""Repositories that are hard to reach: captured under their names of now, or refused in one sentence."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from progressive_capture.domain.errors import CaptureFailed
from progressive_capture.domain.kinds import Kind, State
from tests.support.capturing import Desk
from tests.support.little_github import START, LittleGitHub, Visitor
from tests.support.stand_ins import Running, Start

READABLE = {
    "hostile/archived": "hostile/archived",
    "hostile/renamed": "hostile/renamed-since",
    "hostile/transferred": "elsewhere/transferred",
    "hostile/empty": "hostile/empty",
}
REFUSED = {
    "hostile/private": "GitHub has no repository hostile/private, or this token may not see it",
    "hostile/deleted": "GitHub has no repository hostile/deleted",
    "hostile/blocked": "GitHub has blocked this repository",
    "hostile/unknown": "GitHub has no repository hostile/unknown",
}


@pytest.fixture(scope="module")
def running(serve: Start, tmp_path_factory: pytest.TempPathFactory) -> Running:
    """The hostile repositories, and two tokens: only one may read the private one."""
    tokens = tmp_path_factory.mktemp("tokens") / "tokens.json"
    users = {"captor": {"user": "captor"}, "reader": {"user": "hostile-reader"}}
    tokens.write_text(json.dumps({"tokens": users}))
    return serve("--repo", "hostile", "--tokens", tokens)


@pytest.fixture
def desk(running: Running, sqlite_url: str) -> Iterator[Desk]:
    """A desk with an empty SQLite database."""
    with Desk(running, sqlite_url) as made:
        yield made


@pytest.mark.parametrize(
    ("asked", "source"),
    [
        *(("hostile/archived", source) for source in ("auto", "rest")),  # each API's own field says that it is archived
        ("hostile/transferred", "auto"),  # found as a renamed one is
        *((asked, source) for asked in ("hostile/renamed", "hostile/empty") for source in ("auto", "graphql", "rest")),
    ],
)
def test_it_is_captured_under_its_name_of_now(desk: Desk, asked: str, source: str) -> None:
    captured = desk.capture(asked, source)
    assert (captured.repository, captured.gap_count) == (READABLE[asked], 0)
    assert desk.differences(READABLE[asked], source, renamed=asked != READABLE[asked]) == []
    assert {row["name_key"] for row in desk.rows("repository_names")} == {asked, READABLE[asked]}
    assert desk.verify(READABLE[asked]).gap_count == 0
    assert desk.verify(asked).repository == READABLE[asked], "the name that was asked for is remembered"


@pytest.mark.parametrize("source", ["auto", "graphql", "rest"])
@pytest.mark.parametrize("asked", REFUSED)
def test_it_is_refused_in_one_sentence_and_nothing_is_stored(desk: Desk, asked: str, source: str) -> None:
    with pytest.raises(CaptureFailed, match=REFUSED[asked]) as refused:
        desk.capture(asked, source)
    assert "\n" not in str(refused.value)
    assert desk.rows("repositories") == desk.rows("progressive_capture_jobs") == []


def test_whoever_may_read_a_private_repository_captures_it(running: Running, sqlite_url: str) -> None:
    with Desk(running, sqlite_url, tokens="reader") as desk:
        assert desk.capture("hostile/private").gap_count == 0
        assert desk.differences("hostile/private") == []


@pytest.mark.anyio
async def test_a_commit_that_nobody_signed_is_missing_among_the_commits_alone(sqlite_url: str) -> None:
    github = LittleGitHub.of(2)
    unsigned = {"sha": "c1", "commit": {"message": "m", "author": None, "committer": None}}
    github.change(2, START - timedelta(days=30), commits=1)
    github.below["/repos/o/r/pulls/2/commits"] = [unsigned]
    visitor = Visitor(github, sqlite_url)
    captured = await visitor.capture()
    assert (captured.gap_count, captured.short_count) == (0, 1)
    (end,) = (await visitor.verify()).gaps
    assert (end.number, end.kind, end.state, end.expected, end.stored) == (2, Kind.COMMITS, State.SHORT, 1, 0)
    again = await visitor.capture()
    assert (again.pull_requests, again.gap_count, again.short_count) == (0, 0, 1), "it is not asked for for ever"
