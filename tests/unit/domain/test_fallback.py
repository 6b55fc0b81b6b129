"""Which API serves an operation."""

from datetime import UTC, datetime, timedelta

import pytest

from progressive_capture.domain.fallback import BROKEN_FOR, Fallback
from progressive_capture.domain.kinds import Source
from progressive_capture.domain.planning import Operation
from progressive_capture.domain.scope import SourceChoice

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("choice", "anonymous", "source"),
    [
        (SourceChoice.AUTO, False, Source.GRAPHQL),
        (SourceChoice.GRAPHQL, False, Source.GRAPHQL),
        (SourceChoice.REST, False, Source.REST),
        (SourceChoice.AUTO, True, Source.REST),
    ],
)
def test_the_choice_and_the_credential_decide(choice: SourceChoice, anonymous: bool, source: Source) -> None:  # noqa: FBT001 - parametrised
    """GraphQL where it may be used and a token is there, else REST."""
    fallback = Fallback(choice, anonymous=anonymous)
    assert fallback.source(Operation.HYDRATE, NOW) is source
    assert fallback.can_fall_back() is (choice is SourceChoice.AUTO and not anonymous)


def test_a_broken_operation_keeps_to_rest_for_a_while_and_comes_back_alone() -> None:
    """Only the operation that broke changes its API, and only for its time."""
    fallback = Fallback(SourceChoice.AUTO)
    fallback.graphql_broke(Operation.HYDRATE, NOW)
    assert fallback.source(Operation.HYDRATE, NOW + BROKEN_FOR - timedelta(seconds=1)) is Source.REST
    assert fallback.source(Operation.FOLLOW_UP, NOW) is Source.GRAPHQL
    assert fallback.source(Operation.HYDRATE, NOW + BROKEN_FOR) is Source.GRAPHQL
