from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from progressive_capture.domain.budget import (
    BURST,
    GRACE,
    LEASE,
    POLL,
    TURN,
    Budget,
    Granting,
    Lease,
    Settlement,
    Slot,
    Wait,
    WaitKind,
    Want,
    forfeit,
    freed,
    grant,
    has_lost_its_holder,
    owns,
    refill,
    settle_budget,
    settle_slot,
)
from tests.support.examples import examples

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def want(holder: str = "me", **fields: Any) -> Want:
    return replace(Want("user:9", "graphql", 1, holder, expected_seconds=2, per_minute=0), **fields)


def ask(slot: Slot, budget: Budget, wish: Want, now: datetime = NOW, jitter: float = 0) -> Granting:
    return grant(slot, budget, wish, now, jitter)


def taken(holder: str = "me", now: datetime = NOW, slot: Slot | None = None) -> tuple[Slot, Lease]:
    granting = ask(slot or Slot(), Budget(), want(holder), now)
    assert isinstance(granting.answer, Lease)
    return granting.slot, granting.answer


def settled(lease: Lease, **fields: Any) -> Settlement:
    return replace(Settlement(lease), **fields)


@pytest.mark.parametrize(
    "budget",
    [
        Budget(),
        Budget(limit=0, remaining=0),
        Budget(limit=10, remaining=1, reset_at=NOW + HOUR),
        Budget(limit=10, remaining=0),
    ],
    ids=["nothing known", "no limits there", "enough left", "end of the window unknown"],
)
def test_what_may_be_asked(budget: Budget) -> None:
    granting = ask(Slot(), budget, want())
    assert granting.answer == Lease("user:9", "graphql", 1, "me", NOW + LEASE)
    assert granting.budget.reserved == 1
    assert (granting.slot.holder, granting.slot.expected_end) == ("me", NOW + 2 * SECOND)


def test_an_empty_budget_is_waited_for_until_its_reset() -> None:
    budget = Budget(limit=10, remaining=3, reserved=2, reset_at=NOW + HOUR)
    answer = ask(Slot(), budget, want(cost=2)).answer
    assert isinstance(answer, Wait)
    assert (answer.until, answer.kind) == (NOW + HOUR, WaitKind.BUDGET)
    assert answer.why == "Of the 10 points of GraphQL that user:9 has in an hour 1 are left."
    assert isinstance(ask(Slot(), budget, want(cost=1)).answer, Lease)


def test_of_rest_requests_are_counted() -> None:
    budget = Budget(limit=60, remaining=0, reset_at=NOW + HOUR)
    answer = ask(Slot(), budget, replace(want(), principal="anonymous", resource="core")).answer
    assert isinstance(answer, Wait)
    assert answer.why == "Of the 60 requests of REST that anonymous has in an hour 0 are left."


def test_the_later_pause_counts() -> None:
    slot = Slot(paused_until=NOW + SECOND, reason="secondary")
    budget = Budget(paused_until=NOW + 2 * SECOND, reason=None)
    answer = ask(slot, budget, want()).answer
    assert answer == Wait(NOW + 2 * SECOND, WaitKind.BUDGET, "GitHub asked to wait.")
    slot = Slot(paused_until=NOW + 3 * SECOND, reason="secondary")
    assert ask(slot, budget, want()).answer == Wait(NOW + 3 * SECOND, WaitKind.PAUSED, "secondary")
    assert isinstance(ask(slot, budget, want(), NOW + 3 * SECOND).answer, Lease)


@pytest.mark.parametrize(
    ("now", "gone", "lost"),
    [(NOW, False, False), (NOW, True, True), (NOW + LEASE, False, True)],
    ids=["alive", "process gone", "lease over"],
)
def test_who_has_lost_the_slot(now: datetime, *, gone: bool, lost: bool) -> None:
    slot, _ = taken("you")
    assert has_lost_its_holder(slot, want(), now, lambda _: gone) is lost
    assert has_lost_its_holder(slot, want("you"), now, lambda _: False)
    assert not has_lost_its_holder(Slot(), want(), now, lambda _: True)


