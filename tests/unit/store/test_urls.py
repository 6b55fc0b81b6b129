import pytest

from progressive_capture.store.errors import InvalidUrl
from progressive_capture.store.urls import parse


@pytest.mark.parametrize(
    ("text", "database"),
    [
        ("capture.db", "capture.db"),
        ("./a b/capture.db", "a b/capture.db"),
        ("/data/capture.db", "/data/capture.db"),
        ("sqlite:///capture.db", "capture.db"),
        ("sqlite:////data/capture.db", "/data/capture.db"),
    ],
)
def test_files(text: str, database: str) -> None:
    address = parse(text)
    assert (address.is_sqlite, address.pooled, address.url.database) == (True, False, database)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_servers(scheme: str) -> None:
    address = parse(f"{scheme}://u:p%40ss@host/db?sslmode=require")
    assert (address.is_sqlite, address.pooled) == (False, False)
    assert (address.url.drivername, address.url.password, address.url.host) == ("postgresql+psycopg", "p@ss", "host")
    assert dict(address.url.query) == {"sslmode": "require"}


@pytest.mark.parametrize(
    ("end", "pooled"),
    [(":6543/db", True), (":5432/db", False), ("/db?pgbouncer=true", True), ("/db?pgbouncer=false", False)],
)
def test_transaction_poolers(end: str, *, pooled: bool) -> None:
    address = parse(f"postgres://u:p@host{end}")
    assert address.pooled is pooled
    assert "pgbouncer" not in address.url.query


@pytest.mark.parametrize("text", ["", "sqlite://", "sqlite:///:memory:", "mysql://h/d", "postgres://h:x/d", "://x"])
def test_others_are_refused(text: str) -> None:
    with pytest.raises(InvalidUrl):
        parse(text)
