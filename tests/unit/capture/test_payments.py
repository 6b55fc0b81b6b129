"""What is owed while follow-ups go wrong: how much it may become, and what a lost cursor takes with it."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from progressive_capture.capture.checkpoint import Again, Checkpoint, Pending, Trouble
from progressive_capture.capture.hydrate import FollowUpRequest, Hydration, Stored, TwinRequest
from progressive_capture.capture.ledger import Absorbed, Closing
from progressive_capture.capture.owed import with_lost_cursors
from progressive_capture.capture.suspects import BROKEN_IN_A_ROW
from progressive_capture.domain.fallback import Fallback
from progressive_capture.domain.kinds import HYDRATE_KINDS, Kind, Proof, Source
from progressive_capture.domain.planning import Operation, Sizes
from progressive_capture.domain.records import Reading, Records, Target
from progressive_capture.domain.scope import Scope, SourceChoice
from progressive_capture.github.outcomes import Broken, Outcome, Page
from progressive_capture.github.results import FollowUpPage, LookUp

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LOST = Broken(
    "`c2` does not appear to be a valid cursor. (INVALID_CURSOR_ARGUMENTS)", retryable=False, cursor_lost=True
)


BROKEN = Broken("500 Internal Server Error", retryable=True)


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


class Poisoned(Forgetful):
    """Answers no query that holds one of these pull requests; REST gives everything."""

    def __init__(self, *numbers: int) -> None:
        super().__init__()
        self.poison = set(numbers)
        self.by_rest: list[int] = []

    async def follow_up(self, repo: object, lookups: list[LookUp]) -> Outcome[FollowUpPage]:
        answer = await super().follow_up(repo, lookups)
        return BROKEN if self.poison.intersection(self.asked[-1]) else answer

    async def follow_up_rest(self, _: object, target: Target, kind: Kind, **__: object) -> Outcome[FollowUpPage]:
        self.by_rest.append(target.number)
        reading = Reading(target.pull_request_id, kind, target.node_id, None, 1, None, Proof.END_OF_LIST)
        return Page(FollowUpPage(Records(), [reading], [], "", Source.REST))


def hydration(api: Forgetful, pending: list[Pending], numbers: int = 0) -> Hydration:
    fallback = Fallback(SourceChoice.AUTO)

    async def ask(call: Any) -> Any:
        return await call()

    session = SimpleNamespace(
        scope=Scope(),
        checkpoint=Checkpoint(pending=pending),
        tools=SimpleNamespace(api=api, host_id=1, clock=lambda: NOW, reporter=SimpleNamespace(note=lambda _: None)),
        trouble=Trouble(),
        between=None,
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
    for _ in range(200):
        request = await work._next_request()
        if request is None:
            return closings
        assert isinstance(request, FollowUpRequest | TwinRequest)
        page = await work._answer(request)
        closings += page.absorbed.closings if page is not None else []
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


@pytest.mark.parametrize("poison", [(1,), (148,), (40, 100)])
async def test_what_graphql_never_gives_is_parted_until_rest_stands_in_for_it_alone(poison: tuple[int, ...]) -> None:
    """At most seventeen queries for each: the first, and two for each of the eight times that 148 is halved."""
    api = Poisoned(*poison)
    work = hydration(api, [owed(number) for number in range(1, 149)])
    closings = await paid(work)
    assert sorted(each.number for each in closings) == list(range(1, 149))
    assert {each.number for each in closings if each.lacks_columns} == set(poison)
    assert sorted(api.by_rest) == sorted(poison)
    assert len(api.asked) <= 17 * len(poison)
    assert work.session.source(Operation.FOLLOW_UP) is Source.GRAPHQL
    assert not work.session.sizes.remembered().get(Operation.FOLLOW_UP)


async def test_where_every_query_fails_rest_stands_in_for_all_after_a_few() -> None:
    api = Poisoned(*range(1, 149))
    work = hydration(api, [owed(number) for number in range(1, 149)])
    closings = await paid(work)
    assert len(api.asked) == BROKEN_IN_A_ROW
    assert sorted(api.by_rest) == sorted(each.number for each in closings) == list(range(1, 149))
    assert work.session.source(Operation.FOLLOW_UP) is Source.REST
