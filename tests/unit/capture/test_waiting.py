"""Waiting for limits: told with its end, kept alive, ended by a stop or a deadline; the clock is the test's."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from progressive_capture.capture.checkpoint import Spec, encode
from progressive_capture.capture.report import Progress
from progressive_capture.capture.results import More, Stopped, WaitUntil
from progressive_capture.capture.session import RENEW_EVERY, Pause, Session, Tools, Waited, bear, failure
from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.jobs import Claim, Counters
from progressive_capture.domain.scope import Scope
from progressive_capture.github.outcomes import (
    Broken,
    Denied,
    DeniedReason,
    Missing,
    Moved,
    NotModified,
    Outcome,
    Page,
    Throttled,
    ThrottleKind,
    TooHeavy,
)
from progressive_capture.github.results import RepoRef

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """A clock that moves only when somebody pauses, and the ear of the reporter."""

    now: datetime = START
    stop_after: datetime | None = None
    told: list[tuple[datetime, str]] = field(default_factory=list)

    async def pause(self, seconds: float) -> None:
        ends = self.now + timedelta(seconds=seconds)
        self.now = ends if self.stop_after is None else min(ends, self.stop_after)

    def stopping(self) -> bool:
        return self.stop_after is not None and self.now >= self.stop_after

    def waiting(self, until: datetime, why: str) -> None:
        self.told.append((until, why))

    def progress(self, step: Progress) -> None:
        raise AssertionError(step)

    def note(self, text: str) -> None:
        raise AssertionError(text)

    def tools(self, patience: timedelta | None = None) -> Tools:
        return Tools(
            database=cast("Any", None),
            api=cast("Any", None),
            host_id=1,
            holder="me",
            is_gone=lambda _: False,
            clock=lambda: self.now,
            pause=self.pause,
            stopping=self.stopping,
            reporter=self,
            waited=Waited(),
            patience=patience,
        )


def throttled_until(moment: datetime, kind: ThrottleKind = ThrottleKind.PRIMARY) -> Throttled:
    return Throttled(moment, "The hour's points are spent.", kind)


def answers(*outcomes: Outcome[str]) -> Any:
    left = list(outcomes)

    async def call() -> Outcome[str]:
        return left.pop(0)

    return call


async def test_a_limit_is_waited_for_and_the_same_request_sent_again() -> None:
    world = World()
    tools = world.tools()
    until = START + timedelta(minutes=40)
    answer = await bear(tools, answers(throttled_until(until), Page("rows")), START + timedelta(days=1))
    assert answer == Page("rows")
    assert world.now == until
    assert world.told == [(until, "The hour's points are spent.")]
    assert tools.waited.milliseconds == 40 * 60 * 1_000


async def test_short_waits_are_part_of_the_pace_and_not_told() -> None:
    world = World()
    moment = START + timedelta(milliseconds=300)
    await bear(world.tools(), answers(throttled_until(moment), Page("rows")), START + timedelta(days=1))
    assert not world.told


async def test_what_would_be_lost_is_kept_while_waiting() -> None:
    world = World()
    kept: list[datetime] = []
    until = START + RENEW_EVERY * 3
    call = answers(throttled_until(until), Page("rows"))
    await bear(world.tools(), call, START + timedelta(days=1), lambda: kept.append(world.now))
    assert len(kept) == 3


@pytest.mark.parametrize("patience", [None, timedelta(seconds=5)])
async def test_a_wait_beyond_the_deadline_or_the_patience_is_handed_back(patience: timedelta | None) -> None:
    world = World()
    until = START + timedelta(minutes=1)
    deadline = START + (timedelta(seconds=30) if patience is None else timedelta(days=1))
    with pytest.raises(Pause) as paused:
        await bear(world.tools(patience), answers(throttled_until(until)), deadline)
    assert paused.value.answer == WaitUntil(until, "The hour's points are spent.")
    assert world.now == START


async def test_a_stop_ends_a_wait_early_and_a_deadline_the_next_request() -> None:
    world = World(stop_after=START + RENEW_EVERY * 1.5)
    tools = world.tools()
    with pytest.raises(Pause) as paused:
        await bear(tools, answers(throttled_until(START + timedelta(hours=1))), START + timedelta(days=1))
    assert paused.value.answer == More()
    assert world.now == START + RENEW_EVERY * 1.5
    assert timedelta(milliseconds=tools.waited.milliseconds) == RENEW_EVERY * 1.5
    with pytest.raises(Pause) as late:
        await bear(World().tools(), answers(), START)
    assert late.value.answer == More()


async def test_a_wait_in_which_the_clock_is_set_back_is_counted_as_long_as_it_took() -> None:
    world = World()
    errors = [timedelta(minutes=1)]

    async def pause(seconds: float) -> None:
        world.now += timedelta(seconds=seconds) - (errors.pop() if errors else timedelta())

    tools = replace(world.tools(), pause=pause)
    await bear(tools, answers(throttled_until(START + RENEW_EVERY), Page("rows")), START + timedelta(days=1))
    assert timedelta(milliseconds=tools.waited.milliseconds) == RENEW_EVERY + timedelta(minutes=1)


async def test_a_clock_set_back_takes_nothing_from_what_was_waited() -> None:
    world = World()
    stops = iter((False, True))

    async def pause(_seconds: float) -> None:
        world.now -= timedelta(hours=1)

    tools = replace(world.tools(), pause=pause, stopping=lambda: next(stops))
    with pytest.raises(Pause):
        await bear(tools, answers(throttled_until(START + RENEW_EVERY)), START + timedelta(days=1))
    assert tools.waited.milliseconds == 0


@pytest.mark.parametrize(
    ("outcome", "retryable", "error_class"),
    [
        (TooHeavy("ten seconds"), True, ErrorClass.TIMEOUT),
        (Broken("a reset", retryable=True), True, ErrorClass.BROKEN),
        (Broken("nonsense", retryable=False), False, ErrorClass.BROKEN),
        (Missing("gone", permanent=True), False, ErrorClass.MISSING),
        (Moved("https://elsewhere.example", permanent=True), False, ErrorClass.BROKEN),
        (Denied("no right", DeniedReason.PERMISSION), False, ErrorClass.DENIED),
        (Denied("taken down", DeniedReason.BLOCKED), False, ErrorClass.BLOCKED),
        (Denied("who is that", DeniedReason.CREDENTIALS), False, ErrorClass.CREDENTIALS),
        (Denied("too old", DeniedReason.EXPIRED), False, ErrorClass.CREDENTIALS),
        (Denied("no scope", DeniedReason.SCOPES), False, ErrorClass.CREDENTIALS),
        (NotModified(), False, ErrorClass.BROKEN),
    ],
)
def test_what_no_wait_will_mend_ends_the_call_with_a_sentence(
    outcome: Any,
    retryable: bool,  # noqa: FBT001 - parametrised
    error_class: ErrorClass,
) -> None:
    answer = failure(outcome, "listing").answer
    assert isinstance(answer, Stopped)
    assert (answer.retryable, answer.error_class) == (retryable, error_class)
    assert answer.error.startswith("While listing: ")


def test_counters_add_and_subtract_field_by_field() -> None:
    assert Counters(rows=3, points=2) - Counters(rows=1) == Counters(rows=2, points=2)
    assert (Counters(rest_requests=1) + Counters(graphql_requests=2)).requests == 3


async def test_what_is_asked_at_once_is_asked_though_time_is_up() -> None:
    """Else a step with time to begin only would be taken for ever."""
    world = World()
    answer = await bear(world.tools(), answers(Page("rows")), START, at_once=True)
    assert answer == Page("rows")
    with pytest.raises(Pause) as paused:
        await bear(world.tools(), answers(Page("rows")), START)
    assert paused.value.answer == More()


@pytest.mark.parametrize("kind", ThrottleKind)
async def test_what_is_asked_at_once_waits_beyond_its_time_for_the_pace_and_for_no_budget(kind: ThrottleKind) -> None:
    world = World()
    until = START + timedelta(seconds=3)
    asking = bear(world.tools(), answers(throttled_until(until, kind), Page("rows")), START, at_once=True)
    if kind in {ThrottleKind.SLOT, ThrottleKind.PACING}:
        assert await asking == Page("rows")
        return
    with pytest.raises(Pause) as paused:
        await asking
    assert paused.value.answer == WaitUntil(until, "The hour's points are spent.")


async def test_before_a_first_page_the_lease_is_kept_from_request_to_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long they take, and though no limit is waited for."""
    world = World()
    kept: list[timedelta] = []

    async def call() -> Outcome[str]:
        await world.pause(20)
        return Page("rows")

    def keep(session: Session) -> None:
        kept.append(world.now - START)
        session.renewed_at = world.now

    monkeypatch.setattr(Session, "_keep", keep)
    claim = Claim("a job", 1, "me", 1, 1, encode(Spec(scope=Scope())), None)
    tools = replace(world.tools(), api=cast("Any", SimpleNamespace(anonymous=False)))
    session = Session.begin(tools, cast("Any", None), claim, RepoRef("a/b", "R1", 1), START)
    for _ in range(7):
        assert await session.ask(call) == Page("rows")
    assert kept == [timedelta(seconds=40), timedelta(seconds=80), timedelta(seconds=120)]


async def test_a_github_that_cannot_be_reached_ends_the_step_whichever_api_was_asked() -> None:
    """REST is at the same address: to turn to it would cost a request for each pull request once GitHub is back."""
    claim = Claim("a job", 1, "me", 1, 1, encode(Spec(scope=Scope())), None)
    tools = replace(World().tools(), api=cast("Any", SimpleNamespace(anonymous=False)))
    session = Session.begin(tools, cast("Any", None), claim, RepoRef("a/b", "R1", 1), START)
    session.has_page = True
    session.deadline = START + timedelta(days=1)
    broken = Broken("The connection failed.", retryable=True)
    assert await session.ask(answers(broken)) == broken
    with pytest.raises(Pause) as paused:
        await session.ask(answers(replace(broken, unreached=True)))
    assert paused.value.answer == Stopped("The connection failed.", retryable=True, error_class=ErrorClass.BROKEN)
