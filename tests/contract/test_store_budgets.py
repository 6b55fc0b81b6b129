from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from progressive_capture.domain.budget import LEASE, Budget, Lease, Settlement, Wait, WaitKind, Want
from progressive_capture.domain.scope import stamp
from progressive_capture.store import budgets
from progressive_capture.store.bulk import Write, write
from progressive_capture.store.database import Database
from progressive_capture.store.tables import BUDGETS, PRINCIPALS, SLOTS
from tests.contract.store_rows import HOST, stored

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RESET = NOW + timedelta(hours=1)


def want(holder: str = "me", *, resource: str = "graphql", cost: int = 1, principal: str = "user:9") -> Want:
    return Want(principal, resource, cost, holder, expected_seconds=2, per_minute=0)


def ask(
    database: Database,
    wish: Want | None,
    settle: Settlement | None = None,
    *,
    now: datetime = NOW,
    gone: str | None = None,
) -> Lease | Wait | None:
    with database.transaction(durable=False) as connection:
        return budgets.exchange(
            connection, HOST, settle=settle, want=wish, now=now, jitter=0, is_gone=lambda holder: holder == gone
        )


def granted(database: Database, wish: Want, settle: Settlement | None = None, *, now: datetime = NOW) -> Lease:
    answer = ask(database, wish, settle, now=now)
    assert isinstance(answer, Lease), answer
    return answer


def known(database: Database) -> dict[str, Budget]:
    with database.reading() as connection:
        return budgets.budgets(connection, HOST, "user:9")


def test_one_request_of_a_principal_is_in_flight(database: Database) -> None:
    lease = granted(database, want())
    assert lease == Lease("user:9", "graphql", 1, "me", NOW + LEASE)
    waiting = ask(database, want("you"))
    assert isinstance(waiting, Wait)
    assert waiting.kind is WaitKind.SLOT
    assert isinstance(ask(database, want("you", resource="core")), Wait)
    assert isinstance(ask(database, want("you", principal="user:10")), Lease)
    assert ask(database, None, Settlement(lease, cost=1, limit=5000, remaining=4999, reset_at=RESET)) is None
    assert isinstance(ask(database, want("you")), Lease)


def test_points_are_reserved_and_settled(database: Database) -> None:
    lease = granted(database, want(cost=3))
    assert known(database)["graphql"].reserved == 3
    second = granted(database, want(cost=2), Settlement(lease, cost=1, limit=10, remaining=2, reset_at=RESET))
    assert known(database)["graphql"] == Budget(limit=10, remaining=2, reserved=2, reset_at=RESET, observed_at=NOW)
    refused = ask(database, want(cost=1), Settlement(second, cost=2, limit=10, remaining=0, reset_at=RESET))
    assert isinstance(refused, Wait)
    assert (refused.kind, refused.until) == (WaitKind.BUDGET, RESET)
    assert isinstance(ask(database, want(resource="core")), Lease)
    assert isinstance(ask(database, want(), now=RESET - timedelta(microseconds=1)), Wait)
    assert isinstance(ask(database, want(), now=RESET), Lease)
    assert known(database)["graphql"].remaining == 10


def test_a_holder_who_is_gone_leaves_its_points_spent(database: Database) -> None:
    lease = granted(database, want(cost=4))
    ask(database, None, Settlement(lease, cost=4, limit=100, remaining=96, reset_at=RESET))
    lost = granted(database, want(cost=4))
    assert isinstance(ask(database, want("you"), gone="me"), Lease)
    budget = known(database)["graphql"]
    assert (budget.remaining, budget.reserved) == (92, 1)
    ask(database, None, Settlement(lost, cost=4, limit=100, remaining=90, reset_at=RESET))
    budget = known(database)["graphql"]
    assert (budget.remaining, budget.reserved) == (90, 1)
    with database.reading() as connection:
        assert [row["holder"] for row in stored(connection, SLOTS)] == ["you"]


def test_a_secondary_limit_binds_every_resource(database: Database) -> None:
    until = NOW + timedelta(minutes=1)
    lease = granted(database, want())
    ask(database, None, Settlement(lease, refused_until=until, refused_all=True, reason="a secondary limit"))
    answers = [ask(database, want(resource=resource)) for resource in ("graphql", "core")]
    assert answers == [Wait(until, WaitKind.PAUSED, "a secondary limit")] * 2
    assert isinstance(ask(database, want(), now=until), Lease)


def test_budgets_that_stayed_as_they_were_are_not_written(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[list[str]] = []

    def noted(connection: Connection, writes: list[Write]) -> None:
        written.append([row[0] for each in writes if each.statement.table is BUDGETS for row in each.rows])
        write(connection, writes)

    monkeypatch.setattr(budgets, "write", noted)
    lease = granted(database, want(resource="core"))
    lease = granted(database, want(), Settlement(lease, cost=1, limit=5000, remaining=4999, reset_at=RESET))
    ask(database, None, Settlement(lease, cost=1, limit=5000, remaining=4999, reset_at=RESET))
    granted(database, want(resource="search"))
    assert written == [["core"], ["core", "graphql"], ["graphql"], ["search"]]
    assert set(known(database)) == {"core", "graphql", "search"}


def test_a_token_is_remembered_by_its_fingerprint(database: Database) -> None:
    with database.transaction() as connection:
        assert budgets.find_principal(connection, HOST, "f" * 64) is None
        budgets.save_principal(connection, HOST, "f" * 64, "user:9", stamp(NOW))
        budgets.save_principal(connection, HOST, "f" * 64, "user:10", stamp(RESET))
        assert budgets.find_principal(connection, HOST, "f" * 64) == "user:10"
        assert [row["seen_at"] for row in stored(connection, PRINCIPALS)] == [stamp(RESET)]
