"""What a principal may ask of GitHub now: slot, points, pauses and pace as pure decisions; no I/O and no clock.

Times are aware datetimes by the server's clock, since they are reckoned with.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from progressive_capture.domain.holders import called

LEASE: Final = timedelta(seconds=30)
"""How long a slot is kept for a holder who is not heard of."""

TURN: Final = timedelta(seconds=5)
"""How long a holder may ask again and again while somebody else waits for the slot."""

GRACE: Final = timedelta(seconds=2)
"""How much later than announced the next in line may come for the slot."""

POLL: Final = timedelta(milliseconds=50)
JITTER: Final = timedelta(milliseconds=450)

BURST: Final = timedelta(seconds=1)
"""How far requests may run ahead of an even pace."""

CLOCK_STEP: Final = timedelta(seconds=1)
"""By how much what we take for GitHub's time may move while we learn it: its `Date` has whole seconds.
https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7"""

SAME_WINDOW: Final = timedelta(seconds=60)
"""Reset times this close mean the same window: GitHub's answers differ by a second or two."""


class WaitKind(StrEnum):
    """What has to be waited for."""

    SLOT = "slot"
    BUDGET = "budget"
    """This resource's points are spent, by our own count or by GitHub's word."""
    PACING = "pacing"
    PAUSED = "paused"
    """GitHub refused the principal, whatever the resource."""


@dataclass(frozen=True, slots=True)
class Want:
    """The wish to send one request."""

    principal: str
    resource: str
    """GitHub's name of the budget: `core` or `graphql`."""
    cost: int
    """Points that it will probably cost."""
    holder: str
    """Names the process, so that others can tell whether it still lives."""
    expected_seconds: float
    """How long the request will probably take."""
    per_minute: int
    """The most requests to this resource in any minute, 0 for no such bound."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Leave to send one request; it is settled with `Settlement`."""

    principal: str
    resource: str
    cost: int
    holder: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """No leave before `until`; `why` is a sentence for people."""

    until: datetime
    kind: WaitKind
    why: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of a request. Fields are None where the answer, or its absence, did not tell."""

    lease: Lease
    cost: int | None = None
    limit: int | None = None
    """0 means that this server has no limits."""
    remaining: int | None = None
    reset_at: datetime | None = None
    refused_until: datetime | None = None
    """GitHub refused the request, and more of them before this time."""
    refused_all: bool = False
    """The refusal binds the whole principal (a secondary limit), not only this resource."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """What is known of one resource of one principal."""

    limit: int | None = None
    remaining: int | None = None
    reserved: int = 0
    reset_at: datetime | None = None
    observed_at: datetime | None = None
    """When GitHub last told its figures."""
    paused_until: datetime | None = None
    reason: str | None = None
    next_at: datetime | None = None
    """When the next request is due at an even pace."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The one request in flight of a principal, and who is next in line."""

    holder: str | None = None
    resource: str | None = None
    cost: int = 0
    lease_until: datetime | None = None
    expected_end: datetime | None = None
    turn_holder: str | None = None
    turn_ends_at: datetime | None = None
    next_holder: str | None = None
    next_until: datetime | None = None
    paused_until: datetime | None = None
    reason: str | None = None


class Budgets(Protocol):
    """The port through which every request to GitHub goes."""

    async def exchange(self, settle: Settlement | None, want: Want | None) -> Lease | Wait | None:
        """Settle the request that ended, and ask leave for the next; None when nothing is wanted.

        Settling frees the slot unless the next request is granted.
        """
        ...


@dataclass(frozen=True, slots=True)
class Granting:
    """The state after a wish was judged, and the answer to it."""

    slot: Slot
    budget: Budget
    answer: Lease | Wait


def settle_slot(slot: Slot, settlement: Settlement) -> Slot:
    """Free the slot, unless it was taken over meanwhile, and note a refusal that binds the whole principal."""
    if settlement.refused_all and settlement.refused_until is not None:
        slot = replace(slot, paused_until=_later(slot.paused_until, settlement.refused_until), reason=settlement.reason)
    return freed(slot) if owns(slot, settlement.lease) else slot


def owns(slot: Slot, lease: Lease) -> bool:
    """Whether the slot is still this lease's, and was not taken over."""
    return slot.holder == lease.holder and slot.lease_until == lease.until


def freed(slot: Slot) -> Slot:
    """The slot with nobody in it."""
    return replace(slot, holder=None, resource=None, cost=0, lease_until=None, expected_end=None)


def settle_budget(budget: Budget, settlement: Settlement, now: datetime, *, own: bool) -> Budget:
    """Replace the reservation by what the request cost, and what was known by what GitHub says.

    Within one window the lower figure stands: answers that overtake each other must not give points back.
    `own` is False when the reservation was already counted as spent, because the slot had been taken over.
    """
    if own:
        spent = settlement.lease.cost if settlement.cost is None else settlement.cost
        budget = _spend(budget, reserved=settlement.lease.cost, spent=spent)
    budget = _observe(budget, settlement, now)
    if settlement.refused_until is not None and not settlement.refused_all:
        paused_until = _later(budget.paused_until, settlement.refused_until)
        budget = replace(budget, paused_until=paused_until, reason=settlement.reason)
    return budget


def forfeit(budget: Budget, cost: int) -> Budget:
    """Count a reservation as spent whose holder is gone: the request may have reached GitHub."""
    return _spend(budget, reserved=cost, spent=cost)


def refill(budget: Budget, now: datetime) -> Budget:
    """Begin a new window when the old one is over; its end is known with the next answer."""
    if budget.reset_at is None or budget.reset_at > now:
        return budget
    return replace(budget, remaining=budget.limit, reset_at=None)


