"""Orders of pull requests are kept while pull requests change; lookups agree with them."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from github_sandbox.changes import apply_change
from github_sandbox.model import ALL_STATES, OrderField, Repository, State, connection
from github_sandbox.world.marks import MarkKind, mark_of
from tests.sandbox.world_checks import pulls_of, repository_of, world_of
from tests.support.examples import examples

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


@pytest.fixture(scope="module")
def unchanged() -> Repository:
    return repository_of(world_of("a/b=generate:200"), "a", "b")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("states", STATES)
def test_orders_are_those_of_the_records(unchanged: Repository, field: OrderField, states: frozenset[State]) -> None:
    repository = unchanged
    keys = repository.pulls.keys(field, states)
    assert keys == in_order(repository, field, states)
    assert repository.pulls.count_of(states) == len(keys)


@pytest.mark.no_cover  # the same lines again and again
@settings(max_examples=examples(10))
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


def test_an_unknown_number_is_none() -> None:
    repository = repository_of(world_of("a/b=generate:5"), "a", "b")
    assert repository.pulls.by_number(0) is None
    assert repository.pulls.by_number(10_000) is None


@pytest.mark.parametrize("kind", ["IssueComment", "PullRequestReviewComment"])
@pytest.mark.parametrize("changed", [False, True])
def test_marks_stand_for_all_comments_as_they_are_once_made(kind: MarkKind, *, changed: bool) -> None:
    """Marks of what was never made agree with what is made: ids, times, numbers; pinned ones and issues included."""
    repository = repository_of(world_of("a/b=generate:80"), "a", "b")
    if changed:
        first, second = list(repository.pulls.numbers())[:2]
        for number, change in ((first, "comment.add"), (second, "thread.comment"), (second, "comment.add")):
            apply_change(repository.world, {"type": change, "repository": "a/b", "number": number})
    marks = repository.marks(kind, "id")
    pulls = pulls_of(repository)
    if kind == "IssueComment":
        issues = [each for each in map(repository.issue, repository.commented_issues()) if each is not None]
        assert issues
        made = [mark_of(x, each["number"]) for each in issues for x in connection(each, "comments")]
        made += [mark_of(x, each.number) for each in pulls for x in each.connection("comments")]
    else:
        made = [mark_of(x, each.number) for each in pulls for x in each.review_comments()]
    assert marks == sorted(made, key=lambda mark: mark.id)
    assert repository.marks(kind, "created") == sorted(made, key=lambda mark: (mark.created, mark.id))
    assert repository.marks(kind, "updated") == sorted(made, key=lambda mark: (mark.updated, mark.id))
    assert len({mark.created for mark in marks}) > 100