def test_a_turn_ends_when_somebody_waits() -> None:
    slot, lease = taken()
    waiting = ask(slot, Budget(), want("you"), jitter=0.5)
    assert isinstance(waiting.answer, Wait)
    assert waiting.answer.until > NOW + 2 * SECOND + POLL
    slot = settle_slot(waiting.slot, settled(lease))
    in_turn = ask(slot, Budget(), want(), NOW + SECOND)
    assert isinstance(in_turn.answer, Lease)
    slot = settle_slot(in_turn.slot, settled(in_turn.answer))
    later = NOW + TURN
    slot = ask(replace(slot, holder="me"), Budget(), want("you"), later).slot
    slot = freed(slot)
    yielded = ask(slot, Budget(), want(), later)
    assert isinstance(yielded.answer, Wait)
    assert "you is next" in yielded.answer.why
    assert yielded.slot.next_holder == "you"
    assert isinstance(ask(yielded.slot, Budget(), want("third"), later).answer, Wait)
    taken_by_next = ask(yielded.slot, Budget(), want("you"), later)
    assert isinstance(taken_by_next.answer, Lease)
    assert (taken_by_next.slot.next_holder, taken_by_next.slot.turn_holder) == (None, "you")
    assert isinstance(ask(slot, Budget(), want(), later + POLL + GRACE + 2 * SECOND).answer, Lease)


def test_whoever_cannot_ask_leaves_the_line() -> None:
    slot = Slot(next_holder="me", next_until=NOW + SECOND)
    broke = Budget(limit=1, remaining=0, reset_at=NOW + HOUR)
    assert ask(slot, broke, want()).slot.next_holder is None


@given(st.integers(1, 2_000), st.lists(st.floats(0, 5), min_size=1, max_size=60))
def test_no_minute_sees_more_than_the_pace(per_minute: int, gaps: list[float]) -> None:
    budget, now, sent = Budget(), NOW, []
    for gap in gaps * 3:
        now += timedelta(seconds=gap)
        granting = ask(Slot(), budget, want(per_minute=per_minute), now)
        budget = granting.budget
        if isinstance(granting.answer, Wait):
            assert granting.answer.kind is WaitKind.PACING
            now = granting.answer.until
            granting = ask(Slot(), budget, want(per_minute=per_minute), now)
            budget = granting.budget
        assert isinstance(granting.answer, Lease)
        sent.append(now)
    for begin in sent:
        assert sum(begin <= moment < begin + timedelta(minutes=1) for moment in sent) <= per_minute + 1
    assert timedelta(0) < BURST < timedelta(minutes=1)


def test_settling_replaces_the_reservation_by_the_truth() -> None:
    lease = Lease("user:9", "graphql", 3, "me", NOW + LEASE)
    budget = Budget(limit=100, remaining=50, reserved=3, reset_at=NOW + HOUR)
    assert settle_budget(budget, settled(lease), NOW, own=True) == replace(budget, remaining=47, reserved=0)
    assert settle_budget(budget, settled(lease, cost=1), NOW, own=True).remaining == 49
    told = settled(lease, cost=1, limit=100, remaining=40, reset_at=NOW + HOUR)
    assert settle_budget(budget, told, NOW, own=True).remaining == 40
    assert settle_budget(budget, told, NOW, own=False) == replace(budget, remaining=40, observed_at=NOW)
    assert forfeit(budget, 3) == replace(budget, remaining=47, reserved=0)


@pytest.mark.parametrize(
    ("reset_at", "remaining"),
    [
        (NOW + HOUR + SECOND, 49),
        (NOW + 2 * HOUR, 90),
        (NOW + timedelta(minutes=10), 49),
        (NOW - SECOND, 49),
    ],
    ids=["same window", "next window", "older window", "window over"],
)
def test_points_are_never_given_back_within_a_window(reset_at: datetime, remaining: int) -> None:
    lease = Lease("user:9", "graphql", 1, "me", NOW + LEASE)
    budget = Budget(limit=100, remaining=50, reserved=1, reset_at=NOW + HOUR)
    told = settled(lease, cost=1, limit=100, remaining=90, reset_at=reset_at)
    assert settle_budget(budget, told, NOW, own=True).remaining == remaining


