"""One pull request by REST: whole lists, caps, totals, and going on where a limit broke off."""

from datetime import timedelta
from typing import Any

import pytest

from progressive_capture.domain.budget import Wait, WaitKind
from progressive_capture.domain.kinds import Kind, Proof, Source
from progressive_capture.domain.records import FileRow, Reading, Target
from progressive_capture.github.outcomes import Broken, Missing, Page, Throttled
from progressive_capture.github.results import Failed, RepoRef
from tests.unit.github.bodies import T0, rest_pull_request
from tests.unit.github.fakes import NOW, FakeClock, Grants, Script, make_api, reply, run

REPO = RepoRef("o/r", "R_1", 1)
ONE = Target(1000, "PR_1", 1)
ALL = frozenset(Kind)
COMMIT = {
    "sha": "c1",
    "commit": {"message": "m", "author": {"date": T0, "name": "A"}, "committer": {"date": T0}},
    "author": {},
    "committer": None,
}
FILE = {
    "filename": "a",
    "status": "renamed",
    "additions": 1,
    "deletions": 0,
    "sha": "b1",
    "previous_filename": "z",
    "patch": "@@",
}
NOTE = {"id": 9, "node_id": "IC_9", "user": None, "body": None, "created_at": T0, "updated_at": T0, "html_url": "u"}
INLINE = NOTE | {"path": "a", "side": "LEFT", "start_side": None, "subject_type": "file", "pull_request_review_id": 4}
REVIEW = {"id": 4, "node_id": "PRR_4", "user": None, "state": "approved", "html_url": "u"}


def linked(page: int) -> str:
    return f'<https://api.github.com/x?page={page}>; rel="next"'


def hydrate(*replies: Any, kinds: frozenset[Kind] = ALL, patches: bool = False) -> Any:
    return run(make_api(Script(*replies)).hydrate(REPO, [ONE], kinds, Source.REST, patches=patches))


def everything(**counts: int) -> list[Any]:
    """The pull request and each of its lists, in the order they are asked for."""
    body = rest_pull_request(1, **{"commits": 1, "comments": 1, "review_comments": 1, "changed_files": 1} | counts)
    return [reply(200, body), *(reply(200, [each]) for each in (REVIEW, INLINE, NOTE, COMMIT, FILE))]


def test_a_pull_request_is_read_whole() -> None:
    outcome = hydrate(*everything())
    assert isinstance(outcome, Page)
    page = outcome.data
    readings = {each.kind: each for each in page.readings}
    assert readings[Kind.REVIEW_THREADS].proof is Proof.UNAVAILABLE
    assert readings[Kind.REVIEWS] == Reading(1000, Kind.REVIEWS, "PR_1", None, 1, None, Proof.END_OF_LIST)
    for kind in (Kind.REVIEW_COMMENTS, Kind.ISSUE_COMMENTS, Kind.COMMITS, Kind.FILES):
        assert readings[kind] == Reading(1000, kind, "PR_1", 1, 1, None, Proof.TOTAL)
    records = page.records
    assert records.pr_reviews[0].state == "APPROVED"
    assert (records.pr_reviews[0].body, records.pr_issue_comments[0].body) == ("", "")
    assert (records.pr_review_comments[0].side, records.pr_review_comments[0].subject_type) == ("LEFT", "FILE")
    assert records.pr_commits[0].author_id is None
    assert records.pr_files == [FileRow(1000, "a", "z", "renamed", 1, 0, "b1", None)]


EARLIER = "2025-12-31T00:00:00Z"


