"""Who alone runs recurring duties, what each run came to, and which workers live; when one is due is the caller's."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from progressive_capture.domain.scope import moment, stamp
from progressive_capture.store.tables import DUTY_RUNS, LEADER_LEASES, WORKERS

_LEASE = LEADER_LEASES.c
_RUN = DUTY_RUNS.c
_WORKER = WORKERS.c


class DutyRun(NamedTuple):
    """One run of a duty."""

    id: int
    duty: str
    started_at: str
    finished_at: str | None
    outcome: str | None
    """None: it has not ended, or its process died."""
    holder: str
    result: dict[str, Any] | None


# Made once: a worker asks them of each duty every few seconds, and making them takes longer than asking.
_TAKEN: Final = {
    name: dialect.insert(LEADER_LEASES).on_conflict_do_nothing().returning(_LEASE.name)
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}
_LED: Final = select(LEADER_LEASES).where(_LEASE.name == bindparam("of_name")).with_for_update()
_KEPT: Final = (
    update(LEADER_LEASES)
    .where(_LEASE.name == bindparam("of_name"))
    .values(holder=bindparam("new_holder"), until=bindparam("new_until", type_=_LEASE.until.type))
)
_LAST: Final = (
    select(*(_RUN[name] for name in DutyRun._fields))
    .where(_RUN.duty == bindparam("of_duty"))
    .order_by(_RUN.id.desc())
    .limit(bindparam("most"))
)


def lead(
    connection: Connection,
    name: str,
    holder: str,
    now: datetime,
    until: datetime,
    *,
    is_gone: Callable[[str], bool] = lambda _: False,
) -> bool:
    """Take or keep a lease that one holder has at a time.

    Args:
        connection: within a transaction.
        name: what is led.
        holder: who asks.
        now: the server's time.
        until: when others may take it, if the holder does not ask again.
        is_gone: whether the process that a holder's text names no longer exists.

    Returns:
        Whether the holder has it now.
    """
    taken = {"name": name, "holder": holder, "until": stamp(until)}
    if connection.scalar(_TAKEN[connection.dialect.name], taken) is not None:
        return True
    row = connection.execute(_LED, {"of_name": name}).one()
    if row.holder != holder and moment(row.until) > now and not is_gone(row.holder):
        return False
    connection.execute(_KEPT, {"of_name": name, "new_holder": holder, "new_until": stamp(until)})
    return True


def resign(connection: Connection, name: str, holder: str) -> None:
    """Give a lease back, if the holder has it."""
    connection.execute(delete(LEADER_LEASES).where(_LEASE.name == name, _LEASE.holder == holder))


def begin_run(connection: Connection, duty: str, holder: str, now: datetime) -> int:
    """Note that a duty begins; the run's id."""
    values = {"duty": duty, "holder": holder, "started_at": stamp(now)}
    run: int = connection.execute(insert(DUTY_RUNS).values(values).returning(_RUN.id)).scalar_one()
    return run


def end_run(
    connection: Connection, run: int, outcome: str, now: datetime, result: Mapping[str, object] | None = None
) -> None:
    """Note what a run came to."""
    told = None if result is None else dict(result)
    values = {"finished_at": stamp(now), "outcome": outcome, "result": told}
    connection.execute(update(DUTY_RUNS).where(_RUN.id == run).values(values))


def last_run(connection: Connection, duty: str) -> DutyRun | None:
    """Return the newest run of a duty, None before the first."""
    found = runs(connection, duty, 1)
    return found[0] if found else None


def runs(connection: Connection, duty: str, limit: int) -> list[DutyRun]:
    """Return the last runs of a duty, the newest first."""
    return [DutyRun(*row) for row in connection.execute(_LAST, {"of_duty": duty, "most": limit})]


def beat(connection: Connection, holder: str, lanes: Mapping[str, int], now: datetime) -> None:
    """Note that a worker lives, with its slots by lane."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    seen = {"lanes": dict(lanes), "seen_at": stamp(now), "stopped_at": None}
    new = dialect.insert(WORKERS).values(holder=holder, started_at=stamp(now), **seen)
    connection.execute(new.on_conflict_do_update(index_elements=["holder"], set_=seen))


def say_goodbye(connection: Connection, holder: str, now: datetime) -> None:
    """Note that a worker has stopped by itself."""
    stopped = {"seen_at": stamp(now), "stopped_at": stamp(now)}
    connection.execute(update(WORKERS).where(_WORKER.holder == holder).values(stopped))


def forget_workers(connection: Connection, before: datetime) -> int:
    """Remove workers that were last seen before a time; how many."""
    gone = connection.execute(delete(WORKERS).where(_WORKER.seen_at < stamp(before)))
    return gone.rowcount


def forget_runs(connection: Connection, before: datetime, most: int) -> int:
    """Remove runs of duties that began before a time, of the `most` oldest; how many.

    Only so many are looked at: the key gives them without reading the rest.
    """
    oldest = select(_RUN.id, _RUN.started_at).order_by(_RUN.id).limit(most).subquery()
    old = select(oldest.c.id).where(oldest.c.started_at < stamp(before))
    return connection.execute(delete(DUTY_RUNS).where(_RUN.id.in_(old))).rowcount
