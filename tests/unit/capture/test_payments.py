"""What is owed while follow-ups go wrong: how much it may become, and what a lost cursor takes with it."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from progressive_capture.capture.checkpoint import Again, Checkpoint, Pending
from progressive_capture.capture.hydrate import FollowUpRequest, Hydration, Stored, TwinRequest
from progressive_capture.capture.ledger import Absorbed, Closing
from progressive_capture.capture.owed import with_lost_cursors
from progressive_capture.domain.fallback import Fallback
from progressive_capture.domain.kinds import HYDRATE_KINDS, Kind, Proof, Source
from progressive_capture.domain.planning import Operation, Sizes
from progressive_capture.domain.records import Reading, Records
from progressive_capture.domain.scope import Scope, SourceChoice
from progressive_capture.github.outcomes import Broken, Outcome, Page
from progressive_capture.github.results import FollowUpPage, LookUp

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LOST = Broken(
    "`c2` does not appear to be a valid cursor. (INVALID_CURSOR_ARGUMENTS)", retryable=False, cursor_lost=True
)


def owed(number: int, cursor: str | None = None, kind: Kind = Kind.REVIEWS) -> Pending:
    return Pending(number, number, f"P{number}", kind, cursor, "2026-01-01T00:00:00.000000Z")


class Forgetful:
    """Refuses every batch that holds the cursor `c2`, and answers others whole."""

    anonymous = False

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    async def follow_up(self, _: object, lookups: list[LookUp]) -> Outcome[FollowUpPage]:
        self.asked.append([each.number for each in lookups])
        if any(each.cursor in {"c2", "100|c2"} for each in lookups):
            return LOST
        readings = [Reading(each.pull_request_id, each.kind, each.node_id, 1, 1, None, Proof.TOTAL) for each in lookups]
        return Page(FollowUpPage(Records(), readings, [], "", Source.GRAPHQL))


def hydration(api: Forgetful, pending: list[Pending], numbers: int = 0) -> Hydration:
    fallback = Fallback(SourceChoice.AUTO)

    async def ask(call: Any) -> Any:
        return await call()

    session = SimpleNamespace(
        scope=Scope(),
        checkpoint=Checkpoint(pending=pending),
        tools=SimpleNamespace(api=api, host_id=1),
        sizes=Sizes(kinds=HYDRATE_KINDS),
        fallback=fallback,
        source=lambda operation: fallback.source(operation, NOW),
        numbers=list(range(numbers)),
        repo=None,
        repository_id=9,
        ask=ask,
    )
    return Hydration(cast("Any", session))


PAGE: Any = object()


async def _page() -> Any:
    return PAGE


async def paid(work: Hydration) -> list[Closing]:
    """Pay everything; what was closed on the way."""
    closings: list[Closing] = []
    for _ in range(20):
        request = await work._next_request()
        if request is None:
            return closings
        assert isinstance(request, FollowUpRequest)
        page = await work._follow_up(request)
        assert page is not None
        closings += page.absorbed.closings
    pytest.fail("it is never paid")


@pytest.mark.parametrize("cursor", ["c2", "100|c2"])
async def test_a_lost_cursor_fails_its_own_kind_alone(cursor: str) -> None:
    """The others of its batch are paid in the third request, without it."""
    kind = Kind.COMMITS if "|" in cursor else Kind.REVIEWS
    api = Forgetful()
    work = hydration(api, [owed(1, "c1"), owed(2, cursor, kind), owed(3), owed(4, "c4")])
    closings = await paid(work)
    assert {each.number for each in closings if each.broken} == {2}
    assert {each.number for each in closings} == {1, 2, 3, 4}
    assert [sorted(each) for each in api.asked] == [[1, 2, 3, 4], [1, 2, 3, 4], [1, 3, 4]]


def test_without_a_name_all_cursors_are_meant_and_first_pages_are_not() -> None:
    batch = [owed(1, "c1"), owed(2), owed(3, "c3")]
    assert [each.number for each in with_lost_cursors(batch, "A cursor is not valid.")] == [1, 3]
    assert with_lost_cursors([owed(2)], "A cursor is not valid.") == [owed(2)]


async def test_what_is_left_to_rest_is_paid_before_more_is_owed() -> None:
    """However long GraphQL stays broken for follow-ups: the checkpoint holds one batch and one page's worth."""
    for count, wanted in ((148, None), (149, TwinRequest)):
        work = hydration(Forgetful(), [owed(number) for number in range(count)], numbers=5)
        work.session.fallback.graphql_broke(Operation.FOLLOW_UP, NOW)
        work._next_page = _page  # type: ignore[method-assign] # what is hydrated next does not matter
        request = await work._next_request()
        assert (None if request is PAGE else type(request)) is wanted


def test_what_another_job_read_meanwhile_is_put_back_in_line_once() -> None:
    """Two jobs that overtook each other for ever would never end."""
    work = hydration(Forgetful(), [])
    work.session.scope = Scope(full=True)
    nothing = cast("Any", None)
    absorbed = Absorbed(overtaken={1: Again(1, 1), 2: Again(2, 2), 3: Again(3, 1)})
    assert work._overtaken(nothing, absorbed, {1: "", 2: ""}) == [Again(1, 1)]
    work._merge(Stored([], {}, [Again(1, 1)]))
    assert work.ledger.again == [Again(1, 1)]
    assert work._overtaken(nothing, absorbed, {1: "", 2: ""}) == []