@pytest.mark.parametrize(
    ("author", "committer", "times"),
    [
        (None, {"date": EARLIER, "name": "C"}, [(EARLIER, EARLIER, None, "C")]),
        ({"date": EARLIER, "name": "A"}, None, [(EARLIER, EARLIER, "A", None)]),
        ({"name": "A"}, {"date": EARLIER}, [(EARLIER, EARLIER, "A", None)]),
        (None, None, []),
        ({"date": None}, {}, []),
    ],
)
def test_a_commit_without_a_signature_takes_the_others_time_and_costs_no_pull_request(
    author: Any, committer: Any, times: list[Any]
) -> None:
    signed = COMMIT | {"sha": "c2", "commit": {"message": "m", "author": author, "committer": committer}}
    replies = reply(200, rest_pull_request(1, commits=2)), reply(200, [signed, COMMIT])
    page = hydrate(*replies, kinds=frozenset({Kind.COMMITS})).data
    rows = page.records.pr_commits
    read = [(row.authored_at, row.committed_at, row.author_name, row.committer_name) for row in rows]
    assert read == [*times, (T0, T0, "A", None)]
    assert rows[-1].position == 1
    assert page.readings == [Reading(1000, Kind.COMMITS, "PR_1", 2, len(rows), None, Proof.TOTAL)]


def test_patches_come_only_when_wanted() -> None:
    assert hydrate(*everything(), patches=True).data.records.pr_files[0].patch == "@@"


def test_a_patch_that_github_does_not_show_was_asked_for() -> None:
    binary = {name: value for name, value in FILE.items() if name != "patch"}
    for wanted, patch in ((True, ""), (False, None)):
        page = run(make_api(Script(reply(200, [binary]))).file_details(REPO, ONE, patches=wanted)).data
        assert [row.patch for row in page.rows] == [patch]


def test_the_pull_request_in_graphqls_words() -> None:
    (row,) = hydrate(reply(200, rest_pull_request(1)), kinds=frozenset()).data.records.pull_requests
    assert (row.state, row.body, row.active_lock_reason, row.merge_commit_sha) == ("CLOSED", "", "TOO_HEATED", None)
    assert (row.is_cross_repository, row.head_repository_name, row.head_owner_id) == (False, "o/r", 6)
    merged = rest_pull_request(1, merged_at=T0, head={"ref": "x", "sha": "s", "user": None, "repo": None})
    (row,) = hydrate(reply(200, merged), kinds=frozenset()).data.records.pull_requests
    assert (row.state, row.merge_commit_sha, row.is_cross_repository) == ("MERGED", "test-merge", True)
    assert (row.head_repository_id, row.head_owner_login) == (None, None)


def test_lists_are_read_to_their_end_and_doubles_seen_once() -> None:
    notes = [reply(200, [NOTE], link=linked(2)), reply(200, [NOTE, NOTE | {"id": 10}])]
    page = hydrate(reply(200, rest_pull_request(1, comments=2)), *notes, kinds=frozenset({Kind.ISSUE_COMMENTS})).data
    assert (page.readings[0].total, page.readings[0].seen) == (2, 2)


@pytest.mark.parametrize("link", [linked(1), '<https://api.github.com/x?after=Y3Vyc29y>; rel="next"'])
def test_a_list_that_does_not_move_on_is_broken(link: str) -> None:
    stuck = reply(200, [NOTE], link=link)
    outcome = hydrate(reply(200, rest_pull_request(1)), stuck, kinds=frozenset({Kind.ISSUE_COMMENTS}))
    assert isinstance(outcome, Broken)


@pytest.mark.parametrize(
    ("kind", "field", "count", "row", "truncated"),
    [
        (Kind.COMMITS, "commits", 251, COMMIT, True),
        (Kind.COMMITS, "commits", 250, COMMIT, False),
        (Kind.FILES, "changed_files", 3_001, FILE, True),
        (Kind.FILES, "changed_files", 3_000, FILE, False),
    ],
)
def test_githubs_caps_truncate(kind: Kind, field: str, count: int, row: Any, *, truncated: bool) -> None:
    outcome = hydrate(reply(200, rest_pull_request(1, **{field: count})), reply(200, [row]), kinds=frozenset({kind}))
    assert (outcome.data.readings[0].total, outcome.data.readings[0].truncated) == (count, truncated)
    script = Script(reply(200, rest_pull_request(1, **{field: count})), reply(200, [row]))
    followed = run(make_api(script).follow_up_rest(REPO, ONE, kind))
    assert followed.data.readings[0].truncated is truncated


