"""The budgets that all processes share, read and written in one transaction; the decisions are the domain's."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from operator import itemgetter
from typing import Any, Final, TypeVar
from zlib import crc32

from sqlalchemy import Connection, and_, bindparam, select

from progressive_capture.domain import budget as rules
from progressive_capture.domain.budget import Budget, Lease, Settlement, Slot, Wait, Want
from progressive_capture.domain.scope import moment, stamp
from progressive_capture.store.bulk import Upsert, Write, write
from progressive_capture.store.database import Lock, lock
from progressive_capture.store.tables import BUDGETS, PRINCIPALS, SLOTS
from progressive_capture.store.types import OwnTime

_State = TypeVar("_State", Slot, Budget)

_SLOT: Final = tuple(each.name for each in fields(Slot))
_BUDGET: Final = tuple(each.name for each in fields(Budget))
_TIMES: Final = {column.name for table in (SLOTS, BUDGETS) for column in table.c if isinstance(column.type, OwnTime)}
_SLOTS: Final = Upsert(SLOTS, columns=_SLOT, constants=("host_id", "principal"))
_BUDGETS: Final = Upsert(BUDGETS, columns=("resource", *_BUDGET), constants=("host_id", "principal"))
_STORED: Final = (
    select(*(SLOTS.c[name] for name in _SLOT), BUDGETS.c.resource, *(BUDGETS.c[name] for name in _BUDGET))
    .select_from(
        SLOTS.outerjoin(BUDGETS, and_(BUDGETS.c.host_id == SLOTS.c.host_id, BUDGETS.c.principal == SLOTS.c.principal))
    )
    .where(SLOTS.c.host_id == bindparam("of_host"), SLOTS.c.principal == bindparam("of_principal"))
)
"""Made once: it is asked before every request, and making it takes longer than asking."""
_PRINCIPAL: Final = select(PRINCIPALS.c.principal).where(
    PRINCIPALS.c.host_id == bindparam("of_host"), PRINCIPALS.c.fingerprint == bindparam("of_fingerprint")
)
_PRINCIPALS: Final = Upsert(PRINCIPALS, columns=("fingerprint", "principal", "seen_at"), constants=("host_id",))


@dataclass(slots=True)
class _Ledger:
    """All that is stored of one principal, while its transaction lasts."""

    slot: Slot
    budgets: dict[str, Budget]
    stored: frozenset[tuple[str, Budget]] = frozenset()
    """The budgets as they were read; those that become no others need not be written."""

    def budget(self, resource: str, now: datetime) -> Budget:
        return rules.refill(self.budgets.get(resource, Budget()), now)


def exchange(
    connection: Connection,
    host_id: int,
    *,
    settle: Settlement | None,
    want: Want | None,
    now: datetime,
    jitter: float,
    is_gone: Callable[[str], bool],
) -> Lease | Wait | None:
    """Settle the request that ended, and ask leave for the next.

    Args:
        connection: within a transaction of its own, a short one: the principal is locked until it ends.
        host_id: the API host.
        settle: what came of the last request; its slot is free afterwards.
        want: the next request, of the same principal; None when there is none.
        now: the server's time.
        jitter: a random number from 0, below 1, that spreads those who wait.
        is_gone: whether the process that a holder's text names no longer exists.

    Returns:
        Leave for the request, or how long to wait; None when nothing was wanted.
    """
    principals = sorted({each for each in (settle and settle.lease.principal, want and want.principal) if each})
    ledgers = {principal: _read(connection, host_id, principal) for principal in principals}
    if settle is not None:
        _settle(ledgers[settle.lease.principal], settle, now)
    answer = None if want is None else _ask(ledgers[want.principal], want, now, jitter, is_gone)
    write(connection, [each for principal, ledger in ledgers.items() for each in _writes(host_id, principal, ledger)])
    return answer


def budgets(connection: Connection, host_id: int, principal: str) -> dict[str, Budget]:
    """Return what is known of a principal's budgets, by resource."""
    table = BUDGETS.c
    rows = connection.execute(select(BUDGETS).where(table.host_id == host_id, table.principal == principal))
    return {row.resource: _state(Budget, [getattr(row, name) for name in _BUDGET]) for row in rows}


def find_principal(connection: Connection, host_id: int, fingerprint: str) -> str | None:
    """Return whom a token belongs to, by the SHA-256 of the token, when that is known."""
    found: str | None = connection.scalar(_PRINCIPAL, {"of_host": host_id, "of_fingerprint": fingerprint})
    return found


def save_principal(connection: Connection, host_id: int, fingerprint: str, principal: str, now: str) -> None:
    """Remember whom a token belongs to."""
    write(connection, [Write(_PRINCIPALS, [(fingerprint, principal, now)], (host_id,))])


def _settle(ledger: _Ledger, settlement: Settlement, now: datetime) -> None:
    own = rules.owns(ledger.slot, settlement.lease)
    ledger.slot = rules.settle_slot(ledger.slot, settlement)
    resource = settlement.lease.resource
    ledger.budgets[resource] = rules.settle_budget(ledger.budget(resource, now), settlement, now, own=own)


def _ask(ledger: _Ledger, want: Want, now: datetime, jitter: float, is_gone: Callable[[str], bool]) -> Lease | Wait:
    lost = ledger.slot.resource
    if lost is not None and rules.has_lost_its_holder(ledger.slot, want, now, is_gone):
        ledger.budgets[lost] = rules.forfeit(ledger.budget(lost, now), ledger.slot.cost)
        ledger.slot = rules.freed(ledger.slot)
    granting = rules.grant(ledger.slot, ledger.budget(want.resource, now), want, now, jitter)
    ledger.slot = granting.slot
    ledger.budgets[want.resource] = granting.budget
    return granting.answer


def _read(connection: Connection, host_id: int, principal: str) -> _Ledger:
    # First the lock, then a statement of its own: one that waited for the lock would see what was there before.
    lock(connection, Lock.PRINCIPAL, crc32(f"{host_id}/{principal}".encode()) & 0x7FFFFFFF)
    rows = connection.execute(_STORED, {"of_host": host_id, "of_principal": principal}).all()
    if not rows:
        return _Ledger(Slot(), {})
    width = len(_SLOT)
    known = {row[width]: _state(Budget, row[width + 1 :]) for row in rows if row[width] is not None}
    return _Ledger(_state(Slot, rows[0][:width]), known, frozenset(known.items()))


def _writes(host_id: int, principal: str, ledger: _Ledger) -> list[Write]:
    changed = sorted(ledger.budgets.items() - ledger.stored, key=itemgetter(0))
    rows = [(resource, *_values(budget, _BUDGET)) for resource, budget in changed]
    shared = (host_id, principal)
    return [Write(_SLOTS, [_values(ledger.slot, _SLOT)], shared), Write(_BUDGETS, rows, shared)]


def _state(kind: type[_State], values: Iterable[Any]) -> _State:
    given: dict[str, Any] = {
        each.name: moment(value) if each.name in _TIMES and value is not None else value
        for each, value in zip(fields(kind), values, strict=True)
    }
    return kind(**given)


def _values(state: Slot | Budget, names: tuple[str, ...]) -> tuple[Any, ...]:
    values = (getattr(state, name) for name in names)
    return tuple(stamp(value) if isinstance(value, datetime) else value for value in values)