def test_a_server_without_limits_is_believed() -> None:
    lease = Lease("user:9", "graphql", 1, "me", NOW + LEASE)
    budget = settle_budget(Budget(reserved=1), settled(lease, limit=0, remaining=0, reset_at=NOW), NOW, own=True)
    assert (budget.limit, budget.reset_at, budget.observed_at) == (0, None, NOW)


def test_a_refusal_pauses_the_resource_or_the_principal() -> None:
    slot, lease = taken()
    once = settled(lease, refused_until=NOW + SECOND, reason="primary")
    budget = settle_budget(Budget(paused_until=NOW + HOUR), once, NOW, own=True)
    assert (budget.paused_until, budget.reason) == (NOW + HOUR, "primary")
    assert settle_slot(slot, once).paused_until is None
    everywhere = replace(once, refused_all=True)
    assert settle_slot(slot, everywhere).paused_until == NOW + SECOND
    assert settle_budget(Budget(), everywhere, NOW, own=True).paused_until is None


def test_a_window_that_is_over_is_full_again() -> None:
    budget = Budget(limit=100, remaining=0, reset_at=NOW)
    assert refill(budget, NOW - SECOND) == budget
    assert refill(budget, NOW) == replace(budget, remaining=100, reset_at=None)


def test_a_lease_that_was_overtaken_frees_nothing() -> None:
    slot, lease = taken()
    slot_again, lease_again = taken(now=NOW + SECOND, slot=freed(slot))
    assert not owns(slot_again, lease)
    assert settle_slot(slot_again, settled(lease)) == slot_again
    assert settle_slot(slot_again, settled(lease_again)).holder is None


class Principal(RuleBasedStateMachine):
    """Invariant I7: several holders, some of whom die, against a server that counts exactly."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.slot, self.budget = Slot(), Budget()
        self.limit, self.spent, self.unforeseen = 12, 0, 0
        self.flying: dict[str, Lease] = {}
        self.blind: set[str] = set()

    @rule(holder=st.sampled_from("abc"), cost=st.integers(1, 3))
    def wish(self, holder: str, cost: int) -> None:
        wish = want(holder, cost=cost)
        if holder in self.flying:
            return
        if has_lost_its_holder(self.slot, wish, self.now, lambda name: name not in self.flying):
            self.budget = forfeit(self.budget, self.slot.cost)
            self.slot = freed(self.slot)
        granting = grant(self.slot, refill(self.budget, self.now), wish, self.now, 0)
        self.slot, self.budget = granting.slot, granting.budget
        if isinstance(granting.answer, Lease):
            self.flying[holder] = granting.answer
            self.blind -= {holder}
            self.blind |= {holder} if self.budget.observed_at is None else set()

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), dies=st.booleans())
    def answer(self, data: st.DataObject, *, dies: bool) -> None:
        holder = data.draw(st.sampled_from(sorted(self.flying)))
        lease = self.flying.pop(holder)
        self.spent += lease.cost
        if holder in self.blind:
            known = self.budget.observed_at is not None
            self.unforeseen = self.unforeseen + lease.cost if known else max(0, self.spent - self.limit)
        if dies:
            return
        left = max(0, self.limit - self.spent)
        told = settled(lease, cost=lease.cost, limit=self.limit, remaining=left, reset_at=NOW + HOUR)
        own = owns(self.slot, lease)
        self.slot = settle_slot(self.slot, told)
        self.budget = settle_budget(self.budget, told, self.now, own=own)

    @rule(seconds=st.integers(1, 40))
    def time_passes(self, seconds: int) -> None:
        self.now = min(self.now + timedelta(seconds=seconds), NOW + HOUR - SECOND)

    @invariant()
    def overspends_nothing_once_the_limit_is_known(self) -> None:
        # Only what was sent before GitHub's first answer may come too much, whenever it arrives there.
        assert self.spent <= self.limit + self.unforeseen
        assert self.budget.reserved == self.slot.cost


# Not measured: hundreds of steps over the lines that the others walk once.
Principal.TestCase.settings = settings(Principal.TestCase.settings, max_examples=examples(30))
TestPrincipal = pytest.mark.no_cover(Principal.TestCase)