def has_lost_its_holder(slot: Slot, want: Want, now: datetime, is_gone: Callable[[str], bool]) -> bool:
    """Whether the slot is another's who no longer needs it: its lease is over, or its process is gone.

    A wish of the holder itself without a settlement means that its last request was given up.
    """
    if slot.holder is None or slot.lease_until is None:
        return False
    return slot.holder == want.holder or slot.lease_until <= now or is_gone(slot.holder)


def grant(slot: Slot, budget: Budget, want: Want, now: datetime, jitter: float) -> Granting:
    """Decide a wish. `budget` is refilled, and `slot` is free of holders that are gone; `jitter` lies in [0, 1)."""
    wait = _pause(slot, budget, now) or _shortage(budget, want)
    if wait is not None:
        return Granting(_leave_line(slot, want), budget, wait)
    wait = _occupied(slot, want, now, jitter)
    if wait is not None:
        return Granting(_line_up(slot, want, now, wait), budget, wait)
    wait = _haste(budget, want, now)
    if wait is not None:
        return Granting(slot, budget, wait)
    return _take(slot, budget, want, now)


def _pause(slot: Slot, budget: Budget, now: datetime) -> Wait | None:
    waits = [
        Wait(each.paused_until, kind, each.reason or "GitHub asked to wait.")
        for each, kind in ((slot, WaitKind.PAUSED), (budget, WaitKind.BUDGET))
        if each.paused_until is not None and each.paused_until > now
    ]
    return max(waits, key=lambda wait: wait.until, default=None)


def _shortage(budget: Budget, want: Want) -> Wait | None:
    if not budget.limit or budget.remaining is None or budget.reset_at is None:
        return None
    if budget.remaining - budget.reserved >= want.cost:
        return None
    what = "points of GraphQL" if want.resource == "graphql" else "requests of REST"
    left = max(0, budget.remaining - budget.reserved)
    why = f"Of the {budget.limit:,} {what} that {want.principal} has in an hour {left:,} are left."
    return Wait(budget.reset_at, WaitKind.BUDGET, why)


def _occupied(slot: Slot, want: Want, now: datetime, jitter: float) -> Wait | None:
    if slot.holder is not None:
        ends = max(now, slot.expected_end or now)
        why = f"{called(slot.holder)} has a request of {want.principal} in flight; GitHub wants one at a time."
        return Wait(ends + POLL + JITTER * jitter, WaitKind.SLOT, why)
    following = _in_line(slot, now)
    if following in {None, want.holder} or _has_the_turn(slot, want, now):
        return None
    why = f"{called(following)} is next to send a request of {want.principal}."
    return Wait(now + POLL + JITTER * jitter, WaitKind.SLOT, why)


def _haste(budget: Budget, want: Want, now: datetime) -> Wait | None:
    if not want.per_minute or budget.next_at is None or budget.next_at - BURST <= now:
        return None
    why = f"Requests to {want.resource} are paced to {want.per_minute} a minute."
    return Wait(budget.next_at - BURST, WaitKind.PACING, why)


def _take(slot: Slot, budget: Budget, want: Want, now: datetime) -> Granting:
    lease = Lease(want.principal, want.resource, want.cost, want.holder, now + LEASE)
    turn_ends_at = slot.turn_ends_at if _has_the_turn(slot, want, now) else now + TURN
    taken = replace(
        _leave_line(slot, want),
        holder=want.holder,
        resource=want.resource,
        cost=want.cost,
        lease_until=lease.until,
        expected_end=now + timedelta(seconds=want.expected_seconds),
        turn_holder=want.holder,
        turn_ends_at=turn_ends_at,
    )
    next_at = budget.next_at
    if want.per_minute:
        # One of them is left for the question whose token this is, which is counted before its principal is known.
        minute = timedelta(minutes=1) + BURST + CLOCK_STEP
        next_at = max(now, next_at or now) + minute / max(want.per_minute - 1, 1)
    return Granting(taken, replace(budget, reserved=budget.reserved + want.cost, next_at=next_at), lease)


def _has_the_turn(slot: Slot, want: Want, now: datetime) -> bool:
    return slot.turn_holder == want.holder and slot.turn_ends_at is not None and now < slot.turn_ends_at


def _in_line(slot: Slot, now: datetime) -> str | None:
    return slot.next_holder if slot.next_until is not None and slot.next_until > now else None


def _line_up(slot: Slot, want: Want, now: datetime, wait: Wait) -> Slot:
    if _in_line(slot, now) not in {None, want.holder}:
        return slot
    return replace(slot, next_holder=want.holder, next_until=wait.until + GRACE)


def _leave_line(slot: Slot, want: Want) -> Slot:
    return replace(slot, next_holder=None, next_until=None) if slot.next_holder == want.holder else slot


def _spend(budget: Budget, *, reserved: int, spent: int) -> Budget:
    remaining = None if budget.remaining is None else max(0, budget.remaining - spent)
    return replace(budget, reserved=max(0, budget.reserved - reserved), remaining=remaining)


def _observe(budget: Budget, seen: Settlement, now: datetime) -> Budget:
    if seen.limit == 0:
        return replace(budget, limit=0, remaining=0, reset_at=None, observed_at=now)
    if seen.limit is None or seen.remaining is None or seen.reset_at is None or seen.reset_at <= now:
        return budget
    budget = replace(budget, observed_at=now)
    if budget.reset_at is None or budget.remaining is None or seen.reset_at > budget.reset_at + SAME_WINDOW:
        return replace(budget, limit=seen.limit, remaining=seen.remaining, reset_at=seen.reset_at)
    if seen.reset_at < budget.reset_at - SAME_WINDOW:
        return budget
    reset_at = max(budget.reset_at, seen.reset_at)
    return replace(budget, limit=seen.limit, remaining=min(budget.remaining, seen.remaining), reset_at=reset_at)


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
