"""The forecast against the sum of its parts."""

import pytest

from progressive_capture.domain.forecast import Counts, forecast
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.planning import LOOKUPS_UP, Operation, PriceModel, Sizes
from progressive_capture.domain.scope import SourceChoice

ALL = frozenset(Kind)
THOUSAND = Counts(listed=1_000, hydrated=1_000)


def test_a_thousand_pull_requests_cost_what_the_measured_plan_says() -> None:
    """35 pages, 21 follow-ups and a look-up: 57 points; the list, previous paths and contributors by REST."""
    expected = forecast(THOUSAND, Sizes(kinds=ALL), SourceChoice.AUTO, patches=False)
    assert expected.points == 1 + 35 + 21
    assert expected.rest_requests == 1 + 10 + 16
    assert expected.requests == expected.points + expected.rest_requests
    assert 100 < expected.seconds < 200


def test_graphql_alone_lists_too_and_gets_no_previous_paths() -> None:
    """Its list costs a point for 49 pull requests."""
    expected = forecast(THOUSAND, Sizes(kinds=ALL), SourceChoice.GRAPHQL, patches=False)
    assert (expected.points, expected.rest_requests) == (1 + 35 + 21 + 21, 0)


def test_a_spent_rest_budget_moves_the_list_to_graphql() -> None:
    """In `auto` the list goes by whichever budget has room."""
    expected = forecast(THOUSAND, Sizes(kinds=ALL), SourceChoice.AUTO, patches=False, rest_index=False)
    assert expected.points == 1 + 35 + 21 + 21


def test_rest_alone_takes_six_requests_for_each() -> None:
    """And none when the list carries all that is asked for."""
    assert forecast(THOUSAND, Sizes(kinds=ALL), SourceChoice.REST, patches=False).requests == 3 + 10 + 6_000
    labels = Sizes(kinds=frozenset({Kind.LABELS}))
    assert forecast(THOUSAND, labels, SourceChoice.REST, patches=False).requests == 13


@pytest.mark.parametrize(("source", "requests"), [(SourceChoice.AUTO, 2 + 12), (SourceChoice.REST, 3 + 12)])
def test_a_walk_by_updates_takes_pages_that_overlap(source: SourceChoice, requests: int) -> None:
    """GraphQL's do not."""
    counts = Counts(listed=1_000, hydrated=0, by_updates=True)
    assert forecast(counts, Sizes(kinds=ALL), source, patches=False).requests == requests
    assert forecast(counts, Sizes(kinds=ALL), SourceChoice.GRAPHQL, patches=False).points == 1 + 21


@pytest.mark.parametrize(
    ("kinds", "patches", "rest"),
    [(ALL, True, 1 + 10 + 1_000), (frozenset({Kind.COMMITS}), True, 11), (frozenset({Kind.FILES}), False, 1 + 10 + 16)],
)
def test_patches_cost_a_request_for_each_and_no_files_none(kinds: frozenset[Kind], patches: bool, rest: int) -> None:  # noqa: FBT001 - parametrised
    """File details are asked for only when files are."""
    assert forecast(THOUSAND, Sizes(kinds=kinds), SourceChoice.AUTO, patches=patches).rest_requests == rest


def test_counted_threads_and_renames_replace_the_assumed_ones() -> None:
    """What is known is believed."""
    counted = Counts(listed=1_000, hydrated=1_000, threads=9_000, renaming=50)
    expected = forecast(counted, Sizes(kinds=ALL), SourceChoice.AUTO, patches=False)
    assert expected.points == 1 + 35 + 61
    assert expected.rest_requests == 1 + 10 + 50


def test_kinds_that_the_list_carries_need_no_hydration() -> None:
    """Labels alone cost the list and nothing else."""
    labels = Sizes(kinds=frozenset({Kind.LABELS}))
    assert forecast(THOUSAND, labels, SourceChoice.AUTO, patches=False).points == 1


@pytest.mark.parametrize("source", [SourceChoice.AUTO, SourceChoice.GRAPHQL])
def test_numbers_are_looked_up_by_graphql_49_at_once(source: SourceChoice) -> None:
    """And none is read of those that are held; the contributors were counted."""
    counts = Counts(listed=240, hydrated=0, by_number=True, contributors=False)
    expected = forecast(counts, Sizes(kinds=ALL), source, patches=False)
    assert (expected.points, expected.rest_requests) == (1 + 5, 0)


def test_numbers_by_rest_are_a_request_each() -> None:
    counts = Counts(listed=240, hydrated=0, by_number=True, contributors=False)
    assert forecast(counts, Sizes(kinds=ALL), SourceChoice.REST, patches=False).requests == 2 + 240


def test_rounding_up_makes_smaller_pages() -> None:
    """The model in force decides."""
    sizes = Sizes(kinds=ALL, prices=PriceModel(lookups=LOOKUPS_UP))
    assert sizes.size(Operation.HYDRATE) == 20
    assert forecast(THOUSAND, sizes, SourceChoice.AUTO, patches=False).points == 1 + 50 + 31
