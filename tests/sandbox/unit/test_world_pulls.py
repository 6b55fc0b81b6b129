"""Orders of pull requests are kept while pull requests change; lookups agree with them."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from github_sandbox.changes import apply_change
from github_sandbox.model import ALL_STATES, OrderField, Repository, State, connection, seconds_of
from tests.sandbox.world_checks import pulls_of, repository_of, world_of

FIELDS: tuple[OrderField, ...] = get_args(OrderField)
STATES: list[frozenset[State]] = [ALL_STATES, frozenset({"OPEN"}), frozenset({"CLOSED", "MERGED"})]
CHANGES = (
    {"type": "pull_request.close"},
    {"type": "pull_request.reopen"},
    {"type": "pull_request.merge"},
    {"type": "comment.add"},
    {"type": "comment.delete"},
    {"type": "thread.comment"},
    {"type": "pull_request.force_push"},
)


def in_order(repository: Repository, field: OrderField, states: frozenset[State]) -> list[tuple[int, int]]:
    """What `keys` must be, worked out from the records alone."""
    chosen = [(each.summary(), each.number) for each in pulls_of(repository)]
    return sorted((summary.key(field), number) for summary, number in chosen if summary.state in states)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("states", STATES)
def test_orders_are_those_of_the_records(field: OrderField, states: frozenset[State]) -> None:
    repository = repository_of(world_of("a/b=generate:200"), "a", "b")
    keys = repository.pulls.keys(field, states)
    assert keys == in_order(repository, field, states)
    assert repository.pulls.count_of(states) == len(keys)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 11)), max_size=12))
def test_orders_are_kept_while_pull_requests_change(steps: list[tuple[dict[str, Any], int]]) -> None:
    repository = repository_of(world_of("a/b=generate:12"), "a", "b")
    orders = [(field, states) for field in FIELDS for states in STATES]
    for field, states in orders:
        repository.pulls.keys(field, states)
    for change, place in steps:
        number = list(repository.pulls.numbers())[place]
        try:
            apply_change(repository.world, {**change, "repository": "a/b", "number": number})
        except ValueError:
            continue  # a closed one cannot be closed; what was refused must not disturb the orders either
    apply_change(repository.world, {"type": "pull_request.open", "repository": "a/b"})
    for field, states in orders:
        assert repository.pulls.keys(field, states) == in_order(repository, field, states)


def test_touched_since_finds_the_changed_ones_whatever_their_stamp() -> None:
    repository = repository_of(world_of("a/b=generate:50"), "a", "b")
    numbers = list(repository.pulls.numbers())
    late = repository.pulls.keys("UPDATED_AT")[-5:]
    change = {"type": "pull_request.edit", "repository": "a/b", "number": numbers[0], "title": "x"}
    apply_change(repository.world, {"type": "updated_at.switch", "moves": {"pull_request.edit": False}})
    apply_change(repository.world, change)
    found = {each.number for each in repository.pulls.touched_since(late[0][0])}
    assert found == {number for _, number in late} | {numbers[0]}


def test_an_unknown_number_is_none() -> None:
    repository = repository_of(world_of("a/b=generate:5"), "a", "b")
    assert repository.pulls.by_number(0) is None
    assert repository.pulls.by_number(10_000) is None


def test_comments_of_the_whole_repository_since_a_moment() -> None:
    """REST's repo-wide lists: pull requests' and issues' comments mixed, an edited one by its edit."""
    repository = repository_of(world_of("a/b=generate:200"), "a", "b")
    pulls = pulls_of(repository)
    issues = [each for each in map(repository.issue, repository.commented_issues()) if each is not None]
    spoken = [each.connection("comments") for each in pulls] + [connection(each, "comments") for each in issues]
    talk = [each for comments in spoken for each in comments]
    code = [x for each in pulls for x in each.review_comments()]
    assert issues
    since = sorted(seconds_of(each["updatedAt"]) for each in talk)[len(talk) // 2]
    for found, everything in ((repository.issue_comments, talk), (repository.review_comments, code)):
        assert {each["id"] for each in found()} == {each["id"] for each in everything}
        late = {each["id"] for each in everything if seconds_of(each["updatedAt"]) >= since}
        assert {each["id"] for each in found(since)} == late
        assert 0 < len(late) < len(everything)