def test_a_pull_request_that_is_not_there_fails_alone() -> None:
    outcome = hydrate(reply(404, {"message": "Not Found"}))
    assert outcome.data.failed == [Failed(ONE, "GitHub answered 404 (Not Found).", permanent=True)]
    outcome = hydrate(reply(200, rest_pull_request(1)), reply(404), kinds=frozenset({Kind.COMMITS}))
    assert len(outcome.data.failed) == 1


def test_after_a_limit_it_goes_on_as_begun() -> None:
    """The pages already read are not asked for again, and the reading keeps the time at which it began."""
    replies = everything()
    limit = reply(429, {"message": "secondary rate limit"})
    clock, script = FakeClock(), Script(*replies[:3], limit, *replies[3:])
    api = make_api(script, clock=clock)
    assert isinstance(run(api.hydrate(REPO, [ONE], ALL, Source.REST)), Throttled)
    clock.time += timedelta(minutes=1)
    page = run(api.hydrate(REPO, [ONE], ALL, Source.REST)).data
    assert page.requested_at == "2026-11-22T12:00:00.000000Z"
    assert len(script.sent) == 7
    assert len(page.readings) == 6


def test_waits_for_the_slot_do_not_lose_pages_either() -> None:
    wait = Wait(NOW + timedelta(seconds=1), WaitKind.SLOT, "another")
    script = Script(*everything())
    api = make_api(script, Grants(None, wait, None, wait, None, wait))

    async def until_done() -> Any:
        while isinstance(outcome := await api.hydrate(REPO, [ONE], ALL, Source.REST), Throttled):
            pass
        return outcome

    assert len(run(until_done()).data.readings) == 6
    assert script.replies == []


def test_pages_kept_for_one_reading_serve_no_other() -> None:
    limit = reply(429, {"message": "secondary rate limit"})
    body = reply(200, rest_pull_request(1))
    script = Script(body, limit, body, reply(200, []))
    api = make_api(script)
    assert isinstance(run(api.hydrate(REPO, [ONE], frozenset({Kind.COMMITS}), Source.REST)), Throttled)
    assert isinstance(run(api.hydrate(REPO, [ONE], frozenset({Kind.FILES}), Source.REST)), Page)


def test_after_any_other_failure_it_begins_anew() -> None:
    body = reply(200, rest_pull_request(1))
    script = Script(body, reply(422), body, reply(200, []))
    api = make_api(script)
    kinds = frozenset({Kind.COMMITS})
    assert isinstance(run(api.hydrate(REPO, [ONE], kinds, Source.REST)), Broken)
    assert isinstance(run(api.hydrate(REPO, [ONE], kinds, Source.REST)), Page)


@pytest.mark.parametrize(
    ("kind", "row"), [(Kind.REVIEWS, REVIEW), (Kind.REVIEW_COMMENTS, INLINE), (Kind.ISSUE_COMMENTS, NOTE)]
)
def test_one_list_alone_is_proven_by_its_end(kind: Kind, row: Any) -> None:
    page = run(make_api(Script(reply(200, [row]))).follow_up_rest(REPO, ONE, kind)).data
    assert page.readings == [Reading(1000, kind, "PR_1", None, 1, None, Proof.END_OF_LIST)]


def test_a_twin_that_finds_nothing_says_so() -> None:
    assert isinstance(run(make_api(Script(reply(404))).follow_up_rest(REPO, ONE, Kind.REVIEWS)), Missing)
    assert isinstance(run(make_api(Script(reply(404))).follow_up_rest(REPO, ONE, Kind.FILES)), Missing)


def test_file_details() -> None:
    page = run(make_api(Script(reply(200, [FILE]))).file_details(REPO, ONE, patches=True)).data
    assert page.rows == [FileRow(1000, "a", "z", "renamed", 1, 0, "b1", "@@")]
    assert not page.truncated
    assert isinstance(run(make_api(Script(reply(404))).file_details(REPO, ONE)), Missing)
